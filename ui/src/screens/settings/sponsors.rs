//! Who pays for acts on the chain where this wallet cannot, or need not.

use dhc_ipc::{
    AddSponsor, Command, Failure, RemoveSponsor, SponsorView, Sponsors, SponsorsView, UseSponsors,
};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::components::{Icon, busy_button, field_problem, icon, notice, shown};
use crate::format;
use crate::i18n::{t, tr, words};
use crate::session::{Loaded, Session, session};

#[derive(Clone, Copy)]
struct Desk {
    session: Session,
    sponsors: RwSignal<Loaded<SponsorsView>>,
    typed: RwSignal<String>,
    busy: RwSignal<bool>,
    problem: RwSignal<Option<Failure>>,
}

impl Desk {
    fn ask<C>(self, request: C, said: Option<&'static str>)
    where
        C: Command<Answer = SponsorsView> + 'static,
    {
        self.busy.set(true);
        self.problem.set(None);
        spawn_local(async move {
            match self.session.ask(&request).await {
                Ok(view) => {
                    self.sponsors.set(Loaded::Ready(view));
                    self.typed.set(String::new());
                    if let Some(said) = said {
                        self.session.say(said);
                    }
                }
                Err(failure) => self.problem.set(Some(failure)),
            }
            self.busy.set(false);
        });
    }
}

pub fn sponsors_section() -> AnyView {
    let session = session();
    let desk = Desk {
        session,
        sponsors: session.read(|| Sponsors {}),
        typed: RwSignal::new(String::new()),
        busy: RwSignal::new(false),
        problem: RwSignal::new(None),
    };
    let add = move || {
        let address = desk.typed.get_untracked().trim().to_owned();
        desk.ask(AddSponsor { address }, Some(t("sponsors.added")));
    };
    let unready = move || !desk.typed.with(|a| format::looks_like_peer(a.trim()));
    let mistyped = move || {
        let (typed, by_name) = desk.typed.with(|a| {
            let typed = a.trim();
            (!typed.is_empty(), typed.starts_with("/dns"))
        });
        (typed && unready()).then(|| {
            if by_name {
                t("sponsors.no_names")
            } else {
                t("sponsors.bad_address")
            }
        })
    };
    view! {
        <section class="section">
            <h2>{t("sponsors.title")}</h2>
            <div class="card stack">
                <p class="sub">{t("sponsors.text")}</p>
                {shown(desk.sponsors, move |view| draw(view, desk))}
                <form class="stack-s" on:submit=move |event| { event.prevent_default(); if !unready() { add() } }>
                    <div class="field">
                        <label for="sponsor-address">{t("sponsors.address")}</label>
                        <input class="input mono" id="sponsor-address" autocomplete="off" spellcheck="false" placeholder="/ip4/…/tcp/…/p2p/…"
                            aria-describedby="sponsor-address-problem" prop:value=desk.typed
                            on:input=move |event| desk.typed.set(event_target_value(&event))/>
                        {field_problem("sponsor-address-problem", mistyped)}
                    </div>
                    {notice(desk.problem)}
                    {busy_button("btn quiet compact", Some(Icon::Plus), t("sponsors.add"), move || desk.busy.get(), unready, add)}
                </form>
            </div>
        </section>
    }
    .into_any()
}

fn draw(view: SponsorsView, desk: Desk) -> AnyView {
    if view.sponsors.is_empty() {
        return view! { <p>{t("sponsors.none")}</p> }.into_any();
    }
    let rows: Vec<_> = view.sponsors.iter().map(|s| row(s, desk)).collect();
    view! {
        <ul class="stack" aria-label=t("sponsors.title")>{rows}</ul>
        <label class="option">
            <input type="checkbox" prop:checked=view.always
                on:change=move |event| desk.ask(UseSponsors { always: event_target_checked(&event), counts_for: None }, None)/>
            <span class="grow stack-xs"><span class="strong">{t("sponsors.always")}</span><span class="sub">{t("sponsors.always_text")}</span></span>
        </label>
    }
    .into_any()
}

fn row(sponsor: &SponsorView, desk: Desk) -> AnyView {
    let (class, sign, health) = match sponsor.failed {
        None => ("mark ok", Icon::Check, t("sponsors.reliable").to_owned()),
        Some(code) => {
            let height = sponsor.height.map(format::grouped).unwrap_or_default();
            let said = [("why", words::code(code)), ("height", height.as_str())];
            ("mark bad", Icon::Alert, tr("sponsors.failed", &said))
        }
    };
    let peer = sponsor.peer.clone();
    view! {
        <li class="row top-aligned">
            <div class="grow stack-xs">
                <span class="mono">{sponsor.address.clone()}</span>
                <span class=class>{icon(sign)}{health}</span>
            </div>
            <button class="icon-btn" aria-label=t("sponsors.remove") disabled=move || desk.busy.get()
                on:click=move |_| desk.ask(RemoveSponsor { sponsor: peer.clone() }, Some(t("sponsors.removed")))>{icon(Icon::Trash)}</button>
        </li>
    }
    .into_any()
}
