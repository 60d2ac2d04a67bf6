//! Choosing a person: from the address book, or by the address they tell.

use dhc_ipc::{Code, ContactView, Contacts, ContactsView, Failure, SaveContact, ShowIdentity};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::components::{Icon, avatar, busy_button, field_problem, icon, notice, option, shown};
use crate::format;
use crate::i18n::{t, tr, words};
use crate::session::{Loaded, Session, session};

/// Whether somebody's record keys are published: nothing can be sealed for them before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    Unasked,
    Asking,
    Published,
    Lacking,
    /// The chain could not be asked.
    Unknown(Code),
}

/// Who is chosen. Above the steps, which come and go.
#[derive(Clone, Copy)]
pub struct Choice {
    session: Session,
    pub contacts: RwSignal<Loaded<ContactsView>>,
    /// Their address; empty before one is chosen.
    pub chosen: RwSignal<String>,
    pub keys: RwSignal<Keys>,
    typed: RwSignal<String>,
    name: RwSignal<String>,
    busy: RwSignal<bool>,
    problem: RwSignal<Option<Failure>>,
}

impl Choice {
    pub fn new(session: Session, chosen: String) -> Self {
        Self {
            session,
            contacts: session.read(|| Contacts {}),
            chosen: RwSignal::new(chosen),
            keys: RwSignal::new(Keys::Unasked),
            typed: RwSignal::new(String::new()),
            name: RwSignal::new(String::new()),
            busy: RwSignal::new(false),
            problem: RwSignal::new(None),
        }
    }

    /// Asks for the record keys of each who is chosen.
    pub fn with_keys(self) -> Self {
        Effect::new(move |_| {
            let address = self.chosen.get();
            if format::looks_like_address(&address) {
                self.ask_keys(address);
            } else {
                self.keys.set(Keys::Unasked);
            }
        });
        self
    }

    fn ask_keys(self, address: String) {
        self.keys.set(Keys::Asking);
        spawn_local(async move {
            let asked = ShowIdentity {
                address: Some(address.clone()),
            };
            let keys = match self.session.ask(&asked).await {
                Ok(identity) if identity.keys_hash.is_some() => Keys::Published,
                Ok(_) => Keys::Lacking,
                Err(failure) => Keys::Unknown(failure.code),
            };
            // Somebody else may be chosen by now, or the screen be gone.
            if self.chosen.try_get_untracked() == Some(address) {
                self.keys.set(keys);
            }
        });
    }

    /// What the chosen one is called; tracked.
    pub fn called(self) -> String {
        name_of(self.contacts, &self.chosen.get())
    }

    fn save(self) {
        let contact = SaveContact {
            address: self.typed.get_untracked().trim().to_owned(),
            name: self.name.get_untracked().trim().to_owned(),
            organisation: String::new(),
        };
        self.busy.set(true);
        self.problem.set(None);
        spawn_local(async move {
            match self.session.ask(&contact).await {
                Ok(view) => {
                    // As the core writes it, with its checksum.
                    let known = view
                        .contacts
                        .iter()
                        .find(|c| same(&c.address, &contact.address));
                    let address = known.map_or(contact.address, |c| c.address.clone());
                    self.contacts.set(Loaded::Ready(view));
                    self.chosen.set(address);
                    self.typed.set(String::new());
                    self.name.set(String::new());
                }
                Err(failure) => self.problem.set(Some(failure)),
            }
            self.busy.set(false);
        });
    }
}

fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// Whom an address stands for, by the address book; tracked.
pub fn name_of(contacts: RwSignal<Loaded<ContactsView>>, address: &str) -> String {
    contacts
        .with(|contacts| match contacts {
            Loaded::Ready(view) => view
                .contacts
                .iter()
                .find(|c| same(&c.address, address))
                .map(|c| c.name.clone()),
            _ => None,
        })
        .unwrap_or_else(|| format::short_hex(address))
}

/// Who paid for an act, by its answer: I, or a sponsor.
pub async fn payer(session: Session, sponsor: Option<&str>) -> String {
    let Some(address) = sponsor else {
        return t("paid.by_you").to_owned();
    };
    let known = session.ask(&Contacts {}).await.ok();
    let contact = known
        .iter()
        .flat_map(|view| &view.contacts)
        .find(|c| same(&c.address, address));
    let who = contact.map_or_else(|| format::short_hex(address), |c| c.name.clone());
    tr("paid.by_sponsor", &[("who", &who)])
}

/// The address book to choose from, and a way to enter somebody else. `group`: the choice's name in
/// the page; `label`: what is asked.
pub fn chooser(choice: Choice, group: &'static str, label: &'static str) -> AnyView {
    let Choice {
        session, chosen, ..
    } = choice;
    let known = shown(choice.contacts, move |view| {
        let mine = untrack(|| session.address());
        let already = chosen.get_untracked();
        let mut contacts = view.contacts;
        if !already.is_empty() && !contacts.iter().any(|c| same(&c.address, &already)) {
            contacts.insert(
                0,
                ContactView {
                    name: format::short_hex(&already),
                    address: already,
                    organisation: String::new(),
                },
            );
        }
        let options: Vec<_> = contacts
            .iter()
            .filter(|c| !same(&c.address, &mine))
            .map(|contact| contact_option(contact, group, chosen))
            .collect();
        if options.is_empty() {
            return view! { <p class="sub">{t("share.no_contacts")}</p> }.into_any();
        }
        view! { <div class="stack-s" role="radiogroup" aria-label=label>{options}</div> }.into_any()
    });
    view! {
        {known}
        {somebody_else(choice)}
    }
    .into_any()
}

fn contact_option(contact: &ContactView, group: &'static str, chosen: RwSignal<String>) -> AnyView {
    let organisation = if contact.organisation.is_empty() {
        format::short_hex(&contact.address)
    } else {
        contact.organisation.clone()
    };
    let content = view! {
        <span class="row">
            {avatar(&contact.name)}
            <span class="grow stack-xs"><span class="strong">{contact.name.clone()}</span><span class="sub">{organisation}</span></span>
        </span>
    };
    option(group, &contact.address, chosen, content.into_any(), false)
}

fn somebody_else(choice: Choice) -> AnyView {
    let Choice { typed, name, .. } = choice;
    let shaped = move || typed.with(|a| format::looks_like_address(a.trim()));
    let mine = move || typed.with(|a| same(a.trim(), &choice.session.address()));
    let unready = move || !shaped() || mine() || name.with(|n| n.trim().is_empty());
    let wrong = move || {
        let begun = typed.with(|a| !a.trim().is_empty());
        if begun && !shaped() {
            Some(t("send.bad_address"))
        } else if begun && mine() {
            Some(t("people.yourself"))
        } else {
            None
        }
    };
    let refused = move || match choice.problem.get() {
        Some(failure) if failure.code == Code::Misuse => {
            view! { <div class="card danger" role="alert">{t("people.mistyped")}</div> }.into_any()
        }
        _ => notice(choice.problem),
    };
    view! {
        <details class="card proof">
            <summary>{t("share.somebody_else")}{icon(Icon::ChevronRight)}</summary>
            <div class="stack">
                <p class="sub">{t("share.address_how")}</p>
                <div class="field">
                    <label for="person-name">{t("share.name")}</label>
                    <input class="input" id="person-name" autocomplete="off" prop:value=name
                        on:input=move |event| name.set(event_target_value(&event))/>
                </div>
                <div class="field">
                    <label for="person-address">{t("share.address")}</label>
                    <input class="input mono" id="person-address" autocomplete="off" spellcheck="false" placeholder="0x…"
                        aria-describedby="person-address-problem" prop:value=typed
                        on:input=move |event| { choice.problem.set(None); typed.set(event_target_value(&event)) }/>
                    {field_problem("person-address-problem", wrong)}
                </div>
                {refused}
                {busy_button("btn quiet compact", Some(Icon::BookUser), t("share.save_contact"), move || choice.busy.get(), unready, move || choice.save())}
            </div>
        </details>
    }
    .into_any()
}

/// Whether what is meant for the chosen one can be sealed for them. `has`, `lacks`: what that means
/// here.
pub fn keys_state(choice: Choice, has: &'static str, lacks: &'static str) -> AnyView {
    view! {
        {move || match choice.keys.get() {
            Keys::Unasked => ().into_any(),
            Keys::Asking => view! { <p class="sub row" role="status">{icon(Icon::Clock)}{t("share.asking_keys")}</p> }.into_any(),
            Keys::Published => view! { <p class="mark ok" role="status">{icon(Icon::ShieldCheck)}{has}</p> }.into_any(),
            Keys::Lacking => view! { <p class="card warn" role="alert">{lacks}</p> }.into_any(),
            Keys::Unknown(code) => {
                let again = move |_| choice.ask_keys(choice.chosen.get_untracked());
                view! {
                    <div class="card warn stack-s" role="alert">
                        <p>{tr("people.keys_unknown", &[("why", words::code(code))])}</p>
                        <button type="button" class="btn quiet compact" on:click=again>{icon(Icon::Refresh)}{t("action.try_again")}</button>
                    </div>
                }
                .into_any()
            }
        }}
    }
    .into_any()
}

/// The choice of a person on the screen that is drawn.
pub fn choose(chosen: String) -> Choice {
    Choice::new(session(), chosen)
}
