//! A block's transactions and results against the roots in its header (Yellow Paper, section
//! 4.4.1). Pure.

use alloy::{
    consensus::{
        Header, Sealed, Transaction, TxEnvelope,
        proofs::{calculate_receipt_root, calculate_transaction_root},
        transaction::SignerRecoverable,
    },
    eips::Encodable2718,
    primitives::{Bytes, keccak256},
    rpc::types::TransactionReceipt,
};
use dhc_domain::{Height, Timestamp, TxHash};

use crate::tx::{BlockFault, ProvenBlock, ProvenReceipt, TxStatus};

/// The virtual machine's word where a transaction was undone: Ethereum commits to no more.
const REVERTED: &str = "execution reverted";

pub(super) fn open(
    header: &Sealed<Header>,
    transactions: &[TxEnvelope],
    receipts: Vec<TransactionReceipt>,
) -> Result<ProvenBlock, BlockFault> {
    if calculate_transaction_root(transactions) != header.transactions_root {
        return Err(BlockFault::Transactions);
    }
    if receipts.len() != transactions.len() {
        return Err(BlockFault::Count);
    }
    let envelopes: Vec<_> = receipts
        .into_iter()
        .map(|r| r.into_primitives_receipt().inner)
        .collect();
    if calculate_receipt_root(&envelopes) != header.receipts_root {
        return Err(BlockFault::Results);
    }
    let mut before = 0;
    let mut txs = Vec::new();
    for (tx, result) in transactions.iter().zip(envelopes) {
        let gas_used = result.cumulative_gas_used().saturating_sub(before);
        before = result.cumulative_gas_used();
        let Ok(from) = tx.recover_signer() else {
            continue;
        };
        let ok = result.status();
        txs.push(ProvenReceipt {
            // Not the envelope's own: in JSON that is one more field of the node's.
            tx: TxHash(keccak256(tx.encoded_2718())),
            from,
            to: tx.to(),
            value: tx.value(),
            nonce: tx.nonce(),
            input: tx.input().clone(),
            gas_limit: tx.gas_limit(),
            // The price is settled by the header's base fee, which is proven.
            max_fee_per_gas: tx.effective_gas_price(header.base_fee_per_gas),
            max_priority_fee_per_gas: tx.max_priority_fee_per_gas().unwrap_or_default(),
            height: Height(header.number),
            time: Timestamp(header.timestamp),
            status: if ok { TxStatus::Ok } else { TxStatus::Reverted },
            gas_used,
            vm_error: if ok { String::new() } else { REVERTED.into() },
            ret: Bytes::new(),
            logs: result.logs().to_vec(),
        });
    }
    Ok(ProvenBlock {
        height: Height(header.number),
        time: Timestamp(header.timestamp),
        txs,
    })
}
