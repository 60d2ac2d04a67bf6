//! The provable state: one Jellyfish Merkle tree for each store, and over their roots the
//! Cosmos SDK's multistore, whose root is the app hash. A tree's version grows by one with each
//! block that changes its store, so an idle chain writes nothing.

mod jellyfish;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use ics23::{CommitmentProof, ExistenceProof, HashOp, InnerOp, LeafOp, LengthOp};
use jmt::{Sha256Jmt, Version};
use prost::encoding::encode_varint;

pub(crate) use jellyfish::{Stale, TreeWrites};

use crate::{
    merkle::{self, Hash, Sibling, sha256},
    store::{Snapshot, StoreError, StoreRoot, StoreRoots},
};
use jellyfish::{Tree, key_hash, tree_error};

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
            .map_err(tree_error)?;
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
