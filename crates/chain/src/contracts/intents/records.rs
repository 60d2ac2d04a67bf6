use alloy::{
    primitives::{B256, Bytes, U256},
    sol_types::SolEvent,
};
use async_trait::async_trait;
use dhc_domain::{Address, Attested, RecordId};

use super::{Act, Intent};
use crate::{
    At, Chain, ReadError,
    contracts::{Contract, RecordIndex},
};

pub(super) mod typed {
    alloy::sol! {
        struct AddIntent {
            address owner;
            bytes32 id;
            bytes32 commitment;
            bytes32 root;
            address issuer;
            uint32 quality;
            uint256 deadline;
        }
    }
}

/// A record indexed for its owner.
pub fn add(owner: Address, call: RecordIndex::addCall) -> Box<dyn Intent> {
    Box::new(RecordIndex::addBySigCall {
        owner,
        id: call.id,
        commitment: call.commitment,
        root: call.root,
        issuer: call.issuer,
        quality: call.quality,
        issuerSignature: call.issuerSignature,
        deadline: U256::ZERO,
        signature: Bytes::new(),
    })
}

#[async_trait]
impl Act for RecordIndex::addBySigCall {
    const CONTRACT: Contract = Contract::RecordIndex;
    type Typed = typed::AddIntent;
    type Alone = RecordIndex::addCall;

    fn author(&self) -> Address {
        self.owner
    }

    async fn typed(&self, _: &Chain) -> Result<Self::Typed, ReadError> {
        Ok(typed::AddIntent {
            owner: self.owner,
            id: self.id,
            commitment: self.commitment,
            root: self.root,
            issuer: self.issuer,
            quality: self.quality,
            deadline: self.deadline,
        })
    }

    fn alone(&self) -> Self::Alone {
        RecordIndex::addCall {
            id: self.id,
            commitment: self.commitment,
            root: self.root,
            issuer: self.issuer,
            quality: self.quality,
            issuerSignature: self.issuerSignature.clone(),
        }
    }

    fn topics(&self) -> Vec<Option<B256>> {
        vec![
            Some(RecordIndex::RecordAdded::SIGNATURE_HASH),
            Some(self.owner.into_word()),
            None,
            Some(self.id),
        ]
    }

    async fn done(&self, chain: &Chain, at: At) -> Result<Attested<bool>, ReadError> {
        let record = chain.record(RecordId(self.id), at).await?;
        Ok(record.map(|r| r.is_some_and(|r| r.owner == self.owner)))
    }
}
