//! The provable state: one Jellyfish Merkle tree for each store, and over their roots the
//! Cosmos SDK's multistore, whose root is the app hash. A tree's version grows by one with each
//! block that changes its store, so an idle chain writes nothing.

use std::collections::BTreeMap;

use borsh::BorshDeserialize;
use ics23::{CommitmentProof, ExistenceProof, HashOp, InnerOp, LeafOp, LengthOp};
use jmt::{
    KeyHash, OwnedValue, Sha256Jmt, Version,
    storage::{HasPreimage, LeafNode, Node, NodeKey, TreeReader},
};
use prost::encoding::encode_varint;

use crate::{
    merkle::{self, Hash, Sibling, sha256},
    store::{Snapshot, StoreError, StoreRoot, StoreRoots},
};

/// The stores of the state, in the order in which the multistore hashes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum StoreName {
    Acc,
    Bank,
    Evm,
    Feemarket,
}

impl StoreName {
    pub(crate) const ALL: [Self; 4] = [Self::Acc, Self::Bank, Self::Evm, Self::Feemarket];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Acc => "acc",
            Self::Bank => "bank",
            Self::Evm => "evm",
            Self::Feemarket => "feemarket",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|store| store.name() == name)
    }
}

/// Changes of the state: `None` deletes.
pub(crate) type Writes = BTreeMap<(StoreName, Vec<u8>), Option<Vec<u8>>>;

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

struct Tree<'a> {
    snapshot: &'a Snapshot,
    store: StoreName,
}

fn key_hash(key: &[u8]) -> KeyHash {
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
    ) -> Result<Option<(Vec<u8>, Vec<u8>)>, StoreError> {
        self.snapshot
            .tree_value(&self.value_key(hash, 0), &self.value_key(hash, version))
    }

    /// The value of `key` in the tree's `version`.
    fn get(&self, hash: KeyHash, version: Version) -> Result<Option<Vec<u8>>, StoreError> {
        let Some((_, mut bytes)) = self.newest_value(hash, version)? else {
            return Ok(None);
        };
        if bytes.is_empty() {
            return Err(StoreError::Damaged("a value of the state"));
        }
        let present = bytes.remove(0) == 1;
        Ok(present.then_some(bytes))
    }

    fn commit(
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
            .map_err(tree)?;
        for (key, node) in batch.node_batch.nodes() {
            let node = borsh::to_vec(node).expect("a vector takes everything");
            out.nodes.push((self.node_key(key), node));
        }
        for ((version, hash), value) in batch.node_batch.values() {
            // The version before this one is what the write makes stale.
            if let Some(before) = version.checked_sub(1)
                && let Some((old, _)) = self.newest_value(*hash, before)?
            {
                out.stale
                    .push(Stale::new(self.store, *version, Stale::VALUE, &old));
            }
            let bytes = match value {
                Some(value) => std::iter::once(1).chain(value.iter().copied()).collect(),
                None => vec![0],
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

fn tree(error: impl ToString) -> StoreError {
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

/// The state at one height.
pub(crate) struct State<'a> {
    snapshot: &'a Snapshot,
    roots: StoreRoots,
}

impl<'a> State<'a> {
    /// The state after the block of `height`; `None` where it is pruned or not there yet.
    pub(crate) fn at(snapshot: &'a Snapshot, height: u64) -> Result<Option<Self>, StoreError> {
        Ok(snapshot
            .roots(height)?
            .map(|roots| Self { snapshot, roots }))
    }

    pub(crate) fn snapshot(&self) -> &'a Snapshot {
        self.snapshot
    }

    fn tree(&self, store: StoreName) -> Tree<'a> {
        Tree {
            snapshot: self.snapshot,
            store,
        }
    }

    pub(crate) fn get(&self, store: StoreName, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.tree(store)
            .get(key_hash(key), self.roots.get(store).version)
    }

    /// The value of `key`, and the proof that it or nothing is there: under the store's root,
    /// and from there under the app hash.
    pub(crate) fn prove(&self, store: StoreName, key: &[u8]) -> Result<Proven, StoreError> {
        let tree_of_store = self.tree(store);
        let (value, in_store) = Sha256Jmt::new(&tree_of_store)
            .get_with_ics23_proof(key.to_vec(), self.roots.get(store).version)
            .map_err(tree)?;
        Ok(Proven {
            value,
            in_store,
            in_multistore: store_proof(&self.roots, store),
        })
    }

    /// What the next header's `app_hash` must be.
    pub(crate) fn app_hash(&self) -> Hash {
        app_hash(&self.roots)
    }

    /// The state after `writes`: its roots, and what the tables must receive for it.
    pub(crate) fn commit(&self, writes: &Writes) -> Result<(StoreRoots, TreeWrites), StoreError> {
        let mut roots = self.roots.clone();
        let out = commit(self.snapshot, &mut roots, writes, |root| root.version + 1)?;
        Ok((roots, out))
    }
}

/// The state of genesis, in an empty database.
pub(crate) fn first_state(
    snapshot: &Snapshot,
    writes: &Writes,
) -> Result<(StoreRoots, TreeWrites), StoreError> {
    let mut roots = StoreRoots::default();
    let out = commit(snapshot, &mut roots, writes, |_| 0)?;
    Ok((roots, out))
}

fn commit(
    snapshot: &Snapshot,
    roots: &mut StoreRoots,
    writes: &Writes,
    version: impl Fn(StoreRoot) -> Version,
) -> Result<TreeWrites, StoreError> {
    let mut out = TreeWrites::default();
    for store in StoreName::ALL {
        let of_store: Vec<_> = writes
            .iter()
            .filter(|((name, _), _)| *name == store)
            .map(|((_, key), value)| (key, value))
            .collect();
        if !of_store.is_empty() {
            let version = version(roots.get(store));
            roots.set(
                store,
                Tree { snapshot, store }.commit(version, of_store, &mut out)?,
            );
        }
    }
    Ok(out)
}

/// A value with its proof up to the app hash.
pub(crate) struct Proven {
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) in_store: CommitmentProof,
    pub(crate) in_multistore: CommitmentProof,
}

/// A leaf of the multistore: name and SHA-256 of the root, each after its length.
fn store_leaf(roots: &StoreRoots, store: StoreName) -> Vec<u8> {
    let mut leaf = Vec::new();
    let name = store.name().as_bytes();
    encode_varint(name.len() as u64, &mut leaf);
    leaf.extend(name);
    encode_varint(32, &mut leaf);
    leaf.extend(sha256(&roots.get(store).hash));
    leaf
}

pub(crate) fn app_hash(roots: &StoreRoots) -> Hash {
    merkle::root(&StoreName::ALL.map(|store| store_leaf(roots, store)))
}

/// The proof of a store's root, as ICS-23's `tendermint_spec` reads it.
fn store_proof(roots: &StoreRoots, store: StoreName) -> CommitmentProof {
    let leaves = StoreName::ALL.map(|store| store_leaf(roots, store));
    let path = merkle::path(&leaves, store as usize)
        .into_iter()
        .map(|sibling| {
            let (prefix, suffix) = match sibling {
                Sibling::Left(left) => ([[1].as_slice(), &left].concat(), Vec::new()),
                Sibling::Right(right) => (vec![1], right.to_vec()),
            };
            InnerOp {
                hash: HashOp::Sha256.into(),
                prefix,
                suffix,
            }
        })
        .collect();
    let existence = ExistenceProof {
        key: store.name().as_bytes().to_vec(),
        value: roots.get(store).hash.to_vec(),
        leaf: Some(LeafOp {
            hash: HashOp::Sha256.into(),
            prehash_key: HashOp::NoHash.into(),
            prehash_value: HashOp::Sha256.into(),
            length: LengthOp::VarProto.into(),
            prefix: vec![0],
        }),
        path,
    };
    CommitmentProof {
        proof: Some(ics23::commitment_proof::Proof::Exist(existence)),
    }
}

#[cfg(test)]
mod tests {
    use ics23::{HostFunctionsManager, verify_membership, verify_non_membership};
    use proptest::prelude::*;

    use super::*;
    use crate::store::{BlockRecord, NewBlock, Store};

    type Model = BTreeMap<(StoreName, Vec<u8>), Vec<u8>>;

    fn assert_proven(state: &State<'_>, store: StoreName, key: &[u8], expected: Option<&Vec<u8>>) {
        let proven = state.prove(store, key).unwrap();
        assert_eq!(proven.value.as_ref(), expected);
        let root = state.roots.get(store).hash.to_vec();
        let spec = jmt::ics23_spec();
        let holds = match &proven.value {
            Some(value) => verify_membership::<HostFunctionsManager>(
                &proven.in_store,
                &spec,
                &root,
                key,
                value,
            ),
            None => {
                verify_non_membership::<HostFunctionsManager>(&proven.in_store, &spec, &root, key)
            }
        };
        assert!(holds, "{store:?} {}", hex::encode(key));
        assert!(verify_membership::<HostFunctionsManager>(
            &proven.in_multistore,
            &ics23::tendermint_spec(),
            &state.app_hash().to_vec(),
            store.name().as_bytes(),
            &root,
        ));
    }

    fn put(store: &Store, height: u64, roots: &StoreRoots, trees: &TreeWrites, keep: u64) {
        let hash = [sha256(&height.to_be_bytes()).to_vec()].concat();
        let record = BlockRecord {
            commit: Some(tendermint_proto::v0_38::types::Commit {
                block_id: Some(tendermint_proto::v0_38::types::BlockId {
                    hash,
                    part_set_header: None,
                }),
                ..Default::default()
            }),
            ..Default::default()
        };
        let block = NewBlock {
            height,
            record: &record,
            roots,
            trees,
            eth_hashes: &[],
            leaves_pool: &[],
        };
        store.put_block(&block, keep).unwrap();
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn what_was_written_is_proven_at_its_height_and_absence_too(
            blocks in prop::collection::vec(
                prop::collection::vec((0u8..24, prop::option::of(1u8..9)), 0..12), 1..8)
        ) {
            let directory = tempfile::tempdir().unwrap();
            let store = Store::open(&directory.path().join("db")).unwrap();
            let mut model = Model::new();
            let mut writes = Writes::new();
            for name in StoreName::ALL {
                for key in [100u8, 101] {
                    writes.insert((name, vec![key]), Some(vec![key]));
                    model.insert((name, vec![key]), vec![key]);
                }
            }
            let (roots, trees) = first_state(&store.snapshot().unwrap(), &writes).unwrap();
            store.put_genesis(b"{}", &roots, &trees).unwrap();
            let mut history = vec![model.clone()];
            for (height, block) in (1..).zip(&blocks) {
                let writes: Writes = block
                    .iter()
                    .map(|(k, v)| ((StoreName::Evm, vec![*k]), v.map(|v| vec![v])))
                    .collect();
                for (key, value) in &writes {
                    match value {
                        Some(value) => model.insert(key.clone(), value.clone()),
                        None => model.remove(key),
                    };
                }
                let snapshot = store.snapshot().unwrap();
                let state = State::at(&snapshot, height - 1).unwrap().unwrap();
                let (roots, trees) = state.commit(&writes).unwrap();
                put(&store, height, &roots, &trees, 4);
                history.push(model.clone());
            }
            let snapshot = store.snapshot().unwrap();
            for (height, model) in (0u64..).zip(&history) {
                let pruned = height + 4 < history.len() as u64 - 1;
                let Some(state) = State::at(&snapshot, height).unwrap() else {
                    prop_assert!(pruned);
                    continue;
                };
                prop_assert!(!pruned);
                for key in (0u8..26).chain([100, 101]) {
                    let expected = model.get(&(StoreName::Evm, vec![key]));
                    assert_proven(&state, StoreName::Evm, &[key], expected);
                }
                assert_proven(&state, StoreName::Bank, &[100], Some(&vec![100]));
                assert_proven(&state, StoreName::Acc, &[7], None);
            }
        }
    }
}
