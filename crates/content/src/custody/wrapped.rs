use dhc_domain::{Address, GrantId, ObjectId};
use zeroize::Zeroizing;

use super::Secret;
use crate::object::ObjectKey;
use crate::primitives::{Aead, Hkdf};

const LABEL: &[u8] = b"DHC-CUSTODY/1 key";
const LEN: usize = 48;
/// Each derived key wraps one key.
const NONCE: [u8; 12] = [0; 12];

/// An object's key under the secret of its record. To whom lacks the secret it says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrappedKey([u8; LEN]);

/// Which object's key is wrapped, and for which grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyContext {
    /// The EVM chain id.
    pub chain_id: u64,
    /// The `Consent` contract.
    pub consent: Address,
    pub grant: GrantId,
    pub object: ObjectId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the wrapped key was altered, or is not of this secret, grant and object")]
pub struct UnwrapError;

impl KeyContext {
    fn bytes(&self) -> Vec<u8> {
        [
            LABEL,
            &self.chain_id.to_be_bytes(),
            self.consent.as_slice(),
            self.grant.0.as_slice(),
            self.object.0.as_slice(),
        ]
        .concat()
    }

    fn cipher(&self, secret: &Secret) -> Aead {
        let mut key = Zeroizing::new([0; 32]);
        Hkdf::extract(None, &*secret.to_bytes())
            .expand(&[&self.bytes()], &mut *key)
            .expect("32 bytes are within HKDF's limit");
        Aead::new(&key)
    }
}

impl WrappedKey {
    pub fn wrap(key: &ObjectKey, secret: &Secret, context: &KeyContext) -> Self {
        // With room for the tag, so that the key is not left behind where it grew out of.
        let mut sealed = Vec::with_capacity(LEN);
        sealed.extend_from_slice(key.as_bytes());
        context
            .cipher(secret)
            .seal(NONCE, &context.bytes(), &mut sealed);
        Self(
            sealed
                .try_into()
                .expect("a key of 32 bytes and a tag of 16"),
        )
    }

    pub fn unwrap(&self, secret: &Secret, context: &KeyContext) -> Result<ObjectKey, UnwrapError> {
        let mut key = Zeroizing::new(self.0.to_vec());
        context
            .cipher(secret)
            .open(NONCE, &context.bytes(), &mut key)
            .ok_or(UnwrapError)?;
        key.as_slice()
            .try_into()
            .map(ObjectKey::from_bytes)
            .map_err(|_| UnwrapError)
    }

    /// Ciphertext (32) ‖ tag (16).
    pub fn as_bytes(&self) -> &[u8; LEN] {
        &self.0
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}
