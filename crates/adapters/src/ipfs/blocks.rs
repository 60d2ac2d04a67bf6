//! Blocks as files named by their CIDs.
//!
//! One file per block, as Kubo's flatfs keeps them. Blocks here are about a mebibyte: a B-tree
//! store rounds such values up to twice their size and writes them through one thread.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use cid::Cid;
use dhc_app::ports::StoreError;
use multihash_codetable::{Code, MultihashDigest};
use tokio::task::{JoinSet, spawn_blocking};

use crate::{durable, lock::HomeLock};

/// The largest block that is kept or fetched, in bytes: what one bitswap message may hold.
pub const MAX_BLOCK: usize = 2 << 20;

/// Files written, and flushed, at the same time. One at a time waits for the disk at every
/// file; more than this gains nothing.
const WRITERS: usize = 8;

const STAGING: &str = "staging";
const RAW: u64 = 0x55;
const SHA2_256: u64 = 0x12;

/// A durable store of blocks with SHA-2-256 CIDs. Every block is checked against its CID on its
/// way in and on its way out. A block is found under any CID of the same hash.
#[derive(Clone, Debug)]
pub struct BlockFiles {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    staged: AtomicU64,
    _lock: Option<Arc<HomeLock>>,
}

impl BlockFiles {
    /// Opens a folder, creating it where there is none. One process at a time may have it open.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        Self::open_with(folder, None)
    }

    pub(crate) fn open_with(
        folder: &Path,
        lock: Option<Arc<HomeLock>>,
    ) -> Result<Self, StoreError> {
        lay_out(folder).map_err(durable::failed("the block store"))?;
        let shared = Shared {
            folder: folder.to_owned(),
            staged: AtomicU64::new(0),
            _lock: lock,
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Stores blocks; they are on the disk when it returns. Present blocks are left as they are.
    ///
    /// # Errors
    /// `Damaged` when a block is not what its CID says; nothing of the batch is stored then.
    pub async fn put(&self, blocks: Vec<(Cid, Bytes)>) -> Result<(), StoreError> {
        let share = blocks.len().div_ceil(WRITERS).max(1);
        let mut blocks = blocks.into_iter();
        let mut writers = JoinSet::new();
        loop {
            let part: Vec<_> = blocks.by_ref().take(share).collect();
            if part.is_empty() {
                break;
            }
            let shared = self.shared.clone();
            writers.spawn_blocking(move || part.iter().map(|b| shared.stage(b)).collect());
        }
        // All of them end before any is looked at, so that a failure leaves nobody writing.
        let parts: Vec<Result<Vec<_>, StoreError>> = writers.join_all().await;
        let staged: Vec<_> = parts.into_iter().collect::<Result<_, _>>()?;
        let staged = staged.into_iter().flatten().flatten().collect();
        self.blocking(move |shared| {
            shared
                .publish(staged)
                .map_err(durable::failed("the block store"))
        })
        .await
    }

    /// Keeps a block that can be had again, without waiting for the disk: a crash of the machine
    /// may lose or cut it, which its hash tells.
    ///
    /// # Errors
    /// `Damaged` when the block is not what its CID says.
    pub async fn keep(&self, block: (Cid, Bytes)) -> Result<(), StoreError> {
        self.blocking(move |shared| shared.keep(&block)).await
    }

    /// # Errors
    /// `Damaged` when the file is not what its name says.
    pub async fn get(&self, cid: &Cid) -> Result<Option<Bytes>, StoreError> {
        let cid = *cid;
        self.blocking(move |shared| shared.read(&cid)).await
    }

    /// Removes blocks; absent ones are none the worse.
    pub async fn remove(&self, cids: &[Cid]) -> Result<(), StoreError> {
        let cids = cids.to_vec();
        self.blocking(move |shared| {
            shared
                .remove(&cids)
                .map_err(durable::failed("the block store"))
        })
        .await
    }

    /// Which blocks have a file.
    pub async fn has(&self, cids: &[Cid]) -> Result<Vec<bool>, StoreError> {
        let cids = cids.to_vec();
        self.blocking(move |shared| {
            let there = |cid| shared.place(cid).try_exists();
            let found: io::Result<_> = cids.iter().map(there).collect();
            found.map_err(durable::failed("the block store"))
        })
        .await
    }

    /// Bytes of all blocks.
    pub async fn size(&self) -> Result<u64, StoreError> {
        self.blocking(|shared| shared.size().map_err(durable::failed("the block store")))
            .await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let shared = self.shared.clone();
        spawn_blocking(move || work(&shared))
            .await
            .map_err(interrupted)?
    }
}

/// Whether `bytes` are what the CID names. Hashes other than SHA-2-256 are not known here.
pub(super) fn is_block_of(cid: &Cid, bytes: &[u8]) -> bool {
    cid.hash().code() == SHA2_256 && Code::Sha2_256.digest(bytes).digest() == cid.hash().digest()
}

impl Shared {
    /// Writes and flushes one block under a passing name; `None` where it is present already.
    fn stage(&self, block: &(Cid, Bytes)) -> Result<Option<Staged>, StoreError> {
        self.write(block, durable::write_synced)
    }

    fn keep(&self, block: &(Cid, Bytes)) -> Result<(), StoreError> {
        match self.write(block, durable::write)? {
            Some(staged) => {
                fs::rename(&staged.file, &staged.place).map_err(durable::failed("the block store"))
            }
            None => Ok(()),
        }
    }

    fn write(
        &self,
        (cid, bytes): &(Cid, Bytes),
        write: impl FnOnce(&Path, &[u8]) -> io::Result<()>,
    ) -> Result<Option<Staged>, StoreError> {
        if bytes.len() > MAX_BLOCK || !is_block_of(cid, bytes) {
            return Err(StoreError::Damaged(
                "a block is not what its CID says".into(),
            ));
        }
        let place = self.place(cid);
        // The length tells apart a block that a crash of the machine cut short.
        if fs::metadata(&place).is_ok_and(|file| file.len() == bytes.len() as u64) {
            return Ok(None);
        }
        let name = self.staged.fetch_add(1, Ordering::Relaxed).to_string();
        let staged = Staged {
            file: self.folder.join(STAGING).join(name),
            place,
        };
        write(&staged.file, bytes).map_err(durable::failed("the block store"))?;
        Ok(Some(staged))
    }

    fn publish(&self, staged: Vec<Staged>) -> io::Result<()> {
        let mut touched = BTreeSet::new();
        for block in staged {
            fs::rename(&block.file, &block.place)?;
            touched.extend(block.place.parent().map(Path::to_owned));
        }
        touched
            .iter()
            .try_for_each(|folder| durable::sync_folder(folder))
    }

    fn read(&self, cid: &Cid) -> Result<Option<Bytes>, StoreError> {
        let bytes = durable::read(&self.place(cid)).map_err(durable::failed("the block store"))?;
        match bytes {
            Some(bytes) if !is_block_of(cid, &bytes) => Err(StoreError::Damaged(
                "a block is not what its CID says".into(),
            )),
            bytes => Ok(bytes.map(Bytes::from)),
        }
    }

    fn remove(&self, cids: &[Cid]) -> io::Result<()> {
        let mut touched = BTreeSet::new();
        for cid in cids {
            let place = self.place(cid);
            match fs::remove_file(&place) {
                Ok(()) => touched.extend(place.parent().map(Path::to_owned)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        touched
            .iter()
            .try_for_each(|folder| durable::sync_folder(folder))
    }

    fn size(&self) -> io::Result<u64> {
        let mut sum = 0;
        for shelf in SHELVES.chars() {
            for entry in fs::read_dir(self.folder.join(shelf.to_string()))? {
                match entry?.metadata() {
                    Ok(file) => sum += file.len(),
                    // Removed since the folder was listed.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(sum)
    }

    /// `<shelf>/<CIDv1 of the hash as a raw block>`. The shelf is the name's last character but
    /// one: the last carries few bits of the hash.
    fn place(&self, cid: &Cid) -> PathBuf {
        let name = Cid::new_v1(RAW, *cid.hash()).to_string();
        let shelf = name.chars().rev().nth(1).unwrap_or('a').to_string();
        self.folder.join(shelf).join(name)
    }
}

/// The alphabet of base32, one folder for each.
const SHELVES: &str = "abcdefghijklmnopqrstuvwxyz234567";

fn lay_out(folder: &Path) -> io::Result<()> {
    let staging = folder.join(STAGING);
    durable::private_folder(&staging)?;
    for left in fs::read_dir(&staging)? {
        // From a process that was killed: nobody was told that these are stored.
        fs::remove_file(left?.path())?;
    }
    for shelf in SHELVES.chars() {
        durable::private_folder(&folder.join(shelf.to_string()))?;
    }
    durable::sync_folder(folder)
}

/// A block on the disk under a passing name; dropped unpublished, it goes.
#[derive(Debug)]
struct Staged {
    file: PathBuf,
    place: PathBuf,
}

impl Drop for Staged {
    fn drop(&mut self) {
        // Published, it has moved and there is nothing to remove.
        let _ = fs::remove_file(&self.file);
    }
}

fn interrupted(error: tokio::task::JoinError) -> StoreError {
    StoreError::Io(format!("the block store: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(bytes: &[u8]) -> (Cid, Bytes) {
        let cid = Cid::new_v1(RAW, Code::Sha2_256.digest(bytes));
        (cid, Bytes::copy_from_slice(bytes))
    }

    #[tokio::test]
    async fn a_block_lies_where_its_hash_says() {
        let folder = tempfile::tempdir().unwrap();
        let store = BlockFiles::open(folder.path()).unwrap();
        store.put(vec![block(b"hello\n")]).await.unwrap();
        // The CID that `ipfs add --raw-leaves` prints for the same bytes.
        let place = "c/bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am";
        let place = folder.path().join(place.replacen('c', "a", 1));
        assert_eq!(fs::read(place).unwrap(), b"hello\n");
    }

    #[tokio::test]
    async fn a_block_is_found_under_any_cid_of_its_hash() {
        let folder = tempfile::tempdir().unwrap();
        let store = BlockFiles::open(folder.path()).unwrap();
        let (cid, bytes) = block(b"node");
        store.put(vec![(cid, bytes.clone())]).await.unwrap();
        for same in [
            Cid::new_v1(0x70, *cid.hash()),
            Cid::new_v0(*cid.hash()).unwrap(),
        ] {
            assert_eq!(store.get(&same).await.unwrap(), Some(bytes.clone()));
        }
    }

    #[tokio::test]
    async fn a_block_cut_short_is_damaged_and_put_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = BlockFiles::open(folder.path()).unwrap();
        let (cid, bytes) = block(b"whole");
        store.put(vec![(cid, bytes.clone())]).await.unwrap();
        fs::write(store.shared.place(&cid), b"who").unwrap();
        assert!(matches!(store.get(&cid).await, Err(StoreError::Damaged(_))));
        store.put(vec![(cid, bytes.clone())]).await.unwrap();
        assert_eq!(store.get(&cid).await.unwrap(), Some(bytes));
    }

    #[tokio::test]
    async fn a_batch_with_a_wrong_block_stores_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = BlockFiles::open(folder.path()).unwrap();
        let (right, wrong) = (
            block(b"right"),
            (block(b"one").0, Bytes::from_static(b"other")),
        );
        let put = store.put(vec![right, wrong]).await;
        assert!(matches!(put, Err(StoreError::Damaged(_))));
        assert_eq!(store.size().await.unwrap(), 0);
        assert_eq!(
            fs::read_dir(folder.path().join(STAGING)).unwrap().count(),
            0
        );
    }

    #[tokio::test]
    async fn what_a_killed_process_left_half_written_is_swept() {
        let folder = tempfile::tempdir().unwrap();
        drop(BlockFiles::open(folder.path()).unwrap());
        fs::write(folder.path().join(STAGING).join("0"), b"half").unwrap();
        let store = BlockFiles::open(folder.path()).unwrap();
        assert_eq!(
            fs::read_dir(folder.path().join(STAGING)).unwrap().count(),
            0
        );
        assert_eq!(store.size().await.unwrap(), 0);
    }
}
