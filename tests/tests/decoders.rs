//! Bytes that strangers send to the program, outside the chain, garbled: each decoder reads or
//! refuses them, and neither panics nor loops. docs/security.md lists every decoder with the test
//! that garbles its bytes.
//!
//! `PROPTEST_CASES` lengthens it; `cargo xtask test --long` does.

use bytes::Bytes;
use dhc_app::SealFile;
use dhc_content::{
    Cid,
    dag::{LeafWalk, verify_block},
};
use dhc_domain::{Amount, NetworkFile, Timestamp};
use dhc_vault::{SealedVault, Words};
use multihash_codetable::{Code, MultihashDigest};
use proptest::prelude::*;

const NETWORK: &str = r#"{"name":"x","chain_id":"x-1","evm_chain_id":1,"rpc":["http://127.0.0.1:1"],
    "evm":[],"witnesses":[],"proof_spec":"iavl","denom":"adhl",
    "trust":{"height":1,"hash":"00","period_s":1},"day_s":86400,"contracts":{}}"#;
const CALL: &str =
    r#"{"name":"consent_grant","profile":"7","job":"j","args":{"study":"0x01","until":"7d"}}"#;
const SEALS: &str = r#"{"format":"DHC-SEAL/1","issuer":"0x1111111111111111111111111111111111111111",
    "owner":"0x1111111111111111111111111111111111111111","seals":[]}"#;
const VAULT: &str = include_str!("../../crates/vault/tests/vectors/vault-1.hex");
const PEER: &str =
    "/ip4/127.0.0.1/tcp/22987/p2p/12D3KooWNLaphUAH48nf6gU78ZTXTimDt2kuQmchRZ73fW8DBuhi";
const DAG_PB: u64 = 0x70;

/// An inner node of a UnixFS file with one leaf of five bytes.
fn tree_node() -> Vec<u8> {
    let leaf = Cid::new_v1(0x55, Code::Sha2_256.digest(b"hello")).to_bytes();
    let mut node = vec![0x12, leaf.len() as u8 + 6, 0x0a, leaf.len() as u8];
    node.extend(leaf);
    node.extend([0x12, 0, 0x18, 5, 0x0a, 6, 8, 2, 0x18, 5, 0x20, 5]);
    node
}

/// One change of some bytes.
#[derive(Clone, Debug)]
enum Change {
    Set(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Repeat(prop::sample::Index, u8),
    Insert(prop::sample::Index, &'static [u8]),
}

/// What parsers of text and of lengths stumble over.
const WORDS: [&[u8]; 10] = [
    b"-1",
    b"1e999",
    b"18446744073709551616",
    b"null",
    b"\\ud800",
    b"[[[[[[[[",
    b"0x",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    b"\x00\x00\x00\x00",
    b"\"",
];

fn change() -> impl Strategy<Value = Change> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        at().prop_map(Change::Cut),
        (at(), any::<u8>()).prop_map(|(at, n)| Change::Repeat(at, n)),
        (at(), prop::sample::select(&WORDS[..])).prop_map(|(at, w)| Change::Insert(at, w)),
    ]
}

fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        if bytes.is_empty() {
            return bytes;
        }
        match change {
            Change::Set(at, byte) => {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            Change::Cut(at) => bytes.truncate(at.index(bytes.len())),
            Change::Repeat(at, n) => {
                let at = at.index(bytes.len());
                let end = (at + usize::from(*n)).min(bytes.len());
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            Change::Insert(at, word) => {
                let at = at.index(bytes.len());
                bytes.splice(at..at, word.iter().copied());
            }
        }
    }
    bytes
}

/// The sample with some of it changed, or anything at all.
fn garbled(sample: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let near = prop::collection::vec(change(), 1..5)
        .prop_map(move |changes| changed(sample.clone(), &changes));
    prop_oneof![4 => near, 1 => prop::collection::vec(any::<u8>(), 0..400)]
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

fn vault() -> Vec<u8> {
    let digits: Vec<u8> = VAULT.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pairs = digits.chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).expect("hex");
        u8::from_str_radix(pair, 16).expect("hex")
    });
    pairs.collect()
}

fn frame() -> Vec<u8> {
    let header = r#"{"rows":2,"columns":2,"kind":"grey16","slope":1.0,"intercept":0.0}  "#;
    let mut bytes = (header.len() as u32).to_le_bytes().to_vec();
    bytes.extend(header.bytes());
    bytes.extend([0; 8]);
    bytes
}

#[test]
fn the_samples_are_what_the_decoders_read() {
    assert!(NetworkFile::parse(NETWORK).is_ok());
    assert!(serde_json::from_str::<dhc_ipc::Call>(CALL).is_ok());
    assert!(SealedVault::parse(vault()).is_ok());
    assert!(SealFile::parse(SEALS).is_ok());
    let node = tree_node();
    let root = Cid::new_v1(DAG_PB, Code::Sha2_256.digest(&node));
    let mut walk = LeafWalk::new(root);
    walk.provide(&root, Bytes::from(node)).expect("a tree");
    assert_eq!(walk.leaves().expect("whole").len(), 1);
}

proptest! {
    #[test]
    fn a_network_file_is_read_or_refused(bytes in garbled(NETWORK.into())) {
        let _ = NetworkFile::parse(&text(bytes));
    }

    #[test]
    fn a_call_over_loopback_is_read_or_refused(bytes in garbled(CALL.into())) {
        let _ = serde_json::from_slice::<dhc_ipc::Call>(&bytes);
    }

    #[test]
    fn a_frame_is_read_or_refused(bytes in garbled(frame())) {
        if let Some((_, pixels)) = dhc_ipc::decode_frame(&bytes) {
            prop_assert!(pixels.len() <= bytes.len());
        }
    }

    /// The checksum catches all that is not written by this program.
    #[test]
    fn a_vault_file_is_whole_or_refused(bytes in garbled(vault())) {
        if let Ok(read) = SealedVault::parse(bytes.clone()) {
            prop_assert_eq!(read.as_bytes(), &bytes[..]);
        }
    }

    #[test]
    fn a_hospitals_seals_are_read_or_refused(bytes in garbled(SEALS.into())) {
        let _ = SealFile::parse(&text(bytes));
    }

    /// By whoever made the tree: the node has the hash that is asked for.
    #[test]
    fn a_trees_node_is_read_or_refused(bytes in garbled(tree_node())) {
        let root = Cid::new_v1(DAG_PB, Code::Sha2_256.digest(&bytes));
        prop_assert!(verify_block(&root, &bytes).is_ok());
        let mut walk = LeafWalk::new(root);
        if walk.provide(&root, Bytes::from(bytes)).is_ok() {
            prop_assert!(walk.wanted().len() <= 1 << 10);
        }
    }

    #[test]
    fn what_people_type_and_paste_is_read_or_refused(bytes in garbled(PEER.into())) {
        let typed = text(bytes);
        let _ = typed.parse::<Cid>();
        let _ = typed.parse::<Timestamp>();
        let _ = Amount::from_dhl(&typed);
        let _ = dhc_domain::parse_address(&typed);
        let _ = Words::parse(&typed).map(|words| words.count());
    }
}
