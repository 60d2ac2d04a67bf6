//! `/sharing/proxies`: who may act for me, and for whom I act.

mod appoint;
mod ward;

use dhc_ipc::{DismissProxy, Failure, Proxies, ProxiesView, ProxyStateView, ProxyView, Standing};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::components::{
    Icon, Sheet, avatar, back_link, busy_button, empty, fact, heading, how_do_we_know, icon, mark,
    notice, sheet, shown,
};
use crate::format;
use crate::i18n::{lookup, t, time, tr};
use crate::screens::people::payer;
use crate::session::{Session, session};
use ward::Deed;

/// The proxy that is to be dismissed. Above the list, which is drawn anew meanwhile.
#[derive(Clone, Copy)]
struct Dismissal {
    session: Session,
    proxy: RwSignal<Option<ProxyView>>,
    sheet: Sheet,
    busy: RwSignal<bool>,
    problem: RwSignal<Option<Failure>>,
}

impl Dismissal {
    fn begin(self, proxy: ProxyView) {
        self.problem.set(None);
        self.proxy.set(Some(proxy));
        self.sheet.open();
    }

    fn dismiss(self) {
        let Some(proxy) = self.proxy.get_untracked().map(|p| p.address) else {
            return;
        };
        self.busy.set(true);
        self.problem.set(None);
        spawn_local(async move {
            match self.session.ask(&DismissProxy { proxy }).await {
                Ok(change) => {
                    let paid = payer(self.session, change.sponsored_by.as_deref()).await;
                    self.session.say(format!("{} {paid}", t("proxy.dismissed")));
                    self.sheet.close();
                }
                Err(failure) => self.problem.set(Some(failure)),
            }
            self.busy.set(false);
            self.session.changed();
        });
    }
}

pub fn proxies_screen() -> AnyView {
    let session = session();
    let proxies = session.read(|| Proxies {});
    let dismissal = Dismissal {
        session,
        proxy: RwSignal::new(None),
        sheet: Sheet::new(),
        busy: RwSignal::new(false),
        problem: RwSignal::new(None),
    };
    let appointing = Sheet::new();
    let deed = Deed::new(session);
    view! {
        <main class="main wide" id="content">
            {back_link("/sharing", t("nav.sharing"))}
            <div class="row between wrap">
                {heading(t("proxy.title"))}
                <button class="btn compact" on:click=move |_| appointing.open()>{icon(Icon::UserPlus)}{t("proxy.appoint")}</button>
            </div>
            <p class="sub">{t("proxy.text")}</p>
            {shown(proxies, move |view| draw(view, dismissal, deed, appointing))}
        </main>
        {sheet(appointing, t("proxy.appoint"), move || appoint::form(appointing))}
        {sheet(dismissal.sheet, t("proxy.dismiss_title"), move || confirm(dismissal))}
        {ward::sheet_of(deed)}
    }
    .into_any()
}

fn draw(view: ProxiesView, dismissal: Dismissal, deed: Deed, appointing: Sheet) -> AnyView {
    let incomplete = (!view.complete).then(|| {
        view! { <div class="card warn row"><span class="waiting-text">{icon(Icon::ShieldAlert)}</span><span class="grow">{t("proxy.incomplete")}</span></div> }
    });
    let mine = if view.proxies.is_empty() {
        let action = view! { <button class="btn compact" on:click=move |_| appointing.open()>{icon(Icon::UserPlus)}{t("proxy.appoint")}</button> };
        let nobody = empty(
            Icon::Users,
            t("proxy.none_title"),
            t("proxy.none_text"),
            Some(action.into_any()),
        );
        // Nobody, too, is something that the chain says.
        view! { {nobody}<p>{mark(&view.standing)}</p> }.into_any()
    } else {
        let cards: Vec<_> = view
            .proxies
            .into_iter()
            .map(|p| proxy(p, dismissal))
            .collect();
        view! { <div class="cards">{cards}</div> }.into_any()
    };
    let wards: Vec<_> = view.wards.into_iter().map(|w| ward_card(w, deed)).collect();
    view! {
        {incomplete}
        {mine}
        {(!wards.is_empty()).then(|| view! {
            <section class="section"><h2>{t("proxy.wards")}</h2><div class="cards">{wards}</div></section>
        })}
    }
    .into_any()
}

pub fn called(person: &ProxyView) -> String {
    person
        .name
        .clone()
        .unwrap_or_else(|| format::short_hex(&person.address))
}

/// What somebody may do, in words: "end accesses, renew them".
fn powers(codes: &[String]) -> String {
    let words: Vec<String> = codes
        .iter()
        .map(|code| lookup(&format!("power.{code}")).map_or_else(|| code.clone(), str::to_owned))
        .collect();
    words.join(t("allow.and"))
}

fn chip(person: &ProxyView) -> AnyView {
    let (class, sign, words) = match (person.state, person.until.as_deref()) {
        (ProxyStateView::Active, Some(until)) if time::ends_soon(until) => (
            "chip waiting",
            Icon::Clock,
            tr("grant.left", &[("left", &time::left(until))]),
        ),
        (ProxyStateView::Active, _) => ("chip ok", Icon::Check, t("grant.active").to_owned()),
        (ProxyStateView::Ended, _) => ("chip", Icon::Clock, t("grant.expired").to_owned()),
        (ProxyStateView::Dismissed, _) => {
            ("chip", Icon::Ban, t("proxy.dismissed_state").to_owned())
        }
    };
    view! { <span class=class>{icon(sign)}{words}</span> }.into_any()
}

/// A card about somebody: what holds between us, and what can be done about it.
fn card(
    person: &ProxyView,
    sentence: String,
    explanation: &'static str,
    act: Option<AnyView>,
) -> AnyView {
    let who = called(person);
    let since = tr("proxy.since", &[("time", &time::when(&person.since))]);
    let facts = vec![
        fact(t("proof.address"), &person.address),
        fact(t("proxy.decided"), time::moment(&person.since)),
    ];
    let standing: Standing = person.standing;
    view! {
        <article class="card stack-s">
            <div class="row top-aligned">
                {avatar(&who)}
                <div class="grow stack-xs">
                    <p class="strong">{who.clone()}</p>
                    <p>{sentence}</p>
                    <p class="sub">{since}</p>
                    {mark(&standing)}
                </div>
            </div>
            <div class="row between wrap">{chip(person)}{act}</div>
            {how_do_we_know(explanation, &standing, facts)}
        </article>
    }
    .into_any()
}

fn proxy(person: ProxyView, dismissal: Dismissal) -> AnyView {
    let active = person.state == ProxyStateView::Active;
    let until = person
        .until
        .as_deref()
        .map(time::moment)
        .unwrap_or_default();
    let who = called(&person);
    let said = [
        ("who", who.as_str()),
        ("what", &powers(&person.powers)),
        ("time", until.as_str()),
    ];
    let sentence = if active {
        tr("proxy.may", &said)
    } else {
        tr("proxy.may_not", &said[..1])
    };
    let act = active.then(|| {
        let person = person.clone();
        view! {
            <button class="btn compact danger-quiet" on:click=move |_| dismissal.begin(person.clone())>{icon(Icon::Ban)}{t("proxy.dismiss")}</button>
        }
        .into_any()
    });
    card(&person, sentence, t("proxy.proof"), act)
}

fn ward_card(person: ProxyView, deed: Deed) -> AnyView {
    let active = person.state == ProxyStateView::Active;
    let until = person
        .until
        .as_deref()
        .map(time::moment)
        .unwrap_or_default();
    let who = called(&person);
    let said = [
        ("who", who.as_str()),
        ("what", &powers(&person.powers)),
        ("time", until.as_str()),
    ];
    let sentence = if active {
        tr("proxy.you_may", &said)
    } else {
        tr("proxy.you_may_not", &said[..1])
    };
    let act = active.then(|| {
        let person = person.clone();
        view! {
            <button class="btn compact quiet" on:click=move |_| deed.begin(person.clone())>{icon(Icon::UserCheck)}{t("proxy.act")}</button>
        }
        .into_any()
    });
    card(&person, sentence, t("proxy.ward_proof"), act)
}

fn confirm(dismissal: Dismissal) -> AnyView {
    let question = move || {
        let proxy = dismissal.proxy.get()?;
        Some(tr("proxy.dismiss_question", &[("who", &called(&proxy))]))
    };
    view! {
        <p>{question}</p>
        <p class="sub">{t("proxy.dismiss_consequence")}</p>
        {notice(dismissal.problem)}
        <div class="actions">
            <button class="btn quiet" on:click=move |_| dismissal.sheet.close()>{t("proxy.keep")}</button>
            {busy_button("btn danger", None, t("proxy.dismiss"), move || dismissal.busy.get(), || false, move || dismissal.dismiss())}
        </div>
    }
    .into_any()
}
