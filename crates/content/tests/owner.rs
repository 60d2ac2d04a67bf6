//! The owner's box: the owner's keeper and the blocks are enough to open an object again, and to
//! everybody else it is noise that cannot be changed.

#[path = "../../../tests/seeded/mod.rs"]
mod seeded;

use std::{cell::RefCell, collections::HashMap};

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Nonce, Payload},
};
use bytes::Bytes;
use dhc_content::{
    Cid, ValueKeeper,
    dag::LeafWalk,
    object::{
        ContentCorrupt, HEADER_LEN, OWNERS_BOX_LEN, ObjectKey, Opener, OwnersBox, RecoverError,
        Sealer, recover,
    },
};
use dhc_domain::{B256, ObjectId};
use proptest::prelude::*;
use seeded::Seeded;
use zeroize::Zeroizing;

const OBJECT: ObjectId = ObjectId(alloy::primitives::FixedBytes([7; 16]));
const SALT: B256 = B256::repeat_byte(0x5a);

/// Seals as a vault's database key does (vault.md), with nonces that can be told beforehand.
struct Keeper {
    key: Aes256Gcm,
    rng: RefCell<Seeded>,
}

impl Keeper {
    fn new(key: u8) -> Self {
        Self {
            key: Aes256Gcm::new(&[key; 32].into()),
            rng: RefCell::new(Seeded::new("nonces")),
        }
    }
}

impl ValueKeeper for Keeper {
    fn seal(&self, aad: &[u8], plaintext: &[u8]) -> Vec<u8> {
        use dhc_content::rand_core::Rng;
        let mut nonce = [0; 12];
        self.rng.borrow_mut().fill_bytes(&mut nonce);
        let payload = Payload {
            msg: plaintext,
            aad,
        };
        let sealed = self.key.encrypt(&Nonce::<Aes256Gcm>::from(nonce), payload);
        [&[1][..], &nonce, &sealed.unwrap()].concat()
    }

    fn open(&self, aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, msg) = sealed.strip_prefix(&[1])?.split_first_chunk::<12>()?;
        let payload = Payload { msg, aad };
        let opened = self.key.decrypt(&Nonce::<Aes256Gcm>::from(*nonce), payload);
        opened.ok().map(Zeroizing::new)
    }
}

fn key() -> ObjectKey {
    ObjectKey::make_random(&mut Seeded::new("key"))
}

/// A small object with or without a box: its root and its blocks.
fn sealed(owner: Option<OwnersBox>) -> (Cid, HashMap<Cid, Bytes>) {
    let mut sealer = Sealer::new(&key(), OBJECT, &mut Seeded::new("salt"));
    if let Some(owner) = owner {
        sealer = sealer.kept_for(owner);
    }
    sealer.begin("a", serde_json::Value::Null).unwrap();
    assert!(sealer.push(&mut &b"film"[..]).unwrap().is_none());
    let mut tail = sealer.finish(serde_json::Value::Null).unwrap();
    let blocks = tail.by_ref().map(|b| (b.cid, b.bytes)).collect();
    (tail.into_sealed().unwrap().root, blocks)
}

fn boxed() -> OwnersBox {
    OwnersBox::seal(&Keeper::new(1), OBJECT, &key(), &SALT).unwrap()
}

fn leaves(root: Cid, blocks: &HashMap<Cid, Bytes>) -> Vec<dhc_content::dag::Leaf> {
    let mut walk = LeafWalk::new(root);
    walk.provide(&root, blocks[&root].clone()).unwrap();
    walk.leaves().unwrap()
}

fn header(owner: Option<OwnersBox>) -> Bytes {
    let (root, blocks) = sealed(owner);
    blocks[&leaves(root, &blocks)[0].cid].clone()
}

#[test]
fn the_owner_opens_an_object_with_the_vaults_key_alone() {
    let (root, blocks) = sealed(Some(boxed()));
    let leaves = leaves(root, &blocks);
    let header = &blocks[&leaves[0].cid];
    assert_eq!(header.len(), HEADER_LEN + OWNERS_BOX_LEN);
    let recovered = recover(header, &Keeper::new(1)).unwrap();
    assert_eq!((recovered.object, recovered.salt), (OBJECT, SALT));
    assert_eq!(recovered.key, key());
    let opener = Opener::new(&recovered.key, leaves, header).unwrap();
    let frame = blocks[&opener.frame_cid(0).unwrap()].clone();
    assert_eq!(&opener.open_frame(0, frame).unwrap()[..4], b"film");
}

#[test]
fn nobody_else_opens_the_box() {
    let header = header(Some(boxed()));
    let another = recover(&header, &Keeper::new(2));
    assert_eq!(another, Err(RecoverError::NotOwner));
    let none = recover(&self::header(None), &Keeper::new(1));
    assert_eq!(none, Err(RecoverError::NoBox));
}

#[test]
fn the_box_of_another_object_is_not_this_ones() {
    let moved = OwnersBox::seal(&Keeper::new(1), ObjectId([8; 16].into()), &key(), &SALT);
    let opened = recover(&header(moved), &Keeper::new(1));
    assert_eq!(opened, Err(RecoverError::NotOwner));
    // The right place, but the key of something else.
    let wrong = ObjectKey::make_random(&mut Seeded::new("another key"));
    let wrong = OwnersBox::seal(&Keeper::new(1), OBJECT, &wrong, &SALT);
    let opened = recover(&header(wrong), &Keeper::new(1));
    assert_eq!(opened, Err(ContentCorrupt::Key.into()));
}

#[test]
fn boxes_of_one_owner_have_nothing_in_common_but_their_form() {
    let keeper = Keeper::new(1);
    let boxes = [0, 1].map(|_| {
        let owner = OwnersBox::seal(&keeper, OBJECT, &key(), &SALT);
        header(owner)[HEADER_LEN..].to_vec()
    });
    assert_ne!(boxes[0][1..13], boxes[1][1..13]);
    let alike = boxes[0].iter().zip(&boxes[1]).filter(|(a, b)| a == b);
    assert!(alike.count() < 8);
}

/// The second reader, made from the specification alone, finds the key in the box and opens the
/// object with it. Left out without `DHC_PYTHON`.
#[test]
fn another_reader_finds_the_key_in_the_box() {
    let Some(python) = std::env::var_os("DHC_PYTHON") else {
        println!("left out: DHC_PYTHON names no Python for the second reader");
        return;
    };
    let (root, blocks) = sealed(Some(boxed()));
    let leaves = leaves(root, &blocks);
    let whole: Vec<u8> = leaves
        .iter()
        .flat_map(|l| blocks[&l.cid].to_vec())
        .collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), whole).unwrap();
    let reader = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/second_reader/dhc_object.py"
    );
    let ask = |verb: &str, key: &str| {
        let mut command = std::process::Command::new(&python);
        let output = command.args([reader, verb, key]).arg(file.path()).output();
        serde_json::from_slice::<serde_json::Value>(&output.unwrap().stdout)
    };
    let found = ask("recover", &"01".repeat(32)).unwrap();
    assert_eq!(found["salt"], hex::encode(SALT));
    let opened = ask("open", found["key"].as_str().unwrap()).unwrap();
    assert_eq!(opened["root"], root.to_string());
    assert_eq!(opened["entries"][0]["bytes"], hex::encode("film"));
    assert!(ask("recover", &"02".repeat(32)).is_err());
}

/// The header of an object with a box, sealed by this version.
#[test]
fn a_header_with_a_box_is_the_same_for_ever() {
    let pinned = include_str!("vectors/object-1-owner.hex").trim();
    assert_eq!(hex::encode(header(Some(boxed()))), pinned);
    let recovered = recover(&hex::decode(pinned).unwrap(), &Keeper::new(1)).unwrap();
    assert_eq!((recovered.key, recovered.salt), (key(), SALT));
}

proptest! {
    #[test]
    fn any_change_of_a_header_with_a_box_is_noticed(
        at in 0..HEADER_LEN + OWNERS_BOX_LEN,
        bit in 0u8..8,
    ) {
        let mut header = header(Some(boxed())).to_vec();
        header[at] ^= 1 << bit;
        prop_assert!(recover(&header, &Keeper::new(1)).is_err());
        // Who has the key from elsewhere notices it too.
        let (root, blocks) = sealed(Some(boxed()));
        prop_assert!(Opener::new(&key(), leaves(root, &blocks), &header).is_err());
    }

    #[test]
    fn a_header_of_another_length_is_refused(length in 0..400usize) {
        prop_assume!(length != HEADER_LEN + OWNERS_BOX_LEN);
        let mut header = header(Some(boxed())).to_vec();
        header.resize(length, 0);
        prop_assert!(recover(&header, &Keeper::new(1)).is_err());
    }
}
