//! The second reader, in Python, made from the specification alone: it opens what we seal, and we
//! open what it seals.
//!
//! `DHC_PYTHON` names a Python with the packages of `tests/second_reader/requirements.txt`; without
//! it these tests are left out.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use bytes::Bytes;
use cid::multihash::Multihash;
use dhc_content::{
    Cid,
    dag::Leaf,
    object::{EntryCheck, FRAME, HEADER_LEN, Opener, TAG},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{OBJECT, Store, file, key, manifest, pattern, read, seal};

struct Reader {
    python: PathBuf,
    folder: tempfile::TempDir,
}

impl Reader {
    /// `None`, and a line that says so, without `DHC_PYTHON`.
    fn find() -> Option<Self> {
        let Some(python) = env::var_os("DHC_PYTHON").map(PathBuf::from) else {
            println!("left out: DHC_PYTHON names no Python for the second reader");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        Some(Self { python, folder })
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Its answer, or what it says against the object.
    fn ask(&self, verb: &str, label: &str, words: &[&str]) -> Result<Value, String> {
        let script =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/second_reader/dhc_object.py");
        let output = Command::new(&self.python)
            .arg(script)
            .args([verb, &dek(label)])
            .args(words)
            .output()
            .unwrap();
        if output.status.success() {
            return Ok(serde_json::from_slice(&output.stdout).unwrap());
        }
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.starts_with("corrupt: "), "{said}");
        Err(said)
    }

    fn open(&self, label: &str, sealed: &[u8]) -> Result<Value, String> {
        let path = self.file("sealed", sealed);
        self.ask("open", label, &[path.to_str().unwrap()])
    }
}

/// The key that `key(label)` makes: the first output of its seeded randomness.
fn dek(label: &str) -> String {
    hex::encode(
        Sha256::new()
            .chain_update(label)
            .chain_update([0; 8])
            .finalize(),
    )
}

#[test]
fn it_opens_what_we_seal() {
    let Some(reader) = Reader::find() else { return };
    let entries = [
        ("a/1.dcm", pattern(2 * FRAME + 17)),
        ("a/空.dcm", Vec::new()),
        ("b/3.dcm", pattern(5)),
    ];
    let (sealed, store) = seal(&key("ours"), OBJECT, "ours", &entries);
    let whole = file(sealed.root, &store);
    let opened = reader.open("ours", &whole).unwrap();
    let expected: Vec<Value> = entries
        .iter()
        .map(|(path, bytes)| {
            json!({ "path": path, "meta": { "name": path }, "bytes": hex::encode(bytes) })
        })
        .collect();
    assert!(opened["entries"] == json!(expected));
    assert_eq!(opened["meta"], json!({ "study": 1 }));
    assert_eq!(opened["object"], hex::encode(OBJECT.0));
    assert_eq!(opened["root"], sealed.root.to_string());

    let content: Vec<u8> = entries.into_iter().flat_map(|(_, bytes)| bytes).collect();
    let path = reader.file("sealed", &whole);
    for (start, end) in [(0, 1), (FRAME - 1, FRAME + 1), (FRAME, 2 * FRAME), (7, 7)] {
        let words = [path.to_str().unwrap(), &start.to_string(), &end.to_string()];
        let part = reader.ask("range", "ours", &words).unwrap();
        assert!(
            part["bytes"] == hex::encode(&content[start..end]),
            "{start}"
        );
    }
}

#[test]
fn it_refuses_what_we_refuse() {
    let Some(reader) = Reader::find() else { return };
    let (sealed, store) = seal(&key("refused"), OBJECT, "refused", &[("x", pattern(40))]);
    let whole = file(sealed.root, &store);
    assert!(reader.open("refused", &whole).is_ok());
    assert!(reader.open("another", &whole).unwrap_err().contains("key"));
    let manifest = HEADER_LEN + 40 + TAG;
    for (at, what) in [
        (0, "header"),
        (14, "key"),
        (62, "key"),
        (100, "header"),
        (110, "header"),
        (HEADER_LEN, "frame 0 of part 0"),
        (manifest, "frame 0 of part 1"),
    ] {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        let said = reader.open("refused", &flipped).unwrap_err();
        assert!(said.contains(what), "byte {at}: {said}");
    }
    for (len, what) in [(HEADER_LEN - 1, "header"), (whole.len() - 1, "layout")] {
        let said = reader.open("refused", &whole[..len]).unwrap_err();
        assert!(said.contains(what), "{len} bytes: {said}");
    }
}

#[test]
fn we_open_what_it_seals() {
    let Some(reader) = Reader::find() else { return };
    for (label, length) in [("theirs", 3 * FRAME - 9), ("whole", FRAME), ("empty", 0)] {
        let bytes = pattern(length);
        let asked = json!({
            "entries": [
                { "path": "x/y.dcm", "bytes": hex::encode(&bytes), "meta": { "n": 1 } },
                { "path": "说明.txt", "bytes": "6869", "meta": null },
            ],
            "meta": { "by": "another hand" },
        });
        let entries = reader.file("entries", asked.to_string().as_bytes());
        let out = reader.folder.path().join("out");
        let (object, salt) = ("07".repeat(16), "a5".repeat(32));
        let words = [
            &object,
            &salt,
            entries.to_str().unwrap(),
            out.to_str().unwrap(),
        ];
        reader.ask("seal", label, &words).unwrap();
        let (leaves, store) = cut(&fs::read(out).unwrap());
        let header = store[&leaves[0].cid].clone();
        let opener = Opener::new(&key(label), leaves, &header).unwrap();
        let manifest = manifest(&opener, &store).unwrap();
        assert_eq!(manifest.meta, json!({ "by": "another hand" }));
        assert_eq!(manifest.entries[1].path, "说明.txt");
        assert_eq!(manifest.entries[0].meta, json!({ "n": 1 }));
        for (entry, expected) in manifest.entries.iter().zip([&bytes[..], b"hi"]) {
            let read = read(&opener, &store, entry.range());
            let mut check = EntryCheck::new(entry);
            check.update(&read);
            assert_eq!(check.finish(), Ok(()));
            assert!(read == expected, "{label}: {}", entry.path);
        }
    }
}

/// An object's file cut into its leaves, by the numbers of frames in its header.
fn cut(file: &[u8]) -> (Vec<Leaf>, Store) {
    let number = |at: usize| u32::from_be_bytes(file[at..at + 4].try_into().unwrap()) as usize;
    let mut lengths = vec![HEADER_LEN];
    for at in [94, 102] {
        lengths.extend(vec![FRAME + TAG; number(at) - 1]);
        lengths.push(number(at + 4) + TAG);
    }
    let mut rest = Bytes::copy_from_slice(file);
    let mut store = Store::new();
    let leaves = lengths.into_iter().map(|length| {
        let bytes = rest.split_to(length);
        let digest = Multihash::wrap(0x12, &Sha256::digest(&bytes)).unwrap();
        let cid = Cid::new_v1(0x55, digest);
        store.insert(cid, bytes);
        let size = length as u64;
        Leaf { cid, size }
    });
    let leaves = leaves.collect();
    assert!(rest.is_empty());
    (leaves, store)
}
