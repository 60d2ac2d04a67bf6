//! The primitives that every format of this crate is made of, each in one place. What stands here
//! is what Wycheproof's vectors go through.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ml_kem::{Decapsulate, Encapsulate, FromSeed, KeyExport, MlKem768, ml_kem_768};
use rand_core::CryptoRng;
use sha2::Sha256;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::{Zeroize, Zeroizing};

/// Bytes that AES-256-GCM adds to what it seals.
pub const TAG: usize = 16;

/// A key of AES-256-GCM (NIST SP 800-38D). AWS-LC wipes it.
pub struct Aead(LessSafeKey);

impl Aead {
    pub fn new(key: &[u8; 32]) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, key).expect("an AES-256 key is 32 bytes");
        Self(LessSafeKey::new(key))
    }

    /// Seals in place; the buffer grows by [`TAG`]. A nonce must not come twice with one key.
    pub fn seal(&self, nonce: [u8; 12], aad: &[u8], buffer: &mut Vec<u8>) {
        let nonce = Nonce::assume_unique_for_key(nonce);
        self.0
            .seal_in_place_append_tag(nonce, Aad::from(aad), buffer)
            .expect("what is in memory is below AES-GCM's 64 GiB");
    }

    /// Opens in place; the buffer shrinks by [`TAG`]. `None` if it was not sealed by this key with
    /// this nonce and these data; what is left in the buffer is then worth nothing.
    pub fn open(&self, nonce: [u8; 12], aad: &[u8], buffer: &mut Vec<u8>) -> Option<()> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        let plaintext = self
            .0
            .open_in_place(nonce, Aad::from(aad), buffer)
            .ok()?
            .len();
        buffer.truncate(plaintext);
        Some(())
    }
}

/// HKDF-SHA256 (RFC 5869) after its first step.
pub struct Hkdf(hkdf::Hkdf<Sha256>);

impl Hkdf {
    /// HKDF-Extract; no salt is one of zeros.
    pub fn extract(salt: Option<&[u8]>, ikm: &[u8]) -> Self {
        Self(hkdf::Hkdf::new(salt, ikm))
    }

    /// HKDF-Expand over the parts of `info`, one after the other. `None` for more than 255
    /// hashes, 8160 bytes.
    pub fn expand(&self, info: &[&[u8]], out: &mut [u8]) -> Option<()> {
        self.0.expand_multi_info(info, out).ok()
    }
}

/// X25519 (RFC 7748). A result of zero is refused: it does not depend on our half.
pub fn x25519(ours: &StaticSecret, theirs: &[u8; 32]) -> Option<Zeroizing<[u8; 32]>> {
    let shared = ours.diffie_hellman(&PublicKey::from(*theirs));
    shared
        .was_contributory()
        .then(|| Zeroizing::new(shared.to_bytes()))
}

/// An ML-KEM-768 key pair (FIPS 203) of which the private half opens.
pub struct KemKey(ml_kem_768::DecapsulationKey);

impl KemKey {
    /// From d ‖ z (FIPS 203, algorithm 16), with the encapsulation key's bytes.
    pub fn from_seed(seed: &[u8; 64]) -> (Self, Vec<u8>) {
        let mut seed = ml_kem::Seed::from(*seed);
        let (key, public) = MlKem768::from_seed(&seed);
        seed.as_mut_slice().zeroize();
        (Self(key), public.to_bytes().to_vec())
    }

    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> (Self, Vec<u8>) {
        let mut seed = Zeroizing::new([0; 64]);
        rng.fill_bytes(&mut *seed);
        Self::from_seed(&seed)
    }

    /// The shared secret of a ciphertext, `None` if it has another length. One that was altered
    /// gives another secret (FIPS 203, implicit rejection).
    pub fn decapsulate(&self, ciphertext: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
        let ciphertext: &ml_kem_768::Ciphertext = ciphertext.try_into().ok()?;
        let mut shared = self.0.decapsulate(ciphertext);
        let kept = Zeroizing::new(shared.into());
        shared.as_mut_slice().zeroize();
        Some(kept)
    }
}

/// ML-KEM-768's ciphertext and shared secret for an encapsulation key; `None` if the key has
/// another length or fails FIPS 203's check of its modulus.
pub fn encapsulate(
    public: &[u8],
    rng: &mut (impl CryptoRng + ?Sized),
) -> Option<(Vec<u8>, Zeroizing<[u8; 32]>)> {
    let public = ml_kem_768::EncapsulationKey::new(public.try_into().ok()?).ok()?;
    let (ciphertext, mut shared) = public.encapsulate_with_rng(rng);
    let kept = Zeroizing::new(shared.into());
    shared.as_mut_slice().zeroize();
    Some((ciphertext.to_vec(), kept))
}
