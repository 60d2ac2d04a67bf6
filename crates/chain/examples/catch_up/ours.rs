//! The wallet's light client on the synthetic chain.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use dhc_chain::{Chain, Clock, Endpoints, MemoryHeaderStore, Transport, TransportError};
use dhc_domain::{NetworkFile, ProofSpec, Timestamp, Trust};
use futures::executor::block_on;
use serde_json::Value;

use crate::{Walk, chain};
use chain::{CHAIN_ID, HEIGHT, Synthetic};

struct InProcess {
    chain: Arc<Synthetic>,
    headers: AtomicUsize,
}

#[async_trait]
impl Transport for InProcess {
    fn endpoint(&self) -> &str {
        "in process"
    }

    async fn post(&self, body: Vec<u8>, _most: usize) -> Result<Vec<u8>, TransportError> {
        let request: Value = serde_json::from_slice(&body).expect("a request");
        let height = request["params"]["height"].as_str();
        let height = height.map_or(HEIGHT, |text| text.parse().expect("a height"));
        let result = match request["method"].as_str() {
            Some("commit") => {
                self.headers.fetch_add(1, Ordering::Relaxed);
                self.chain.commit(height)
            }
            Some("validators") => self.chain.validators(height),
            other => panic!("not asked for in a walk: {other:?}"),
        };
        let id = &request["id"];
        Ok(format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#).into_bytes())
    }
}

struct Still;

#[async_trait]
impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp(Synthetic::now())
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }

    async fn sleep(&self, _span: Duration) {}
}

pub fn walk(chain: &Arc<Synthetic>, period: Duration) -> Walk {
    let node = Arc::new(InProcess {
        chain: Arc::clone(chain),
        headers: AtomicUsize::new(0),
    });
    let network = NetworkFile {
        name: "synthetic".into(),
        chain_id: CHAIN_ID.into(),
        evm_chain_id: 1,
        rpc: Vec::new(),
        evm: Vec::new(),
        witnesses: Vec::new(),
        proof_spec: ProofSpec::Iavl,
        denom: "adhl".into(),
        trust: Trust {
            height: 1,
            hash: chain.hash(1).to_string(),
            period_s: period.as_secs(),
        },
        day_s: 86_400,
        contracts: BTreeMap::new(),
        swarm_key: None,
    };
    let endpoints = Endpoints {
        comet: vec![node.clone()],
        ..Endpoints::default()
    };
    let store = Arc::new(MemoryHeaderStore::default());
    let client = Chain::new(network, endpoints, store, Arc::new(Still)).expect("a network");
    let start = Instant::now();
    let head = block_on(client.sync()).expect("a head");
    let took = start.elapsed();
    assert_eq!(head.height.0, HEIGHT);
    Walk {
        took,
        headers: node.headers.load(Ordering::Relaxed),
    }
}
