//! Approving an access by the id that its owner has told: first its terms, then the signature.

use dhc_ipc::{ApproveGrant, Failure, GrantView, ShowGrant};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use wasm_bindgen_futures::spawn_local;

use crate::components::{Icon, busy_button, field_problem, mark, notice};
use crate::format;
use crate::i18n::{t, time, words};
use crate::session::session;

pub fn card() -> AnyView {
    let session = session();
    let told = use_query_map().with_untracked(|q| q.get("grant"));
    let grant = RwSignal::new(told.unwrap_or_default());
    let terms = RwSignal::new(None::<GrantView>);
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(None::<Failure>);
    let unready = move || grant.with(|g| !format::looks_like_id(g.trim()));
    let mistyped = move || {
        let typed = grant.with(|g| !g.trim().is_empty());
        (typed && unready()).then(|| t("requests.bad_id"))
    };
    let read = move || {
        busy.set(true);
        problem.set(None);
        spawn_local(async move {
            let grant = grant.get_untracked().trim().to_owned();
            match session.ask(&ShowGrant { grant }).await {
                Ok(view) => terms.set(Some(view)),
                Err(failure) => problem.set(Some(failure)),
            }
            busy.set(false);
        });
    };
    // What was shown is signed, and nothing newer.
    let approve = move || {
        let Some(shown) = terms.get_untracked() else {
            return;
        };
        busy.set(true);
        problem.set(None);
        spawn_local(async move {
            let request = ApproveGrant {
                grant: shown.grant,
                round: Some(shown.round),
            };
            match session.ask(&request).await {
                Ok(_) => {
                    grant.set(String::new());
                    session.say(t("requests.approved"));
                }
                Err(failure) => problem.set(Some(failure)),
            }
            terms.set(None);
            busy.set(false);
            session.changed();
        });
    };
    let next = move || {
        if terms.with(Option::is_some) {
            let sign = || false;
            busy_button(
                "btn",
                Some(Icon::Check),
                t("requests.approve"),
                move || busy.get(),
                sign,
                approve,
            )
        } else {
            busy_button(
                "btn",
                Some(Icon::Eye),
                t("requests.read_terms"),
                move || busy.get(),
                unready,
                read,
            )
        }
    };
    let go_on = move || match terms.with_untracked(Option::is_some) {
        true => approve(),
        false if !unready() => read(),
        false => {}
    };
    view! {
        <form class="card stack" on:submit=move |event| { event.prevent_default(); go_on() }>
            <h2>{t("requests.approve_title")}</h2>
            <p class="sub">{t("requests.approve_text")}</p>
            <div class="field">
                <label for="grant-id">{t("requests.id")}</label>
                <input class="input mono" id="grant-id" autocomplete="off" spellcheck="false" placeholder="0x…"
                    aria-describedby="grant-id-problem" prop:value=grant
                    on:input=move |event| { terms.set(None); grant.set(event_target_value(&event)) }/>
                {field_problem("grant-id-problem", mistyped)}
            </div>
            <div aria-live="polite">{move || terms.with(|view| view.as_ref().map(sheet))}</div>
            {notice(problem)}
            {next}
        </form>
    }
    .into_any()
}

/// What the signature says, in the person's language.
fn sheet(grant: &GrantView) -> AnyView {
    let person = |name: &Option<String>, address: &str| match name {
        Some(name) => format!("{name} · {}", format::short_hex(address)),
        None => address.to_owned(),
    };
    let mode = match grant.mode.as_str() {
        "sealed" => t("mode.sealed"),
        "custody" => t("mode.custody"),
        _ => t("mode.live"),
    };
    let mut allowed = vec![words::actions(&grant.actions)];
    allowed.extend(grant.onward.then(|| t("given.onward").to_owned()));
    let lines = [
        ("requests.patient", person(&grant.from_name, &grant.from)),
        ("proof.recipient", person(&grant.to_name, &grant.to)),
        ("requests.records", grant.studies.len().to_string()),
        ("shared.for", words::purpose(&grant.purpose)),
        ("rules.actions", allowed.join(" · ")),
        ("shared.until", time::moment(&grant.not_after)),
        ("proof.mode", mode.to_owned()),
        ("proof.template", words::template(&grant.template)),
    ];
    let lines = lines.map(|(name, value)| {
        view! { <div class="stack-xs"><dt class="sub">{t(name)}</dt><dd class="strong">{value}</dd></div> }
    });
    view! {
        <section class="stack-s" aria-label=t("requests.terms")>
            <h3>{t("requests.terms")}</h3>
            <dl class="stack-s">{lines.to_vec()}</dl>
            {mark(&grant.standing)}
        </section>
    }
    .into_any()
}
