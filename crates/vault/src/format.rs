//! The file's layout: big-endian integers, no padding. `docs/spec/vault.md` has the table.

use bytes::{Buf, BufMut};
use sha2::{Digest, Sha256};

pub(crate) const MAGIC: &[u8; 8] = b"DHCVAULT";
pub(crate) const VERSION: u16 = 1;
const PASSWORD_SLOT: u8 = 1;
const PASSWORD_SLOT_LEN: usize = 12 + 16 + 12 + 48;
const CHECKSUM: usize = 32;

/// Argon2id's cost. `lanes` is Argon2's p.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KdfParams {
    pub memory_kib: u32,
    pub passes: u32,
    pub lanes: u32,
}

impl KdfParams {
    /// 64 MiB, 3 passes, 1 lane: the floor for vaults that people keep.
    pub const DEFAULT: Self = Self {
        memory_kib: 65_536,
        passes: 3,
        lanes: 1,
    };

    /// Argon2's own bounds from below; from above what a file may make its reader spend.
    pub(crate) fn is_acceptable(self) -> bool {
        (1..=16).contains(&self.lanes)
            && (1..=64).contains(&self.passes)
            && (8 * self.lanes..=1 << 20).contains(&self.memory_kib)
    }
}

impl Default for KdfParams {
    fn default() -> Self {
        Self::DEFAULT
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    #[error("this is not a vault file")]
    NotAVault,
    #[error("the vault file is damaged: {0}")]
    Damaged(&'static str),
    #[error("the vault file is of version {0}, made by a newer app")]
    Version(u16),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PasswordSlot {
    pub params: KdfParams,
    pub salt: [u8; 16],
    pub nonce: [u8; 12],
    /// The data key and its tag.
    pub wrapped: [u8; 48],
}

impl PasswordSlot {
    /// What the wrapping authenticates beside the key.
    pub(crate) fn aad(&self) -> Vec<u8> {
        let mut aad = Vec::with_capacity(39);
        aad.put_slice(MAGIC);
        aad.put_u16(VERSION);
        aad.put_u8(PASSWORD_SLOT);
        self.put_params(&mut aad);
        aad
    }

    fn put_params(&self, out: &mut Vec<u8>) {
        out.put_u32(self.params.memory_kib);
        out.put_u32(self.params.passes);
        out.put_u32(self.params.lanes);
        out.put_slice(&self.salt);
    }
}

/// A way to the data key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    Password(PasswordSlot),
    /// Of a kind that a newer app wrote: kept as it is.
    Other {
        kind: u8,
        body: Vec<u8>,
    },
}

/// A file, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Envelope {
    /// Counts the rewrites; the higher of two files is the newer.
    pub generation: u64,
    pub slots: Vec<Slot>,
    pub nonce: [u8; 12],
    pub payload: Vec<u8>,
}

impl Envelope {
    /// Everything before the payload's nonce: the payload's associated data.
    pub(crate) fn header(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(128);
        out.put_slice(MAGIC);
        out.put_u16(VERSION);
        out.put_u64(self.generation);
        out.put_u8(self.slots.len() as u8);
        for slot in &self.slots {
            match slot {
                Slot::Password(slot) => {
                    out.put_u8(PASSWORD_SLOT);
                    out.put_u16(PASSWORD_SLOT_LEN as u16);
                    slot.put_params(&mut out);
                    out.put_slice(&slot.nonce);
                    out.put_slice(&slot.wrapped);
                }
                Slot::Other { kind, body } => {
                    out.put_u8(*kind);
                    out.put_u16(body.len() as u16);
                    out.put_slice(body);
                }
            }
        }
        out
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = self.header();
        out.put_slice(&self.nonce);
        out.put_u16(self.payload.len() as u16);
        out.put_slice(&self.payload);
        let checksum = Sha256::digest(&out);
        out.put_slice(&checksum);
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, ParseError> {
        if bytes.len() < MAGIC.len() || !bytes.starts_with(MAGIC) {
            return Err(ParseError::NotAVault);
        }
        let (body, checksum) = bytes
            .split_last_chunk::<CHECKSUM>()
            .ok_or(ParseError::Damaged("it is cut short"))?;
        if Sha256::digest(body)[..] != checksum[..] {
            return Err(ParseError::Damaged("its checksum does not match"));
        }
        let rest = body
            .get(MAGIC.len()..)
            .ok_or(ParseError::Damaged("it is cut short"))?;
        Self::decode_fields(rest)
    }

    fn decode_fields(mut rest: &[u8]) -> Result<Self, ParseError> {
        let short = |_| ParseError::Damaged("a field is missing");
        let version = rest.try_get_u16().map_err(short)?;
        if version != VERSION {
            return Err(ParseError::Version(version));
        }
        let generation = rest.try_get_u64().map_err(short)?;
        let count = rest.try_get_u8().map_err(short)?;
        let mut slots = Vec::with_capacity(usize::from(count));
        for _ in 0..count {
            let kind = rest.try_get_u8().map_err(short)?;
            let len = usize::from(rest.try_get_u16().map_err(short)?);
            let (body, tail) = rest
                .split_at_checked(len)
                .ok_or(ParseError::Damaged("a slot is cut short"))?;
            rest = tail;
            slots.push(match kind {
                PASSWORD_SLOT => Slot::Password(decode_password_slot(body)?),
                kind => Slot::Other {
                    kind,
                    body: body.to_vec(),
                },
            });
        }
        let mut nonce = [0; 12];
        rest.try_copy_to_slice(&mut nonce).map_err(short)?;
        let len = usize::from(rest.try_get_u16().map_err(short)?);
        if rest.len() != len {
            return Err(ParseError::Damaged("its payload has another length"));
        }
        Ok(Self {
            generation,
            slots,
            nonce,
            payload: rest.to_vec(),
        })
    }
}

fn decode_password_slot(mut body: &[u8]) -> Result<PasswordSlot, ParseError> {
    const DAMAGED: ParseError = ParseError::Damaged("the password slot is malformed");
    if body.len() != PASSWORD_SLOT_LEN {
        return Err(DAMAGED);
    }
    let params = KdfParams {
        memory_kib: body.get_u32(),
        passes: body.get_u32(),
        lanes: body.get_u32(),
    };
    if !params.is_acceptable() {
        return Err(DAMAGED);
    }
    let (mut salt, mut nonce, mut wrapped) = ([0; 16], [0; 12], [0; 48]);
    body.copy_to_slice(&mut salt);
    body.copy_to_slice(&mut nonce);
    body.copy_to_slice(&mut wrapped);
    Ok(PasswordSlot {
        params,
        salt,
        nonce,
        wrapped,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn slots() -> impl Strategy<Value = Slot> {
        prop_oneof![
            (
                8u32..=1 << 20,
                1u32..=64,
                any::<[u8; 16]>(),
                any::<[u8; 12]>(),
                any::<u8>()
            )
                .prop_map(|(memory_kib, passes, salt, nonce, fill)| Slot::Password(
                    PasswordSlot {
                        params: KdfParams {
                            memory_kib,
                            passes,
                            lanes: 1
                        },
                        salt,
                        nonce,
                        wrapped: [fill; 48],
                    }
                )),
            (2u8.., proptest::collection::vec(any::<u8>(), 0..40))
                .prop_map(|(kind, body)| Slot::Other { kind, body }),
        ]
    }

    proptest! {
        #[test]
        fn a_file_is_read_as_it_was_written(
            generation in any::<u64>(),
            slots in proptest::collection::vec(slots(), 0..4),
            nonce in any::<[u8; 12]>(),
            payload in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let envelope = Envelope { generation, slots, nonce, payload };
            let bytes = envelope.encode();
            prop_assert!(Envelope::decode(&bytes) == Ok(envelope));
        }

        #[test]
        fn no_bytes_make_the_reader_fall(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut body = MAGIC.to_vec();
            body.extend(&bytes);
            let checksum = Sha256::digest(&body);
            body.extend(checksum);
            let _ = Envelope::decode(&body);
            let _ = Envelope::decode(&bytes);
        }
    }
}
