use std::{fmt, sync::Arc};

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Nonce, Payload},
};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{DeriveError, derivation};

const VERSION: u8 = 1;
const NONCE: usize = 12;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stored value was altered, moved, or belongs to another vault")]
pub struct OpenValueError;

/// Seals what the local database keeps. The key stays inside.
#[derive(Clone)]
pub struct DatabaseKey(Arc<Aes256Gcm>);

impl DatabaseKey {
    pub(crate) fn derive(seed: &[u8; 64]) -> Result<Self, DeriveError> {
        let key = derivation::database(seed)?;
        Ok(Self(Arc::new(Aes256Gcm::new((&*key).into()))))
    }

    /// 0x01 ‖ nonce (12, random) ‖ AES-256-GCM ciphertext and tag. `aad` names the value's place
    /// (table and key), so that a value moved elsewhere does not open.
    pub fn seal(
        &self,
        aad: &[u8],
        plaintext: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Vec<u8> {
        let mut nonce = [0; NONCE];
        rng.fill_bytes(&mut nonce);
        let ciphertext = self
            .0
            .encrypt(
                &Nonce::<Aes256Gcm>::from(nonce),
                Payload {
                    msg: plaintext,
                    aad,
                },
            )
            .expect("a value in memory is below AES-GCM's 64 GiB");
        let mut sealed = Vec::with_capacity(1 + NONCE + ciphertext.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&ciphertext);
        sealed
    }

    pub fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenValueError> {
        let (&[VERSION], rest) = sealed.split_first_chunk::<1>().ok_or(OpenValueError)? else {
            return Err(OpenValueError);
        };
        let (nonce, msg) = rest.split_first_chunk::<NONCE>().ok_or(OpenValueError)?;
        self.0
            .decrypt(&Nonce::<Aes256Gcm>::from(*nonce), Payload { msg, aad })
            .map(Zeroizing::new)
            .map_err(|_| OpenValueError)
    }
}

impl fmt::Debug for DatabaseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseKey([redacted])")
    }
}
