//! Requests: accesses that wait for approval, mine to give and others'.
//!
//! The chain lists grants by owner and by grantee, not by approver: whoever is to approve is told
//! the access's id by the one who gave it.

use dhc_ipc::{ApproveGrant, Failure, GrantsView};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use wasm_bindgen_futures::spawn_local;

use super::{asked, given, is_awaiting};
use crate::components::{Icon, busy_button, empty, field_problem, notice, shown};
use crate::format;
use crate::i18n::t;
use crate::screens::names::Names;
use crate::session::{Loaded, session};

pub fn requests_panel(grants: RwSignal<Loaded<GrantsView>>, names: Names) -> AnyView {
    view! {
        <div class="columns">
            <div class="stack">{asked::asked_of_me()}{shown(grants, move |view| waiting(view, names))}</div>
            {approve_card()}
        </div>
    }
    .into_any()
}

/// What I gave and others have to approve.
fn waiting(view: GrantsView, names: Names) -> AnyView {
    let waiting: Vec<_> = view.grants.into_iter().filter(is_awaiting).collect();
    if waiting.is_empty() {
        return empty(
            Icon::Inbox,
            t("requests.none_title"),
            t("requests.none_text"),
            None,
        );
    }
    view! {
        <section class="section"><h2>{t("requests.waiting")}</h2>{given::cards(waiting, names)}</section>
    }
    .into_any()
}

/// Approving an access by the id its owner has told.
fn approve_card() -> AnyView {
    let session = session();
    let told = use_query_map().with_untracked(|q| q.get("grant"));
    let grant = RwSignal::new(told.unwrap_or_default());
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(None::<Failure>);
    let unready = move || grant.with(|g| !format::looks_like_id(g.trim()));
    let mistyped = move || {
        let typed = grant.with(|g| !g.trim().is_empty());
        (typed && unready()).then(|| t("requests.bad_id"))
    };
    let approve = move || {
        busy.set(true);
        problem.set(None);
        spawn_local(async move {
            let request = ApproveGrant {
                grant: grant.get_untracked().trim().to_owned(),
            };
            match session.ask(&request).await {
                Ok(_) => {
                    grant.set(String::new());
                    session.say(t("requests.approved"));
                }
                Err(failure) => problem.set(Some(failure)),
            }
            busy.set(false);
            session.changed();
        });
    };
    view! {
        <form class="card stack" on:submit=move |event| { event.prevent_default(); if !unready() { approve() } }>
            <h2>{t("requests.approve_title")}</h2>
            <p class="sub">{t("requests.approve_text")}</p>
            <div class="field">
                <label for="grant-id">{t("requests.id")}</label>
                <input class="input mono" id="grant-id" autocomplete="off" spellcheck="false" placeholder="0x…"
                    aria-describedby="grant-id-problem" prop:value=grant
                    on:input=move |event| grant.set(event_target_value(&event))/>
                {field_problem("grant-id-problem", mistyped)}
            </div>
            {notice(problem)}
            {busy_button("btn", Some(Icon::Check), t("requests.approve"), move || busy.get(), unready, approve)}
        </form>
    }
    .into_any()
}
