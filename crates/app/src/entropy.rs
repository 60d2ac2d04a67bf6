//! The entropy port in the form that the cryptographic crates take it.

use std::{convert::Infallible, sync::Arc};

use dhc_vault::rand_core::{TryCryptoRng, TryRng};

use crate::ports::Entropy;

/// A cryptographic generator over the entropy port.
#[derive(Clone)]
pub struct Rng(Arc<dyn Entropy>);

impl Rng {
    pub fn new(entropy: Arc<dyn Entropy>) -> Self {
        Self(entropy)
    }

    pub fn array<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill(&mut bytes);
        bytes
    }
}

impl TryRng for Rng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes(self.array()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes(self.array()))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Rng {}
