use dhc_domain::{Address, B256};
use zeroize::Zeroizing;

/// Signs digests with an account's key, which it keeps to itself.
pub trait DigestSigner {
    fn address(&self) -> Address;
    /// r ‖ s ‖ v over the digest, s in the lower half, v 27 or 28; `None` when the key is not at
    /// hand (the vault is locked).
    fn sign_digest(&self, digest: &B256) -> Option<[u8; 65]>;
}

/// Opens HPKE envelopes (base mode; X-Wing, HKDF-SHA256, AES-256-GCM) with a record identity's
/// key, which it keeps to itself.
pub trait EnvelopeOpener {
    /// `None` when the envelope is not for this identity or was altered.
    fn open_envelope(
        &self,
        encapsulated: &[u8],
        info: &[u8],
        aad: &[u8],
        ciphertext: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>>;
}

/// Seals small values for local keeping with a key that it keeps to itself.
pub trait ValueKeeper {
    fn seal(&self, aad: &[u8], plaintext: &[u8]) -> Vec<u8>;
    /// `None` when the value was altered, moved, or sealed by another.
    fn open(&self, aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>>;
}
