//! Given: one card a grant.

use dhc_ipc::{GrantStateView, GrantView, GrantsView};
use leptos::prelude::*;

use super::{is_running, renew_button, revoke_button};
use crate::components::{Icon, avatar, empty, fact, how_do_we_know, icon, mark, shown};
use crate::format;
use crate::i18n::{t, time, tn, tr, words};
use crate::screens::names::Names;
use crate::screens::records::opened;
use crate::session::Loaded;

pub fn given_panel(grants: RwSignal<Loaded<GrantsView>>, names: Names) -> AnyView {
    shown(grants, move |view| draw(view, names))
}

fn draw(view: GrantsView, names: Names) -> AnyView {
    if view.grants.is_empty() {
        let action = view! { <a class="btn compact" href="/sharing/new">{icon(Icon::UserPlus)}{t("sharing.share")}</a> };
        return empty(
            Icon::Users,
            t("given.empty_title"),
            t("given.empty_text"),
            Some(action.into_any()),
        );
    }
    let (open, ended): (Vec<_>, Vec<_>) = view.grants.into_iter().partition(is_running);
    let none = open.is_empty();
    view! {
        {(!view.complete).then(|| view! {
            <div class="card warn row"><span class="waiting-text">{icon(Icon::ShieldAlert)}</span><span class="grow">{t("given.incomplete")}</span></div>
        })}
        {none.then(|| view! { <div class="card row"><span class="tile">{icon(Icon::Lock)}</span><span class="grow">{t("given.nobody_now")}</span></div> })}
        {cards(open, names)}
        {(!ended.is_empty()).then(|| view! {
            <section class="section"><h2>{t("given.ended")}</h2>{cards(ended, names)}</section>
        })}
    }
    .into_any()
}

/// One card a grant.
pub fn cards(grants: Vec<GrantView>, names: Names) -> AnyView {
    let cards: Vec<_> = grants.iter().map(|g| card(g, names)).collect();
    view! { <div class="cards">{cards}</div> }.into_any()
}

/// A grant's state as a chip.
pub fn state_chip(grant: &GrantView) -> AnyView {
    let (class, sign, text) = match grant.state {
        GrantStateView::Active if time::ends_soon(&grant.not_after) => (
            "chip waiting",
            Icon::Clock,
            tr("grant.left", &[("left", &time::left(&grant.not_after))]),
        ),
        GrantStateView::Active => ("chip ok", Icon::Check, t("grant.active").to_owned()),
        GrantStateView::AwaitingApproval => (
            "chip waiting",
            Icon::Clock,
            tr(
                "grant.awaiting",
                &[
                    ("n", &grant.approvals.to_string()),
                    ("of", &grant.threshold.to_string()),
                ],
            ),
        ),
        GrantStateView::Dormant => ("chip", Icon::Lock, t("grant.dormant").to_owned()),
        GrantStateView::Expired => ("chip", Icon::Clock, t("grant.expired").to_owned()),
        GrantStateView::Revoked => ("chip bad", Icon::Ban, t("grant.revoked").to_owned()),
    };
    view! { <span class=class>{icon(sign)}{text}</span> }.into_any()
}

/// What a grant's film is called within a sentence.
pub fn film_name(grant: &GrantView) -> String {
    words::film_title(
        grant.title.as_deref().unwrap_or_default(),
        None,
        &grant.modalities,
        grant.date.as_deref().unwrap_or_default(),
    )
}

/// How many have agreed, and whether they do so anew because the access was renewed.
fn approvals(grant: &GrantView) -> String {
    let said = [
        ("n", grant.approvals.to_string()),
        ("of", grant.threshold.to_string()),
    ];
    let said = said.each_ref().map(|(name, value)| (*name, value.as_str()));
    if grant.round > 1 {
        tr("given.approved_anew", &said)
    } else {
        tr("given.approved", &said)
    }
}

fn card(grant: &GrantView, names: Names) -> AnyView {
    let who = grant
        .to_name
        .clone()
        .unwrap_or_else(|| format::short_hex(&grant.to));
    let film = names.given(grant);
    // The others by name, where there are several.
    let more: Vec<_> = grant.items.iter().skip(1).map(|i| names.item(i)).collect();
    let approvals = (grant.threshold > 0).then(|| approvals(grant));
    let broken = grant
        .broken_at
        .as_deref()
        .map(|at| tr("given.glass_broken", &[("time", &time::moment(at))]));
    let by = (!grant.by.eq_ignore_ascii_case(&grant.from)).then(|| {
        let by = grant
            .by_name
            .clone()
            .unwrap_or_else(|| format::short_hex(&grant.by));
        tr("given.made_by", &[("who", &by)])
    });
    let mut allowed = vec![words::actions(&grant.actions)];
    allowed.extend(grant.onward.then(|| t("given.onward").to_owned()));
    let sentence = match grant.state {
        GrantStateView::Active => tr(
            "given.can_open",
            &[
                ("who", &who),
                ("title", &film),
                ("time", &time::moment(&grant.not_after)),
            ],
        ),
        GrantStateView::AwaitingApproval => {
            tr("given.could_open", &[("who", &who), ("title", &film)])
        }
        GrantStateView::Dormant => tr(
            "given.could_in_emergency",
            &[("who", &who), ("title", &film)],
        ),
        GrantStateView::Expired | GrantStateView::Revoked => {
            tr("given.could_until", &[("who", &who), ("title", &film)])
        }
    };
    let running = is_running(grant);
    let mode = match grant.mode.as_str() {
        "sealed" => t("mode.sealed"),
        "custody" => t("mode.custody"),
        _ => t("mode.live"),
    };
    let facts = vec![
        fact(t("proof.grant"), &grant.grant),
        fact(t("proof.recipient"), &grant.to),
        fact(t("proof.record"), &grant.study),
        fact(t("proof.template"), words::template(&grant.template)),
        fact(t("proof.given"), time::moment(&grant.given)),
        fact(t("proof.mode"), mode),
    ];
    view! {
        <article class="card stack-s">
            <div class="row top-aligned">
                {avatar(&who)}
                <div class="grow stack-xs">
                    <p class="strong">{who.clone()}</p>
                    <p>{sentence}</p>
                    <p class="sub">{format!("{} · {}", words::purpose(&grant.purpose), opened(grant.openings))}</p>
                    {(!more.is_empty()).then(|| view! {
                        <p class="sub">{tn("given.more", more.len() as u64, &[("titles", &more.join(t("given.list_and")))])}</p>
                    })}
                    <p class="sub">{allowed.join(" · ")}</p>
                    {approvals.map(|words| view! { <p class="sub">{words}</p> })}
                    {by.map(|words| view! { <p class="sub">{words}</p> })}
                    {broken.map(|words| view! { <p class="bad-text strong">{words}</p> })}
                    {mark(&grant.standing)}
                </div>
            </div>
            <div class="row between wrap">
                {state_chip(grant)}
                {running.then(|| view! { <div class="row wrap">{renew_button(grant, &film)}{revoke_button(grant, &film)}</div> })}
            </div>
            {how_do_we_know(t("given.proof"), &grant.standing, facts)}
        </article>
    }
    .into_any()
}
