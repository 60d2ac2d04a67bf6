//! What apps seal for each other, and what carries it: notes, letters, objects, trees.

use std::{path::Path, sync::LazyLock};

use bytes::Bytes;
use dhc_content::{
    Cid, EnvelopeOpener,
    car::{CarReader, Part},
    dag::{Leaf, LeafWalk, verify_block},
    letter::{self, Letter},
    note::{Note, NoteContext, open_note},
    object::{Manifest, ObjectKey, Opener, Sealer},
    reason::{ReasonContext, open_reason},
    request::{RequestContext, open_request},
    sponsor::{self, Errand},
};
use dhc_domain::{Address, B256, GrantId, ObjectId, RequestId};
use multihash_codetable::{Code, MultihashDigest};
use serde_json::json;
use zeroize::Zeroizing;

use crate::seeded::Seeded;

/// Who seals may be a stranger: hands over what stands in the envelope, as it stands there.
struct Open;

impl EnvelopeOpener for Open {
    fn open_envelope(
        &self,
        _: &[u8],
        _: &[u8],
        _: &[u8],
        ciphertext: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        Some(Zeroizing::new(ciphertext.to_vec()))
    }
}

const SOMEBODY: Address = Address::repeat_byte(0xa1);
const DOCTOR: Address = Address::repeat_byte(0xd0);

/// A note on the chain. Nobody signed any for this grant.
pub fn note(bytes: &[u8]) {
    let context = NoteContext {
        chain_id: 7761,
        consent: Address::repeat_byte(0xc0),
        owner: SOMEBODY,
        by: SOMEBODY,
        grantee: DOCTOR,
        grant: GrantId(B256::repeat_byte(3)),
    };
    assert!(open_note(bytes, &context, &Open).is_err(), "a forged note");
}

/// What an author of a grant put into its note, after the version: they may be a stranger.
pub fn note_words(bytes: &[u8]) {
    let Some((version, plaintext)) = bytes.split_first() else {
        return;
    };
    let Some(note) = Note::read(*version, plaintext) else {
        return;
    };
    if let Ok(written) = note.write() {
        let version = if note.custody.is_some() { 3 } else { 2 };
        assert_eq!(
            Note::read(version, &written),
            Some(note),
            "it is read otherwise"
        );
    }
}

/// The words of a request. Nobody signed any of this one.
pub fn request(bytes: &[u8]) {
    let context = RequestContext {
        chain_id: 7761,
        requests: Address::repeat_byte(0xc0),
        owner: SOMEBODY,
        asker: DOCTOR,
        request: RequestId(B256::repeat_byte(3)),
    };
    assert!(
        open_request(bytes, &context, &Open).is_err(),
        "forged words"
    );
}

/// A reason for breaking a glass: the envelope is not signed, so its writer may be anybody.
pub fn reason(bytes: &[u8]) {
    let context = ReasonContext {
        chain_id: 7761,
        consent: Address::repeat_byte(0xc0),
        owner: SOMEBODY,
        by: DOCTOR,
        grant: GrantId(B256::repeat_byte(3)),
    };
    if let Some(text) = open_reason(bytes, &context, &Open) {
        // Version, encapsulated key, length, text.
        assert!(bytes[1 + 1120 + 2..].starts_with(text.as_bytes()));
    }
}

/// The beginning of a stream between two apps.
pub fn letter(bytes: &[u8]) {
    if let Ok(Some(Letter { message, rest })) = letter::split(bytes) {
        assert!(message.len() <= letter::MAX_LETTER);
        let head = letter::head(message.len()).expect("what was read may be written");
        assert_eq!([&head[..], message, rest].concat(), bytes);
    }
}

/// What an app asks a sponsor for.
pub fn errand(bytes: &[u8]) {
    if let Ok(errand) = Errand::decode(bytes) {
        assert_eq!(errand.encode(), bytes, "a second encoding is read");
    }
}

/// What a sponsor answers.
pub fn errand_answer(bytes: &[u8]) {
    if let Ok(answer) = sponsor::Answer::decode(bytes) {
        assert_eq!(answer.encode(), bytes, "a second encoding is read");
        assert!(!format!("{answer:?}").contains(char::is_control));
    }
}

/// A small object: its key, its leaves in the file's order, and their bytes.
pub struct Object {
    key: ObjectKey,
    leaves: Vec<Leaf>,
    blocks: Vec<Bytes>,
    manifest: Manifest,
}

static OBJECT: LazyLock<Object> = LazyLock::new(Object::seal);

impl Object {
    /// Sealed by seeded randomness: always the same.
    pub fn seal() -> Self {
        const FAIL: &str = "a small object is sealed";
        let key = ObjectKey::make_random(&mut Seeded::new("fuzz key"));
        let id = ObjectId([7; 16].into());
        let mut sealer = Sealer::new(&key, id, &mut Seeded::new("fuzz salt"));
        let mut blocks = Vec::new();
        for (path, content) in [("a/1.dcm", &b"one"[..]), ("b.dcm", b"another")] {
            sealer.begin(path, json!({"number": 1})).expect(FAIL);
            let mut rest = content;
            while let Some(block) = sealer.push(&mut rest).expect(FAIL) {
                blocks.push(block);
            }
        }
        let mut tail = sealer.finish(json!({"study": "1.2.3"})).expect(FAIL);
        blocks.extend(&mut tail);
        let sealed = tail.into_sealed().expect(FAIL);
        let bytes_of = |cid: &Cid| {
            let block = blocks.iter().find(|block| block.cid == *cid);
            block.expect("every block was handed out").bytes.clone()
        };
        let mut walk = LeafWalk::new(sealed.root);
        while let Some(cid) = walk.wanted().pop() {
            walk.provide(&cid, bytes_of(&cid)).expect(FAIL);
        }
        let leaves = walk.leaves().expect(FAIL);
        Self {
            key,
            blocks: leaves.iter().map(|leaf| bytes_of(&leaf.cid)).collect(),
            leaves,
            manifest: sealed.manifest,
        }
    }

    /// Header, content, manifest.
    pub fn blocks(&self) -> &[Bytes] {
        &self.blocks
    }

    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }
}

/// An object's first block, by who does not hold its key.
pub fn object_header(bytes: &[u8]) {
    let Object {
        key,
        leaves,
        blocks,
        ..
    } = &*OBJECT;
    if Opener::new(key, leaves.clone(), bytes).is_ok() {
        assert_eq!(bytes, blocks[0], "a forged header");
    }
}

/// What the manifest's frames hold, by whoever sealed it.
pub fn object_manifest(bytes: &[u8]) {
    let Ok(manifest) = Manifest::decode(bytes) else {
        return;
    };
    for entry in &manifest.entries {
        let range = entry.range();
        assert!(range.start <= range.end && range.end <= manifest.length);
        let path = Path::new(&entry.path);
        let below = |part| matches!(part, std::path::Component::Normal(_));
        assert!(path.components().all(below), "{path:?} leads elsewhere");
    }
    assert_eq!(Manifest::decode(&manifest.encode()), Ok(manifest));
}

/// A frame of the content, or of the manifest, by who does not hold the key.
pub fn object_frame(bytes: &[u8]) {
    let Object {
        key,
        leaves,
        blocks,
        ..
    } = &*OBJECT;
    let opener = Opener::new(key, leaves.clone(), &blocks[0]).expect("an honest header");
    let block = Bytes::copy_from_slice(bytes);
    if opener.open_frame(0, block.clone()).is_ok() {
        assert_eq!(block, blocks[1], "a forged frame");
    }
    if opener.open_manifest([block.clone()]).is_ok() {
        assert_eq!(block, blocks[2], "a forged manifest");
    }
}

/// An inner node of a tree, under the hash that was asked for: its maker may be anybody.
pub fn tree_node(bytes: &[u8]) {
    const DAG_PB: u64 = 0x70;
    let root = Cid::new_v1(DAG_PB, Code::Sha2_256.digest(bytes));
    assert!(verify_block(&root, bytes).is_ok());
    let mut walk = LeafWalk::new(root);
    if walk.provide(&root, Bytes::copy_from_slice(bytes)).is_ok() {
        let wanted = walk.wanted();
        assert!(wanted.len() <= bytes.len(), "more is wanted than was named");
        if let Some(leaves) = walk.leaves() {
            assert!(leaves.len() <= bytes.len() && wanted.is_empty());
        }
    }
}

/// A CAR file: in one piece and byte by byte it says the same, and what it gives hashes to its
/// name.
pub fn car(bytes: &[u8]) {
    let read = |piece: usize| {
        let mut reader = CarReader::default();
        let mut parts = Vec::new();
        for piece in bytes.chunks(piece.max(1)) {
            let mut left = piece;
            loop {
                match reader.push(&mut left) {
                    Ok(Some(part)) => parts.push(part),
                    Ok(None) => break,
                    Err(fault) => return (parts, Err(fault)),
                }
            }
        }
        (parts, reader.finish())
    };
    let (parts, end) = read(bytes.len());
    assert_eq!((&parts, end), (&read(1).0, read(1).1));
    for part in parts {
        if let Part::Block(block) = part {
            assert!(
                verify_block(&block.cid, &block.bytes).is_ok(),
                "a false block"
            );
        }
    }
}
