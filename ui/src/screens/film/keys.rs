//! The keyboard map, shown.

use leptos::prelude::*;

use super::actions::KEYS;
use super::state::Viewer;
use crate::components::{Sheet, sheet};
use crate::i18n::{lookup, t};

/// A key as it is printed on keyboards.
fn printed(key: &str) -> String {
    match key {
        "ArrowDown" => "↓".into(),
        "ArrowUp" => "↑".into(),
        " " => t("keys.space").into(),
        "1" => "1 – 9".into(),
        other if other.len() == 1 => other.to_uppercase(),
        other => other.into(),
    }
}

pub fn keyboard_map(viewer: Viewer) -> AnyView {
    let handle = Sheet::over(viewer.keys_shown);
    sheet(handle, t("film.keys"), || {
        let rows: Vec<_> = KEYS
            .iter()
            .filter(|(.., words)| !words.is_empty())
            .map(|(key, _, words)| view! { <dt><kbd>{printed(key)}</kbd></dt><dd>{lookup(words).unwrap_or_default()}</dd> })
            .collect();
        view! {
            <dl class="keys">{rows}</dl>
            <p class="sub">{t("keys.gestures")}</p>
        }
        .into_any()
    })
}
