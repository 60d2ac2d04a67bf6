//! What the light client needs of the world: a way to a node, a place for trusted headers, a
//! clock, and somebody who signs.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use alloy::primitives::{Address, Signature};
use async_trait::async_trait;
use dhc_domain::{Height, Timestamp};

/// One JSON-RPC endpoint. The adapter bounds the time of every answer, reads no more of it than it
/// is told, and follows no redirects; the bytes are the node's and trusted for nothing.
#[async_trait]
pub trait Transport: Send + Sync {
    /// The endpoint's address, for status and evidence.
    fn endpoint(&self) -> &str;

    /// Posts a JSON body and returns the body of the answer: at most `most` bytes, decompressed.
    async fn post(&self, body: Vec<u8>, most: usize) -> Result<Vec<u8>, TransportError>;
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    #[error("the node cannot be reached: {0}")]
    Unreachable(String),
    #[error("the node did not answer in time")]
    TimedOut,
    #[error("the node's answer is too large")]
    TooLarge,
    #[error("the node answered with HTTP status {0}")]
    Status(u16),
}

/// Trusted light blocks, in this crate's own encoding, by height.
///
/// A block put is there after a crash, or not at all; never in part.
pub trait HeaderStore: Send + Sync {
    fn put(&self, height: Height, block: &[u8]) -> Result<(), StoreError>;
    fn get(&self, height: Height) -> Result<Option<Vec<u8>>, StoreError>;
    fn latest(&self) -> Result<Option<(Height, Vec<u8>)>, StoreError>;
    /// The highest block at or below `height`.
    fn at_or_below(&self, height: Height) -> Result<Option<(Height, Vec<u8>)>, StoreError>;
    /// The lowest block at or above `height`.
    fn at_or_above(&self, height: Height) -> Result<Option<(Height, Vec<u8>)>, StoreError>;
    /// Removes blocks below `height` except the one at `keep`.
    fn prune(&self, below: Height, keep: Height) -> Result<(), StoreError>;
    /// Removes every block. Evidence and a person's checkpoint stay.
    fn clear(&self) -> Result<(), StoreError>;

    /// Keeps the checkpoint that a person has confirmed, in the place of any other; `None` removes
    /// it.
    fn keep_anchor(&self, block: Option<&[u8]>) -> Result<(), StoreError>;
    fn anchor(&self) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keeps the evidence of a conflict, in the place of any other, and says where a person finds
    /// it.
    fn keep_evidence(&self, evidence: &[u8]) -> Result<Option<String>, StoreError>;
    fn evidence(&self) -> Result<Option<Evidence>, StoreError>;
    /// A person has decided: the evidence counts no more. A copy stays where it can.
    fn dismiss_evidence(&self) -> Result<(), StoreError>;
}

/// Evidence as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    pub bytes: Vec<u8>,
    /// A path, where it is a file.
    pub place: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    #[error("the disk is full")]
    Full,
    #[error("the store of trusted headers failed: {0}")]
    Other(String),
}

/// Time, as a port: the world's, for trusting periods, and a steady one, for waiting.
#[async_trait]
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
    /// Time since some fixed moment; never goes back.
    fn monotonic(&self) -> Duration;
    async fn sleep(&self, span: Duration);
}

/// Signs for one account. The key stays with the implementation.
pub trait Signer: Send + Sync {
    fn address(&self) -> Address;
    fn sign_hash(&self, hash: [u8; 32]) -> Result<Signature, SignError>;
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the transaction was not signed: {0}")]
pub struct SignError(pub String);

/// A header store in memory: for a first look at a network, and for tests.
#[derive(Debug, Default)]
pub struct MemoryHeaderStore {
    blocks: Mutex<BTreeMap<Height, Vec<u8>>>,
    anchor: Mutex<Option<Vec<u8>>>,
    evidence: Mutex<Option<Vec<u8>>>,
}

impl MemoryHeaderStore {
    fn with<T>(
        &self,
        f: impl FnOnce(&mut BTreeMap<Height, Vec<u8>>) -> T,
    ) -> Result<T, StoreError> {
        locked(&self.blocks).map(|mut map| f(&mut map))
    }
}

fn locked<T>(mutex: &Mutex<T>) -> Result<MutexGuard<'_, T>, StoreError> {
    mutex
        .lock()
        .map_err(|_| StoreError::Other("lock poisoned".into()))
}

fn owned((height, block): (&Height, &Vec<u8>)) -> (Height, Vec<u8>) {
    (*height, block.clone())
}

impl HeaderStore for MemoryHeaderStore {
    fn put(&self, height: Height, block: &[u8]) -> Result<(), StoreError> {
        self.with(|map| map.insert(height, block.to_vec()))
            .map(drop)
    }

    fn get(&self, height: Height) -> Result<Option<Vec<u8>>, StoreError> {
        self.with(|map| map.get(&height).cloned())
    }

    fn latest(&self) -> Result<Option<(Height, Vec<u8>)>, StoreError> {
        self.with(|map| map.last_key_value().map(owned))
    }

    fn at_or_below(&self, height: Height) -> Result<Option<(Height, Vec<u8>)>, StoreError> {
        self.with(|map| map.range(..=height).next_back().map(owned))
    }

    fn at_or_above(&self, height: Height) -> Result<Option<(Height, Vec<u8>)>, StoreError> {
        self.with(|map| map.range(height..).next().map(owned))
    }

    fn prune(&self, below: Height, keep: Height) -> Result<(), StoreError> {
        self.with(|map| map.retain(|h, _| *h >= below || *h == keep))
    }

    fn clear(&self) -> Result<(), StoreError> {
        self.with(BTreeMap::clear)
    }

    fn keep_anchor(&self, block: Option<&[u8]>) -> Result<(), StoreError> {
        *locked(&self.anchor)? = block.map(<[u8]>::to_vec);
        Ok(())
    }

    fn anchor(&self) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(locked(&self.anchor)?.clone())
    }

    fn keep_evidence(&self, evidence: &[u8]) -> Result<Option<String>, StoreError> {
        *locked(&self.evidence)? = Some(evidence.to_vec());
        Ok(None)
    }

    fn evidence(&self) -> Result<Option<Evidence>, StoreError> {
        let bytes = locked(&self.evidence)?.clone();
        Ok(bytes.map(|bytes| Evidence { bytes, place: None }))
    }

    fn dismiss_evidence(&self) -> Result<(), StoreError> {
        *locked(&self.evidence)? = None;
        Ok(())
    }
}
