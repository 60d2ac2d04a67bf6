//! A commit's signatures, verified together.

use alloy::primitives::{Keccak256, keccak256};
use ed25519_consensus::{Signature, VerificationKeyBytes, batch};
use rand_core_06::{CryptoRng, Error, RngCore};
use tendermint::{
    PublicKey, Time, account,
    block::CommitSig,
    trust_threshold::TrustThreshold as _,
    validator,
    vote::{self, SignedVote, ValidatorIndex, Vote},
};
use tendermint_light_client_verifier::{
    errors::VerificationError,
    operations::{ProdVotingPowerCalculator, VotingPowerCalculator, VotingPowerTally},
    types::{SignedHeader, TrustThreshold, ValidatorSet},
};

/// Counts voting power as [`ProdVotingPowerCalculator`] does, over one batch of exactly those
/// signatures that it would verify one by one. A batch that fails says nothing of its members:
/// then it is asked instead, and its answer is the answer.
///
/// Single and batch verification are `ed25519-consensus`'s, after ZIP-215: both with cofactor, and
/// non-canonical points allowed in both, so that they agree on every signature.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Together;

type Required<'a> = (&'a ValidatorSet, TrustThreshold);

impl VotingPowerCalculator for Together {
    fn voting_power_in(
        &self,
        header: &SignedHeader,
        validators: &ValidatorSet,
        threshold: TrustThreshold,
    ) -> Result<VotingPowerTally, VerificationError> {
        match self.tallied(header, [(validators, threshold)]) {
            Some([tally]) => Ok(tally),
            None => one_by_one().voting_power_in(header, validators, threshold),
        }
    }

    fn voting_power_in_sets(
        &self,
        header: &SignedHeader,
        first: Required<'_>,
        second: Required<'_>,
    ) -> Result<(VotingPowerTally, VotingPowerTally), VerificationError> {
        match self.tallied(header, [first, second]) {
            Some([first, second]) => Ok((first, second)),
            None => one_by_one().voting_power_in_sets(header, first, second),
        }
    }
}

fn one_by_one() -> ProdVotingPowerCalculator {
    ProdVotingPowerCalculator::default()
}

/// A vote for the block, and whether it is in the batch already.
struct Cast<'a> {
    by: account::Id,
    at: ValidatorIndex,
    time: Time,
    signature: &'a tendermint::Signature,
    batched: bool,
}

impl Together {
    /// The power in each set; `None` where anything is not as it should be.
    fn tallied<const N: usize>(
        &self,
        header: &SignedHeader,
        sets: [Required<'_>; N],
    ) -> Option<[VotingPowerTally; N]> {
        let mut votes = cast(header)?;
        let mut batch = Batch::default();
        let mut tallies = sets.map(|(set, trust_threshold)| VotingPowerTally {
            total: self.total_power_of(set),
            tallied: 0,
            trust_threshold,
        });
        for (tally, (set, _)) in tallies.iter_mut().zip(sets) {
            let mut counted = vec![false; votes.len()];
            for validator in set.validators() {
                let Ok(at) = votes.binary_search_by_key(&validator.address, |vote| vote.by) else {
                    continue;
                };
                if std::mem::replace(&mut counted[at], true) {
                    return None;
                }
                if !std::mem::replace(&mut votes[at].batched, true) {
                    batch.add(header, &votes[at], validator)?;
                }
                tally.tallied = tally.tallied.checked_add(validator.power())?;
                let enough = tally.trust_threshold;
                if enough.is_enough_power(tally.tallied, tally.total) {
                    break;
                }
            }
        }
        batch.verifies().then_some(tallies)
    }
}

/// The votes for the block by their voters; `None` where somebody voted twice, or did not sign.
fn cast(header: &SignedHeader) -> Option<Vec<Cast<'_>>> {
    let mut votes = Vec::with_capacity(header.commit.signatures.len());
    for (at, vote) in header.commit.signatures.iter().enumerate() {
        if let CommitSig::BlockIdFlagCommit {
            validator_address,
            timestamp,
            signature,
        } = vote
        {
            votes.push(Cast {
                by: *validator_address,
                at: ValidatorIndex::try_from(at).ok()?,
                time: *timestamp,
                signature: signature.as_ref()?,
                batched: false,
            });
        }
    }
    votes.sort_unstable_by_key(|vote| vote.by);
    let twice = votes.windows(2).any(|pair| pair[0].by == pair[1].by);
    (!twice).then_some(votes)
}

#[derive(Default)]
struct Batch {
    verifier: batch::Verifier,
    /// Over all that is verified: the coefficients follow from it.
    transcript: Keccak256,
}

impl Batch {
    fn add(
        &mut self,
        header: &SignedHeader,
        vote: &Cast<'_>,
        validator: &validator::Info,
    ) -> Option<()> {
        let PublicKey::Ed25519(key) = validator.pub_key else {
            return None;
        };
        let commit = &header.commit;
        let signed = SignedVote::from_vote(
            Vote {
                vote_type: vote::Type::Precommit,
                height: commit.height,
                round: commit.round,
                block_id: Some(commit.block_id),
                timestamp: Some(vote.time),
                validator_address: vote.by,
                validator_index: vote.at,
                signature: Some(vote.signature.clone()),
                extension: Vec::new(),
                extension_signature: None,
            },
            header.header.chain_id.clone(),
        )?;
        let message = signed.sign_bytes();
        let signature = signed.signature().as_bytes();
        self.transcript.update(key.as_bytes());
        self.transcript.update(signature);
        self.transcript.update(keccak256(&message));
        let key = VerificationKeyBytes::try_from(key.as_bytes()).ok()?;
        let signature = Signature::try_from(signature).ok()?;
        self.verifier.queue((key, signature, &message));
        Some(())
    }

    fn verifies(self) -> bool {
        let coefficients = Coefficients {
            seed: self.transcript.finalize().0,
            drawn: 0,
        };
        self.verifier.verify(coefficients).is_ok()
    }
}

/// The random coefficients of a batch, drawn by hashing all of it (Fiat and Shamir): who forges a
/// signature to fit them changes them. So verification stays a function of its arguments.
struct Coefficients {
    seed: [u8; 32],
    drawn: u64,
}

impl RngCore for Coefficients {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.fill_bytes(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.fill_bytes(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        for part in dest.chunks_mut(32) {
            let block = keccak256([&self.seed[..], &self.drawn.to_le_bytes()].concat());
            part.copy_from_slice(&block[..part.len()]);
            self.drawn += 1;
        }
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(dest);
        Ok(())
    }
}

impl CryptoRng for Coefficients {}

#[cfg(test)]
mod tests {
    use ed25519_consensus::{SigningKey, VerificationKey};

    use super::*;

    /// Every encoding of the eight points of small order, canonical and not (ZIP-215).
    fn small_order() -> Vec<[u8; 32]> {
        let hex = |text: &str| <[u8; 32]>::try_from(hex::decode(text).unwrap()).unwrap();
        let eighths = [
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        ];
        let low = |first: u8| format!("{first:02x}{}", "00".repeat(31));
        let high = |first: u8| format!("{first:02x}{}7f", "ff".repeat(30));
        let others = [low(0), low(1), high(0xec), high(0xed), high(0xee)];
        let unsigned = eighths.map(hex).into_iter().chain(others.map(|o| hex(&o)));
        unsigned
            .flat_map(|point| {
                let mut signed = point;
                signed[31] |= 0x80;
                [point, signed]
            })
            .collect()
    }

    fn together(items: &[([u8; 32], [u8; 64], &[u8])]) -> bool {
        let mut batch = Batch::default();
        for (key, signature, message) in items {
            batch.transcript.update(key);
            let item = (
                VerificationKeyBytes::from(*key),
                Signature::from(*signature),
            );
            batch.verifier.queue((item.0, item.1, *message));
        }
        batch.verifies()
    }

    #[test]
    fn single_and_batch_verification_allow_the_same_points() {
        let points = small_order();
        assert_eq!(points.len(), 14);
        let honest = SigningKey::from([7; 32]);
        let beside = (
            honest.verification_key().to_bytes(),
            honest.sign(b"honest").to_bytes(),
            &b"honest"[..],
        );
        assert!(together(&[beside]));
        let mut allowed = 0;
        for key in &points {
            for r in &points {
                let mut signature = [0; 64];
                signature[..32].copy_from_slice(r);
                let single = VerificationKey::try_from(*key)
                    .and_then(|k| k.verify(&Signature::from(signature), b"anything"))
                    .is_ok();
                let item = (*key, signature, &b"anything"[..]);
                assert_eq!(together(&[item]), single);
                assert_eq!(together(&[beside, item]), single);
                allowed += usize::from(single);
                // s = 1 is another matter, for both.
                signature[32] = 1;
                let wrong = VerificationKey::try_from(*key)
                    .and_then(|k| k.verify(&Signature::from(signature), b"anything"))
                    .is_ok();
                assert!(!wrong && !together(&[beside, (*key, signature, b"anything")]));
            }
        }
        assert_eq!(allowed, 196);
    }
}
