use serde::{Deserialize, Serialize, de::DeserializeOwned};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{AccessEntry, AccessRequest, GROUP, HandshakeError, MAX_MESSAGE, TRANSFORM};

const PREFIX: &[u8] = b"DHC-OAKLEY/1";

/// One exchange: CKY-I and CKY-R.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct KeyId {
    pub initiator: [u8; 32],
    pub responder: [u8; 32],
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Message {
    Hello {
        initiator_cookie: [u8; 32],
    },
    Challenge(KeyId),
    Init(Box<Init>),
    Reply(Box<Reply>),
    Confirm {
        id: KeyId,
        sealed: Vec<u8>,
    },
    Release {
        id: KeyId,
        sealed: Vec<u8>,
    },
    Refusal {
        id: KeyId,
        code: u8,
        signature: Vec<u8>,
    },
    /// Begins as `Init`, at a holder.
    ShareInit(Box<ShareInit>),
    /// Ends as `Release`, with a share.
    ShareRelease {
        id: KeyId,
        sealed: Vec<u8>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Init {
    pub id: KeyId,
    pub group: u32,
    pub transform: u32,
    pub initiator: [u8; 20],
    pub responder: [u8; 20],
    pub grant: [u8; 32],
    pub access_seq: u64,
    pub access_entry: [u8; 32],
    /// The object's root CID, binary.
    pub root: Vec<u8>,
    pub nonce: [u8; 32],
    pub x25519: [u8; 32],
    /// ML-KEM-768 encapsulation key, 1184 bytes.
    pub kem: Vec<u8>,
    pub signature: Vec<u8>,
}

/// `Init` to a holder, who is its responder, with what makes the holder one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ShareInit {
    pub init: Init,
    pub owner: [u8; 20],
    /// Who made the grant.
    pub by: [u8; 20],
    pub index: u8,
    /// The record's place in the grant.
    pub place: u8,
    pub threshold: u8,
    pub holders: u8,
    pub commitments: Vec<[u8; 32]>,
    pub envelope: Vec<u8>,
    pub letter_signature: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reply {
    pub id: KeyId,
    pub nonce: [u8; 32],
    pub x25519: [u8; 32],
    /// ML-KEM-768 ciphertext, 1088 bytes.
    pub kem: Vec<u8>,
    pub signature: Vec<u8>,
    pub confirmation: [u8; 32],
}

/// The plaintext of `Confirm`.
#[derive(Serialize, Deserialize)]
pub(crate) struct Confirmation {
    pub signature: Vec<u8>,
    pub confirmation: [u8; 32],
}

/// The plaintext of `Release`.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Payload {
    pub grant: [u8; 32],
    pub access_seq: u64,
    pub access_entry: [u8; 32],
    pub root: Vec<u8>,
    pub object: [u8; 16],
    pub key: [u8; 32],
}

/// The plaintext of `ShareRelease`.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub(crate) struct SharePayload {
    pub grant: [u8; 32],
    pub access_seq: u64,
    pub access_entry: [u8; 32],
    pub root: Vec<u8>,
    pub index: u8,
    pub place: u8,
    pub share: [u8; 32],
}

impl Message {
    pub(crate) fn encode(&self) -> Vec<u8> {
        [PREFIX, &to_bytes(self)].concat()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, HandshakeError> {
        let body = bytes
            .strip_prefix(PREFIX)
            .filter(|_| bytes.len() <= MAX_MESSAGE);
        from_bytes(body.ok_or(HandshakeError::Malformed)?)
    }
}

impl Init {
    /// What the message asks for, of the profile's only group and transform.
    pub(crate) fn request(&self) -> Result<AccessRequest, HandshakeError> {
        if (self.group, self.transform) != (GROUP, TRANSFORM) {
            return Err(HandshakeError::Downgrade);
        }
        Ok(AccessRequest {
            grantee: self.initiator.into(),
            owner: self.responder.into(),
            grant: dhc_domain::GrantId(self.grant.into()),
            access: AccessEntry {
                seq: self.access_seq,
                entry: self.access_entry.into(),
            },
            root: self
                .root
                .as_slice()
                .try_into()
                .map_err(|_| HandshakeError::Malformed)?,
        })
    }
}

pub(crate) fn to_bytes(value: &impl Serialize) -> Vec<u8> {
    postcard::to_allocvec(value).expect("plain data in memory is encodable")
}

/// Reads postcard in its one canonical form: an encoding that would be written otherwise, or has
/// bytes after it, is refused.
pub(crate) fn from_bytes<T: Serialize + DeserializeOwned>(
    bytes: &[u8],
) -> Result<T, HandshakeError> {
    let value = postcard::from_bytes(bytes).map_err(|_| HandshakeError::Malformed)?;
    if to_bytes(&value) == bytes {
        Ok(value)
    } else {
        Err(HandshakeError::Malformed)
    }
}
