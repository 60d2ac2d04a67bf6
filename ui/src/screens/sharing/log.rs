//! Who has looked: the access log, complete or saying why not.

use dhc_ipc::{AccessView, Audit, AuditView};
use leptos::prelude::*;

use crate::components::{Icon, empty, fact, how_do_we_know, icon, mark, shown, skeleton};
use crate::format;
use crate::i18n::{t, time, tn, tr, words};
use crate::screens::names::Names;
use crate::session::session;

pub fn log_panel(names: Names) -> AnyView {
    let session = session();
    let log = session.read(|| Audit { study: None });
    view! {
        {move || if names.is_waiting() {
            skeleton(2)
        } else {
            shown(log, move |view| draw(view, names))
        }}
    }
    .into_any()
}

/// Entries by calendar day, in the order given: newest first.
fn by_day(entries: Vec<AccessView>) -> Vec<(String, Vec<AccessView>)> {
    let mut days: Vec<(String, Vec<AccessView>)> = Vec::new();
    for entry in entries {
        let day = time::day_heading(&entry.time);
        match days.last_mut() {
            Some((last, list)) if *last == day => list.push(entry),
            _ => days.push((day, vec![entry])),
        }
    }
    days
}

fn draw(mut view: AuditView, names: Names) -> AnyView {
    let complete = if view.complete {
        view! {
            <div class="row top-aligned">
                <span class="accent">{icon(Icon::ShieldCheck)}</span>
                <p class="grow"><strong>{t("log.complete")}</strong>" "{match view.length {
                    0 => t("log.complete_none").to_owned(),
                    n => tn("log.complete_all", n, &[]),
                }}</p>
            </div>
        }
        .into_any()
    } else {
        view! {
            <div class="row top-aligned" role="alert">
                <span class="waiting-text">{icon(Icon::ShieldAlert)}</span>
                <p class="grow"><strong>{t("log.incomplete")}</strong>" "{tr("log.incomplete_why", &[
                    ("verified", &format::grouped(view.verified)),
                    ("length", &format::grouped(view.length)),
                    ("why", &words::standing(&view.standing)),
                ])}</p>
            </div>
        }
        .into_any()
    };
    view.entries
        .sort_by(|a, b| b.time.cmp(&a.time).then(b.height.cmp(&a.height)));
    let facts = vec![
        fact(t("log.entries"), format::grouped(view.length)),
        fact(t("log.verified"), format::grouped(view.verified)),
    ];
    let proof = how_do_we_know(t("log.proof"), &view.standing, facts);
    let body = if view.entries.is_empty() {
        empty(Icon::Eye, t("log.empty_title"), t("log.empty_text"), None)
    } else {
        by_day(view.entries)
            .into_iter()
            .map(|(day, entries)| {
                view! {
                    <section class="section">
                        <h2>{day}</h2>
                        <ol class="timeline">{entries.into_iter().map(|e| entry(e, names)).collect::<Vec<_>>()}</ol>
                    </section>
                }
            })
            .collect::<Vec<_>>()
            .into_any()
    };
    let class = if view.complete {
        "card tinted stack-xs"
    } else {
        "card warn stack-xs"
    };
    view! {
        <div class="columns reversed">
            <div class=class>{complete}{proof}</div>
            <div class="stack">{body}</div>
        </div>
    }
    .into_any()
}

fn entry(access: AccessView, names: Names) -> AnyView {
    let who = access
        .by_name
        .clone()
        .unwrap_or_else(|| format::short_hex(&access.by));
    let emergency = access.action == "glass";
    let film = names.record(&access.object, access.title.as_deref().unwrap_or_default());
    let said = [("who", who.as_str()), ("title", film.as_str())];
    let sentence = match access.action.as_str() {
        "glass" => tr("log.glass", &said[..1]),
        "export" => tr("log.exported", &said),
        "annotate" => tr("log.annotated", &said),
        _ => tr("log.opened", &said),
    };
    let why = emergency.then(|| match &access.reason {
        Some(reason) => tr("log.glass_reason", &[("reason", reason)]),
        None => t("log.glass_no_reason").to_owned(),
    });
    let mode = match access.mode.as_str() {
        "sealed" => t("mode.sealed_short"),
        "custody" => t("mode.custody_short"),
        _ => t("mode.live_short"),
    };
    let facts = vec![
        fact(t("proof.by"), &access.by),
        fact(t("proof.grant"), &access.grant),
        fact(
            if emergency {
                t("proof.reason_hash")
            } else {
                t("proof.record")
            },
            &access.object,
        ),
        fact(t("proof.height"), format::grouped(access.height)),
    ];
    let class = if matches!(access.standing, dhc_ipc::Standing::Proven { .. }) {
        "entry"
    } else {
        "entry waiting"
    };
    view! {
        <li class=class>
            <div class=if emergency { "card danger stack-xs" } else { "card stack-xs" }>
                <h3>{sentence}</h3>
                {why.map(|words| view! { <p>{words}</p> })}
                <p class="sub">{format!("{} · {} · {mode}", time::clock(&access.time), words::purpose(&access.purpose))}</p>
                {mark(&access.standing)}
                {how_do_we_know(t("log.entry_proof"), &access.standing, facts)}
            </div>
        </li>
    }
    .into_any()
}
