//! The handle of the node: the ports of the use cases.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use cid::Cid;
use dhc_app::ports::{
    BlockExchange, ErrandChannel, ExchangeError, PeerChannel, PeerHint, Responder, StoreError,
};
use dhc_content::letter::MAX_LETTER;
use tokio::{
    sync::{OnceCell, mpsc, oneshot},
    time::timeout,
};

use super::{
    actor::{Command, Matter, Reply},
    blocks::BlockFiles,
    contact::Contact,
    private::SwarmKey,
    start,
};
use crate::durable;

/// How a node behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeConfig {
    /// The address listened on.
    pub listen: IpAddr,
    /// How long a peer may let us wait: for an answer, or without sending anything of a block.
    pub patience: Duration,
    /// Whoever does not have it is no peer, neither as a caller nor called. `None`: anybody is.
    pub swarm_key: Option<SwarmKey>,
}

impl Default for NodeConfig {
    /// Loopback, twenty seconds, and no swarm key.
    fn default() -> Self {
        Self {
            listen: Ipv4Addr::LOCALHOST.into(),
            patience: Duration::from_secs(20),
            swarm_key: None,
        }
    }
}

/// A home's IPFS node. Reading and writing blocks needs no network and starts nothing; the
/// first fetch, letter or question for an address starts the node, and dropping the last handle
/// stops it.
///
/// A [`Responder`] that holds a handle keeps the node running until it is taken back by
/// `answer_with(None)`.
#[derive(Clone)]
pub struct IpfsNode {
    shared: Arc<Shared>,
}

struct Shared {
    folder: PathBuf,
    blocks: BlockFiles,
    config: NodeConfig,
    commands: OnceCell<mpsc::Sender<Command>>,
}

impl IpfsNode {
    /// A node whose key and port are kept in `folder`. Nothing runs yet.
    pub fn new(folder: &Path, blocks: BlockFiles, config: NodeConfig) -> Self {
        let commands = OnceCell::new();
        Self {
            shared: Arc::new(Shared {
                folder: folder.to_owned(),
                blocks,
                config,
                commands,
            }),
        }
    }

    async fn tell(&self, command: Command) -> Result<(), ExchangeError> {
        let shared = &self.shared;
        let start = || start::start(&shared.folder, shared.blocks.clone(), &shared.config);
        let commands = shared.commands.get_or_try_init(start).await?;
        commands.send(command).await.map_err(|_| stopped())
    }

    /// Tells the node something and waits for its answer.
    async fn request<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<T>) -> Command,
    ) -> Result<T, ExchangeError> {
        let (reply, answer) = oneshot::channel();
        self.tell(command(reply)).await?;
        answer.await.map_err(|_| stopped())
    }

    async fn ask_about(
        &self,
        about: Matter,
        peer: &PeerHint,
        message: Vec<u8>,
    ) -> Result<Vec<u8>, ExchangeError> {
        if message.len() > MAX_LETTER {
            return Err(StoreError::Io("a message to a peer is at most 64 KiB".into()).into());
        }
        let peer = Contact::parse(peer).ok_or(ExchangeError::Unreachable)?;
        let command = |reply: Reply<Vec<u8>>| Command::Ask {
            about,
            peer,
            letter: message,
            reply,
        };
        timeout(self.shared.config.patience, self.request(command))
            .await
            .map_err(|_| ExchangeError::Unreachable)??
    }

    async fn answer_about(&self, about: Matter, responder: Option<Arc<dyn Responder>>) {
        if responder.is_none() && !self.shared.commands.initialized() {
            return;
        }
        if let Err(error) = self.tell(Command::AnswerWith(about, responder)).await {
            tracing::warn!(%error, "the node answers nobody");
        }
    }

    /// The block if it is here and whole; one that is not whole is removed.
    async fn local(&self, cid: &Cid) -> Result<Option<Bytes>, StoreError> {
        match self.shared.blocks.get(cid).await {
            Err(StoreError::Damaged(_)) => {
                self.shared.blocks.remove(&[*cid]).await?;
                Ok(None)
            }
            block => block,
        }
    }
}

#[async_trait]
impl BlockExchange for IpfsNode {
    async fn put(&self, blocks: Vec<(Cid, Bytes)>) -> Result<(), StoreError> {
        self.shared.blocks.put(blocks).await
    }

    async fn get(&self, cid: &Cid) -> Result<Option<Bytes>, StoreError> {
        self.shared.blocks.get(cid).await
    }

    async fn remove(&self, cids: &[Cid]) -> Result<(), StoreError> {
        self.shared.blocks.remove(cids).await
    }

    async fn fetch(&self, cid: &Cid, from: &[PeerHint]) -> Result<Bytes, ExchangeError> {
        if let Some(block) = self.local(cid).await? {
            return Ok(block);
        }
        let from = from.iter().filter_map(Contact::parse).collect();
        let command = |reply: Reply<Bytes>| Command::Fetch {
            cid: *cid,
            from,
            reply,
        };
        let block = self.request(command).await??;
        match self.shared.blocks.keep((*cid, block.clone())).await {
            Ok(()) => Ok(block),
            Err(StoreError::Damaged(_)) => Err(ExchangeError::Corrupt),
            Err(error) => Err(error.into()),
        }
    }

    async fn size(&self) -> Result<u64, StoreError> {
        self.shared.blocks.size().await
    }

    async fn has(&self, cids: &[Cid]) -> Result<Vec<bool>, StoreError> {
        self.shared.blocks.has(cids).await
    }

    async fn probe(&self, cids: &[Cid], from: &[PeerHint]) -> Result<(), ExchangeError> {
        let stranger = Stranger::at(&self.shared.folder)?;
        let blocks = BlockFiles::open(&stranger.folder.join("blocks"))?;
        let node = Self::new(&stranger.folder, blocks, self.shared.config.clone());
        for cid in cids {
            node.fetch(cid, from).await?;
            node.remove(&[*cid]).await?;
        }
        Ok(())
    }

    async fn reach(&self, peer: &PeerHint) -> Result<(), ExchangeError> {
        let contact = Contact::parse(peer).ok_or(ExchangeError::Unreachable)?;
        let command = |reply: Reply<()>| Command::Reach { contact, reply };
        timeout(self.shared.config.patience, self.request(command))
            .await
            .map_err(|_| ExchangeError::Unreachable)??
    }
}

/// A node that knows nothing and is forgotten, so that what it is given was given to a stranger.
struct Stranger {
    folder: PathBuf,
}

impl Stranger {
    fn at(home: &Path) -> Result<Self, StoreError> {
        let draw = getrandom::u64().map_err(|error| StoreError::Io(error.to_string()))?;
        let folder = home.join("probe").join(format!("{draw:016x}"));
        durable::private_folder(&folder).map_err(durable::failed("the probe"))?;
        Ok(Self { folder })
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        // What a killed process left goes when the home is opened.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[async_trait]
impl PeerChannel for IpfsNode {
    async fn here(&self) -> Result<PeerHint, ExchangeError> {
        self.request(Command::Here).await
    }

    async fn connected(&self) -> u32 {
        if !self.shared.commands.initialized() {
            return 0;
        }
        self.request(Command::Connected).await.unwrap_or(0)
    }

    async fn ask(&self, peer: &PeerHint, message: Vec<u8>) -> Result<Vec<u8>, ExchangeError> {
        self.ask_about(Matter::Keys, peer, message).await
    }

    async fn answer_with(&self, responder: Option<Arc<dyn Responder>>) {
        self.answer_about(Matter::Keys, responder).await;
    }
}

#[async_trait]
impl ErrandChannel for IpfsNode {
    async fn send(&self, peer: &PeerHint, errand: Vec<u8>) -> Result<Vec<u8>, ExchangeError> {
        self.ask_about(Matter::Errands, peer, errand).await
    }

    async fn take_with(&self, responder: Option<Arc<dyn Responder>>) {
        self.answer_about(Matter::Errands, responder).await;
    }
}

/// The runtime that the node ran on has ended.
fn stopped() -> ExchangeError {
    StoreError::Io("the node has stopped".into()).into()
}
