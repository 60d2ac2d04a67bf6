//! The block store as bitswap sees it.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use beetswap::multihasher::{Multihasher, MultihasherError};
use beetswap::utils::{convert_cid, convert_multihash};
use blockstore::{Blockstore, Error, Result};
use cid::{Cid, CidGeneric, multihash::Multihash};
use multihash_codetable::{Code, MultihashDigest};

use super::blocks::{BlockFiles, MAX_BLOCK};

const SHA2_256: u64 = 0x12;

/// Serves blocks to peers. Fetched blocks are not stored through it: bitswap hands a block over
/// before the store has answered and drops the store's errors, so the node stores them itself
/// before anybody is told.
#[derive(Clone, Debug)]
pub(super) struct Served(pub BlockFiles);

impl Blockstore for Served {
    async fn get<const S: usize>(&self, cid: &CidGeneric<S>) -> Result<Option<Vec<u8>>> {
        let cid: Cid = convert_cid(cid).ok_or(Error::CidTooLarge)?;
        match self.0.get(&cid).await {
            Ok(block) => Ok(block.map(Vec::from)),
            Err(error) => Err(Error::StoredDataError(error.to_string())),
        }
    }

    async fn put_keyed<const S: usize>(&self, _: &CidGeneric<S>, _: &[u8]) -> Result<()> {
        Ok(())
    }

    async fn remove<const S: usize>(&self, _: &CidGeneric<S>) -> Result<()> {
        Ok(())
    }

    async fn close(self) -> Result<()> {
        Ok(())
    }
}

/// The hashes that are being fetched, and how many blocks came that nobody asked for. Bitswap
/// names a block by its own hash only: other bytes than asked for look like a block unasked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted(Arc<Mutex<WantedHashes>>);

#[derive(Debug, Default)]
struct WantedHashes {
    digests: HashSet<Vec<u8>>,
    strangers: u64,
}

impl Wanted {
    pub fn want(&self, cid: &Cid) {
        self.with(|wanted| wanted.digests.insert(cid.hash().digest().to_vec()));
    }

    /// Blocks that came and that nobody had asked for.
    pub fn strangers(&self) -> u64 {
        self.with(|wanted| wanted.strangers)
    }

    /// Nothing is being fetched. Hashes stay until then, because a second peer may send what a
    /// first has sent.
    pub fn clear(&self) {
        self.with(|wanted| wanted.digests.clear());
    }

    fn arrived(&self, digest: &[u8]) {
        self.with(|wanted| {
            if !wanted.digests.contains(digest) {
                wanted.strangers += 1;
            }
        });
    }

    fn with<T>(&self, f: impl FnOnce(&mut WantedHashes) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Multihasher<64> for Wanted {
    async fn hash(
        &self,
        code: u64,
        block: &[u8],
    ) -> std::result::Result<Multihash<64>, MultihasherError> {
        if code != SHA2_256 {
            return Err(MultihasherError::UnknownMultihashCode);
        }
        if block.len() > MAX_BLOCK {
            return Err(MultihasherError::custom_fatal("a block is at most 2 MiB"));
        }
        let hash = Code::Sha2_256.digest(block);
        self.arrived(hash.digest());
        convert_multihash(&hash).ok_or(MultihasherError::InvalidMultihashSize)
    }
}
