use alloy::{
    primitives::{B256, Bytes, Log, U256, keccak256},
    sol_types::SolEvent,
};
use async_trait::async_trait;
use dhc_domain::{Address, Attested, GrantId, RequestId, RequestState};

use super::{Act, Intent};
use crate::{
    At, Chain, ReadError,
    contracts::{Contract, RequestView, RequestWish, Requests},
};

pub(super) mod typed {
    alloy::sol! {
        struct AskIntent {
            address asker;
            address owner;
            bytes32 salt;
            bytes32 templateId;
            uint8 purpose;
            uint64 window;
            uint32 actions;
            bytes note;
            uint256 deadline;
        }

        struct WithdrawIntent {
            address asker;
            bytes32 id;
            uint256 deadline;
        }

        struct AnswerIntent {
            address owner;
            bytes32 id;
            bytes32 grantId;
            uint256 deadline;
        }

        struct DeclineIntent {
            address owner;
            bytes32 id;
            uint256 deadline;
        }
    }
}

/// A request for access, by who asks.
pub fn ask(wish: RequestWish) -> Box<dyn Intent> {
    Box::new(Requests::askBySigCall {
        wish,
        deadline: U256::ZERO,
        signature: Bytes::new(),
    })
}

/// A request taken back by who asked.
pub fn withdraw(asker: Address, request: RequestId) -> Box<dyn Intent> {
    Box::new(Requests::withdrawBySigCall {
        asker,
        id: request.0,
        deadline: U256::ZERO,
        signature: Bytes::new(),
    })
}

/// A request linked to the grant that answers it, by who was asked or their proxy.
pub fn answer(by: Address, request: RequestId, grant: GrantId) -> Box<dyn Intent> {
    Box::new(Requests::answerBySigCall {
        owner: by,
        id: request.0,
        grantId: grant.0,
        deadline: U256::ZERO,
        signature: Bytes::new(),
    })
}

/// A no to a request, by who was asked or their proxy.
pub fn decline(by: Address, request: RequestId) -> Box<dyn Intent> {
    Box::new(Requests::declineBySigCall {
        owner: by,
        id: request.0,
        deadline: U256::ZERO,
        signature: Bytes::new(),
    })
}

/// `keccak256(abi.encode(asker, salt))`, as the contract numbers requests.
fn id(wish: &RequestWish) -> B256 {
    keccak256([wish.asker.into_word(), wish.salt].concat())
}

/// Whether the proven request is as `is` says.
async fn stands(
    chain: &Chain,
    id: B256,
    at: At,
    is: impl Fn(&RequestView) -> bool + Send + Sync,
) -> Result<Attested<bool>, ReadError> {
    let there = chain.requests(&[RequestId(id)], at).await?;
    Ok(there.map(|found| found.iter().flatten().any(is)))
}

#[async_trait]
impl Act for Requests::askBySigCall {
    const CONTRACT: Contract = Contract::Requests;
    type Typed = typed::AskIntent;
    type Alone = Requests::askCall;

    fn author(&self) -> Address {
        self.wish.asker
    }

    async fn typed(&self, _: &Chain) -> Result<Self::Typed, ReadError> {
        let w = self.wish.clone();
        Ok(typed::AskIntent {
            asker: w.asker,
            owner: w.owner,
            salt: w.salt,
            templateId: w.templateId,
            purpose: w.purpose,
            window: w.window,
            actions: w.actions,
            note: w.note,
            deadline: self.deadline,
        })
    }

    fn alone(&self) -> Self::Alone {
        let w = self.wish.clone();
        Requests::askCall {
            owner: w.owner,
            salt: w.salt,
            templateId: w.templateId,
            purpose: w.purpose,
            window: w.window,
            actions: w.actions,
            note: w.note,
        }
    }

    fn topics(&self) -> Vec<Option<B256>> {
        vec![
            Some(Requests::Asked::SIGNATURE_HASH),
            Some(self.wish.owner.into_word()),
            Some(self.wish.asker.into_word()),
            Some(id(&self.wish)),
        ]
    }

    async fn done(&self, chain: &Chain, at: At) -> Result<Attested<bool>, ReadError> {
        stands(chain, id(&self.wish), at, |_| true).await
    }
}

#[async_trait]
impl Act for Requests::withdrawBySigCall {
    const CONTRACT: Contract = Contract::Requests;
    type Typed = typed::WithdrawIntent;
    type Alone = Requests::withdrawCall;

    fn author(&self) -> Address {
        self.asker
    }

    async fn typed(&self, _: &Chain) -> Result<Self::Typed, ReadError> {
        Ok(typed::WithdrawIntent {
            asker: self.asker,
            id: self.id,
            deadline: self.deadline,
        })
    }

    fn alone(&self) -> Self::Alone {
        Requests::withdrawCall { id: self.id }
    }

    fn topics(&self) -> Vec<Option<B256>> {
        vec![Some(Requests::Withdrawn::SIGNATURE_HASH), Some(self.id)]
    }

    async fn done(&self, chain: &Chain, at: At) -> Result<Attested<bool>, ReadError> {
        stands(chain, self.id, at, |r| r.state == RequestState::Withdrawn).await
    }
}

#[async_trait]
impl Act for Requests::answerBySigCall {
    const CONTRACT: Contract = Contract::Requests;
    type Typed = typed::AnswerIntent;
    type Alone = Requests::answerCall;

    fn author(&self) -> Address {
        self.owner
    }

    async fn typed(&self, _: &Chain) -> Result<Self::Typed, ReadError> {
        Ok(typed::AnswerIntent {
            owner: self.owner,
            id: self.id,
            grantId: self.grantId,
            deadline: self.deadline,
        })
    }

    fn alone(&self) -> Self::Alone {
        Requests::answerCall {
            id: self.id,
            grantId: self.grantId,
        }
    }

    fn topics(&self) -> Vec<Option<B256>> {
        vec![Some(Requests::Answered::SIGNATURE_HASH), Some(self.id)]
    }

    fn is_of(&self, log: &Log) -> bool {
        Requests::Answered::decode_log(log).is_ok_and(|e| e.data.grantId == self.grantId)
    }

    async fn done(&self, chain: &Chain, at: At) -> Result<Attested<bool>, ReadError> {
        let linked = |r: &RequestView| r.grant == Some(GrantId(self.grantId));
        stands(chain, self.id, at, linked).await
    }
}

#[async_trait]
impl Act for Requests::declineBySigCall {
    const CONTRACT: Contract = Contract::Requests;
    type Typed = typed::DeclineIntent;
    type Alone = Requests::declineCall;

    fn author(&self) -> Address {
        self.owner
    }

    async fn typed(&self, _: &Chain) -> Result<Self::Typed, ReadError> {
        Ok(typed::DeclineIntent {
            owner: self.owner,
            id: self.id,
            deadline: self.deadline,
        })
    }

    fn alone(&self) -> Self::Alone {
        Requests::declineCall { id: self.id }
    }

    fn topics(&self) -> Vec<Option<B256>> {
        vec![Some(Requests::Declined::SIGNATURE_HASH), Some(self.id)]
    }

    async fn done(&self, chain: &Chain, at: At) -> Result<Attested<bool>, ReadError> {
        stands(chain, self.id, at, |r| r.state == RequestState::Declined).await
    }
}
