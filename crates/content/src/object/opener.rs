use std::ops::Range;

use bytes::Bytes;
use cid::Cid;
use dhc_domain::ObjectId;
use sha2::{Digest, Sha256};

use super::{
    ContentCorrupt, Entry, Manifest, ObjectKey,
    cipher::{FRAME, ObjectCipher, Part, TAG},
    header::{Extent, Header},
    padme,
};
use crate::dag::Leaf;

/// Opens an object, frame by frame in any order. Needs the key, the tree's leaves (see
/// [`LeafWalk`](crate::dag::LeafWalk)) and the first leaf's bytes; may be shared between threads.
pub struct Opener {
    cipher: ObjectCipher,
    header: Header,
    leaves: Vec<Leaf>,
}

/// A part of a byte range: which frame holds it, and where in the frame's plaintext it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub frame: u32,
    pub cid: Cid,
    pub within: Range<usize>,
}

impl Opener {
    /// Checks the header, the key's commitment, and that the leaves have the lengths that the
    /// header says.
    pub fn new(key: &ObjectKey, leaves: Vec<Leaf>, header: &[u8]) -> Result<Self, ContentCorrupt> {
        let (header, cipher) = Header::decode(header, key)?;
        let opener = Self {
            cipher,
            header,
            leaves,
        };
        if opener.is_laid_out() {
            Ok(opener)
        } else {
            Err(ContentCorrupt::Layout)
        }
    }

    fn is_laid_out(&self) -> bool {
        let Header {
            content, manifest, ..
        } = self.header;
        let sealed =
            |extent: Extent| (0..extent.frames).map(move |i| (extent.frame_len(i) + TAG) as u64);
        let expected = 1 + content.frames as usize + manifest.frames as usize;
        self.leaves.len() == expected
            && std::iter::once(self.header.leaf_len())
                .chain(sealed(content))
                .chain(sealed(manifest))
                .eq(self.leaves.iter().map(|leaf| leaf.size))
    }

    pub fn object(&self) -> ObjectId {
        self.header.object
    }

    /// Content frames, each of [`FRAME`] bytes but the last.
    pub fn frames(&self) -> u32 {
        self.header.content.frames
    }

    /// The block of a content frame; `None` past the end.
    pub fn frame_cid(&self, frame: u32) -> Option<Cid> {
        let leaf = self.leaves.get(1 + frame as usize)?;
        (frame < self.frames()).then_some(leaf.cid)
    }

    /// Every content frame's block, in order.
    pub fn frame_cids(&self) -> impl Iterator<Item = Cid> + '_ {
        self.leaves[1..][..self.frames() as usize]
            .iter()
            .map(|leaf| leaf.cid)
    }

    /// The manifest's blocks, in order.
    pub fn manifest_cids(&self) -> impl Iterator<Item = Cid> + '_ {
        self.leaves[1 + self.frames() as usize..]
            .iter()
            .map(|leaf| leaf.cid)
    }

    /// Opens the manifest from its blocks' bytes, in order.
    pub fn open_manifest(
        &self,
        blocks: impl IntoIterator<Item = Bytes>,
    ) -> Result<Manifest, ContentCorrupt> {
        let extent = self.header.manifest;
        let mut plaintext = Vec::with_capacity(extent.len() as usize);
        let mut opened = 0;
        for (index, block) in (0u32..).zip(blocks) {
            if index >= extent.frames {
                return Err(ContentCorrupt::Layout);
            }
            plaintext.extend_from_slice(&self.open(Part::Manifest, extent, index, block)?);
            opened += 1;
        }
        if opened != extent.frames {
            return Err(ContentCorrupt::Layout);
        }
        let manifest = Manifest::decode(&plaintext)?;
        if padme(manifest.length) != self.header.content.len() {
            return Err(ContentCorrupt::Manifest("its length is not the content's"));
        }
        Ok(manifest)
    }

    /// Opens a content frame from its block's bytes. Opens in place if nobody else holds them.
    pub fn open_frame(&self, frame: u32, block: Bytes) -> Result<Vec<u8>, ContentCorrupt> {
        if frame >= self.frames() {
            return Err(ContentCorrupt::Layout);
        }
        self.open(Part::Content, self.header.content, frame, block)
    }

    fn open(
        &self,
        part: Part,
        extent: Extent,
        index: u32,
        block: Bytes,
    ) -> Result<Vec<u8>, ContentCorrupt> {
        let corrupt = match part {
            Part::Content => ContentCorrupt::Frame(index),
            Part::Manifest => ContentCorrupt::ManifestFrame(index),
        };
        if block.len() != extent.frame_len(index) + TAG {
            return Err(corrupt);
        }
        let mut buffer = Vec::from(block);
        self.cipher
            .open(part, index, index + 1 == extent.frames, &mut buffer)
            .ok_or(corrupt)?;
        Ok(buffer)
    }

    /// The frames that hold a range of the content, in order; past the end there are none.
    pub fn pieces(&self, range: Range<u64>) -> impl Iterator<Item = Piece> + '_ {
        let end = range.end.min(self.header.content.len());
        let start = range.start.min(end);
        let frame_len = FRAME as u64;
        let frames = if start == end {
            0..0
        } else {
            start / frame_len..end.div_ceil(frame_len)
        };
        frames.map(move |frame| {
            let base = frame * frame_len;
            Piece {
                frame: frame as u32,
                cid: self.leaves[1 + frame as usize].cid,
                within: (start.max(base) - base) as usize
                    ..(end.min(base + frame_len) - base) as usize,
            }
        })
    }
}

/// Checks an entry's bytes against its length and hash as they pass.
pub struct EntryCheck {
    hash: Sha256,
    left: Option<u64>,
    expected: dhc_domain::B256,
}

impl EntryCheck {
    pub fn new(entry: &Entry) -> Self {
        Self {
            hash: Sha256::new(),
            left: Some(entry.length),
            expected: entry.sha256,
        }
    }

    pub fn update(&mut self, bytes: &[u8]) {
        self.left = self
            .left
            .and_then(|left| left.checked_sub(bytes.len() as u64));
        self.hash.update(bytes);
    }

    pub fn finish(self) -> Result<(), ContentCorrupt> {
        if self.left == Some(0) && self.hash.finalize()[..] == self.expected[..] {
            Ok(())
        } else {
            Err(ContentCorrupt::Entry)
        }
    }
}
