use std::fmt;

use dhc_domain::ObjectId;
use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::ValueKeeper;

/// The data encryption key of one object: 256 random bits, wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct ObjectKey([u8; 32]);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the kept key was altered, or is not this object's")]
pub struct UnwrapKeyError;

impl ObjectKey {
    pub fn make_random(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let mut key = Self([0; 32]);
        rng.fill_bytes(&mut key.0);
        key
    }

    /// For local keeping, bound to its object.
    pub fn wrap(&self, keeper: &impl ValueKeeper, object: ObjectId) -> Vec<u8> {
        keeper.seal(&wrap_aad(object), &self.0)
    }

    pub fn unwrap(
        keeper: &impl ValueKeeper,
        object: ObjectId,
        wrapped: &[u8],
    ) -> Result<Self, UnwrapKeyError> {
        let bytes = keeper
            .open(&wrap_aad(object), wrapped)
            .ok_or(UnwrapKeyError)?;
        bytes
            .as_slice()
            .try_into()
            .map(Self)
            .map_err(|_| UnwrapKeyError)
    }

    pub(crate) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ObjectKey([redacted])")
    }
}

fn wrap_aad(object: ObjectId) -> Vec<u8> {
    [b"DHC-OBJECT/1 key".as_slice(), object.0.as_slice()].concat()
}
