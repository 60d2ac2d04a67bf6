use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use dhc_domain::Height;
use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{json, value::RawValue};
use tendermint::{block::signed_header::SignedHeader, validator};

use super::{JsonRpc, NodeError, Record, Recorded, at_most};
use crate::{
    ports::Transport,
    proof::{ProofOp, keys::StateKey},
};

/// More validators than any CometBFT chain has; a node that says more is not believed.
const MAX_VALIDATORS: usize = 10_000;
const VALIDATORS_PER_PAGE: usize = 100;
/// A proof has two steps; more are read only to be refused.
const MAX_STEPS: usize = 8;
/// More transactions than fit into a block.
const MAX_TXS: usize = 50_000;

/// The longest answers that are read, bytes. A signature is about 250 in JSON, a validator too; a
/// block holds up to 4 MiB of transactions, 22 MiB on old chains, in base64.
const COMMIT: usize = 4 << 20;
const VALIDATORS: usize = 128 << 10;
const QUERY: usize = 2 << 20;
/// Beside others in one answer: a proof of two steps of the greatest size, and a slot.
const BATCHED_QUERY: usize = 256 << 10;
/// Questions under way at once where a node takes no batches.
const ALONE: usize = 2;
const BLOCK: usize = 32 << 20;

/// A node's CometBFT RPC.
pub(crate) struct CometNode {
    rpc: JsonRpc,
    record: Record,
    /// It refused several questions in one request.
    one_by_one: AtomicBool,
}

impl Recorded for CometNode {
    fn endpoint(&self) -> &str {
        self.rpc.transport.endpoint()
    }

    fn record(&self) -> &Record {
        &self.record
    }
}

/// An answer to `abci_query` with its proof.
pub(crate) struct QueryReply {
    pub height: Height,
    pub value: Vec<u8>,
    pub ops: Vec<ProofOp>,
}

/// The part of a transaction's result that `last_results_hash` commits to.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct TxOutcome {
    #[serde(default)]
    pub code: u32,
    #[serde(default, deserialize_with = "base64_bytes")]
    pub data: Vec<u8>,
    #[serde(default, deserialize_with = "decimal")]
    pub gas_wanted: i64,
    #[serde(default, deserialize_with = "decimal")]
    pub gas_used: i64,
}

#[derive(Deserialize)]
struct BlockResults {
    #[serde(default, deserialize_with = "at_most::<MAX_TXS, _, _>")]
    txs_results: Vec<TxOutcome>,
}

#[derive(Deserialize)]
struct CommitReply {
    #[serde(deserialize_with = "signed_header")]
    signed_header: SignedHeader,
}

/// A header with its commit as CometBFT writes them, whoever says so.
pub(crate) fn signed_header<'de, D: Deserializer<'de>>(d: D) -> Result<SignedHeader, D::Error> {
    sound::<SignedHeaderTexts, _, _>(d)
}

// tendermint reads base64 by `subtle-encoding`, which panics on some texts that are none. What it
// is given is therefore read once before, by these, for its base64 alone.

#[derive(Deserialize)]
struct SignedHeaderTexts {
    #[serde(rename = "commit")]
    _commit: CommitTexts,
}

#[derive(Deserialize)]
struct CommitTexts {
    #[serde(
        rename = "signatures",
        deserialize_with = "at_most::<MAX_VALIDATORS, _, _>"
    )]
    _signatures: Vec<SignatureTexts>,
}

#[derive(Deserialize)]
struct SignatureTexts {
    #[serde(default, rename = "signature", deserialize_with = "base64_bytes")]
    _signature: Vec<u8>,
}

#[derive(Deserialize)]
struct ValidatorTexts {
    #[serde(rename = "pub_key")]
    _pub_key: KeyTexts,
}

#[derive(Deserialize)]
struct KeyTexts {
    #[serde(rename = "value", deserialize_with = "base64_bytes")]
    _value: Vec<u8>,
}

/// A validator whose key is base64.
#[derive(Deserialize)]
#[serde(transparent)]
struct Listed(#[serde(deserialize_with = "sound::<ValidatorTexts, _, _>")] validator::Info);

/// A `T` whose JSON is a `Texts`, too.
fn sound<'de, Texts, T, D>(d: D) -> Result<T, D::Error>
where
    Texts: DeserializeOwned,
    T: DeserializeOwned,
    D: Deserializer<'de>,
{
    let raw = Box::<RawValue>::deserialize(d)?;
    serde_json::from_str::<Texts>(raw.get()).map_err(serde::de::Error::custom)?;
    serde_json::from_str(raw.get()).map_err(serde::de::Error::custom)
}

#[derive(Deserialize)]
struct ValidatorsReply {
    #[serde(deserialize_with = "at_most::<VALIDATORS_PER_PAGE, _, _>")]
    validators: Vec<Listed>,
    #[serde(deserialize_with = "decimal")]
    total: i64,
}

#[derive(Deserialize)]
struct AbciQueryReply {
    response: AbciResponse,
}

#[derive(Deserialize)]
struct AbciResponse {
    #[serde(default)]
    code: u32,
    #[serde(default)]
    log: String,
    #[serde(default, deserialize_with = "base64_bytes")]
    value: Vec<u8>,
    #[serde(default, rename = "proofOps")]
    proof_ops: Option<ProofOpsReply>,
    #[serde(default, deserialize_with = "decimal")]
    height: i64,
}

#[derive(Deserialize)]
struct ProofOpsReply {
    #[serde(default, deserialize_with = "at_most::<MAX_STEPS, _, _>")]
    ops: Vec<ProofOpReply>,
}

#[derive(Deserialize)]
struct ProofOpReply {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, deserialize_with = "base64_bytes")]
    key: Vec<u8>,
    #[serde(default, deserialize_with = "base64_bytes")]
    data: Vec<u8>,
}

#[derive(Deserialize)]
struct BlockReply {
    block: BlockBody,
}

#[derive(Deserialize)]
struct BlockBody {
    data: BlockData,
}

#[derive(Deserialize)]
struct BlockData {
    #[serde(default, deserialize_with = "at_most::<MAX_TXS, _, _>")]
    txs: Vec<String>,
}

impl CometNode {
    pub(crate) fn new(transport: Arc<dyn Transport>) -> Self {
        Self {
            rpc: JsonRpc::new(transport),
            record: Record::default(),
            one_by_one: AtomicBool::new(false),
        }
    }

    /// Notes that this node refused something of the block at `height`.
    fn lacked<T>(&self, height: Height, answer: Result<T, NodeError>) -> Result<T, NodeError> {
        if let Err(NodeError::Refused { .. }) = &answer {
            self.record.lacked(height);
        }
        answer
    }

    /// The signed header at `height`, or the latest.
    pub(crate) async fn commit(&self, height: Option<Height>) -> Result<SignedHeader, NodeError> {
        let params = height.map_or(json!({}), |h| json!({"height": h.to_string()}));
        let answer = self.rpc.call("commit", params, COMMIT).await;
        let reply: CommitReply = match height {
            Some(asked) => self.lacked(asked, answer)?,
            None => answer?,
        };
        let says = reply.signed_header.header.height.value();
        self.record.claimed(Height(says));
        match height {
            Some(asked) if asked.0 != says => Err(NodeError::malformed("commit", "another height")),
            _ => Ok(reply.signed_header),
        }
    }

    /// The validators that sign the block at `height`, each with the address of its own key.
    pub(crate) async fn validators(&self, height: Height) -> Result<validator::Set, NodeError> {
        const METHOD: &str = "validators";
        let mut all: Vec<validator::Info> = Vec::new();
        for page in 1.. {
            let params = json!({
                "height": height.to_string(),
                "page": page.to_string(),
                "per_page": VALIDATORS_PER_PAGE.to_string(),
            });
            let reply: ValidatorsReply = self.rpc.call(METHOD, params, VALIDATORS).await?;
            let last = reply.validators.len() < VALIDATORS_PER_PAGE;
            all.extend(reply.validators.into_iter().map(|Listed(info)| info));
            if all.len() > MAX_VALIDATORS {
                return Err(NodeError::malformed(METHOD, "too many validators"));
            }
            if last || all.len() as i64 >= reply.total {
                break;
            }
        }
        let mut power = 0u64;
        let mut validators = Vec::with_capacity(all.len());
        for claimed in all {
            // The set's hash commits to key and power only: an address that is not the key's
            // would let one validator sign for another.
            let validator = validator::Info::new(claimed.pub_key, claimed.power);
            if validator.address != claimed.address {
                return Err(NodeError::malformed(METHOD, "an address is not its key's"));
            }
            power = power.saturating_add(validator.power());
            validators.push(validator);
        }
        if validators.is_empty() || power > validator::Set::MAX_TOTAL_VOTING_POWER {
            return Err(NodeError::malformed(METHOD, "no set has this voting power"));
        }
        Ok(validator::Set::without_proposer(validators))
    }

    /// Keys of stores with their proofs, in the state after the block at `height`, in one round
    /// trip for every ten. `None` where the node does not have that state or will not prove it.
    pub(crate) async fn query(
        &self,
        keys: &[&StateKey],
        height: Height,
    ) -> Result<Vec<Option<QueryReply>>, NodeError> {
        const METHOD: &str = "abci_query";
        let params = |key: &StateKey| {
            json!({
                "path": format!("/store/{}/key", key.store),
                "data": hex::encode(&key.key),
                "height": height.to_string(),
                "prove": true,
            })
        };
        let several = keys.len() > 1 && !self.one_by_one.load(Ordering::Relaxed);
        let answers: Vec<AbciQueryReply> = if several {
            let most = QUERY + keys.len() * BATCHED_QUERY;
            let asked = keys.iter().map(|key| params(key));
            match self.rpc.batch(METHOD, asked, most).await {
                Ok(answers) => answers.into_iter().collect::<Result<_, _>>(),
                Err(NodeError::Refused { message, .. }) => {
                    tracing::debug!(%message, "the node takes one question at a time");
                    self.one_by_one.store(true, Ordering::Relaxed);
                    return Box::pin(self.query(keys, height)).await;
                }
                Err(e) => Err(e),
            }
        } else {
            let asked: Vec<_> = keys
                .iter()
                .map(|key| self.rpc.call(METHOD, params(key), QUERY))
                .collect();
            stream::iter(asked).buffered(ALONE).try_collect().await
        }
        .or_else(|e| self.lacked(height, Err(e)))?;
        answers
            .into_iter()
            .map(|reply| self.proven_or_not(reply.response, height))
            .collect()
    }

    fn proven_or_not(
        &self,
        r: AbciResponse,
        asked: Height,
    ) -> Result<Option<QueryReply>, NodeError> {
        if r.code != 0 {
            tracing::debug!(code = r.code, log = %r.log, "the node does not prove this state");
            self.record.lacked(asked);
            return Ok(None);
        }
        // The real engine says of a pruned state that all is well, and proves nothing.
        let Some(proof) = r.proof_ops.filter(|p| !p.ops.is_empty()) else {
            self.record.lacked(asked);
            return Ok(None);
        };
        let ops = proof
            .ops
            .into_iter()
            .map(|op| ProofOp {
                kind: op.kind,
                key: op.key,
                data: op.data,
            })
            .collect();
        let height = u64::try_from(r.height).map_err(|e| NodeError::malformed("abci_query", e))?;
        Ok(Some(QueryReply {
            height: Height(height),
            value: r.value,
            ops,
        }))
    }

    /// The raw transactions of the block at `height`.
    pub(crate) async fn block_txs(&self, height: Height) -> Result<Vec<Vec<u8>>, NodeError> {
        let reply = self
            .rpc
            .call("block", json!({"height": height.to_string()}), BLOCK)
            .await;
        let reply: BlockReply = self.lacked(height, reply)?;
        let txs = reply.block.data.txs;
        txs.iter()
            .map(|tx| {
                BASE64_STANDARD
                    .decode(tx)
                    .map_err(|e| NodeError::malformed("block", e))
            })
            .collect()
    }

    /// What executing the block at `height` led to, a transaction each.
    pub(crate) async fn block_results(&self, height: Height) -> Result<Vec<TxOutcome>, NodeError> {
        let params = json!({"height": height.to_string()});
        let reply = self.rpc.call("block_results", params, BLOCK).await;
        let reply: BlockResults = self.lacked(height, reply)?;
        Ok(reply.txs_results)
    }
}

/// Base64 as CometBFT writes byte slices; null is empty.
fn base64_bytes<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<u8>, D::Error> {
    let text = Option::<String>::deserialize(d)?.unwrap_or_default();
    BASE64_STANDARD
        .decode(text)
        .map_err(serde::de::Error::custom)
}

/// Integers as CometBFT writes them: decimal strings for 64 bits, bare numbers elsewhere.
fn decimal<'de, D: Deserializer<'de>>(d: D) -> Result<i64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(i64),
        Text(String),
    }
    match Option::<Written>::deserialize(d)? {
        None => Ok(0),
        Some(Written::Number(n)) => Ok(n),
        Some(Written::Text(s)) => s.parse().map_err(serde::de::Error::custom),
    }
}
