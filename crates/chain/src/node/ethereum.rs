use std::sync::Arc;

use alloy::primitives::{Address, B256, Bytes, U256};
use dhc_domain::Height;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, json};

use super::{JsonRpc, NodeError, Record, Recorded, at_most};
use crate::ports::Transport;

/// The longest answers that are read, bytes.
const WORD: usize = 64 << 10;
const RECEIPT: usize = 8 << 20;
const LOGS: usize = 24 << 20;
/// More logs than a party has acts in the blocks of one question.
const MAX_LOGS: usize = 50_000;

/// Of one log, by the virtual machine.
const MAX_TOPICS: usize = 4;

/// A node's Ethereum JSON-RPC: hints and broadcasts, never truth.
pub(crate) struct EvmNode {
    rpc: JsonRpc,
    record: Record,
}

impl Recorded for EvmNode {
    fn endpoint(&self) -> &str {
        self.rpc.transport.endpoint()
    }

    fn record(&self) -> &Record {
        &self.record
    }
}

/// A log as `eth_getLogs` claims it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RpcLog {
    pub address: Address,
    #[serde(deserialize_with = "at_most::<MAX_TOPICS, _, _>")]
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
struct Logs(#[serde(deserialize_with = "at_most::<MAX_LOGS, _, _>")] Vec<RpcLog>);

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
            record: Record::default(),
        }
    }

    /// The block that the node says is its latest.
    pub(crate) async fn block_number(&self) -> Result<Height, NodeError> {
        let number: U256 = self.rpc.call("eth_blockNumber", json!([]), WORD).await?;
        let number =
            u64::try_from(number).map_err(|e| NodeError::malformed("eth_blockNumber", e))?;
        self.record.claimed(Height(number));
        Ok(Height(number))
    }

    pub(crate) async fn gas_price(&self) -> Result<U256, NodeError> {
        self.rpc.call("eth_gasPrice", json!([]), WORD).await
    }

    pub(crate) async fn priority_fee(&self) -> Result<U256, NodeError> {
        self.rpc
            .call("eth_maxPriorityFeePerGas", json!([]), WORD)
            .await
    }

    pub(crate) async fn estimate_gas(&self, tx: Value) -> Result<U256, NodeError> {
        self.rpc.call("eth_estimateGas", json!([tx]), WORD).await
    }

    pub(crate) async fn send_raw(&self, raw: &Bytes) -> Result<B256, NodeError> {
        self.rpc
            .call("eth_sendRawTransaction", json!([raw]), WORD)
            .await
    }

    /// The height at which the node says it has executed the transaction.
    pub(crate) async fn receipt_height(&self, tx: B256) -> Result<Option<Height>, NodeError> {
        let hint: Option<ReceiptHint> = self
            .rpc
            .call("eth_getTransactionReceipt", json!([tx]), RECEIPT)
            .await?;
        Ok(hint
            .and_then(|h| h.block_number)
            .and_then(|n| u64::try_from(n).ok())
            .map(Height))
    }

    /// Whether the node says it has heard of the transaction.
    pub(crate) async fn knows(&self, tx: B256) -> Result<bool, NodeError> {
        let reply: Option<IgnoredAny> = self
            .rpc
            .call("eth_getTransactionByHash", json!([tx]), RECEIPT)
            .await?;
        Ok(reply.is_some())
    }

    pub(crate) async fn logs(&self, filter: &LogFilter) -> Result<Vec<RpcLog>, NodeError> {
        let filter = json!({
            "address": filter.contract,
            "topics": filter.topics,
            "fromBlock": format!("{:#x}", filter.from.0),
            "toBlock": format!("{:#x}", filter.to.0),
        });
        let Logs(logs) = self.rpc.call("eth_getLogs", json!([filter]), LOGS).await?;
        Ok(logs)
    }
}
