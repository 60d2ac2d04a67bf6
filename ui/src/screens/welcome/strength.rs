//! How long a password would stand, judged by guessing it as attackers do (zxcvbn).

use leptos::prelude::*;

use crate::i18n::t;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    TooShort,
    Weak,
    Fair,
    Good,
}

/// Judges a password; `own` are words a guesser would try first, as the person's name.
pub fn judge(password: &str, own: &str) -> Strength {
    if password.chars().count() < super::MIN_PASSWORD {
        return Strength::TooShort;
    }
    // The vault is attacked offline, one guess a derivation: what counts is the guesses needed.
    match zxcvbn::zxcvbn(password, &[own]).guesses_log10() {
        guesses if guesses < 8.0 => Strength::Weak,
        guesses if guesses < 11.0 => Strength::Fair,
        _ => Strength::Good,
    }
}

pub fn strength_meter(password: RwSignal<String>, own: RwSignal<String>) -> AnyView {
    let strength =
        Memo::new(move |_| password.with(|p| (!p.is_empty()).then(|| judge(p, &own.get()))));
    view! {
        {move || strength.get().map(|strength| {
            let (class, value, words) = match strength {
                Strength::TooShort => ("meter weak", 1, t("password.too_short")),
                Strength::Weak => ("meter weak", 2, t("password.weak")),
                Strength::Fair => ("meter fair", 3, t("password.fair")),
                Strength::Good => ("meter", 4, t("password.good")),
            };
            view! {
                <div class="stack-s">
                    <progress class=class max="4" value=value aria-label=t("password.strength")></progress>
                    <p class="small sub" aria-live="polite">{words}</p>
                </div>
            }
        })}
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_on_every_guessing_list_is_not_called_good() {
        assert_eq!(judge("short", ""), Strength::TooShort);
        assert_eq!(judge("password1", ""), Strength::Weak);
        assert_eq!(judge("limei1968", "limei"), Strength::Weak);
        assert_eq!(judge("correct horse battery staple", ""), Strength::Good);
    }
}
