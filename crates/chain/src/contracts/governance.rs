//! What those who hold the coin decide: proposals, votes and rules, proven where `DHCGovernor`,
//! `VotingEscrow` and `Timelock` keep them.

use alloy::{
    primitives::{Bytes, Log, keccak256},
    sol_types::{SolCall, SolEvent},
};
use dhc_domain::{Address, Amount, Attested, Height, Timestamp, U256};

use super::{Contract, DHCGovernor};
use crate::{
    At, Chain, ReadError,
    layout::{LayoutError, Place, Words},
    node::{EvmNode, LogFilter},
    reads::StateAt,
};

/// More than people vote on in years.
const MAX_PROPOSALS: u64 = 10_000;
/// Blocks of one question for events.
const SPAN: u64 = 9_000;
const PERCENT: u64 = 100;

/// Where a proposal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProposalState {
    /// Its snapshot is still to come.
    Pending,
    /// It is voted on.
    Active,
    /// Refused by the votes, or by too few of them.
    Defeated,
    /// Accepted, and not queued yet.
    Succeeded,
    /// In the timelock; [`Proposal::due`] says until when.
    Queued,
    Executed,
    Canceled,
}

/// A proposal as `DHCGovernor` keeps it, with the quorum of its snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    pub id: U256,
    pub proposer: Address,
    /// The last second whose locks count.
    pub snapshot: Timestamp,
    /// The last second of voting.
    pub ends: Timestamp,
    /// When it may be executed; `None` before it is queued.
    pub due: Option<Timestamp>,
    pub executed: bool,
    pub canceled: bool,
    pub against: Amount,
    pub in_favour: Amount,
    pub abstaining: Amount,
    /// What must take part at least, by the proven history of what was locked: before the snapshot,
    /// what it would be now.
    pub quorum: Amount,
}

impl Proposal {
    /// As `Governor.state` says at the chain's time `now`.
    pub fn state(&self, now: Timestamp) -> ProposalState {
        let part = self.in_favour.0.saturating_add(self.abstaining.0);
        let enough = part >= self.quorum.0;
        match self {
            Self { executed: true, .. } => ProposalState::Executed,
            Self { canceled: true, .. } => ProposalState::Canceled,
            _ if now <= self.snapshot => ProposalState::Pending,
            _ if now <= self.ends => ProposalState::Active,
            Self { due: Some(_), .. } => ProposalState::Queued,
            _ if enough && self.in_favour.0 > self.against.0 => ProposalState::Succeeded,
            _ => ProposalState::Defeated,
        }
    }
}

/// What a proposal would do: calls, one after the other, from the timelock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acts {
    pub targets: Vec<Address>,
    pub values: Vec<U256>,
    pub calls: Vec<Bytes>,
    pub description: String,
}

impl Acts {
    /// One call that sends no coins.
    pub fn one(target: Address, call: Bytes, description: String) -> Self {
        Self {
            targets: vec![target],
            values: vec![U256::ZERO],
            calls: vec![call],
            description,
        }
    }

    /// The proposal's number, as `Governor.hashProposal`: another act has another number.
    pub fn id(&self) -> U256 {
        let call = DHCGovernor::hashProposalCall {
            targets: self.targets.clone(),
            values: self.values.clone(),
            calldatas: self.calls.clone(),
            descriptionHash: keccak256(self.description.as_bytes()),
        };
        let mut encoded = Vec::new();
        call.abi_encode_raw(&mut encoded);
        keccak256(encoded).into()
    }
}

/// By what rules is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GovernorRules {
    pub voting_delay_s: u64,
    pub voting_period_s: u64,
    pub timelock_s: u64,
    pub threshold: Amount,
    pub quorum_floor: Amount,
}

impl Chain {
    /// What an account has locked for votes.
    pub async fn locked(&self, account: Address, at: At) -> Result<Attested<Amount>, ReadError> {
        let place = Contract::VotingEscrow
            .layout()?
            .variable("locked")?
            .key(account)?;
        let words = self.words(Contract::VotingEscrow, &[place], at).await?;
        Ok(Attested {
            value: Amount(place.read(&words.value)?),
            standing: words.standing,
        })
    }

    pub async fn governor_rules(&self, at: At) -> Result<Attested<GovernorRules>, ReadError> {
        let (governor, timelock) = (
            Contract::DHCGovernor.layout()?,
            Contract::Timelock.layout()?,
        );
        let [delay, period, threshold, floor] = [
            governor.variable("_votingDelay")?,
            governor.variable("_votingPeriod")?,
            governor.variable("_proposalThreshold")?,
            governor.variable("quorumFloor")?,
        ];
        let wait = timelock.variable("_minDelay")?;
        let state = self.state(at).await?;
        let places = [delay, period, threshold, floor];
        let words = self
            .words_of(Contract::DHCGovernor, &places, &state)
            .await?;
        let waits = self.words_of(Contract::Timelock, &[wait], &state).await?;
        let rules = GovernorRules {
            voting_delay_s: delay.read(&words)?,
            voting_period_s: period.read(&words)?,
            timelock_s: wait.read(&waits)?,
            threshold: Amount(threshold.read(&words)?),
            quorum_floor: Amount(floor.read(&words)?),
        };
        Ok(Attested::proven(rules, state.height))
    }

    /// Every proposal there ever was, the oldest first: none is left out.
    pub async fn proposals(&self, at: At) -> Result<Attested<Vec<Proposal>>, ReadError> {
        let layout = Contract::DHCGovernor.layout()?;
        let ids = layout.variable("_proposalIds")?;
        let state = self.state(at).await?;
        let words = self.words_of(Contract::DHCGovernor, &[ids], &state).await?;
        let length = ids.length(&words)?;
        if length > MAX_PROPOSALS {
            return Err(LayoutError::Value(format!("{length} proposals")).into());
        }
        let places = (0..length)
            .map(|i| ids.element(i))
            .collect::<Result<Vec<_>, _>>()?;
        let words = self
            .words_of(Contract::DHCGovernor, &places, &state)
            .await?;
        let mut proposals = Vec::new();
        for place in places {
            proposals.push(self.proposal_in(place.read(&words)?, &state).await?);
        }
        Ok(Attested::proven(proposals, state.height))
    }

    async fn proposal_in(&self, id: U256, state: &StateAt) -> Result<Proposal, ReadError> {
        let layout = Contract::DHCGovernor.layout()?;
        let core = layout.variable("_proposals")?.key(id)?;
        let votes = layout.variable("_proposalVotes")?.key(id)?;
        let floor = layout.variable("quorumFloor")?;
        let words = self
            .words_of(Contract::DHCGovernor, &[core, votes, floor], state)
            .await?;
        let begins: u64 = core.get("voteStart", &words)?;
        let lasts: u64 = core.get("voteDuration", &words)?;
        let due: u64 = core.get("etaSeconds", &words)?;
        let floor: U256 = floor.read(&words)?;
        Ok(Proposal {
            id,
            proposer: core.get("proposer", &words)?,
            snapshot: Timestamp(begins),
            ends: Timestamp(begins.saturating_add(lasts)),
            due: (due != 0).then_some(Timestamp(due)),
            executed: core.get("executed", &words)?,
            canceled: core.get("canceled", &words)?,
            against: Amount(votes.get("againstVotes", &words)?),
            in_favour: Amount(votes.get("forVotes", &words)?),
            abstaining: Amount(votes.get("abstainVotes", &words)?),
            quorum: Amount(floor.max(self.part_of_locked(begins, state).await?)),
        })
    }

    /// The part of what was locked at `time` that must take part.
    async fn part_of_locked(&self, time: u64, state: &StateAt) -> Result<U256, ReadError> {
        let locked = Contract::VotingEscrow
            .layout()?
            .variable("_totalCheckpoints")?;
        let percent = Contract::DHCGovernor
            .layout()?
            .variable("_quorumNumeratorHistory")?;
        let locked = self
            .at_time(Contract::VotingEscrow, locked, time, state)
            .await?;
        let percent = self
            .at_time(Contract::DHCGovernor, percent, time, state)
            .await?;
        Ok(locked.saturating_mul(percent) / U256::from(PERCENT))
    }

    /// The value of a history (`Checkpoints.Trace208`) at a time: that of its last entry not after it.
    async fn at_time(
        &self,
        contract: Contract,
        trace: Place<'_>,
        time: u64,
        state: &StateAt,
    ) -> Result<U256, ReadError> {
        let entries = trace.field("_checkpoints")?;
        let words = self.words_of(contract, &[entries], state).await?;
        // Entries before `low` are not after the time, those from `high` on are.
        let (mut low, mut high) = (0, entries.length(&words)?);
        let mut value = U256::ZERO;
        while low < high {
            let middle = low + (high - low) / 2;
            let entry = entries.element(middle)?;
            let words: Words = self.words_of(contract, &[entry], state).await?;
            if entry.get::<u64>("_key", &words)? <= time {
                value = entry.get("_value", &words)?;
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(value)
    }

    async fn words_of(
        &self,
        contract: Contract,
        places: &[Place<'_>],
        state: &StateAt,
    ) -> Result<Words, ReadError> {
        let slots = places
            .iter()
            .map(Place::slots)
            .collect::<Result<Vec<_>, _>>()?
            .concat();
        let address = contract.address(&self.network)?;
        let values = self.slots_in(address, &slots, state).await?;
        Ok(slots.into_iter().zip(values).collect())
    }

    /// Whether an account has voted on a proposal.
    pub async fn has_voted(
        &self,
        id: U256,
        account: Address,
        at: At,
    ) -> Result<Attested<bool>, ReadError> {
        let place = Contract::DHCGovernor
            .layout()?
            .variable("_proposalVotes")?
            .key(id)?
            .field("hasVoted")?
            .key(account)?;
        let words = self.words(Contract::DHCGovernor, &[place], at).await?;
        Ok(Attested {
            value: place.read(&words.value)?,
            standing: words.standing,
        })
    }

    /// What a proposal would do. Any node may say it: the number is the hash of it.
    pub async fn proposal_acts(&self, id: U256, seen: Height) -> Result<Acts, ReadError> {
        let filter = LogFilter {
            contract: Contract::DHCGovernor.address(&self.network)?,
            topics: vec![Some(DHCGovernor::ProposalCreated::SIGNATURE_HASH)],
            from: Height(0),
            to: seen,
        };
        let none = || ReadError::Unreachable("the network names no Ethereum endpoint".into());
        self.evm
            .ask(none, |node| {
                let filter = &filter;
                async move { find(&node, filter, id).await }
            })
            .await
    }
}

/// Looks backwards for the event whose acts have the number.
async fn find(node: &EvmNode, filter: &LogFilter, id: U256) -> Result<Acts, ReadError> {
    let mut to = filter.to;
    loop {
        let from = Height(to.0.saturating_sub(SPAN - 1));
        let logs = node
            .logs(&LogFilter {
                from,
                to,
                ..filter.clone()
            })
            .await?;
        let found = logs
            .into_iter()
            .filter(|log| log.address == filter.contract)
            .filter_map(|log| Log::new(log.address, log.topics, log.data))
            .filter_map(|log| DHCGovernor::ProposalCreated::decode_log(&log).ok())
            .map(|event| Acts {
                targets: event.data.targets,
                values: event.data.values,
                calls: event.data.calldatas,
                description: event.data.description,
            })
            .find(|acts| acts.id() == id);
        if let Some(acts) = found {
            return Ok(acts);
        }
        if from.0 == 0 {
            return Err(ReadError::Unavailable);
        }
        to = Height(from.0 - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proposal() -> Proposal {
        Proposal {
            id: U256::from(1),
            proposer: Address::ZERO,
            snapshot: Timestamp(10),
            ends: Timestamp(20),
            due: None,
            executed: false,
            canceled: false,
            against: Amount(U256::from(4)),
            in_favour: Amount(U256::from(5)),
            abstaining: Amount(U256::from(2)),
            quorum: Amount(U256::from(7)),
        }
    }

    #[test]
    fn a_proposal_goes_through_its_states() {
        let state = |change: fn(&mut Proposal), now| {
            let mut changed = proposal();
            change(&mut changed);
            changed.state(Timestamp(now))
        };
        assert_eq!(state(|_| (), 10), ProposalState::Pending);
        assert_eq!(state(|_| (), 11), ProposalState::Active);
        assert_eq!(state(|_| (), 20), ProposalState::Active);
        assert_eq!(state(|_| (), 21), ProposalState::Succeeded);
        let tie: fn(&mut Proposal) = |p| p.against = p.in_favour;
        assert_eq!(state(tie, 21), ProposalState::Defeated);
        let few: fn(&mut Proposal) = |p| p.abstaining = Amount(U256::from(1));
        assert_eq!(state(few, 21), ProposalState::Defeated);
        let queued: fn(&mut Proposal) = |p| p.due = Some(Timestamp(30));
        assert_eq!(state(queued, 21), ProposalState::Queued);
        assert_eq!(state(|p| p.executed = true, 40), ProposalState::Executed);
        assert_eq!(state(|p| p.canceled = true, 5), ProposalState::Canceled);
    }

    /// By OpenZeppelin's own arithmetic: keccak256(abi.encode(targets, values, calldatas, hash)).
    #[test]
    fn another_act_has_another_number() {
        let acts = Acts::one(
            Address::repeat_byte(1),
            Bytes::from(vec![1, 2]),
            "why".into(),
        );
        let mut other = acts.clone();
        other.description.push('!');
        assert_ne!(acts.id(), other.id());
        let mut other = acts.clone();
        other.calls[0] = Bytes::from(vec![1, 3]);
        assert_ne!(acts.id(), other.id());
    }
}
