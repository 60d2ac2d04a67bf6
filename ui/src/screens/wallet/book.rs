//! The address book.

use dhc_ipc::{ContactView, Contacts, ContactsView, Failure, SaveContact};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::components::{Icon, Sheet, avatar, busy_button, icon, notice, sheet, shown};
use crate::format;
use crate::i18n::t;
use crate::session::{Loaded, session};

pub fn address_book() -> AnyView {
    let session = session();
    let contacts = session.read(|| Contacts {});
    let edited = RwSignal::new(None::<ContactView>);
    let editor = Sheet::new();
    view! {
        <section class="section">
            <div class="row between">
                <h2>{t("book.title")}</h2>
                <button class="link small" on:click=move |_| { edited.set(None); editor.open() }>{icon(Icon::Plus)}{t("book.add")}</button>
            </div>
            {shown(contacts, move |view| rows(view, edited, editor))}
        </section>
        {sheet(editor, t("book.title"), move || form(edited.get_untracked(), contacts, editor))}
    }
    .into_any()
}

fn rows(view: ContactsView, edited: RwSignal<Option<ContactView>>, editor: Sheet) -> AnyView {
    if view.contacts.is_empty() {
        return view! { <p class="card sub">{t("book.empty")}</p> }.into_any();
    }
    let rows: Vec<_> = view
        .contacts
        .into_iter()
        .map(|contact| {
            let shown = contact.clone();
            let about = if shown.organisation.is_empty() { shown.address.clone() } else { format!("{} · {}", shown.organisation, format::short_hex(&shown.address)) };
            view! {
                <div class="row">
                    {avatar(&shown.name)}
                    <span class="grow stack-xs"><span class="strong">{shown.name.clone()}</span><span class="sub">{about}</span></span>
                    <button class="icon-btn i-s" aria-label=format!("{} {}", t("book.edit"), shown.name)
                        on:click=move |_| { edited.set(Some(contact.clone())); editor.open() }>{icon(Icon::Pencil)}</button>
                </div>
            }
        })
        .collect();
    view! { <div class="card flush rows">{rows}</div> }.into_any()
}

fn form(
    contact: Option<ContactView>,
    contacts: RwSignal<Loaded<ContactsView>>,
    editor: Sheet,
) -> AnyView {
    let session = session();
    let known = contact.is_some();
    let contact = contact.unwrap_or(ContactView {
        address: String::new(),
        name: String::new(),
        organisation: String::new(),
    });
    let name = RwSignal::new(contact.name);
    let organisation = RwSignal::new(contact.organisation);
    let address = RwSignal::new(contact.address);
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(None::<Failure>);
    let save = move |name: String| {
        busy.set(true);
        problem.set(None);
        spawn_local(async move {
            let request = SaveContact {
                address: address.get_untracked().trim().to_owned(),
                name,
                organisation: organisation.get_untracked().trim().to_owned(),
            };
            match session.ask(&request).await {
                Ok(view) => {
                    contacts.set(Loaded::Ready(view));
                    editor.close();
                }
                Err(failure) => problem.set(Some(failure)),
            }
            busy.set(false);
        });
    };
    let unready = move || {
        name.with(|n| n.trim().is_empty()) || !format::looks_like_address(address.get().trim())
    };
    let field = |id: &'static str, label: &'static str, value: RwSignal<String>, fixed: bool| {
        view! {
            <div class="field">
                <label for=id>{label}</label>
                <input class="input" id=id autocomplete="off" spellcheck="false" readonly=fixed prop:value=value
                    on:input=move |event| value.set(event_target_value(&event))/>
            </div>
        }
    };
    view! {
        <form class="stack" on:submit=move |event| { event.prevent_default(); if !unready() { save(name.get_untracked().trim().to_owned()) } }>
            {field("contact-name", t("book.name"), name, false)}
            {field("contact-organisation", t("book.organisation"), organisation, false)}
            {field("contact-address", t("book.address"), address, known)}
            {notice(problem)}
            <div class="actions">
                {known.then(|| busy_button("btn danger-quiet", Some(Icon::Trash), t("book.remove"), move || busy.get(), || false, move || save(String::new())))}
                {busy_button("btn", None, t("book.save"), move || busy.get(), unready, move || save(name.get_untracked().trim().to_owned()))}
            </div>
        </form>
    }
    .into_any()
}
