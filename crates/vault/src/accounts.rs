use std::{fmt, sync::Arc};

use alloy_primitives::{Address, B256, eip191_hash_message, keccak256};
use k256::ecdsa::SigningKey;

use crate::{DeriveError, derivation};

/// Signs for one EVM account; the key stays inside and is wiped when the last handle is dropped.
#[derive(Clone)]
pub struct AccountHandle {
    index: u32,
    address: Address,
    key: Arc<SigningKey>,
}

impl AccountHandle {
    pub(crate) fn derive(parent: &bip32::XPrv, index: u32) -> Result<Self, DeriveError> {
        let key = derivation::account(parent, index)?;
        let address = Address::from_public_key(key.verifying_key());
        Ok(Self {
            index,
            address,
            key: Arc::new(key),
        })
    }

    /// The last level of m/44'/60'/0'/0/i.
    pub fn index(&self) -> u32 {
        self.index
    }

    pub fn address(&self) -> Address {
        self.address
    }

    /// Signs a 32-byte digest (RFC 6979): r ‖ s ‖ v, s in the lower half, v 27 or 28.
    pub fn sign_hash(&self, digest: &B256) -> [u8; 65] {
        let (signature, recovery) = self
            .key
            .sign_prehash_recoverable(digest.as_slice())
            .expect("a 32-byte digest is signable");
        let mut out = [0; 65];
        out[..64].copy_from_slice(&signature.to_bytes());
        out[64] = 27 + u8::from(recovery.is_y_odd());
        out
    }

    /// Signs a message as wallets do (EIP-191, version 0x45).
    pub fn sign_message(&self, message: &[u8]) -> [u8; 65] {
        self.sign_hash(&eip191_hash_message(message))
    }

    /// Signs typed data (EIP-712) given its domain separator and the hash of its struct.
    pub fn sign_typed_data(&self, domain_separator: &B256, struct_hash: &B256) -> [u8; 65] {
        let mut preimage = [0; 66];
        preimage[..2].copy_from_slice(b"\x19\x01");
        preimage[2..34].copy_from_slice(domain_separator.as_slice());
        preimage[34..].copy_from_slice(struct_hash.as_slice());
        self.sign_hash(&keccak256(preimage))
    }
}

impl fmt::Debug for AccountHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountHandle")
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}
