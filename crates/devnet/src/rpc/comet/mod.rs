//! The CometBFT RPC, in the formats of CometBFT 0.38 and 0.39.

mod args;
mod format;
mod query;

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::{INTERNAL_ERROR, INVALID_PARAMS, METHOD_NOT_FOUND, Methods, Params, RpcError};
use crate::{
    consensus::MAX_BLOCK_BYTES,
    envelope,
    execution::BLOCK_GAS_LIMIT,
    merkle::sha256,
    node::{Node, head_state},
    store::{BlockRecord, Snapshot, TxPlace},
};
use args::Args;

/// Whose formats these are.
const COMET_VERSION: &str = "0.38.21";

/// A node's CometBFT RPC.
pub(crate) struct Comet {
    node: Arc<Node>,
    /// Whether the node composes blocks, and so takes transactions.
    leads: bool,
}

impl Methods for Comet {
    fn call(&self, method: &str, params: Params) -> Result<Value, RpcError> {
        let snapshot = self.node.store.snapshot()?;
        let args = |names: &[&str]| Args::new(params, names);
        match method {
            "health" => Ok(json!({})),
            "status" => self.status(&snapshot),
            "net_info" => {
                Ok(json!({ "listening": true, "listeners": [], "n_peers": "0", "peers": [] }))
            }
            "genesis" => Ok(self.genesis(&snapshot)?),
            "abci_info" => self.abci_info(&snapshot),
            "consensus_params" => self.consensus_params(&snapshot, &args(&["height"])?),
            "header" => {
                let record = self.at(&snapshot, &args(&["height"])?)?;
                Ok(json!({ "header": format::header(record.header()) }))
            }
            "header_by_hash" => {
                let record = self.by_hash(&snapshot, &args(&["hash"])?)?;
                Ok(json!({ "header": record.map(|record| format::header(record.header())) }))
            }
            "commit" => self.commit(&snapshot, &args(&["height"])?),
            "validators" => self.validators(&snapshot, &args(&["height", "page", "per_page"])?),
            "block" => Ok(format::block(&self.at(&snapshot, &args(&["height"])?)?)),
            "block_by_hash" => {
                let record = self.by_hash(&snapshot, &args(&["hash"])?)?;
                Ok(record.as_ref().map_or_else(format::no_block, format::block))
            }
            "block_results" => {
                let record = self.at(&snapshot, &args(&["height"])?)?;
                Ok(format::block_results(
                    &record,
                    &self.app_hash_after(&snapshot, &record)?,
                ))
            }
            "abci_query" => query::answer(&snapshot, &args(&["path", "data", "height", "prove"])?),
            "tx" => self.tx(&snapshot, &args(&["hash", "prove"])?),
            "tx_search" => {
                let args = args(&["query", "prove", "page", "per_page", "order_by"])?;
                self.tx_search(&snapshot, &args)
            }
            "num_unconfirmed_txs" => {
                let waiting = self.node.pool().len().to_string();
                Ok(json!({ "n_txs": waiting, "total": waiting, "total_bytes": "0", "txs": null }))
            }
            "broadcast_tx_sync" | "broadcast_tx_async" => self.broadcast(&args(&["tx"])?),
            _ => Err(RpcError::new(METHOD_NOT_FOUND, "Method not found")),
        }
    }
}

fn internal(reason: impl Into<String>) -> RpcError {
    RpcError::new(INTERNAL_ERROR, "Internal error").with_data(reason.into())
}

impl Comet {
    pub(crate) fn new(node: Arc<Node>, leads: bool) -> Self {
        Self { node, leads }
    }

    /// The block that `height` names; the last one where it names none.
    fn at(&self, snapshot: &Snapshot, args: &Args) -> Result<BlockRecord, RpcError> {
        let head = snapshot.head()?;
        let height = match args.height()? {
            None => head,
            Some(0) => return Err(internal("height must be greater than 0, but got 0")),
            Some(height) if height > head => {
                return Err(internal(format!(
                    "height {height} must be less than or equal to the current blockchain height \
                     {head}"
                )));
            }
            Some(height) => height,
        };
        snapshot
            .block(height)?
            .ok_or_else(|| internal(format!("no block at height {height}")))
    }

    fn by_hash(&self, snapshot: &Snapshot, args: &Args) -> Result<Option<BlockRecord>, RpcError> {
        match snapshot.height_of(&args.hash("hash")?)? {
            Some(height) => Ok(snapshot.block(height)?),
            None => Ok(None),
        }
    }

    fn status(&self, snapshot: &Snapshot) -> Result<Value, RpcError> {
        let genesis = &self.node.genesis;
        let latest = snapshot.head()?;
        let edge = |height| -> Result<_, RpcError> {
            let record = snapshot
                .block(height)?
                .ok_or_else(|| internal("no block yet"))?;
            let header = format::header(record.header());
            Ok((
                format::hex(record.hash()),
                header["app_hash"].clone(),
                header["time"].clone(),
            ))
        };
        let (latest_hash, latest_app_hash, latest_time) = edge(latest)?;
        let (first_hash, first_app_hash, first_time) = edge(1)?;
        let validator = &self.node.identity.validators.infos()[0];
        let role = if self.leads { "leader" } else { "witness" };
        let id = sha256(format!("{}{role}", genesis.faucet).as_bytes());
        Ok(json!({
            "node_info": {
                "protocol_version": { "p2p": "8", "block": "11", "app": "0" },
                "id": hex::encode(&id[..20]),
                "listen_addr": "tcp://127.0.0.1:0",
                "network": genesis.chain_id,
                "version": COMET_VERSION,
                "channels": "40202122233038606100",
                "moniker": format!("dhc-devnet-{role}"),
                "other": { "tx_index": "on", "rpc_address": "tcp://127.0.0.1:0" },
            },
            "sync_info": {
                "latest_block_hash": latest_hash,
                "latest_app_hash": latest_app_hash,
                "latest_block_height": latest.to_string(),
                "latest_block_time": latest_time,
                "earliest_block_hash": first_hash,
                "earliest_app_hash": first_app_hash,
                "earliest_block_height": "1",
                "earliest_block_time": first_time,
                "catching_up": false,
            },
            "validator_info": format::validator(validator, None),
        }))
    }

    fn genesis(&self, snapshot: &Snapshot) -> Result<Value, RpcError> {
        let genesis = &self.node.genesis;
        let document = snapshot.genesis()?.unwrap_or_default();
        let app_state: Value = serde_json::from_slice(&document).unwrap_or_default();
        let validators: Vec<_> = self
            .node
            .identity
            .validators
            .infos()
            .iter()
            .map(|info| {
                let mut validator = format::validator(info, None);
                validator["power"] = validator["voting_power"].take();
                validator["name"] = "".into();
                validator
            })
            .collect();
        Ok(json!({ "genesis": {
            "genesis_time": genesis.time.to_rfc3339(),
            "chain_id": genesis.chain_id,
            "initial_height": "1",
            "consensus_params": consensus_params(),
            "validators": validators,
            "app_hash": "",
            "app_state": app_state,
        }}))
    }

    /// The app hash that the block after `record` carries.
    fn app_hash_after(
        &self,
        snapshot: &Snapshot,
        record: &BlockRecord,
    ) -> Result<Vec<u8>, RpcError> {
        match snapshot.block(record.header().height.unsigned_abs() + 1)? {
            Some(next) => Ok(next.header().app_hash.clone()),
            None => Ok(head_state(snapshot)?.app_hash().to_vec()),
        }
    }

    fn abci_info(&self, snapshot: &Snapshot) -> Result<Value, RpcError> {
        Ok(json!({ "response": {
            "data": "dhc-devnet",
            "version": env!("CARGO_PKG_VERSION"),
            "last_block_height": snapshot.head()?.to_string(),
            "last_block_app_hash": BASE64_STANDARD.encode(head_state(snapshot)?.app_hash()),
        }}))
    }

    fn consensus_params(&self, snapshot: &Snapshot, args: &Args) -> Result<Value, RpcError> {
        let height = self.at(snapshot, args)?.header().height;
        Ok(json!({
            "block_height": height.to_string(),
            "consensus_params": consensus_params(),
        }))
    }

    fn commit(&self, snapshot: &Snapshot, args: &Args) -> Result<Value, RpcError> {
        let record = self.at(snapshot, args)?;
        // Of the last block there is only the commit that was seen, until the next carries it.
        let canonical = record.header().height.unsigned_abs() < snapshot.head()?;
        Ok(json!({
            "signed_header": {
                "header": format::header(record.header()),
                "commit": format::commit(record.commit()),
            },
            "canonical": canonical,
        }))
    }

    fn validators(&self, snapshot: &Snapshot, args: &Args) -> Result<Value, RpcError> {
        const PER_PAGE: u64 = 30;
        const MAX_PER_PAGE: u64 = 100;
        let height = match args.height()? {
            // The set of the next block is known already.
            Some(height) if height == snapshot.head()? + 1 => height,
            _ => self.at(snapshot, args)?.header().height.unsigned_abs(),
        };
        let validators = &self.node.identity.validators;
        let per_page = match args.number("per_page")?.unwrap_or(PER_PAGE) {
            0 => PER_PAGE,
            n => n.min(MAX_PER_PAGE),
        };
        let total = validators.infos().len();
        let pages = (total as u64).div_ceil(per_page);
        let page = args.number("page")?.unwrap_or(1).max(1);
        if page > pages {
            return Err(internal(format!(
                "page should be within [1, {pages}] range, given {page}"
            )));
        }
        let priorities = validators.priorities(height);
        let page: Vec<_> = validators
            .infos()
            .iter()
            .zip(priorities)
            .skip(((page - 1) * per_page) as usize)
            .take(per_page as usize)
            .map(|(info, priority)| format::validator(info, Some(priority)))
            .collect();
        Ok(json!({
            "block_height": height.to_string(),
            "count": page.len().to_string(),
            "total": total.to_string(),
            "validators": page,
        }))
    }

    fn tx(&self, snapshot: &Snapshot, args: &Args) -> Result<Value, RpcError> {
        let hash = args.hash("hash")?;
        let place = snapshot.tx(&hash)?;
        let place =
            place.ok_or_else(|| internal(format!("tx ({}) not found", format::hex(&hash))))?;
        self.tx_at(snapshot, place, args.flag("prove")?)
    }

    fn tx_at(&self, snapshot: &Snapshot, place: TxPlace, prove: bool) -> Result<Value, RpcError> {
        let record = snapshot
            .block(place.height)?
            .ok_or_else(|| internal("no block"))?;
        format::tx(&record, place, prove).ok_or_else(|| internal("no such transaction"))
    }

    /// Finds what clients of cosmos/evm look for: a transaction by its Ethereum hash, or those
    /// of a height.
    fn tx_search(&self, snapshot: &Snapshot, args: &Args) -> Result<Value, RpcError> {
        let query = args.text("query")?.unwrap_or_default();
        let unsupported =
            || RpcError::new(INVALID_PARAMS, "Invalid params").with_data("unsupported query");
        let (key, value) = query.split_once('=').ok_or_else(unsupported)?;
        let value = value.trim().trim_matches('\'');
        let places = match key.trim() {
            "ethereum_tx.ethereumTxHash" => {
                let digits = value.strip_prefix("0x").unwrap_or(value);
                let hash = hex::decode(digits).map_err(|_| unsupported())?;
                snapshot.eth_tx(&hash)?.into_iter().collect()
            }
            "tx.height" => {
                let height = value.parse().map_err(|_| unsupported())?;
                let count = snapshot
                    .block(height)?
                    .map_or(0, |record| record.txs().len());
                (0..count as u32)
                    .map(|index| TxPlace { height, index })
                    .collect::<Vec<_>>()
            }
            _ => return Err(unsupported()),
        };
        let prove = args.flag("prove")?;
        let txs = places
            .iter()
            .map(|place| self.tx_at(snapshot, *place, prove))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(json!({ "total_count": txs.len().to_string(), "txs": txs }))
    }

    fn broadcast(&self, args: &Args) -> Result<Value, RpcError> {
        let tx = args.bytes("tx")?;
        let refused = |log: String| {
            json!({
                "code": 1, "data": "", "log": log, "codespace": "sdk",
                "hash": format::hex(&sha256(&tx)),
            })
        };
        if !self.leads {
            return Ok(refused("this node only follows".to_owned()));
        }
        let Some(opened) = envelope::open(&tx) else {
            return Ok(refused("tx parse error".to_owned()));
        };
        Ok(match self.node.submit(&opened.raw) {
            Ok(_) => {
                let hash = format::hex(&sha256(&tx));
                json!({ "code": 0, "data": "", "log": "", "codespace": "", "hash": hash })
            }
            Err(error) => refused(error.to_string()),
        })
    }
}

fn consensus_params() -> Value {
    json!({
        "block": { "max_bytes": MAX_BLOCK_BYTES.to_string(), "max_gas": BLOCK_GAS_LIMIT.to_string() },
        "evidence": {
            "max_age_num_blocks": "100000",
            "max_age_duration": "172800000000000",
            "max_bytes": "1048576",
        },
        "validator": { "pub_key_types": ["ed25519"] },
        "version": { "app": "0" },
        "abci": { "vote_extensions_enable_height": "0" },
    })
}
