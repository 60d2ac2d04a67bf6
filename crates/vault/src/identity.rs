use std::{fmt, sync::Arc};

use hpke::{
    Deserializable, Kem, OpModeR, Serializable, aead::AesGcm256, kdf::HkdfSha256, kem::XWing,
    single_shot_open,
};
use zeroize::Zeroizing;

use crate::{DeriveError, derivation};

/// Bytes of a record identity's public key: ML-KEM-768 encapsulation key ‖ X25519 public key.
pub const RECORD_KEY_LEN: usize = 1216;
/// Bytes of an encapsulated key addressed to it.
pub const ENCAPSULATED_LEN: usize = 1120;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the envelope is not for this identity, or it was altered")]
pub struct OpenEnvelopeError;

/// The record identity: opens HPKE envelopes addressed to it. The key stays inside.
#[derive(Clone)]
pub struct RecordIdentity(Arc<KeyPair>);

struct KeyPair {
    private: <XWing as Kem>::PrivateKey,
    public: [u8; RECORD_KEY_LEN],
}

impl RecordIdentity {
    pub(crate) fn derive(seed: &[u8; 64]) -> Result<Self, DeriveError> {
        let (private, key) = derivation::record_identity(seed)?;
        let mut public = [0; RECORD_KEY_LEN];
        key.write_exact(&mut public);
        Ok(Self(Arc::new(KeyPair { private, public })))
    }

    /// The X-Wing public key as the identity contract publishes it.
    pub fn public_key(&self) -> &[u8; RECORD_KEY_LEN] {
        &self.0.public
    }

    /// Opens an HPKE envelope (RFC 9180, base mode; X-Wing, HKDF-SHA256, AES-256-GCM).
    /// `encapsulated` is [`ENCAPSULATED_LEN`] bytes.
    pub fn open_envelope(
        &self,
        encapsulated: &[u8],
        info: &[u8],
        aad: &[u8],
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, OpenEnvelopeError> {
        let key =
            <XWing as Kem>::EncappedKey::from_bytes(encapsulated).map_err(|_| OpenEnvelopeError)?;
        single_shot_open::<AesGcm256, HkdfSha256, XWing>(
            &OpModeR::Base,
            &self.0.private,
            &key,
            info,
            ciphertext,
            aad,
        )
        .map(Zeroizing::new)
        .map_err(|_| OpenEnvelopeError)
    }
}

impl fmt::Debug for RecordIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecordIdentity([redacted])")
    }
}
