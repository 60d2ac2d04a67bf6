//! How the app looks on this device: language, size, theme. Kept by the browser, so that the
//! very first screen is right; a profile's own settings apply where the device has none.

use leptos::prelude::*;

use crate::i18n::{self, Locale};

#[derive(Clone, Copy)]
pub struct Preferences {
    pub locale: RwSignal<Locale>,
    pub theme: RwSignal<String>,
    pub size: RwSignal<String>,
}

const LANGUAGE: &str = "dhc.language";
const THEME: &str = "dhc.theme";
const SIZE: &str = "dhc.size";

fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok()?
}

pub fn kept(key: &str) -> Option<String> {
    storage()?.get_item(key).ok()?
}

fn tab() -> Option<web_sys::Storage> {
    web_sys::window()?.session_storage().ok()?
}

/// What was kept for as long as this tab is open.
pub fn kept_in_tab(key: &str) -> Option<String> {
    tab()?.get_item(key).ok()?
}

pub fn keep_in_tab(key: &str, value: &str) {
    if let Some(storage) = tab() {
        // As with `keep`.
        let _ = storage.set_item(key, value);
    }
}

pub fn keep(key: &str, value: &str) {
    if let Some(storage) = storage() {
        // A browser that keeps nothing forgets the choice at the next start; nothing else.
        let _ = storage.set_item(key, value);
    }
}

impl Preferences {
    pub fn load() -> Self {
        let language = kept(LANGUAGE)
            .or_else(|| web_sys::window()?.navigator().language())
            .unwrap_or_default();
        let preferences = Self {
            locale: RwSignal::new(Locale::from_tag(&language)),
            theme: RwSignal::new(kept(THEME).unwrap_or_else(|| "system".into())),
            size: RwSignal::new(kept(SIZE).unwrap_or_else(|| "normal".into())),
        };
        preferences.apply();
        preferences
    }

    /// Makes the page follow the choices, now and whenever they change.
    fn apply(self) {
        i18n::choose(self.locale.get_untracked());
        Effect::new(move |_| {
            let Some(root) = web_sys::window().and_then(|w| w.document()?.document_element())
            else {
                return;
            };
            for (name, value) in [
                ("lang", self.locale.get().tag().to_owned()),
                ("data-theme", self.theme.get()),
                ("data-size", self.size.get()),
            ] {
                // These names and values are always well formed.
                let _ = root.set_attribute(name, &value);
            }
        });
    }

    pub fn choose_language(self, locale: Locale) {
        keep(LANGUAGE, locale.tag());
        i18n::choose(locale);
        self.locale.set(locale);
    }

    pub fn choose_theme(self, theme: &str) {
        keep(THEME, theme);
        self.theme.set(theme.into());
    }

    pub fn choose_size(self, size: &str) {
        keep(SIZE, size);
        self.size.set(size.into());
    }

    /// Takes over a profile's settings where this device has no choice of its own.
    pub fn adopt(self, settings: &dhc_ipc::SettingsView) {
        let locale = Locale::from_tag(&settings.language);
        if kept(LANGUAGE).is_none()
            && self.locale.get_untracked() != locale
            && !settings.language.is_empty()
        {
            i18n::choose(locale);
            self.locale.set(locale);
        }
        if kept(THEME).is_none() && !settings.theme.is_empty() {
            self.theme.set(settings.theme.clone());
        }
        if kept(SIZE).is_none() && !settings.size.is_empty() {
            self.size.set(settings.size.clone());
        }
    }
}
