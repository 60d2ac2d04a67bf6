//! Acts that their author signs and anybody may carry in and pay for (EIP-712, the contracts'
//! `…BySig`; `contracts/src/Intents.sol`).
//!
//! An intent is the contract's own `…BySig` call, so that what is signed, what is carried in and
//! what is looked for afterwards are one value. A further one is an `impl Act` and a line in
//! `carried!`.

mod consent;
mod identity;
mod pool;
mod proxies;
mod records;
mod requests;

use alloy::{
    primitives::{B256, Bytes, Log, Signature, U256, keccak256},
    sol_types::{Eip712Domain, SolCall, SolStruct},
};
use async_trait::async_trait;
use dhc_domain::{Address, Attested, NetworkError, NetworkFile, Timestamp};

pub use consent::{approve, grant, renew, revoke};
pub use identity::publish;
pub use pool::{claim, contribute};
pub use proxies::{appoint, dismiss};
pub use records::add;
pub use requests::{answer, ask, decline, withdraw};

use super::{Consent, Contract, Identity, IncentivePool, Proxies, RecordIndex, Requests};
use crate::{At, Chain, ReadError, SignError, Signer};

/// An act of an account that anybody may carry in for it.
#[async_trait]
pub trait Intent: Send + Sync {
    fn contract(&self) -> Contract;
    /// Whose act it is.
    fn author(&self) -> Address;
    /// The hash of the typed data that its author signs; `None` where nothing is signed, because
    /// anybody may do it for anybody. What of it the contract adds from its state is proven.
    async fn struct_hash(&self, chain: &Chain) -> Result<Option<B256>, ReadError>;
    /// The last second in which it counts; `None` where it always does.
    fn deadline(&self) -> Option<Timestamp>;
    fn signature(&self) -> &[u8];
    fn sign(&mut self, deadline: Timestamp, signature: Bytes);
    /// What a carrier calls the contract with.
    fn carried(&self) -> Bytes;
    /// What its author calls the contract with.
    fn alone(&self) -> Bytes;
    /// The event that shows the act done: its topics, `None` for any.
    fn event(&self) -> Vec<Option<B256>>;
    /// Whether a log of the contract shows the act done, by whomever it was carried in.
    fn shown_by(&self, log: &Log) -> bool {
        fits(log, &self.event())
    }
    /// Whether the proven state has what the act leads to.
    async fn reached(&self, chain: &Chain, at: At) -> Result<Attested<bool>, ReadError>;
    /// Whether it must not wait for anybody: then every carrier is asked at once.
    fn urgent(&self) -> bool {
        false
    }
}

/// What every `…BySig` call ends in.
trait Signed: SolCall + Send + Sync + 'static {
    fn deadline(&self) -> U256;
    fn signature(&self) -> &Bytes;
    fn seal(&mut self, deadline: Timestamp, signature: Bytes);
}

/// What is particular to an act that its author signs: the rest of its [`Intent`] follows.
#[async_trait]
trait Act: Signed {
    const CONTRACT: Contract;
    /// Whether it must not wait for anybody.
    const URGENT: bool = false;
    /// What its author signs.
    type Typed: SolStruct;
    /// What its author calls the contract with.
    type Alone: SolCall;

    fn author(&self) -> Address;
    /// Proves what of it the contract adds from its state.
    async fn typed(&self, chain: &Chain) -> Result<Self::Typed, ReadError>;
    fn alone(&self) -> Self::Alone;
    /// As [`Intent::event`].
    fn topics(&self) -> Vec<Option<B256>>;
    /// Whether a log with these topics is of this act and not of another like it.
    fn is_of(&self, _log: &Log) -> bool {
        true
    }
    /// As [`Intent::reached`].
    async fn done(&self, chain: &Chain, at: At) -> Result<Attested<bool>, ReadError>;
}

#[async_trait]
impl<A: Act> Intent for A {
    fn contract(&self) -> Contract {
        A::CONTRACT
    }

    fn author(&self) -> Address {
        Act::author(self)
    }

    async fn struct_hash(&self, chain: &Chain) -> Result<Option<B256>, ReadError> {
        Ok(Some(self.typed(chain).await?.eip712_hash_struct()))
    }

    /// As the contracts take it.
    fn deadline(&self) -> Option<Timestamp> {
        Some(Timestamp(Signed::deadline(self).saturating_to()))
    }

    fn signature(&self) -> &[u8] {
        Signed::signature(self)
    }

    fn sign(&mut self, deadline: Timestamp, signature: Bytes) {
        self.seal(deadline, signature);
    }

    fn carried(&self) -> Bytes {
        self.abi_encode().into()
    }

    fn alone(&self) -> Bytes {
        Act::alone(self).abi_encode().into()
    }

    fn event(&self) -> Vec<Option<B256>> {
        self.topics()
    }

    fn shown_by(&self, log: &Log) -> bool {
        fits(log, &self.topics()) && self.is_of(log)
    }

    async fn reached(&self, chain: &Chain, at: At) -> Result<Attested<bool>, ReadError> {
        self.done(chain, at).await
    }

    fn urgent(&self) -> bool {
        A::URGENT
    }
}

impl std::fmt::Debug for dyn Intent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Intent")
            .field("contract", &self.contract())
            .finish_non_exhaustive()
    }
}

/// Why an intent is not one that its author signed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum IntentError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Network(#[from] NetworkError),
    #[error(transparent)]
    Sign(#[from] SignError),
    #[error("the intent is not signed by its author")]
    Signature,
}

macro_rules! carried {
    (
        signed { $($contract:ident::$call:ident,)* }
        by_anybody { $($free_contract:ident::$free:ident,)* }
    ) => {
        $(impl Signed for $contract::$call {
            fn deadline(&self) -> U256 {
                self.deadline
            }

            fn signature(&self) -> &Bytes {
                &self.signature
            }

            fn seal(&mut self, deadline: Timestamp, signature: Bytes) {
                (self.deadline, self.signature) = (U256::from(deadline.0), signature);
            }
        })*

        /// Reads calldata as one of the intents of a contract, in its one canonical form; `None`
        /// for everything else.
        pub fn parse(contract: Contract, data: &[u8]) -> Option<Box<dyn Intent>> {
            let selector: [u8; 4] = data.get(..4)?.try_into().ok()?;
            match (contract, selector) {
                $((Contract::$contract, $contract::$call::SELECTOR) => {
                    canonical::<$contract::$call>(data)
                })*
                $((Contract::$free_contract, $free_contract::$free::SELECTOR) => {
                    canonical::<$free_contract::$free>(data)
                })*
                _ => None,
            }
        }
    };
}

carried! {
    signed {
    Identity::publishBySigCall,
    RecordIndex::addBySigCall,
    Proxies::appointBySigCall,
    Proxies::dismissBySigCall,
    Consent::grantBySigCall,
    Consent::renewBySigCall,
    Consent::approveBySigCall,
    Consent::revokeBySigCall,
    Requests::askBySigCall,
    Requests::withdrawBySigCall,
    Requests::answerBySigCall,
    Requests::declineBySigCall,
    IncentivePool::contributeBySigCall,
    }
    by_anybody {
    IncentivePool::claimForCall,
    }
}

fn canonical<C: SolCall + Intent + 'static>(data: &[u8]) -> Option<Box<dyn Intent>> {
    let call = C::abi_decode(data).ok()?;
    (call.abi_encode() == data).then(|| Box::new(call) as Box<dyn Intent>)
}

/// The EIP-712 domain of a contract: `DHC` and its name, version 1, on this network alone.
pub fn domain(contract: Contract, network: &NetworkFile) -> Result<Eip712Domain, NetworkError> {
    Ok(Eip712Domain::new(
        Some(format!("DHC {}", contract.name()).into()),
        Some("1".into()),
        Some(U256::from(network.evm_chain_id)),
        Some(contract.address(network)?),
        None,
    ))
}

impl Chain {
    /// Signs an intent to count until `deadline`.
    pub async fn sign_intent(
        &self,
        intent: &mut dyn Intent,
        deadline: Timestamp,
        signer: &dyn Signer,
    ) -> Result<(), IntentError> {
        intent.sign(deadline, Bytes::new());
        if let Some(hash) = intent.struct_hash(self).await? {
            let digest = self.intent_digest(intent.contract(), hash)?;
            let signature = signer.sign_hash(digest.0)?;
            intent.sign(deadline, signature.as_bytes().into());
        }
        Ok(())
    }

    /// Makes sure that an account with a key signed the intent as its own.
    pub async fn check_intent(&self, intent: &dyn Intent) -> Result<(), IntentError> {
        let Some(hash) = intent.struct_hash(self).await? else {
            return Ok(());
        };
        let digest = self.intent_digest(intent.contract(), hash)?;
        let signature =
            Signature::from_raw(intent.signature()).map_err(|_| IntentError::Signature)?;
        match signature.recover_address_from_prehash(&digest) {
            Ok(author) if author == intent.author() && signature.normalize_s().is_none() => Ok(()),
            _ => Err(IntentError::Signature),
        }
    }

    fn intent_digest(&self, contract: Contract, hash: B256) -> Result<B256, NetworkError> {
        Ok(digest(&domain(contract, &self.network)?, hash))
    }
}

/// `keccak256("\x19\x01" ‖ domainSeparator ‖ hashStruct(message))`.
fn digest(domain: &Eip712Domain, hash: B256) -> B256 {
    keccak256(
        [
            &b"\x19\x01"[..],
            domain.separator().as_slice(),
            hash.as_slice(),
        ]
        .concat(),
    )
}

fn fits(log: &Log, topics: &[Option<B256>]) -> bool {
    let there = log.topics();
    topics.len() <= there.len()
        && topics
            .iter()
            .zip(there)
            .all(|(asked, topic)| asked.is_none_or(|a| a == *topic))
}

#[cfg(test)]
mod tests;
