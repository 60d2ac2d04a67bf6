//! An object's tree: which blocks it is made of.

use std::sync::Arc;

use bytes::Bytes;
use cid::Cid;
use dhc_content::dag::{Leaf, LeafWalk};
use dhc_ipc::Failure;
use futures::{Stream, StreamExt, TryStreamExt, stream};

use crate::{
    failure::store_failure,
    objects::{corrupt, fetch_failure},
    ports::{BlockExchange, PeerHint, StoreError},
};

/// Blocks asked for at once.
pub const AT_ONCE: usize = 8;

/// Where blocks come from: the local store, else these peers.
#[derive(Clone)]
pub struct Source {
    pub blocks: Arc<dyn BlockExchange>,
    pub from: Vec<PeerHint>,
}

impl Source {
    pub async fn fetch(&self, cid: Cid) -> Result<Bytes, Failure> {
        let fetched = self.blocks.fetch(&cid, &self.from).await;
        fetched.map_err(fetch_failure)
    }

    /// Several blocks, in order, a few at once.
    pub fn each(&self, cids: Vec<Cid>) -> impl Stream<Item = Result<Bytes, Failure>> + use<> {
        let source = self.clone();
        stream::iter(cids)
            .map(move |cid| {
                let source = source.clone();
                async move { source.fetch(cid).await }
            })
            .buffered(AT_ONCE)
    }
}

/// The blocks of an object.
#[derive(Clone, Debug)]
pub struct Tree {
    /// Inner nodes, the root first, with their lengths in bytes.
    pub nodes: Vec<(Cid, u64)>,
    /// In the file's order.
    pub leaves: Vec<Leaf>,
}

impl Tree {
    /// Finds the leaves below `root`.
    pub async fn walk(root: Cid, source: &Source) -> Result<Self, Failure> {
        let mut walk = LeafWalk::new(root);
        let mut nodes = Vec::new();
        loop {
            let wanted = walk.wanted();
            if wanted.is_empty() {
                break;
            }
            let fetched: Vec<Bytes> = source.each(wanted.clone()).try_collect().await?;
            for (cid, bytes) in wanted.into_iter().zip(fetched) {
                nodes.push((cid, bytes.len() as u64));
                walk.provide(&cid, bytes).map_err(corrupt)?;
            }
        }
        let leaves = walk.leaves().unwrap_or_default();
        Ok(Self { nodes, leaves })
    }

    /// From what is here; `None` where an inner node is missing or damaged.
    pub async fn local(
        blocks: &Arc<dyn BlockExchange>,
        root: Cid,
    ) -> Result<Option<Self>, Failure> {
        let mut walk = LeafWalk::new(root);
        let mut nodes = Vec::new();
        while let Some(cid) = walk.wanted().first().copied() {
            let bytes = match blocks.get(&cid).await {
                Ok(Some(bytes)) => bytes,
                Ok(None) | Err(StoreError::Damaged(_)) => return Ok(None),
                Err(e) => return Err(store_failure(e)),
            };
            nodes.push((cid, bytes.len() as u64));
            walk.provide(&cid, bytes).map_err(corrupt)?;
        }
        let leaves = walk.leaves().unwrap_or_default();
        Ok(Some(Self { nodes, leaves }))
    }

    /// Every block, the root first.
    pub fn all(&self) -> Vec<Cid> {
        let nodes = self.nodes.iter().map(|(cid, _)| *cid);
        nodes.chain(self.leaves.iter().map(|l| l.cid)).collect()
    }

    /// Bytes of every block.
    pub fn bytes(&self) -> u64 {
        let nodes: u64 = self.nodes.iter().map(|(_, length)| length).sum();
        nodes + self.leaves.iter().map(|l| l.size).sum::<u64>()
    }
}
