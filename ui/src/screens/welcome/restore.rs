//! Restoring a wallet from its words.

use dhc_ipc::{Failure, ProfileState, RestoreVault};
use leptos::prelude::*;
use leptos_router::hooks::use_navigate;
use wasm_bindgen_futures::spawn_local;

use super::{MIN_PASSWORD, empty_profile, password_field, strength_meter};
use crate::components::{Icon, busy_button, heading, icon, notice};
use crate::i18n::{t, tr};
use crate::session::session;

/// Whether a text has as many words as a BIP-39 phrase can have.
pub fn is_phrase_length(words: usize) -> bool {
    matches!(words, 12 | 15 | 18 | 21 | 24)
}

pub fn restore_wallet(back: impl Fn() + Copy + Send + Sync + 'static) -> AnyView {
    let session = session();
    let existing = session
        .current()
        .filter(|p| p.state == ProfileState::Empty)
        .map(|p| p.name);
    let named = existing.is_some();
    let name = RwSignal::new(existing.unwrap_or_default());
    let words = RwSignal::new(String::new());
    let passphrase = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(None::<Failure>);
    let navigate = StoredValue::new_local(use_navigate());
    let count = move || words.with(|w| w.split_whitespace().count());
    let unready = move || {
        !is_phrase_length(count())
            || password.with(|p| p.chars().count() < MIN_PASSWORD)
            || name.with(|n| n.trim().is_empty())
    };
    let restore = move || {
        busy.set(true);
        problem.set(None);
        spawn_local(async move {
            let request = RestoreVault {
                words: words.with_untracked(|w| w.split_whitespace().collect::<Vec<_>>().join(" ")),
                password: password.get_untracked(),
                passphrase: passphrase.get_untracked(),
            };
            let restored = match empty_profile(session, &name.get_untracked()).await {
                Ok(()) => session.ask(&request).await,
                Err(failure) => Err(failure),
            };
            match restored {
                Ok(_) => {
                    session.refresh();
                    session.say(t("welcome.restored"));
                    navigate.with_value(|go| go("/", Default::default()));
                }
                Err(failure) => problem.set(Some(failure)),
            }
            busy.set(false);
        });
    };
    view! {
        <button class="back" on:click=move |_| back()>{icon(Icon::ChevronLeft)}{t("action.back")}</button>
        {heading(t("welcome.restore_title"))}
        <form class="stack" on:submit=move |event| { event.prevent_default(); if !unready() { restore() } }>
            {(!named).then(|| view! {
                <div class="field">
                    <label for="name">{t("welcome.name")}</label>
                    <input class="input" id="name" autocomplete="name" prop:value=name
                        on:input=move |event| name.set(event_target_value(&event))/>
                </div>
            })}
            <div class="field">
                <label for="words">{t("welcome.restore_words")}</label>
                <textarea class="input" id="words" autocomplete="off" autocapitalize="none" spellcheck="false"
                    prop:value=words on:input=move |event| words.set(event_target_value(&event))></textarea>
                <span class="hint" aria-live="polite">{move || tr("welcome.restore_count", &[("n", &count().to_string())])}</span>
            </div>
            {password_field("passphrase", t("welcome.passphrase"), "off", passphrase)}
            {password_field("new-password", t("welcome.password"), "new-password", password)}
            {strength_meter(password, name)}
            {notice(problem)}
            {busy_button("btn full", None, t("welcome.restore"), move || busy.get(), unready, restore)}
        </form>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_has_one_of_five_lengths() {
        let lengths: Vec<usize> = (0..30).filter(|&n| is_phrase_length(n)).collect();
        assert_eq!(lengths, [12, 15, 18, 21, 24]);
    }
}
