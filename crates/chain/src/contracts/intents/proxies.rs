use alloy::{
    primitives::{B256, Bytes, Log, U256},
    sol_types::SolEvent,
};
use async_trait::async_trait;
use dhc_domain::{Address, Attested, Powers, Timestamp};

use super::{Act, Intent};
use crate::{
    At, Chain, ReadError,
    contracts::{Contract, Proxies},
};

pub(super) mod typed {
    alloy::sol! {
        struct AppointIntent {
            address owner;
            address proxy;
            uint32 powers;
            uint64 until;
            uint64 version;
            uint256 deadline;
        }

        struct DismissIntent {
            address owner;
            address proxy;
            uint64 version;
            uint256 deadline;
        }
    }
}

/// Powers of a proxy through a second, in place of earlier ones.
pub fn appoint(
    owner: Address,
    proxy: Address,
    powers: Powers,
    until: Timestamp,
) -> Box<dyn Intent> {
    Box::new(Proxies::appointBySigCall {
        owner,
        proxy,
        powers: powers.0,
        until: until.0,
        deadline: U256::ZERO,
        signature: Bytes::new(),
    })
}

/// All powers taken from a proxy, which waits for nobody.
pub fn dismiss(owner: Address, proxy: Address) -> Box<dyn Intent> {
    Box::new(Proxies::dismissBySigCall {
        owner,
        proxy,
        deadline: U256::ZERO,
        signature: Bytes::new(),
    })
}

/// What is decided about a proxy is signed over the version that it is to be.
async fn next(chain: &Chain, owner: Address, proxy: Address) -> Result<u64, ReadError> {
    let there = chain.appointment(owner, proxy, At::Latest).await?;
    Ok(there.value.version + 1)
}

fn topics(owner: Address, proxy: Address) -> Vec<Option<B256>> {
    vec![
        Some(Proxies::ProxySet::SIGNATURE_HASH),
        Some(owner.into_word()),
        Some(proxy.into_word()),
    ]
}

/// Whether a log sets these powers, through this second.
fn sets(log: &Log, powers: u32, until: u64) -> bool {
    Proxies::ProxySet::decode_log(log).is_ok_and(|e| (e.powers, e.until) == (powers, until))
}

#[async_trait]
impl Act for Proxies::appointBySigCall {
    const CONTRACT: Contract = Contract::Proxies;
    type Typed = typed::AppointIntent;
    type Alone = Proxies::appointCall;

    fn author(&self) -> Address {
        self.owner
    }

    async fn typed(&self, chain: &Chain) -> Result<Self::Typed, ReadError> {
        Ok(typed::AppointIntent {
            owner: self.owner,
            proxy: self.proxy,
            powers: self.powers,
            until: self.until,
            version: next(chain, self.owner, self.proxy).await?,
            deadline: self.deadline,
        })
    }

    fn alone(&self) -> Self::Alone {
        Proxies::appointCall {
            proxy: self.proxy,
            powers: self.powers,
            until: self.until,
        }
    }

    fn topics(&self) -> Vec<Option<B256>> {
        topics(self.owner, self.proxy)
    }

    fn is_of(&self, log: &Log) -> bool {
        sets(log, self.powers, self.until)
    }

    async fn done(&self, chain: &Chain, at: At) -> Result<Attested<bool>, ReadError> {
        let there = chain.appointment(self.owner, self.proxy, at).await?;
        Ok(there.map(|a| (a.powers.0, a.until.0) == (self.powers, self.until)))
    }
}

#[async_trait]
impl Act for Proxies::dismissBySigCall {
    const CONTRACT: Contract = Contract::Proxies;
    const URGENT: bool = true;
    type Typed = typed::DismissIntent;
    type Alone = Proxies::dismissCall;

    fn author(&self) -> Address {
        self.owner
    }

    async fn typed(&self, chain: &Chain) -> Result<Self::Typed, ReadError> {
        Ok(typed::DismissIntent {
            owner: self.owner,
            proxy: self.proxy,
            version: next(chain, self.owner, self.proxy).await?,
            deadline: self.deadline,
        })
    }

    fn alone(&self) -> Self::Alone {
        Proxies::dismissCall { proxy: self.proxy }
    }

    fn topics(&self) -> Vec<Option<B256>> {
        topics(self.owner, self.proxy)
    }

    fn is_of(&self, log: &Log) -> bool {
        sets(log, 0, 0)
    }

    async fn done(&self, chain: &Chain, at: At) -> Result<Attested<bool>, ReadError> {
        let there = chain.appointment(self.owner, self.proxy, at).await?;
        Ok(there.map(|a| a.powers.is_empty()))
    }
}
