//! CAR version 1: a root and blocks in one stream. No I/O: bytes are pushed in as they come.
//! Source: ipld.io/specs/transport/car/carv1.

use bytes::Bytes;
use cid::Cid;

use crate::dag::{Block, DagError, verify_block};

/// The largest block taken, bytes: what one bitswap message may hold.
pub const MAX_BLOCK: usize = 2 << 20;
/// A header names a few roots.
const MAX_HEADER: usize = 1 << 10;
const MAX_ROOTS: usize = 16;
/// A CIDv1 with a hash of at most 64 bytes.
const MAX_CID: usize = 80;
/// 64 bits in groups of seven.
const MAX_VARINT: usize = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CarError {
    #[error("this is no CAR file of version 1")]
    Header,
    #[error("the file ends in the middle of a block")]
    Truncated,
    #[error("a block of the file is malformed or too large")]
    Section,
    #[error(transparent)]
    Block(#[from] DagError),
}

/// What a reader finds, in the file's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Once, first.
    Roots(Vec<Cid>),
    /// A block that hashes to its CID.
    Block(Block),
}

/// The file's beginning, for one root.
pub fn header(root: &Cid) -> Vec<u8> {
    let cid = root.to_bytes();
    // DAG-CBOR: {"roots": [42(h'00' ‖ CID)], "version": 1}; a tagged CID is below 256 bytes.
    let mut body = vec![0xa2, 0x65];
    body.extend_from_slice(b"roots");
    body.extend_from_slice(&[0x81, 0xd8, 0x2a, 0x58, cid.len() as u8 + 1, 0]);
    body.extend_from_slice(&cid);
    body.push(0x67);
    body.extend_from_slice(b"version");
    body.push(1);
    [varint(body.len()), body].concat()
}

/// What stands before a block's bytes: length and CID.
pub fn block_prefix(cid: &Cid, length: usize) -> Vec<u8> {
    let cid = cid.to_bytes();
    [varint(cid.len() + length), cid].concat()
}

fn varint(mut n: usize) -> Vec<u8> {
    let mut out = Vec::new();
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
    out
}

/// Reads a file that is pushed in pieces of any length. Holds one block at most.
#[derive(Debug, Default)]
pub struct CarReader {
    begun: bool,
    /// Of the section that is being read: its length once known, and what has come of it.
    length: Option<usize>,
    held: Vec<u8>,
}

impl CarReader {
    /// Takes bytes from the front of `input`, until a part is whole or nothing is left.
    pub fn push(&mut self, input: &mut &[u8]) -> Result<Option<Part>, CarError> {
        let length = match self.length {
            Some(length) => length,
            None => {
                let Some(length) = self.take_length(input)? else {
                    return Ok(None);
                };
                self.length = Some(length);
                length
            }
        };
        let (taken, rest) = input.split_at(input.len().min(length - self.held.len()));
        self.held.extend_from_slice(taken);
        *input = rest;
        if self.held.len() < length {
            return Ok(None);
        }
        self.length = None;
        let section = std::mem::take(&mut self.held);
        if std::mem::replace(&mut self.begun, true) {
            block(section).map(|b| Some(Part::Block(b)))
        } else {
            roots(&section).map(|r| Some(Part::Roots(r)))
        }
    }

    /// The file has ended.
    pub fn finish(&self) -> Result<(), CarError> {
        match (self.begun, self.length.is_none() && self.held.is_empty()) {
            (true, true) => Ok(()),
            (true, false) => Err(CarError::Truncated),
            (false, _) => Err(CarError::Header),
        }
    }

    fn take_length(&mut self, input: &mut &[u8]) -> Result<Option<usize>, CarError> {
        let (most, wrong) = if self.begun {
            (MAX_BLOCK + MAX_CID, CarError::Section)
        } else {
            (MAX_HEADER, CarError::Header)
        };
        while let Some((&byte, rest)) = input.split_first() {
            *input = rest;
            self.held.push(byte);
            if self.held.len() > MAX_VARINT {
                return Err(wrong);
            }
            if byte & 0x80 == 0 {
                let digits = self.held.iter().rev();
                let length = digits.fold(0u128, |n, b| n << 7 | u128::from(b & 0x7f));
                self.held.clear();
                let length = usize::try_from(length).ok().filter(|n| *n <= most);
                return length.filter(|n| *n > 0).ok_or(wrong).map(Some);
            }
        }
        Ok(None)
    }
}

fn block(section: Vec<u8>) -> Result<Block, CarError> {
    let mut rest = &section[..];
    let cid = Cid::read_bytes(&mut rest).map_err(|_| CarError::Section)?;
    let length = rest.len();
    if length > MAX_BLOCK {
        return Err(CarError::Section);
    }
    verify_block(&cid, rest)?;
    let bytes = Bytes::from(section);
    let bytes = bytes.slice(bytes.len() - length..);
    Ok(Block { cid, bytes })
}

/// The map of two, its keys in either order.
fn roots(mut cbor: &[u8]) -> Result<Vec<Cid>, CarError> {
    let mut roots = None;
    let mut version = None;
    expect(&mut cbor, &[0xa2])?;
    for _ in 0..2 {
        if let Some(rest) = cbor.strip_prefix(b"\x65roots") {
            cbor = rest;
            roots = Some(links(&mut cbor)?);
        } else {
            expect(&mut cbor, b"\x67version")?;
            version = Some(take(&mut cbor, 1)?[0]);
        }
    }
    match (roots, version) {
        (Some(roots), Some(1)) if cbor.is_empty() => Ok(roots),
        _ => Err(CarError::Header),
    }
}

fn links(cbor: &mut &[u8]) -> Result<Vec<Cid>, CarError> {
    let count = take(cbor, 1)?[0]
        .checked_sub(0x80)
        .map(usize::from)
        .filter(|n| (1..=MAX_ROOTS).contains(n))
        .ok_or(CarError::Header)?;
    (0..count)
        .map(|_| {
            expect(cbor, &[0xd8, 0x2a, 0x58])?;
            let length = take(cbor, 1)?[0];
            let tagged = take(cbor, length.into())?;
            let cid = tagged.strip_prefix(&[0]).ok_or(CarError::Header)?;
            Cid::try_from(cid).map_err(|_| CarError::Header)
        })
        .collect()
}

fn take<'a>(cbor: &mut &'a [u8], count: usize) -> Result<&'a [u8], CarError> {
    let (taken, rest) = cbor.split_at_checked(count).ok_or(CarError::Header)?;
    *cbor = rest;
    Ok(taken)
}

fn expect(cbor: &mut &[u8], bytes: &[u8]) -> Result<(), CarError> {
    *cbor = cbor.strip_prefix(bytes).ok_or(CarError::Header)?;
    Ok(())
}
