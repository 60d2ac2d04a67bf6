//! What apps seal for each other, and files and words of people: the pinned vectors, and small
//! honest samples.

use dhc_content::{
    Cid, car, letter,
    note::{Note, NoteItem, PeerHint},
    sponsor::{Answer, Declined, Errand},
};
use dhc_domain::{Address, B256, ObjectId, RecordId, TxHash};
use dhc_fuzz::{content::Object, exchange, holder};
use dhc_ipc::{FrameHeader, PixelKind};
use multihash_codetable::{Code, MultihashDigest};

use super::{Seed, from_hex, seed};

const ROOT: &str = "bafybeify2r7byu57x3zc3ezpn6ifwk5supwnnxpjvr62zyvaqs4i6iqhca";
const PEER: &str = "12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5";
const NETWORK: &str = r#"{"name":"x","chain_id":"x-1","evm_chain_id":1,"rpc":["http://127.0.0.1:1"],
    "evm":[],"witnesses":[],"proof_spec":"iavl","denom":"adhl",
    "trust":{"height":1,"hash":"D3829765C891BE265C3ABB84F13AD9024FBA96F371BCD68AF11AFCF9E54F84C0",
    "period_s":1},"day_s":86400,"contracts":{"Consent":"0x1111111111111111111111111111111111111111"}}"#;
const CALL: &str =
    r#"{"name":"consent_grant","profile":"7","job":"j","args":{"study":"0x01","until":"7d"}}"#;
const SEALS: &str = r#"{"format":"DHC-SEAL/1","issuer":"0x1111111111111111111111111111111111111111",
    "owner":"0x1111111111111111111111111111111111111111","seals":[]}"#;

/// An inner node of a UnixFS file with one leaf of five bytes.
fn tree_node() -> Vec<u8> {
    let leaf = Cid::new_v1(0x55, Code::Sha2_256.digest(b"hello")).to_bytes();
    let mut node = vec![0x12, leaf.len() as u8 + 6, 0x0a, leaf.len() as u8];
    node.extend(leaf);
    node.extend([0x12, 0, 0x18, 5, 0x0a, 6, 8, 2, 0x18, 5, 0x20, 5]);
    node
}

/// A CAR file of one block.
fn archive() -> Vec<u8> {
    let cid = Cid::new_v1(0x55, Code::Sha2_256.digest(b"hello"));
    let prefix = car::block_prefix(&cid, 5);
    [&car::header(&cid)[..], &prefix, b"hello"].concat()
}

fn note() -> Vec<u8> {
    let item = NoteItem {
        record: RecordId(B256::repeat_byte(4)),
        object: ObjectId([5; 16].into()),
        root: ROOT.parse().expect("a root"),
        commitment_salt: B256::repeat_byte(6),
        label: "头部 MRI".to_owned(),
        key: None,
    };
    let peer = PeerHint {
        peer: PEER.to_owned(),
        addresses: vec!["/ip4/127.0.0.1/tcp/4001".to_owned()],
    };
    let note = Note {
        items: vec![item],
        peers: vec![peer],
        custody: None,
    };
    [&[2][..], &note.write().expect("a short note")].concat()
}

fn frame() -> Vec<u8> {
    let header = FrameHeader {
        rows: 2,
        columns: 2,
        kind: PixelKind::U16,
        slope: 1.0,
        intercept: -1024.0,
        window: [40.0, 400.0],
        range: [-1024.0, 3071.0],
        inverted: false,
        units: "HU".into(),
    };
    dhc_ipc::encode_frame(&header, &[7; 8])
}

/// Version, key, length, text.
fn reason() -> Vec<u8> {
    let text = "unconscious on arrival";
    let length = (text.len() as u16).to_be_bytes();
    [&[1][..], &[0; 1120], &length, text.as_bytes(), &[0; 20]].concat()
}

fn vector(text: &str) -> Vec<u8> {
    from_hex(text)
}

macro_rules! pinned {
    ($file:literal) => {
        vector(include_str!(concat!(
            "../../../../crates/content/tests/vectors/",
            $file
        )))
    };
}

pub fn seeds() -> Vec<Seed> {
    let object = Object::seal();
    let errand = Errand {
        chain_id: 7761,
        contract: Address::repeat_byte(0xc0),
        call: vec![1, 2, 3, 4, 5],
    };
    let message = b"DHC-OAKLEY/1 and more";
    let head = letter::head(message.len()).expect("a short letter");
    let vault = vector(include_str!(
        "../../../../crates/vault/tests/vectors/vault-1.hex"
    ));
    let sent = Answer::Sent(TxHash(B256::repeat_byte(9)));
    let refused = Answer::Declined(Declined::WouldRevert("GrantRevoked".into()));
    let mut seeds = vec![
        seed("note", "version-1", pinned!("note-1.hex")),
        seed("note", "version-2", pinned!("note-2.hex")),
        seed("note_words", "one", note()),
        seed("request", "version-1", pinned!("request-1.hex")),
        seed("reason", "version-1", pinned!("reason-1.hex")),
        seed("reason", "stranger", reason()),
        seed("letter", "one", [&head[..], message].concat()),
        seed("car", "one-block", archive()),
        seed("errand", "revoke", errand.encode()),
        seed("errand_answer", "sent", sent.encode()),
        seed("errand_answer", "refused", refused.encode()),
        seed("object_header", "honest", object.blocks()[0].to_vec()),
        seed("object_frame", "content", object.blocks()[1].to_vec()),
        seed("object_frame", "manifest", object.blocks()[2].to_vec()),
        seed("object_manifest", "two", object.manifest().encode()),
        seed("tree_node", "one", tree_node()),
        seed(
            "vault_file",
            "version-1",
            vault[..vault.len() - 32].to_vec(),
        ),
        seed("seal_file", "none", SEALS),
        seed("network_file", "one", NETWORK),
        seed("ipc_call", "grant", CALL),
        seed("ipc_frame", "grey", frame()),
    ];
    for (number, bytes) in exchange::to_owner().into_iter().enumerate() {
        seeds.push(seed("oakley_to_owner", &format!("round-{number}"), bytes));
    }
    for (number, bytes) in exchange::to_grantee().into_iter().enumerate() {
        seeds.push(seed("oakley_to_grantee", &format!("round-{number}"), bytes));
    }
    for (number, bytes) in holder::to_holder().into_iter().enumerate() {
        seeds.push(seed("oakley_to_holder", &format!("round-{number}"), bytes));
    }
    for (number, bytes) in holder::of_holder().into_iter().enumerate() {
        seeds.push(seed("oakley_of_holder", &format!("round-{number}"), bytes));
    }
    let typed = [
        ("address", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
        ("amount", "12.500000000000000001"),
        ("cid", ROOT),
        (
            "hash",
            "D3829765C891BE265C3ABB84F13AD9024FBA96F371BCD68AF11AFCF9E54F84C0",
        ),
        ("time", "2026-11-23T05:00:00Z"),
        (
            "words",
            "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about",
        ),
    ];
    seeds.extend(typed.map(|(name, text)| seed("typed_text", name, text)));
    seeds
}
