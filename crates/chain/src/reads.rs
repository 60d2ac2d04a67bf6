//! Proven reads of state.

use std::time::Duration;

use dhc_domain::{
    Address, Amount, Attested, B256, Height, NetworkError, Timestamp, UnprovenReason,
};
use futures::{StreamExt, TryStreamExt, stream};

use crate::{
    Chain, SyncError,
    facade::FRESH,
    layout::LayoutError,
    node::{Blame, CometNode, KEYS_AT_ONCE, NodeError, QueryReply, Severity},
    proof::{
        self,
        keys::{self, BadValue, StateKey},
    },
};

/// Requests under way at once for one read.
const ABREAST: usize = 4;
/// How long a read "at least at" a height waits for the header that proves it.
const PATIENCE: Duration = Duration::from_secs(20);
/// Above this a key's value is not believed to be state of ours.
const MAX_VALUE_BYTES: usize = 1 << 20;

/// Which state to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The newest state that is proven already: one block behind the head.
    Latest,
    /// The state after the block at this height or a later one; waits for the header that proves
    /// it. For reading what one's own transaction wrote.
    AtLeast(Height),
    /// The state after exactly this block; waits as above. For several reads of one state. Nodes
    /// may have it no more.
    Block(Height),
}

/// A height and the app hash that proves its state.
#[derive(Clone, Debug)]
pub(crate) struct StateAt {
    pub height: Height,
    pub app_hash: Vec<u8>,
    /// Of the header that proves it: no later block is older.
    pub time: Timestamp,
}

/// Why a read gives no proven value.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReadError {
    #[error(transparent)]
    Sync(#[from] SyncError),
    #[error("no node answers: {0}")]
    Unreachable(String),
    /// The nodes do not have this state any more, or do not prove it.
    #[error("no node proves the state at this height")]
    Unavailable,
    #[error("a node's proof does not verify: {0}")]
    Untrusted(String),
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The value is proven and yet makes no sense: the contract is not the one the product knows.
    #[error("the proven state is not the contract's: {0}")]
    Layout(#[from] LayoutError),
}

impl ReadError {
    /// The wire's reason for a value that this failure leaves unproven.
    pub fn reason(&self) -> UnprovenReason {
        match self {
            Self::Sync(e) => e.reason(),
            Self::Unreachable(_) => UnprovenReason::NetworkUnreachable,
            Self::Unavailable | Self::Network(_) => UnprovenReason::ProofUnavailable,
            Self::Untrusted(_) | Self::Layout(_) => UnprovenReason::NodeUntrusted,
        }
    }
}

impl From<NodeError> for ReadError {
    fn from(e: NodeError) -> Self {
        match e.blame() {
            Blame::Unreachable => Self::Unreachable(e.to_string()),
            Blame::Refused => Self::Unavailable,
            Blame::Untrusted => Self::Untrusted(e.to_string()),
        }
    }
}

impl From<BadValue> for ReadError {
    fn from(e: BadValue) -> Self {
        Self::Layout(LayoutError::Value(e.to_string()))
    }
}

impl Severity for ReadError {
    fn severity(&self) -> u8 {
        match self {
            Self::Unreachable(_) => 0,
            Self::Unavailable => 1,
            Self::Untrusted(_) => 2,
            Self::Sync(_) | Self::Network(_) | Self::Layout(_) => 3,
        }
    }

    fn is_the_nodes(&self) -> bool {
        matches!(
            self,
            Self::Unreachable(_) | Self::Unavailable | Self::Untrusted(_)
        )
    }

    fn of_the_node(&self) -> Option<UnprovenReason> {
        Some(self.reason())
    }
}

impl Chain {
    /// The account's DHL: on the DHC chain the native coin, everything that it holds, spendable or
    /// not; on Ethereum the token's balance.
    pub async fn balance(&self, account: Address, at: At) -> Result<Attested<Amount>, ReadError> {
        if self.ethereum.is_some() {
            return self.token_balance(account, at).await;
        }
        self.coin(account, at).await
    }

    /// What the account can pay fees with: the network's native coin, in its base unit.
    pub async fn coin(&self, account: Address, at: At) -> Result<Attested<Amount>, ReadError> {
        if let Some(ethereum) = &self.ethereum {
            self.await_state(at).await?;
            let account = ethereum.account(account, FRESH).await?;
            return Ok(account.map(|a| Amount(a.balance)));
        }
        let value = self
            .read_one(keys::balance(account, &self.network.denom), at)
            .await?;
        attest(value, keys::read_balance)
    }

    /// The account's nonce: how many transactions it has sent.
    pub async fn nonce(&self, account: Address, at: At) -> Result<Attested<u64>, ReadError> {
        if let Some(ethereum) = &self.ethereum {
            self.await_state(at).await?;
            return Ok(ethereum.account(account, FRESH).await?.map(|a| a.nonce));
        }
        let value = self.read_one(keys::account(account), at).await?;
        attest(value, keys::read_nonce)
    }

    /// Keccak-256 of the account's code; `None` where it has none.
    pub async fn code_hash(
        &self,
        account: Address,
        at: At,
    ) -> Result<Attested<Option<B256>>, ReadError> {
        if let Some(ethereum) = &self.ethereum {
            self.await_state(at).await?;
            return Ok(ethereum.account(account, FRESH).await?.map(|a| a.code_hash));
        }
        let value = self.read_one(keys::code_hash(account), at).await?;
        attest(value, keys::read_code_hash)
    }

    /// Storage slots of one contract, in the order asked, all at one height.
    pub async fn read_slots(
        &self,
        contract: Address,
        slots: &[B256],
        at: At,
    ) -> Result<Attested<Vec<B256>>, ReadError> {
        if let Some(ethereum) = &self.ethereum {
            self.await_state(at).await?;
            return ethereum.slots(contract, slots, FRESH).await;
        }
        let state = self.state(at).await?;
        let words = self.slots_in(contract, slots, &state).await?;
        Ok(Attested::proven(words, state.height))
    }

    /// As [`read_slots`](Self::read_slots), in a state that is at hand.
    pub(crate) async fn slots_in(
        &self,
        contract: Address,
        slots: &[B256],
        state: &StateAt,
    ) -> Result<Vec<B256>, ReadError> {
        let keys: Vec<_> = slots
            .iter()
            .map(|slot| keys::storage(contract, *slot))
            .collect();
        let values = self.read_in(state, &keys).await?;
        let words = values.iter().map(|v| keys::read_word(v.as_deref()));
        Ok(words.collect::<Result<_, _>>()?)
    }

    /// Any keys of any stores, all at one height; `None` where absent.
    pub async fn read_keys(
        &self,
        keys: &[StateKey],
        at: At,
    ) -> Result<Attested<Vec<Option<Vec<u8>>>>, ReadError> {
        let state = self.state(at).await?;
        let values = self.read_in(&state, keys).await?;
        Ok(Attested::proven(values, state.height))
    }

    async fn read_one(
        &self,
        key: StateKey,
        at: At,
    ) -> Result<Attested<Option<Vec<u8>>>, ReadError> {
        let values = self.read_keys(std::slice::from_ref(&key), at).await?;
        Ok(values.map(|mut v| v.pop().flatten()))
    }

    /// On Ethereum: waits until the state that `at` asks for is finalized.
    async fn await_state(&self, at: At) -> Result<(), ReadError> {
        match at {
            At::Latest => Ok(()),
            At::AtLeast(height) => Ok(self.wait_for(height, PATIENCE).await.map(drop)?),
            // Its nodes are asked for the final state alone.
            At::Block(_) => Err(ReadError::Unavailable),
        }
    }

    /// The state that a read at `at` reads, waiting for its header where need be.
    pub(crate) async fn state(&self, at: At) -> Result<StateAt, ReadError> {
        let mut head = self.head().await?;
        // The first state that a height names is that after block 1.
        let least = match at {
            At::Latest => Height(2),
            At::AtLeast(height) | At::Block(height) => height.next().max(Height(2)),
        };
        if head.height < least {
            head = self.wait_for(least, PATIENCE).await?;
        }
        let proving = match at {
            At::Block(_) => least,
            At::Latest | At::AtLeast(_) => head.height,
        };
        let header = self.light.header(proving).await?;
        let app_hash = header.app_hash.as_bytes().to_vec();
        Ok(StateAt {
            height: Height(proving.0.saturating_sub(1)),
            app_hash,
            time: crate::light::seconds(&header),
        })
    }

    /// The values of keys in one state: those proven before from memory, the others from nodes, ten
    /// in one round trip.
    pub(crate) async fn read_in(
        &self,
        state: &StateAt,
        keys: &[StateKey],
    ) -> Result<Vec<Option<Vec<u8>>>, ReadError> {
        let mut values = self.proven.find(state, keys);
        let missing: Vec<&StateKey> = keys
            .iter()
            .filter(|key| !values.contains_key(key))
            .collect();
        if !missing.is_empty() {
            let none = || ReadError::Unreachable("the network names no node".into());
            let asked = &missing;
            let read: Vec<_> = self
                .comet
                .ask(none, |node| async move {
                    let pages: Vec<_> = asked
                        .chunks(KEYS_AT_ONCE)
                        .map(|page| self.prove(&node, state, page))
                        .collect();
                    stream::iter(pages).buffered(ABREAST).try_concat().await
                })
                .await?;
            self.proven.keep(state, missing.iter().copied().zip(&read));
            values.extend(missing.into_iter().zip(read));
        }
        Ok(keys
            .iter()
            .map(|key| values.get(key).cloned().flatten())
            .collect())
    }

    async fn prove(
        &self,
        node: &CometNode,
        state: &StateAt,
        keys: &[&StateKey],
    ) -> Result<Vec<Option<Vec<u8>>>, ReadError> {
        let replies = node.query(keys, state.height).await?;
        let proven = keys.iter().zip(replies).map(|(key, reply)| {
            self.proven_value(state, key, reply.ok_or(ReadError::Unavailable)?)
        });
        proven.collect()
    }

    fn proven_value(
        &self,
        state: &StateAt,
        key: &StateKey,
        reply: QueryReply,
    ) -> Result<Option<Vec<u8>>, ReadError> {
        if reply.height != state.height {
            return Err(ReadError::Untrusted(
                "the answer is for another height".into(),
            ));
        }
        if reply.value.len() > MAX_VALUE_BYTES {
            return Err(ReadError::Untrusted("the value is too large".into()));
        }
        // No store of these chains keeps empty values.
        let value = (!reply.value.is_empty()).then_some(reply.value);
        proof::verify(
            self.network.proof_spec,
            &state.app_hash,
            key.store,
            &key.key,
            value.as_deref(),
            &reply.ops,
        )
        .map_err(|fault| ReadError::Untrusted(fault.to_string()))?;
        Ok(value)
    }
}

fn attest<T>(
    value: Attested<Option<Vec<u8>>>,
    read: impl FnOnce(Option<&[u8]>) -> Result<T, BadValue>,
) -> Result<Attested<T>, ReadError> {
    let read = read(value.value.as_deref())?;
    Ok(Attested {
        value: read,
        standing: value.standing,
    })
}
