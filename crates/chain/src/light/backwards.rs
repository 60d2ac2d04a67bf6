//! Headers older than the head: by their hashes, or by skipping from an older trusted block.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use dhc_domain::Height;
use tendermint::block::Header;

use super::{LightBlock, LightClient, SyncError, block::height_of};
use crate::node::CometNode;

/// Up to this distance the chain of hashes is followed before skipping is tried.
const NEAR: u64 = 32;
const KEPT: usize = 1_024;

/// Trusted headers of this run, by height.
#[derive(Default)]
pub(super) struct HeaderCache(Mutex<BTreeMap<Height, Header>>);

impl HeaderCache {
    fn with<T>(&self, f: impl FnOnce(&mut BTreeMap<Height, Header>) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn keep(&self, header: Header) {
        self.with(|map| {
            map.insert(height_of(&header), header);
            if map.len() > KEPT {
                map.pop_first();
            }
        });
    }

    pub(super) fn forget(&self) {
        self.with(BTreeMap::clear);
    }

    fn get(&self, height: Height) -> Option<Header> {
        self.with(|map| map.get(&height).cloned())
    }

    fn at_or_above(&self, height: Height) -> Option<Header> {
        self.with(|map| map.range(height..).next().map(|(_, h)| h.clone()))
    }
}

impl LightClient {
    /// The trusted header at `height`, at or below the head.
    pub async fn header(&self, height: Height) -> Result<Header, SyncError> {
        self.go_on()?;
        if let Some(header) = self.headers.get(height) {
            return Ok(header);
        }
        if let Some(block) = self
            .store
            .get(height)?
            .and_then(|b| LightBlock::decode(&b).ok())
            && block.header().chain_id == self.chain_id
        {
            self.headers.keep(block.header().clone());
            return Ok(block.header().clone());
        }
        let none = || SyncError::Unreachable("the network names no node".into());
        self.nodes
            .ask(none, |node| async move { self.older(&node, height).await })
            .await
    }

    async fn older(&self, node: &CometNode, height: Height) -> Result<Header, SyncError> {
        let Some(above) = self.nearest_above(height)? else {
            return Err(SyncError::TimedOut);
        };
        let distance = height_of(&above).0 - height.0;
        if distance > NEAR
            && let Some(header) = self.skip_to(node, height).await?
        {
            return Ok(header);
        }
        self.descend(node, above, height).await
    }

    /// The header at `height` below the block `from`, which is verified but not yet the head.
    pub(super) async fn header_from(
        &self,
        node: &CometNode,
        from: &LightBlock,
        height: Height,
    ) -> Result<Header, SyncError> {
        if let Some(header) = self.headers.get(height) {
            return Ok(header);
        }
        if from.height().0 - height.0 > NEAR {
            return Err(SyncError::TimedOut);
        }
        let mut header = from.header().clone();
        while height_of(&header) > height {
            header = parent(node, &header).await?;
        }
        Ok(header)
    }

    /// Follows `last_block_id` down to `height` (LCV-FUNC-BACKWARDS.1).
    async fn descend(
        &self,
        node: &CometNode,
        from: Header,
        height: Height,
    ) -> Result<Header, SyncError> {
        let mut header = from;
        while height_of(&header) > height {
            header = parent(node, &header).await?;
            self.headers.keep(header.clone());
        }
        Ok(header)
    }

    /// Skipping verification from an older block in the store. `None` where there is none, or it
    /// has expired: then only the hashes help.
    async fn skip_to(&self, node: &CometNode, height: Height) -> Result<Option<Header>, SyncError> {
        let Some(base) = self
            .store
            .at_or_below(height)?
            .and_then(|(_, b)| LightBlock::decode(&b).ok())
        else {
            return Ok(None);
        };
        let target = self.fetch(node, Some(height)).await?;
        match self.path(node, &base, target).await {
            Ok(path) => {
                for block in &path {
                    self.store.put(block.height(), &block.encode())?;
                }
                let header = path.last().map(|b| b.header().clone());
                header.iter().cloned().for_each(|h| self.headers.keep(h));
                Ok(header)
            }
            Err(SyncError::TrustExpired) => Ok(None),
            Err(e) => Err(e),
        }
    }

    fn nearest_above(&self, height: Height) -> Result<Option<Header>, SyncError> {
        let stored = self
            .store
            .at_or_above(height)?
            .and_then(|(_, b)| LightBlock::decode(&b).ok());
        let candidates = [
            self.headers.at_or_above(height),
            stored
                .filter(|b| b.header().chain_id == self.chain_id)
                .map(|b| b.header().clone()),
            self.head_header().filter(|h| height_of(h) >= height),
        ];
        Ok(candidates.into_iter().flatten().min_by_key(height_of))
    }
}

async fn parent(node: &CometNode, header: &Header) -> Result<Header, SyncError> {
    let Some(expected) = header.last_block_id else {
        return Err(SyncError::Untrusted("a header names no predecessor".into()));
    };
    let below = Height(header.height.value() - 1);
    let parent = node.commit(Some(below)).await?.header;
    if parent.hash() != expected.hash {
        return Err(SyncError::Untrusted(
            "a header is not its successor's predecessor".into(),
        ));
    }
    Ok(parent)
}
