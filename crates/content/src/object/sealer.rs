use std::{collections::HashSet, sync::Arc};

use bytes::Bytes;
use dhc_domain::{B256, ObjectId};
use rand_core::CryptoRng;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{
    Entry, Manifest, ObjectKey, OwnersBox, Tail,
    cipher::{FRAME, ObjectCipher, Part, TAG},
    header::MAX_MANIFEST_FRAMES,
    manifest::is_safe_path,
};
use crate::dag::{Block, Leaf};

/// With padding, manifest and header a tree of 2^20 leaves has room for them.
const MAX_FRAMES: u32 = 1 << 19;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("an entry's path is unsafe or stands twice")]
    Path,
    #[error("bytes were pushed before an entry began")]
    NoEntry,
    #[error("frame {0} was taken and never linked")]
    NotLinked(u32),
    #[error("an object holds at most 512 GiB of content and 64 MiB of manifest")]
    TooLarge,
}

/// Seals a stream of entries into blocks. Holds one frame and 80 bytes per block made.
///
/// `begin` an entry, `push` its bytes until they are taken, and so on; then `finish`, and take
/// every block of the [`Tail`].
pub struct Sealer {
    pub(super) cipher: Arc<ObjectCipher>,
    pub(super) object: ObjectId,
    pub(super) salt: [u8; 32],
    pub(super) buffer: Vec<u8>,
    /// Content frames' leaves; `None` while one is being sealed elsewhere.
    pub(super) leaves: Vec<Option<Leaf>>,
    pub(super) length: u64,
    pub(super) entries: Vec<Entry>,
    pub(super) owner: Option<OwnersBox>,
    paths: HashSet<String>,
    current: Option<(Entry, Sha256)>,
}

/// A full frame, not sealed yet: may be sealed on another thread.
pub struct Frame {
    cipher: Arc<ObjectCipher>,
    index: u32,
    plaintext: Vec<u8>,
}

/// A sealed frame, to be stored and linked.
#[derive(Clone, Debug)]
pub struct SealedFrame {
    index: u32,
    pub block: Block,
}

/// An encrypted frame without its name, which is a hash over it.
pub struct Ciphertext {
    index: u32,
    bytes: Vec<u8>,
}

impl Frame {
    pub fn seal(self) -> SealedFrame {
        self.encrypt().name()
    }

    /// The first and cheaper half of [`seal`](Self::seal).
    pub fn encrypt(mut self) -> Ciphertext {
        self.cipher
            .seal(Part::Content, self.index, false, &mut self.plaintext);
        Ciphertext {
            index: self.index,
            bytes: self.plaintext,
        }
    }
}

impl Ciphertext {
    pub fn name(self) -> SealedFrame {
        SealedFrame {
            index: self.index,
            block: Block::leaf(Bytes::from(self.bytes)),
        }
    }
}

pub(super) fn seal_block(
    cipher: &ObjectCipher,
    part: Part,
    index: u32,
    last: bool,
    mut buffer: Vec<u8>,
) -> Block {
    cipher.seal(part, index, last, &mut buffer);
    Block::leaf(Bytes::from(buffer))
}

pub(super) fn leaf_of(block: &Block) -> Leaf {
    Leaf {
        cid: block.cid,
        size: block.bytes.len() as u64,
    }
}

impl Sealer {
    /// Starts an object. Every version of a record's content is an object with an id and a key of
    /// its own.
    pub fn new(key: &ObjectKey, object: ObjectId, rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let mut salt = [0; 32];
        rng.fill_bytes(&mut salt);
        Self {
            cipher: Arc::new(ObjectCipher::new(key, object, &salt)),
            object,
            salt,
            buffer: Vec::new(),
            leaves: Vec::new(),
            length: 0,
            entries: Vec::new(),
            owner: None,
            paths: HashSet::new(),
            current: None,
        }
    }

    /// Puts the owner's box behind the header, so that the owner's words and the blocks are enough
    /// to open the object again.
    #[must_use]
    pub fn kept_for(mut self, owner: OwnersBox) -> Self {
        self.owner = Some(owner);
        self
    }

    /// Content bytes taken so far.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Begins an entry; ends the one before.
    pub fn begin(&mut self, path: &str, meta: Value) -> Result<(), SealError> {
        if !is_safe_path(path) || !self.paths.insert(path.to_lowercase()) {
            return Err(SealError::Path);
        }
        self.end();
        let entry = Entry {
            path: path.to_owned(),
            offset: self.length,
            length: 0,
            sha256: B256::ZERO,
            meta,
        };
        self.current = Some((entry, Sha256::new()));
        Ok(())
    }

    /// Ends the entry that is open, and gives it with its length and hash.
    pub fn end(&mut self) -> Option<&Entry> {
        let (mut entry, hash) = self.current.take()?;
        entry.length = self.length - entry.offset;
        entry.sha256 = B256::from_slice(&hash.finalize());
        self.entries.push(entry);
        self.entries.last()
    }

    /// Takes bytes of the open entry from the front of `input`. Gives a block as soon as a frame
    /// is full, with the rest of `input` still to be pushed; `None` once all is taken.
    pub fn push(&mut self, input: &mut &[u8]) -> Result<Option<Block>, SealError> {
        let Some(frame) = self.push_frame(input)? else {
            return Ok(None);
        };
        let sealed = frame.seal();
        self.link(&sealed);
        Ok(Some(sealed.block))
    }

    /// As [`push`](Self::push), but leaves the sealing to the caller, who [`link`](Self::link)s
    /// every frame before finishing.
    pub fn push_frame(&mut self, input: &mut &[u8]) -> Result<Option<Frame>, SealError> {
        let (_, hash) = self.current.as_mut().ok_or(SealError::NoEntry)?;
        if input.is_empty() {
            return Ok(None);
        }
        // A full frame waits for the byte after it, because the last frame is sealed otherwise.
        let full = (self.buffer.len() == FRAME).then(|| std::mem::take(&mut self.buffer));
        if self.buffer.capacity() == 0 {
            self.buffer.reserve_exact(FRAME + TAG);
        }
        let (taken, rest) = input.split_at(input.len().min(FRAME - self.buffer.len()));
        hash.update(taken);
        self.buffer.extend_from_slice(taken);
        self.length += taken.len() as u64;
        *input = rest;
        match full {
            Some(plaintext) => self.next_frame(plaintext).map(Some),
            None if rest.is_empty() => Ok(None),
            None => {
                let plaintext = std::mem::take(&mut self.buffer);
                self.next_frame(plaintext).map(Some)
            }
        }
    }

    fn next_frame(&mut self, plaintext: Vec<u8>) -> Result<Frame, SealError> {
        let index = self.leaves.len() as u32;
        if index >= MAX_FRAMES {
            return Err(SealError::TooLarge);
        }
        self.leaves.push(None);
        Ok(Frame {
            cipher: Arc::clone(&self.cipher),
            index,
            plaintext,
        })
    }

    /// Takes note of a sealed frame's block.
    pub fn link(&mut self, sealed: &SealedFrame) {
        if let Some(slot) = self.leaves.get_mut(sealed.index as usize) {
            *slot = Some(leaf_of(&sealed.block));
        }
    }

    /// Ends the content. What remains to be stored comes from the [`Tail`].
    pub fn finish(mut self, meta: Value) -> Result<Tail, SealError> {
        self.end();
        if let Some(index) = self.leaves.iter().position(Option::is_none) {
            return Err(SealError::NotLinked(index as u32));
        }
        let manifest = Manifest {
            length: self.length,
            entries: std::mem::take(&mut self.entries),
            meta,
        };
        let encoded = manifest.encode();
        if encoded.len() > MAX_MANIFEST_FRAMES as usize * FRAME {
            return Err(SealError::TooLarge);
        }
        Ok(Tail::new(self, manifest, encoded))
    }
}
