use alloy::{
    primitives::{B256, Bytes, Log, U256, keccak256},
    sol_types::SolEvent,
};
use async_trait::async_trait;
use dhc_domain::{Address, Attested};

use super::{Act, Intent};
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

#[async_trait]
impl Act for Identity::publishBySigCall {
    const CONTRACT: Contract = Contract::Identity;
    type Typed = typed::PublishIntent;
    type Alone = Identity::publishCall;

    fn author(&self) -> Address {
        self.account
    }

    /// Over the version that the keys are to be: the one after that in force.
    async fn typed(&self, chain: &Chain) -> Result<Self::Typed, ReadError> {
        let there = chain.keys(self.account, At::Latest).await?.value;
        Ok(typed::PublishIntent {
            account: self.account,
            publicKeys: self.publicKeys.clone(),
            version: there.version + 1,
            deadline: self.deadline,
        })
    }

    fn alone(&self) -> Self::Alone {
        let keys = self.publicKeys.clone();
        Identity::publishCall { publicKeys: keys }
    }

    fn topics(&self) -> Vec<Option<B256>> {
        vec![
            Some(Identity::KeysPublished::SIGNATURE_HASH),
            Some(self.account.into_word()),
        ]
    }

    fn is_of(&self, log: &Log) -> bool {
        Identity::KeysPublished::decode_log(log)
            .is_ok_and(|event| event.publicKeys == self.publicKeys)
    }

    async fn done(&self, chain: &Chain, at: At) -> Result<Attested<bool>, ReadError> {
        let hash = keccak256(&self.publicKeys);
        let there = chain.keys(self.account, at).await?;
        Ok(there.map(|keys| keys.keys_hash == hash))
    }
}
