//! What an app and a sponsor say to each other (`docs/spec/sponsor.md`): carry this act in, and
//! pay for it. Nothing that a sponsor answers is believed; it only says when to stop waiting.

use dhc_domain::{Address, TxHash};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

const PREFIX: &[u8] = b"DHC-SPONSOR/1";
/// The longest request, in bytes: a grant with its note, and room.
pub const MAX_REQUEST: usize = 16 << 10;
/// The longest answer, in bytes.
pub const MAX_ANSWER: usize = 256;
/// The longest name of a contract's refusal.
const MAX_REASON: usize = 64;

/// An act to be carried in, as its author signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errand {
    /// EIP-155.
    pub chain_id: u64,
    pub contract: Address,
    /// The contract's `…BySig`, ABI-encoded.
    pub call: Vec<u8>,
}

/// A sponsor's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Sent in this transaction, says the sponsor.
    Sent(TxHash),
    Declined(Declined),
}

/// Why a sponsor does not carry an act in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Declined {
    /// Another chain, another contract, another function, or not signed by its author.
    #[error("it is no act that this sponsor carries in")]
    NotCarried,
    #[error("the sponsor's budget is used up")]
    Budget,
    #[error("this person's share is used up for now")]
    Limit,
    #[error("the sponsor does not know this person")]
    Stranger,
    /// The contract would refuse it, with this error.
    #[error("the contract would refuse: {0}")]
    WouldRevert(String),
    /// The sponsor has no chain to send to, or too much to do.
    #[error("the sponsor cannot carry anything in now")]
    Unavailable,
}

/// Bytes that are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message is not one of DHC-SPONSOR/1")]
pub struct Malformed;

#[derive(Serialize, Deserialize)]
enum Request {
    Carry {
        chain_id: u64,
        contract: [u8; 20],
        call: Vec<u8>,
    },
}

#[derive(Serialize, Deserialize)]
enum Reply {
    Sent { tx: [u8; 32] },
    Declined { code: u8, reason: String },
}

impl Errand {
    pub fn encode(&self) -> Vec<u8> {
        encode(&Request::Carry {
            chain_id: self.chain_id,
            contract: self.contract.into(),
            call: self.call.clone(),
        })
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let Request::Carry {
            chain_id,
            contract,
            call,
        } = decode(bytes, MAX_REQUEST)?;
        Ok(Self {
            chain_id,
            contract: contract.into(),
            call,
        })
    }
}

impl Answer {
    pub fn encode(&self) -> Vec<u8> {
        encode(&match self {
            Self::Sent(tx) => Reply::Sent { tx: tx.0.0 },
            Self::Declined(why) => Reply::Declined {
                code: why.code(),
                reason: match why {
                    Declined::WouldRevert(name) => name.chars().take(MAX_REASON).collect(),
                    _ => String::new(),
                },
            },
        })
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        Ok(match decode(bytes, MAX_ANSWER)? {
            Reply::Sent { tx } => Self::Sent(TxHash(tx.into())),
            Reply::Declined { code, reason } => Self::Declined(Declined::read(code, reason)?),
        })
    }
}

impl Declined {
    const fn code(&self) -> u8 {
        match self {
            Self::NotCarried => 0,
            Self::Budget => 1,
            Self::Limit => 2,
            Self::Stranger => 3,
            Self::WouldRevert(_) => 4,
            Self::Unavailable => 5,
        }
    }

    fn read(code: u8, reason: String) -> Result<Self, Malformed> {
        let name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if code == 4 {
            let named = reason.len() <= MAX_REASON && reason.chars().all(name);
            return named.then_some(Self::WouldRevert(reason)).ok_or(Malformed);
        }
        if !reason.is_empty() {
            return Err(Malformed);
        }
        Ok(match code {
            0 => Self::NotCarried,
            1 => Self::Budget,
            2 => Self::Limit,
            3 => Self::Stranger,
            5 => Self::Unavailable,
            _ => return Err(Malformed),
        })
    }
}

fn encode(value: &impl Serialize) -> Vec<u8> {
    let body = postcard::to_allocvec(value).expect("plain data in memory is encodable");
    [PREFIX, &body].concat()
}

/// Reads the one canonical form, of at most `most` bytes.
fn decode<T: Serialize + DeserializeOwned>(bytes: &[u8], most: usize) -> Result<T, Malformed> {
    let body = bytes
        .strip_prefix(PREFIX)
        .filter(|_| bytes.len() <= most)
        .ok_or(Malformed)?;
    let value = postcard::from_bytes(body).map_err(|_| Malformed)?;
    if encode(&value) == bytes {
        Ok(value)
    } else {
        Err(Malformed)
    }
}
