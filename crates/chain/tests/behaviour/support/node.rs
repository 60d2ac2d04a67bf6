use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use alloy::primitives::B256;
use async_trait::async_trait;
use base64::{Engine, prelude::BASE64_STANDARD};
use dhc_chain::{Transport, TransportError};
use serde_json::{Value, json};

use super::SimChain;

/// Changes what a node answers: given method, parameters and the true result.
type Lie = Box<dyn Fn(&str, &Value, &mut Value) + Send + Sync>;

/// A node of the simulated chain, both its RPCs behind one endpoint.
pub struct SimNode {
    name: String,
    pub sim: Arc<Mutex<SimChain>>,
    lie: Option<Lie>,
    batch_lie: Option<fn(&mut Vec<Value>)>,
    pub down: AtomicBool,
    /// It takes one question in a request.
    pub one_by_one: AtomicBool,
    /// Round trips.
    pub posts: AtomicUsize,
    /// The methods that were called.
    pub calls: Mutex<Vec<String>>,
    /// What was broadcast to it.
    pub mempool: Mutex<Vec<Vec<u8>>>,
}

impl SimNode {
    pub fn new(name: &str, sim: Arc<Mutex<SimChain>>) -> Arc<Self> {
        Self::build(name, sim, None)
    }

    pub fn lying(
        sim: &Arc<Mutex<SimChain>>,
        lie: impl Fn(&str, &Value, &mut Value) + Send + Sync + 'static,
    ) -> Arc<Self> {
        Self::build("http://liar", Arc::clone(sim), Some(Box::new(lie)))
    }

    /// Alters the list of answers to several questions.
    pub fn lying_in_batches(sim: &Arc<Mutex<SimChain>>, lie: fn(&mut Vec<Value>)) -> Arc<Self> {
        Arc::new(Self {
            batch_lie: Some(lie),
            ..Self::unshared("http://liar", Arc::clone(sim), None)
        })
    }

    fn build(name: &str, sim: Arc<Mutex<SimChain>>, lie: Option<Lie>) -> Arc<Self> {
        Arc::new(Self::unshared(name, sim, lie))
    }

    fn unshared(name: &str, sim: Arc<Mutex<SimChain>>, lie: Option<Lie>) -> Self {
        Self {
            name: name.into(),
            sim,
            lie,
            batch_lie: None,
            down: AtomicBool::new(false),
            one_by_one: AtomicBool::new(false),
            posts: AtomicUsize::new(0),
            calls: Mutex::default(),
            mempool: Mutex::default(),
        }
    }

    pub fn count(&self, method: &str) -> usize {
        self.calls
            .lock()
            .unwrap()
            .iter()
            .filter(|m| *m == method)
            .count()
    }

    fn answer(&self, method: &str, params: &Value) -> Result<Value, String> {
        let sim = self.sim.lock().unwrap();
        let number = |v: &Value| v.as_str().map(|s| s.parse::<u64>().unwrap());
        let height = number(&params["height"]);
        let missing =
            || "height must be less than or equal to the current blockchain height".to_owned();
        match method {
            "commit" => {
                let signed = sim
                    .signed(height.unwrap_or(sim.height()))
                    .ok_or_else(missing)?;
                Ok(json!({"signed_header": signed, "canonical": true}))
            }
            "validators" => {
                let height = height.unwrap_or(sim.height());
                if height > sim.height() + 1 {
                    return Err(missing());
                }
                let set = sim.set(height);
                let count = set.validators().len().to_string();
                let page: usize = params["page"].as_str().unwrap_or("1").parse().unwrap();
                let chunk: Vec<_> = set
                    .validators()
                    .iter()
                    .skip((page - 1) * 100)
                    .take(100)
                    .collect();
                Ok(
                    json!({"block_height": height.to_string(), "validators": chunk, "count": chunk.len().to_string(), "total": count}),
                )
            }
            "abci_query" => {
                let height = height.ok_or("no height")?;
                let store = params["path"].as_str().unwrap().split('/').nth(2).unwrap();
                let key = hex::decode(params["data"].as_str().unwrap()).unwrap();
                let Some(ledger) = sim.ledger_at(height) else {
                    return Ok(
                        json!({"response": {"code": 26, "log": "height not available", "height": "0"}}),
                    );
                };
                let (value, ops) = ledger.prove(store, &key);
                let b64 = |b: &[u8]| BASE64_STANDARD.encode(b);
                let ops: Vec<_> = ops
                    .iter()
                    .map(|op| json!({"type": op.kind, "key": b64(&op.key), "data": b64(&op.data)}))
                    .collect();
                Ok(json!({"response": {
                    "code": 0, "log": "", "info": "", "index": "0", "key": b64(&key),
                    "value": value.map(|v| b64(&v)), "proofOps": {"ops": ops},
                    "height": height.to_string(), "codespace": "",
                }}))
            }
            "block" => {
                let txs = sim.txs(height.unwrap_or(0)).ok_or_else(missing)?;
                let txs: Vec<_> = txs
                    .iter()
                    .map(|tx| BASE64_STANDARD.encode(tx.envelope()))
                    .collect();
                Ok(json!({"block_id": {}, "block": {"header": {}, "data": {"txs": txs}}}))
            }
            "block_results" => {
                let txs = sim.txs(height.unwrap_or(0)).ok_or_else(missing)?;
                let results: Vec<_> = txs.iter().map(|tx| {
                    let r = tx.result();
                    json!({"code": r.code, "data": BASE64_STANDARD.encode(&r.data), "log": "said", "gas_wanted": r.gas_wanted.to_string(), "gas_used": r.gas_used.to_string(), "events": []})
                }).collect();
                Ok(
                    json!({"height": height.map(|h| h.to_string()), "txs_results": if results.is_empty() { Value::Null } else { json!(results) }}),
                )
            }
            "eth_getTransactionReceipt" => Ok(find(&sim, params).map_or(
                Value::Null,
                |h| json!({"blockNumber": format!("{h:#x}"), "status": "0x1"}),
            )),
            "eth_getTransactionByHash" => {
                let waiting = self
                    .mempool
                    .lock()
                    .unwrap()
                    .iter()
                    .any(|raw| hash(params) == Some(alloy::primitives::keccak256(raw)));
                Ok(if waiting || find(&sim, params).is_some() {
                    json!({"nonce": "0x0"})
                } else {
                    Value::Null
                })
            }
            "eth_sendRawTransaction" => {
                let raw =
                    hex::decode(params[0].as_str().unwrap().trim_start_matches("0x")).unwrap();
                let mut mempool = self.mempool.lock().unwrap();
                if mempool.contains(&raw) {
                    return Err("already known".into());
                }
                let hash = alloy::primitives::keccak256(&raw);
                mempool.push(raw);
                Ok(json!(hash))
            }
            "eth_gasPrice" | "eth_maxPriorityFeePerGas" => Ok(json!("0x3b9aca00")),
            "eth_estimateGas" => Ok(json!("0x5208")),
            "eth_getLogs" => Ok(logs(&sim, &params[0])),
            other => Err(format!("no method {other}")),
        }
    }
}

impl SimNode {
    fn reply(&self, request: &Value) -> Value {
        let method = request["method"].as_str().unwrap();
        self.calls.lock().unwrap().push(method.to_owned());
        let mut reply = match self.answer(method, &request["params"]) {
            Ok(result) => json!({"jsonrpc": "2.0", "id": request["id"], "result": result}),
            Err(data) => {
                json!({"jsonrpc": "2.0", "id": request["id"], "error": {"code": -32603, "message": "Internal error", "data": data}})
            }
        };
        if let Some(lie) = &self.lie {
            lie(method, &request["params"], &mut reply);
        }
        reply
    }
}

fn hash(params: &Value) -> Option<B256> {
    params[0].as_str()?.parse().ok()
}

fn find(sim: &SimChain, params: &Value) -> Option<u64> {
    sim.find(hash(params)?)
}

fn logs(sim: &SimChain, filter: &Value) -> Value {
    let block = |name: &str| {
        u64::from_str_radix(filter[name].as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
    };
    let topics: Vec<Option<B256>> = serde_json::from_value(filter["topics"].clone()).unwrap();
    let mut found = Vec::new();
    for height in block("fromBlock")..=block("toBlock") {
        for log in sim
            .txs(height)
            .unwrap_or_default()
            .iter()
            .flat_map(|tx| &tx.logs)
        {
            let address = serde_json::to_value(log.address).unwrap() == filter["address"];
            let matches = topics
                .iter()
                .enumerate()
                .all(|(i, t)| t.is_none_or(|t| log.topics().get(i) == Some(&t)));
            if address && matches {
                found.push(json!({"address": log.address, "topics": log.topics(), "data": log.data.data, "blockNumber": format!("{height:#x}")}));
            }
        }
    }
    json!(found)
}

#[async_trait]
impl Transport for SimNode {
    fn endpoint(&self) -> &str {
        &self.name
    }

    async fn post(&self, body: Vec<u8>, _most: usize) -> Result<Vec<u8>, TransportError> {
        if self.down.load(Ordering::Relaxed) {
            return Err(TransportError::Unreachable("connection refused".into()));
        }
        self.posts.fetch_add(1, Ordering::Relaxed);
        let answer = match serde_json::from_slice(&body).unwrap() {
            Value::Array(batch) if self.one_by_one.load(Ordering::Relaxed) => {
                assert!(batch.len() > 1);
                json!({"jsonrpc": "2.0", "id": null, "error": {"code": -32600, "message": "Invalid Request"}})
            }
            // As CometBFT: in the order asked.
            Value::Array(batch) => {
                let mut answers = batch.iter().map(|request| self.reply(request)).collect();
                if let Some(lie) = self.batch_lie {
                    lie(&mut answers);
                }
                Value::Array(answers)
            }
            request => self.reply(&request),
        };
        Ok(answer.to_string().into_bytes())
    }
}
