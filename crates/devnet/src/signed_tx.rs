//! Signed Ethereum transactions, checked as far as that needs no state.

use alloy::{
    consensus::{Transaction, TxEnvelope, TxType, transaction::SignerRecoverable},
    eips::{Decodable2718, Encodable2718},
    primitives::{Address, B256, Bytes},
};
use revm::{
    context::{
        TxEnv,
        either::Either,
        transaction::{AccessList, AccessListItem},
    },
    primitives::TxKind,
};

/// Bytes; what go-ethereum takes from the network at most.
pub(crate) const MAX_TX_BYTES: usize = 128 * 1024;

/// Why bytes are not a transaction of this chain. The texts are go-ethereum's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TxError {
    #[error("oversized data: transaction size {0}, limit {MAX_TX_BYTES}")]
    Oversized(usize),
    #[error("rlp: {0}")]
    Malformed(String),
    #[error("transaction type not supported")]
    Unsupported,
    #[error("only replay-protected (EIP-155) transactions allowed over RPC")]
    Unprotected,
    #[error("invalid sender: invalid chain id for signer: have {have} want {want}")]
    OtherChain { have: u64, want: u64 },
    #[error("invalid sender: invalid transaction v, r, s values")]
    Signature,
}

#[derive(Clone, Debug)]
pub(crate) struct SignedTx {
    pub(crate) envelope: TxEnvelope,
    pub(crate) sender: Address,
    pub(crate) hash: B256,
    /// EIP-2718 encoding.
    pub(crate) raw: Bytes,
}

impl SignedTx {
    pub(crate) fn decode(raw: &[u8], evm_chain_id: u64) -> Result<Self, TxError> {
        if raw.len() > MAX_TX_BYTES {
            return Err(TxError::Oversized(raw.len()));
        }
        let envelope = TxEnvelope::decode_2718_exact(raw)
            .map_err(|error| TxError::Malformed(error.to_string()))?;
        if envelope.tx_type() == TxType::Eip4844 {
            return Err(TxError::Unsupported);
        }
        match envelope.chain_id() {
            None => return Err(TxError::Unprotected),
            Some(have) if have != evm_chain_id => {
                return Err(TxError::OtherChain {
                    have,
                    want: evm_chain_id,
                });
            }
            Some(_) => {}
        }
        // Refuses the malleable half of signatures (EIP-2), too.
        let sender = envelope.recover_signer().map_err(|_| TxError::Signature)?;
        let hash = *envelope.tx_hash();
        Ok(Self {
            sender,
            hash,
            raw: envelope.encoded_2718().into(),
            envelope,
        })
    }

    pub(crate) fn nonce(&self) -> u64 {
        self.envelope.nonce()
    }

    /// adhl per gas.
    pub(crate) fn max_fee_per_gas(&self) -> u128 {
        self.envelope.max_fee_per_gas()
    }

    /// What the sender pays per gas in a block with this base fee.
    pub(crate) fn effective_gas_price(&self, base_fee: u64) -> u128 {
        self.envelope.effective_gas_price(Some(base_fee))
    }

    pub(crate) fn to_env(&self) -> TxEnv {
        let tx = &self.envelope;
        let access_list = tx.access_list().map_or_else(Vec::new, |list| {
            list.0
                .iter()
                .map(|item| AccessListItem {
                    address: item.address,
                    storage_keys: item.storage_keys.clone(),
                })
                .collect()
        });
        TxEnv {
            tx_type: tx.tx_type() as u8,
            caller: self.sender,
            gas_limit: tx.gas_limit(),
            gas_price: tx.max_fee_per_gas(),
            kind: tx.to().map_or(TxKind::Create, TxKind::Call),
            value: tx.value(),
            data: tx.input().clone(),
            nonce: tx.nonce(),
            chain_id: tx.chain_id(),
            access_list: AccessList(access_list),
            gas_priority_fee: tx.max_priority_fee_per_gas(),
            blob_hashes: Vec::new(),
            max_fee_per_blob_gas: 0,
            authorization_list: tx
                .authorization_list()
                .unwrap_or_default()
                .iter()
                .cloned()
                .map(Either::Left)
                .collect(),
        }
    }
}
