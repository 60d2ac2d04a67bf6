//! Where trust begins: the network file's checkpoint, held for ever in the header store, or one
//! that a person has confirmed after everything stored had lapsed.

use std::str::FromStr;

use dhc_domain::{Height, Timestamp};
use tendermint::Hash;

use super::{LightBlock, LightClient, SyncError, verify::verify_own_commit};
use crate::node::{CometNode, Recorded};

/// A block's height and header hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    pub height: Height,
    pub hash: Hash,
}

impl Checkpoint {
    /// From a network file or a person: hex of 32 bytes, with or without 0x. `None` where it is
    /// none.
    pub fn new(height: u64, hash: &str) -> Option<Self> {
        let digits = hash.strip_prefix("0x").unwrap_or(hash);
        let hash = Hash::from_str(&digits.to_uppercase())
            .ok()
            .filter(|h| !h.is_empty())?;
        (height > 0).then_some(Self {
            height: Height(height),
            hash,
        })
    }
}

/// What trust stands on, without asking anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    pub checkpoint: Checkpoint,
    pub origin: Origin,
    /// When the newest trusted header is older than the trusting period; `None` where none is
    /// stored yet.
    pub lapses: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The network's file.
    Network,
    /// A person, who compared it with what the network's operators publish.
    Person,
}

/// A header that nodes show, for a person to compare. Nothing about it is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub checkpoint: Checkpoint,
    pub time: Timestamp,
    /// Endpoints and witnesses that show it.
    pub shown_by: Vec<String>,
    /// Endpoints and witnesses that show another header at its height.
    pub contradicted_by: Vec<String>,
    /// Whether a new checkpoint is needed: what is trusted has lapsed.
    pub needed: bool,
}

/// Why a person's checkpoint was not taken.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TrustError {
    #[error(transparent)]
    Sync(#[from] SyncError),
    /// The trusted headers lead to the head by themselves: a checkpoint would only weaken them.
    #[error("what is trusted has not lapsed; no checkpoint is needed")]
    NotNeeded,
}

impl LightClient {
    /// The newest trusted block: the store's, or the checkpoint fetched from `node`.
    ///
    /// A store that holds neither the checkpoint nor a person's belongs to another chain, or to
    /// another start of a devnet: it is emptied.
    pub(super) async fn trusted_or_anchor(
        &self,
        node: &CometNode,
    ) -> Result<LightBlock, SyncError> {
        if let Some(block) = self.stored_latest()? {
            return Ok(block);
        }
        self.store.clear()?;
        let block = self.fetch(node, Some(self.checkpoint.height)).await?;
        if block.hash() != self.checkpoint.hash {
            return Err(SyncError::Untrusted(
                "the node does not have the checkpoint's header".into(),
            ));
        }
        self.belongs(&block)?;
        self.store.put(block.height(), &block.encode())?;
        Ok(block)
    }

    /// The latest stored block, where the store belongs to this chain.
    pub(super) fn stored_latest(&self) -> Result<Option<LightBlock>, SyncError> {
        let first = self
            .store
            .get(self.checkpoint.height)?
            .and_then(|b| LightBlock::decode(&b).ok())
            .filter(|b| b.hash() == self.checkpoint.hash);
        let persons = self.persons_anchor()?;
        if first.is_none() && persons.is_none() {
            return Ok(None);
        }
        let latest = self
            .store
            .latest()?
            .and_then(|(_, b)| LightBlock::decode(&b).ok())
            .filter(|b| b.header().chain_id == self.chain_id);
        Ok([first, persons, latest]
            .into_iter()
            .flatten()
            .max_by_key(LightBlock::height))
    }

    /// The checkpoint that a person has confirmed.
    pub(super) fn persons_anchor(&self) -> Result<Option<LightBlock>, SyncError> {
        Ok(self
            .store
            .anchor()?
            .and_then(|b| LightBlock::decode(&b).ok())
            .filter(|b| b.header().chain_id == self.chain_id))
    }

    /// What trust stands on, as stored.
    pub fn anchor(&self) -> Result<Anchor, SyncError> {
        let lapses = self.stored_latest()?.map(|b| self.lapse(&b));
        Ok(match self.persons_anchor()? {
            Some(block) => Anchor {
                checkpoint: block.checkpoint(),
                origin: Origin::Person,
                lapses,
            },
            None => Anchor {
                checkpoint: self.checkpoint,
                origin: Origin::Network,
                lapses,
            },
        })
    }

    /// A recent header as the nodes show it, and who shows another.
    pub async fn candidate(&self) -> Result<Candidate, SyncError> {
        let _walking = self.walking.lock().await;
        self.go_on()?;
        let none = || SyncError::Unreachable("the network names no node".into());
        let (block, needed) = self
            .nodes
            .ask(none, |node| async move {
                let latest = node.commit(None).await?.header.height.value();
                // One below the newest: others have it by now.
                let height = Height(latest.saturating_sub(1).max(1));
                let block = self.fetch(&node, Some(height)).await?;
                self.fit_to_begin(&block)?;
                let needed = self.has_lapsed(&node).await?;
                Ok::<_, SyncError>((block, needed))
            })
            .await?;
        let (mut shown_by, mut contradicted_by) = (Vec::new(), Vec::new());
        let nodes = self.nodes.nodes().iter().map(AsRef::as_ref);
        let asked = nodes
            .chain(&self.witnesses)
            .map(async |node| (node.endpoint(), node.commit(Some(block.height())).await));
        for (endpoint, shown) in futures::future::join_all(asked).await {
            match shown {
                Ok(shown) if shown.header.hash() == block.hash() => shown_by.push(endpoint.into()),
                Ok(_) => contradicted_by.push(endpoint.into()),
                Err(e) => tracing::debug!(endpoint, %e, "shows no header to compare"),
            }
        }
        Ok(Candidate {
            checkpoint: block.checkpoint(),
            time: block.time(),
            shown_by,
            contradicted_by,
            needed,
        })
    }

    /// A person has compared this header with what the network's operators publish: trust begins
    /// there. Headers trusted before are kept. Only where what is trusted has lapsed.
    pub async fn trust(&self, checkpoint: Checkpoint) -> Result<(), TrustError> {
        let _walking = self.walking.lock().await;
        self.go_on()?;
        let none = || SyncError::Unreachable("the network names no node".into());
        let block = self
            .nodes
            .ask(none, |node| async move {
                if !self.has_lapsed(&node).await? {
                    return Ok(Err(TrustError::NotNeeded));
                }
                let block = self.fetch(&node, Some(checkpoint.height)).await?;
                if block.hash() != checkpoint.hash {
                    return Err(SyncError::Untrusted(
                        "the node shows another header at this height".into(),
                    ));
                }
                self.fit_to_begin(&block)?;
                Ok(Ok(block))
            })
            .await??;
        self.store
            .keep_anchor(Some(&block.encode()))
            .map_err(SyncError::from)?;
        self.forget_head();
        Ok(())
    }

    /// Whether nothing that is trusted leads to the head any more: it is too old, or there is
    /// nothing and `node` does not have the network file's checkpoint.
    async fn has_lapsed(&self, node: &CometNode) -> Result<bool, SyncError> {
        match self.trusted_or_anchor(node).await {
            Ok(block) => Ok(self.lapse(&block) <= self.clock.now()),
            Err(SyncError::Unavailable(_)) => Ok(true),
            Err(e) => Err(e),
        }
    }

    fn lapse(&self, block: &LightBlock) -> Timestamp {
        block.time().plus(self.rules.trusting_period.as_secs())
    }

    /// Whether trust could begin at a block: this chain's, signed by its own validators, recent.
    fn fit_to_begin(&self, block: &LightBlock) -> Result<(), SyncError> {
        self.belongs(block)?;
        let now = self.clock.now();
        if self.lapse(block) <= now {
            return Err(SyncError::TrustExpired);
        }
        if block.time() > now.plus(self.rules.clock_drift.as_secs()) {
            return Err(SyncError::ClockSkew);
        }
        Ok(())
    }

    fn belongs(&self, block: &LightBlock) -> Result<(), SyncError> {
        if block.header().chain_id != self.chain_id {
            return Err(SyncError::Untrusted(
                "the checkpoint is another chain's".into(),
            ));
        }
        verify_own_commit(block).map_err(SyncError::Untrusted)
    }
}

impl LightBlock {
    fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            height: self.height(),
            hash: self.hash(),
        }
    }
}
