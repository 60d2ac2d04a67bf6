use alloy::{
    primitives::{B256, Bytes, U256},
    sol_types::{SolCall, SolEvent, SolStruct},
};
use async_trait::async_trait;
use dhc_domain::{Address, Attested, RecordId, Timestamp};

use super::{Intent, seconds};
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
impl Intent for RecordIndex::addBySigCall {
    fn contract(&self) -> Contract {
        Contract::RecordIndex
    }

    fn author(&self) -> Address {
        self.owner
    }

    async fn struct_hash(&self, _: &Chain) -> Result<Option<B256>, ReadError> {
        let typed = typed::AddIntent {
            owner: self.owner,
            id: self.id,
            commitment: self.commitment,
            root: self.root,
            issuer: self.issuer,
            quality: self.quality,
            deadline: self.deadline,
        };
        Ok(Some(typed.eip712_hash_struct()))
    }

    fn deadline(&self) -> Option<Timestamp> {
        seconds(self.deadline)
    }

    fn signature(&self) -> &[u8] {
        &self.signature
    }

    fn sign(&mut self, deadline: Timestamp, signature: Bytes) {
        (self.deadline, self.signature) = (U256::from(deadline.0), signature);
    }

    fn carried(&self) -> Bytes {
        self.abi_encode().into()
    }

    fn alone(&self) -> Bytes {
        RecordIndex::addCall {
            id: self.id,
            commitment: self.commitment,
            root: self.root,
            issuer: self.issuer,
            quality: self.quality,
            issuerSignature: self.issuerSignature.clone(),
        }
        .abi_encode()
        .into()
    }

    fn event(&self) -> Vec<Option<B256>> {
        vec![
            Some(RecordIndex::RecordAdded::SIGNATURE_HASH),
            Some(self.owner.into_word()),
            None,
            Some(self.id),
        ]
    }

    async fn reached(&self, chain: &Chain, at: At) -> Result<Attested<bool>, ReadError> {
        let record = chain.record(RecordId(self.id), at).await?;
        Ok(record.map(|r| r.is_some_and(|r| r.owner == self.owner)))
    }
}
