//! What others ask of me: their words, and an answer that gives what is ticked, or nothing.

use dhc_ipc::{
    AnswerRequest, Command, DeclineRequest, Failure, Records, RecordsView, RequestStateView,
    RequestView, Requests, RequestsView, Templates, TemplatesView,
};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::approvers::{approver_fields, are_named};
use crate::components::{
    Icon, Sheet, avatar, busy_button, fact, how_do_we_know, icon, mark, notice, sheet, shown,
};
use crate::format;
use crate::i18n::{t, time, tr, words};
use crate::screens::records;
use crate::session::{Loaded, Session, session};

/// The request that is being answered. Above the list, which is drawn anew meanwhile.
#[derive(Clone, Copy)]
struct Answering {
    session: Session,
    records: RwSignal<Loaded<RecordsView>>,
    request: RwSignal<Option<RequestView>>,
    ticked: RwSignal<Vec<String>>,
    /// Those who have to agree, by what the rules asked under want.
    approvers: RwSignal<Vec<String>>,
    templates: RwSignal<Loaded<TemplatesView>>,
    sheet: Sheet,
    busy: RwSignal<bool>,
    problem: RwSignal<Option<Failure>>,
}

impl Answering {
    fn begin(self, request: RequestView) {
        self.ticked.set(Vec::new());
        let wanted = self.templates.with_untracked(|templates| match templates {
            Loaded::Ready(view) => view
                .templates
                .iter()
                .find(|t| t.name == request.template)
                .map_or(0, |t| usize::from(t.min_approvals)),
            _ => 0,
        });
        self.approvers.set(vec![String::new(); wanted]);
        self.problem.set(None);
        self.request.set(Some(request));
        self.sheet.open();
    }

    fn tick(self, study: &str, ticked: bool) {
        self.ticked.update(|all| {
            all.retain(|s| s != study);
            if ticked {
                all.push(study.to_owned());
            }
        });
    }

    fn send<C>(self, answer: C, said: &'static str)
    where
        C: Command + 'static,
    {
        self.busy.set(true);
        self.problem.set(None);
        spawn_local(async move {
            match self.session.ask(&answer).await {
                Ok(_) => {
                    self.session.say(said);
                    self.sheet.close();
                }
                Err(failure) => self.problem.set(Some(failure)),
            }
            self.busy.set(false);
            self.session.changed();
        });
    }

    fn answer(self) {
        let Some(request) = self.request.get_untracked() else {
            return;
        };
        let approvers = self.approvers.get_untracked();
        let answer = AnswerRequest {
            request: request.request,
            studies: self.ticked.get_untracked(),
            threshold: approvers.len() as u8,
            approvers,
            ..AnswerRequest::default()
        };
        self.send(answer, t("requests.answered"));
    }

    fn decline(self) {
        let Some(request) = self.request.get_untracked() else {
            return;
        };
        let request = request.request;
        self.send(DeclineRequest { request }, t("requests.declined"));
    }
}

pub fn asked_of_me() -> AnyView {
    let session = session();
    let asked = session.read(|| Requests {
        direction: Some("received".into()),
    });
    let answering = Answering {
        session,
        records: session.read(|| Records {}),
        request: RwSignal::new(None),
        ticked: RwSignal::new(Vec::new()),
        approvers: RwSignal::new(Vec::new()),
        templates: session.read(|| Templates {}),
        sheet: Sheet::new(),
        busy: RwSignal::new(false),
        problem: RwSignal::new(None),
    };
    view! {
        {shown(asked, move |view| list(view, answering))}
        {sheet(answering.sheet, t("requests.answer_title"), move || answer_form(answering))}
    }
    .into_any()
}

fn list(view: RequestsView, answering: Answering) -> AnyView {
    let incomplete = (!view.complete).then(|| {
        view! { <div class="card warn row"><span class="waiting-text">{icon(Icon::ShieldAlert)}</span><span class="grow">{t("requests.incomplete")}</span></div> }
    });
    if view.requests.is_empty() {
        return incomplete.into_any();
    }
    let cards: Vec<_> = view
        .requests
        .into_iter()
        .map(|r| card(r, answering))
        .collect();
    view! {
        <section class="section"><h2>{t("requests.incoming")}</h2>{incomplete}<div class="stack">{cards}</div></section>
    }
    .into_any()
}

fn who(request: &RequestView) -> String {
    request
        .from_name
        .clone()
        .unwrap_or_else(|| format::short_hex(&request.from))
}

fn asked_for(request: &RequestView) -> String {
    let purpose = words::purpose_noun(&request.purpose);
    let span = time::length(request.window_s);
    tr(
        "requests.asked_for",
        &[("purpose", &purpose), ("span", &span)],
    )
}

fn card(request: RequestView, answering: Answering) -> AnyView {
    let who = who(&request);
    let state = match request.state {
        RequestStateView::Open => None,
        RequestStateView::Answered => Some(t("requests.answered_state")),
        RequestStateView::Declined => Some(t("requests.declined_state")),
        RequestStateView::Withdrawn => Some(t("requests.withdrawn_state")),
    };
    let text = request
        .text
        .clone()
        .unwrap_or_else(|| t("requests.no_text").to_owned());
    let facts = vec![
        fact(t("proof.by"), &request.from),
        fact(t("requests.id"), &request.request),
        fact(t("proof.grant"), request.grant.clone().unwrap_or_default()),
        fact(t("proof.template"), words::template(&request.template)),
    ];
    let (sentence, standing) = (asked_for(&request), request.standing);
    let allowed = words::actions(&request.actions);
    view! {
        <article class="card stack-s">
            <div class="row top-aligned">
                {avatar(&who)}
                <div class="grow stack-xs">
                    <p class="strong">{tr("requests.asked", &[("who", &who)])}</p>
                    <p>{text}</p>
                    <p class="sub">{format!("{sentence} · {}", time::when(&request.asked))}</p>
                    <p class="sub">{allowed}</p>
                    {mark(&standing)}
                </div>
            </div>
            {match state {
                Some(words) => view! { <div class="row"><span class="chip">{words}</span></div> }.into_any(),
                None => view! {
                    <button class="btn compact" on:click=move |_| answering.begin(request.clone())>{icon(Icon::UserCheck)}{t("requests.reply")}</button>
                }.into_any(),
            }}
            {how_do_we_know(t("requests.proof"), &standing, facts)}
        </article>
    }
    .into_any()
}

fn answer_form(answering: Answering) -> AnyView {
    let Some(request) = answering.request.get_untracked() else {
        return ().into_any();
    };
    let working = move || answering.busy.get();
    let unready = move || {
        answering.ticked.with(Vec::is_empty) || !answering.approvers.with(|all| are_named(all))
    };
    let named = move |place: usize, address: String| {
        answering.approvers.update(|all| {
            if let Some(approver) = all.get_mut(place) {
                *approver = address;
            }
        });
    };
    let said = asked_for(&request);
    view! {
        <p class="strong">{tr("requests.asked", &[("who", &who(&request))])}</p>
        <p class="sub">{said}</p>
        <p>{t("requests.answer_text")}</p>
        {shown(answering.records, move |view| {
            let options: Vec<_> = view.records.into_iter().map(|record| {
                let (id, shown) = (record.id.clone(), record.id.clone());
                view! {
                    <label class="option">
                        <input type="checkbox" prop:checked=move || answering.ticked.with(|all| all.contains(&shown))
                            on:change=move |event| answering.tick(&id, event_target_checked(&event))/>
                        <span class="grow stack-xs"><span class="strong">{records::title(&record)}</span><span class="sub">{time::date(&record.date)}</span></span>
                    </label>
                }
            }).collect();
            view! { <div class="stack-s" role="group" aria-label=t("share.what")>{options}</div> }.into_any()
        })}
        {approver_fields(move || answering.approvers.get(), named)}
        {notice(answering.problem)}
        <div class="actions">
            {busy_button("btn danger-quiet", Some(Icon::Ban), t("requests.decline"), working, || false, move || answering.decline())}
            {busy_button("btn", Some(Icon::UserCheck), t("share.give"), working, unready, move || answering.answer())}
        </div>
    }
    .into_any()
}
