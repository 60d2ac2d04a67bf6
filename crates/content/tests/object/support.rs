//! Objects in memory: sealed into a store of blocks, and opened from it.

use std::collections::HashMap;

use bytes::Bytes;
use dhc_content::{
    Cid,
    dag::{Block, Leaf, LeafWalk, verify_block},
    object::{ContentCorrupt, FRAME, Manifest, ObjectKey, Opener, Sealed, Sealer, TAG},
};
use dhc_domain::ObjectId;
use serde_json::json;

use crate::seeded::Seeded;

pub type Store = HashMap<Cid, Bytes>;

pub const OBJECT: ObjectId = ObjectId(alloy::primitives::FixedBytes([7; 16]));

pub fn key(label: &'static str) -> ObjectKey {
    ObjectKey::make_random(&mut Seeded::new(label))
}

pub fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 31 + i / 251) as u8).collect()
}

/// Seals entries, giving the finished object and its blocks.
pub fn seal(
    key: &ObjectKey,
    object: ObjectId,
    salt: &'static str,
    entries: &[(&str, Vec<u8>)],
) -> (Sealed, Store) {
    let mut store = Store::new();
    let mut keep = |block: Block| {
        verify_block(&block.cid, &block.bytes).unwrap();
        assert!(block.bytes.len() <= FRAME + TAG);
        store.insert(block.cid, block.bytes);
    };
    let mut sealer = Sealer::new(key, object, &mut Seeded::new(salt));
    for (path, bytes) in entries {
        sealer.begin(path, json!({ "name": path })).unwrap();
        for chunk in bytes.chunks(700_001) {
            let mut rest = chunk;
            while let Some(block) = sealer.push(&mut rest).unwrap() {
                keep(block);
            }
            assert!(rest.is_empty());
        }
    }
    let mut tail = sealer.finish(json!({ "study": 1 })).unwrap();
    for block in &mut tail {
        keep(block);
    }
    (tail.into_sealed().unwrap(), store)
}

pub fn leaves(root: Cid, store: &Store) -> Vec<Leaf> {
    let mut walk = LeafWalk::new(root);
    while let Some(cid) = walk.wanted().pop() {
        walk.provide(&cid, store[&cid].clone()).unwrap();
    }
    walk.leaves().unwrap()
}

pub fn opener(key: &ObjectKey, root: Cid, store: &Store) -> Result<Opener, ContentCorrupt> {
    let leaves = leaves(root, store);
    let header = store[&leaves[0].cid].clone();
    Opener::new(key, leaves, &header)
}

pub fn manifest(opener: &Opener, store: &Store) -> Result<Manifest, ContentCorrupt> {
    opener.open_manifest(opener.manifest_cids().map(|cid| store[&cid].clone()))
}

pub fn read(opener: &Opener, store: &Store, range: std::ops::Range<u64>) -> Vec<u8> {
    opener
        .pieces(range)
        .flat_map(|piece| {
            let frame = opener
                .open_frame(piece.frame, store[&piece.cid].clone())
                .unwrap();
            frame[piece.within].to_vec()
        })
        .collect()
}

/// The object as one file, as `ipfs get` writes it.
pub fn file(root: Cid, store: &Store) -> Vec<u8> {
    leaves(root, store)
        .iter()
        .flat_map(|leaf| store[&leaf.cid].clone())
        .collect()
}
