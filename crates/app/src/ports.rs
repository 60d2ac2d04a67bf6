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
    /// Which of the blocks are held, by name alone: what a held one says is not read.
    async fn has(&self, cids: &[Cid]) -> Result<Vec<bool>, StoreError>;
    /// Asks `from` for blocks as a stranger would, under a name made for this: nothing held here
    /// is looked at, nothing that comes is kept. `Ok` when every block came and is what its CID
    /// says.
    async fn probe(&self, cids: &[Cid], from: &[PeerHint]) -> Result<(), ExchangeError>;
    /// Connects to a peer, so that it may ask for blocks.
    async fn reach(&self, peer: &PeerHint) -> Result<(), ExchangeError>;
}

/// How a pinning service is spoken with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PinKind {
    /// The IPFS Pinning Service API, version 1.
    Api,
    /// Kubo's RPC, `/api/v0`.
    Kubo,
}

/// A service that keeps blocks for others, as its person named it.
#[derive(Clone)]
pub struct PinService {
    pub kind: PinKind,
    /// What the interface's paths are appended to, without a slash at the end.
    pub url: String,
    /// A secret: goes into the `Authorization` header and nowhere else.
    pub token: Option<zeroize::Zeroizing<String>>,
}

/// How a service says that an object is with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PinStatus {
    Absent,
    Queued,
    Pinning,
    Pinned,
    Failed,
}

/// A service's answer about one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinState {
    pub status: PinStatus,
    /// Where the service's nodes listen.
    pub peers: Vec<PeerHint>,
}

/// An object to be pinned.
#[derive(Clone)]
pub struct Parcel {
    pub root: Cid,
    /// Where it can be fetched from: this node.
    pub origin: PeerHint,
    /// Whether the service's node is connected with this one. If not, and its interface takes
    /// blocks, they are handed over.
    pub connected: bool,
    /// Every block, the root first, for handing over.
    pub all: Vec<Cid>,
    pub blocks: Arc<dyn BlockExchange>,
}

#[derive(Debug, thiserror::Error)]
pub enum PinError {
    #[error("the pinning service cannot be reached: {0}")]
    Unreachable(String),
    /// It answered with a refusal, or with something that is not understood.
    #[error("the pinning service refused: {0}")]
    Refused(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Speaks with pinning services. Nothing but roots, addresses of this node and ciphertext is told.
#[async_trait]
pub trait Pinning: Send + Sync {
    /// Where the service's nodes listen, as far as it says so unasked for an object.
    async fn peers(&self, service: &PinService) -> Result<Vec<PeerHint>, PinError>;
    async fn look(&self, service: &PinService, root: &Cid) -> Result<PinState, PinError>;
    /// Asks for an object to be kept. May return before it is: [`look`](Self::look) tells.
    async fn pin(&self, service: &PinService, parcel: &Parcel) -> Result<PinState, PinError>;
    /// Asks for it to be let go; one that is not there is none the worse.
    async fn unpin(&self, service: &PinService, root: &Cid) -> Result<(), PinError>;
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
    pub pinning: Arc<dyn Pinning>,
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
