//! The first two steps and the last: what, whom, what this means.

use leptos::prelude::*;

use super::draft::MOST_STUDIES;
use super::new::Flow;
use crate::components::{Icon, empty, icon, shown, thumbnail};
use crate::i18n::{t, time, tn, tr, words};
use crate::screens::people::{chooser, keys_state};
use crate::screens::records;
use crate::session::Loaded;

pub fn what(flow: Flow) -> AnyView {
    let options = shown(flow.records, move |view| {
        if view.records.is_empty() {
            let action = view! { <a class="btn compact" href="/records?import=1">{icon(Icon::Upload)}{t("records.import")}</a> };
            return empty(
                Icon::FolderHeart,
                t("records.empty_title"),
                t("share.nothing"),
                Some(action.into_any()),
            );
        }
        let options: Vec<_> = view
            .records
            .iter()
            .map(|record| study_option(flow, record))
            .collect();
        view! { <div class="stack-s" role="group" aria-label=t("share.what")>{options}</div> }
            .into_any()
    });
    let count = Memo::new(move |_| flow.draft.with(|d| d.studies.len()));
    let any = move || {
        flow.records
            .with(|r| matches!(r, Loaded::Ready(view) if !view.records.is_empty()))
    };
    view! {
        {move || any().then(|| view! { <p class="sub">{t("share.what_text")}</p> })}
        {options}
        {move || any().then(|| {
            let words = match count.get() {
                0 => t("share.tick_one").to_owned(),
                MOST_STUDIES => tr("share.no_more", &[("n", &MOST_STUDIES.to_string())]),
                n => tn("share.ticked", n as u64, &[]),
            };
            view! { <p class="sub" role="status">{words}</p> }
        })}
    }
    .into_any()
}

fn study_option(flow: Flow, record: &dhc_ipc::RecordView) -> AnyView {
    let (id, name) = (record.id.clone(), record.id.clone());
    let ticked = Memo::new(move |_| flow.draft.with(|d| d.studies.contains(&name)));
    let full = move || flow.draft.with(|d| d.studies.len() >= MOST_STUDIES) && !ticked.get();
    view! {
        <label class="option" class:disabled=full>
            <input type="checkbox" prop:checked=ticked disabled=full
                on:change=move |event| flow.draft.update(|d| d.choose_study(&id, event_target_checked(&event)))/>
            {thumbnail("thumb", &record.id, 0)}
            <span class="grow stack-xs">
                <span class="strong">{records::title(record)}</span>
                <span class="sub">{format!("{} · {}", time::date(&record.date), records::extent(record))}</span>
            </span>
        </label>
    }
    .into_any()
}

pub fn whom(flow: Flow) -> AnyView {
    view! {
        {chooser(flow.whom, "recipient", t("share.whom"))}
        {keys_state(flow.whom, t("share.has_keys"), t("share.no_keys"))}
    }
    .into_any()
}

/// What is shared and with whom, in one line.
pub fn so_far(flow: Flow) -> AnyView {
    view! { {move || view! { <p class="sub">{tr("share.so_far", &[("title", &record_names(flow)), ("who", &recipient_name(flow))])}</p> }} }.into_any()
}

/// Each chosen record by its name.
fn chosen_names(flow: Flow) -> Vec<String> {
    let studies = flow.draft.with(|d| d.studies.clone());
    let named = |study: &String| {
        flow.records.with(|records| match records {
            Loaded::Ready(view) => view
                .records
                .iter()
                .find(|r| r.id == *study)
                .map(records::full_title),
            _ => None,
        })
    };
    studies
        .iter()
        .map(|study| named(study).unwrap_or_else(|| t("film.untitled").to_owned()))
        .collect()
}

/// The chosen records in few words: the first, and how many more.
pub fn record_names(flow: Flow) -> String {
    let names = chosen_names(flow);
    match names.as_slice() {
        [] => t("film.untitled").to_owned(),
        [one] => one.clone(),
        [first, more @ ..] => tn("share.and_more", more.len() as u64, &[("title", first)]),
    }
}

pub fn recipient_name(flow: Flow) -> String {
    flow.whom.called()
}

fn line(sign: Icon, words: String) -> AnyView {
    view! { <li class="row top-aligned"><span class="tile">{icon(sign)}</span><span class="grow">{words}</span></li> }.into_any()
}

/// Who may open what; several records are listed.
fn may_open(who: &str, names: Vec<String>, until: &str) -> AnyView {
    if let [title] = names.as_slice() {
        let said = [("who", who), ("title", title.as_str()), ("time", until)];
        return line(Icon::Eye, tr("meaning.may_open", &said));
    }
    let count = names.len() as u64;
    let sentence = tn(
        "meaning.may_open_all",
        count,
        &[("who", who), ("time", until)],
    );
    let names: Vec<_> = names
        .into_iter()
        .map(|name| view! { <li class="strong">{name}</li> })
        .collect();
    view! {
        <li class="row top-aligned">
            <span class="tile">{icon(Icon::Eye)}</span>
            <div class="grow stack-xs"><span>{sentence}</span><ul class="stack-xs">{names}</ul></div>
        </li>
    }
    .into_any()
}

pub fn meaning(flow: Flow) -> AnyView {
    view! {
        {move || {
            let draft = flow.draft.get();
            let who = recipient_name(flow);
            let names = chosen_names(flow);
            let until = time::moment(&time::iso(time::now_ms() + f64::from(draft.days) * time::DAY_MS));
            // Who pays, where it is not I alone.
            let fee = flow.sponsors.with(|sponsors| match sponsors {
                Loaded::Ready(view) if view.sponsors.is_empty() => None,
                Loaded::Ready(view) if view.always => Some(t("meaning.fee_always")),
                Loaded::Ready(_) => Some(t("meaning.fee_if_short")),
                _ => None,
            });
            let approvals = draft.approvers.len() as u64;
            let emergency = draft.template.as_ref().is_some_and(|t| t.glass_window_s > 0);
            view! {
                <div class="card">
                    <ul class="stack">
                        {may_open(&who, names, &until)}
                        {emergency.then(|| line(Icon::Alert, t("meaning.emergency").to_owned()))}
                        {line(Icon::Layers, words::actions(&draft.actions))}
                        {draft.onward.then(|| line(Icon::UserPlus, t("meaning.onward").to_owned()))}
                        {line(Icon::Heart, tr("meaning.purpose", &[("purpose", &words::purpose(&draft.purpose))]))}
                        {(approvals > 0).then(|| line(Icon::Users, tn("meaning.approvals", approvals, &[])))}
                        {line(Icon::FileText, if draft.sealed { t("meaning.sealed") } else { t("meaning.live") }.to_owned())}
                        {fee.map(|words| line(Icon::Wallet, words.to_owned()))}
                        {line(Icon::Ban, t("meaning.revoke").to_owned())}
                    </ul>
                </div>
                <div class="card tinted row top-aligned"><span class="accent">{icon(Icon::Info)}</span><p class="grow">{t("meaning.chain")}</p></div>
            }
        }}
    }
    .into_any()
}
