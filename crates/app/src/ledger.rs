//! Acts on the chain that survive being cut off: what is signed is journaled before it is sent,
//! and the same act asked for again goes on where it stood instead of being done twice.

use std::time::Duration;

use dhc_chain::{
    BroadcastError, BroadcastVerdict, PrepareError, ProvenReceipt, ReadError, ReceiptError, Revert,
    SignError, SignedTx, SyncError, TxRequest, TxStatus, TxVerdict, contracts::intents::Intent,
};
use dhc_domain::{Address, Height};
use dhc_ipc::{Code, Failure, Stage};
use dhc_vault::AccountHandle;
use serde::{Deserialize, Serialize};

use crate::{
    carrying::{Carried, SignedIntent},
    failure::{damaged, misuse, reason_code, store_failure},
    job::Job,
    profile::{Profile, Session},
    sealed::{Batch, JOURNAL},
};

/// How long a command waits for its transaction before it says that it is pending.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
const ATTEMPTS: usize = 4;

/// An act that was signed and is not known to be done: as a transaction, as an intent for others
/// to carry in, or as both.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Journaled {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tx: Option<SignedTx>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<SignedIntent>,
}

/// An act that somebody wants done.
pub enum Wish {
    /// For the account itself to send and pay.
    Alone(TxRequest),
    /// For whoever carries it in, where the account cannot pay.
    Carried(Box<dyn Intent>),
}

impl From<TxRequest> for Wish {
    fn from(request: TxRequest) -> Self {
        Self::Alone(request)
    }
}

impl From<Box<dyn Intent>> for Wish {
    fn from(intent: Box<dyn Intent>) -> Self {
        Self::Carried(intent)
    }
}

/// The vault's account as the chain's signer.
pub(crate) struct Signing<'a>(pub &'a AccountHandle);

impl dhc_chain::Signer for Signing<'_> {
    fn address(&self) -> Address {
        self.0.address()
    }

    fn sign_hash(&self, hash: [u8; 32]) -> Result<dhc_chain::Signature, SignError> {
        let signature = self.0.sign_hash(&hash.into());
        dhc_chain::Signature::from_raw_array(&signature).map_err(|e| SignError(e.to_string()))
    }
}

impl Profile {
    /// Whether an act was signed and is not known to be done.
    pub fn in_flight(&self, session: &Session, act: &str) -> Result<bool, Failure> {
        Ok(session
            .db
            .get::<Journaled>(JOURNAL, &session.blind(act))?
            .is_some())
    }

    /// Does an act on the chain once, however often it is asked for: `act` names it, within this
    /// profile, and `wish` is signed only if it was not signed before. What the account cannot pay
    /// for, its sponsors carry in.
    ///
    /// Errors: the code of the contract's refusal, `insufficient_funds`, `tx_pending` when no
    /// block took it in time, and the network's codes.
    pub async fn transact(
        &self,
        session: &Session,
        act: &str,
        job: &Job,
        wish: impl Into<Wish>,
    ) -> Result<ProvenReceipt, Failure> {
        let receipt = self.transact_kept(session, act, job, wish).await?;
        self.forget_act(session, act)?;
        Ok(receipt)
    }

    /// Forgets an act that is done: asked for again, it is another one.
    pub fn forget_act(&self, session: &Session, act: &str) -> Result<(), Failure> {
        session.db.delete(JOURNAL, &session.blind(act))
    }

    /// As [`forget_act`](Self::forget_act), together with what the act led to.
    pub fn stage_forgotten(&self, session: &Session, batch: &mut Batch, act: &str) {
        batch.delete(JOURNAL, &session.blind(act));
    }

    /// As [`transact`](Self::transact), but the act stays in the journal until it is forgotten, so
    /// that what follows it may be cut off, too.
    pub async fn transact_kept(
        &self,
        session: &Session,
        act: &str,
        job: &Job,
        wish: impl Into<Wish>,
    ) -> Result<ProvenReceipt, Failure> {
        let mut wish = wish.into();
        let _one_at_a_time = session.sending.lock().await;
        let key = session.blind(act);
        for _ in 0..ATTEMPTS {
            job.go_on()?;
            let journaled = match session.db.get::<Journaled>(JOURNAL, &key)? {
                Some(journaled) => journaled,
                None => {
                    let journaled = self.sign(session, &mut wish).await?;
                    session.db.put(JOURNAL, &key, &journaled)?;
                    journaled
                }
            };
            let signed = match journaled {
                Journaled {
                    intent: Some(intent),
                    tx,
                } => match self.have_carried(session, &key, intent, tx, job).await? {
                    Carried::Done(receipt) => return Ok(*receipt),
                    Carried::Expired => {
                        session.db.delete(JOURNAL, &key)?;
                        continue;
                    }
                },
                Journaled { tx: Some(tx), .. } => tx,
                Journaled { .. } => return Err(damaged("journal")),
            };
            job.report(Stage::Committing, 0, 2);
            match self
                .chain
                .broadcast(&signed)
                .await
                .map_err(broadcast_failure)?
            {
                BroadcastVerdict::Accepted
                | BroadcastVerdict::AlreadyKnown
                | BroadcastVerdict::NonceUsed => {}
            }
            job.report(Stage::Proving, 1, 2);
            match self
                .chain
                .await_proven(&signed, PATIENCE)
                .await
                .map_err(receipt_failure)?
            {
                TxVerdict::Proven(receipt) => {
                    job.report(Stage::Proving, 2, 2);
                    let accepted = accept(*receipt);
                    if accepted.is_err() {
                        session.db.delete(JOURNAL, &key)?;
                    }
                    return accepted;
                }
                TxVerdict::Replaced => session.db.delete(JOURNAL, &key)?,
                TxVerdict::Pending => {
                    return Err(Failure::new(
                        Code::TxPending,
                        format!("{} waits for a block", signed.hash),
                    )
                    .hint("give the same command again: it goes on, and pays once"));
                }
                TxVerdict::Unknown => {}
            }
        }
        Err(
            Failure::new(Code::TxPending, "no block took the transaction")
                .hint("give the same command again later"),
        )
    }
}

pub(crate) fn broadcast_failure(e: BroadcastError) -> Failure {
    let code = match e {
        BroadcastError::Unreachable(_) => Code::NetworkUnreachable,
        BroadcastError::Untrusted(_) => Code::NodeUntrusted,
        BroadcastError::InsufficientFunds => Code::InsufficientFunds,
        BroadcastError::Refused(_) => Code::TxReverted,
    };
    Failure::new(code, e.to_string())
}

pub(crate) fn accept(receipt: ProvenReceipt) -> Result<ProvenReceipt, Failure> {
    match receipt.status {
        TxStatus::Ok => Ok(receipt),
        _ => Err(receipt.revert().map_or_else(
            || {
                Failure::new(
                    Code::TxReverted,
                    format!("{} was reverted: {}", receipt.tx, receipt.vm_error),
                )
            },
            |r| revert_failure(&r),
        )),
    }
}

/// A contract's custom error as a code.
pub fn revert_failure(revert: &Revert) -> Failure {
    let code = match revert.name.as_str() {
        "GrantUnknown" | "NotGrantOwner" => Code::GrantUnknown,
        "RequestUnknown" | "NotRequestOwner" | "NotAsker" => Code::RequestUnknown,
        "RequestClosed" => Code::RequestClosed,
        "TooManyOpen" => Code::TooManyRequests,
        "KeysUnpublished" => Code::NoIdentity,
        "NotAppointed" => Code::ProxyUnknown,
        "NotGrantee" => Code::NotGrantee,
        "GrantRevoked" | "AlreadyRevoked" => Code::GrantRevoked,
        "GrantExpired" => Code::GrantExpired,
        "GrantUnapproved" | "RoundOver" => Code::GrantUnapproved,
        "GrantDormant" => Code::GrantDormant,
        "ActionRefused" => Code::ActionRefused,
        "OnwardRefused" => Code::OnwardRefused,
        "NotApprover" | "AlreadyApproved" => Code::NotApprover,
        "AlreadyContributed" => Code::AlreadyContributed,
        "NothingToClaim" | "AlreadyClaimed" | "DayOpen" | "DayUnsettled" => Code::NothingToClaim,
        "TemplateIsRetired"
        | "TemplateNotForGrants"
        | "TemplateNotForContributions"
        | "TemplateNotFound"
        | "WindowTooLong"
        | "PurposeNotAdmitted"
        | "SealedNotAdmitted"
        | "CustodyRequired"
        | "TooFewApprovals"
        | "ActionsNotAdmitted"
        | "OnwardNotAdmitted"
        | "ThresholdUnreachable"
        | "ApproverInvalid"
        | "TooManyApprovers" => Code::TemplateRefused,
        "GovernorUnexpectedProposalState"
        | "GovernorNonexistentProposal"
        | "GovernorInsufficientProposerVotes"
        | "GovernorAlreadyCastVote"
        | "TimelockUnexpectedOperationState" => Code::ProposalRefused,
        "LockedLess" => Code::InsufficientFunds,
        "IssuerNotCertified" | "SealInvalid" | "GradeAboveIssuer" | "QualityInvalid"
        | "QualityUnsealed" | "RecordUnsealed" => Code::SealRefused,
        "NotRecordOwner" | "NotGranted" => Code::RecordUnknown,
        "GranteeInvalid" | "ExpiryPast" | "ModeUnknown" | "NoteTooLong" | "ObjectsInvalid"
        | "RenewalNotLater" | "OutlastsParent" | "NoGlass" | "GlassOpen" | "OwnerInvalid"
        | "WindowEmpty" | "AnswerUnfit" | "ProxyInvalid" | "PowersUnknown" | "TermPast" => {
            Code::Misuse
        }
        _ => Code::TxReverted,
    };
    Failure::new(code, format!("the contract refused: {}", revert.name))
}

pub fn prepare_failure(e: PrepareError) -> Failure {
    match e {
        PrepareError::Read(e) => read_failure(e),
        PrepareError::InsufficientFunds { have, need, coin } => Failure::new(
            Code::InsufficientFunds,
            format!(
                "the account holds {} {coin}, this needs {} {coin}",
                have.to_dhl(),
                need.to_dhl()
            ),
        ),
        PrepareError::WouldRevert(revert) => revert_failure(&revert),
        PrepareError::Unreachable(e) => Failure::new(
            Code::NetworkUnreachable,
            format!("no node of the network answers: {e}"),
        ),
        PrepareError::FeesUnreasonable | PrepareError::Untrusted(_) => {
            Failure::new(Code::NodeUntrusted, e.to_string())
        }
        PrepareError::Refused(_) => Failure::new(Code::TxReverted, e.to_string()),
    }
}

pub fn sync_failure(e: SyncError) -> Failure {
    match e {
        SyncError::Store(e) => store_failure(e.into()),
        SyncError::WitnessConflict(conflict) => {
            let failure = Failure::new(
                Code::WitnessConflict,
                format!(
                    "{} and {} show different blocks at height {}",
                    conflict.primary.endpoint, conflict.witness.endpoint, conflict.height
                ),
            );
            match &conflict.kept {
                Some(place) if conflict.stops() => failure.hint(format!(
                    "the validators signed both: send the evidence to the network's operators \
                     ({place}), take the endpoint that you do not trust out of the network's \
                     file, then: dhc node resume"
                )),
                Some(place) => failure.hint(format!("the evidence: {place}")),
                None => failure,
            }
        }
        e => {
            let code = reason_code(e.reason());
            let failure = Failure::new(code, e.to_string());
            match code {
                Code::NetworkUnreachable => failure.hint("dhc devnet start"),
                Code::ClockSkew => failure.hint("set this device's clock"),
                Code::TrustExpired => failure.hint(
                    "take the network's newer file; or see `dhc node checkpoint`, compare its hash \
                     with what the network's operators publish, then: dhc node trust",
                ),
                _ => failure,
            }
        }
    }
}

pub fn read_failure(e: ReadError) -> Failure {
    match e {
        ReadError::Sync(e) => sync_failure(e),
        ReadError::Network(e) => misuse(e.to_string()),
        e => Failure::new(reason_code(e.reason()), e.to_string()),
    }
}

pub fn receipt_failure(e: ReceiptError) -> Failure {
    match e {
        ReceiptError::Sync(e) => sync_failure(e),
        e => Failure::new(reason_code(e.reason()), e.to_string()),
    }
}

/// Who carried an act in and paid for it, if it was not its author.
pub fn sponsored_by(session: &Session, receipt: &ProvenReceipt) -> Option<String> {
    (receipt.from != session.address).then(|| receipt.from.to_string())
}

/// The standing of what a proven receipt says.
pub fn proven_at(height: Height) -> dhc_ipc::Standing {
    dhc_ipc::Standing::Proven { height: height.0 }
}
