//! What I have asked of patients: each request with its state, and a way to take it back.

use dhc_ipc::{Failure, RequestStateView, RequestView, Requests, RequestsView, WithdrawRequest};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::components::{
    Icon, Sheet, avatar, busy_button, empty, fact, how_do_we_know, icon, mark, notice, sheet, shown,
};
use crate::format;
use crate::i18n::{t, time, tr, words};
use crate::screens::people::payer;
use crate::session::{Session, session};

/// The request that is to be taken back. Above the list, which is drawn anew meanwhile.
#[derive(Clone, Copy)]
struct Withdrawal {
    session: Session,
    request: RwSignal<Option<RequestView>>,
    sheet: Sheet,
    busy: RwSignal<bool>,
    problem: RwSignal<Option<Failure>>,
}

impl Withdrawal {
    fn begin(self, request: RequestView) {
        self.problem.set(None);
        self.request.set(Some(request));
        self.sheet.open();
    }

    fn withdraw(self) {
        let Some(request) = self.request.get_untracked().map(|r| r.request) else {
            return;
        };
        self.busy.set(true);
        self.problem.set(None);
        spawn_local(async move {
            match self.session.ask(&WithdrawRequest { request }).await {
                Ok(change) => {
                    let paid = payer(self.session, change.sponsored_by.as_deref()).await;
                    self.session.say(format!("{} {paid}", t("asked.withdrawn")));
                    self.sheet.close();
                }
                Err(failure) => self.problem.set(Some(failure)),
            }
            self.busy.set(false);
            self.session.changed();
        });
    }
}

pub fn asked_panel() -> AnyView {
    let session = session();
    let asked = session.read(|| Requests {
        direction: Some("asked".into()),
    });
    let withdrawal = Withdrawal {
        session,
        request: RwSignal::new(None),
        sheet: Sheet::new(),
        busy: RwSignal::new(false),
        problem: RwSignal::new(None),
    };
    view! {
        {shown(asked, move |view| list(view, withdrawal))}
        {sheet(withdrawal.sheet, t("asked.withdraw_title"), move || confirm(withdrawal))}
    }
    .into_any()
}

fn list(view: RequestsView, withdrawal: Withdrawal) -> AnyView {
    let incomplete = (!view.complete).then(|| {
        view! { <div class="card warn row"><span class="waiting-text">{icon(Icon::ShieldAlert)}</span><span class="grow">{t("requests.incomplete")}</span></div> }
    });
    if view.requests.is_empty() {
        let action = view! { <a class="btn compact" href="/shared-with-me/ask">{icon(Icon::UserPlus)}{t("ask.title")}</a> };
        let nothing = empty(
            Icon::Inbox,
            t("asked.empty_title"),
            t("asked.empty_text"),
            Some(action.into_any()),
        );
        return view! { {incomplete}{nothing} }.into_any();
    }
    let cards: Vec<_> = view
        .requests
        .into_iter()
        .map(|request| card(request, withdrawal))
        .collect();
    view! { {incomplete}<div class="cards">{cards}</div> }.into_any()
}

fn who(request: &RequestView) -> String {
    request
        .to_name
        .clone()
        .unwrap_or_else(|| format::short_hex(&request.to))
}

fn state(request: &RequestView) -> AnyView {
    let (class, sign, words) = match request.state {
        RequestStateView::Open => ("chip waiting", Icon::Clock, t("asked.open")),
        RequestStateView::Answered => ("chip ok", Icon::Check, t("asked.answered")),
        RequestStateView::Declined => ("chip bad", Icon::Ban, t("asked.declined")),
        RequestStateView::Withdrawn => ("chip", Icon::X, t("asked.taken_back")),
    };
    view! { <span class=class>{icon(sign)}{words}</span> }.into_any()
}

fn card(request: RequestView, withdrawal: Withdrawal) -> AnyView {
    let who = who(&request);
    let span = time::length(request.window_s);
    let purpose = words::purpose_noun(&request.purpose);
    let asked_for = tr(
        "requests.asked_for",
        &[("purpose", &purpose), ("span", &span)],
    );
    let facts = vec![
        fact(t("asked.id"), &request.request),
        fact(t("proof.recipient"), &request.to),
        fact(t("proof.grant"), request.grant.clone().unwrap_or_default()),
        fact(t("proof.template"), words::template(&request.template)),
    ];
    let text = request.text.clone();
    let (chip, standing) = (state(&request), request.standing);
    let about = format!("{asked_for} · {}", time::when(&request.asked));
    let allowed = words::actions(&request.actions);
    let act = match request.state {
        RequestStateView::Open => Some(view! {
            <button class="btn compact danger-quiet" on:click=move |_| withdrawal.begin(request.clone())>{icon(Icon::X)}{t("asked.withdraw")}</button>
        }.into_any()),
        RequestStateView::Answered => Some(view! {
            <a class="btn compact quiet" href="/shared-with-me">{icon(Icon::Inbox)}{t("asked.see")}</a>
        }.into_any()),
        RequestStateView::Declined | RequestStateView::Withdrawn => None,
    };
    view! {
        <article class="card stack-s">
            <div class="row top-aligned">
                {avatar(&who)}
                <div class="grow stack-xs">
                    <p class="strong">{who.clone()}</p>
                    {match text {
                        Some(text) => view! { <p>{text}</p> }.into_any(),
                        None => view! { <p class="sub">{t("asked.no_text")}</p> }.into_any(),
                    }}
                    <p class="sub">{about}</p>
                    <p class="sub">{allowed}</p>
                    {mark(&standing)}
                </div>
            </div>
            <div class="row between wrap">{chip}{act}</div>
            {how_do_we_know(t("asked.proof"), &standing, facts)}
        </article>
    }
    .into_any()
}

fn confirm(withdrawal: Withdrawal) -> AnyView {
    let question = move || {
        let request = withdrawal.request.get()?;
        Some(tr("asked.withdraw_question", &[("who", &who(&request))]))
    };
    view! {
        <p>{question}</p>
        <p class="sub">{t("asked.withdraw_consequence")}</p>
        {notice(withdrawal.problem)}
        <div class="actions">
            <button class="btn quiet" on:click=move |_| withdrawal.sheet.close()>{t("asked.keep")}</button>
            {busy_button("btn danger", None, t("asked.withdraw"), move || withdrawal.busy.get(), || false, move || withdrawal.withdraw())}
        </div>
    }
    .into_any()
}
