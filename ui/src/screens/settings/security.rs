//! Security: auto-lock, the words.

use dhc_ipc::{ChangeSettings, Failure, RevealWords, SettingsView, VerifyVault};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::{change, profile_settings};
use crate::components::{Icon, Sheet, busy_button, icon, notice, sheet, shown};
use crate::i18n::{t, tn};
use crate::screens::welcome::{check_words, password_field, words_list};
use crate::session::session;

pub fn security_section() -> AnyView {
    let session = session();
    let settings = profile_settings();
    let words = Sheet::new();
    let busy = RwSignal::new(false);
    let verify = move || {
        busy.set(true);
        spawn_local(async move {
            let said = match session.ask(&VerifyVault {}).await {
                Ok(answer) if answer.ok => t("settings.vault_ok"),
                Ok(_) => t("code.vault_damaged"),
                Err(failure) => crate::i18n::words::failure(&failure),
            };
            session.say(said);
            busy.set(false);
        });
    };
    // The demo's wallets are nobody's to lose.
    let unconfirmed =
        move || !session.is_demo() && session.current().is_some_and(|p| p.words_unconfirmed);
    view! {
        <section class="section">
            <h2>{t("settings.security")}</h2>
            <div class="card stack">
                {shown(settings, auto_lock)}
                <div class="stack-s">
                    <span class="strong">{t("settings.words")}</span>
                    {move || unconfirmed().then(|| view! { <p class="waiting-text small strong">{t("home.words_unchecked")}</p> })}
                    <div class="actions">
                        <button class="btn quiet compact" on:click=move |_| words.open()>{icon(Icon::Key)}{t("settings.show_words")}</button>
                        {busy_button("btn quiet compact", Some(Icon::ShieldCheck), t("settings.verify_vault"), move || busy.get(), || false, verify)}
                    </div>
                </div>
            </div>
        </section>
        {sheet(words, t("settings.words"), move || reveal(words))}
    }
    .into_any()
}

fn auto_lock(settings: SettingsView) -> AnyView {
    let minutes = [1u32, 5, 15, 60, 0];
    let session = session();
    let options: Vec<_> = minutes
        .into_iter()
        .map(|n| {
            let label = if n == 0 { t("settings.never").to_owned() } else { tn("time.minutes", u64::from(n), &[]) };
            view! { <option value=n.to_string() selected=n == settings.auto_lock_min>{label}</option> }
        })
        .collect();
    let other = (!minutes.contains(&settings.auto_lock_min)).then(|| {
        view! { <option value=settings.auto_lock_min.to_string() selected=true>{tn("time.minutes", u64::from(settings.auto_lock_min), &[])}</option> }
    });
    view! {
        <div class="field">
            <label for="auto-lock">{t("settings.auto_lock")}</label>
            <select class="input" id="auto-lock" on:change=move |event| {
                let auto_lock_min = event_target_value(&event).parse().ok();
                change(session, ChangeSettings { auto_lock_min, ..ChangeSettings::default() });
                session.changed();
            }>{other}{options}</select>
        </div>
    }
    .into_any()
}

/// Shows the words after the password is given again, then has them checked.
fn reveal(handle: Sheet) -> AnyView {
    let session = session();
    let password = RwSignal::new(String::new());
    let found = RwSignal::new(None::<Vec<String>>);
    let checking = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(None::<Failure>);
    let show = move || {
        busy.set(true);
        problem.set(None);
        spawn_local(async move {
            match session
                .ask(&RevealWords {
                    password: password.get_untracked(),
                })
                .await
            {
                Ok(answer) => {
                    password.set(String::new());
                    found.set(Some(answer.words));
                }
                Err(failure) => problem.set(Some(failure)),
            }
            busy.set(false);
        });
    };
    let confirmed = move || {
        session.refresh();
        session.say(t("words.right"));
        handle.close();
    };
    view! {
        {move || match (found.get(), checking.get()) {
            (Some(words), true) => check_words(words.len(), confirmed),
            (Some(words), false) => view! {
                <p class="sub">{t("words.text")}</p>
                {words_list(&words)}
                <button class="btn full" on:click=move |_| checking.set(true)>{t("words.check")}</button>
            }.into_any(),
            (None, _) => view! {
                <form class="stack" on:submit=move |event| { event.prevent_default(); show() }>
                    <p class="sub">{t("settings.show_words_text")}</p>
                    {password_field("reveal-password", t("unlock.password"), "current-password", password)}
                    {notice(problem)}
                    {busy_button("btn full", None, t("settings.show_words"), move || busy.get(), move || password.with(String::is_empty), show)}
                </form>
            }.into_any(),
        }}
    }
    .into_any()
}
