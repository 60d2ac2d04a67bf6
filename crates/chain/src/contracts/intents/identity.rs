use alloy::{
    primitives::{B256, Bytes, Log, U256, keccak256},
    sol_types::{SolCall, SolEvent, SolStruct},
};
use async_trait::async_trait;
use dhc_domain::{Address, Attested, Timestamp};

use super::{Intent, fits, seconds};
use crate::{
    At, Chain, ReadError,
    contracts::{Contract, Identity},
};

pub(super) mod typed {
    alloy::sol! {
        struct PublishIntent {
            address account;
            bytes publicKeys;
            uint64 version;
            uint256 deadline;
        }
    }
}

/// The keys of an account put in force.
pub fn publish(account: Address, keys: Vec<u8>) -> Box<dyn Intent> {
    Box::new(Identity::publishBySigCall {
        account,
        publicKeys: keys.into(),
        deadline: U256::ZERO,
        signature: Bytes::new(),
    })
}

pub(super) fn hash(call: &Identity::publishBySigCall, version: u64) -> B256 {
    typed::PublishIntent {
        account: call.account,
        publicKeys: call.publicKeys.clone(),
        version,
        deadline: call.deadline,
    }
    .eip712_hash_struct()
}

#[async_trait]
impl Intent for Identity::publishBySigCall {
    fn contract(&self) -> Contract {
        Contract::Identity
    }

    fn author(&self) -> Address {
        self.account
    }

    /// Over the version that the keys are to be: the one after that in force.
    async fn struct_hash(&self, chain: &Chain) -> Result<Option<B256>, ReadError> {
        let there = chain.keys(self.account, At::Latest).await?.value;
        Ok(Some(hash(self, there.version + 1)))
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
        let keys = self.publicKeys.clone();
        Identity::publishCall { publicKeys: keys }
            .abi_encode()
            .into()
    }

    fn event(&self) -> Vec<Option<B256>> {
        vec![
            Some(Identity::KeysPublished::SIGNATURE_HASH),
            Some(self.account.into_word()),
        ]
    }

    fn shown_by(&self, log: &Log) -> bool {
        fits(log, &self.event())
            && Identity::KeysPublished::decode_log(log)
                .is_ok_and(|event| event.publicKeys == self.publicKeys)
    }

    async fn reached(&self, chain: &Chain, at: At) -> Result<Attested<bool>, ReadError> {
        let hash = keccak256(&self.publicKeys);
        Ok(chain
            .keys(self.account, at)
            .await?
            .map(|keys| keys.keys_hash == hash))
    }
}
