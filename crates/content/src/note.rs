//! The note that a grant carries to its grantee on chain: what was granted and where it is. An
//! HPKE envelope (RFC 9180 base mode; X-Wing, HKDF-SHA256, AES-256-GCM) to the grantee's record
//! identity, signed by the owner's account. In sealed mode it also carries the object's key; such
//! an envelope has no forward secrecy on the grantee's side.

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

use crate::{DigestSigner, EnvelopeOpener, object::ObjectKey, signature::signer_of};

/// The longest note that the contract is given, bytes.
pub const MAX_NOTE: usize = 4096;

const VERSION: u8 = 1;
const INFO: &[u8] = b"DHC-NOTE/1";
const ENCAPSULATED: usize = 1120;
const SIGNATURE: usize = 65;
const TAG: usize = 16;
/// The plaintext is padded to a multiple of this, so that its length does not tell the label.
const PADDING: usize = 512;

/// Whom and what a note is for: signed by the owner, and needed to open it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoteContext {
    /// The EVM chain id.
    pub chain_id: u64,
    /// The `Consent` contract.
    pub consent: Address,
    pub owner: Address,
    pub grantee: Address,
    pub grant: GrantId,
}

/// Where an owner's app can be reached: its peer id and multiaddresses (libp2p text forms).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerHint {
    pub peer: String,
    pub addresses: Vec<String>,
}

/// What a grantee learns from a grant. `Debug` shows nothing of the study.
#[derive(Clone, PartialEq, Eq)]
pub struct Note {
    pub record: RecordId,
    pub object: ObjectId,
    /// The object's root.
    pub root: Cid,
    /// The salt of the record's commitment.
    pub commitment_salt: B256,
    /// The owner's name for the study.
    pub label: String,
    pub peers: Vec<PeerHint>,
    /// The object's key, in sealed mode.
    pub key: Option<ObjectKey>,
}

impl fmt::Debug for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Note")
            .field("object", &self.object)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealNoteError {
    #[error("the grantee's published key is malformed")]
    Recipient,
    #[error("the note is longer than {MAX_NOTE} bytes")]
    TooLong,
    #[error("the owner's key is not at hand")]
    SignerUnavailable,
    #[error("the signer is not the owner")]
    NotOwner,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenNoteError {
    #[error("the note is malformed")]
    Malformed,
    #[error("the note is not signed by the owner for this grant")]
    Signature,
    #[error("the note is not for this identity, or not for this grant")]
    NotForUs,
}

mod typed {
    alloy::sol! {
        /// What the owner signs.
        struct GrantNote {
            address owner;
            address grantee;
            bytes32 grant;
            bytes envelope;
        }

        /// What the envelope authenticates.
        struct GrantContext {
            address owner;
            address grantee;
            bytes32 grant;
        }
    }
}

/// The plaintext, in postcard's encoding.
#[derive(Serialize, Deserialize)]
struct Wire {
    record: [u8; 32],
    object: [u8; 16],
    root: Vec<u8>,
    commitment_salt: [u8; 32],
    label: String,
    peers: Vec<PeerHint>,
    key: Option<Zeroizing<[u8; 32]>>,
}

impl NoteContext {
    fn domain(&self) -> Eip712Domain {
        eip712_domain! {
            name: "DHC Note",
            version: "1",
            chain_id: self.chain_id,
            verifying_contract: self.consent,
        }
    }

    fn aad(&self) -> B256 {
        let Self {
            owner,
            grantee,
            grant,
            ..
        } = *self;
        typed::GrantContext {
            owner,
            grantee,
            grant: grant.0,
        }
        .eip712_signing_hash(&self.domain())
    }

    fn signing_hash(&self, envelope: &[u8]) -> B256 {
        let Self {
            owner,
            grantee,
            grant,
            ..
        } = *self;
        typed::GrantNote {
            owner,
            grantee,
            grant: grant.0,
            envelope: envelope.to_vec().into(),
        }
        .eip712_signing_hash(&self.domain())
    }
}

/// Seals a note to the record identity that the grantee has published (1216 bytes).
///
/// Gives version (1) ‖ signature (65) ‖ encapsulated key (1120) ‖ ciphertext.
pub fn seal_note(
    note: &Note,
    context: &NoteContext,
    recipient: &[u8],
    signer: &impl DigestSigner,
    mut rng: &mut (impl CryptoRng + ?Sized),
) -> Result<Vec<u8>, SealNoteError> {
    if signer.address() != context.owner {
        return Err(SealNoteError::NotOwner);
    }
    let recipient =
        <XWing as Kem>::PublicKey::from_bytes(recipient).map_err(|_| SealNoteError::Recipient)?;
    let plaintext = encode(note)?;
    let (key, ciphertext) = single_shot_seal_with_rng::<AesGcm256, HkdfSha256, XWing>(
        &OpModeS::Base,
        &recipient,
        INFO,
        &plaintext,
        context.aad().as_slice(),
        &mut rng,
    )
    .map_err(|_| SealNoteError::Recipient)?;
    let mut envelope = key.to_bytes().to_vec();
    envelope.extend_from_slice(&ciphertext);
    let signature = signer
        .sign_digest(&context.signing_hash(&envelope))
        .ok_or(SealNoteError::SignerUnavailable)?;
    let sealed = [&[VERSION], signature.as_slice(), &envelope].concat();
    if sealed.len() > MAX_NOTE {
        Err(SealNoteError::TooLong)
    } else {
        Ok(sealed)
    }
}

/// Opens a note, after checking that the owner signed it for this grant.
pub fn open_note(
    bytes: &[u8],
    context: &NoteContext,
    opener: &impl EnvelopeOpener,
) -> Result<Note, OpenNoteError> {
    let (&[VERSION], rest) = bytes
        .split_first_chunk::<1>()
        .ok_or(OpenNoteError::Malformed)?
    else {
        return Err(OpenNoteError::Malformed);
    };
    let (signature, envelope) = rest
        .split_at_checked(SIGNATURE)
        .ok_or(OpenNoteError::Malformed)?;
    if signer_of(&context.signing_hash(envelope), signature) != Some(context.owner) {
        return Err(OpenNoteError::Signature);
    }
    let (key, ciphertext) = envelope
        .split_at_checked(ENCAPSULATED)
        .ok_or(OpenNoteError::Malformed)?;
    let plaintext = opener
        .open_envelope(key, INFO, context.aad().as_slice(), ciphertext)
        .ok_or(OpenNoteError::NotForUs)?;
    decode(&plaintext).ok_or(OpenNoteError::Malformed)
}

/// Length (2, big-endian) ‖ postcard ‖ zeros.
fn encode(note: &Note) -> Result<Zeroizing<Vec<u8>>, SealNoteError> {
    let wire = Wire {
        record: note.record.0.0,
        object: note.object.0.0,
        root: note.root.to_bytes(),
        commitment_salt: note.commitment_salt.0,
        label: note.label.clone(),
        peers: note.peers.clone(),
        key: note.key.as_ref().map(|key| Zeroizing::new(*key.as_bytes())),
    };
    let body = Zeroizing::new(postcard::to_allocvec(&wire).map_err(|_| SealNoteError::TooLong)?);
    let len = u16::try_from(body.len()).map_err(|_| SealNoteError::TooLong)?;
    let padded = (2 + body.len()).next_multiple_of(PADDING);
    if 1 + SIGNATURE + ENCAPSULATED + padded + TAG > MAX_NOTE {
        return Err(SealNoteError::TooLong);
    }
    let mut out = Zeroizing::new(Vec::with_capacity(padded));
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(&body);
    out.resize(padded, 0);
    Ok(out)
}

fn decode(plaintext: &[u8]) -> Option<Note> {
    let (len, rest) = plaintext.split_first_chunk::<2>()?;
    let body = rest.get(..usize::from(u16::from_be_bytes(*len)))?;
    let wire: Wire = postcard::from_bytes(body).ok()?;
    Some(Note {
        record: RecordId(wire.record.into()),
        object: ObjectId(wire.object.into()),
        root: Cid::try_from(wire.root.as_slice()).ok()?,
        commitment_salt: wire.commitment_salt.into(),
        label: wire.label,
        peers: wire.peers,
        key: wire.key.map(|key| ObjectKey::from_bytes(*key)),
    })
}
