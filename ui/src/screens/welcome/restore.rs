//! Restoring a wallet from its words.

use dhc_ipc::RestoreVault;
use leptos::prelude::*;
use leptos_router::hooks::use_navigate;

use super::password_field;
use super::vault_form::{NewVault, Parts, vault_form};
use crate::i18n::{t, tr};
use crate::session::session;

/// Whether a text has as many words as a BIP-39 phrase can have.
pub fn is_phrase_length(words: usize) -> bool {
    matches!(words, 12 | 15 | 18 | 21 | 24)
}

pub fn restore_wallet(back: impl Fn() + Copy + Send + Sync + 'static) -> AnyView {
    let session = session();
    let vault = NewVault::new();
    let words = RwSignal::new(String::new());
    let passphrase = RwSignal::new(String::new());
    let navigate = StoredValue::new_local(use_navigate());
    let count = move || words.with(|w| w.split_whitespace().count());
    let restore = move || {
        let request = RestoreVault {
            words: words.with_untracked(|w| w.split_whitespace().collect::<Vec<_>>().join(" ")),
            password: vault.password.get_untracked(),
            passphrase: passphrase.get_untracked(),
        };
        vault.make(request, move |_| {
            session.refresh();
            session.say(t("welcome.restored"));
            navigate.with_value(|go| go("/", Default::default()));
        });
    };
    let before = view! {
        <div class="field">
            <label for="words">{t("welcome.restore_words")}</label>
            <textarea class="input" id="words" autocomplete="off" autocapitalize="none" spellcheck="false"
                prop:value=words on:input=move |event| words.set(event_target_value(&event))></textarea>
            <span class="hint" aria-live="polite">{move || tr("welcome.restore_count", &[("n", &count().to_string())])}</span>
        </div>
        {password_field("passphrase", t("welcome.passphrase"), "off", passphrase)}
    };
    let parts = Parts {
        title: t("welcome.restore_title"),
        action: t("welcome.restore"),
        before: before.into_any(),
        after: ().into_any(),
    };
    vault_form(
        vault,
        parts,
        move || is_phrase_length(count()),
        restore,
        back,
    )
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
