use alloy::{
    primitives::{B256, Bytes, U256},
    sol_types::{SolCall, SolEvent},
};
use async_trait::async_trait;
use dhc_domain::{Address, Attested, RecordId, Timestamp};

use super::{Act, Intent};
use crate::{
    At, Chain, ReadError,
    contracts::{Contract, IncentivePool},
};

pub(super) mod typed {
    alloy::sol! {
        struct ContributeIntent {
            address contributor;
            bytes32 recordId;
            bytes32 templateId;
            uint8 sixteenths;
            uint256 deadline;
        }
    }
}

/// A contribution of a record.
pub fn contribute(contributor: Address, call: IncentivePool::contributeCall) -> Box<dyn Intent> {
    Box::new(IncentivePool::contributeBySigCall {
        contributor,
        recordId: call.recordId,
        templateId: call.templateId,
        sixteenths: call.sixteenths,
        attestations: call.attestations,
        deadline: U256::ZERO,
        signature: Bytes::new(),
    })
}

/// The rewards of some days paid to their contributor. Nobody signs that: anybody may have them
/// paid, and they go to the contributor alone.
pub fn claim(contributor: Address, days: Vec<u64>) -> Box<dyn Intent> {
    Box::new(IncentivePool::claimForCall {
        contributor,
        dayList: days,
    })
}

#[async_trait]
impl Act for IncentivePool::contributeBySigCall {
    const CONTRACT: Contract = Contract::IncentivePool;
    type Typed = typed::ContributeIntent;
    type Alone = IncentivePool::contributeCall;

    fn author(&self) -> Address {
        self.contributor
    }

    async fn typed(&self, _: &Chain) -> Result<Self::Typed, ReadError> {
        Ok(typed::ContributeIntent {
            contributor: self.contributor,
            recordId: self.recordId,
            templateId: self.templateId,
            sixteenths: self.sixteenths,
            deadline: self.deadline,
        })
    }

    fn alone(&self) -> Self::Alone {
        IncentivePool::contributeCall {
            recordId: self.recordId,
            templateId: self.templateId,
            sixteenths: self.sixteenths,
            attestations: self.attestations.clone(),
        }
    }

    fn topics(&self) -> Vec<Option<B256>> {
        vec![
            Some(IncentivePool::Contributed::SIGNATURE_HASH),
            Some(self.contributor.into_word()),
            None,
            Some(self.recordId),
        ]
    }

    async fn done(&self, chain: &Chain, at: At) -> Result<Attested<bool>, ReadError> {
        let there = chain.contribution(RecordId(self.recordId), at).await?;
        Ok(there.map(|c| c.is_some_and(|c| c.contributor == self.contributor)))
    }
}

#[async_trait]
impl Intent for IncentivePool::claimForCall {
    fn contract(&self) -> Contract {
        Contract::IncentivePool
    }

    fn author(&self) -> Address {
        self.contributor
    }

    async fn struct_hash(&self, _: &Chain) -> Result<Option<B256>, ReadError> {
        Ok(None)
    }

    fn deadline(&self) -> Option<Timestamp> {
        None
    }

    fn signature(&self) -> &[u8] {
        &[]
    }

    fn sign(&mut self, _: Timestamp, _: Bytes) {}

    fn carried(&self) -> Bytes {
        self.abi_encode().into()
    }

    fn alone(&self) -> Bytes {
        let days = self.dayList.clone();
        IncentivePool::claimCall { dayList: days }
            .abi_encode()
            .into()
    }

    /// Of the last of the days: a claim pays all of them or none.
    fn event(&self) -> Vec<Option<B256>> {
        let last = self.dayList.last().copied().unwrap_or_default();
        vec![
            Some(IncentivePool::Claimed::SIGNATURE_HASH),
            Some(self.contributor.into_word()),
            Some(U256::from(last).into()),
        ]
    }

    async fn reached(&self, chain: &Chain, at: At) -> Result<Attested<bool>, ReadError> {
        let shares = chain.shares(&self.dayList, self.contributor, at).await?;
        Ok(shares.map(|all| all.iter().all(|share| share.claimed)))
    }
}
