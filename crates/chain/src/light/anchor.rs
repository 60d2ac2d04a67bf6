//! Where trust begins: the network file's checkpoint, held for ever in the header store.

use std::str::FromStr;

use dhc_domain::Height;
use tendermint::Hash;

use super::{LightBlock, LightClient, SyncError, verify::verify_own_commit};
use crate::node::CometNode;

/// The checkpoint's height and header hash.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checkpoint {
    pub height: Height,
    pub hash: Hash,
}

impl Checkpoint {
    pub(crate) fn new(height: u64, hash: &str) -> Option<Self> {
        let hash = Hash::from_str(&hash.to_uppercase())
            .ok()
            .filter(|h| !h.is_empty())?;
        (height > 0).then_some(Self {
            height: Height(height),
            hash,
        })
    }
}

impl LightClient {
    /// The latest trusted block of the store, or the checkpoint fetched from `node`.
    ///
    /// A store that does not hold the checkpoint belongs to another chain, or to another start of
    /// a devnet: it is emptied.
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
        if block.header().chain_id != self.chain_id {
            return Err(SyncError::Untrusted(
                "the checkpoint is another chain's".into(),
            ));
        }
        verify_own_commit(&block).map_err(SyncError::Untrusted)?;
        self.store.put(block.height(), &block.encode())?;
        Ok(block)
    }

    /// The latest stored block, where the store belongs to this chain.
    pub(super) fn stored_latest(&self) -> Result<Option<LightBlock>, SyncError> {
        let anchor = self
            .store
            .get(self.checkpoint.height)?
            .and_then(|b| LightBlock::decode(&b).ok());
        if anchor.as_ref().map(LightBlock::hash) != Some(self.checkpoint.hash) {
            return Ok(None);
        }
        let latest = self
            .store
            .latest()?
            .and_then(|(_, b)| LightBlock::decode(&b).ok());
        Ok(latest
            .filter(|b| b.header().chain_id == self.chain_id)
            .or(anchor))
    }
}
