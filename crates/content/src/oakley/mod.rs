//! Oakley (RFC 2412) in a profile of today: the live release of an object's key from an owner's
//! app to a grantee's, in aggressive signature mode with stateless cookies. The group is X25519
//! with ML-KEM-768, signatures are secp256k1 over EIP-712 digests, and the keys are bound to the
//! whole transcript. `docs/spec/oakley.md` has the bytes.
//!
//! ```text
//! grantee (Initiator)                     owner (Responder)
//! Hello {CKY-I}                      →
//!                                    ←    Challenge {CKY-R}
//! Init {g^x, ek, Ni, S_I}            →    cookie, replay, signature; then ask the chain
//!                                    ←    Reply {g^y, ct, Nr, S_R, MAC_R}   or Refusal
//! Confirm {S_I, MAC_I} under K_I     →    ask the chain again
//!                                    ←    Release {key} under K_R           or Refusal
//! ```
//!
//! In custody mode the same exchange is held with a holder in the owner's place: the beginning
//! also shows the holder's letter ([`Presented`]), and what is released is a share.

mod cookie;
#[cfg(test)]
mod degenerate;
mod initiator;
mod message;
mod release;
mod responder;
mod schedule;
mod share;
mod typed;

use cid::Cid;
use dhc_domain::{Address, B256, GrantId, ObjectId};

pub use initiator::{Initiator, Progress};
pub use release::{Release, ShareRelease};
pub use responder::{Initiation, Responder, Step};
pub use share::Presented;

use crate::object::ObjectKey;

/// The libp2p protocol over which the messages travel, one request and one answer at a time.
pub const PROTOCOL: &str = "/dhc/oakley/1";
/// No message is longer, bytes.
pub const MAX_MESSAGE: usize = 8192;

/// The private group of this profile (RFC 2412 leaves 2^31 and above to private use): X25519 with
/// ML-KEM-768.
pub(crate) const GROUP: u32 = 0x8000_0001;
/// HKDF-SHA256, HMAC-SHA256, AES-256-GCM, secp256k1 signatures over EIP-712.
pub(crate) const TRANSFORM: u32 = 1;

/// The deployment that signatures are for (EIP-712 domain).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The EVM chain id.
    pub chain_id: u64,
    /// The `Consent` contract.
    pub consent: Address,
}

/// The entry of the access log that this release is to stand behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessEntry {
    /// Its number in the owner's log.
    pub seq: u64,
    /// Its hash in the log's chain.
    pub entry: B256,
}

/// What a grantee asks an owner's app for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessRequest {
    pub grantee: Address,
    pub owner: Address,
    pub grant: GrantId,
    pub access: AccessEntry,
    /// The object's root.
    pub root: Cid,
}

/// What the owner's app found on chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authorisation {
    Allowed,
    Refused(Refusal),
}

/// Why a key is not released. The names are the error codes of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    #[error("grant_unknown")]
    GrantUnknown,
    #[error("grant_revoked")]
    GrantRevoked,
    #[error("grant_expired")]
    GrantExpired,
    #[error("grant_unapproved")]
    GrantUnapproved,
    #[error("not_grantee")]
    NotGrantee,
    /// The access entry is not proven, or not recent.
    #[error("proof_unavailable")]
    AccessUnproven,
    /// The owner's app does not hold the object or its key.
    #[error("content_unavailable")]
    ContentUnavailable,
    /// The glass of the grant is whole.
    #[error("grant_dormant")]
    GrantDormant,
    /// The entry is for an action that needs no key.
    #[error("action_refused")]
    ActionRefused,
    /// The letter does not open, or its shares are not what the commitments say.
    #[error("letter_unusable")]
    LetterUnusable,
}

impl Refusal {
    const ALL: [Self; 10] = [
        Self::GrantUnknown,
        Self::GrantRevoked,
        Self::GrantExpired,
        Self::GrantUnapproved,
        Self::NotGrantee,
        Self::AccessUnproven,
        Self::ContentUnavailable,
        Self::GrantDormant,
        Self::ActionRefused,
        Self::LetterUnusable,
    ];

    /// The error code of the wire.
    pub fn code(self) -> String {
        self.to_string()
    }

    pub(crate) fn index(self) -> u8 {
        self as u8
    }

    pub(crate) fn from_index(i: u8) -> Option<Self> {
        Self::ALL.get(usize::from(i)).copied()
    }
}

/// A released key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleasedKey {
    pub object: ObjectId,
    pub key: ObjectKey,
}

/// Why a message ends the exchange. Nothing is answered to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    #[error("the message is malformed")]
    Malformed,
    #[error("the message does not belong here")]
    Unexpected,
    #[error("the message is for somebody else")]
    NotForUs,
    #[error("another group or transform was offered")]
    Downgrade,
    #[error("the cookie is not ours, or too old")]
    Cookie,
    #[error("the message was seen before")]
    Replayed,
    #[error("the signature is not the peer's")]
    Signature,
    #[error("the peer's half key is degenerate")]
    KeyExchange,
    #[error("the peer did not derive the same keys")]
    Confirmation,
    #[error("the letter is not signed by its author for this holder and exchange")]
    Letter,
    #[error("the share is not what the commitments say")]
    Share,
    #[error("the exchange took too long")]
    Expired,
    #[error("too many exchanges at once")]
    Busy,
    #[error("the account's key is not at hand")]
    SignerUnavailable,
}
