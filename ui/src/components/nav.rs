//! Navigation: a bar below on a phone, a rail at the left from 1024 px.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::{Icon, icon};
use crate::i18n::t;

struct Place {
    path: &'static str,
    sign: Icon,
    /// What is drawn, short enough for the bar.
    label: &'static str,
    /// What it is called.
    name: &'static str,
    class: &'static str,
}

pub fn dock() -> AnyView {
    let path = use_location().pathname;
    let place = move |place: Place| {
        let here = move || {
            let now = path.get();
            let this = if place.path == "/" {
                now == "/"
            } else {
                now.starts_with(place.path)
            };
            // Both begin with "/shar": only a whole segment counts.
            let whole = now
                .get(place.path.len()..)
                .is_none_or(|rest| rest.is_empty() || rest.starts_with('/'));
            (this && (place.path == "/" || whole)).then_some("page")
        };
        view! {
            <a href=place.path class=place.class aria-current=here aria-label=place.name>
                {icon(place.sign)}<span>{place.label}</span>
            </a>
        }
    };
    let everywhere = |path, sign, name| Place {
        path,
        sign,
        label: name,
        name,
        class: "",
    };
    let at_desk = |path, sign, label, name| Place {
        path,
        sign,
        label,
        name,
        class: "desk-only",
    };
    view! {
        <nav class="dock" aria-label=t("nav.label")>
            {place(everywhere("/", Icon::House, t("nav.home")))}
            {place(at_desk("/shared-with-me", Icon::Inbox, t("nav.shared_short"), t("nav.shared_with_me")))}
            {place(everywhere("/records", Icon::FolderHeart, t("nav.records")))}
            {place(everywhere("/sharing", Icon::Users, t("nav.sharing")))}
            {place(everywhere("/earn", Icon::Sprout, t("nav.earn")))}
            {place(everywhere("/wallet", Icon::Wallet, t("nav.wallet")))}
            <span class="push"></span>
            {place(at_desk("/settings", Icon::Settings, t("nav.settings"), t("nav.settings")))}
        </nav>
    }
    .into_any()
}
