//! Who acts for whom, as each side's history has it.

use alloy::{
    primitives::{B256, Log},
    sol_types::SolEvent,
};
use dhc_domain::{Address, Height, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    Entry,
    entries::{decode, digest, int},
};
use crate::contracts::{Contract, Proxies};

/// What an owner decided about a proxy of theirs. The last one about a proxy is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProxySet {
    pub owner: Address,
    pub seq: u64,
    pub proxy: Address,
    /// Bits, as `Proxies` has them; zero: dismissed.
    pub powers: u32,
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
    /// Bits, as `Proxies` has them; zero: dismissed.
    pub powers: u32,
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
            powers: e.powers,
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
            int(self.powers),
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
            powers: e.powers,
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
            int(self.powers),
            int(self.until.0),
            int(self.version),
            int(self.time.0),
        ))
    }
}
