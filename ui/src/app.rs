//! The frame of the app: routes, guard, bars.

use dhc_ipc::{ProfileState, Settings};
use leptos::prelude::*;
use leptos_router::components::{Redirect, Route, Router, Routes};
use leptos_router::hooks::use_location;
use leptos_router::path;
use wasm_bindgen_futures::spawn_local;

use crate::components::{Icon, chain_state, dock, failed, icon, skeleton, switcher, trouble};
use crate::format;
use crate::i18n::{t, time, tr, words};
use crate::preferences::Preferences;
use crate::screens;
use crate::session::{Loaded, Session, session};

#[component]
pub fn App() -> impl IntoView {
    let preferences = Preferences::load();
    provide_context(preferences);
    let session = Session::start();
    provide_context(session);
    provide_context(screens::sharing::Revocation::new());
    provide_context(screens::sharing::Renewal::new());
    screens::auto_lock::watch(session);

    Effect::new(move |_| {
        session.profile.track();
        if session.state() == Some(ProfileState::Unlocked) {
            spawn_local(async move {
                if let Ok(settings) = session.ask(&Settings {}).await {
                    preferences.adopt(&settings);
                }
            });
        }
    });

    // Keyed on the language: a change draws every screen anew in its words.
    view! {
        <Router>
            {move || { preferences.locale.track(); routes() }}
            {toast()}
        </Router>
    }
}

fn routes() -> AnyView {
    view! {
        <Routes fallback=|| framed(screens::missing::missing_screen)>
            <Route path=path!("/welcome") view=screens::welcome::WelcomeScreen/>
            <Route path=path!("/unlock") view=screens::unlock::UnlockScreen/>
            <Route path=path!("/") view=|| framed(screens::home::home_screen)/>
            <Route path=path!("/records") view=|| framed(screens::records::records_screen)/>
            <Route path=path!("/records/:id") view=|| framed(screens::records::record_screen)/>
            <Route path=path!("/films/:id") view=|| guarded(screens::film::film_screen)/>
            <Route path=path!("/sharing") view=|| framed(screens::sharing::sharing_screen)/>
            <Route path=path!("/sharing/new") view=|| framed(screens::sharing::new_screen)/>
            <Route path=path!("/sharing/proxies") view=|| framed(screens::sharing::proxies_screen)/>
            <Route path=path!("/shared-with-me") view=|| framed(screens::shared_with_me::shared_screen)/>
            <Route path=path!("/shared-with-me/ask") view=|| framed(screens::shared_with_me::ask_screen)/>
            <Route path=path!("/earn") view=|| framed(screens::earn::earn_screen)/>
            <Route path=path!("/wallet") view=|| framed(screens::wallet::wallet_screen)/>
            <Route path=path!("/settings/governance") view=|| framed(screens::settings::governance_screen)/>
            <Route path=path!("/settings") view=|| framed(screens::settings::settings_screen)/>
        </Routes>
    }
    .into_any()
}

/// What stands before a screen may show a profile's things.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gate {
    Waiting,
    Unreachable,
    Welcome,
    Unlock,
    Open,
}

fn gate(session: Session) -> Gate {
    match session.app.with(|app| match app {
        Loaded::Waiting => Some(Gate::Waiting),
        Loaded::Failed(_) => Some(Gate::Unreachable),
        Loaded::Ready(_) => None,
    }) {
        Some(gate) => gate,
        None => match session.state() {
            None | Some(ProfileState::Empty) => Gate::Welcome,
            Some(ProfileState::Locked) => Gate::Unlock,
            Some(ProfileState::Unlocked) => Gate::Open,
        },
    }
}

/// A screen of an unlocked profile; anything else leads to where it can be unlocked, and back.
fn guarded(screen: fn() -> AnyView) -> AnyView {
    let session = session();
    let state = Memo::new(move |_| (gate(session), session.profile.get()));
    let location = use_location();
    let here = move || {
        format!(
            "{}{}",
            location.pathname.get_untracked(),
            match location.search.get_untracked() {
                search if search.is_empty() => String::new(),
                search => format!("?{}", search.trim_start_matches('?')),
            }
        )
    };
    view! {
        {move || match state.get().0 {
            Gate::Waiting => view! { <main class="main">{skeleton(3)}</main> }.into_any(),
            Gate::Unreachable => match session.app.get_untracked() {
                Loaded::Failed(failure) => view! { <main class="main"><h1 class="sr">{t("state.offline")}</h1>{failed(&failure)}</main> }.into_any(),
                _ => ().into_any(),
            },
            Gate::Welcome => view! { <Redirect path="/welcome"/> }.into_any(),
            Gate::Unlock => {
                let next = String::from(js_sys::encode_uri_component(&here()));
                view! { <Redirect path=format!("/unlock?next={next}")/> }.into_any()
            }
            Gate::Open => screen(),
        }}
    }
    .into_any()
}

/// A guarded screen within the bars.
fn framed(screen: fn() -> AnyView) -> AnyView {
    let session = session();
    view! {
        <a class="skip" href="#content" rel="external" on:click=|event| {
            event.prevent_default();
            focus_heading();
        }>{t("nav.skip")}</a>
        <div class="shell">
            <header class="top">{switcher()}{chain_state()}</header>
            {move || session.offline.get().map(|code| view! {
                <div class="banner" role="status">{icon(trouble(code).0)}<span class="grow">{words::code(code)}" "{t("net.stale")}</span></div>
            })}
            {move || session.alarm.get().map(|alarm| view! {
                <div class="card danger row wrap" role="alert">
                    <span class="bad-text">{icon(Icon::Alert)}</span>
                    <span class="grow strong">{tr("glass.alarm", &[("who", &format::short_hex(&alarm.by)), ("time", &time::moment(&alarm.time))])}</span>
                    <a class="btn compact quiet" href="/sharing?tab=log" on:click=move |_| session.acknowledge()>{t("sharing.who_has_looked")}</a>
                </div>
            })}
            {guarded(screen)}
            {dock()}
        </div>
        {screens::sharing::revoke_sheet()}
        {screens::sharing::renew_sheet()}
    }
    .into_any()
}

fn focus_heading() {
    use wasm_bindgen::JsCast;
    let heading = web_sys::window()
        .and_then(|window| window.document()?.query_selector("main h1").ok()?)
        .and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(heading) = heading {
        // A heading that cannot take the focus leaves it where it is.
        let _ = heading.focus();
    }
}

/// What was just done, said for a few seconds.
fn toast() -> AnyView {
    let session = session();
    let shown_for = std::time::Duration::from_secs(5);
    Effect::new(move |_| {
        if session.toast.with(Option::is_some) {
            set_timeout(move || session.toast.set(None), shown_for);
        }
    });
    view! {
        <div class="toasts" role="status" aria-live="polite">
            {move || session.toast.get().map(|words| view! {
                <div class="toast">
                    <span class="grow">{words}</span>
                    <button aria-label=t("action.close") on:click=move |_| session.toast.set(None)>{icon(Icon::X)}</button>
                </div>
            })}
        </div>
    }
    .into_any()
}
