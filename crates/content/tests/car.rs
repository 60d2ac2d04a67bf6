//! CAR files: read as they were written in pieces of any length, and refused where they lie.

use bytes::Bytes;
use dhc_content::{
    Cid,
    car::{CarError, CarReader, MAX_BLOCK, Part, block_prefix, header},
    dag::{Block, DagError, raw_cid},
};
use proptest::prelude::*;

fn block(bytes: &[u8]) -> Block {
    Block {
        cid: raw_cid(bytes),
        bytes: Bytes::copy_from_slice(bytes),
    }
}

fn file(root: &Cid, blocks: &[Block]) -> Vec<u8> {
    let mut out = header(root);
    for block in blocks {
        out.extend(block_prefix(&block.cid, block.bytes.len()));
        out.extend_from_slice(&block.bytes);
    }
    out
}

/// Reads a file in pieces of the given length.
fn read(file: &[u8], piece: usize) -> Result<(Vec<Cid>, Vec<Block>), CarError> {
    let mut reader = CarReader::default();
    let (mut roots, mut blocks) = (Vec::new(), Vec::new());
    for mut input in file.chunks(piece) {
        while !input.is_empty() {
            match reader.push(&mut input)? {
                Some(Part::Roots(found)) => roots = found,
                Some(Part::Block(block)) => blocks.push(block),
                None => {}
            }
        }
    }
    reader.finish()?;
    Ok((roots, blocks))
}

/// The bytes of `ipfs dag export` (Kubo 0.42) of one raw block with the text "hello\n".
#[test]
fn a_file_is_the_one_that_kubo_writes() {
    let block = block(b"hello\n");
    let pinned = concat!(
        "3aa265726f6f747381d82a5825000155122058",
        "91b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",
        "6776657273696f6e012a",
        "015512205891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",
        "68656c6c6f0a"
    );
    let written = file(&block.cid, std::slice::from_ref(&block));
    assert_eq!(hex::encode(&written), pinned);
    assert_eq!(read(&written, 7), Ok((vec![block.cid], vec![block])));
}

#[test]
fn other_bytes_than_the_cid_says_are_refused() {
    let (one, two) = (block(b"one"), block(b"two"));
    let mut file = file(&one.cid, &[one.clone(), two]);
    *file.last_mut().unwrap() ^= 1;
    assert_eq!(read(&file, 64), Err(CarError::Block(DagError::Hash)));
}

#[test]
fn a_file_that_was_cut_is_refused_wherever_it_was_cut() {
    let one = block(b"one");
    let file = file(&one.cid, std::slice::from_ref(&one));
    let whole = header(&one.cid).len();
    for length in (0..file.len()).filter(|n| *n != whole) {
        assert!(read(&file[..length], 5).is_err(), "{length}");
    }
    // A file may have no block; who takes it in sees that its root is not there.
    assert_eq!(read(&file[..whole], 5), Ok((vec![one.cid], Vec::new())));
}

#[test]
fn lengths_that_would_fill_the_memory_are_refused_before_anything_is_held() {
    let one = block(b"one");
    let mut long = header(&one.cid);
    // 2 MiB and a CID longer than there are.
    let length = MAX_BLOCK + 81;
    long.extend([length as u8 | 0x80, (length >> 7) as u8 | 0x80]);
    long.extend([(length >> 14) as u8 | 0x80, (length >> 21) as u8]);
    assert_eq!(read(&long, 64), Err(CarError::Section));
    let mut endless = header(&one.cid);
    endless.extend([0xff; 20]);
    assert_eq!(read(&endless, 64), Err(CarError::Section));
    let mut empty = header(&one.cid);
    empty.push(0);
    assert_eq!(read(&empty, 64), Err(CarError::Section));
    assert_eq!(read(&[0xff; 12], 64), Err(CarError::Header));
    assert_eq!(read(&[0xff, 0x7f], 64), Err(CarError::Header));
}

#[test]
fn only_a_header_of_version_1_with_roots_is_taken() {
    let one = block(b"one");
    let good = header(&one.cid);
    let change = |at: usize, byte: u8| {
        let mut bad = good.clone();
        bad[at] = byte;
        read(&bad, 64)
    };
    assert_eq!(change(good.len() - 1, 2), Err(CarError::Header));
    assert_eq!(change(1, 0xa1), Err(CarError::Header));
    assert_eq!(change(8, 0x80), Err(CarError::Header));
    assert_eq!(change(8, 0x82), Err(CarError::Header));
    assert_eq!(read(b"", 64), Err(CarError::Header));
    assert_eq!(read(b"\x0bnot a CAR..", 64), Err(CarError::Header));
}

proptest! {
    #[test]
    fn what_is_written_is_read_in_pieces_of_any_length(
        contents in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 1..6),
        piece in 1usize..200,
    ) {
        let blocks: Vec<Block> = contents.iter().map(|bytes| block(bytes)).collect();
        let file = file(&blocks[0].cid, &blocks);
        prop_assert_eq!(read(&file, piece), Ok((vec![blocks[0].cid], blocks)));
    }

    #[test]
    fn any_bytes_are_read_or_refused(
        start in any::<prop::sample::Index>(),
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        piece in 1usize..50,
    ) {
        let one = block(b"one");
        let mut file = file(&one.cid, std::slice::from_ref(&one));
        file.truncate(start.index(file.len()));
        file.extend(bytes);
        if let Ok((_, blocks)) = read(&file, piece) {
            for block in blocks {
                prop_assert!(dhc_content::dag::verify_block(&block.cid, &block.bytes).is_ok());
            }
        }
    }
}
