use alloy::{
    consensus::{Transaction, constants::EMPTY_OMMER_ROOT_HASH},
    primitives::{Address, B256, Bloom, BloomInput, Bytes, U256, b256},
};
use prost::Message;
use serde_json::{Value, json};

use crate::{
    envelope::{EthereumTxResponse, EventLog},
    execution::{BLOCK_GAS_LIMIT, FEE_COLLECTOR},
    signed_tx::SignedTx,
    store::{BlockRecord, TxOutcome, TxPlace},
};

/// The root of the empty Merkle-Patricia trie: receipts are committed to elsewhere.
const EMPTY_ROOT: B256 = b256!("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421");

/// A number as the Ethereum JSON-RPC has it.
pub(super) fn quantity<T>(value: T) -> Value
where
    U256: TryFrom<T>,
    <U256 as TryFrom<T>>::Error: std::fmt::Debug,
{
    let value = U256::try_from(value).expect("no negative numbers here");
    format!("{value:#x}").into()
}

fn log_json(log: &EventLog, time_s: u64) -> Option<Value> {
    let address: Address = log.address.parse().ok()?;
    Some(json!({
        "address": address,
        "topics": log.topics,
        "data": Bytes::from(log.data.clone()),
        "blockNumber": quantity(log.block_number),
        "blockHash": log.block_hash,
        "blockTimestamp": quantity(time_s),
        "transactionHash": log.tx_hash,
        "transactionIndex": quantity(log.tx_index),
        "logIndex": quantity(log.index),
        "removed": log.removed,
    }))
}

/// A log with what filters look at.
pub(super) struct FoundLog {
    pub(super) address: Address,
    pub(super) topics: Vec<B256>,
    pub(super) json: Value,
}

/// The logs of a transaction; `None` where its result is damaged.
pub(super) fn logs(outcome: &TxOutcome, time_s: u64) -> Option<Vec<FoundLog>> {
    EthereumTxResponse::unwrap(&outcome.data)?
        .logs
        .iter()
        .map(|log| {
            Some(FoundLog {
                address: log.address.parse().ok()?,
                topics: log
                    .topics
                    .iter()
                    .map(|topic| topic.parse().ok())
                    .collect::<Option<Vec<_>>>()?,
                json: log_json(log, time_s)?,
            })
        })
        .collect()
}

fn bloom<'a>(logs: impl IntoIterator<Item = &'a FoundLog>) -> Bloom {
    let mut bloom = Bloom::ZERO;
    for log in logs {
        bloom.accrue(BloomInput::Raw(log.address.as_slice()));
        for topic in &log.topics {
            bloom.accrue(BloomInput::Raw(topic.as_slice()));
        }
    }
    bloom
}

pub(super) fn receipt(record: &BlockRecord, place: TxPlace, tx: &SignedTx) -> Option<Value> {
    let index = place.index as usize;
    let outcome = record.outcomes.get(index)?;
    let response = EthereumTxResponse::unwrap(&outcome.data)?;
    let logs = logs(outcome, record.time_s())?;
    let gas_before: u64 = record.outcomes[..index]
        .iter()
        .map(|o| o.gas_used.unsigned_abs())
        .sum();
    let created = tx
        .envelope
        .is_create()
        .then(|| tx.sender.create(tx.nonce()));
    Some(json!({
        "transactionHash": tx.hash,
        "transactionIndex": quantity(place.index),
        "blockHash": B256::from_slice(record.hash()),
        "blockNumber": quantity(place.height),
        "from": tx.sender,
        "to": tx.envelope.to(),
        "cumulativeGasUsed": quantity(gas_before + outcome.gas_used.unsigned_abs()),
        "gasUsed": quantity(outcome.gas_used.unsigned_abs()),
        "effectiveGasPrice": quantity(tx.effective_gas_price(record.base_fee)),
        "contractAddress": created,
        "logsBloom": bloom(&logs),
        "logs": logs.into_iter().map(|log| log.json).collect::<Vec<_>>(),
        "type": quantity(tx.envelope.tx_type() as u8),
        "status": if response.vm_error.is_empty() { "0x1" } else { "0x0" },
    }))
}

/// A transaction, with its place if a block has it.
pub(super) fn transaction(tx: &SignedTx, place: Option<(&BlockRecord, TxPlace)>) -> Value {
    let mut found = serde_json::to_value(&tx.envelope).unwrap_or_default();
    found["from"] = json!(tx.sender);
    found["hash"] = json!(tx.hash);
    let base_fee = place.map(|(record, _)| record.base_fee);
    let price = base_fee.map_or(tx.max_fee_per_gas(), |fee| tx.effective_gas_price(fee));
    found["gasPrice"] = quantity(price);
    found["blockHash"] = json!(place.map(|(record, _)| B256::from_slice(record.hash())));
    found["blockNumber"] = place.map_or(Value::Null, |(_, place)| quantity(place.height));
    found["transactionIndex"] = place.map_or(Value::Null, |(_, place)| quantity(place.index));
    found
}

pub(super) fn block(record: &BlockRecord, transactions: Vec<Value>) -> Value {
    let header = record.header();
    let parent = header.last_block_id.as_ref().map_or(&[][..], |id| &id.hash);
    let bytes32 = |bytes: &[u8]| B256::try_from(bytes).unwrap_or_default();
    let logs: Vec<_> = record
        .outcomes
        .iter()
        .filter_map(|outcome| logs(outcome, record.time_s()))
        .flatten()
        .collect();
    let size = record.block.as_ref().map_or(0, Message::encoded_len);
    json!({
        "number": quantity(header.height.unsigned_abs()),
        "hash": bytes32(record.hash()),
        "parentHash": bytes32(parent),
        "nonce": "0x0000000000000000",
        "mixHash": B256::repeat_byte(0xff),
        "sha3Uncles": EMPTY_OMMER_ROOT_HASH,
        "logsBloom": bloom(&logs),
        "transactionsRoot": bytes32(&header.data_hash),
        "stateRoot": bytes32(&header.app_hash),
        "receiptsRoot": EMPTY_ROOT,
        "miner": FEE_COLLECTOR,
        "difficulty": "0x0",
        "totalDifficulty": "0x0",
        "extraData": "0x",
        "size": quantity(size),
        "gasLimit": quantity(BLOCK_GAS_LIMIT),
        "gasUsed": quantity(record.gas_used()),
        "timestamp": quantity(record.time_s()),
        "baseFeePerGas": quantity(record.base_fee),
        "transactions": transactions,
        "uncles": [],
    })
}
