//! Accounts whose keys anybody can compute, for networks of this machine alone.

use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEnvelope},
    eips::Encodable2718,
    primitives::{Address, B256, Bytes, U256, keccak256},
    signers::{SignerSync, local::PrivateKeySigner},
};
use dhc_chain::{SignError, Signature, Signer};

/// More than any block here asks, adhl per gas.
const MAX_FEE: u128 = 1_000_000_000_000;
/// cosmos/evm takes no transaction without any.
const TIP: u128 = 1_000_000_000;

#[derive(Clone)]
pub struct Account(PrivateKeySigner);

/// What a transaction does.
#[derive(Clone)]
pub struct Act {
    pub to: Address,
    pub value: U256,
    pub gas: u64,
    pub input: Bytes,
}

impl Act {
    /// One adhl to somebody.
    pub fn transfer(to: Address) -> Self {
        Self {
            to,
            value: U256::ONE,
            gas: 21_000,
            input: Bytes::new(),
        }
    }
}

impl Account {
    pub fn number(index: u64) -> Self {
        let key = keccak256([b"dhc bench ".as_slice(), &index.to_be_bytes()].concat());
        Self(PrivateKeySigner::from_bytes(&key).expect("a hash is a key"))
    }

    pub fn address(&self) -> Address {
        self.0.address()
    }

    /// The signed bytes of an EIP-1559 transaction.
    pub fn sign(&self, evm_chain_id: u64, nonce: u64, act: Act) -> Bytes {
        let tx = TxEip1559 {
            chain_id: evm_chain_id,
            nonce,
            gas_limit: act.gas,
            max_fee_per_gas: MAX_FEE,
            max_priority_fee_per_gas: TIP,
            to: act.to.into(),
            value: act.value,
            access_list: Default::default(),
            input: act.input,
        };
        let hash = tx.signature_hash();
        let signature = self.0.sign_hash_sync(&hash).expect("a key signs");
        TxEnvelope::from(tx.into_signed(signature))
            .encoded_2718()
            .into()
    }
}

impl Signer for Account {
    fn address(&self) -> Address {
        self.0.address()
    }

    fn sign_hash(&self, hash: [u8; 32]) -> Result<Signature, SignError> {
        self.0
            .sign_hash_sync(&B256::from(hash))
            .map_err(|e| SignError(e.to_string()))
    }
}
