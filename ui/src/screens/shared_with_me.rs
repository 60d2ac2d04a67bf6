//! `/shared-with-me`: the doctor's worklist, and what the doctor has asked for.

use dhc_ipc::{GrantItemView, GrantStateView, GrantView, Grants, GrantsView};
use leptos::prelude::*;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::sharing::{is_running, state_chip};
use crate::components::{Icon, empty, fact, heading, how_do_we_know, icon, mark, shown, thumbnail};
use crate::format;
use crate::i18n::{t, time, tn, words};
use crate::session::{Loaded, session};

mod ask;
mod asked;
mod wish;

pub use ask::ask_screen;

/// What may be read, what no longer, what was asked for.
const TABS: [&str; 3] = ["open", "ended", "asked"];

pub fn shared_screen() -> AnyView {
    let session = session();
    let grants = session.read(|| Grants {
        direction: Some("received".into()),
    });
    let query = use_query_map();
    let tab = Memo::new(move |_| {
        let told = query.with(|q| q.get("tab"));
        let known = TABS.into_iter().find(|tab| told.as_deref() == Some(*tab));
        known.unwrap_or(TABS[0])
    });
    let navigate = StoredValue::new_local(use_navigate());
    let label = |name: &str| match name {
        "open" => t("shared.to_read"),
        "ended" => t("shared.ended"),
        _ => t("shared.asked"),
    };
    let count = move |name: &str| {
        if name == "asked" {
            return None;
        }
        let open = name == "open";
        let count = grants.with(|grants| match grants {
            Loaded::Ready(view) => view.grants.iter().filter(|g| is_running(g) == open).count(),
            _ => 0,
        });
        (count > 0)
            .then(|| view! { <span aria-hidden="true">{format::grouped(count as u64)}</span> })
    };
    let button = move |name: &'static str| {
        let choose = move |_| {
            let to = format!("/shared-with-me?tab={name}");
            navigate.with_value(|go| go(&to, Default::default()));
        };
        view! {
            <button class="tab" role="tab" id=format!("tab-{name}") aria-controls="shared-panel"
                aria-selected=move || (tab.get() == name).to_string() on:click=choose>{label(name)}{move || count(name)}</button>
        }
    };
    view! {
        <main class="main wide" id="content">
            <div class="row between wrap title">
                {heading(t("nav.shared_with_me"))}
                <a class="btn compact quiet" href="/shared-with-me/ask">{icon(Icon::UserPlus)}{t("ask.title")}</a>
            </div>
            <div class="tabs" role="tablist" aria-label=t("nav.shared_with_me")>{TABS.map(button).to_vec()}</div>
            <div class="stack" role="tabpanel" id="shared-panel" aria-label=move || label(tab.get())>
                {move || match tab.get() {
                    "asked" => asked::asked_panel(),
                    open_or_ended => {
                        let open = open_or_ended == "open";
                        shown(grants, move |view| draw(view, open))
                    }
                }}
            </div>
        </main>
    }
    .into_any()
}

/// The grants that may be read, or those that no longer may.
fn draw(view: GrantsView, open: bool) -> AnyView {
    let complete = view.complete;
    let list: Vec<_> = view
        .grants
        .into_iter()
        .filter(|g| is_running(g) == open)
        .collect();
    let standing = list
        .iter()
        .map(|g| g.standing)
        .find(|s| !matches!(s, dhc_ipc::Standing::Proven { .. }))
        .or_else(|| list.first().map(|g| g.standing));
    let incomplete = (!complete).then(|| view! {
        <div class="card warn row"><span class="waiting-text">{icon(Icon::ShieldAlert)}</span><span class="grow">{t("given.incomplete")}</span></div>
    });
    let Some(standing) = standing else {
        let nothing = empty(
            Icon::Inbox,
            t("shared.empty_title"),
            t("shared.empty_text"),
            None,
        );
        return view! { {incomplete}{nothing} }.into_any();
    };
    let facts: Vec<_> = list
        .iter()
        .map(|g| fact(t("proof.grant"), &g.grant))
        .collect();
    let proof = how_do_we_know(t("shared.proof"), &standing, facts);
    view! {
        {incomplete}
        <p>{mark(&standing)}</p>
        <div class="card flush worklist">
            <div class="head" aria-hidden="true">
                <span></span><span>{t("shared.examination")}</span><span>{t("shared.patient")}</span>
                <span>{t("shared.for")}</span><span>{t("shared.until")}</span><span></span>
            </div>
            {list.iter().flat_map(films).collect::<Vec<_>>()}
        </div>
        {proof}
    }
    .into_any()
}

/// Asking again for what was given before, with what it was filled in.
fn ask_again(grant: &GrantView) -> AnyView {
    let to = format!(
        "/shared-with-me/ask?owner={}&template={}&purpose={}",
        grant.from, grant.template, grant.purpose
    );
    view! { <a class="btn compact quiet" href=to>{icon(Icon::Refresh)}{t("shared.ask_again")}</a> }
        .into_any()
}

/// A line for each film of a grant.
fn films(grant: &GrantView) -> Vec<AnyView> {
    grant.items.iter().map(|film| item(grant, film)).collect()
}

/// What a film of a grant is opened by.
fn film_id(grant: &GrantView, film: &GrantItemView) -> String {
    if grant.items.len() > 1 {
        format!("{}:{}", grant.grant, film.study)
    } else {
        grant.grant.clone()
    }
}

fn item(grant: &GrantView, film: &GrantItemView) -> AnyView {
    let id = film_id(grant, film);
    let active = grant.state == GrantStateView::Active;
    let mut about = Vec::new();
    about.extend(
        film.date
            .as_deref()
            .filter(|d| !d.is_empty())
            .map(time::date),
    );
    about.extend(film.images.map(|n| tn("film.images", u64::from(n), &[])));
    let picture = if active {
        thumbnail("thumb", &id, 0)
    } else {
        view! { <span class="thumb locked">{icon(Icon::Lock)}</span> }.into_any()
    };
    let soon = time::ends_soon(&grant.not_after);
    let end = if active {
        let again = soon.then(|| ask_again(grant));
        view! { <a class="btn compact" href=format!("/films/{id}")>{icon(Icon::Play)}{t("film.open")}</a>{again} }.into_any()
    } else if is_running(grant) {
        state_chip(grant)
    } else {
        view! { {state_chip(grant)}{ask_again(grant)} }.into_any()
    };
    let title = film.title.as_deref().unwrap_or_default();
    let title = words::film_title(title, None, &film.modalities, "");
    view! {
        <div class="item">
            {picture}
            <div class="stack-xs"><p class="strong">{title}</p><span class="sub">{about.join(" · ")}</span></div>
            <div><span class="sub phone-label">{t("shared.patient")}" "</span>{grant.from_name.clone().unwrap_or_else(|| format::short_hex(&grant.from))}</div>
            <div><span class="sub phone-label">{t("shared.for")}" "</span>{words::purpose_noun(&grant.purpose)}</div>
            <div>
                <span class="sub phone-label">{t("shared.until")}" "</span>{time::day(&grant.not_after)}
                {active.then(|| view! { <div class=if soon { "small waiting-text" } else { "sub" }>{time::left(&grant.not_after)}</div> })}
            </div>
            <div class="stack-s">{end}</div>
        </div>
    }
    .into_any()
}
