use alloy::{
    primitives::{B256, Log, LogData, U256, keccak256},
    sol_types::{SolEvent, SolValue},
};
use dhc_domain::{
    Action, Address, Commitment, GLASS, GrantId, Height, Mode, Purpose, RecordId, Timestamp,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::contracts::{Consent, Contract, IncentivePool, RecordIndex};

/// One kind of history entry: which event carries it, whose chain holds it, and how it is hashed.
pub trait Entry: Sized + Send + Clone + Serialize + DeserializeOwned {
    const CONTRACT: Contract;
    /// The state variable with the chains, by party.
    const VARIABLE: &'static str;
    /// The event's signature hash.
    const EVENT: B256;
    /// Which topic of the event is the party.
    const PARTY_TOPIC: usize;

    /// Reads a claimed event of a block. `None` where it is another or malformed.
    fn claimed(log: &Log, height: Height) -> Option<Self>;
    /// Its place in the party's chain, from zero.
    fn seq(&self) -> u64;
    /// The entry as the contract appends it.
    fn hash(&self) -> B256;
}

/// A record that its owner indexed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordAdded {
    pub owner: Address,
    pub seq: u64,
    pub id: RecordId,
    pub commitment: Commitment,
    pub root: B256,
    pub issuer: Option<Address>,
    pub quality: u32,
    pub time: Timestamp,
}

/// A grant that an owner gave. Its terms are in the contract's storage: `Chain::grants`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantGiven {
    pub seq: u64,
    pub id: GrantId,
    /// The sealed note to the grantee.
    pub note: Vec<u8>,
}

/// A grant that a grantee received.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantReceived {
    pub seq: u64,
    pub id: GrantId,
    /// The sealed note to the grantee.
    pub note: Vec<u8>,
}

/// An opening, in the log of the record's owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accessed {
    pub owner: Address,
    pub seq: u64,
    pub id: GrantId,
    pub by: Address,
    pub purpose: u8,
    /// The record opened; the hash of the reason where a glass was broken.
    pub object: B256,
    pub mode: u8,
    /// The number of an [`Action`], or [`GLASS`].
    pub action: u8,
    pub time: Timestamp,
    /// The block, by a node's word: no part of the hash. [`Chain::block`](crate::Chain::block)
    /// proves it.
    pub height: Height,
}

impl Accessed {
    pub fn purpose(&self) -> Option<Purpose> {
        Purpose::from_index(self.purpose)
    }

    pub fn mode(&self) -> Option<Mode> {
        Mode::from_index(self.mode)
    }

    /// What the record was opened for; `None` where a glass was broken.
    pub fn action(&self) -> Option<Action> {
        Action::from_index(self.action)
    }

    pub fn breaks_glass(&self) -> bool {
        self.action == GLASS
    }
}

/// A contribution to the incentive pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contributed {
    pub contributor: Address,
    pub seq: u64,
    pub record: RecordId,
    pub day: u64,
    pub template: B256,
    pub weight: U256,
    pub time: Timestamp,
}

/// keccak256(abi.encode(…)) of static values, integers widened to words as the ABI does.
pub(super) fn digest(values: impl SolValue) -> B256 {
    keccak256(values.abi_encode())
}

pub(super) fn int(n: impl Into<u64>) -> U256 {
    U256::from(n.into())
}

pub(super) fn decode<E: SolEvent>(log: &Log<LogData>) -> Option<E> {
    E::decode_log(log).ok().map(|log| log.data)
}

impl Entry for RecordAdded {
    const CONTRACT: Contract = Contract::RecordIndex;
    const VARIABLE: &'static str = "byOwner";
    const EVENT: B256 = RecordIndex::RecordAdded::SIGNATURE_HASH;
    const PARTY_TOPIC: usize = 1;

    fn claimed(log: &Log, _height: Height) -> Option<Self> {
        let e: RecordIndex::RecordAdded = decode(log)?;
        Some(Self {
            owner: e.owner,
            seq: e.seq,
            id: RecordId(e.id),
            commitment: Commitment(e.commitment),
            root: e.root,
            issuer: (!e.issuer.is_zero()).then_some(e.issuer),
            quality: e.quality,
            time: Timestamp(e.time),
        })
    }

    fn seq(&self) -> u64 {
        self.seq
    }

    fn hash(&self) -> B256 {
        let issuer = self.issuer.unwrap_or_default();
        let (quality, time) = (int(self.quality), int(self.time.0));
        digest((
            self.owner,
            int(self.seq),
            self.id.0,
            self.commitment.0,
            self.root,
            issuer,
            quality,
            time,
        ))
    }
}

impl Entry for GrantGiven {
    const CONTRACT: Contract = Contract::Consent;
    const VARIABLE: &'static str = "given";
    const EVENT: B256 = Consent::Granted::SIGNATURE_HASH;
    const PARTY_TOPIC: usize = 1;

    fn claimed(log: &Log, _height: Height) -> Option<Self> {
        let e: Consent::Granted = decode(log)?;
        Some(Self {
            seq: e.givenSeq,
            id: GrantId(e.id),
            note: e.note.into(),
        })
    }

    fn seq(&self) -> u64 {
        self.seq
    }

    fn hash(&self) -> B256 {
        digest((self.id.0, int(self.seq), keccak256(&self.note)))
    }
}

impl Entry for GrantReceived {
    const CONTRACT: Contract = Contract::Consent;
    const VARIABLE: &'static str = "received";
    const EVENT: B256 = Consent::Granted::SIGNATURE_HASH;
    const PARTY_TOPIC: usize = 2;

    fn claimed(log: &Log, _height: Height) -> Option<Self> {
        let e: Consent::Granted = decode(log)?;
        Some(Self {
            seq: e.receivedSeq,
            id: GrantId(e.id),
            note: e.note.into(),
        })
    }

    fn seq(&self) -> u64 {
        self.seq
    }

    fn hash(&self) -> B256 {
        digest((self.id.0, int(self.seq), keccak256(&self.note)))
    }
}

impl Entry for Accessed {
    const CONTRACT: Contract = Contract::Consent;
    const VARIABLE: &'static str = "accesses";
    const EVENT: B256 = Consent::Accessed::SIGNATURE_HASH;
    const PARTY_TOPIC: usize = 1;

    fn claimed(log: &Log, height: Height) -> Option<Self> {
        let e: Consent::Accessed = decode(log)?;
        Some(Self {
            owner: e.owner,
            seq: e.seq,
            id: GrantId(e.id),
            by: e.by,
            purpose: e.purpose,
            object: e.object,
            mode: e.mode,
            action: e.action,
            time: Timestamp(e.time),
            height,
        })
    }

    fn seq(&self) -> u64 {
        self.seq
    }

    fn hash(&self) -> B256 {
        let (purpose, mode, action) = (int(self.purpose), int(self.mode), int(self.action));
        digest((
            self.owner,
            int(self.seq),
            self.id.0,
            self.by,
            purpose,
            self.object,
            mode,
            action,
            int(self.time.0),
        ))
    }
}

impl Entry for Contributed {
    const CONTRACT: Contract = Contract::IncentivePool;
    const VARIABLE: &'static str = "contributions";
    const EVENT: B256 = IncentivePool::Contributed::SIGNATURE_HASH;
    const PARTY_TOPIC: usize = 1;

    fn claimed(log: &Log, _height: Height) -> Option<Self> {
        let e: IncentivePool::Contributed = decode(log)?;
        Some(Self {
            contributor: e.contributor,
            seq: e.seq,
            record: RecordId(e.recordId),
            day: e.day,
            template: e.templateId,
            weight: e.weight,
            time: Timestamp(e.time),
        })
    }

    fn seq(&self) -> u64 {
        self.seq
    }

    fn hash(&self) -> B256 {
        let (day, time) = (int(self.day), int(self.time.0));
        digest((
            self.contributor,
            int(self.seq),
            self.record.0,
            day,
            self.template,
            self.weight,
            time,
        ))
    }
}
