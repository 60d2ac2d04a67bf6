use prost::Message;
use tendermint_proto::v0_38::types::{Block, Commit, Header};

use super::StoreError;
use crate::{
    merkle::{self, Hash},
    trees::StoreName,
};

/// What executing a transaction gave: the part of CometBFT's `ExecTxResult` that
/// `last_results_hash` of the next header commits to, with its field numbers.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct TxOutcome {
    #[prost(uint32, tag = "1")]
    pub(crate) code: u32,
    /// `TxMsgData`, see [`crate::envelope`].
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) data: Vec<u8>,
    #[prost(int64, tag = "5")]
    pub(crate) gas_wanted: i64,
    #[prost(int64, tag = "6")]
    pub(crate) gas_used: i64,
}

/// A block as it is kept: CometBFT's block, the commit that decided it, its results.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct BlockRecord {
    #[prost(message, optional, tag = "1")]
    pub(crate) block: Option<Block>,
    #[prost(message, optional, tag = "2")]
    pub(crate) commit: Option<Commit>,
    #[prost(message, repeated, tag = "3")]
    pub(crate) outcomes: Vec<TxOutcome>,
    /// Base fee per gas of this block, adhl.
    #[prost(uint64, tag = "4")]
    pub(crate) base_fee: u64,
}

impl BlockRecord {
    pub(crate) fn encode(&self) -> Vec<u8> {
        self.encode_to_vec()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        let record =
            <Self as Message>::decode(bytes).map_err(|_| StoreError::Damaged("a block"))?;
        let whole = record
            .block
            .as_ref()
            .is_some_and(|b| b.header.is_some() && b.data.is_some())
            && record.commit.as_ref().is_some_and(|c| c.block_id.is_some());
        if whole {
            Ok(record)
        } else {
            Err(StoreError::Damaged("a block"))
        }
    }

    pub(crate) fn header(&self) -> &Header {
        self.block
            .as_ref()
            .and_then(|b| b.header.as_ref())
            .expect("checked by decode")
    }

    pub(crate) fn commit(&self) -> &Commit {
        self.commit.as_ref().expect("checked by decode")
    }

    /// The header's hash.
    pub(crate) fn hash(&self) -> &[u8] {
        &self
            .commit()
            .block_id
            .as_ref()
            .expect("checked by decode")
            .hash
    }

    pub(crate) fn txs(&self) -> &[Vec<u8>] {
        self.block
            .as_ref()
            .and_then(|b| b.data.as_ref())
            .map_or(&[], |data| &data.txs)
    }

    /// Seconds since 1970, as contracts see it.
    pub(crate) fn time_s(&self) -> u64 {
        self.header()
            .time
            .as_ref()
            .map_or(0, |t| u64::try_from(t.seconds).unwrap_or(0))
    }

    pub(crate) fn gas_used(&self) -> u64 {
        self.outcomes
            .iter()
            .map(|o| o.gas_used.unsigned_abs())
            .sum()
    }

    /// What the next header's `last_results_hash` must be.
    pub(crate) fn results_hash(&self) -> Hash {
        results_hash(&self.outcomes)
    }
}

pub(crate) fn results_hash(outcomes: &[TxOutcome]) -> Hash {
    let leaves: Vec<_> = outcomes.iter().map(Message::encode_to_vec).collect();
    merkle::root(&leaves)
}

/// The state of one store: the version of its tree, and that version's root.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct StoreRoot {
    pub(crate) version: u64,
    pub(crate) hash: Hash,
}

/// The state of all stores at a height.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StoreRoots([StoreRoot; StoreName::ALL.len()]);

impl StoreRoots {
    pub(crate) fn get(&self, store: StoreName) -> StoreRoot {
        self.0[store as usize]
    }

    pub(crate) fn set(&mut self, store: StoreName, root: StoreRoot) {
        self.0[store as usize] = root;
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        self.0
            .iter()
            .flat_map(|r| r.version.to_be_bytes().into_iter().chain(r.hash))
            .collect()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        let damaged = || StoreError::Damaged("the roots of a state");
        let (entries, rest) = bytes.as_chunks::<40>();
        if entries.len() != StoreName::ALL.len() || !rest.is_empty() {
            return Err(damaged());
        }
        let mut roots = Self::default();
        for (root, entry) in roots.0.iter_mut().zip(entries) {
            let (version, hash) = entry.split_at(8);
            root.version = u64::from_be_bytes(version.try_into().map_err(|_| damaged())?);
            root.hash = hash.try_into().map_err(|_| damaged())?;
        }
        Ok(roots)
    }
}
