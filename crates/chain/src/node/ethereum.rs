use std::sync::Arc;

use alloy::{
    consensus::{Header, Sealable, Sealed, TxEnvelope},
    primitives::{Address, B256, Bytes, U256},
    rpc::types::{EIP1186AccountProofResponse, Transaction, TransactionReceipt},
};
use dhc_domain::Height;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, json};

use super::{JsonRpc, NodeError, Record, Recorded, at_most};
use crate::ports::Transport;

/// The longest answers that are read, bytes.
const WORD: usize = 64 << 10;
const RECEIPT: usize = 8 << 20;
const LOGS: usize = 24 << 20;
/// A whole block or its receipts: blocks are bounded by gas, and calldata costs four gas a byte.
const BLOCK: usize = 32 << 20;
const PROOF: usize = 4 << 20;
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

/// Which header is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    /// The newest that consensus has finalized.
    Finalized,
    Height(Height),
}

#[derive(Deserialize)]
struct FullBlock {
    transactions: Vec<Transaction>,
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

    /// How many transactions of an account the node knows, those that wait included.
    pub(crate) async fn pending_nonce(&self, account: Address) -> Result<u64, NodeError> {
        let count: U256 = self
            .rpc
            .call("eth_getTransactionCount", json!([account, "pending"]), WORD)
            .await?;
        u64::try_from(count)
            .map_err(|_| NodeError::malformed("eth_getTransactionCount", "not a nonce"))
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

    /// A header as the node shows it, with the hash that its fields have.
    pub(crate) async fn header(&self, tag: Tag) -> Result<Sealed<Header>, NodeError> {
        const METHOD: &str = "eth_getBlockByNumber";
        let which = match tag {
            Tag::Finalized => "finalized".to_owned(),
            Tag::Height(height) => format!("{:#x}", height.0),
        };
        let shown: Option<alloy::rpc::types::Header> =
            self.rpc.call(METHOD, json!([which, false]), BLOCK).await?;
        let shown = shown.ok_or_else(|| NodeError::Refused {
            method: METHOD.into(),
            code: 0,
            message: format!("it has no block {which}"),
            data: None,
        })?;
        let header = shown.inner.seal_slow();
        if header.hash() != shown.hash {
            return Err(NodeError::malformed(
                METHOD,
                "the hash is not that of the header's fields",
            ));
        }
        match tag {
            Tag::Height(height) if header.number != height.0 => {
                Err(NodeError::malformed(METHOD, "a block of another height"))
            }
            _ => Ok(header),
        }
    }

    /// The transactions of a block, in order.
    pub(crate) async fn transactions(&self, at: Height) -> Result<Vec<TxEnvelope>, NodeError> {
        let params = json!([format!("{:#x}", at.0), true]);
        let block: FullBlock = self.rpc.call("eth_getBlockByNumber", params, BLOCK).await?;
        Ok(block
            .transactions
            .into_iter()
            .map(|tx| tx.inner.into_inner())
            .collect())
    }

    /// The receipts of a block, in order.
    pub(crate) async fn receipts(&self, at: Height) -> Result<Vec<TransactionReceipt>, NodeError> {
        let params = json!([format!("{:#x}", at.0)]);
        self.rpc.call("eth_getBlockReceipts", params, BLOCK).await
    }

    /// The proof of an account and of some of its slots (EIP-1186).
    pub(crate) async fn proof(
        &self,
        of: Address,
        slots: &[B256],
        at: Height,
    ) -> Result<EIP1186AccountProofResponse, NodeError> {
        let params = json!([of, slots, format!("{:#x}", at.0)]);
        self.rpc.call("eth_getProof", params, PROOF).await
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
