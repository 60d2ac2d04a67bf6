//! `/sharing/new`: four plain steps. Each recipient and each purpose is a consent of its own.

use dhc_ipc::{
    Failure, GrantChange, Records, RecordsView, Sponsors, SponsorsView, Stage, Templates,
    TemplatesView,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use wasm_bindgen_futures::spawn_local;

use super::draft::{Draft, STEPS};
use super::summary::summary;
use super::{new_steps, why};
use crate::components::{
    Icon, busy_button, copy_button, fact, heading, how_do_we_know, icon, notice, progress,
};
use crate::format;
use crate::i18n::{t, tr};
use crate::screens::people::{Choice, Keys, choose, payer};
use crate::session::{Loaded, session};

/// What the steps share.
#[derive(Clone, Copy)]
pub struct Flow {
    pub draft: RwSignal<Draft>,
    pub step: RwSignal<usize>,
    pub records: RwSignal<Loaded<RecordsView>>,
    pub whom: Choice,
    pub templates: RwSignal<Loaded<TemplatesView>>,
    pub sponsors: RwSignal<Loaded<SponsorsView>>,
}

pub fn new_screen() -> AnyView {
    let session = session();
    let study = use_query_map()
        .with_untracked(|q| q.get("study"))
        .unwrap_or_default();
    let flow = Flow {
        step: RwSignal::new(usize::from(!study.is_empty())),
        draft: RwSignal::new(Draft {
            studies: Some(study).filter(|s| !s.is_empty()).into_iter().collect(),
            days: 7,
            ..Draft::default()
        }),
        records: session.read(|| Records {}),
        whom: choose(String::new()).with_keys(),
        templates: session.read(|| Templates {}),
        sponsors: session.read(|| Sponsors {}),
    };
    Effect::new(move |_| {
        let (to, keys) = (flow.whom.chosen.get(), flow.whom.keys.get());
        flow.draft.update(|draft| {
            draft.to = to;
            draft.reachable = keys == Keys::Published;
        });
    });
    let given = RwSignal::new(None::<(GrantChange, String)>);
    let job = RwSignal::new(None::<String>);
    let problem = RwSignal::new(None::<Failure>);
    let give = move || {
        let name = session.new_job();
        problem.set(None);
        job.set(Some(name.clone()));
        spawn_local(async move {
            match session
                .work(Some(&name), &flow.draft.get_untracked().request())
                .await
            {
                Ok(change) => {
                    let paid = payer(session, change.sponsored_by.as_deref()).await;
                    given.set(Some((change, paid)));
                }
                Err(failure) => problem.set(Some(failure)),
            }
            job.set(None);
            session.changed();
        });
    };
    view! {
        <main class="main wide" id="content">
            {move || match given.get() {
                Some((change, paid)) => done(&change, paid, flow.draft.with_untracked(|d| !d.approvers.is_empty())),
                None => view! {
                    <div class="columns">
                        <div class="stack">{steps(flow, job, problem, give)}</div>
                        {summary(flow)}
                    </div>
                }.into_any(),
            }}
        </main>
    }
    .into_any()
}

fn steps(
    flow: Flow,
    job: RwSignal<Option<String>>,
    problem: RwSignal<Option<Failure>>,
    give: impl Fn() + Copy + Send + Sync + 'static,
) -> AnyView {
    let step = flow.step;
    let back = move |_| step.update(|s| *s = s.saturating_sub(1));
    let bars = move || {
        (0..STEPS)
            .map(|i| view! { <i class:on=i <= step.get()></i> })
            .collect::<Vec<_>>()
    };
    let unready = move || !flow.draft.with(|d| d.is_ready(step.get()));
    let working = move || job.with(Option::is_some);
    view! {
        <div class="row between">
            {move || if step.get() == 0 {
                view! { <a class="icon-btn" href="/sharing" aria-label=t("action.close")>{icon(Icon::X)}</a> }.into_any()
            } else {
                view! { <button class="back" on:click=back disabled=working>{icon(Icon::ChevronLeft)}{t("action.back")}</button> }.into_any()
            }}
            <span class="sub">{move || tr("share.step", &[("n", &(step.get() + 1).to_string()), ("of", &STEPS.to_string())])}</span>
        </div>
        <div class="steps" aria-hidden="true">{bars}</div>
        {move || match step.get() {
            0 => view! { {heading(t("share.what"))}{new_steps::what(flow)} }.into_any(),
            1 => view! { {heading(t("share.whom"))}{new_steps::whom(flow)} }.into_any(),
            2 => view! { {heading(t("share.why"))}{why::why(flow)} }.into_any(),
            _ => view! { {heading(t("share.meaning"))}{new_steps::meaning(flow)} }.into_any(),
        }}
        {progress(job, Stage::Committing)}
        {notice(problem)}
        <div class="sticky">{move || if step.get() + 1 < STEPS {
            busy_button("btn full", None, t("action.continue"), || false, unready, move || step.update(|s| *s += 1))
        } else {
            busy_button("btn full", Some(Icon::UserCheck), t("share.give"), working, unready, give)
        }}</div>
    }
    .into_any()
}

/// `paid`: by whom the fee was; `approved`: whether others have to approve it first.
fn done(change: &GrantChange, paid: String, approved: bool) -> AnyView {
    let facts = vec![
        fact(t("proof.grant"), &change.grant),
        fact(t("proof.tx"), &change.tx),
        fact(t("proof.height"), format::grouped(change.height)),
        fact(
            t("proof.paid_by"),
            change.sponsored_by.clone().unwrap_or_default(),
        ),
    ];
    let tell = approved.then(|| {
        view! {
            <div class="card warn stack-s">
                <p>{t("share.tell_approvers")}</p>
                <div class="row"><span class="mono grow">{change.grant.clone()}</span>{copy_button(change.grant.clone())}</div>
            </div>
        }
    });
    view! {
        <div class="stack narrow">
            <div class="card empty">
                <span class="tile">{icon(Icon::UserCheck)}</span>
                {heading(t("share.done_title"))}
                <p>{t("share.done_text")}</p>
                <p class="sub">{paid}</p>
                <div class="actions">
                    <a class="btn" href="/sharing">{t("share.see")}</a>
                    <a class="btn quiet" href="/">{t("nav.home")}</a>
                </div>
            </div>
            {tell}
            <div class="card">{how_do_we_know(t("given.proof"), &change.standing, facts)}</div>
        </div>
    }
    .into_any()
}
