use std::collections::{BTreeMap, BTreeSet};

use dhc_chain::proof::{ProofOp, keys::StateKey};
use ics23::{
    CommitmentProof, ExistenceProof, HashOp, InnerOp, LeafOp, LengthOp, commitment_proof::Proof,
};
use jmt::{KeyHash, Sha256Jmt, mock::MockTreeStore, storage::TreeWriter};
use prost::Message;
use tendermint::crypto::{Sha256 as _, default::Sha256};

/// State in named stores, provable as on the devnet.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    entries: BTreeMap<(String, Vec<u8>), Vec<u8>>,
}

const STORES: [&str; 3] = ["acc", "bank", "evm"];

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes)
}

impl Ledger {
    /// With something in every store, so that none is empty.
    pub fn new() -> Self {
        let mut ledger = Self::default();
        for store in STORES {
            for n in 0..5u8 {
                ledger
                    .entries
                    .insert((store.into(), vec![0xee, n]), vec![n, 1]);
            }
        }
        ledger
    }

    pub fn set(&mut self, key: StateKey, value: impl Into<Vec<u8>>) {
        self.entries
            .insert((key.store.into(), key.key), value.into());
    }

    pub fn app_hash(&self) -> Vec<u8> {
        self.simple().0.to_vec()
    }

    /// The value and the two steps that prove it, or its absence.
    pub fn prove(&self, store: &str, key: &[u8]) -> (Option<Vec<u8>>, Vec<ProofOp>) {
        let trees = self.store(store);
        let (value, proof) = Sha256Jmt::new(&trees)
            .get_with_ics23_proof(key.to_vec(), 0)
            .unwrap();
        let in_store = ProofOp {
            kind: "ics23:jmt".into(),
            key: key.to_vec(),
            data: proof.encode_to_vec(),
        };
        let exist = self.simple().1.remove(store).unwrap();
        let proof = CommitmentProof {
            proof: Some(Proof::Exist(exist)),
        };
        let of_store = ProofOp {
            kind: "ics23:simple".into(),
            key: store.into(),
            data: proof.encode_to_vec(),
        };
        (value, vec![in_store, of_store])
    }

    fn store(&self, name: &str) -> MockTreeStore {
        let store = MockTreeStore::default();
        let mine = self.entries.iter().filter(|((s, _), _)| s == name);
        let mut values = Vec::new();
        for ((_, key), value) in mine {
            let hash = KeyHash::with::<Sha256>(key);
            store.put_key_preimage(hash, key);
            values.push((hash, Some(value.clone())));
        }
        let (_, batch) = Sha256Jmt::new(&store).put_value_set(values, 0).unwrap();
        store.write_node_batch(&batch.node_batch).unwrap();
        store
    }

    fn root(&self, name: &str) -> [u8; 32] {
        let store = self.store(name);
        Sha256Jmt::new(&store).get_root_hash(0).unwrap().0
    }

    /// The root over the stores' roots, and each store's way to it.
    fn simple(&self) -> ([u8; 32], BTreeMap<String, ExistenceProof>) {
        let names: BTreeSet<_> = STORES.into_iter().collect();
        let mut proofs = BTreeMap::new();
        let mut level: Vec<([u8; 32], Vec<&str>)> = Vec::new();
        for name in names {
            let root = self.root(name);
            let mut leaf = vec![0, name.len() as u8];
            leaf.extend(name.as_bytes());
            leaf.push(32);
            leaf.extend(sha256(&root));
            level.push((sha256(&leaf), vec![name]));
            let op = LeafOp {
                hash: HashOp::Sha256.into(),
                prehash_key: HashOp::NoHash.into(),
                prehash_value: HashOp::Sha256.into(),
                length: LengthOp::VarProto.into(),
                prefix: vec![0],
            };
            let exist = ExistenceProof {
                key: name.into(),
                value: root.to_vec(),
                leaf: Some(op),
                path: vec![],
            };
            proofs.insert(name.to_owned(), exist);
        }
        // Three leaves: ((acc, bank), evm), as RFC 6962 splits them.
        while level.len() > 1 {
            let (right, left) = if level.len() == 2 {
                (level.pop().unwrap(), level.pop().unwrap())
            } else {
                (level.remove(1), level.remove(0))
            };
            for (names, prefix, suffix) in [
                (&left.1, vec![1], right.0.to_vec()),
                (&right.1, [&[1][..], &left.0].concat(), vec![]),
            ] {
                for name in names {
                    let op = InnerOp {
                        hash: HashOp::Sha256.into(),
                        prefix: prefix.clone(),
                        suffix: suffix.clone(),
                    };
                    proofs.get_mut(*name).unwrap().path.push(op);
                }
            }
            let hash = sha256(&[&[1][..], &left.0, &right.0].concat());
            level.insert(0, (hash, [left.1, right.1].concat()));
        }
        (level[0].0, proofs)
    }
}
