//! Creating a wallet: a password, the words shown once, the words checked.

use dhc_ipc::CreateVault;
use leptos::prelude::*;
use leptos_router::hooks::use_navigate;

use super::vault_form::{NewVault, Parts, vault_form};
use super::{check_words, password_field, words_list};
use crate::components::{Icon, heading, icon};
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
    let vault = NewVault::new();
    let password = vault.password;
    let again = RwSignal::new(String::new());
    let words = RwSignal::new("12".to_owned());
    let differs = move || !again.with(String::is_empty) && again.get() != password.get();
    let create = move || {
        let request = CreateVault {
            words: if words.get_untracked() == "24" {
                24
            } else {
                12
            },
            password: password.get_untracked(),
            passphrase: String::new(),
        };
        vault.make(request, move |made| {
            step.set(Step::Words(made.words.unwrap_or_default()));
        });
    };
    let after = view! {
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
    };
    let parts = Parts {
        title: t("welcome.create_title"),
        action: t("action.continue"),
        before: ().into_any(),
        after: after.into_any(),
    };
    let ready = move || again.get() == password.get();
    vault_form(vault, parts, ready, create, back)
}
