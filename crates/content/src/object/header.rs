use bytes::{Buf, BufMut};
use dhc_domain::ObjectId;
use hmac::Mac;

use super::{
    ContentCorrupt, ObjectKey,
    cipher::{FRAME, ObjectCipher},
    owner::{OWNERS_BOX_LEN, OwnersBox},
};

/// Bytes of the header, the object's first leaf, without the owner's box that may follow.
pub const HEADER_LEN: usize = 142;

const MAGIC: &[u8; 12] = b"DHC-OBJECT/1";
/// HKDF-SHA256, AES-256-GCM, STREAM with 32-bit big-endian counter, 2^20-byte frames.
pub(crate) const SUITE: u8 = 1;
/// Set beside the suite where the owner's box follows the header.
const BOXED: u8 = 0x80;
const FRAME_LOG2: u8 = FRAME.ilog2() as u8;
/// A manifest is held in memory whole; who sealed it may be a stranger.
pub(crate) const MAX_MANIFEST_FRAMES: u32 = 64;
const UNAUTHENTICATED: usize = HEADER_LEN - 32;

/// How many frames a part has, and the plaintext bytes of its last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    pub frames: u32,
    pub last: u32,
}

impl Extent {
    /// Plaintext bytes.
    pub(crate) fn len(self) -> u64 {
        u64::from(self.frames - 1) * FRAME as u64 + u64::from(self.last)
    }

    /// Plaintext bytes of frame `index`.
    pub(crate) fn frame_len(self, index: u32) -> usize {
        if index + 1 == self.frames {
            self.last as usize
        } else {
            FRAME
        }
    }

    fn is_valid(self) -> bool {
        self.frames > 0 && self.last as usize <= FRAME && (self.last > 0 || self.frames == 1)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub object: ObjectId,
    pub salt: [u8; 32],
    pub content: Extent,
    pub manifest: Extent,
    pub owner: Option<OwnersBox>,
}

impl Header {
    /// Bytes of the object's first leaf.
    pub(crate) fn leaf_len(&self) -> u64 {
        let boxed = if self.owner.is_some() {
            OWNERS_BOX_LEN
        } else {
            0
        };
        (HEADER_LEN + boxed) as u64
    }

    /// The object that a header says it is of, and the owner's box: unauthenticated.
    pub(crate) fn boxed(bytes: &[u8]) -> Result<(ObjectId, Option<OwnersBox>), ContentCorrupt> {
        let (header, owner) = parts(bytes)?;
        let id: [u8; 16] = header[14..30]
            .try_into()
            .map_err(|_| ContentCorrupt::Header)?;
        Ok((ObjectId(id.into()), owner))
    }

    pub(crate) fn encode(&self, cipher: &ObjectCipher) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER_LEN);
        out.put_slice(MAGIC);
        out.put_u8(SUITE | if self.owner.is_some() { BOXED } else { 0 });
        out.put_u8(FRAME_LOG2);
        out.put_slice(self.object.0.as_slice());
        out.put_slice(&self.salt);
        out.put_slice(cipher.commitment());
        for extent in [self.content, self.manifest] {
            out.put_u32(extent.frames);
            out.put_u32(extent.last);
        }
        let owner = self.owner.as_ref().map_or(&[][..], |boxed| &boxed.0);
        let mac = cipher.header_mac(&out).chain_update(owner);
        out.put_slice(&mac.finalize().into_bytes());
        out.put_slice(owner);
        out
    }

    /// Reads and authenticates a header, and gives the cipher that its salt and `key` make.
    pub(crate) fn decode(
        bytes: &[u8],
        key: &ObjectKey,
    ) -> Result<(Self, ObjectCipher), ContentCorrupt> {
        let (header, owner) = parts(bytes)?;
        let (fields, mac) = header.split_at(UNAUTHENTICATED);
        let mut rest = fields.strip_prefix(MAGIC).ok_or(ContentCorrupt::Header)?;
        if [rest.get_u8() & !BOXED, rest.get_u8()] != [SUITE, FRAME_LOG2] {
            return Err(ContentCorrupt::Header);
        }
        let (mut object, mut salt, mut commitment) = ([0; 16], [0; 32], [0; 32]);
        rest.copy_to_slice(&mut object);
        rest.copy_to_slice(&mut salt);
        rest.copy_to_slice(&mut commitment);
        let mut extent = || Extent {
            frames: rest.get_u32(),
            last: rest.get_u32(),
        };
        let (content, manifest) = (extent(), extent());

        let object = ObjectId(object.into());
        let cipher = ObjectCipher::new(key, object, &salt);
        if commitment != *cipher.commitment() {
            return Err(ContentCorrupt::Key);
        }
        cipher
            .header_mac(fields)
            .chain_update(owner.as_ref().map_or(&[][..], |boxed| &boxed.0))
            .verify_slice(mac)
            .map_err(|_| ContentCorrupt::Header)?;
        if !content.is_valid() || !manifest.is_valid() || manifest.frames > MAX_MANIFEST_FRAMES {
            return Err(ContentCorrupt::Header);
        }
        Ok((
            Self {
                object,
                salt,
                content,
                manifest,
                owner,
            },
            cipher,
        ))
    }
}

/// The header proper and the owner's box, if there is one.
fn parts(bytes: &[u8]) -> Result<(&[u8; HEADER_LEN], Option<OwnersBox>), ContentCorrupt> {
    let (header, rest) = bytes
        .split_first_chunk::<HEADER_LEN>()
        .ok_or(ContentCorrupt::Header)?;
    if header[MAGIC.len()] & BOXED == 0 {
        return if rest.is_empty() {
            Ok((header, None))
        } else {
            Err(ContentCorrupt::Header)
        };
    }
    let boxed = rest.try_into().map_err(|_| ContentCorrupt::Header)?;
    Ok((header, Some(OwnersBox(boxed))))
}
