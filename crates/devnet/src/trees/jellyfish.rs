use borsh::BorshDeserialize;
use jmt::{
    KeyHash, OwnedValue, Sha256Jmt, Version,
    storage::{HasPreimage, LeafNode, Node, NodeKey, TreeReader},
};

use super::StoreName;
use crate::{
    merkle::sha256,
    store::{Snapshot, StoreError, StoreRoot, Versioned},
};

/// Before each value in the table of values: whether this version has or lacks the key.
const PRESENT: u8 = 1;
const DELETED: u8 = 0;

/// What the trees' tables receive for a block.
#[derive(Default)]
pub(crate) struct TreeWrites {
    pub(crate) nodes: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) values: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) preimages: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) stale: Vec<Stale>,
}

/// A node or value that states from some version on do not refer to any more.
pub(crate) struct Stale {
    /// store ‖ version ‖ what is stale.
    pub(crate) since: Vec<u8>,
    /// [`Stale::NODE`] or [`Stale::VALUE`] ‖ key in that table.
    pub(crate) target: Vec<u8>,
}

impl Stale {
    pub(crate) const NODE: u8 = 0;
    pub(crate) const VALUE: u8 = 1;

    fn new(store: StoreName, version: Version, kind: u8, key: &[u8]) -> Self {
        let target: Vec<u8> = std::iter::once(kind).chain(key.iter().copied()).collect();
        let mut since = vec![store as u8];
        since.extend(version.to_be_bytes());
        since.extend(&target);
        Self { since, target }
    }

    /// The range of `since` of all that is stale in states from `version` on.
    pub(crate) fn up_to(store: StoreName, version: Version) -> (Vec<u8>, Vec<u8>) {
        let mut end = vec![store as u8];
        end.extend((version + 1).to_be_bytes());
        (vec![store as u8], end)
    }
}

/// The tree of one store, as the tables have it.
pub(super) struct Tree<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) store: StoreName,
}

pub(super) fn key_hash(key: &[u8]) -> KeyHash {
    KeyHash(sha256(key))
}

impl Tree<'_> {
    fn node_key(&self, key: &NodeKey) -> Vec<u8> {
        let mut bytes = vec![self.store as u8];
        borsh::to_writer(&mut bytes, key).expect("a vector takes everything");
        bytes
    }

    fn preimage_key(&self, hash: KeyHash) -> Vec<u8> {
        std::iter::once(self.store as u8).chain(hash.0).collect()
    }

    fn value_key(&self, hash: KeyHash, version: Version) -> Vec<u8> {
        let mut key = self.preimage_key(hash);
        key.extend(version.to_be_bytes());
        key
    }

    fn newest_value(
        &self,
        hash: KeyHash,
        version: Version,
    ) -> Result<Option<Versioned>, StoreError> {
        self.snapshot
            .tree_value(&self.value_key(hash, 0), &self.value_key(hash, version))
    }

    /// The value of `key` in the tree's `version`.
    pub(super) fn get(
        &self,
        hash: KeyHash,
        version: Version,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(found) = self.newest_value(hash, version)? else {
            return Ok(None);
        };
        match found.value.split_first() {
            Some((&PRESENT, value)) => Ok(Some(value.to_vec())),
            Some((&DELETED, _)) => Ok(None),
            _ => Err(StoreError::Damaged("a value of the state")),
        }
    }

    /// Applies `writes` to the version before `version`.
    pub(super) fn commit(
        &self,
        version: Version,
        writes: Vec<(&Vec<u8>, &Option<Vec<u8>>)>,
        out: &mut TreeWrites,
    ) -> Result<StoreRoot, StoreError> {
        let hashed = writes
            .iter()
            .map(|(key, value)| (key_hash(key), (*value).clone()));
        let (root, batch) = Sha256Jmt::new(self)
            .put_value_set(hashed, version)
            .map_err(tree_error)?;
        for (key, node) in batch.node_batch.nodes() {
            let node = borsh::to_vec(node).expect("a vector takes everything");
            out.nodes.push((self.node_key(key), node));
        }
        for ((version, hash), value) in batch.node_batch.values() {
            // The version before this one is what the write makes stale.
            if let Some(before) = version.checked_sub(1)
                && let Some(old) = self.newest_value(*hash, before)?
            {
                out.stale
                    .push(Stale::new(self.store, *version, Stale::VALUE, &old.key));
            }
            let bytes = match value {
                Some(value) => std::iter::once(PRESENT)
                    .chain(value.iter().copied())
                    .collect(),
                None => vec![DELETED],
            };
            out.values.push((self.value_key(*hash, *version), bytes));
        }
        for (key, _) in writes {
            out.preimages
                .push((self.preimage_key(key_hash(key)), key.clone()));
        }
        for index in &batch.stale_node_index_batch {
            let key = self.node_key(&index.node_key);
            out.stale.push(Stale::new(
                self.store,
                index.stale_since_version,
                Stale::NODE,
                &key,
            ));
        }
        Ok(StoreRoot {
            version,
            hash: root.0,
        })
    }
}

pub(super) fn tree_error(error: impl ToString) -> StoreError {
    StoreError::Tree(error.to_string())
}

impl TreeReader for Tree<'_> {
    fn get_node_option(&self, node_key: &NodeKey) -> anyhow::Result<Option<Node>> {
        let bytes = self.snapshot.tree_node(&self.node_key(node_key))?;
        Ok(bytes
            .map(|bytes| Node::try_from_slice(&bytes))
            .transpose()?)
    }

    fn get_value_option(
        &self,
        max_version: Version,
        key_hash: KeyHash,
    ) -> anyhow::Result<Option<OwnedValue>> {
        Ok(self.get(key_hash, max_version)?)
    }

    fn get_rightmost_leaf(&self) -> anyhow::Result<Option<(NodeKey, LeafNode)>> {
        // Asked only while a tree is restored from chunks, which no devnet does.
        Ok(None)
    }
}

impl HasPreimage for Tree<'_> {
    fn preimage(&self, key_hash: KeyHash) -> anyhow::Result<Option<Vec<u8>>> {
        Ok(self.snapshot.tree_key(&self.preimage_key(key_hash))?)
    }
}
