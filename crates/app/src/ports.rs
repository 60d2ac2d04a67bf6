//! What the use cases need of the world. Each port has one conformance suite in
//! `dhc-adapters`, run on every implementation.

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use cid::Cid;
use dhc_domain::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// A source of cryptographic randomness.
pub trait Entropy: Send + Sync {
    fn fill(&self, bytes: &mut [u8]);
}

/// A failure of local storage.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the disk is full")]
    Full,
    #[error("local data is damaged: {0}")]
    Damaged(String),
    #[error("local data cannot be read or written: {0}")]
    Io(String),
}

impl From<dhc_chain::StoreError> for StoreError {
    fn from(e: dhc_chain::StoreError) -> Self {
        match e {
            dhc_chain::StoreError::Full => Self::Full,
            e => Self::Io(e.to_string()),
        }
    }
}

/// A change of the database; a batch of them is applied whole or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    Put {
        table: &'static str,
        key: Vec<u8>,
        value: Vec<u8>,
    },
    Delete {
        table: &'static str,
        key: Vec<u8>,
    },
}

/// A key and its value.
pub type KeyValue = (Vec<u8>, Vec<u8>);

/// A profile's database: tables of keys and values. Values come sealed; keys must tell nothing.
/// A `commit` that returned has reached the disk.
pub trait Database: Send + Sync {
    fn get(&self, table: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
    /// Every entry of a table whose key begins with `prefix`, in the order of keys.
    fn list(&self, table: &'static str, prefix: &[u8]) -> Result<Vec<KeyValue>, StoreError>;
    fn commit(&self, batch: &[Write]) -> Result<(), StoreError>;
}

/// Where a peer can be reached: its peer id and multiaddresses (libp2p text forms).
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PeerHint {
    pub peer: String,
    pub addresses: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// No peer has it, or none answers in time.
    #[error("no peer could hand over the content")]
    Unavailable,
    #[error("the peer cannot be reached")]
    Unreachable,
    /// Bytes that are not what their CID says.
    #[error("a peer answered with other bytes than asked for")]
    Corrupt,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The block store with the embedded IPFS node over it.
#[async_trait]
pub trait BlockExchange: Send + Sync {
    /// Stores blocks durably when it returns; a present block is left as it is.
    async fn put(&self, blocks: Vec<(Cid, Bytes)>) -> Result<(), StoreError>;
    async fn get(&self, cid: &Cid) -> Result<Option<Bytes>, StoreError>;
    async fn remove(&self, cids: &[Cid]) -> Result<(), StoreError>;
    /// From the local store, else by bitswap from `from`; what is fetched is kept.
    /// A crash of the machine may lose it: it can be had again.
    async fn fetch(&self, cid: &Cid, from: &[PeerHint]) -> Result<Bytes, ExchangeError>;
    /// Bytes held locally.
    async fn size(&self) -> Result<u64, StoreError>;
}

/// One request and its answer between two apps, over the same node. `/dhc/oakley/1`.
#[async_trait]
pub trait PeerChannel: Send + Sync {
    /// This node's id and listening addresses.
    async fn here(&self) -> Result<PeerHint, ExchangeError>;
    /// Peers connected now.
    async fn connected(&self) -> u32;
    /// Asks a peer; `Unreachable` if it does not answer within the adapter's limit (20 s).
    async fn ask(&self, peer: &PeerHint, message: Vec<u8>) -> Result<Vec<u8>, ExchangeError>;
    /// Who answers what other peers ask. `None`: nobody, requests are refused.
    async fn answer_with(&self, responder: Option<Arc<dyn Responder>>);
}

/// Acts that others carry in, and their answers, over the same node. `/dhc/sponsor/1`.
#[async_trait]
pub trait ErrandChannel: Send + Sync {
    /// Asks a sponsor; `Unreachable` if it does not answer within the adapter's limit (20 s).
    async fn send(&self, peer: &PeerHint, errand: Vec<u8>) -> Result<Vec<u8>, ExchangeError>;
    /// Who takes what others send. `None`: nobody, requests are refused.
    async fn take_with(&self, responder: Option<Arc<dyn Responder>>);
}

/// Answers a message of another peer; `peer` is its peer id.
#[async_trait]
pub trait Responder: Send + Sync {
    async fn respond(&self, peer: &str, message: Vec<u8>) -> Option<Vec<u8>>;
}

/// A profile's files beside the database: the vault's file and its earlier generation.
pub trait VaultFile: Send + Sync {
    /// The newest generation, `None` where there is none.
    fn read(&self) -> Result<Option<Vec<u8>>, StoreError>;
    /// The generation before.
    fn read_previous(&self) -> Result<Option<Vec<u8>>, StoreError>;
    /// Atomic: after a crash the file holds the old bytes or the new. Keeps the old beside it.
    fn write(&self, bytes: &[u8]) -> Result<(), StoreError>;
}

/// What one profile stands on. A profile is a folder; nothing is global.
#[derive(Clone)]
pub struct Home {
    pub folder: PathBuf,
    pub vault: Arc<dyn VaultFile>,
    pub database: Arc<dyn Database>,
    pub blocks: Arc<dyn BlockExchange>,
    pub channel: Arc<dyn PeerChannel>,
    pub errands: Arc<dyn ErrandChannel>,
    pub headers: Arc<dyn dhc_chain::HeaderStore>,
}

/// Opens profiles' folders.
#[async_trait]
pub trait Homes: Send + Sync {
    /// Opens a profile's folder, made if it is not there, waiting up to 10 s for its lock.
    async fn open(&self, folder: &std::path::Path) -> Result<Home, OpenError>;
}

/// What a network's operators answer off chain: the faucet of a devnet, the PoQ committee.
#[async_trait]
pub trait NetworkServices: Send + Sync {
    /// JSON-RPC to the operators' endpoint.
    async fn call(
        &self,
        method: &str,
        params: serde_json::Value,
    ) -> Result<serde_json::Value, ServiceError>;
}

#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    #[error("the network's service cannot be reached: {0}")]
    Unreachable(String),
    /// Answered, with a refusal or something that is not understood.
    #[error("the network's service refused: {0}")]
    Refused(String),
}

/// Connects a profile to a network, over connections of its own.
pub trait Networks: Send + Sync {
    fn connect(
        &self,
        network: &dhc_domain::NetworkFile,
        headers: Arc<dyn dhc_chain::HeaderStore>,
    ) -> Result<(Arc<dhc_chain::Chain>, Arc<dyn NetworkServices>), dhc_chain::ConfigError>;
}

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("another command holds this home")]
    Busy,
    #[error(transparent)]
    Store(#[from] StoreError),
}
