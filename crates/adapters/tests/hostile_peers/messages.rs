//! Bitswap's messages, written by hand: protobuf, its length before it.
//! Source: specs.ipfs.tech/bitswap-protocol.

use cid::Cid;

fn varint(mut number: usize) -> Vec<u8> {
    let mut out = Vec::new();
    while number > 0x7f {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
    out
}

fn field(tag: u8, bytes: &[u8]) -> Vec<u8> {
    [&[tag][..], &varint(bytes.len()), bytes].concat()
}

fn message(fields: &[u8]) -> Vec<u8> {
    [&varint(fields.len())[..], fields].concat()
}

/// A raw block with SHA-2-256.
pub fn block(bytes: &[u8]) -> Vec<u8> {
    let prefix = field(10, &[1, 0x55, 0x12, 0x20]);
    message(&field(26, &[prefix, field(18, bytes)].concat()))
}

/// Wants the blocks, or no longer.
pub fn wants(cids: &[Cid], cancel: bool) -> Vec<u8> {
    let entries = cids.iter().flat_map(|cid| {
        let entry = [field(10, &cid.to_bytes()), vec![24, cancel.into()]].concat();
        field(10, &entry)
    });
    message(&field(10, &entries.collect::<Vec<_>>()))
}

/// Entries of two bytes, as many as a message holds.
pub fn empty_wants() -> Vec<u8> {
    message(&field(10, &[10, 0].repeat(2_000_000)))
}

/// That the peer has a block.
pub fn presences(cid: &Cid) -> Vec<u8> {
    message(&field(34, &field(10, &cid.to_bytes())).repeat(200))
}
