//! Who acts for whom and who asks whom, as each side's history has it: one event, two chains.

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

/// What an owner decided about a proxy. The last one about a pair is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision<const OF_PROXY: bool> {
    /// Whose history this is: the owner, or the proxy.
    pub party: Address,
    pub seq: u64,
    /// The proxy, or the owner.
    pub other: Address,
    /// None: dismissed.
    pub powers: Powers,
    /// The last second in which they count.
    pub until: Timestamp,
    pub version: u64,
    pub time: Timestamp,
}

/// What an owner decided about a proxy of theirs.
pub type ProxySet = Decision<false>;
/// What was decided about somebody for whom a proxy acts.
pub type WardSet = Decision<true>;

impl<const OF_PROXY: bool> Entry for Decision<OF_PROXY> {
    const CONTRACT: Contract = Contract::Proxies;
    const VARIABLE: &'static str = if OF_PROXY { "wardsOf" } else { "proxiesOf" };
    const EVENT: B256 = Proxies::ProxySet::SIGNATURE_HASH;
    const PARTY_TOPIC: usize = if OF_PROXY { 2 } else { 1 };

    fn claimed(log: &Log, _height: Height) -> Option<Self> {
        let e: Proxies::ProxySet = decode(log)?;
        let (party, seq, other) = if OF_PROXY {
            (e.proxy, e.wardSeq, e.owner)
        } else {
            (e.owner, e.proxySeq, e.proxy)
        };
        Some(Self {
            party,
            seq,
            other,
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
            self.party,
            int(self.seq),
            self.other,
            int(self.powers.0),
            int(self.until.0),
            int(self.version),
            int(self.time.0),
        ))
    }
}

/// A request for access. Its terms are in the contract's storage: `Chain::requests`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestEntry<const OF_ASKER: bool> {
    pub seq: u64,
    pub id: RequestId,
    /// The sealed text.
    pub note: Vec<u8>,
}

/// A request that an owner was sent.
pub type RequestReceived = RequestEntry<false>;
/// A request that an asker made.
pub type RequestMade = RequestEntry<true>;

impl<const OF_ASKER: bool> Entry for RequestEntry<OF_ASKER> {
    const CONTRACT: Contract = Contract::Requests;
    const VARIABLE: &'static str = if OF_ASKER { "asked" } else { "received" };
    const EVENT: B256 = Requests::Asked::SIGNATURE_HASH;
    const PARTY_TOPIC: usize = if OF_ASKER { 2 } else { 1 };

    fn claimed(log: &Log, _height: Height) -> Option<Self> {
        let e: Requests::Asked = decode(log)?;
        Some(Self {
            seq: if OF_ASKER { e.askedSeq } else { e.receivedSeq },
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
