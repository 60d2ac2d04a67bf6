use alloy::{
    consensus::{SignableTransaction, TxEip1559},
    eips::Encodable2718,
    primitives::{Bytes, TxKind},
    sol_types::SolCall,
};
use dhc_domain::{Address, Amount, B256, Height, TxHash, U256};
use serde::{Deserialize, Serialize};

use crate::contracts::DHLToken;
use crate::ports::{SignError, Signer};

/// What an account wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TxRequest {
    pub from: Address,
    /// `None` creates a contract.
    pub to: Option<Address>,
    pub value: U256,
    pub data: Bytes,
    /// `None`: a node's estimate and a margin.
    pub gas_limit: Option<u64>,
    /// `None`: the proven nonce. To replace a waiting transaction, or to send behind one, say it.
    pub nonce: Option<u64>,
}

impl TxRequest {
    /// Sends native coin.
    pub fn transfer(from: Address, to: Address, amount: Amount) -> Self {
        Self {
            from,
            to: Some(to),
            value: amount.0,
            data: Bytes::new(),
            gas_limit: None,
            nonce: None,
        }
    }

    /// Sends DHL as the ERC-20 at `token`.
    pub fn token_transfer(from: Address, token: Address, to: Address, amount: Amount) -> Self {
        Self::call(
            from,
            token,
            &DHLToken::transferCall {
                to,
                value: amount.0,
            },
        )
    }

    /// Calls a contract.
    pub fn call(from: Address, contract: Address, call: &impl SolCall) -> Self {
        Self::raw_call(from, contract, call.abi_encode().into())
    }

    /// Calls a contract with encoded arguments.
    pub fn raw_call(from: Address, contract: Address, data: Bytes) -> Self {
        Self {
            from,
            to: Some(contract),
            value: U256::ZERO,
            data,
            gas_limit: None,
            nonce: None,
        }
    }
}

/// A transaction ready to be signed (EIP-1559).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreparedTx {
    pub(crate) from: Address,
    pub(crate) tx: TxEip1559,
    /// The trusted head when it was prepared: it cannot be in an earlier block.
    pub(crate) since: Height,
}

impl PreparedTx {
    pub fn nonce(&self) -> u64 {
        self.tx.nonce
    }

    pub fn gas_limit(&self) -> u64 {
        self.tx.gas_limit
    }

    pub fn max_fee_per_gas(&self) -> u128 {
        self.tx.max_fee_per_gas
    }

    /// The most that the fee can come to.
    pub fn max_fee(&self) -> Amount {
        Amount(U256::from(self.tx.gas_limit).saturating_mul(U256::from(self.tx.max_fee_per_gas)))
    }

    /// The most that leaves the account: value and fee.
    pub fn max_cost(&self) -> Amount {
        Amount(self.max_fee().0.saturating_add(self.tx.value))
    }

    /// What is signed.
    pub fn digest(&self) -> B256 {
        self.tx.signature_hash()
    }

    /// Signs, and makes sure that the signature is the sender's.
    pub fn sign(&self, signer: &dyn Signer) -> Result<SignedTx, SignError> {
        let digest = self.digest();
        let signature = signer.sign_hash(digest.0)?;
        match signature.recover_address_from_prehash(&digest) {
            Ok(address) if address == self.from => {}
            _ => return Err(SignError("the signature is not the sender's".into())),
        }
        let signed = self.tx.clone().into_signed(signature);
        Ok(SignedTx {
            hash: TxHash(*signed.hash()),
            raw: signed.encoded_2718().into(),
            from: self.from,
            nonce: self.tx.nonce,
            since: self.since,
        })
    }
}

/// A signed transaction. Keep it before broadcasting: sending the same bytes again is always safe,
/// signing the same wish again is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedTx {
    pub hash: TxHash,
    pub raw: Bytes,
    pub from: Address,
    pub nonce: u64,
    /// It is in no block at or below this height.
    pub since: Height,
}

/// The sender's choice of recipient in alloy's terms.
pub(crate) fn kind(to: Option<Address>) -> TxKind {
    to.map_or(TxKind::Create, TxKind::Call)
}
