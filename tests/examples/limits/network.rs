//! Ways to a network's nodes: the light client's, counted, and bare JSON-RPC.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use alloy::primitives::Bytes;
use anyhow::{Context, Result, bail};
use async_trait::async_trait;
use dhc_adapters::rpc::{HttpTransport, SystemClock};
use dhc_chain::{Chain, Endpoints, MemoryHeaderStore, Transport, TransportError};
use dhc_domain::NetworkFile;
use serde_json::{Value, json};

/// More than any answer here.
const MOST: usize = 64 << 20;
const TRIES: u32 = 30;
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// JSON-RPC without proofs: what a wallet that trusts its node would do.
pub struct Bare(HttpTransport);

impl Bare {
    pub fn new(url: &str) -> Result<Self> {
        Ok(Self(HttpTransport::new(url)?))
    }

    /// The result; an error with the node's words where it has none. A node that is too busy to
    /// answer in time is asked again.
    pub async fn ask(&self, method: &str, params: Value) -> Result<Value> {
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let mut tries = 0;
        let answer = loop {
            match self.0.post(request.to_string().into_bytes(), MOST).await {
                Err(TransportError::TimedOut) if tries < TRIES => tries += 1,
                answer => break answer?,
            }
        };
        let mut answer: Value = serde_json::from_slice(&answer)?;
        match answer.get("error") {
            Some(error) if !error.is_null() => bail!("{method}: {error}"),
            _ => Ok(answer["result"].take()),
        }
    }

    /// Hands a signed transaction over.
    pub async fn send(&self, raw: &Bytes) -> Result<()> {
        match self.ask("eth_sendRawTransaction", json!([raw])).await {
            // It was taken in when the answer did not come in time.
            Err(e)
                if ["already", "nonce too low"]
                    .iter()
                    .any(|w| e.to_string().contains(w)) =>
            {
                Ok(())
            }
            answer => answer.map(drop),
        }
    }

    pub async fn quantity(&self, method: &str, params: Value) -> Result<u64> {
        let answer = self.ask(method, params).await?;
        let digits = answer.as_str().and_then(|text| text.strip_prefix("0x"));
        Ok(u64::from_str_radix(digits.context("a quantity")?, 16)?)
    }

    pub async fn height(&self) -> Result<u64> {
        self.quantity("eth_blockNumber", json!([])).await
    }

    /// The height once it is above `height`.
    pub async fn past(&self, height: u64) -> Result<u64> {
        let mut looks = tokio::time::interval(LOOK_AGAIN);
        loop {
            looks.tick().await;
            let now = self.height().await?;
            if now > height {
                return Ok(now);
            }
        }
    }
}

/// Bytes asked and answered, by method.
pub type Tally = Arc<Mutex<BTreeMap<String, u64>>>;

struct Counted {
    way: HttpTransport,
    tally: Tally,
}

#[async_trait]
impl Transport for Counted {
    fn endpoint(&self) -> &str {
        self.way.endpoint()
    }

    async fn post(&self, body: Vec<u8>, most: usize) -> Result<Vec<u8>, TransportError> {
        let request: Value = serde_json::from_slice(&body).unwrap_or_default();
        // A page of slots is asked for in one batch, whose questions are of one method.
        let question = request.get(0).unwrap_or(&request);
        let method = question["method"].as_str().unwrap_or_default().to_owned();
        let asked = body.len();
        let answer = self.way.post(body, most).await?;
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        *tally.entry(method).or_default() += (asked + answer.len()) as u64;
        Ok(answer)
    }
}

/// A light client that knows nothing yet, and what it fetches.
pub fn newcomer(network: &NetworkFile) -> Result<(Chain, Tally)> {
    let tally = Tally::default();
    let ways = |urls: &[String]| {
        urls.iter()
            .map(|url| {
                let way = Counted {
                    way: HttpTransport::new(url)?,
                    tally: tally.clone(),
                };
                Ok(Arc::new(way) as Arc<dyn Transport>)
            })
            .collect::<Result<Vec<_>>>()
    };
    let endpoints = Endpoints {
        comet: ways(&network.rpc)?,
        evm: ways(&network.evm)?,
        witnesses: ways(&network.witnesses)?,
    };
    let store = Arc::new(MemoryHeaderStore::default());
    let chain = Chain::new(network.clone(), endpoints, store, Arc::new(SystemClock))?;
    Ok((chain, tally))
}
