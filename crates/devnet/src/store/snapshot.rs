use redb::{ReadOnlyTable, ReadTransaction, ReadableTable};

use super::{
    BLOCK_HASHES, BLOCKS, BlockRecord, Bytes, ETH_TXS, GENESIS, HEAD, META, NODES, OLDEST_STATE,
    POOL, PREIMAGES, ROOTS, SKETCHES, Sketched, StoreError, StoreRoots, TXS, TxPlace, VALUES,
};

/// A consistent view of what is kept, unmoved by what is written later.
pub(crate) struct Snapshot {
    meta: ReadOnlyTable<&'static str, Bytes>,
    blocks: ReadOnlyTable<u64, Bytes>,
    roots: ReadOnlyTable<u64, Bytes>,
    nodes: ReadOnlyTable<Bytes, Bytes>,
    values: ReadOnlyTable<Bytes, Bytes>,
    preimages: ReadOnlyTable<Bytes, Bytes>,
    block_hashes: ReadOnlyTable<Bytes, u64>,
    txs: ReadOnlyTable<Bytes, (u64, u32)>,
    eth_txs: ReadOnlyTable<Bytes, (u64, u32)>,
    pool: ReadOnlyTable<Bytes, Bytes>,
    sketches: ReadOnlyTable<Bytes, Bytes>,
}

/// A value of the state with its key in the table of values, which ends in its version.
pub(crate) struct Versioned {
    pub(crate) key: Vec<u8>,
    pub(crate) value: Vec<u8>,
}

impl Snapshot {
    pub(super) fn open(txn: &ReadTransaction) -> Result<Self, StoreError> {
        Ok(Self {
            meta: txn.open_table(META)?,
            blocks: txn.open_table(BLOCKS)?,
            roots: txn.open_table(ROOTS)?,
            nodes: txn.open_table(NODES)?,
            values: txn.open_table(VALUES)?,
            preimages: txn.open_table(PREIMAGES)?,
            block_hashes: txn.open_table(BLOCK_HASHES)?,
            txs: txn.open_table(TXS)?,
            eth_txs: txn.open_table(ETH_TXS)?,
            pool: txn.open_table(POOL)?,
            sketches: txn.open_table(SKETCHES)?,
        })
    }

    /// The genesis document; `None` before there is a chain.
    pub(crate) fn genesis(&self) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.meta.get(GENESIS)?.map(|bytes| bytes.value().to_vec()))
    }

    fn number(&self, name: &str) -> Result<u64, StoreError> {
        let bytes = self.meta.get(name)?.ok_or(StoreError::Damaged("no head"))?;
        let bytes = bytes
            .value()
            .try_into()
            .map_err(|_| StoreError::Damaged("a height"))?;
        Ok(u64::from_be_bytes(bytes))
    }

    /// Height of the last block; 0 where there is only genesis.
    pub(crate) fn head(&self) -> Result<u64, StoreError> {
        self.number(HEAD)
    }

    /// The oldest height whose state can still be proven.
    pub(crate) fn oldest_state(&self) -> Result<u64, StoreError> {
        self.number(OLDEST_STATE)
    }

    pub(crate) fn block(&self, height: u64) -> Result<Option<BlockRecord>, StoreError> {
        self.blocks
            .get(height)?
            .map(|bytes| BlockRecord::decode(bytes.value()))
            .transpose()
    }

    pub(crate) fn height_of(&self, block_hash: &[u8]) -> Result<Option<u64>, StoreError> {
        Ok(self
            .block_hashes
            .get(block_hash)?
            .map(|height| height.value()))
    }

    /// The state after the block of `height`; `None` where it is pruned or not there yet.
    pub(crate) fn roots(&self, height: u64) -> Result<Option<StoreRoots>, StoreError> {
        if height < self.oldest_state()? {
            return Ok(None);
        }
        self.roots
            .get(height)?
            .map(|bytes| StoreRoots::decode(bytes.value()))
            .transpose()
    }

    /// Finds a transaction by the SHA-256 of its envelope.
    pub(crate) fn tx(&self, hash: &[u8]) -> Result<Option<TxPlace>, StoreError> {
        Ok(self.txs.get(hash)?.map(|place| place.value().into()))
    }

    /// Finds a transaction by its Ethereum hash.
    pub(crate) fn eth_tx(&self, hash: &[u8]) -> Result<Option<TxPlace>, StoreError> {
        Ok(self.eth_txs.get(hash)?.map(|place| place.value().into()))
    }

    /// Raw transactions that wait for a block, in the order of their hashes.
    pub(crate) fn waiting(&self) -> Result<Vec<Vec<u8>>, StoreError> {
        self.pool
            .iter()?
            .map(|entry| Ok(entry?.1.value().to_vec()))
            .collect()
    }

    /// The records that the committee has seen.
    pub(crate) fn sketches(&self) -> Result<Vec<Sketched>, StoreError> {
        self.sketches
            .iter()?
            .map(|entry| {
                let (record, value) = entry?;
                let (sixteenths, sketch) = value
                    .value()
                    .split_first()
                    .ok_or(StoreError::Damaged("a sketch"))?;
                Ok(Sketched {
                    record: record.value().to_vec(),
                    sixteenths: *sixteenths,
                    sketch: sketch.to_vec(),
                })
            })
            .collect()
    }

    pub(crate) fn tree_node(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.nodes.get(key)?.map(|bytes| bytes.value().to_vec()))
    }

    /// The newest value between two keys of the table of values, with its key.
    pub(crate) fn tree_value(
        &self,
        oldest: &[u8],
        newest: &[u8],
    ) -> Result<Option<Versioned>, StoreError> {
        let mut range = self.values.range::<&[u8]>(oldest..=newest)?;
        let Some(entry) = range.next_back() else {
            return Ok(None);
        };
        let (key, value) = entry?;
        Ok(Some(Versioned {
            key: key.value().to_vec(),
            value: value.value().to_vec(),
        }))
    }

    pub(crate) fn tree_key(&self, hash: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self
            .preimages
            .get(hash)?
            .map(|bytes| bytes.value().to_vec()))
    }
}

impl From<(u64, u32)> for TxPlace {
    fn from((height, index): (u64, u32)) -> Self {
        Self { height, index }
    }
}
