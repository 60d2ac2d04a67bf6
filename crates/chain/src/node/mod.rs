//! One node, spoken to over JSON-RPC. Everything here is what the node *says*.

mod comet;
mod ethereum;
mod health;
mod pool;

use std::{
    collections::BTreeMap,
    fmt,
    marker::PhantomData,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use dhc_domain::UnprovenReason;
use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned, SeqAccess, Visitor},
};
use serde_json::{Value, json, value::RawValue};

pub(crate) use comet::{CometNode, QueryReply, TxOutcome, signed_header};
pub(crate) use ethereum::{EvmNode, LogFilter, RpcLog, Tag};
pub use health::{EndpointStatus, Health, Role};
pub(crate) use health::{Record, Recorded};
pub(crate) use pool::{Pool, Severity};

use crate::ports::{Transport, TransportError};

/// How much of a node's text is repeated to a person.
const MAX_WORDS: usize = 200;

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
        /// The error's `data`, where it is a text.
        data: Option<String>,
    },
    /// The answer is not what the method answers.
    #[error("the node's answer to {method} is not understood: {what}")]
    Malformed { method: String, what: String },
}

/// What a failed request says of its node.
pub(crate) enum Blame {
    /// Nobody answered in time.
    Unreachable,
    /// It has not what was asked for.
    Refused,
    /// It sent what no honest node sends.
    Untrusted,
}

impl NodeError {
    pub(crate) fn malformed(method: &str, what: impl ToString) -> Self {
        Self::Malformed {
            method: method.to_owned(),
            what: words(&what.to_string()),
        }
    }

    /// The wire's reason for what this failure leaves unknown.
    pub(crate) fn reason(&self) -> UnprovenReason {
        match self.blame() {
            Blame::Unreachable => UnprovenReason::NetworkUnreachable,
            Blame::Refused => UnprovenReason::ProofUnavailable,
            Blame::Untrusted => UnprovenReason::NodeUntrusted,
        }
    }

    pub(crate) fn blame(&self) -> Blame {
        match self {
            Self::Transport(TransportError::TooLarge) | Self::Malformed { .. } => Blame::Untrusted,
            Self::Transport(_) => Blame::Unreachable,
            Self::Refused { .. } => Blame::Refused,
        }
    }
}

/// A node's words as they may be shown: short, and nothing that a terminal obeys.
pub(crate) fn words(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(MAX_WORDS)
        .collect()
}

/// Ids are numbers: ours, or −1 or null of a node that could not read the question.
#[derive(Deserialize)]
struct Reply {
    id: Option<i64>,
    #[serde(default)]
    result: Option<Box<RawValue>>,
    #[serde(default)]
    error: Option<ReplyError>,
}

#[derive(Deserialize)]
struct ReplyError {
    code: i64,
    #[serde(default)]
    message: String,
    #[serde(default)]
    data: Option<Box<RawValue>>,
}

impl ReplyError {
    fn of(self, method: &str) -> NodeError {
        let data = self
            .data
            .and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
        let message = match &data {
            // CometBFT puts what happened into `data` and "Internal error" into `message`.
            Some(data) if !data.starts_with("0x") => format!("{}: {data}", self.message),
            _ => self.message,
        };
        NodeError::Refused {
            method: method.to_owned(),
            code: self.code,
            message: words(&message),
            data,
        }
    }
}

/// Questions in one request: as many as CometBFT takes unless it is told otherwise.
const BATCH: usize = 10;
pub(crate) const KEYS_AT_ONCE: usize = BATCH;

/// What comes back for several questions at once.
#[derive(Deserialize)]
struct Replies(#[serde(deserialize_with = "at_most::<BATCH, _, _>")] Vec<Reply>);

/// JSON-RPC 2.0 over a transport.
struct JsonRpc {
    transport: Arc<dyn Transport>,
    next_id: AtomicI64,
}

impl JsonRpc {
    fn new(transport: Arc<dyn Transport>) -> Self {
        Self {
            transport,
            next_id: AtomicI64::new(1),
        }
    }

    /// Asks, and reads an answer of at most `most` bytes: a little more than the longest honest
    /// one, so that what a liar can make us keep in memory is bounded by what was asked.
    async fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        params: Value,
        most: usize,
    ) -> Result<T, NodeError> {
        let (id, request) = self.question(method, params);
        let body = self
            .transport
            .post(request.to_string().into_bytes(), most)
            .await?;
        let reply: Reply =
            serde_json::from_slice(&body).map_err(|e| NodeError::malformed(method, e))?;
        if reply.id != Some(id) && !reply.is_of_an_unread_question() {
            return Err(another(method));
        }
        reply.read(method)
    }

    /// Asks up to [`BATCH`] questions of one method in one round trip. The answers come in the
    /// questions' order, whichever order the node gave them.
    ///
    /// Errors: the request as a whole was not answered; `Refused` where the node takes no batches.
    async fn batch<T: DeserializeOwned>(
        &self,
        method: &str,
        params: impl Iterator<Item = Value>,
        most: usize,
    ) -> Result<Vec<Result<T, NodeError>>, NodeError> {
        let (ids, requests): (Vec<_>, Vec<_>) =
            params.map(|params| self.question(method, params)).unzip();
        let body = self
            .transport
            .post(Value::Array(requests).to_string().into_bytes(), most)
            .await?;
        if body.trim_ascii_start().starts_with(b"{") {
            let reply: Reply =
                serde_json::from_slice(&body).map_err(|e| NodeError::malformed(method, e))?;
            return match reply.error {
                Some(error) => Err(error.of(method)),
                None => Err(another(method)),
            };
        }
        let Replies(replies) =
            serde_json::from_slice(&body).map_err(|e| NodeError::malformed(method, e))?;
        let mut by_id = BTreeMap::new();
        for reply in replies {
            let id = reply.id.filter(|id| ids.contains(id));
            let id = id.ok_or_else(|| another(method))?;
            if by_id.insert(id, reply).is_some() {
                return Err(another(method));
            }
        }
        ids.iter()
            .map(|id| {
                let reply = by_id.remove(id).ok_or_else(|| another(method))?;
                Ok(reply.read(method))
            })
            .collect()
    }

    fn question(&self, method: &str, params: Value) -> (i64, Value) {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let question = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        (id, question)
    }
}

fn another(method: &str) -> NodeError {
    NodeError::malformed(method, "the answer's id is another request's")
}

impl Reply {
    fn is_of_an_unread_question(&self) -> bool {
        self.error.is_some() && matches!(self.id, None | Some(-1))
    }

    fn read<T: DeserializeOwned>(self, method: &str) -> Result<T, NodeError> {
        if let Some(error) = self.error {
            return Err(error.of(method));
        }
        // A JSON null result arrives as an absent one.
        let result = self.result.as_deref().map_or("null", |raw| raw.get());
        serde_json::from_str(result).map_err(|e| NodeError::malformed(method, e))
    }
}

/// A list of at most `MOST` elements: a few bytes of JSON may stand for many of memory.
fn at_most<'de, const MOST: usize, T, D>(d: D) -> Result<Vec<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    struct Elements<const MOST: usize, T>(PhantomData<T>);

    impl<'de, const MOST: usize, T: Deserialize<'de>> Visitor<'de> for Elements<MOST, T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a list of at most {MOST} elements, or null")
        }

        fn visit_unit<E>(self) -> Result<Vec<T>, E> {
            Ok(Vec::new())
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
            let mut elements = Vec::new();
            while let Some(element) = list.next_element()? {
                if elements.len() == MOST {
                    return Err(de::Error::invalid_length(MOST + 1, &self));
                }
                elements.push(element);
            }
            Ok(elements)
        }
    }

    d.deserialize_any(Elements::<MOST, T>(PhantomData))
}
