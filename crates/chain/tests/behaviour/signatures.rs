//! Signatures verified together, against the same verified one by one.

use std::{
    sync::{LazyLock, Mutex},
    time::Duration,
};

use dhc_chain::light::{LightBlock, Rules, Verdict, verify};
use dhc_domain::Timestamp;
use proptest::prelude::*;
use tendermint::{Time, block::CommitSig, trust_threshold::TrustThresholdFraction};
use tendermint_light_client_verifier::{
    ProdVerifier, Verdict as Singly, Verifier,
    options::Options,
    types::{TrustedBlockState, UntrustedBlockState},
};

use crate::support::{GENESIS, SimChain};

const PERIOD: Duration = Duration::from_secs(14 * 86_400);

/// Seven validators, of whom one changes at height 4.
fn set(height: u64) -> Vec<u8> {
    let first = if height < 4 { 1 } else { 2 };
    (first..first + 7).collect()
}

/// Signed once for all cases.
static CHAIN: LazyLock<Mutex<SimChain>> = LazyLock::new(|| {
    let mut sim = SimChain::new(set);
    sim.grow_to(8);
    Mutex::new(sim)
});

fn block(height: u64) -> LightBlock {
    let sim = CHAIN.lock().expect("whole");
    LightBlock {
        signed_header: sim.signed(height).expect("a block"),
        validators: sim.set(height),
        next_validators: sim.set(height + 1),
    }
}

/// The Tendermint light client's own verdict.
fn singly(trusted: &LightBlock, shown: &LightBlock, now: u64) -> Singly {
    let header = trusted.header();
    ProdVerifier::default().verify_update_header(
        UntrustedBlockState {
            signed_header: &shown.signed_header,
            validators: &shown.validators,
            next_validators: Some(&shown.next_validators),
        },
        TrustedBlockState {
            chain_id: &header.chain_id,
            header_time: header.time,
            height: header.height,
            next_validators: &trusted.next_validators,
            next_validators_hash: header.next_validators_hash,
        },
        &Options {
            trust_threshold: TrustThresholdFraction::ONE_THIRD,
            trusting_period: PERIOD,
            clock_drift: Duration::from_secs(30),
        },
        Time::from_unix_timestamp(now as i64, 0).expect("a time"),
    )
}

/// What may be wrong with one signature.
fn damage(signatures: &mut [CommitSig], at: usize, how: u8) {
    let other = signatures[(at + 1) % signatures.len()].clone();
    let CommitSig::BlockIdFlagCommit {
        validator_address,
        timestamp,
        signature,
    } = signatures[at].clone()
    else {
        return;
    };
    signatures[at] = match how {
        0 => CommitSig::BlockIdFlagAbsent,
        1 => CommitSig::BlockIdFlagNil {
            validator_address,
            timestamp,
            signature,
        },
        2 => other,
        3 => CommitSig::BlockIdFlagCommit {
            validator_address,
            timestamp,
            signature: None,
        },
        4 => {
            let CommitSig::BlockIdFlagCommit { signature, .. } = other else {
                return;
            };
            CommitSig::BlockIdFlagCommit {
                validator_address,
                timestamp,
                signature,
            }
        }
        5 => CommitSig::BlockIdFlagCommit {
            validator_address,
            timestamp: Time::unix_epoch(),
            signature,
        },
        // One bit of R, of s, or the sign of s.
        _ => {
            let Some(signature) = signature else { return };
            let mut bytes = signature.as_bytes().to_vec();
            let byte = [0, 31, 32, 63][usize::from(how) % 4];
            bytes[byte] ^= 1 << (how % 8);
            CommitSig::BlockIdFlagCommit {
                validator_address,
                timestamp,
                signature: tendermint::Signature::new(bytes).expect("64 bytes"),
            }
        }
    };
}

proptest! {
    #[test]
    fn together_and_one_by_one_agree(
        height in 2u64..7,
        damages in proptest::collection::vec((0usize..7, 0u8..14), 0..5),
    ) {
        let trusted = block(1);
        let mut shown = block(height);
        for (at, how) in damages {
            damage(&mut shown.signed_header.commit.signatures, at, how);
        }
        let now = GENESIS + 20;
        let ours = verify(&trusted, &shown, Rules::with_period(PERIOD), Timestamp(now));
        let agree = match singly(&trusted, &shown, now) {
            Singly::Success => ours == Verdict::Trusted,
            Singly::NotEnoughTrust(_) => ours == Verdict::TooFewKnown,
            Singly::Invalid(_) => matches!(ours, Verdict::Invalid(_)),
        };
        prop_assert!(agree, "{ours:?}");
    }
}
