//! How a holder takes part in deciding: locks, proposes, votes, and has done what was decided.

mod wording;

use std::time::Duration;

use alloy::{primitives::keccak256, sol_types::SolCall};
use dhc_chain::{
    At, ProvenReceipt, TxRequest,
    contracts::{Acts, Contract, DHCGovernor, Proposal, ProposalState, Templates, VotingEscrow},
};
use dhc_domain::{Amount, Height, Standing, Template, Timestamp, U256};
use dhc_ipc::{Code, Failure, LockView, ProposalChange, ProposalView, ProposalsView, Propose};

use self::wording::{addition, words};
use crate::{
    failure::{misuse, standing},
    job::Job,
    ledger::{proven_at, read_failure, sync_failure},
    profile::{Profile, Session},
    templates, wallet,
};

/// How long the next block may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// OpenZeppelin's mark: only this account may make the proposal with this description, so that nobody
/// can make it first and then cancel it.
const PROPOSER: &str = "#proposer=";

pub async fn lock(profile: &Profile, amount: &str, job: &Job) -> Result<LockView, Failure> {
    let amount = wallet::amount(amount)?;
    let contract = profile.contract(Contract::VotingEscrow.name())?;
    let session = profile.session()?;
    let request = TxRequest {
        value: amount.0,
        ..TxRequest::call(session.address, contract, &VotingEscrow::lockCall {})
    };
    locked_after(profile, &session, &format!("lock {amount}"), request, job).await
}

pub async fn unlock(profile: &Profile, amount: &str, job: &Job) -> Result<LockView, Failure> {
    let amount = wallet::amount(amount)?;
    let contract = profile.contract(Contract::VotingEscrow.name())?;
    let session = profile.session()?;
    let call = VotingEscrow::unlockCall { amount: amount.0 };
    let request = TxRequest::call(session.address, contract, &call);
    locked_after(profile, &session, &format!("unlock {amount}"), request, job).await
}

async fn locked_after(
    profile: &Profile,
    session: &Session,
    act: &str,
    request: TxRequest,
    job: &Job,
) -> Result<LockView, Failure> {
    let receipt = profile.transact(session, act, job, request).await?;
    job.changed();
    // Votes count from the second after: what is done next must find them.
    let mut head = profile.chain.sync().await.map_err(sync_failure)?;
    while head.time <= receipt.time {
        head = profile
            .chain
            .wait_for(head.height.next(), PATIENCE)
            .await
            .map_err(sync_failure)?;
    }
    let locked = profile
        .chain
        .locked(session.address, At::AtLeast(receipt.height))
        .await
        .map_err(read_failure)?;
    Ok(LockView {
        locked: locked.value.to_string(),
        tx: receipt.tx.to_string(),
        height: receipt.height.0,
        standing: standing(locked.standing),
    })
}

/// Makes a proposal. The same one again answers as the first time.
///
/// Errors: `misuse` for a template that is none, `proposal_refused` below the threshold.
pub async fn propose(
    profile: &Profile,
    asked: &Propose,
    job: &Job,
) -> Result<ProposalChange, Failure> {
    let session = profile.session()?;
    let (call, what) = match (&asked.add, &asked.retire) {
        (Some(template), None) => (addition(template)?, format!("Add {}", template.name)),
        (None, Some(name)) => {
            let id = keccak256(name.as_bytes());
            let call = Templates::retireCall { id }.abi_encode();
            (call, format!("Retire {name}"))
        }
        _ => return Err(misuse("a template to add, or the name of one to retire")),
    };
    let why = match asked.because.trim() {
        "" => what,
        why => format!("{what}: {why}"),
    };
    let acts = Acts::one(
        profile.contract(Contract::Templates.name())?,
        call.into(),
        format!("{why}{PROPOSER}{:#x}", session.address),
    );
    let proposals = profile
        .chain
        .proposals(At::Latest)
        .await
        .map_err(read_failure)?;
    let id = acts.id();
    if let Standing::Proven { height } = proposals.standing
        && proposals.value.iter().any(|p| p.id == id)
    {
        return Err(refused(format!(
            "this was proposed already, at the latest at height {height}: {}",
            number(id)
        ))
        .hint("give another reason with --because to propose it again"));
    }
    let call = DHCGovernor::proposeCall {
        targets: acts.targets,
        values: acts.values,
        calldatas: acts.calls,
        description: acts.description,
    };
    let act = format!("propose {}", number(id));
    changed(profile, &session, id, &act, call, job).await
}

pub async fn list(profile: &Profile) -> Result<ProposalsView, Failure> {
    let now = profile.chain.sync().await.map_err(sync_failure)?.time;
    let proposals = profile
        .chain
        .proposals(At::Latest)
        .await
        .map_err(read_failure)?;
    let seen = match proposals.standing {
        Standing::Proven { height } => height,
        _ => Height(0),
    };
    let rules = profile
        .chain
        .governor_rules(At::Latest)
        .await
        .map_err(read_failure)?;
    let mine = profile.unlocked().map(|session| session.address);
    let locked = match mine {
        Some(account) => {
            let locked = profile.chain.locked(account, At::Latest).await;
            locked.map_err(read_failure)?.value
        }
        None => Amount::default(),
    };
    let names = templates::standing_ones(profile).await?;
    let mut views = Vec::new();
    for proposal in proposals.value.iter().rev() {
        // Without them the vote and its numbers are proven all the same.
        let acts = profile.chain.proposal_acts(proposal.id, seen).await.ok();
        let voted = match mine {
            Some(account) => {
                let voted = profile
                    .chain
                    .has_voted(proposal.id, account, At::Latest)
                    .await;
                voted.map_err(read_failure)?.value
            }
            None => false,
        };
        views.push(view(profile, proposal, acts, voted, now, &names)?);
    }
    Ok(ProposalsView {
        proposals: views,
        locked: locked.to_string(),
        threshold: rules.value.threshold.to_string(),
        standing: standing(proposals.standing),
    })
}

/// Votes with what was locked at the proposal's snapshot.
pub async fn vote(
    profile: &Profile,
    proposal: &str,
    support: &str,
    job: &Job,
) -> Result<ProposalChange, Failure> {
    let id = parse(proposal)?;
    let support = match support {
        "against" => 0,
        "for" => 1,
        "abstain" => 2,
        other => return Err(misuse(format!("{other:?}: for, against or abstain"))),
    };
    let session = profile.session()?;
    let call = DHCGovernor::castVoteCall {
        proposalId: id,
        support,
    };
    let act = format!("vote {} {support}", number(id));
    changed(profile, &session, id, &act, call, job).await
}

/// Puts what was accepted into the timelock.
pub async fn queue(
    profile: &Profile,
    proposal: &str,
    job: &Job,
) -> Result<ProposalChange, Failure> {
    let id = parse(proposal)?;
    let session = profile.session()?;
    let call = DHCGovernor::queue_1Call { proposalId: id };
    let act = format!("queue {}", number(id));
    changed(profile, &session, id, &act, call, job).await
}

/// Has done what was decided, when its time has come.
pub async fn execute(
    profile: &Profile,
    proposal: &str,
    job: &Job,
) -> Result<ProposalChange, Failure> {
    let id = parse(proposal)?;
    let session = profile.session()?;
    let call = DHCGovernor::execute_1Call { proposalId: id };
    let act = format!("execute {}", number(id));
    changed(profile, &session, id, &act, call, job).await
}

async fn changed(
    profile: &Profile,
    session: &Session,
    id: U256,
    act: &str,
    call: impl SolCall,
    job: &Job,
) -> Result<ProposalChange, Failure> {
    let governor = profile.contract(Contract::DHCGovernor.name())?;
    let request = TxRequest::call(session.address, governor, &call);
    let receipt: ProvenReceipt = profile.transact(session, act, job, request).await?;
    job.changed();
    Ok(ProposalChange {
        proposal: number(id),
        tx: receipt.tx.to_string(),
        height: receipt.height.0,
        standing: proven_at(receipt.height),
    })
}

fn view(
    profile: &Profile,
    proposal: &Proposal,
    acts: Option<Acts>,
    voted: bool,
    now: Timestamp,
    names: &[(Template, dhc_ipc::Standing)],
) -> Result<ProposalView, Failure> {
    let templates = profile.contract(Contract::Templates.name())?;
    let state = proposal.state(now);
    let because = acts.as_ref().map_or("", |acts| &acts.description);
    let because = because.split(PROPOSER).next().unwrap_or_default();
    Ok(ProposalView {
        proposal: number(proposal.id),
        proposer: proposal.proposer.to_string(),
        state: match state {
            ProposalState::Pending => "pending",
            ProposalState::Active => "active",
            ProposalState::Defeated => "defeated",
            ProposalState::Succeeded => "succeeded",
            ProposalState::Queued => "queued",
            ProposalState::Executed => "executed",
            ProposalState::Canceled => "canceled",
        }
        .to_owned(),
        because: because.to_owned(),
        acts: acts.map(|acts| {
            let calls = acts.targets.iter().zip(&acts.calls);
            calls
                .map(|(target, call)| words(*target == templates, *target, call, names))
                .collect()
        }),
        snapshot: proposal.snapshot.to_string(),
        ends: proposal.ends.to_string(),
        due: proposal.due.map(|due| due.to_string()),
        ready: state == ProposalState::Queued && proposal.due.is_some_and(|due| due <= now),
        in_favour: proposal.in_favour.to_string(),
        against: proposal.against.to_string(),
        abstain: proposal.abstaining.to_string(),
        quorum: proposal.quorum.to_string(),
        voted,
    })
}

fn refused(message: String) -> Failure {
    Failure::new(Code::ProposalRefused, message)
}

/// A proposal's number, as 32 bytes in hex.
fn number(id: U256) -> String {
    format!("{id:#066x}")
}

fn parse(proposal: &str) -> Result<U256, Failure> {
    proposal
        .parse()
        .map_err(|_| misuse(format!("{proposal:?} is no proposal's number")))
}
