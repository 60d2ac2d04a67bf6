use bytes::{Buf, BufMut};
use dhc_domain::ObjectId;
use hmac::Mac;

use super::{
    ContentCorrupt, ObjectKey,
    cipher::{FRAME, ObjectCipher},
};

/// Bytes of the header, the object's first leaf.
pub const HEADER_LEN: usize = 142;

const MAGIC: &[u8; 12] = b"DHC-OBJECT/1";
/// HKDF-SHA256, AES-256-GCM, STREAM with 32-bit big-endian counter, 2^20-byte frames.
pub(crate) const SUITE: u8 = 1;
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
}

impl Header {
    pub(crate) fn encode(&self, cipher: &ObjectCipher) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER_LEN);
        out.put_slice(MAGIC);
        out.put_u8(SUITE);
        out.put_u8(FRAME_LOG2);
        out.put_slice(self.object.0.as_slice());
        out.put_slice(&self.salt);
        out.put_slice(cipher.commitment());
        for extent in [self.content, self.manifest] {
            out.put_u32(extent.frames);
            out.put_u32(extent.last);
        }
        let mac = cipher.header_mac(&out).finalize().into_bytes();
        out.put_slice(&mac);
        out
    }

    /// Reads and authenticates a header, and gives the cipher that its salt and `key` make.
    pub(crate) fn decode(
        bytes: &[u8],
        key: &ObjectKey,
    ) -> Result<(Self, ObjectCipher), ContentCorrupt> {
        if bytes.len() != HEADER_LEN {
            return Err(ContentCorrupt::Header);
        }
        let (fields, mac) = bytes.split_at(UNAUTHENTICATED);
        let mut rest = fields.strip_prefix(MAGIC).ok_or(ContentCorrupt::Header)?;
        if [rest.get_u8(), rest.get_u8()] != [SUITE, FRAME_LOG2] {
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
            },
            cipher,
        ))
    }
}
