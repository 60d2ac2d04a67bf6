//! The note that a grant carries to its grantee on chain: what was granted and where it is. An
//! HPKE envelope (RFC 9180 base mode; X-Wing, HKDF-SHA256, AES-256-GCM) to the grantee's record
//! identity, signed by the account that makes the grant. In sealed mode it also carries the object's key; such
//! an envelope has no forward secrecy on the grantee's side. In custody mode it carries the keys
//! wrapped, and the letters to the holders of the shares that unwrap them.

mod wire;

use std::fmt;

use alloy::sol_types::{Eip712Domain, SolStruct, eip712_domain};
use cid::Cid;
use dhc_domain::{Address, B256, GrantId, ObjectId, RecordId};
use hpke::{
    Deserializable, Kem, OpModeS, Serializable, aead::AesGcm256, kdf::HkdfSha256, kem::XWing,
    single_shot_seal_with_rng,
};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    DigestSigner, EnvelopeOpener,
    custody::{Dealing, Letter, WrappedKey},
    object::ObjectKey,
    signature::signer_of,
};

/// The longest note that the contract is given, bytes.
pub const MAX_NOTE: usize = 8192;

/// A note about one record, signed by the owner.
const VERSION_1: u8 = 1;
const INFO_1: &[u8] = b"DHC-NOTE/1";
const VERSION_2: u8 = 2;
const INFO_2: &[u8] = b"DHC-NOTE/2";
/// A note of a grant in custody mode.
const VERSION_3: u8 = 3;
const INFO_3: &[u8] = b"DHC-NOTE/3";
const ENCAPSULATED: usize = 1120;
const SIGNATURE: usize = 65;
const TAG: usize = 16;
/// The plaintext is padded to a multiple of this, so that its length does not tell the label.
const PADDING: usize = 512;

/// Whom and what a note is for: signed by its author, and needed to open it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoteContext {
    /// The EVM chain id.
    pub chain_id: u64,
    /// The `Consent` contract.
    pub consent: Address,
    pub owner: Address,
    /// Who made the grant and signs its note: the owner, a proxy of theirs, or a grantee who shares
    /// onward.
    pub by: Address,
    pub grantee: Address,
    pub grant: GrantId,
}

/// Where an owner's app can be reached: its peer id and multiaddresses (libp2p text forms).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerHint {
    pub peer: String,
    pub addresses: Vec<String>,
}

/// What a grantee learns of one record. `Debug` shows nothing of the study.
#[derive(Clone, PartialEq, Eq)]
pub struct NoteItem {
    pub record: RecordId,
    pub object: ObjectId,
    /// The object's root.
    pub root: Cid,
    /// The salt of the record's commitment.
    pub commitment_salt: B256,
    /// The owner's name for the study.
    pub label: String,
    /// The object's key, in sealed mode.
    pub key: Option<ObjectKey>,
}

impl fmt::Debug for NoteItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoteItem")
            .field("object", &self.object)
            .finish_non_exhaustive()
    }
}

/// What a grantee learns from a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// One for each record of the grant.
    pub items: Vec<NoteItem>,
    pub peers: Vec<PeerHint>,
    /// In custody mode.
    pub custody: Option<Custody>,
}

/// How the keys of a grant in custody mode are had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Custody {
    pub dealing: Dealing,
    /// Of each record, in the items' order.
    pub wrapped: Vec<WrappedKey>,
    /// In the order of their indices, from 1.
    pub holders: Vec<Holder>,
}

/// Who holds a share, and what to hand over when asking for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    pub account: Address,
    /// Where the holder's app can be reached.
    pub peer: PeerHint,
    pub letter: Letter,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealNoteError {
    #[error("the grantee's published key is malformed")]
    Recipient,
    #[error("the note is longer than {MAX_NOTE} bytes")]
    TooLong,
    #[error("the owner's key is not at hand")]
    SignerUnavailable,
    #[error("the signer is not who makes the grant")]
    NotAuthor,
    #[error("the dealing is not of these records and holders, or keys stand beside it")]
    Custody,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenNoteError {
    #[error("the note is malformed")]
    Malformed,
    #[error("the note is not signed by its author for this grant")]
    Signature,
    #[error("the note is not for this identity, or not for this grant")]
    NotForUs,
}

mod typed {
    alloy::sol! {
        /// What the author signs.
        struct GrantNote {
            address owner;
            address by;
            address grantee;
            bytes32 grant;
            bytes envelope;
        }

        /// What the envelope authenticates.
        struct GrantContext {
            address owner;
            address by;
            address grantee;
            bytes32 grant;
        }
    }
}

/// As version 1 has them: the owner is the author.
mod typed_1 {
    alloy::sol! {
        struct GrantNote {
            address owner;
            address grantee;
            bytes32 grant;
            bytes envelope;
        }

        struct GrantContext {
            address owner;
            address grantee;
            bytes32 grant;
        }
    }
}

impl NoteContext {
    fn domain(&self, version: u8) -> Eip712Domain {
        eip712_domain! {
            name: "DHC Note",
            version: version.to_string(),
            chain_id: self.chain_id,
            verifying_contract: self.consent,
        }
    }

    fn aad(&self, version: u8) -> B256 {
        let Self {
            owner, by, grantee, ..
        } = *self;
        let (grant, domain) = (self.grant.0, self.domain(version));
        if version == VERSION_1 {
            typed_1::GrantContext {
                owner,
                grantee,
                grant,
            }
            .eip712_signing_hash(&domain)
        } else {
            typed::GrantContext {
                owner,
                by,
                grantee,
                grant,
            }
            .eip712_signing_hash(&domain)
        }
    }

    fn signing_hash(&self, version: u8, envelope: &[u8]) -> B256 {
        let Self {
            owner, by, grantee, ..
        } = *self;
        let (grant, domain) = (self.grant.0, self.domain(version));
        let envelope = envelope.to_vec().into();
        if version == VERSION_1 {
            typed_1::GrantNote {
                owner,
                grantee,
                grant,
                envelope,
            }
            .eip712_signing_hash(&domain)
        } else {
            typed::GrantNote {
                owner,
                by,
                grantee,
                grant,
                envelope,
            }
            .eip712_signing_hash(&domain)
        }
    }
}

/// Seals a note to the record identity that the grantee has published (1216 bytes).
///
/// Version 3 where it has custody, else 2. Gives version (1) ‖ signature (65) ‖ encapsulated key (1120) ‖ ciphertext.
pub fn seal_note(
    note: &Note,
    context: &NoteContext,
    recipient: &[u8],
    signer: &impl DigestSigner,
    mut rng: &mut (impl CryptoRng + ?Sized),
) -> Result<Vec<u8>, SealNoteError> {
    if signer.address() != context.by {
        return Err(SealNoteError::NotAuthor);
    }
    let recipient =
        <XWing as Kem>::PublicKey::from_bytes(recipient).map_err(|_| SealNoteError::Recipient)?;
    let (version, info) = match note.custody {
        None => (VERSION_2, INFO_2),
        Some(_) => (VERSION_3, INFO_3),
    };
    let plaintext = note.write()?;
    let (key, ciphertext) = single_shot_seal_with_rng::<AesGcm256, HkdfSha256, XWing>(
        &OpModeS::Base,
        &recipient,
        info,
        &plaintext,
        context.aad(version).as_slice(),
        &mut rng,
    )
    .map_err(|_| SealNoteError::Recipient)?;
    let mut envelope = key.to_bytes().to_vec();
    envelope.extend_from_slice(&ciphertext);
    let signature = signer
        .sign_digest(&context.signing_hash(version, &envelope))
        .ok_or(SealNoteError::SignerUnavailable)?;
    let sealed = [&[version], signature.as_slice(), &envelope].concat();
    if sealed.len() > MAX_NOTE {
        Err(SealNoteError::TooLong)
    } else {
        Ok(sealed)
    }
}

/// Opens a note of any version, after checking that its author signed it for this grant.
pub fn open_note(
    bytes: &[u8],
    context: &NoteContext,
    opener: &impl EnvelopeOpener,
) -> Result<Note, OpenNoteError> {
    let (&version, rest) = bytes.split_first().ok_or(OpenNoteError::Malformed)?;
    let info = match version {
        VERSION_3 => INFO_3,
        VERSION_2 => INFO_2,
        VERSION_1 if context.by == context.owner => INFO_1,
        _ => return Err(OpenNoteError::Malformed),
    };
    let (signature, envelope) = rest
        .split_at_checked(SIGNATURE)
        .ok_or(OpenNoteError::Malformed)?;
    if signer_of(&context.signing_hash(version, envelope), signature) != Some(context.by) {
        return Err(OpenNoteError::Signature);
    }
    let (key, ciphertext) = envelope
        .split_at_checked(ENCAPSULATED)
        .ok_or(OpenNoteError::Malformed)?;
    let plaintext = opener
        .open_envelope(key, info, context.aad(version).as_slice(), ciphertext)
        .ok_or(OpenNoteError::NotForUs)?;
    Note::read(version, &plaintext).ok_or(OpenNoteError::Malformed)
}

impl Note {
    /// Reads what an envelope of that version holds: length (2, big-endian) ‖ postcard ‖ padding.
    /// `None` where it is none.
    pub fn read(version: u8, plaintext: &[u8]) -> Option<Self> {
        wire::decode(version, plaintext)
    }

    /// What the envelope of the version that this note is of holds, padded with zeros.
    pub fn write(&self) -> Result<Zeroizing<Vec<u8>>, SealNoteError> {
        wire::encode(self)
    }
}
