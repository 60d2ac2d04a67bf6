use alloy::{
    primitives::{B256, Bytes, U256, keccak256},
    sol_types::{SolCall, SolEvent, SolStruct},
};
use async_trait::async_trait;
use dhc_domain::{Address, Attested, GrantId, Timestamp};

use super::{Intent, seconds};
use crate::{
    At, Chain, ReadError,
    contracts::{Consent, Contract},
};

/// `approver` of a grant once it has approved.
const APPROVED: u8 = 2;

pub(super) mod typed {
    alloy::sol! {
        struct ApproveIntent {
            address approver;
            bytes32 id;
            uint256 deadline;
        }

        struct RevokeIntent {
            address owner;
            bytes32 id;
            uint256 deadline;
        }
    }
}

/// A grant by its owner; deadline and signature are still to come.
pub fn grant(intent: Consent::GrantIntent) -> Box<dyn Intent> {
    let signature = Bytes::new();
    Box::new(Consent::grantBySigCall { intent, signature })
}

/// An approval.
pub fn approve(account: Address, grant: GrantId) -> Box<dyn Intent> {
    Box::new(Consent::approveBySigCall {
        account,
        id: grant.0,
        deadline: U256::ZERO,
        signature: Bytes::new(),
    })
}

/// The end of a grant, which waits for nobody.
pub fn revoke(owner: Address, grant: GrantId) -> Box<dyn Intent> {
    Box::new(Consent::revokeBySigCall {
        owner,
        id: grant.0,
        deadline: U256::ZERO,
        signature: Bytes::new(),
    })
}

/// `keccak256(abi.encode(owner, salt))`, as the contract numbers grants.
fn id(intent: &Consent::GrantIntent) -> B256 {
    keccak256([intent.owner.into_word(), intent.salt].concat())
}

#[async_trait]
impl Intent for Consent::grantBySigCall {
    fn contract(&self) -> Contract {
        Contract::Consent
    }

    fn author(&self) -> Address {
        self.intent.owner
    }

    async fn struct_hash(&self, _: &Chain) -> Result<Option<B256>, ReadError> {
        Ok(Some(self.intent.eip712_hash_struct()))
    }

    fn deadline(&self) -> Option<Timestamp> {
        seconds(self.intent.deadline)
    }

    fn signature(&self) -> &[u8] {
        &self.signature
    }

    fn sign(&mut self, deadline: Timestamp, signature: Bytes) {
        (self.intent.deadline, self.signature) = (U256::from(deadline.0), signature);
    }

    fn carried(&self) -> Bytes {
        self.abi_encode().into()
    }

    fn alone(&self) -> Bytes {
        let i = &self.intent;
        Consent::grantCall {
            salt: i.salt,
            grantee: i.grantee,
            recordId: i.recordId,
            templateId: i.templateId,
            purpose: i.purpose,
            mode: i.mode,
            notAfter: i.notAfter,
            threshold: i.threshold,
            approvers: i.approvers.clone(),
            consentHash: i.consentHash,
            note: i.note.clone(),
        }
        .abi_encode()
        .into()
    }

    fn event(&self) -> Vec<Option<B256>> {
        vec![
            Some(Consent::Granted::SIGNATURE_HASH),
            Some(self.intent.owner.into_word()),
            None,
            Some(id(&self.intent)),
        ]
    }

    async fn reached(&self, chain: &Chain, at: At) -> Result<Attested<bool>, ReadError> {
        let there = chain.grant(GrantId(id(&self.intent)), at).await?;
        Ok(there.map(|g| g.is_some()))
    }
}

#[async_trait]
impl Intent for Consent::approveBySigCall {
    fn contract(&self) -> Contract {
        Contract::Consent
    }

    fn author(&self) -> Address {
        self.account
    }

    async fn struct_hash(&self, _: &Chain) -> Result<Option<B256>, ReadError> {
        let typed = typed::ApproveIntent {
            approver: self.account,
            id: self.id,
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
        Consent::approveCall { id: self.id }.abi_encode().into()
    }

    fn event(&self) -> Vec<Option<B256>> {
        vec![
            Some(Consent::Approved::SIGNATURE_HASH),
            Some(self.id),
            Some(self.account.into_word()),
        ]
    }

    async fn reached(&self, chain: &Chain, at: At) -> Result<Attested<bool>, ReadError> {
        let standing = chain.approver(GrantId(self.id), self.account, at).await?;
        Ok(standing.map(|s| s == APPROVED))
    }
}

#[async_trait]
impl Intent for Consent::revokeBySigCall {
    fn contract(&self) -> Contract {
        Contract::Consent
    }

    fn author(&self) -> Address {
        self.owner
    }

    async fn struct_hash(&self, _: &Chain) -> Result<Option<B256>, ReadError> {
        let typed = typed::RevokeIntent {
            owner: self.owner,
            id: self.id,
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
        Consent::revokeCall { id: self.id }.abi_encode().into()
    }

    fn event(&self) -> Vec<Option<B256>> {
        vec![Some(Consent::Revoked::SIGNATURE_HASH), Some(self.id)]
    }

    async fn reached(&self, chain: &Chain, at: At) -> Result<Attested<bool>, ReadError> {
        let there = chain.grant(GrantId(self.id), at).await?;
        Ok(there.map(|g| g.is_some_and(|g| g.revoked)))
    }

    fn urgent(&self) -> bool {
        true
    }
}
