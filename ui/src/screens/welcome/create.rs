//! Creating a wallet: a password, the words shown once, the words checked.

use dhc_ipc::{CreateVault, Failure, ProfileState};
use leptos::prelude::*;
use leptos_router::hooks::use_navigate;
use wasm_bindgen_futures::spawn_local;

use super::{MIN_PASSWORD, check_words, empty_profile, password_field, strength_meter, words_list};
use crate::components::{Icon, busy_button, heading, icon, notice};
use crate::i18n::t;
use crate::session::session;

#[derive(Clone, PartialEq, Eq)]
enum Step {
    Password,
    Words(Vec<String>),
    Check(usize),
}

pub fn create_wallet(back: impl Fn() + Copy + Send + Sync + 'static) -> AnyView {
    let session = session();
    let step = RwSignal::new(Step::Password);
    let navigate = StoredValue::new_local(use_navigate());
    let done = move || {
        session.refresh();
        session.say(t("welcome.created"));
        navigate.with_value(|go| go("/", Default::default()));
    };
    view! {
        {move || match step.get() {
            Step::Password => password_step(step, back),
            Step::Words(words) => {
                let count = words.len();
                view! {
                    {heading(t("words.title"))}
                    <p class="sub">{t("words.text")}</p>
                    {words_list(&words)}
                    <div class="card warn row"><span class="waiting-text">{icon(Icon::Alert)}</span><span class="grow">{t("words.warning")}</span></div>
                    <button class="btn full" on:click=move |_| step.set(Step::Check(count))>{t("action.continue")}</button>
                }.into_any()
            }
            Step::Check(count) => view! {
                {heading(t("words.check_title"))}
                {check_words(count, done)}
                <button class="btn quiet full" on:click=move |_| done()>{t("words.later")}</button>
            }.into_any(),
        }}
    }
    .into_any()
}

fn password_step(step: RwSignal<Step>, back: impl Fn() + Copy + Send + Sync + 'static) -> AnyView {
    let session = session();
    let existing = session
        .current()
        .filter(|p| p.state == ProfileState::Empty)
        .map(|p| p.name);
    let named = existing.is_some();
    let name = RwSignal::new(existing.unwrap_or_default());
    let password = RwSignal::new(String::new());
    let again = RwSignal::new(String::new());
    let words = RwSignal::new("12".to_owned());
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(None::<Failure>);
    let short = move || password.with(|p| p.chars().count() < MIN_PASSWORD);
    let differs = move || !again.with(String::is_empty) && again.get() != password.get();
    let unready =
        move || short() || again.get() != password.get() || name.with(|n| n.trim().is_empty());
    let create = move || {
        busy.set(true);
        problem.set(None);
        spawn_local(async move {
            let request = CreateVault {
                words: if words.get_untracked() == "24" {
                    24
                } else {
                    12
                },
                password: password.get_untracked(),
                passphrase: String::new(),
            };
            let created = match empty_profile(session, &name.get_untracked()).await {
                Ok(()) => session.ask(&request).await,
                Err(failure) => Err(failure),
            };
            match created {
                Ok(vault) => step.set(Step::Words(vault.words.unwrap_or_default())),
                Err(failure) => problem.set(Some(failure)),
            }
            busy.set(false);
        });
    };
    view! {
        <button class="back" on:click=move |_| back()>{icon(Icon::ChevronLeft)}{t("action.back")}</button>
        {heading(t("welcome.create_title"))}
        <form class="stack" on:submit=move |event| { event.prevent_default(); if !unready() { create() } }>
            {(!named).then(|| view! {
                <div class="field">
                    <label for="name">{t("welcome.name")}</label>
                    <input class="input" id="name" autocomplete="name" prop:value=name
                        on:input=move |event| name.set(event_target_value(&event))/>
                </div>
            })}
            {password_field("new-password", t("welcome.password"), "new-password", password)}
            {strength_meter(password, name)}
            {password_field("again", t("welcome.password_again"), "new-password", again)}
            {move || differs().then(|| view! { <p class="bad-text small strong" role="alert">{t("welcome.differs")}</p> })}
            <div class="field">
                <label for="count">{t("welcome.word_count")}</label>
                <select class="input" id="count" prop:value=words on:change=move |event| words.set(event_target_value(&event))>
                    <option value="12">{t("welcome.words_12")}</option>
                    <option value="24">{t("welcome.words_24")}</option>
                </select>
            </div>
            <p class="sub">{t("welcome.password_text")}</p>
            {notice(problem)}
            {busy_button("btn full", None, t("action.continue"), move || busy.get(), unready, create)}
        </form>
    }
    .into_any()
}
