//! Casting a vote. Above the proposals, which are drawn anew meanwhile.

use dhc_ipc::{Failure, ProposalAct, ProposalView, VoteOn};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::components::{Sheet, busy_button, notice};
use crate::format;
use crate::i18n::{t, time, tr, words};
use crate::session::Session;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    For,
    Against,
    Abstain,
}

impl Side {
    /// As the core takes it.
    const fn code(self) -> &'static str {
        match self {
            Self::For => "for",
            Self::Against => "against",
            Self::Abstain => "abstain",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::For => t("vote.vote_for"),
            Self::Against => t("vote.vote_against"),
            Self::Abstain => t("vote.abstain"),
        }
    }
}

#[derive(Clone, Copy)]
pub struct Ballot {
    session: Session,
    asked: RwSignal<Option<(ProposalView, Side)>>,
    pub sheet: Sheet,
    busy: RwSignal<bool>,
    problem: RwSignal<Option<Failure>>,
}

impl Ballot {
    pub fn new(session: Session) -> Self {
        Self {
            session,
            asked: RwSignal::new(None),
            sheet: Sheet::new(),
            busy: RwSignal::new(false),
            problem: RwSignal::new(None),
        }
    }

    pub fn begin(self, proposal: ProposalView, side: Side) {
        self.problem.set(None);
        self.asked.set(Some((proposal, side)));
        self.sheet.open();
    }

    fn cast(self) {
        let Some((proposal, side)) = self.asked.get_untracked() else {
            return;
        };
        self.busy.set(true);
        self.problem.set(None);
        spawn_local(async move {
            let vote = VoteOn {
                proposal: proposal.proposal,
                support: side.code().into(),
            };
            match self.session.ask(&vote).await {
                Ok(_) => {
                    self.session.say(t("vote.cast"));
                    self.sheet.close();
                }
                Err(failure) => self.problem.set(Some(failure)),
            }
            self.busy.set(false);
            self.session.changed();
        });
    }
}

/// What a proposal would do, in a line.
fn in_short(proposal: &ProposalView) -> String {
    let first = proposal.acts.as_ref().and_then(|acts| acts.first());
    match first {
        Some(ProposalAct::AddTemplate(rules)) => {
            let name = words::asked_template(&rules.name);
            tr("proposal.adds", &[("name", &name)])
        }
        Some(ProposalAct::RetireTemplate { name, id }) => {
            let name = name
                .as_deref()
                .map_or_else(|| format::short_hex(id), words::asked_template);
            tr("proposal.retires", &[("name", &name)])
        }
        Some(ProposalAct::Other { .. }) => t("proposal.other").to_owned(),
        None => t("proposal.acts_unknown").to_owned(),
    }
}

pub fn confirm(ballot: Ballot) -> AnyView {
    let Some((proposal, side)) = ballot.asked.get_untracked() else {
        return ().into_any();
    };
    let label = side.label();
    let class = if side == Side::Against {
        "btn danger"
    } else {
        "btn"
    };
    view! {
        <p class="strong">{in_short(&proposal)}</p>
        <p class="lead">{label}</p>
        <p>{tr("vote.consequence", &[("time", &time::moment(&proposal.snapshot))])}</p>
        {notice(ballot.problem)}
        <div class="actions">
            <button class="btn quiet" on:click=move |_| ballot.sheet.close()>{t("action.cancel")}</button>
            {busy_button(class, None, label, move || ballot.busy.get(), || false, move || ballot.cast())}
        </div>
    }
    .into_any()
}
