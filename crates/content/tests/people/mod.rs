//! People by a byte: each with an account and a record identity.

use alloy::signers::{SignerSync, local::PrivateKeySigner};
use dhc_content::{DigestSigner, EnvelopeOpener};
use dhc_domain::{Address, B256};
use hpke::{
    Deserializable, Kem, OpModeR, Serializable, aead::AesGcm256, kdf::HkdfSha256, kem::XWing,
};
use zeroize::Zeroizing;

/// An account that signs.
pub struct Wallet(PrivateKeySigner);

impl Wallet {
    pub fn new(byte: u8) -> Self {
        Self(PrivateKeySigner::from_bytes(&B256::repeat_byte(byte)).unwrap())
    }
}

impl DigestSigner for Wallet {
    fn address(&self) -> Address {
        self.0.address()
    }

    fn sign_digest(&self, digest: &B256) -> Option<[u8; 65]> {
        Some(self.0.sign_hash_sync(digest).unwrap().as_bytes())
    }
}

/// A record identity: what is sealed to its public key, it opens.
pub struct Identity(<XWing as Kem>::PrivateKey);

impl Identity {
    pub fn new(byte: u8) -> Self {
        Self(<XWing as Kem>::PrivateKey::from_bytes(&[byte; 32]).unwrap())
    }

    pub fn public(&self) -> Vec<u8> {
        XWing::sk_to_pk(&self.0).to_bytes().to_vec()
    }
}

impl EnvelopeOpener for Identity {
    fn open_envelope(
        &self,
        key: &[u8],
        info: &[u8],
        aad: &[u8],
        ct: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        let key = <XWing as Kem>::EncappedKey::from_bytes(key).ok()?;
        hpke::single_shot_open::<AesGcm256, HkdfSha256, XWing>(
            &OpModeR::Base,
            &self.0,
            &key,
            info,
            ct,
            aad,
        )
        .ok()
        .map(Zeroizing::new)
    }
}
