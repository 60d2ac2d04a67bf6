//! Requests: accesses that wait for approval, mine to give and others'.
//!
//! The chain lists grants by owner and by grantee, not by approver: whoever is to approve is told
//! the access's id by the one who gave it.

use dhc_ipc::GrantsView;
use leptos::prelude::*;

use super::{approving, asked, given, is_awaiting};
use crate::components::{Icon, empty, shown};
use crate::i18n::t;
use crate::screens::names::Names;
use crate::session::Loaded;

pub fn requests_panel(grants: RwSignal<Loaded<GrantsView>>, names: Names) -> AnyView {
    view! {
        <div class="columns">
            <div class="stack">{asked::asked_of_me()}{shown(grants, move |view| waiting(view, names))}</div>
            {approving::card()}
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
