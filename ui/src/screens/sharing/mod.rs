//! `/sharing` and `/sharing/new`.

mod draft;
mod given;
mod log;
mod new;
mod new_steps;
mod revoke;

pub use given::{film_name, state_chip};
pub use new::new_screen;
pub use revoke::revoke_button;

use leptos::prelude::*;
use leptos_router::hooks::{use_navigate, use_query_map};

use crate::components::{Icon, empty, heading, icon};
use crate::i18n::t;

const TABS: [&str; 3] = ["given", "requests", "log"];

/// `/sharing`: what I have given, what is asked of me, who has looked.
pub fn sharing_screen() -> AnyView {
    let query = use_query_map();
    let tab = move || {
        query
            .with(|q| q.get("tab"))
            .unwrap_or_else(|| "given".into())
    };
    let navigate = StoredValue::new_local(use_navigate());
    let choose = move |name: &str| {
        let to = format!("/sharing?tab={name}");
        navigate.with_value(|go| go(&to, Default::default()));
    };
    let label = |name: &str| match name {
        "given" => t("sharing.given"),
        "requests" => t("sharing.requests"),
        _ => t("sharing.who_has_looked"),
    };
    let button = move |name: &'static str| {
        view! {
            <button class="tab" role="tab" id=format!("tab-{name}") aria-controls="sharing-panel"
                aria-selected=move || (tab() == name).to_string()
                on:click=move |_| choose(name)>{label(name)}</button>
        }
    };
    view! {
        <main class="main" id="content">
            <div class="row between wrap">
                {heading(t("nav.sharing"))}
                <a class="btn compact" href="/sharing/new">{icon(Icon::UserPlus)}{t("sharing.share")}</a>
            </div>
            <div class="tabs" role="tablist" aria-label=t("nav.sharing")>{TABS.map(button).to_vec()}</div>
            <div class="stack" role="tabpanel" id="sharing-panel" aria-label=move || label(&tab())>
                {move || match tab().as_str() {
                    "given" => given::given_panel(),
                    "requests" => empty(Icon::Inbox, t("sharing.no_requests_title"), t("sharing.no_requests_text"), None),
                    _ => log::log_panel(),
                }}
            </div>
        </main>
    }
    .into_any()
}
