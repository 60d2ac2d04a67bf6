use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use alloy::primitives::{Address, B256, Bytes, U64};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::runtime::Handle;

use super::{FoundingError, Venue, VenueError};
use crate::{
    genesis::Genesis,
    rpc::{INTERNAL_ERROR, RpcError},
    store::Store,
};

/// A call of a contract may take this long at a node.
const PATIENCE: Duration = Duration::from_secs(20);

/// A node takes transactions in behind its answer: for so long ours count although it does not know
/// of them. One that was lost keeps later ones waiting no longer than this.
const ON_ITS_WAY: Duration = Duration::from_secs(10);

/// Nodes that are asked over HTTP, one after the other until one answers.
pub(super) struct Remote {
    client: Client,
    /// Ethereum JSON-RPC.
    evm: Vec<String>,
    genesis: Genesis,
    sketches: Store,
    /// The nonce after the last transaction of a sender, and when that was sent.
    sent: Mutex<BTreeMap<Address, (u64, Instant)>>,
}

impl Remote {
    pub(super) fn new(
        evm: Vec<String>,
        genesis: Genesis,
        sketches: Store,
    ) -> Result<Self, FoundingError> {
        let client = Client::builder()
            .timeout(PATIENCE)
            .build()
            .map_err(|error| FoundingError::Nodes(error.to_string()))?;
        Ok(Self {
            client,
            evm,
            genesis,
            sketches,
            sent: Mutex::default(),
        })
    }

    async fn ask(&self, request: &Value) -> Result<Value, String> {
        let mut unreachable = "no node is named".to_owned();
        for url in &self.evm {
            let sent = self.client.post(url).json(request).send().await;
            match sent {
                Ok(response) => match response.json().await {
                    Ok(answer) => return Ok(answer),
                    Err(error) => unreachable = error.to_string(),
                },
                Err(error) => unreachable = error.to_string(),
            }
        }
        Err(unreachable)
    }

    /// Passes a request on as it is. Only off the threads that serve connections.
    pub(super) fn forward(&self, method: &str, params: Value) -> Result<Value, RpcError> {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let mut answer = Handle::current()
            .block_on(self.ask(&request))
            .map_err(|reason| {
                RpcError::new(INTERNAL_ERROR, format!("no node answers: {reason}"))
            })?;
        let error = &mut answer["error"];
        if error.is_null() {
            return Ok(answer["result"].take());
        }
        let refused = RpcError::new(
            error["code"].as_i64().unwrap_or(INTERNAL_ERROR),
            error["message"].as_str().unwrap_or_default(),
        );
        Err(match error["data"].take() {
            Value::Null => refused,
            data => refused.with_data(data),
        })
    }

    fn call<T: serde::de::DeserializeOwned>(
        &self,
        method: &str,
        params: Value,
    ) -> Result<T, VenueError> {
        let answer = self
            .forward(method, params)
            .map_err(|error| VenueError::Remote(error.message))?;
        serde_json::from_value(answer).map_err(|error| VenueError::Remote(error.to_string()))
    }
}

impl Venue for Remote {
    fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    fn pending_nonce(&self, sender: Address) -> Result<u64, VenueError> {
        let nonce: U64 = self.call("eth_getTransactionCount", json!([sender, "pending"]))?;
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let next = match sent.get(&sender) {
            Some((next, when)) if when.elapsed() < ON_ITS_WAY => *next,
            _ => 0,
        };
        Ok(next.max(nonce.to()))
    }

    fn next_base_fee(&self) -> Result<u64, VenueError> {
        let block: Value = self.call("eth_getBlockByNumber", json!(["latest", false]))?;
        let fee: U64 = serde_json::from_value(block["baseFeePerGas"].clone())
            .map_err(|error| VenueError::Remote(error.to_string()))?;
        Ok(fee.to())
    }

    fn submit(&self, sender: Address, nonce: u64, raw: &[u8]) -> Result<B256, VenueError> {
        let hash = self.hand_over(raw)?;
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.insert(sender, (nonce + 1, Instant::now()));
        Ok(hash)
    }

    fn sketches(&self) -> &Store {
        &self.sketches
    }
}

impl Remote {
    fn hand_over(&self, raw: &[u8]) -> Result<B256, VenueError> {
        self.call(
            "eth_sendRawTransaction",
            json!([Bytes::copy_from_slice(raw)]),
        )
    }
}
