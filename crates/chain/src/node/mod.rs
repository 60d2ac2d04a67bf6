//! One node, spoken to over JSON-RPC. Everything here is what the node *says*.

mod comet;
mod ethereum;
mod pool;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

pub(crate) use comet::{CometNode, TxOutcome};
pub(crate) use ethereum::{EvmNode, LogFilter, RpcLog};
pub(crate) use pool::{Pool, Severity};

use crate::ports::{Transport, TransportError};

/// What went wrong with one request to one node.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NodeError {
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The node answered with a JSON-RPC error.
    #[error("the node refused {method}: {message} ({code})")]
    Refused {
        method: String,
        code: i64,
        message: String,
        data: Option<Value>,
    },
    /// The answer is not what the method answers.
    #[error("the node's answer to {method} is not understood: {what}")]
    Malformed { method: String, what: String },
}

impl NodeError {
    pub(crate) fn malformed(method: &str, what: impl ToString) -> Self {
        Self::Malformed {
            method: method.to_owned(),
            what: what.to_string(),
        }
    }
}

#[derive(Deserialize)]
struct Reply {
    id: Value,
    #[serde(default)]
    result: Option<Box<serde_json::value::RawValue>>,
    #[serde(default)]
    error: Option<ReplyError>,
}

#[derive(Deserialize)]
struct ReplyError {
    code: i64,
    #[serde(default)]
    message: String,
    #[serde(default)]
    data: Option<Value>,
}

/// JSON-RPC 2.0 over a transport.
struct JsonRpc {
    transport: Arc<dyn Transport>,
    next_id: AtomicU64,
}

impl JsonRpc {
    fn new(transport: Arc<dyn Transport>) -> Self {
        Self {
            transport,
            next_id: AtomicU64::new(1),
        }
    }

    async fn call<T: DeserializeOwned>(&self, method: &str, params: Value) -> Result<T, NodeError> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        let body = self
            .transport
            .post(request.to_string().into_bytes())
            .await?;
        let reply: Reply =
            serde_json::from_slice(&body).map_err(|e| NodeError::malformed(method, e))?;
        if let Some(error) = reply.error {
            let message = match &error.data {
                // CometBFT puts what happened into `data` and "Internal error" into `message`.
                Some(Value::String(data)) if !data.starts_with("0x") => {
                    format!("{}: {data}", error.message)
                }
                _ => error.message,
            };
            return Err(NodeError::Refused {
                method: method.to_owned(),
                code: error.code,
                message,
                data: error.data,
            });
        }
        if reply.id != json!(id) {
            return Err(NodeError::malformed(
                method,
                "the answer's id is another request's",
            ));
        }
        // A JSON null result arrives as an absent one.
        let result = reply.result.as_deref().map_or("null", |raw| raw.get());
        serde_json::from_str(result).map_err(|e| NodeError::malformed(method, e))
    }
}
