//! `/welcome`: create a wallet, restore one, or try the demo.

mod create;
mod restore;
mod strength;
mod vault_form;
mod words;

use dhc_ipc::ProfileState;
use leptos::prelude::*;
use leptos_router::hooks::{use_navigate, use_query_map};

pub use strength::strength_meter;
pub use words::{check_words, words_list};

use crate::components::{Icon, Sheet, heading, icon, sheet, switcher};
use crate::i18n::{Locale, t};
use crate::preferences::Preferences;
use crate::session::session;

/// The least number of characters of a password.
pub const MIN_PASSWORD: usize = 8;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Choose,
    Create,
    Restore,
}

/// The frame of the screens before a profile is open.
pub fn gate(content: AnyView) -> AnyView {
    view! {
        <div class="gate">
            <header class="top">{switcher_or_brand()}{language_choice()}</header>
            <main class="main" id="content">{content}</main>
        </div>
    }
    .into_any()
}

fn switcher_or_brand() -> AnyView {
    let session = session();
    view! {
        {move || if session.current().is_some() {
            switcher()
        } else {
            view! { <span class="brand"><img src="/assets/icon.svg" alt=""/>"DHC"</span> }.into_any()
        }}
    }
    .into_any()
}

pub fn language_choice() -> AnyView {
    let preferences: Preferences = expect_context();
    let button = move |locale: Locale| {
        view! {
            <button type="button" lang=locale.tag() aria-pressed=(preferences.locale.get_untracked() == locale).to_string()
                on:click=move |_| preferences.choose_language(locale)>{locale.own_name()}</button>
        }
    };
    view! {
        <div class="lang" role="group" aria-label=t("settings.language")>{Locale::ALL.map(button).to_vec()}</div>
    }
    .into_any()
}

/// A password field that can be shown.
pub fn password_field(
    id: &'static str,
    label: &'static str,
    autocomplete: &'static str,
    value: RwSignal<String>,
) -> AnyView {
    let visible = RwSignal::new(false);
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <div class="input-with">
                <input class="input" id=id autocomplete=autocomplete
                    type=move || if visible.get() { "text" } else { "password" }
                    prop:value=value on:input=move |event| value.set(event_target_value(&event))/>
                <button type="button" class="icon-btn" aria-pressed=move || visible.get().to_string()
                    aria-label=t("password.show") on:click=move |_| visible.update(|v| *v = !*v)>
                    {move || icon(if visible.get() { Icon::EyeOff } else { Icon::Eye })}
                </button>
            </div>
        </div>
    }
    .into_any()
}

#[component]
pub fn WelcomeScreen() -> impl IntoView {
    let session = session();
    let way = RwSignal::new(Way::Choose);
    let demo = Sheet::new();
    let navigate = StoredValue::new_local(use_navigate());
    let query = use_query_map();
    let adding = move || query.with_untracked(|q| q.get("new").is_some());
    Effect::new(move |_| {
        let there = matches!(
            session.state(),
            Some(ProfileState::Locked | ProfileState::Unlocked)
        );
        if there && !adding() && way.get_untracked() == Way::Choose {
            navigate.with_value(|go| go("/", Default::default()));
        }
    });
    let try_demo = move |_| {
        if session.is_demo() {
            navigate.with_value(|go| go("/unlock", Default::default()));
        } else {
            demo.open();
        }
    };
    let choose = move || {
        view! {
            {heading(t("welcome.title"))}
            <p class="lead sub">{t("welcome.text")}</p>
            <ul class="stack">
                <li class="row"><span class="tile">{icon(Icon::FolderHeart)}</span><span class="grow">{t("welcome.point_records")}</span></li>
                <li class="row"><span class="tile">{icon(Icon::Eye)}</span><span class="grow">{t("welcome.point_access")}</span></li>
                <li class="row"><span class="tile">{icon(Icon::ShieldCheck)}</span><span class="grow">{t("welcome.point_proof")}</span></li>
            </ul>
            <div class="stack-s">
                <button class="btn full" on:click=move |_| way.set(Way::Create)>{t("welcome.create")}</button>
                <button class="btn quiet full" on:click=move |_| way.set(Way::Restore)>{t("welcome.restore")}</button>
                <button class="btn quiet full" on:click=try_demo>{t("welcome.demo")}</button>
            </div>
        }
        .into_any()
    };
    let back = move || way.set(Way::Choose);
    gate(
        view! {
            {move || match way.get() {
                Way::Choose => choose(),
                Way::Create => create::create_wallet(back),
                Way::Restore => restore::restore_wallet(back),
            }}
            {sheet(demo, t("welcome.demo"), || view! {
                <p>{t("welcome.demo_how")}</p>
                <p class="mono card">"cargo xtask run"</p>
            }.into_any())}
        }
        .into_any(),
    )
}
