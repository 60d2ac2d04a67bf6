//! The randomness of the tests of `content` and of `vault`. What they have pinned for ever (object,
//! note, exchange, vault file) was made from it: a generator of another make would give other bytes.

use std::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};
use sha2::{Digest, Sha256};

/// Randomness that repeats: SHA-256 over a label and a counter.
pub struct Seeded {
    label: &'static str,
    counter: u64,
}

impl Seeded {
    pub fn new(label: &'static str) -> Self {
        Self { label, counter: 0 }
    }
}

impl TryRng for Seeded {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)
            .map(|()| u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)
            .map(|()| u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for chunk in out.chunks_mut(32) {
            let digest = Sha256::new()
                .chain_update(self.label)
                .chain_update(self.counter.to_be_bytes())
                .finalize();
            chunk.copy_from_slice(&digest[..chunk.len()]);
            self.counter += 1;
        }
        Ok(())
    }
}

impl TryCryptoRng for Seeded {}
