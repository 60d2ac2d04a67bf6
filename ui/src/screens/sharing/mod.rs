//! `/sharing` and `/sharing/new`.

mod allowed;
mod approvers;
mod approving;
mod asked;
mod draft;
mod given;
mod log;
mod new;
mod new_steps;
mod proxies;
mod renew;
mod requests;
mod revoke;
mod summary;
mod why;

pub use draft::usual_purpose;
pub use given::{film_name, state_chip};
pub use new::new_screen;
pub use proxies::proxies_screen;
pub use renew::{Renewal, renew_button, renew_sheet};
pub use revoke::{Revocation, revoke_button, revoke_sheet};

use dhc_ipc::{GrantStateView, GrantView, Grants};
use leptos::prelude::*;
use leptos_router::hooks::{use_navigate, use_query_map};

use crate::components::{Icon, heading, icon};
use crate::format;
use crate::i18n::t;
use crate::screens::names::Names;
use crate::session::{Loaded, session};

const TABS: [&str; 3] = ["given", "requests", "log"];

/// Whether a grant lets somebody look, or will once it is approved.
pub fn is_running(grant: &GrantView) -> bool {
    matches!(
        grant.state,
        GrantStateView::Active | GrantStateView::Dormant
    ) || is_awaiting(grant)
}

fn is_awaiting(grant: &GrantView) -> bool {
    grant.state == GrantStateView::AwaitingApproval
}

/// `/sharing`: what I have given, what is asked of me, who has looked.
pub fn sharing_screen() -> AnyView {
    let session = session();
    let grants = session.read(|| Grants {
        direction: Some("given".into()),
    });
    let names = Names::of_records(session);
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
    // How many stand behind a tab, once that is known.
    let count = move |name: &str| {
        let counted: fn(&GrantView) -> bool = match name {
            "given" => is_running,
            "requests" => is_awaiting,
            _ => return None,
        };
        let count = grants.with(|grants| match grants {
            Loaded::Ready(view) => view.grants.iter().filter(|g| counted(g)).count() as u64,
            _ => 0,
        });
        (count > 0).then(|| view! { <span aria-hidden="true">{format::grouped(count)}</span> })
    };
    let button = move |name: &'static str| {
        view! {
            <button class="tab" role="tab" id=format!("tab-{name}") aria-controls="sharing-panel"
                aria-selected=move || (tab() == name).to_string()
                on:click=move |_| choose(name)>{label(name)}{move || count(name)}</button>
        }
    };
    view! {
        <main class="main wide" id="content">
            <div class="row between wrap title">
                {heading(t("nav.sharing"))}
                <a class="btn compact" href="/sharing/new">{icon(Icon::UserPlus)}{t("sharing.share")}</a>
            </div>
            <div class="tabs" role="tablist" aria-label=t("nav.sharing")>{TABS.map(button).to_vec()}</div>
            <div class="stack" role="tabpanel" id="sharing-panel" aria-label=move || label(&tab())>
                {move || match tab().as_str() {
                    "given" => given::given_panel(grants, names),
                    "requests" => requests::requests_panel(grants, names),
                    _ => log::log_panel(names),
                }}
            </div>
            <a class="card row row-link" href="/sharing/proxies">
                <span class="tile">{icon(Icon::Users)}</span>
                <span class="grow stack-xs"><span class="strong">{t("proxy.title")}</span><span class="sub">{t("proxy.link_text")}</span></span>
                {icon(Icon::ChevronRight)}
            </a>
        </main>
    }
    .into_any()
}
