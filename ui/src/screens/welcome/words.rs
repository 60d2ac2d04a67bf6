//! The words of a vault: shown, and checked by re-entry.

use dhc_ipc::{ConfirmWords, Failure};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::components::{busy_button, notice};
use crate::i18n::{t, tr};
use crate::session::session;

/// How many words are asked for.
const ASKED: usize = 3;

/// Positions asked for: distinct and in order, drawn by `random` (from 0 to below 1).
pub fn positions(words: usize, mut random: impl FnMut() -> f64) -> Vec<usize> {
    let mut rest: Vec<usize> = (0..words).collect();
    let mut chosen: Vec<usize> = (0..ASKED.min(words))
        .map(|_| rest.remove((random() * rest.len() as f64) as usize))
        .collect();
    chosen.sort_unstable();
    chosen
}

pub fn words_list(words: &[String]) -> AnyView {
    let items: Vec<_> = words
        .iter()
        .enumerate()
        .map(|(i, word)| view! { <li><span>{i + 1}</span>{word.clone()}</li> })
        .collect();
    view! { <ol class="words" aria-label=t("words.label")>{items}</ol> }.into_any()
}

/// Asks for some of `count` words again; `done` follows once the core has found them right.
pub fn check_words(count: usize, done: impl Fn() + Copy + Send + Sync + 'static) -> AnyView {
    let session = session();
    let fields: Vec<(usize, RwSignal<String>)> = positions(count, js_sys::Math::random)
        .into_iter()
        .map(|position| (position, RwSignal::new(String::new())))
        .collect();
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(None::<Failure>);
    let inputs: Vec<_> = fields
        .iter()
        .map(|&(position, value)| {
            let id = format!("word-{position}");
            view! {
                <div class="field">
                    <label for=id.clone()>{tr("words.number", &[("n", &(position + 1).to_string())])}</label>
                    <input class="input" id=id autocomplete="off" autocapitalize="none" spellcheck="false"
                        prop:value=value on:input=move |event| value.set(event_target_value(&event))/>
                </div>
            }
        })
        .collect();
    let entered = StoredValue::new(fields);
    let check = move || {
        busy.set(true);
        problem.set(None);
        let entered = entered.with_value(|fields| {
            fields
                .iter()
                .map(|(position, word)| {
                    (*position as u8, word.get_untracked().trim().to_lowercase())
                })
                .collect()
        });
        spawn_local(async move {
            match session.ask(&ConfirmWords { entered }).await {
                Ok(answer) if answer.ok => done(),
                Ok(_) => problem.set(Some(Failure::new(dhc_ipc::Code::BadPassword, "words"))),
                Err(failure) => problem.set(Some(failure)),
            }
            busy.set(false);
        });
    };
    let incomplete = move || {
        entered.with_value(|fields| {
            fields
                .iter()
                .any(|(_, word)| word.with(|w| w.trim().is_empty()))
        })
    };
    let wrong = move || {
        problem.get().map(
            |_| view! { <p class="problem bad-text strong" role="alert">{t("words.wrong")}</p> },
        )
    };
    view! {
        <form class="stack" on:submit=move |event| { event.prevent_default(); if !incomplete() { check() } }>
            <p class="sub">{t("words.check_text")}</p>
            {inputs}
            {move || match problem.get() {
                Some(f) if f.code != dhc_ipc::Code::BadPassword && f.code != dhc_ipc::Code::Misuse => notice(problem),
                _ => wrong().into_any(),
            }}
            {busy_button("btn full", None, t("words.check"), move || busy.get(), incomplete, check)}
        </form>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_asked_for_in_order_and_none_twice() {
        let mut seed = 0.0;
        let asked = positions(12, || {
            seed = (seed + 0.37) % 1.0;
            seed
        });
        assert_eq!(asked.len(), 3);
        assert!(asked.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(asked.iter().all(|&p| p < 12));
        assert_eq!(positions(12, || 0.999_999).len(), 3);
    }
}
