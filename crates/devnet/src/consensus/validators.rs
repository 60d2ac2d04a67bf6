use ed25519_dalek::{Signer, SigningKey};
use tendermint::{
    PublicKey, Signature, Time, account, block,
    block::{Commit, CommitSig, Round},
    chain, validator,
    vote::{self, Vote},
};

use crate::{keys::Keys, store::StoreError};

/// How many validators a devnet has.
pub(crate) const VALIDATORS: usize = 4;
/// The voting power of each.
const POWER: u32 = 1_000;

/// The validators of the chain, which do not change.
#[derive(Clone, Debug)]
pub(crate) struct Validators {
    set: validator::Set,
}

impl Validators {
    pub(crate) fn from_public_keys(keys: &[String]) -> Result<Self, StoreError> {
        let infos = keys
            .iter()
            .map(|key| {
                hex::decode(key)
                    .ok()
                    .and_then(|bytes| PublicKey::from_raw_ed25519(&bytes))
                    .map(|key| validator::Info::new(key, POWER.into()))
                    .ok_or(StoreError::Damaged("a validator's key"))
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            set: validator::Set::without_proposer(infos),
        })
    }

    pub(crate) fn infos(&self) -> &[validator::Info] {
        self.set.validators()
    }

    pub(crate) fn set(&self) -> &validator::Set {
        &self.set
    }

    pub(crate) fn total_power(&self) -> u64 {
        self.set.total_voting_power().value()
    }

    /// Proposer priorities at `height`, in the set's order, and the proposer's index, by CometBFT's
    /// rotation: at each height every validator gains its power and the first of the greatest
    /// priority, who proposes, loses the power of all. With equal powers and a start at zero this
    /// repeats after as many heights as there are validators.
    fn rotation(&self, height: u64) -> (Vec<i64>, usize) {
        let infos = self.infos();
        let mut priorities = vec![0i64; infos.len()];
        let mut proposer = 0;
        let total = self.total_power().cast_signed();
        for _ in 0..=height.saturating_sub(1) % infos.len() as u64 {
            for (priority, info) in priorities.iter_mut().zip(infos) {
                *priority += info.power().cast_signed();
            }
            proposer = first_of_greatest(&priorities);
            priorities[proposer] -= total;
        }
        (priorities, proposer)
    }

    pub(crate) fn priorities(&self, height: u64) -> Vec<i64> {
        self.rotation(height).0
    }

    /// Who proposes the block of `height`, in round 0.
    pub(crate) fn proposer(&self, height: u64) -> account::Id {
        self.infos()[self.rotation(height).1].address
    }
}

fn first_of_greatest(priorities: &[i64]) -> usize {
    let greatest = priorities.iter().max();
    priorities
        .iter()
        .position(|priority| Some(priority) == greatest)
        .unwrap_or(0)
}

/// The validators with their keys.
pub(crate) struct Signers {
    /// In the set's order.
    keys: Vec<SigningKey>,
    validators: Validators,
}

impl Signers {
    /// `None` where a validator's key is not among those of the devnet.
    pub(crate) fn new(keys: &Keys, validators: &Validators) -> Option<Self> {
        let own: Vec<_> = (0..VALIDATORS).map(|i| keys.validator(i)).collect();
        let keys = validators
            .infos()
            .iter()
            .map(|info| {
                let public = info.pub_key.to_bytes();
                own.iter()
                    .find(|key| key.verifying_key().as_bytes()[..] == public)
                    .cloned()
            })
            .collect::<Option<Vec<_>>>()?;
        Some(Self {
            keys,
            validators: validators.clone(),
        })
    }

    /// The precommits of all validators for a block, each with its time.
    pub(crate) fn commit(
        &self,
        chain_id: &chain::Id,
        height: block::Height,
        block_id: block::Id,
        now: impl Fn() -> Time,
    ) -> Commit {
        let signatures = self
            .keys
            .iter()
            .zip(self.validators.infos())
            .map(|(key, info)| {
                let timestamp = now();
                let message = vote_bytes(chain_id, height, block_id, info.address, timestamp);
                let signature = key.sign(&message).to_bytes();
                CommitSig::BlockIdFlagCommit {
                    validator_address: info.address,
                    timestamp,
                    signature: Signature::new(signature).ok().flatten(),
                }
            })
            .collect();
        Commit {
            height,
            round: Round::default(),
            block_id,
            signatures,
        }
    }
}

/// The bytes that a validator signs: the canonical precommit, after its length.
pub(super) fn vote_bytes(
    chain_id: &chain::Id,
    height: block::Height,
    block_id: block::Id,
    validator_address: account::Id,
    timestamp: Time,
) -> Vec<u8> {
    let vote = Vote {
        vote_type: vote::Type::Precommit,
        height,
        round: Round::default(),
        block_id: Some(block_id),
        timestamp: Some(timestamp),
        validator_address,
        validator_index: vote::ValidatorIndex::try_from(0u32).unwrap_or_else(|_| unreachable!()),
        signature: None,
        extension: Vec::new(),
        extension_signature: None,
    };
    vote.into_signable_vec(chain_id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_proposes_in_turn() {
        let keys = Keys::from_seed([3; 32]);
        let public: Vec<_> = (0..VALIDATORS)
            .map(|i| hex::encode(keys.validator(i).verifying_key().as_bytes()))
            .collect();
        let validators = Validators::from_public_keys(&public).unwrap();
        let round: Vec<_> = (1..=4).map(|height| validators.proposer(height)).collect();
        let order: Vec<_> = validators.infos().iter().map(|info| info.address).collect();
        assert_eq!(round, order);
        assert_eq!(validators.proposer(5), order[0]);
        assert_eq!(validators.priorities(1), [-3_000, 1_000, 1_000, 1_000]);
        assert_eq!(validators.priorities(4), [0; 4]);
        assert_eq!(validators.priorities(6), validators.priorities(2));
    }
}
