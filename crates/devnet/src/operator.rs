//! The accounts of a network's founders at work: they send real transactions, signed and mined like
//! any other.

use std::sync::{Arc, Mutex, PoisonError};

use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEnvelope},
    dyn_abi::{DynSolValue, JsonAbiExt},
    eips::Encodable2718,
    primitives::{Address, B256, Bytes, TxKind, U256, keccak256},
    signers::SignerSync,
};

use crate::{
    execution::MIN_BASE_FEE,
    founders::{Venue, VenueError},
    genesis::interface,
    keys::{Keys, Role},
};

#[derive(Debug, thiserror::Error)]
pub(crate) enum OperatorError {
    #[error(transparent)]
    Venue(#[from] VenueError),
    #[error("the transaction cannot be signed: {0}")]
    Signing(#[from] alloy::signers::Error),
    #[error("the call cannot be encoded: {0}")]
    Encoding(String),
}

/// Gas for a transfer, wherever it goes: an account of a contract may run something.
const TRANSFER_GAS: u64 = 42_000;
const CERTIFY_GAS: u64 = 200_000;

pub(crate) struct Operator {
    venue: Arc<dyn Venue>,
    keys: Keys,
    /// One transaction at a time: each needs the nonce after the last.
    turn: Mutex<()>,
}

impl Operator {
    pub(crate) fn new(venue: Arc<dyn Venue>, keys: Keys) -> Self {
        Self {
            venue,
            keys,
            turn: Mutex::new(()),
        }
    }

    /// Sends coins from the faucet. Amount in adhl.
    pub(crate) fn fund(&self, to: Address, amount: U256) -> Result<B256, OperatorError> {
        self.send(Role::Faucet, to, amount, Bytes::new(), TRANSFER_GAS)
    }

    /// Certifies an institution of this grade (0 secondary, 1 tertiary, 2 top tertiary), as the
    /// owner of `Issuers`.
    pub(crate) fn certify(
        &self,
        issuer: Address,
        grade: u8,
        name: &str,
    ) -> Result<B256, OperatorError> {
        let encoding = |reason: &str| OperatorError::Encoding(reason.to_owned());
        let certify = interface("Issuers")
            .and_then(|abi| abi.function("certify")?.first())
            .ok_or_else(|| encoding("Issuers has no certify"))?;
        let arguments = [
            DynSolValue::Address(issuer),
            DynSolValue::Uint(U256::from(grade), 8),
            DynSolValue::FixedBytes(keccak256(name), 32),
        ];
        let input = certify
            .abi_encode_input(&arguments)
            .map_err(|error| OperatorError::Encoding(error.to_string()))?;
        let to = self.venue.genesis().contracts["Issuers"];
        self.send(Role::Certifier, to, U256::ZERO, input.into(), CERTIFY_GAS)
    }

    fn send(
        &self,
        from: Role,
        to: Address,
        value: U256,
        input: Bytes,
        gas_limit: u64,
    ) -> Result<B256, OperatorError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let signer = self.keys.account(from);
        let nonce = self.venue.pending_nonce(signer.address())?;
        let base_fee = self.venue.next_base_fee()?;
        let tx = TxEip1559 {
            chain_id: self.venue.genesis().evm_chain_id,
            nonce,
            gas_limit,
            // Still enough when blocks before it were full.
            max_fee_per_gas: 4 * u128::from(base_fee),
            max_priority_fee_per_gas: u128::from(MIN_BASE_FEE),
            to: TxKind::Call(to),
            value,
            access_list: Default::default(),
            input,
        };
        let signature = signer.sign_hash_sync(&tx.signature_hash())?;
        let envelope = TxEnvelope::from(tx.into_signed(signature));
        let raw = envelope.encoded_2718();
        Ok(self.venue.submit(signer.address(), nonce, &raw)?)
    }
}
