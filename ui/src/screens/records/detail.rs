//! `/records/:id`: a record in plain words.

use dhc_ipc::{GrantView, RecordDetail, ShowRecord};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::{full_title, title};
use crate::components::{
    Icon, avatar, back_link, fact, heading, how_do_we_know, icon, mark, shown, thumbnail,
};
use crate::format;
use crate::i18n::{t, time, tn, tr, words};
use crate::screens::sharing::{is_running, revoke_button};
use crate::session::session;

pub fn record_screen() -> AnyView {
    let session = session();
    let id = use_params_map()
        .with_untracked(|p| p.get("id"))
        .unwrap_or_default();
    let detail = session.read(move || ShowRecord { id: id.clone() });
    view! {
        <main class="main wide" id="content">
            {back_link("/records", t("nav.records"))}
            {shown(detail, draw)}
        </main>
    }
    .into_any()
}

fn draw(detail: RecordDetail) -> AnyView {
    let record = &detail.record;
    let id = record.id.clone();
    let name = full_title(record);
    let mut source = Vec::new();
    if !record.date.is_empty() {
        source.push(time::date(&record.date));
    }
    source.extend(record.institution.clone());
    let open: Vec<GrantView> = detail
        .grants
        .iter()
        .filter(|g| is_running(g))
        .cloned()
        .collect();
    let ended = detail.grants.len() - open.len();
    let contribute = (!record.contributed).then(|| {
        view! { <a class="btn quiet" href=format!("/earn?record={id}")>{icon(Icon::Sprout)}{t("earn.contribute")}</a> }
    });
    view! {
        <div class="columns">
            <div class="stack">
                <div class="hero">
                    {thumbnail("", &record.id, 0)}
                    <span class="chip">{icon(Icon::Layers)}{tn("film.images", u64::from(record.instances), &[])}</span>
                    <a class="btn compact" href=format!("/films/{id}")>{icon(Icon::Play)}{t("film.open")}</a>
                </div>
                <div class="stack-xs">
                    {heading(title(record))}
                    <p class="sub">{source.join(" · ")}</p>
                </div>
                <div class="actions">
                    <a class="btn" href=format!("/sharing/new?study={id}")>{icon(Icon::UserCheck)}{t("sharing.share")}</a>
                    {contribute}
                </div>
            </div>
            <div class="stack">
                {seal_card(&detail)}
                <section class="section">
                    <h2>{t("record.who_may_see")}</h2>
                    {if open.is_empty() {
                        view! { <div class="card row"><span class="tile">{icon(Icon::Lock)}</span><span class="grow">{t("record.only_you")}</span></div> }.into_any()
                    } else {
                        view! { <div class="card flush rows">{open.iter().map(|g| grant_row(g, &name)).collect::<Vec<_>>()}</div> }.into_any()
                    }}
                    {(ended > 0).then(|| view! { <a class="link small" href="/sharing">{tn("record.ended_grants", ended as u64, &[])}</a> })}
                </section>
                {series_card(&detail)}
            </div>
        </div>
    }
    .into_any()
}

fn seal_card(detail: &RecordDetail) -> AnyView {
    let record = &detail.record;
    let (chip, words) = match (&record.issuer, &record.issuer_name) {
        (Some(address), name) => {
            let who = name.clone().unwrap_or_else(|| format::short_hex(address));
            (
                view! { <span class="chip ok">{icon(Icon::BadgeCheck)}{t("records.genuine")}</span> }.into_any(),
                tr("record.sealed_by", &[("who", &who)]),
            )
        }
        (None, _) => (
            view! { <span class="chip">{icon(Icon::Info)}{t("record.own")}</span> }.into_any(),
            t("record.own_text").to_owned(),
        ),
    };
    let height = record
        .indexed
        .as_ref()
        .map(|i| format::grouped(i.height))
        .unwrap_or_default();
    let tx = record
        .indexed
        .as_ref()
        .map(|i| i.tx.clone())
        .unwrap_or_default();
    let facts = vec![
        fact(t("proof.commitment"), &record.commitment),
        fact(t("proof.cid"), &record.cid),
        fact(t("proof.issuer"), record.issuer.clone().unwrap_or_default()),
        fact(t("proof.tx"), tx),
        fact(t("proof.height"), height),
        fact(t("proof.size"), format::bytes(record.bytes)),
        fact(
            t("proof.paid_by"),
            record.sponsored_by.clone().unwrap_or_default(),
        ),
    ];
    view! {
        <div class="card stack-s">
            <div class="row top-aligned">{chip}<span class="grow sub">{words}</span></div>
            <div class="row wrap">
                {mark(&record.standing)}
                {record.contributed.then(|| view! { <span class="chip ok">{icon(Icon::Sprout)}{t("record.contributed")}</span> })}
            </div>
            {how_do_we_know(t("record.proof"), &record.standing, facts)}
        </div>
    }
    .into_any()
}

fn grant_row(grant: &GrantView, film: &str) -> AnyView {
    let who = grant
        .to_name
        .clone()
        .unwrap_or_else(|| format::short_hex(&grant.to));
    let until = tr(
        "record.until_opened",
        &[
            ("time", &time::moment(&grant.not_after)),
            ("opened", &opened(grant.openings)),
        ],
    );
    view! {
        <div class="row wrap">
            {avatar(&who)}
            <span class="grow stack-xs">
                <span class="strong">{who.clone()}</span>
                <span class="sub">{format!("{} · {until}", words::purpose(&grant.purpose))}</span>
                {mark(&grant.standing)}
            </span>
            {revoke_button(grant, film)}
        </div>
    }
    .into_any()
}

/// "never opened", "opened once", "opened twice", "opened 7 times".
pub fn opened(times: u64) -> String {
    match times {
        0 => t("record.never_opened").to_owned(),
        2 => t("record.opened_twice").to_owned(),
        n => tn("record.opened", n, &[]),
    }
}

fn series_card(detail: &RecordDetail) -> AnyView {
    let rows: Vec<_> = detail
        .series_list
        .iter()
        .map(|series| {
            let name = if series.description.is_empty() { words::modality(&series.modality) } else { series.description.clone() };
            let images = tn("film.images", u64::from(series.frames.max(series.instances)), &[]);
            view! { <li class="row between"><span class="strong">{name}</span><span class="sub">{images}</span></li> }
        })
        .collect();
    if rows.is_empty() {
        return ().into_any();
    }
    view! {
        <section class="section large-hide"><h2>{t("film.series_heading")}</h2><ul class="card flush rows">{rows}</ul></section>
    }
    .into_any()
}
