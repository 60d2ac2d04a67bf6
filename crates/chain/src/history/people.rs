//! Who acts for whom and who asks whom, as each side's history has it.

use alloy::{
    primitives::{B256, Log, keccak256},
    sol_types::SolEvent,
};
use dhc_domain::{Address, Height, Powers, RequestId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    Entry,
    entries::{decode, digest, int},
};
use crate::contracts::{Contract, Proxies, Requests};

/// What an owner decided about a proxy of theirs. The last one about a proxy is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProxySet {
    pub owner: Address,
    pub seq: u64,
    pub proxy: Address,
    /// None: dismissed.
    pub powers: Powers,
    /// The last second in which they count.
    pub until: Timestamp,
    pub version: u64,
    pub time: Timestamp,
}

/// What was decided about somebody for whom a proxy acts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WardSet {
    pub proxy: Address,
    pub seq: u64,
    pub owner: Address,
    /// None: dismissed.
    pub powers: Powers,
    /// The last second in which they count.
    pub until: Timestamp,
    pub version: u64,
    pub time: Timestamp,
}

impl Entry for ProxySet {
    const CONTRACT: Contract = Contract::Proxies;
    const VARIABLE: &'static str = "proxiesOf";
    const EVENT: B256 = Proxies::ProxySet::SIGNATURE_HASH;
    const PARTY_TOPIC: usize = 1;

    fn claimed(log: &Log, _height: Height) -> Option<Self> {
        let e: Proxies::ProxySet = decode(log)?;
        Some(Self {
            owner: e.owner,
            seq: e.proxySeq,
            proxy: e.proxy,
            powers: Powers(e.powers),
            until: Timestamp(e.until),
            version: e.version,
            time: Timestamp(e.time),
        })
    }

    fn seq(&self) -> u64 {
        self.seq
    }

    fn hash(&self) -> B256 {
        digest((
            self.owner,
            int(self.seq),
            self.proxy,
            int(self.powers.0),
            int(self.until.0),
            int(self.version),
            int(self.time.0),
        ))
    }
}

impl Entry for WardSet {
    const CONTRACT: Contract = Contract::Proxies;
    const VARIABLE: &'static str = "wardsOf";
    const EVENT: B256 = Proxies::ProxySet::SIGNATURE_HASH;
    const PARTY_TOPIC: usize = 2;

    fn claimed(log: &Log, _height: Height) -> Option<Self> {
        let e: Proxies::ProxySet = decode(log)?;
        Some(Self {
            proxy: e.proxy,
            seq: e.wardSeq,
            owner: e.owner,
            powers: Powers(e.powers),
            until: Timestamp(e.until),
            version: e.version,
            time: Timestamp(e.time),
        })
    }

    fn seq(&self) -> u64 {
        self.seq
    }

    fn hash(&self) -> B256 {
        digest((
            self.proxy,
            int(self.seq),
            self.owner,
            int(self.powers.0),
            int(self.until.0),
            int(self.version),
            int(self.time.0),
        ))
    }
}

/// A request that an owner was sent. Its terms are in the contract's storage: `Chain::requests`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestReceived {
    pub seq: u64,
    pub id: RequestId,
    /// The sealed text.
    pub note: Vec<u8>,
}

/// A request that an asker made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestMade {
    pub seq: u64,
    pub id: RequestId,
    /// The sealed text.
    pub note: Vec<u8>,
}

impl Entry for RequestReceived {
    const CONTRACT: Contract = Contract::Requests;
    const VARIABLE: &'static str = "received";
    const EVENT: B256 = Requests::Asked::SIGNATURE_HASH;
    const PARTY_TOPIC: usize = 1;

    fn claimed(log: &Log, _height: Height) -> Option<Self> {
        let e: Requests::Asked = decode(log)?;
        Some(Self {
            seq: e.receivedSeq,
            id: RequestId(e.id),
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

impl Entry for RequestMade {
    const CONTRACT: Contract = Contract::Requests;
    const VARIABLE: &'static str = "asked";
    const EVENT: B256 = Requests::Asked::SIGNATURE_HASH;
    const PARTY_TOPIC: usize = 2;

    fn claimed(log: &Log, _height: Height) -> Option<Self> {
        let e: Requests::Asked = decode(log)?;
        Some(Self {
            seq: e.askedSeq,
            id: RequestId(e.id),
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
