//! `/earn`: today's pool, what a record weighs, contributing, settled days, claiming.

use dhc_ipc::{
    Claim, Contribute, DayState, DayView, Earnings, EarningsView, Failure, RecordView, Records,
    Stage, Templates, Weigh, WeighView,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use wasm_bindgen_futures::spawn_local;

use super::people::payer;
use super::records;
use crate::components::{
    Icon, busy_button, empty, fact, heading, how_do_we_know, icon, mark, notice, progress, shown,
    thumbnail,
};
use crate::format;
use crate::i18n::{lookup, t, time, tn, tr, words};
use crate::session::session;

mod plot;

pub fn earn_screen() -> AnyView {
    let session = session();
    let earnings = session.read(|| Earnings {});
    let records = session.read(|| Records {});
    let chosen = RwSignal::new(
        use_query_map()
            .with_untracked(|q| q.get("record"))
            .unwrap_or_default(),
    );
    // What was done last, and who paid for it: above what is drawn anew.
    let done = RwSignal::new(None::<String>);
    view! {
        <main class="main wide" id="content">
            {heading(t("nav.earn"))}
            <div role="status">{move || done.get().map(|words| view! {
                <p class="card tinted row"><span class="accent">{icon(Icon::Check)}</span><span class="grow">{words}</span></p>
            })}</div>
            <div class="columns">
                <div class="stack">{shown(earnings, move |view| pool(view, done))}</div>
                <div class="stack">
                    <section class="section">
                        <h2>{t("earn.your_records")}</h2>
                        {shown(records, move |view| contributable(view.records, chosen, done))}
                    </section>
                </div>
            </div>
        </main>
    }
    .into_any()
}

fn pool(view: EarningsView, done: RwSignal<Option<String>>) -> AnyView {
    let session = session();
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(None::<Failure>);
    let claim = move || {
        busy.set(true);
        problem.set(None);
        spawn_local(async move {
            match session.ask(&Claim {}).await {
                Ok(claimed) => {
                    let paid = payer(session, claimed.sponsored_by.as_deref()).await;
                    done.set(Some(format!("{} {paid}", t("earn.claimed"))));
                }
                Err(failure) => problem.set(Some(failure)),
            }
            busy.set(false);
            session.changed();
        });
    };
    let nothing = format::is_zero(&view.claimable);
    let facts = vec![
        fact(t("proof.day"), format::grouped(view.today)),
        fact(
            t("proof.exact"),
            format!("{} DHL", format::exact(&view.claimable)),
        ),
        fact(t("proof.tx"), view.tx.clone().unwrap_or_default()),
        fact(
            t("proof.height"),
            view.height.map(format::grouped).unwrap_or_default(),
        ),
    ];
    view! {
        <div class="card stack">
            <div class="stack-xs">
                <h2>{t("earn.claimable")}</h2>
                <p class="amount">{format::dhl(&view.claimable)}<small>"DHL"</small></p>
                {mark(&view.standing)}
            </div>
            {notice(problem)}
            {busy_button("btn full", Some(Icon::Sprout), t("earn.claim"), move || busy.get(), move || nothing, claim)}
            <p class="sub">{if nothing { t("earn.nothing_due") } else { t("earn.claim_text") }}</p>
            {how_do_we_know(t("earn.proof"), &view.standing, facts)}
        </div>
        <div class="card row top-aligned">
            <span class="tile">{icon(Icon::Sprout)}</span>
            <div class="grow stack-xs">
                <span class="strong">{tr("earn.today_pool", &[("amount", &format::dhl(&view.today_pool))])}</span>
                <span class="sub">{tr("earn.closes", &[("time", &time::when(&view.closes))])}</span>
            </div>
        </div>
        {days(&view.days)}
    }
    .into_any()
}

fn days(days: &[DayView]) -> AnyView {
    if days.is_empty() {
        return empty(
            Icon::Sprout,
            t("earn.empty_title"),
            t("earn.empty_text"),
            None,
        );
    }
    let mut newest_first = days.to_vec();
    newest_first.sort_by_key(|day| std::cmp::Reverse(day.day));
    let rows: Vec<_> = newest_first
        .iter()
        .map(|day| {
            let (class, state) = match day.state {
                DayState::Open => ("chip waiting", t("earn.open")),
                DayState::Settled => ("chip ok", t("earn.settled")),
                DayState::Claimed => ("chip", t("earn.day_claimed")),
            };
            view! {
                <tr>
                    <td>{time::chain_day(&day.begins, false)}</td>
                    <td><span class=class>{state}</span></td>
                    <td class="num strong">{format::dhl(&day.reward)}</td>
                </tr>
            }
        })
        .collect();
    view! {
        <section class="section">
            <h2>{t("earn.rewards")}</h2>
            <div class="card stack">{plot::rewards(days)}</div>
            <div class="card flush scroll-x" tabindex="0" role="region" aria-label=t("earn.rewards")>
                <table class="table">
                    <thead><tr><th scope="col">{t("earn.day")}</th><th scope="col">{t("earn.state")}</th><th scope="col" class="num">"DHL"</th></tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

fn contributable(
    list: Vec<RecordView>,
    chosen: RwSignal<String>,
    done: RwSignal<Option<String>>,
) -> AnyView {
    if list.is_empty() {
        let action = view! { <a class="btn compact" href="/records?import=1">{icon(Icon::Upload)}{t("records.import")}</a> };
        return empty(
            Icon::FolderHeart,
            t("records.empty_title"),
            t("earn.no_records"),
            Some(action.into_any()),
        );
    }
    list.into_iter()
        .map(|record| {
            let id = record.id.clone();
            let is_chosen = {
                let id = id.clone();
                Memo::new(move |_| chosen.get() == id)
            };
            let button = if record.contributed {
                view! { <span class="chip ok">{icon(Icon::Check)}{t("record.contributed")}</span> }.into_any()
            } else {
                let id = id.clone();
                view! {
                    <button class="btn compact quiet" aria-expanded=move || is_chosen.get().to_string()
                        on:click=move |_| chosen.set(if is_chosen.get_untracked() { String::new() } else { id.clone() })>
                        {t("earn.weigh")}
                    </button>
                }
                .into_any()
            };
            view! {
                <article class="card stack-s">
                    <div class="row">
                        {thumbnail("thumb", &record.id, 0)}
                        <div class="grow stack-xs">
                            <h3>{records::title(&record)}</h3>
                            <span class="sub">{time::date(&record.date)}</span>
                        </div>
                        {button}
                    </div>
                    {move || (is_chosen.get() && !record.contributed).then(|| weighed(id.clone(), done))}
                </article>
            }
        })
        .collect::<Vec<_>>()
        .into_any()
}

fn weighed(id: String, done: RwSignal<Option<String>>) -> AnyView {
    let session = session();
    let asked = id.clone();
    let weight = session.read(move || Weigh { id: asked.clone() });
    shown(weight, move |view| weight_card(&view, id.clone(), done))
}

fn named(kind: &str, value: &str) -> String {
    lookup(&format!("{kind}.{value}")).map_or_else(|| value.to_owned(), str::to_owned)
}

fn weight_card(view: &WeighView, id: String, done: RwSignal<Option<String>>) -> AnyView {
    if let Some(code) = view.refused {
        return view! { <p class="card warn">{words::code(code)}</p> }.into_any();
    }
    let session = session();
    let job = RwSignal::new(None::<String>);
    let problem = RwSignal::new(None::<Failure>);
    let contribute = move || {
        let id = id.clone();
        let name = session.new_job();
        problem.set(None);
        job.set(Some(name.clone()));
        spawn_local(async move {
            // The chain's own list says under which template a record is contributed.
            let template = session.ask(&Templates {}).await.map(|view| {
                view.templates
                    .into_iter()
                    .find(|t| t.contribution)
                    .map_or_else(|| "research-contribution".into(), |t| t.name)
            });
            let answer = match template {
                Ok(template) => {
                    session
                        .work(Some(&name), &Contribute { id, template })
                        .await
                }
                Err(failure) => Err(failure),
            };
            match answer {
                Ok(contribution) => {
                    let paid = payer(session, contribution.sponsored_by.as_deref()).await;
                    done.set(Some(format!("{} {paid}", t("earn.contributed"))));
                }
                Err(failure) => problem.set(Some(failure)),
            }
            job.set(None);
            session.changed();
        });
    };
    let percent = format!("{:.1} %", view.weight_ppm as f64 / 10_000.0);
    let kinds: Vec<String> = view.kinds.iter().map(|kind| named("kind", kind)).collect();
    let row = |name: &'static str, value: String| {
        (!value.is_empty()).then(|| view! { <dt>{name}</dt><dd>{value}</dd> })
    };
    view! {
        <dl class="facts">
            {row(t("earn.weight"), percent)}
            {row(t("earn.kinds"), kinds.join(", "))}
            {row(t("earn.grade"), view.grade.as_deref().map(|g| named("grade", g)).unwrap_or_default())}
            {row(t("earn.disease"), view.disease.as_deref().map(|d| named("disease", d)).unwrap_or_default())}
            {row(t("earn.estimate"), tr("earn.at_most", &[("amount", &format::dhl(&view.estimate))]))}
        </dl>
        <p class="sub">{t("earn.contribute_text")}</p>
        {progress(job, Stage::Committing)}
        {notice(problem)}
        {busy_button("btn full", Some(Icon::Sprout), t("earn.contribute"), move || job.with(Option::is_some), || false, contribute)}
        <p>{mark(&view.standing)}</p>
    }
    .into_any()
}

/// What a plot of `n` days is called for those who do not see it.
fn plot_label(days: usize, total: &str) -> String {
    tn("earn.plot", days as u64, &[("total", total)])
}
