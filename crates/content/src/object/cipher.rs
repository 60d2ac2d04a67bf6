use dhc_domain::ObjectId;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::ObjectKey;
use crate::primitives::{Aead, Hkdf};

/// Plaintext bytes of a frame; only the last of a part is shorter.
pub const FRAME: usize = 1 << 20;
pub use crate::primitives::TAG;

/// The two streams of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Content = 0,
    Manifest = 1,
}

/// STREAM with a 32-bit counter (Hoang et al., 2015) over AES-256-GCM, by frame instead of in
/// order.
struct Stream {
    key: Aead,
    prefix: [u8; 7],
}

impl Stream {
    /// `secret`: the key (32), then the nonce's prefix (7).
    fn new(secret: &[u8; 39]) -> Self {
        let (key, prefix) = secret.split_at(32);
        Self {
            key: Aead::new(key.try_into().expect("39 bytes are 32 and 7")),
            prefix: prefix.try_into().expect("39 bytes less 32 are 7"),
        }
    }

    /// A frame's index and whether it is the last differ between any two frames of a part, and a
    /// part's key and prefix are its own: no nonce comes twice.
    fn nonce(&self, index: u32, last: bool) -> [u8; 12] {
        let mut nonce = [0; 12];
        nonce[..7].copy_from_slice(&self.prefix);
        nonce[7..11].copy_from_slice(&index.to_be_bytes());
        nonce[11] = u8::from(last);
        nonce
    }
}

/// One object's derived keys. Frames are sealed and opened on their own, in any order, so one
/// cipher may be shared between threads.
pub(crate) struct ObjectCipher {
    content: Stream,
    manifest: Stream,
    header_mac: Hmac<Sha256>,
    commitment: [u8; 32],
    object: ObjectId,
}

impl ObjectCipher {
    /// HKDF-SHA256 (RFC 5869) over the object's key with the header's salt; every output is bound
    /// to the suite and the object id.
    pub(crate) fn new(key: &ObjectKey, object: ObjectId, salt: &[u8; 32]) -> Self {
        let hkdf = Hkdf::extract(Some(salt), key.as_bytes());
        let expand = |label: &[u8], out: &mut [u8]| {
            hkdf.expand(
                &[
                    b"DHC-OBJECT/1 ",
                    label,
                    &[0, super::header::SUITE],
                    object.0.as_slice(),
                ],
                out,
            )
            .expect("at most 39 bytes are within HKDF's limit");
        };
        let stream = |label| {
            let mut secret = Zeroizing::new([0; 39]);
            expand(label, &mut *secret);
            Stream::new(&secret)
        };
        let mut mac_key = Zeroizing::new([0; 32]);
        expand(b"header", &mut *mac_key);
        let mut commitment = [0; 32];
        expand(b"commitment", &mut commitment);
        Self {
            content: stream(b"content"),
            manifest: stream(b"manifest"),
            header_mac: Hmac::new_from_slice(&*mac_key).expect("HMAC takes a key of any length"),
            commitment,
            object,
        }
    }

    /// GCM does not commit to its key; this does.
    pub(crate) fn commitment(&self) -> &[u8; 32] {
        &self.commitment
    }

    pub(crate) fn header_mac(&self, header: &[u8]) -> Hmac<Sha256> {
        self.header_mac.clone().chain_update(header)
    }

    /// Seals in place; the buffer grows by [`TAG`].
    pub(crate) fn seal(&self, part: Part, index: u32, last: bool, buffer: &mut Vec<u8>) {
        let stream = self.stream(part);
        let nonce = stream.nonce(index, last);
        stream.key.seal(nonce, &self.aad(part, index), buffer);
    }

    /// Opens in place; the buffer shrinks by [`TAG`]. `None` if it is not this frame.
    pub(crate) fn open(
        &self,
        part: Part,
        index: u32,
        last: bool,
        buffer: &mut Vec<u8>,
    ) -> Option<()> {
        let stream = self.stream(part);
        let nonce = stream.nonce(index, last);
        stream.key.open(nonce, &self.aad(part, index), buffer)
    }

    fn stream(&self, part: Part) -> &Stream {
        match part {
            Part::Content => &self.content,
            Part::Manifest => &self.manifest,
        }
    }

    fn aad(&self, part: Part, index: u32) -> [u8; 21] {
        let mut aad = [0; 21];
        aad[..16].copy_from_slice(self.object.0.as_slice());
        aad[16] = part as u8;
        aad[17..].copy_from_slice(&index.to_be_bytes());
        aad
    }
}
