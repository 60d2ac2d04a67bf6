//! Everything that a node keeps, in one redb file: a block with its state goes in by one
//! transaction, so that a crash leaves the block whole or not there.

mod record;
mod snapshot;

use std::path::Path;

use redb::{Database, ReadableTable, TableDefinition};

pub(crate) use record::{BlockRecord, StoreRoot, StoreRoots, TxOutcome, results_hash};
pub(crate) use snapshot::{Snapshot, Versioned};

use crate::{
    merkle::{Hash, sha256},
    trees::{Stale, TreeWrites},
};

type Bytes = &'static [u8];

const META: TableDefinition<&str, Bytes> = TableDefinition::new("meta");
const BLOCKS: TableDefinition<u64, Bytes> = TableDefinition::new("blocks");
const ROOTS: TableDefinition<u64, Bytes> = TableDefinition::new("roots");
const NODES: TableDefinition<Bytes, Bytes> = TableDefinition::new("tree_nodes");
const VALUES: TableDefinition<Bytes, Bytes> = TableDefinition::new("tree_values");
const PREIMAGES: TableDefinition<Bytes, Bytes> = TableDefinition::new("tree_keys");
const STALE: TableDefinition<Bytes, Bytes> = TableDefinition::new("tree_stale");
const BLOCK_HASHES: TableDefinition<Bytes, u64> = TableDefinition::new("block_hashes");
const TXS: TableDefinition<Bytes, (u64, u32)> = TableDefinition::new("txs");
const ETH_TXS: TableDefinition<Bytes, (u64, u32)> = TableDefinition::new("eth_txs");
const POOL: TableDefinition<Bytes, Bytes> = TableDefinition::new("pool");
const SKETCHES: TableDefinition<Bytes, Bytes> = TableDefinition::new("sketches");

const GENESIS: &str = "genesis";
const HEAD: &str = "head";
const OLDEST_STATE: &str = "oldest_state";

/// Entries of the trees that one block may clear away: keeps the work of a block bounded.
const PRUNE_PER_BLOCK: usize = 4_000;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the devnet's database: {0}")]
    Database(#[from] Box<redb::Error>),
    #[error("the devnet's database is damaged: {0}")]
    Damaged(&'static str),
    #[error("the state tree: {0}")]
    Tree(String),
}

impl revm::database_interface::DBErrorMarker for StoreError {}

macro_rules! from_redb {
    ($($error:ident),*) => {$(
        impl From<redb::$error> for StoreError {
            fn from(error: redb::$error) -> Self {
                Self::Database(Box::new(error.into()))
            }
        }
    )*};
}

from_redb!(
    TransactionError,
    TableError,
    StorageError,
    CommitError,
    DatabaseError
);

/// Where a transaction stands: the block's height and its index there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TxPlace {
    pub(crate) height: u64,
    pub(crate) index: u32,
}

/// A block with what it did, ready to be kept.
pub(crate) struct NewBlock<'a> {
    pub(crate) height: u64,
    pub(crate) record: &'a BlockRecord,
    pub(crate) roots: &'a StoreRoots,
    pub(crate) trees: &'a TreeWrites,
    /// Hashes of the Ethereum transactions, in the block's order.
    pub(crate) eth_hashes: &'a [Hash],
    /// Of the pool: what is in the block now, or can never be.
    pub(crate) leaves_pool: &'a [Hash],
}

pub(crate) struct Store {
    database: Database,
}

impl Store {
    /// Opens or creates the database at `path`. Only one process can have it open.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let database = Database::builder().set_cache_size(32 << 20).create(path)?;
        let txn = database.begin_write()?;
        {
            txn.open_table(META)?;
            txn.open_table(BLOCKS)?;
            txn.open_table(ROOTS)?;
            txn.open_table(NODES)?;
            txn.open_table(VALUES)?;
            txn.open_table(PREIMAGES)?;
            txn.open_table(STALE)?;
            txn.open_table(BLOCK_HASHES)?;
            txn.open_table(TXS)?;
            txn.open_table(ETH_TXS)?;
            txn.open_table(POOL)?;
            txn.open_table(SKETCHES)?;
        }
        txn.commit()?;
        Ok(Self { database })
    }

    /// What is there now; later blocks do not change it.
    pub(crate) fn snapshot(&self) -> Result<Snapshot, StoreError> {
        Snapshot::open(&self.database.begin_read()?)
    }

    /// Keeps the genesis document and the state it begins with, as height 0.
    pub(crate) fn put_genesis(
        &self,
        document: &[u8],
        roots: &StoreRoots,
        trees: &TreeWrites,
    ) -> Result<(), StoreError> {
        let txn = self.database.begin_write()?;
        {
            write_trees(&txn, trees)?;
            txn.open_table(ROOTS)?
                .insert(0, roots.encode().as_slice())?;
            let mut meta = txn.open_table(META)?;
            meta.insert(GENESIS, document)?;
            meta.insert(HEAD, 0u64.to_be_bytes().as_slice())?;
            meta.insert(OLDEST_STATE, 0u64.to_be_bytes().as_slice())?;
        }
        txn.commit()?;
        Ok(())
    }

    /// Keeps a block, its state and its indexes at once; forgets the proofs of states older than
    /// `keep_states` heights.
    pub(crate) fn put_block(
        &self,
        block: &NewBlock<'_>,
        keep_states: u64,
    ) -> Result<(), StoreError> {
        let txn = self.database.begin_write()?;
        {
            write_trees(&txn, block.trees)?;
            let height = block.height;
            txn.open_table(ROOTS)?
                .insert(height, block.roots.encode().as_slice())?;
            txn.open_table(BLOCKS)?
                .insert(height, block.record.encode().as_slice())?;
            txn.open_table(BLOCK_HASHES)?
                .insert(block.record.hash(), height)?;
            let mut txs = txn.open_table(TXS)?;
            for (index, tx) in (0..).zip(block.record.txs()) {
                txs.insert(sha256(tx).as_slice(), (height, index))?;
            }
            let mut eth_txs = txn.open_table(ETH_TXS)?;
            for (index, hash) in (0..).zip(block.eth_hashes) {
                eth_txs.insert(hash.as_slice(), (height, index))?;
            }
            let mut pool = txn.open_table(POOL)?;
            for hash in block.leaves_pool {
                pool.remove(hash.as_slice())?;
            }
            let mut meta = txn.open_table(META)?;
            meta.insert(HEAD, height.to_be_bytes().as_slice())?;
            if let Some(oldest) = height.checked_sub(keep_states) {
                prune(&txn, oldest)?;
                meta.insert(OLDEST_STATE, oldest.to_be_bytes().as_slice())?;
            }
        }
        txn.commit()?;
        Ok(())
    }

    /// Keeps a transaction that waits for a block: from now on a crash does not lose it. The one
    /// that it replaces is forgotten.
    pub(crate) fn put_waiting(
        &self,
        hash: &Hash,
        raw: &[u8],
        replaced: Option<&Hash>,
    ) -> Result<(), StoreError> {
        let txn = self.database.begin_write()?;
        {
            let mut pool = txn.open_table(POOL)?;
            if let Some(replaced) = replaced {
                pool.remove(replaced.as_slice())?;
            }
            pool.insert(hash.as_slice(), raw)?;
        }
        txn.commit()?;
        Ok(())
    }

    /// Keeps the sketch of a record and what the committee said of it.
    pub(crate) fn put_sketch(
        &self,
        record: &Hash,
        sixteenths: u8,
        sketch: &[u8],
    ) -> Result<(), StoreError> {
        let txn = self.database.begin_write()?;
        let value = [&[sixteenths], sketch].concat();
        txn.open_table(SKETCHES)?
            .insert(record.as_slice(), value.as_slice())?;
        txn.commit()?;
        Ok(())
    }
}

/// A record that the committee has seen.
pub(crate) struct Sketched {
    pub(crate) record: Vec<u8>,
    pub(crate) sixteenths: u8,
    pub(crate) sketch: Vec<u8>,
}

fn write_trees(txn: &redb::WriteTransaction, trees: &TreeWrites) -> Result<(), StoreError> {
    let mut nodes = txn.open_table(NODES)?;
    for (key, node) in &trees.nodes {
        nodes.insert(key.as_slice(), node.as_slice())?;
    }
    let mut values = txn.open_table(VALUES)?;
    for (key, value) in &trees.values {
        values.insert(key.as_slice(), value.as_slice())?;
    }
    let mut keys = txn.open_table(PREIMAGES)?;
    for (hash, key) in &trees.preimages {
        keys.insert(hash.as_slice(), key.as_slice())?;
    }
    let mut stale = txn.open_table(STALE)?;
    for entry in &trees.stale {
        stale.insert(entry.since.as_slice(), entry.target.as_slice())?;
    }
    Ok(())
}

/// Removes nodes and values that no state from `oldest` on refers to.
fn prune(txn: &redb::WriteTransaction, oldest: u64) -> Result<(), StoreError> {
    let mut roots = txn.open_table(ROOTS)?;
    let Some(kept) = roots
        .get(oldest)?
        .map(|bytes| StoreRoots::decode(bytes.value()))
    else {
        return Ok(());
    };
    let kept = kept?;
    let mut stale = txn.open_table(STALE)?;
    let mut gone = Vec::new();
    for store in crate::trees::StoreName::ALL {
        let range = Stale::up_to(store, kept.get(store).version);
        for entry in stale.range::<&[u8]>(range.0.as_slice()..range.1.as_slice())? {
            let (since, target) = entry?;
            gone.push((since.value().to_vec(), target.value().to_vec()));
            if gone.len() >= PRUNE_PER_BLOCK {
                break;
            }
        }
    }
    let mut nodes = txn.open_table(NODES)?;
    let mut values = txn.open_table(VALUES)?;
    for (since, target) in gone {
        match target.split_first() {
            Some((&Stale::NODE, key)) => nodes.remove(key)?,
            Some((&Stale::VALUE, key)) => values.remove(key)?,
            _ => return Err(StoreError::Damaged("a stale entry")),
        };
        stale.remove(since.as_slice())?;
    }
    if let Some(before) = oldest.checked_sub(1) {
        roots.remove(before)?;
    }
    Ok(())
}
