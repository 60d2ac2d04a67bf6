//! What creating and restoring a wallet ask for alike: whose it is, and a password.

use dhc_ipc::{Command, CreateProfile, Failure, ProfileState};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::{MIN_PASSWORD, password_field, strength_meter};
use crate::components::{Icon, busy_button, heading, icon, notice};
use crate::i18n::t;
use crate::session::{Session, session};

/// A vault that is about to be.
#[derive(Clone, Copy)]
pub struct NewVault {
    session: Session,
    name: RwSignal<String>,
    /// The chosen profile waits for it, and has a name.
    named: bool,
    pub password: RwSignal<String>,
    busy: RwSignal<bool>,
    problem: RwSignal<Option<Failure>>,
}

/// Where one form differs from the other.
pub struct Parts {
    pub title: &'static str,
    pub action: &'static str,
    /// Fields in front of the password, and after it.
    pub before: AnyView,
    pub after: AnyView,
}

impl NewVault {
    pub fn new() -> Self {
        let session = session();
        // Not followed: an answer that arrives late must not take what was typed.
        let waiting = untrack(|| session.current())
            .filter(|p| p.state == ProfileState::Empty)
            .map(|p| p.name);
        Self {
            session,
            named: waiting.is_some(),
            name: RwSignal::new(waiting.unwrap_or_default()),
            password: RwSignal::new(String::new()),
            busy: RwSignal::new(false),
            problem: RwSignal::new(None),
        }
    }

    fn is_ready(self) -> bool {
        self.password.with(|p| p.chars().count() >= MIN_PASSWORD)
            && self.name.with(|n| !n.trim().is_empty())
    }

    /// Asks the core for the vault, in a profile of its own.
    pub fn make<C: Command + 'static>(self, request: C, made: impl FnOnce(C::Answer) + 'static) {
        let session = self.session;
        self.busy.set(true);
        self.problem.set(None);
        spawn_local(async move {
            let answer = match empty_profile(session, &self.name.get_untracked()).await {
                Ok(()) => session.ask(&request).await,
                Err(failure) => Err(failure),
            };
            self.busy.set(false);
            match answer {
                Ok(answer) => made(answer),
                Err(failure) => self.problem.set(Some(failure)),
            }
        });
    }
}

/// The profile a new vault goes into: the chosen one while it is empty, else a new one.
async fn empty_profile(session: Session, name: &str) -> Result<(), Failure> {
    if session
        .current()
        .is_some_and(|p| p.state == ProfileState::Empty)
    {
        return Ok(());
    }
    let request = CreateProfile {
        name: name.trim().into(),
    };
    let profile = session.transport.call("", None, &request).await?;
    session.remember(&profile.id);
    Ok(())
}

/// The form. `ready`: what it waits for besides name and password.
pub fn vault_form(
    vault: NewVault,
    parts: Parts,
    ready: impl Fn() -> bool + Copy + Send + Sync + 'static,
    submit: impl Fn() + Copy + 'static,
    back: impl Fn() + Copy + Send + Sync + 'static,
) -> AnyView {
    let NewVault { name, password, .. } = vault;
    let unready = move || !(vault.is_ready() && ready());
    view! {
        <button class="back" on:click=move |_| back()>{icon(Icon::ChevronLeft)}{t("action.back")}</button>
        {heading(parts.title)}
        <form class="stack" on:submit=move |event| { event.prevent_default(); if !unready() { submit() } }>
            {(!vault.named).then(|| view! {
                <div class="field">
                    <label for="name">{t("welcome.name")}</label>
                    <input class="input" id="name" autocomplete="name" prop:value=name
                        on:input=move |event| name.set(event_target_value(&event))/>
                </div>
            })}
            {parts.before}
            {password_field("new-password", t("welcome.password"), "new-password", password)}
            {strength_meter(password, name)}
            {parts.after}
            {notice(vault.problem)}
            {busy_button("btn full", None, parts.action, move || vault.busy.get(), unready, submit)}
        </form>
    }
    .into_any()
}
