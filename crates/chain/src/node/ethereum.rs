use std::sync::Arc;

use alloy::primitives::{Address, B256, Bytes, U256};
use dhc_domain::Height;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{JsonRpc, NodeError};
use crate::ports::Transport;

/// A node's Ethereum JSON-RPC: hints and broadcasts, never truth.
pub(crate) struct EvmNode {
    rpc: JsonRpc,
}

/// A log as `eth_getLogs` claims it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RpcLog {
    pub address: Address,
    pub topics: Vec<B256>,
    pub data: Bytes,
    #[serde(default)]
    pub block_number: U256,
}

/// Which logs to ask for: one contract, one event, one indexed party.
#[derive(Clone, Debug)]
pub(crate) struct LogFilter {
    pub contract: Address,
    /// Topics by position; `None` matches anything.
    pub topics: Vec<Option<B256>>,
    pub from: Height,
    pub to: Height,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReceiptHint {
    #[serde(default)]
    block_number: Option<U256>,
}

impl EvmNode {
    pub(crate) fn new(transport: Arc<dyn Transport>) -> Self {
        Self {
            rpc: JsonRpc::new(transport),
        }
    }

    pub(crate) async fn gas_price(&self) -> Result<U256, NodeError> {
        self.rpc.call("eth_gasPrice", json!([])).await
    }

    pub(crate) async fn priority_fee(&self) -> Result<U256, NodeError> {
        self.rpc.call("eth_maxPriorityFeePerGas", json!([])).await
    }

    pub(crate) async fn estimate_gas(&self, tx: Value) -> Result<U256, NodeError> {
        self.rpc.call("eth_estimateGas", json!([tx])).await
    }

    pub(crate) async fn send_raw(&self, raw: &Bytes) -> Result<B256, NodeError> {
        self.rpc.call("eth_sendRawTransaction", json!([raw])).await
    }

    /// The height at which the node says it has executed the transaction.
    pub(crate) async fn receipt_height(&self, tx: B256) -> Result<Option<Height>, NodeError> {
        let hint: Option<ReceiptHint> = self
            .rpc
            .call("eth_getTransactionReceipt", json!([tx]))
            .await?;
        Ok(hint
            .and_then(|h| h.block_number)
            .and_then(|n| u64::try_from(n).ok())
            .map(Height))
    }

    /// Whether the node says it has heard of the transaction.
    pub(crate) async fn knows(&self, tx: B256) -> Result<bool, NodeError> {
        let reply: Value = self
            .rpc
            .call("eth_getTransactionByHash", json!([tx]))
            .await?;
        Ok(!reply.is_null())
    }

    pub(crate) async fn logs(&self, filter: &LogFilter) -> Result<Vec<RpcLog>, NodeError> {
        let filter = json!({
            "address": filter.contract,
            "topics": filter.topics,
            "fromBlock": format!("{:#x}", filter.from.0),
            "toBlock": format!("{:#x}", filter.to.0),
        });
        self.rpc.call("eth_getLogs", json!([filter])).await
    }
}
