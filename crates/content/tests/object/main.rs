//! DHC-OBJECT/1: what is sealed is opened byte for byte, any part of it alone; whatever was
//! altered, cut, moved or spliced is not.

mod second_reader;
#[path = "../../../../tests/seeded/mod.rs"]
mod seeded;
mod support;

use bytes::Bytes;
use dhc_content::{
    dag::verify_block,
    object::{
        ContentCorrupt, EntryCheck, FRAME, HEADER_LEN, Opener, SealError, Sealer, TAG, padme,
    },
};
use dhc_domain::ObjectId;
use proptest::prelude::*;
use seeded::Seeded;
use serde_json::json;
use support::{OBJECT, file, key, leaves, manifest, opener, pattern, read, seal};

#[test]
fn entries_come_back_byte_for_byte() {
    let key = key("key");
    let entries = [
        ("a/1.dcm", pattern(3 * FRAME + 17)),
        ("a/2.dcm", Vec::new()),
        ("b/3.dcm", pattern(5)),
        ("b/4.dcm", pattern(FRAME - 22)),
    ];
    let (sealed, store) = seal(&key, OBJECT, "salt", &entries);
    let opener = opener(&key, sealed.root, &store).unwrap();
    let manifest = manifest(&opener, &store).unwrap();
    assert_eq!(manifest, sealed.manifest);
    assert_eq!(manifest.meta, json!({ "study": 1 }));
    assert_eq!((opener.object(), manifest.entries.len()), (OBJECT, 4));
    for (entry, (path, bytes)) in manifest.entries.iter().zip(&entries) {
        assert_eq!(
            (entry.path.as_str(), entry.length),
            (*path, bytes.len() as u64)
        );
        let read = read(&opener, &store, entry.range());
        let mut check = EntryCheck::new(entry);
        check.update(&read);
        assert_eq!(check.finish(), Ok(()));
        assert!(read == *bytes, "{path}");
    }
    assert_eq!(file(sealed.root, &store).len() as u64, sealed.stored);
}

#[test]
fn lengths_around_a_frame_are_sealed_and_opened() {
    let key = key("edge");
    for len in [0, 1, FRAME - 1, FRAME, FRAME + 1, 2 * FRAME, 2 * FRAME + 1] {
        let bytes = pattern(len);
        let (sealed, store) = seal(&key, OBJECT, "edge", &[("x", bytes.clone())]);
        let opener = opener(&key, sealed.root, &store).unwrap();
        let content = padme(len as u64);
        assert_eq!(
            u64::from(opener.frames()),
            content.div_ceil(FRAME as u64).max(1),
            "{len}"
        );
        let manifest = manifest(&opener, &store).unwrap();
        assert!(
            read(&opener, &store, manifest.entries[0].range()) == bytes,
            "{len}"
        );
        assert!(
            read(&opener, &store, len as u64..u64::MAX)
                .iter()
                .all(|b| *b == 0),
            "padding of {len}"
        );
    }
}

#[test]
fn frames_sealed_elsewhere_in_any_order_make_the_same_object() {
    let (key, bytes) = (key("parallel"), pattern(4 * FRAME));
    let (expected, _) = seal(&key, OBJECT, "parallel", &[("x", bytes.clone())]);

    let mut sealer = Sealer::new(&key, OBJECT, &mut Seeded::new("parallel"));
    sealer.begin("x", json!({ "name": "x" })).unwrap();
    let mut rest = bytes.as_slice();
    let mut frames = Vec::new();
    while let Some(frame) = sealer.push_frame(&mut rest).unwrap() {
        frames.push(std::thread::spawn(move || frame.seal()));
    }
    assert_eq!(frames.len(), 3);
    for sealed in frames.into_iter().rev() {
        sealer.link(&sealed.join().unwrap());
    }
    let mut tail = sealer.finish(json!({ "study": 1 })).unwrap();
    tail.by_ref().for_each(drop);
    assert_eq!(tail.into_sealed().unwrap().root, expected.root);
}

#[test]
fn misuse_of_the_sealer_is_refused() {
    let mut sealer = Sealer::new(&key("misuse"), OBJECT, &mut Seeded::new("misuse"));
    assert_eq!(
        sealer.push(&mut b"x".as_slice()).unwrap_err(),
        SealError::NoEntry
    );
    sealer.begin("a", json!(null)).unwrap();
    for path in ["a", "A", "../a", "/a", ""] {
        assert_eq!(
            sealer.begin(path, json!(null)).unwrap_err(),
            SealError::Path,
            "{path:?}"
        );
    }
    let bytes = pattern(FRAME + 1);
    let frame = sealer.push_frame(&mut bytes.as_slice()).unwrap();
    assert!(frame.is_some());
    assert!(matches!(
        sealer.finish(json!(null)),
        Err(SealError::NotLinked(0))
    ));
}

#[test]
fn a_manifest_too_large_to_be_held_is_refused() {
    let sealer = Sealer::new(&key("large"), OBJECT, &mut Seeded::new("large"));
    let meta = json!("x".repeat(64 << 20));
    assert!(matches!(sealer.finish(meta), Err(SealError::TooLarge)));
}

#[test]
fn an_unfinished_tail_is_not_an_object() {
    let mut sealer = Sealer::new(&key("unfinished"), OBJECT, &mut Seeded::new("unfinished"));
    sealer.begin("a", json!(null)).unwrap();
    let mut tail = sealer.finish(json!(null)).unwrap();
    tail.next().unwrap();
    assert!(tail.into_sealed().is_none());
}

#[test]
fn the_same_bytes_are_never_sealed_twice_alike() {
    let entries = [("x", pattern(1000))];
    let (one, _) = seal(&key("one"), OBJECT, "s", &entries);
    let (two, _) = seal(&key("two"), OBJECT, "s", &entries);
    let (salted, _) = seal(&key("one"), OBJECT, "t", &entries);
    assert_ne!(one.root, two.root);
    assert_ne!(one.root, salted.root);
}

#[test]
fn another_key_is_noticed_before_any_frame_is_opened() {
    let (sealed, store) = seal(&key("right"), OBJECT, "s", &[("x", pattern(10))]);
    assert_eq!(
        opener(&key("wrong"), sealed.root, &store).err(),
        Some(ContentCorrupt::Key)
    );
}

/// Every byte of a small object: header, content with its padding, manifest.
#[test]
fn any_flipped_bit_anywhere_is_noticed() {
    let key = key("flip");
    let (sealed, store) = seal(&key, OBJECT, "flip", &[("x", pattern(300))]);
    let leaves = leaves(sealed.root, &store);
    let open = |blocks: &[Bytes]| -> Result<(), ContentCorrupt> {
        let opener = Opener::new(&key, leaves.clone(), &blocks[0])?;
        opener.open_frame(0, blocks[1].clone())?;
        opener.open_manifest([blocks[2].clone()]).map(drop)
    };
    let blocks: Vec<Bytes> = leaves.iter().map(|leaf| store[&leaf.cid].clone()).collect();
    assert_eq!((blocks.len(), open(&blocks)), (3, Ok(())));
    for (i, block) in blocks.iter().enumerate() {
        for at in 0..block.len() {
            let mut altered = block.to_vec();
            altered[at] ^= 1 << (at % 8);
            assert!(verify_block(&leaves[i].cid, &altered).is_err());
            let mut blocks = blocks.clone();
            blocks[i] = altered.into();
            assert!(open(&blocks).is_err(), "leaf {i}, byte {at}");
        }
    }
}

#[test]
fn frames_cut_moved_or_spliced_are_noticed() {
    let key = key("moved");
    let (sealed, store) = seal(&key, OBJECT, "moved", &[("x", pattern(3 * FRAME))]);
    let whole = leaves(sealed.root, &store);
    let header = &store[&whole[0].cid];
    let opener = Opener::new(&key, whole.clone(), header).unwrap();
    let block = |i: usize| store[&whole[i].cid].clone();

    // Cut: leaves that do not add up to the header are refused, whichever is left out.
    for i in 1..whole.len() {
        let mut cut = whole.clone();
        cut.remove(i);
        assert_eq!(
            Opener::new(&key, cut, header).err(),
            Some(ContentCorrupt::Layout)
        );
    }
    let (first, cut) = (block(1), block(2).slice(..FRAME));
    // Moved within the object.
    assert_eq!(
        opener.open_frame(1, first.clone()).err(),
        Some(ContentCorrupt::Frame(1))
    );
    assert_eq!(
        opener.open_frame(2, first.clone()).err(),
        Some(ContentCorrupt::Frame(2))
    );
    assert_eq!(
        opener.open_frame(1, cut).err(),
        Some(ContentCorrupt::Frame(1))
    );
    assert_eq!(
        opener.open_frame(3, first.clone()).err(),
        Some(ContentCorrupt::Layout)
    );
    assert!(opener.open_manifest([first.clone()]).is_err());
    assert_eq!(opener.open_manifest([]).err(), Some(ContentCorrupt::Layout));
    assert_eq!(
        opener.open_manifest([block(4), block(4)]).err(),
        Some(ContentCorrupt::Layout)
    );

    // Spliced from another version under the same key, and from another object.
    for (id, salt) in [
        (OBJECT, "other version"),
        (ObjectId([8; 16].into()), "moved"),
    ] {
        let (other, other_store) = seal(&key, id, salt, &[("x", pattern(3 * FRAME))]);
        let theirs = leaves(other.root, &other_store);
        let foreign = other_store[&theirs[1].cid].clone();
        assert_eq!(
            opener.open_frame(0, foreign).err(),
            Some(ContentCorrupt::Frame(0))
        );
        let foreign_header = &other_store[&theirs[0].cid];
        assert!(
            Opener::new(&key, whole.clone(), foreign_header)
                .is_ok_and(|o| o.open_frame(0, first.clone()).is_err())
        );
    }
}

#[test]
fn an_entry_whose_bytes_are_not_its_hash_is_noticed() {
    let (sealed, _) = seal(&key("entry"), OBJECT, "entry", &[("x", pattern(100))]);
    let entry = &sealed.manifest.entries[0];
    for bytes in [pattern(99), pattern(101), vec![0; 100]] {
        let mut check = EntryCheck::new(entry);
        check.update(&bytes);
        assert_eq!(check.finish(), Err(ContentCorrupt::Entry));
    }
}

#[test]
fn an_object_of_version_1_opens_for_ever() {
    let key = key("pinned key");
    let (sealed, store) = seal(
        &key,
        OBJECT,
        "pinned salt",
        &[("hello.txt", b"hello, world".to_vec())],
    );
    let file = file(sealed.root, &store);
    assert_eq!(
        hex::encode(&file),
        include_str!("../vectors/object-1.hex").trim()
    );
    assert_eq!(
        sealed.root.to_string(),
        "bafybeia56xivojefz4cl2cmhy2kp2x2ggmejvrkod6qtkslxuccxy4qi3i"
    );

    let pinned = Bytes::from(hex::decode(include_str!("../vectors/object-1.hex").trim()).unwrap());
    let leaves = leaves(sealed.root, &store);
    let opener = Opener::new(&key, leaves, &pinned[..HEADER_LEN]).unwrap();
    let end = HEADER_LEN + 12 + TAG;
    assert_eq!(
        &opener.open_frame(0, pinned.slice(HEADER_LEN..end)).unwrap()[..],
        b"hello, world"
    );
    let manifest = opener.open_manifest([pinned.slice(end..)]).unwrap();
    assert_eq!(manifest.entries[0].path, "hello.txt");
}

#[test]
fn nothing_of_a_study_or_a_key_shows_in_logs() {
    assert_eq!(format!("{:?}", key("debug")), "ObjectKey([redacted])");
    let (sealed, _) = seal(&key("debug"), OBJECT, "debug", &[("Doe^Jane", pattern(3))]);
    let shown = format!("{sealed:?} {:?}", sealed.manifest.entries);
    assert!(
        !shown.contains("Doe") && !shown.contains("study"),
        "{shown}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_range_is_read_from_its_frames_alone(
        len in 0usize..3 * FRAME,
        a in any::<prop::sample::Index>(),
        b in any::<prop::sample::Index>(),
    ) {
        let key = key("range");
        let bytes = pattern(len);
        let (sealed, store) = seal(&key, OBJECT, "range", &[("x", bytes.clone())]);
        let opener = opener(&key, sealed.root, &store).unwrap();
        let (a, b) = (a.index(len + 1), b.index(len + 1));
        let (start, end) = (a.min(b), a.max(b));
        let pieces: Vec<_> = opener.pieces(start as u64..end as u64).collect();
        prop_assert_eq!(pieces.iter().map(|p| p.within.len()).sum::<usize>(), end - start);
        prop_assert!(pieces.len() <= (end - start).div_ceil(FRAME) + 1);
        prop_assert!(read(&opener, &store, start as u64..end as u64) == bytes[start..end]);
    }

    #[test]
    fn no_header_makes_the_reader_fall(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut header = b"DHC-OBJECT/1\x01\x14".to_vec();
        header.extend(&bytes);
        header.resize(HEADER_LEN, 0);
        prop_assert!(Opener::new(&key("fuzz"), Vec::new(), &header).is_err());
        prop_assert!(Opener::new(&key("fuzz"), Vec::new(), &bytes).is_err());
    }
}
