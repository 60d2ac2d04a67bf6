//! `/settings/governance`: the rules that every access follows, and how their holders change them.

mod ballot;
mod locks;
mod proposal;

use dhc_ipc::{NewTemplate, Proposals, ProposalsView, TemplateView, Templates, TemplatesView};
use leptos::prelude::*;

use crate::components::{
    Icon, back_link, empty, fact, heading, how_do_we_know, icon, mark, sheet, shown,
};
use crate::format;
use crate::i18n::{t, time, tn, tr, words};
use crate::session::session;
use ballot::Ballot;
use locks::Locking;

pub fn governance_screen() -> AnyView {
    let session = session();
    let templates = session.read(|| Templates {});
    let proposals = session.read(|| Proposals {});
    let ballot = Ballot::new(session);
    let locking = Locking::new(session);
    view! {
        <main class="main wide" id="content">
            {back_link("/settings", t("nav.settings"))}
            {heading(t("rules.title"))}
            <p class="sub">{t("rules.text")}</p>
            <div class="columns even reversed">
                <div class="stack">{shown(proposals, move |view| voting(view, ballot, locking))}</div>
                <section class="section first"><h2>{t("rules.in_force")}</h2>{shown(templates, in_force)}</section>
            </div>
        </main>
        {sheet(ballot.sheet, t("vote.title"), move || ballot::confirm(ballot))}
        {sheet(locking.sheet, t("lock.title"), move || locks::form(locking))}
    }
    .into_any()
}

fn in_force(view: TemplatesView) -> AnyView {
    if view.templates.is_empty() {
        return empty(
            Icon::FileText,
            t("rules.none_title"),
            t("rules.none_text"),
            None,
        );
    }
    let cards: Vec<_> = view.templates.iter().map(rules_card).collect();
    view! { <div class="stack">{cards}</div> }.into_any()
}

fn rules_card(template: &TemplateView) -> AnyView {
    let rules = NewTemplate {
        name: template.name.clone(),
        purposes: template.purposes.clone(),
        max_window_s: template.max_window_s,
        min_approvals: template.min_approvals,
        sealed_allowed: template.sealed_allowed,
        contribution: template.contribution,
        actions: template.actions.clone(),
        onward: template.onward,
        glass_window_s: template.glass_window_s,
        custody_only: template.custody_only,
    };
    let facts = vec![
        fact(t("rules.name"), &template.name),
        fact(t("rules.codes"), template.purposes.join(", ")),
    ];
    view! {
        <article class="card stack-s">
            <h3>{words::asked_template(&template.name)}</h3>
            {rules_in_words(&rules)}
            {mark(&template.standing)}
            {how_do_we_know(t("rules.proof"), &template.standing, facts)}
        </article>
    }
    .into_any()
}

/// What rules admit, line by line.
fn rules_in_words(rules: &NewTemplate) -> AnyView {
    let purposes: Vec<String> = rules
        .purposes
        .iter()
        .map(|code| words::purpose_noun(code))
        .collect();
    let row = |name: &'static str, value: String| {
        view! { <dt>{name}</dt><dd>{value}</dd> }
    };
    let yes_no = |yes: bool| if yes { t("rules.yes") } else { t("rules.no") }.to_owned();
    let approvals = match rules.min_approvals {
        0 => t("rules.no_approvals").to_owned(),
        n => tn("rules.approvals_n", u64::from(n), &[]),
    };
    let grants = (!rules.contribution).then(|| {
        view! {
            {row(t("rules.longest"), time::length(rules.max_window_s))}
            {row(t("rules.approvals"), approvals)}
            {row(t("rules.actions"), words::actions(&rules.actions))}
            {row(t("rules.onward"), yes_no(rules.onward))}
            {row(t("rules.offline"), yes_no(rules.sealed_allowed))}
            {rules.custody_only.then(|| row(t("rules.custody"), yes_no(true)))}
            {(rules.glass_window_s > 0).then(|| row(t("rules.glass"), tr("share.glass", &[("span", &time::length(rules.glass_window_s))])))}
        }
    });
    let contributions = rules
        .contribution
        .then(|| row(t("rules.kind"), t("rules.contribution").to_owned()));
    view! {
        <dl class="facts">
            {row(t("rules.purposes"), purposes.join(t("allow.and")))}
            {contributions}
            {grants}
        </dl>
    }
    .into_any()
}

/// My votes, and what is voted on.
fn voting(view: ProposalsView, ballot: Ballot, locking: Locking) -> AnyView {
    let standing = view.standing;
    let can_propose = tr(
        "lock.threshold",
        &[("amount", &format::dhl(&view.threshold))],
    );
    let locked = view.locked.clone();
    let nothing = format::is_zero(&view.locked);
    let proposals = if view.proposals.is_empty() {
        empty(
            Icon::Inbox,
            t("proposal.none_title"),
            t("proposal.none_text"),
            None,
        )
    } else {
        let cards: Vec<_> = view
            .proposals
            .into_iter()
            .map(|one| proposal::card(one, standing, &locked, ballot))
            .collect();
        view! { <div class="stack">{cards}</div> }.into_any()
    };
    view! {
        <section class="section first">
            <h2>{t("lock.yours")}</h2>
            <div class="card stack-s">
                <p class="amount">{format::dhl(&view.locked)}<small>"DHL"</small></p>
                {mark(&standing)}
                <p class="sub">{if nothing { t("lock.none") } else { t("lock.some") }}</p>
                <div class="actions">
                    <button class="btn compact" on:click=move |_| locking.begin(true)>{icon(Icon::Lock)}{t("lock.lock")}</button>
                    <button class="btn compact quiet" disabled=nothing on:click=move |_| locking.begin(false)>{icon(Icon::LockOpen)}{t("lock.unlock")}</button>
                </div>
                <p class="sub">{can_propose}</p>
            </div>
        </section>
        <section class="section"><h2>{t("proposal.title")}</h2>{proposals}</section>
    }
    .into_any()
}
