//! Whose wallet this is: the profile switcher, with what the bar below has no room for.

use dhc_ipc::{Lock, ProfileState, ProfileView};
use leptos::html;
use leptos::prelude::*;
use leptos_router::hooks::use_navigate;
use wasm_bindgen_futures::spawn_local;

use super::{Icon, avatar, icon};
use crate::i18n::t;
use crate::session::{Loaded, session};

fn state_words(state: ProfileState) -> &'static str {
    match state {
        ProfileState::Empty => t("profile.empty"),
        ProfileState::Locked => t("profile.locked"),
        ProfileState::Unlocked => t("profile.unlocked"),
    }
}

pub fn switcher() -> AnyView {
    let session = session();
    let open = RwSignal::new(false);
    let button = NodeRef::<html::Button>::new();
    let name = move || session.current().map(|p| p.name).unwrap_or_default();
    let close = move || {
        open.set(false);
        if let Some(button) = button.get_untracked() {
            // Focus returns to where the menu came from.
            let _ = button.focus();
        }
    };
    let navigate = StoredValue::new_local(use_navigate());
    let choose = move |profile: ProfileView| {
        open.set(false);
        session.choose(&profile.id);
        let to = match profile.state {
            ProfileState::Unlocked => "/",
            ProfileState::Locked => "/unlock",
            ProfileState::Empty => "/welcome",
        };
        navigate.with_value(|go| go(to, Default::default()));
    };
    let lock = move |_| {
        open.set(false);
        spawn_local(async move {
            // Whether or not it answered, the state is read again.
            let _ = session.ask(&Lock {}).await;
            session.refresh();
        });
    };
    let profiles = move || {
        session.app.with(|app| match app {
            Loaded::Ready(view) => view.profiles.clone(),
            _ => Vec::new(),
        })
    };
    let item = move |profile: ProfileView| {
        let chosen = profile.id == session.profile.get();
        let shown = profile.clone();
        view! {
            <button role="menuitemradio" aria-checked=chosen.to_string() on:click=move |_| choose(profile.clone())>
                {avatar(&shown.name)}
                <span class="grow stack-xs">
                    <span class="strong">{shown.name}</span>
                    <span class="sub">{state_words(shown.state)}</span>
                </span>
                {chosen.then(|| icon(Icon::Check))}
            </button>
        }
    };
    view! {
        <div class="menu-anchor"
            on:keydown=move |event| if event.key() == "Escape" && open.get_untracked() { event.stop_propagation(); close() }
            on:focusout=move |event| {
                let inside = event.current_target().zip(event.related_target()).is_some_and(|(menu, next)| {
                    use wasm_bindgen::JsCast;
                    menu.dyn_ref::<web_sys::Node>().is_some_and(|m| m.contains(next.dyn_ref()))
                });
                if !inside && event.related_target().is_some() { open.set(false) }
            }>
            <button class="who" node_ref=button aria-haspopup="menu" aria-expanded=move || open.get().to_string()
                on:click=move |_| open.update(|o| *o = !*o)>
                {move || avatar(&name())}
                <span class="sr">{t("profile.switcher")}</span>
                <span class="name">{name}</span>
                {icon(Icon::ChevronDown)}
            </button>
            {move || open.get().then(|| view! {
                <div class="menu" role="menu" aria-label=t("profile.switcher")>
                    {profiles().into_iter().map(item).collect::<Vec<_>>()}
                    <hr/>
                    <a role="menuitem" href="/shared-with-me" on:click=move |_| open.set(false)>{icon(Icon::Inbox)}{t("nav.shared_with_me")}</a>
                    <a role="menuitem" href="/settings" on:click=move |_| open.set(false)>{icon(Icon::Settings)}{t("nav.settings")}</a>
                    <a role="menuitem" href="/welcome?new=1" on:click=move |_| open.set(false)>{icon(Icon::UserPlus)}{t("profile.add")}</a>
                    {(session.state() == Some(ProfileState::Unlocked)).then(|| view! {
                        <button role="menuitem" on:click=lock>{icon(Icon::Lock)}{t("action.lock")}</button>
                    })}
                </div>
            })}
        </div>
    }
    .into_any()
}
