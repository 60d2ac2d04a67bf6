//! `/settings`: language, size, theme, security, network and node, storage, about.

use dhc_ipc::{ChangeSettings, IdentityView, Settings, ShowIdentity, StorageStatus, StorageView};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::components::{Icon, fact, heading, how_do_we_know, icon, mark, option, shown};
use crate::format;
use crate::i18n::{Locale, t, tn, tr, words};
use crate::preferences::Preferences;
use crate::session::{Loaded, Session, session};

mod governance;
mod kept;
mod node;
mod node_sheets;
mod security;
mod sponsors;

pub use governance::governance_screen;

pub fn settings_screen() -> AnyView {
    let session = session();
    let storage = session.read(|| StorageStatus {});
    let identity = session.read(ShowIdentity::default);
    view! {
        <main class="main wide" id="content">
            {heading(t("nav.settings"))}
            <div class="columns even">
                <div class="stack">
                    {appearance()}
                    {security::security_section()}
                    <section class="section"><h2>{t("settings.identity")}</h2>{shown(identity, draw_identity)}</section>
                </div>
                <div class="stack">
                    {node::node_section()}
                    <a class="card row row-link" href="/settings/governance">
                        <span class="tile">{icon(Icon::Users)}</span>
                        <span class="grow stack-xs"><span class="strong">{t("rules.title")}</span><span class="sub">{t("rules.link_text")}</span></span>
                        {icon(Icon::ChevronRight)}
                    </a>
                    {sponsors::sponsors_section()}
                    <section class="section"><h2>{t("settings.storage")}</h2>{shown(storage, draw_storage)}</section>
                    {kept::kept_section()}
                    <section class="section"><h2>{t("settings.about")}</h2>{about()}</section>
                </div>
            </div>
        </main>
    }
    .into_any()
}

/// Tells the core, so that the profile looks the same on its person's other devices' screens.
pub fn change(session: Session, settings: ChangeSettings) {
    spawn_local(async move {
        if let Err(failure) = session.ask(&settings).await {
            session.say(words::failure(&failure));
        }
    });
}

fn choice(
    name: &'static str,
    label: &'static str,
    chosen: RwSignal<String>,
    options: &[(&'static str, &'static str)],
) -> AnyView {
    let options: Vec<_> = options
        .iter()
        .map(|(value, label)| option(name, value, chosen, view! { {*label} }.into_any(), false))
        .collect();
    view! {
        <div class="field">
            <span class="label" id=format!("{name}-label")>{label}</span>
            <div class="segments" role="radiogroup" aria-labelledby=format!("{name}-label")>{options}</div>
        </div>
    }
    .into_any()
}

/// Runs `then` when the choice is changed by hand, not when it is drawn.
fn on_change(chosen: RwSignal<String>, then: impl Fn(String) + 'static) {
    Effect::new(move |before: Option<String>| {
        let now = chosen.get();
        if before.is_some_and(|before| before != now) {
            then(now.clone());
        }
        now
    });
}

fn appearance() -> AnyView {
    let session = session();
    let preferences: Preferences = expect_context();
    let language = RwSignal::new(preferences.locale.get_untracked().tag().to_owned());
    let size = RwSignal::new(preferences.size.get_untracked());
    let theme = RwSignal::new(preferences.theme.get_untracked());
    on_change(language, move |tag| {
        change(
            session,
            ChangeSettings {
                language: Some(tag.clone()),
                ..ChangeSettings::default()
            },
        );
        preferences.choose_language(Locale::from_tag(&tag));
    });
    on_change(size, move |value| {
        change(
            session,
            ChangeSettings {
                size: Some(value.clone()),
                ..ChangeSettings::default()
            },
        );
        preferences.choose_size(&value);
    });
    on_change(theme, move |value| {
        change(
            session,
            ChangeSettings {
                theme: Some(value.clone()),
                ..ChangeSettings::default()
            },
        );
        preferences.choose_theme(&value);
    });
    view! {
        <section class="section">
            <h2>{t("settings.appearance")}</h2>
            <div class="card stack">
                {choice("language", t("settings.language"), language, &Locale::ALL.map(|l| (l.tag(), l.own_name())))}
                {choice("size", t("settings.size"), size, &[("normal", t("settings.size_normal")), ("large", t("settings.size_large"))])}
                {choice("theme", t("settings.theme"), theme, &[
                    ("system", t("settings.theme_system")), ("light", t("settings.theme_light")), ("dark", t("settings.theme_dark")),
                ])}
            </div>
        </section>
    }
    .into_any()
}

fn draw_identity(identity: IdentityView) -> AnyView {
    let published = identity.keys_hash.is_some();
    let facts = vec![
        fact(t("proof.address"), &identity.address),
        fact(
            t("proof.keys_hash"),
            identity.keys_hash.clone().unwrap_or_default(),
        ),
    ];
    view! {
        <div class="card stack-s">
            <p>{if published { t("settings.keys_published") } else { t("settings.keys_unpublished") }}</p>
            {mark(&identity.standing)}
            {how_do_we_know(t("settings.identity_proof"), &identity.standing, facts)}
        </div>
    }
    .into_any()
}

fn draw_storage(storage: StorageView) -> AnyView {
    let used = if storage.quota > 0 {
        ((storage.bytes as f64 / storage.quota as f64) * 1000.0) as u32
    } else {
        0
    };
    view! {
        <div class="card stack-s">
            <div class="row"><span class="tile">{icon(Icon::HardDrive)}</span>
                <div class="grow stack-xs">
                    <span class="strong">{tn("settings.objects", u64::from(storage.objects), &[("size", &format::bytes(storage.bytes))])}</span>
                    <span class="sub">{tn("settings.connected", u64::from(storage.connected), &[])}</span>
                </div>
            </div>
            {(storage.quota > 0).then(|| view! {
                <progress class="meter" max="1000" value=used aria-label=t("settings.storage_used")></progress>
                <p class="sub">{tr("progress.of", &[("done", &format::bytes(storage.bytes)), ("total", &format::bytes(storage.quota))])}</p>
            })}
            <p class="sub">{t("settings.storage_text")}</p>
            {storage.peer.clone().map(|peer| view! {
                <details class="proof"><summary>{t("settings.peer")}{icon(Icon::ChevronRight)}</summary>
                    <p class="mono">{peer}</p>
                    {storage.listening.iter().map(|a| view! { <p class="mono">{a.clone()}</p> }).collect::<Vec<_>>()}
                </details>
            })}
        </div>
    }
    .into_any()
}

fn about() -> AnyView {
    let session = session();
    let version = move || {
        session.app.with(|app| match app {
            Loaded::Ready(view) => view.version.clone(),
            _ => String::new(),
        })
    };
    view! {
        <div class="card stack-s">
            <div class="row"><img class="tile" src="/assets/icon.svg" alt=""/><div class="grow stack-xs"><span class="strong">"DHC Wallet "{version}</span><span class="sub">{t("settings.licence")}</span></div></div>
            <p class="sub">{t("settings.about_text")}</p>
            <a class="link small" href="/assets/NOTICE-lucide.txt" rel="external" target="_blank">{t("settings.notices")}</a>
        </div>
    }
    .into_any()
}

/// The profile's own settings, for the part that is not about looks.
fn profile_settings() -> RwSignal<Loaded<dhc_ipc::SettingsView>> {
    session().read(|| Settings {})
}
