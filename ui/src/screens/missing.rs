//! An address that leads nowhere.

use leptos::prelude::*;

use crate::components::{Icon, empty, heading};
use crate::i18n::t;

pub fn missing_screen() -> AnyView {
    let home = view! { <a class="btn compact" href="/">{t("nav.home")}</a> }.into_any();
    view! {
        <main class="main" id="content">
            {heading(t("missing.title"))}
            {empty(Icon::Info, t("missing.nothing"), t("missing.text"), Some(home))}
        </main>
    }
    .into_any()
}
