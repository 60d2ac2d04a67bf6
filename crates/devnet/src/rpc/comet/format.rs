//! Values as CometBFT's JSON has them: 64-bit integers as strings, hashes in upper-case hex,
//! other bytes in base64.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use tendermint::validator;
use tendermint_proto::{
    google::protobuf::Timestamp,
    v0_38::types::{BlockId, Commit, Header},
};

use crate::{
    merkle::{self, sha256},
    store::{BlockRecord, TxOutcome, TxPlace},
};

pub(super) fn hex(bytes: &[u8]) -> String {
    hex::encode_upper(bytes)
}

fn time(timestamp: Option<&Timestamp>) -> Value {
    timestamp
        .and_then(|timestamp| tendermint::Time::try_from(*timestamp).ok())
        .map_or(Value::Null, |time| time.to_rfc3339().into())
}

fn block_id(id: Option<&BlockId>) -> Value {
    let parts = id.and_then(|id| id.part_set_header.as_ref());
    json!({
        "hash": hex(id.map_or(&[][..], |id| &id.hash)),
        "parts": {
            "total": parts.map_or(0, |parts| parts.total),
            "hash": hex(parts.map_or(&[][..], |parts| &parts.hash)),
        },
    })
}

pub(super) fn header(header: &Header) -> Value {
    let version = header.version.unwrap_or_default();
    json!({
        "version": { "block": version.block.to_string() },
        "chain_id": header.chain_id,
        "height": header.height.to_string(),
        "time": time(header.time.as_ref()),
        "last_block_id": block_id(header.last_block_id.as_ref()),
        "last_commit_hash": hex(&header.last_commit_hash),
        "data_hash": hex(&header.data_hash),
        "validators_hash": hex(&header.validators_hash),
        "next_validators_hash": hex(&header.next_validators_hash),
        "consensus_hash": hex(&header.consensus_hash),
        "app_hash": hex(&header.app_hash),
        "last_results_hash": hex(&header.last_results_hash),
        "evidence_hash": hex(&header.evidence_hash),
        "proposer_address": hex(&header.proposer_address),
    })
}

pub(super) fn commit(commit: &Commit) -> Value {
    let signatures: Vec<_> = commit
        .signatures
        .iter()
        .map(|signature| {
            json!({
                "block_id_flag": signature.block_id_flag,
                "validator_address": hex(&signature.validator_address),
                "timestamp": time(signature.timestamp.as_ref()),
                "signature": BASE64_STANDARD.encode(&signature.signature),
            })
        })
        .collect();
    json!({
        "height": commit.height.to_string(),
        "round": commit.round,
        "block_id": block_id(commit.block_id.as_ref()),
        "signatures": signatures,
    })
}

pub(super) fn validator(info: &validator::Info, priority: Option<i64>) -> Value {
    let mut validator = json!({
        "address": hex(info.address.as_bytes()),
        "pub_key": {
            "type": "tendermint/PubKeyEd25519",
            "value": BASE64_STANDARD.encode(info.pub_key.to_bytes()),
        },
        "voting_power": info.power().to_string(),
    });
    if let Some(priority) = priority {
        validator["proposer_priority"] = priority.to_string().into();
    }
    validator
}

pub(super) fn no_block() -> Value {
    json!({ "block_id": block_id(None), "block": null })
}

pub(super) fn block(record: &BlockRecord) -> Value {
    let txs: Vec<_> = record
        .txs()
        .iter()
        .map(|tx| BASE64_STANDARD.encode(tx))
        .collect();
    let last_commit = record
        .block
        .as_ref()
        .and_then(|block| block.last_commit.as_ref());
    json!({
        "block_id": block_id(record.commit().block_id.as_ref()),
        "block": {
            "header": header(record.header()),
            "data": { "txs": txs },
            "evidence": { "evidence": [] },
            "last_commit": last_commit.map_or(Value::Null, commit),
        },
    })
}

fn tx_result(outcome: &TxOutcome) -> Value {
    json!({
        "code": outcome.code,
        "data": BASE64_STANDARD.encode(&outcome.data),
        "log": "",
        "info": "",
        "gas_wanted": outcome.gas_wanted.to_string(),
        "gas_used": outcome.gas_used.to_string(),
        "events": [],
        "codespace": "",
    })
}

pub(super) fn block_results(record: &BlockRecord, app_hash: &[u8]) -> Value {
    let results: Vec<_> = record.outcomes.iter().map(tx_result).collect();
    json!({
        "height": record.header().height.to_string(),
        "txs_results": if results.is_empty() { Value::Null } else { results.into() },
        "finalize_block_events": [],
        "validator_updates": null,
        "consensus_param_updates": null,
        "app_hash": BASE64_STANDARD.encode(app_hash),
    })
}

/// A transaction of a block; with the proof under the header's data hash, if asked for.
pub(super) fn tx(record: &BlockRecord, place: TxPlace, prove: bool) -> Option<Value> {
    let index = place.index as usize;
    let tx = record.txs().get(index)?;
    let mut found = json!({
        "hash": hex(&sha256(tx)),
        "height": place.height.to_string(),
        "index": place.index,
        "tx_result": tx_result(record.outcomes.get(index)?),
        "tx": BASE64_STANDARD.encode(tx),
    });
    if prove {
        let leaves: Vec<_> = record.txs().iter().map(|tx| sha256(tx)).collect();
        let aunts: Vec<_> = merkle::path(&leaves, index)
            .into_iter()
            .map(|sibling| BASE64_STANDARD.encode(sibling.hash()))
            .collect();
        found["proof"] = json!({
            "root_hash": hex(&record.header().data_hash),
            "data": BASE64_STANDARD.encode(tx),
            "proof": {
                "total": leaves.len().to_string(),
                "index": place.index.to_string(),
                "leaf_hash": BASE64_STANDARD.encode(merkle::leaf_hash(&leaves[index])),
                "aunts": aunts,
            },
        });
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `commit` and `validators` as a cosmos/evm node (CometBFT 0.39.3) answered them.
    const ANSWERS: &str = include_str!("../../../tests/data/comet_answers.json");

    #[test]
    fn headers_commits_and_validators_are_written_as_cometbft_writes_them() {
        let answers: Value = serde_json::from_str(ANSWERS).unwrap();
        let signed = &answers["commit"]["signed_header"];
        let parsed: tendermint::block::Header =
            serde_json::from_value(signed["header"].clone()).unwrap();
        assert_eq!(header(&parsed.into()), signed["header"]);
        let parsed: tendermint::block::Commit =
            serde_json::from_value(signed["commit"].clone()).unwrap();
        assert_eq!(commit(&parsed.into()), signed["commit"]);
        for expected in answers["validators"]["validators"].as_array().unwrap() {
            let info: validator::Info = serde_json::from_value(expected.clone()).unwrap();
            let priority = expected["proposer_priority"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap();
            assert_eq!(validator(&info, Some(priority)), *expected);
        }
    }
}
