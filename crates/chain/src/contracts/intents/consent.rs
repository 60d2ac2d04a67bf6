use alloy::{
    primitives::{B256, Bytes, Log, U256, keccak256},
    sol_types::SolEvent,
};
use async_trait::async_trait;
use dhc_domain::{Action, Address, Attested, GrantId, Timestamp};

use super::{Act, Intent};
use crate::{
    At, Chain, ReadError,
    contracts::{Consent, Contract, GrantTerms, GrantView},
    layout::LayoutError,
};

/// `approver` of a grant is this before an approval, and this plus the round after it.
const ASKED: u32 = 1;

pub(super) mod typed {
    alloy::sol! {
        struct GrantIntent {
            address owner;
            bytes32 salt;
            address grantee;
            bytes32[] recordIds;
            bytes32 templateId;
            uint8 purpose;
            uint8 mode;
            uint32 actions;
            bool onward;
            uint64 notAfter;
            uint8 threshold;
            address[] approvers;
            bytes32 consentHash;
            bytes note;
            uint256 deadline;
        }

        struct RenewIntent {
            address owner;
            bytes32 id;
            uint64 notAfter;
            bytes32 consentHash;
            uint256 deadline;
        }

        #[derive(Default)]
        struct ApproveIntent {
            address approver;
            address owner;
            address grantee;
            bytes32[] recordIds;
            string purpose;
            string template;
            string actions;
            bool onward;
            string mode;
            string until;
            bytes32 id;
            uint16 round;
            uint256 deadline;
        }

        struct RevokeIntent {
            address owner;
            bytes32 id;
            uint256 deadline;
        }
    }
}

/// A grant by its owner.
pub fn grant(terms: GrantTerms) -> Box<dyn Intent> {
    Box::new(Consent::grantBySigCall {
        terms,
        deadline: U256::ZERO,
        signature: Bytes::new(),
    })
}

/// Another end for a grant, by its owner.
pub fn renew(
    owner: Address,
    grant: GrantId,
    not_after: Timestamp,
    consent_hash: B256,
) -> Box<dyn Intent> {
    Box::new(Consent::renewBySigCall {
        owner,
        id: grant.0,
        notAfter: not_after.0,
        consentHash: consent_hash,
        deadline: U256::ZERO,
        signature: Bytes::new(),
    })
}

/// An approval, in the round in which the grant is.
pub fn approve(account: Address, grant: GrantId, round: u16) -> Box<dyn Intent> {
    Box::new(Consent::approveBySigCall {
        account,
        id: grant.0,
        round,
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

/// The approval with a grant's terms in words.
pub(super) fn worded(
    grant: &GrantView,
    template: String,
    approval: typed::ApproveIntent,
) -> typed::ApproveIntent {
    let actions: Vec<&str> = grant.actions.iter().map(Action::name).collect();
    typed::ApproveIntent {
        owner: grant.owner,
        grantee: grant.grantee,
        recordIds: grant.records.iter().map(|r| r.0).collect(),
        purpose: grant.purpose.code().to_owned(),
        template,
        actions: actions.join(", "),
        onward: grant.onward,
        mode: grant.mode.name().to_owned(),
        until: grant.not_after.to_string(),
        ..approval
    }
}

/// `keccak256(abi.encode(owner, salt))`, as the contract numbers grants.
fn id(terms: &GrantTerms) -> B256 {
    keccak256([terms.owner.into_word(), terms.salt].concat())
}

#[async_trait]
impl Act for Consent::grantBySigCall {
    const CONTRACT: Contract = Contract::Consent;
    type Typed = typed::GrantIntent;
    type Alone = Consent::grantCall;

    fn author(&self) -> Address {
        self.terms.owner
    }

    async fn typed(&self, _: &Chain) -> Result<Self::Typed, ReadError> {
        let t = self.terms.clone();
        Ok(typed::GrantIntent {
            owner: t.owner,
            salt: t.salt,
            grantee: t.grantee,
            recordIds: t.recordIds,
            templateId: t.templateId,
            purpose: t.purpose,
            mode: t.mode,
            actions: t.actions,
            onward: t.onward,
            notAfter: t.notAfter,
            threshold: t.threshold,
            approvers: t.approvers,
            consentHash: t.consentHash,
            note: t.note,
            deadline: self.deadline,
        })
    }

    fn alone(&self) -> Self::Alone {
        let terms = self.terms.clone();
        Consent::grantCall { terms }
    }

    fn topics(&self) -> Vec<Option<B256>> {
        vec![
            Some(Consent::Granted::SIGNATURE_HASH),
            Some(self.terms.owner.into_word()),
            None,
            Some(id(&self.terms)),
        ]
    }

    async fn done(&self, chain: &Chain, at: At) -> Result<Attested<bool>, ReadError> {
        let there = chain.grant(GrantId(id(&self.terms)), at).await?;
        Ok(there.map(|g| g.is_some()))
    }
}

#[async_trait]
impl Act for Consent::renewBySigCall {
    const CONTRACT: Contract = Contract::Consent;
    type Typed = typed::RenewIntent;
    type Alone = Consent::renewCall;

    fn author(&self) -> Address {
        self.owner
    }

    async fn typed(&self, _: &Chain) -> Result<Self::Typed, ReadError> {
        Ok(typed::RenewIntent {
            owner: self.owner,
            id: self.id,
            notAfter: self.notAfter,
            consentHash: self.consentHash,
            deadline: self.deadline,
        })
    }

    fn alone(&self) -> Self::Alone {
        Consent::renewCall {
            id: self.id,
            notAfter: self.notAfter,
            consentHash: self.consentHash,
        }
    }

    fn topics(&self) -> Vec<Option<B256>> {
        vec![Some(Consent::Renewed::SIGNATURE_HASH), Some(self.id)]
    }

    /// A grant may be renewed often: the event of this one names its own end.
    fn is_of(&self, log: &Log) -> bool {
        Consent::Renewed::decode_log(log).is_ok_and(|e| {
            e.data.notAfter == self.notAfter && e.data.consentHash == self.consentHash
        })
    }

    async fn done(&self, chain: &Chain, at: At) -> Result<Attested<bool>, ReadError> {
        let there = chain.grant(GrantId(self.id), at).await?;
        let renewed =
            |g: &GrantView| g.not_after.0 == self.notAfter && g.consent_hash == self.consentHash;
        Ok(there.map(|g| g.as_ref().is_some_and(renewed)))
    }
}

#[async_trait]
impl Act for Consent::approveBySigCall {
    const CONTRACT: Contract = Contract::Consent;
    type Typed = typed::ApproveIntent;
    type Alone = Consent::approveCall;

    fn author(&self) -> Address {
        self.account
    }

    /// Over the terms that stand on chain, in the words of `contracts/src/Wording.sol`. Of a grant
    /// that there is not, over none: the contract knows no such grant either.
    async fn typed(&self, chain: &Chain) -> Result<Self::Typed, ReadError> {
        let blank = typed::ApproveIntent {
            approver: self.account,
            id: self.id,
            round: self.round,
            deadline: self.deadline,
            ..Default::default()
        };
        let Some(grant) = chain.grant(GrantId(self.id), At::Latest).await?.value else {
            return Ok(blank);
        };
        let templates = chain.templates(At::Latest).await?.value;
        let template = templates
            .into_iter()
            .find(|t| t.id() == grant.template)
            .ok_or_else(|| LayoutError::Value("a grant of no template".to_owned()))?;
        Ok(worded(&grant, template.name, blank))
    }

    fn alone(&self) -> Self::Alone {
        Consent::approveCall {
            id: self.id,
            round: self.round,
        }
    }

    fn topics(&self) -> Vec<Option<B256>> {
        vec![
            Some(Consent::Approved::SIGNATURE_HASH),
            Some(self.id),
            Some(self.account.into_word()),
        ]
    }

    /// An approver may approve each round: the event of this one names its own.
    fn is_of(&self, log: &Log) -> bool {
        Consent::Approved::decode_log(log).is_ok_and(|e| e.data.round == self.round)
    }

    async fn done(&self, chain: &Chain, at: At) -> Result<Attested<bool>, ReadError> {
        let standing = chain.approver(GrantId(self.id), self.account, at).await?;
        Ok(standing.map(|s| s == ASKED + u32::from(self.round)))
    }
}

#[async_trait]
impl Act for Consent::revokeBySigCall {
    const CONTRACT: Contract = Contract::Consent;
    const URGENT: bool = true;
    type Typed = typed::RevokeIntent;
    type Alone = Consent::revokeCall;

    fn author(&self) -> Address {
        self.owner
    }

    async fn typed(&self, _: &Chain) -> Result<Self::Typed, ReadError> {
        Ok(typed::RevokeIntent {
            owner: self.owner,
            id: self.id,
            deadline: self.deadline,
        })
    }

    fn alone(&self) -> Self::Alone {
        Consent::revokeCall { id: self.id }
    }

    fn topics(&self) -> Vec<Option<B256>> {
        vec![Some(Consent::Revoked::SIGNATURE_HASH), Some(self.id)]
    }

    async fn done(&self, chain: &Chain, at: At) -> Result<Attested<bool>, ReadError> {
        let there = chain.grant(GrantId(self.id), at).await?;
        Ok(there.map(|g| g.is_some_and(|g| g.revoked)))
    }
}
