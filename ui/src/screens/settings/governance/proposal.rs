//! A proposal: what it would do, how the vote stands, and what can be done about it.

use dhc_ipc::{ProposalAct, ProposalView, Standing};
use leptos::prelude::*;

use super::ballot::{Ballot, Side};
use super::rules_in_words;
use crate::components::{Icon, fact, how_do_we_know, icon, mark};
use crate::format;
use crate::i18n::{t, time, tr, words};

pub fn card(proposal: ProposalView, standing: Standing, locked: &str, ballot: Ballot) -> AnyView {
    let (class, sign, state) = state(&proposal.state);
    let acts: Vec<_> = match &proposal.acts {
        Some(acts) => acts.iter().map(act).collect(),
        None => vec![view! { <p class="waiting-text">{t("proposal.acts_unknown")}</p> }.into_any()],
    };
    let because = (!proposal.because.is_empty()).then(|| proposal.because.clone());
    let facts = vec![
        fact(t("proposal.number"), &proposal.proposal),
        fact(t("proposal.by"), &proposal.proposer),
        fact(t("proposal.snapshot"), time::moment(&proposal.snapshot)),
    ];
    let tally = tally(&proposal, standing);
    let vote = (proposal.state == "active").then(|| voting(&proposal, locked, ballot));
    view! {
        <article class="card stack-s">
            <div class="row wrap"><span class=class>{icon(sign)}{state}</span></div>
            {acts}
            {because.map(|words| view! { <p class="sub">{words}</p> })}
            <p>{when(&proposal)}</p>
            {tally}
            {vote}
            {how_do_we_know(t("proposal.proof"), &standing, facts)}
        </article>
    }
    .into_any()
}

fn state(state: &str) -> (&'static str, Icon, &'static str) {
    match state {
        "pending" => ("chip waiting", Icon::Clock, t("proposal.pending")),
        "active" => ("chip waiting", Icon::Clock, t("proposal.active")),
        "defeated" => ("chip bad", Icon::Ban, t("proposal.defeated")),
        "succeeded" => ("chip ok", Icon::Check, t("proposal.succeeded")),
        "queued" => ("chip ok", Icon::Clock, t("proposal.queued")),
        "executed" => ("chip ok", Icon::Check, t("proposal.executed")),
        _ => ("chip", Icon::X, t("proposal.canceled")),
    }
}

/// What the next moment is, in words.
fn when(proposal: &ProposalView) -> String {
    let at = |key: &'static str, moment: &str| tr(key, &[("time", &time::moment(moment))]);
    match proposal.state.as_str() {
        "pending" => at("proposal.begins", &proposal.snapshot),
        "active" => at("proposal.ends", &proposal.ends),
        "succeeded" => t("proposal.to_queue").to_owned(),
        "queued" if proposal.ready => t("proposal.ready").to_owned(),
        "queued" => match &proposal.due {
            Some(due) => at("proposal.due", due),
            None => String::new(),
        },
        _ => at("proposal.ended", &proposal.ends),
    }
}

fn act(act: &ProposalAct) -> AnyView {
    match act {
        ProposalAct::AddTemplate(rules) => {
            let name = words::asked_template(&rules.name);
            view! {
                <h3>{tr("proposal.adds", &[("name", &name)])}</h3>
                {rules_in_words(rules)}
            }
            .into_any()
        }
        ProposalAct::RetireTemplate { name, id } => {
            let name = name
                .as_deref()
                .map_or_else(|| format::short_hex(id), words::asked_template);
            view! {
                <h3>{tr("proposal.retires", &[("name", &name)])}</h3>
                <p class="sub">{t("proposal.retires_text")}</p>
            }
            .into_any()
        }
        ProposalAct::Other { target, call } => {
            let data = format::short_hex(call);
            view! {
                <h3>{t("proposal.other")}</h3>
                <p class="waiting-text small">{t("proposal.other_text")}</p>
                <p class="mono">{format!("{target} {data}")}</p>
            }
            .into_any()
        }
    }
}

/// Votes as they stand, each side with its part of all.
fn tally(proposal: &ProposalView, standing: Standing) -> AnyView {
    let sides = [
        (t("vote.for"), &proposal.in_favour),
        (t("vote.against"), &proposal.against),
        (t("vote.abstained"), &proposal.abstain),
    ];
    let all: f64 = sides.iter().map(|(_, n)| format::approximate(n)).sum();
    let rows: Vec<_> = sides
        .iter()
        .map(|(name, votes)| {
            let part = if all > 0.0 { format::approximate(votes) / all } else { 0.0 };
            view! {
                <li class="stack-xs">
                    <div class="row between"><span>{*name}</span><span class="strong">{format!("{} DHL", format::dhl(votes))}</span></div>
                    <progress class="meter" max="1000" value=(part * 1000.0) as u32 aria-label=*name></progress>
                </li>
            }
        })
        .collect();
    view! {
        <ul class="stack-s" aria-label=t("vote.tally")>{rows}</ul>
        <div class="row between wrap">
            <span class="sub">{tr("vote.quorum", &[("amount", &format::dhl(&proposal.quorum))])}</span>
            {mark(&standing)}
        </div>
    }
    .into_any()
}

fn voting(proposal: &ProposalView, locked: &str, ballot: Ballot) -> AnyView {
    if proposal.voted {
        return view! { <p class="row"><span class="accent">{icon(Icon::Check)}</span><span class="grow">{t("vote.voted")}</span></p> }.into_any();
    }
    let nothing = format::is_zero(locked);
    let weight = if nothing {
        t("vote.no_weight").to_owned()
    } else {
        let said = [
            ("amount", format::dhl(locked)),
            ("time", time::moment(&proposal.snapshot)),
        ];
        let said = said.each_ref().map(|(name, value)| (*name, value.as_str()));
        tr("vote.weight", &said)
    };
    let button = |class: &'static str, side: Side| {
        let proposal = proposal.clone();
        view! {
            <button class=class disabled=nothing on:click=move |_| ballot.begin(proposal.clone(), side)>{side.label()}</button>
        }
    };
    view! {
        <p class="sub">{weight}</p>
        <div class="actions">
            {button("btn compact", Side::For)}
            {button("btn compact quiet", Side::Against)}
            {button("btn compact quiet", Side::Abstain)}
        </div>
    }
    .into_any()
}
