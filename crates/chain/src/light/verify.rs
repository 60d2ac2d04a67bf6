use std::time::Duration;

use dhc_domain::Timestamp;
use tendermint::{Time, trust_threshold::TrustThresholdFraction};
use tendermint_light_client_verifier::{
    PredicateVerifier, Verdict as VerifierVerdict, Verifier,
    errors::VerificationErrorDetail,
    operations::ProdCommitValidator,
    options::Options,
    predicates::ProdPredicates,
    types::{TrustedBlockState, UntrustedBlockState},
};

use super::{LightBlock, signatures::Together};

/// The Tendermint light client's verifier, with signatures verified in batches.
type LightVerifier = PredicateVerifier<ProdPredicates, Together, ProdCommitValidator>;

/// How long trust lasts, and how exact clocks are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// For so long a trusted block's validators can be held to what they signed.
    pub trusting_period: Duration,
    /// How far a header's time may be ahead of ours.
    pub clock_drift: Duration,
}

impl Rules {
    /// A network's trusting period, and half a minute for clocks.
    pub const fn with_period(trusting_period: Duration) -> Self {
        Self {
            trusting_period,
            clock_drift: Duration::from_secs(30),
        }
    }
}

/// Whether a block may be trusted because an earlier one is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Trusted,
    /// Well signed, but by too few validators that the earlier block vouches for: try one
    /// between.
    TooFewKnown,
    /// The earlier block is older than the trusting period.
    TrustExpired,
    /// The block is the chain's, and its time lies in the future: our clock or the chain's is
    /// wrong.
    FromTheFuture,
    Invalid(String),
}

/// Verifies `untrusted` against the earlier `trusted` at `now`: signatures of more than two
/// thirds of its validators, and of more than a third of those that `trusted` names as next
/// (LCV-FUNC-VALID.1). Pure.
pub fn verify(
    trusted: &LightBlock,
    untrusted: &LightBlock,
    rules: Rules,
    now: Timestamp,
) -> Verdict {
    let Some(now) = time(now) else {
        return Verdict::FromTheFuture;
    };
    let options = Options {
        trust_threshold: TrustThresholdFraction::ONE_THIRD,
        trusting_period: rules.trusting_period,
        clock_drift: rules.clock_drift,
    };
    let header = trusted.header();
    let base = || TrustedBlockState {
        chain_id: &header.chain_id,
        header_time: header.time,
        height: header.height,
        next_validators: &trusted.next_validators,
        next_validators_hash: header.next_validators_hash,
    };
    let verifier = LightVerifier::default();
    match verifier.verify_update_header(state(untrusted), base(), &options, now) {
        VerifierVerdict::Success => Verdict::Trusted,
        VerifierVerdict::NotEnoughTrust(_) => Verdict::TooFewKnown,
        VerifierVerdict::Invalid(VerificationErrorDetail::NotWithinTrustPeriod(_)) => {
            Verdict::TrustExpired
        }
        // That check comes before the signatures: whose word this is has still to be seen.
        VerifierVerdict::Invalid(VerificationErrorDetail::HeaderFromTheFuture(_)) => {
            match verifier.verify_commit_against_trusted(&state(untrusted), &base(), &options) {
                VerifierVerdict::Success => Verdict::FromTheFuture,
                VerifierVerdict::NotEnoughTrust(_) => Verdict::TooFewKnown,
                VerifierVerdict::Invalid(detail) => Verdict::Invalid(reason(&detail)),
            }
        }
        VerifierVerdict::Invalid(detail) => Verdict::Invalid(reason(&detail)),
    }
}

/// Whether a block is consistent in itself and signed by more than two thirds of its own
/// validators. Says nothing of whether those are the chain's.
pub(super) fn verify_own_commit(block: &LightBlock) -> Result<(), String> {
    let verifier = LightVerifier::default();
    for verdict in [
        verifier.verify_validator_sets(&state(block)),
        verifier.verify_commit(&state(block)),
    ] {
        match verdict {
            VerifierVerdict::Success => {}
            VerifierVerdict::NotEnoughTrust(_) => return Err("too few signatures".into()),
            VerifierVerdict::Invalid(detail) => return Err(reason(&detail)),
        }
    }
    Ok(())
}

fn state(block: &LightBlock) -> UntrustedBlockState<'_> {
    UntrustedBlockState {
        signed_header: &block.signed_header,
        validators: &block.validators,
        next_validators: Some(&block.next_validators),
    }
}

fn time(t: Timestamp) -> Option<Time> {
    Time::from_unix_timestamp(i64::try_from(t.0).ok()?, 0).ok()
}

/// The kind of failure in a few words; the details (whole validator sets) stay out of messages.
fn reason(detail: &VerificationErrorDetail) -> String {
    use VerificationErrorDetail as D;
    match detail {
        D::InsufficientSignersOverlap(_) => "too few of its validators signed",
        D::DuplicateValidator(_) => "a validator signed twice",
        D::MissingSignature(_) | D::NoSignatureForCommit(_) => "a signature is missing",
        D::InvalidSignature(_) => "a signature is wrong",
        D::InvalidCommitValue(_) => "the commit is for another header",
        D::InvalidNextValidatorSet(_) => "the next validators are others than announced",
        D::InvalidValidatorSet(_) => "the validators are others than the header's",
        D::NonIncreasingHeight(_) => "the height does not increase",
        D::ChainIdMismatch(_) => "the header is another chain's",
        D::NonMonotonicBftTime(_) => "the time does not increase",
        D::MismatchPreCommitLength(_) => "signatures and validators differ in number",
        D::FaultySigner(_) => "somebody signed who is no validator",
        _ => "the header does not verify",
    }
    .to_owned()
}
