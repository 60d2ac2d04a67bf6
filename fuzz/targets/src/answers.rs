//! Nodes that say what was recorded of honest ones, but for one answer.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use dhc_chain::{Chain, Clock, Endpoints, MemoryHeaderStore, Transport, TransportError};
use dhc_domain::{NetworkFile, ProofSpec, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What honest nodes of one network answered at one time.
#[derive(Serialize, Deserialize)]
pub struct Recording {
    pub network: NetworkFile,
    /// The device's clock, seconds.
    pub now: u64,
    /// Questions without their ids, with the answers.
    pub exchanges: Vec<(Value, Value)>,
}

/// Which answer a target's bytes stand in the place of, and what is read meanwhile.
pub struct Garbling<R> {
    pub name: &'static str,
    pub read: R,
    pub of: fn(&Value) -> bool,
}

impl Recording {
    /// Reads a committed recording.
    pub fn parse(json: &str) -> Self {
        serde_json::from_str(json).expect("a committed recording is whole")
    }

    /// A newcomer to the network whose only node answers as recorded, but for what `of` tells.
    pub fn chain(&'static self, of: fn(&Value) -> bool, bytes: Option<&[u8]>) -> Chain {
        let node = Arc::new(Replay {
            recording: self,
            of,
            bytes: bytes.map(<[u8]>::to_vec),
        });
        newcomer(&self.network, self.now, node)
    }

    /// Asserts that what is read beside the bytes is what an honest node says, or nothing.
    pub fn garble<R, F>(
        &'static self,
        garbling: &Garbling<R>,
        bytes: &[u8],
        read: impl Fn(Chain, R) -> F,
    ) where
        R: Copy,
        F: Future<Output = Option<String>>,
    {
        let look = |bytes| {
            let chain = self.chain(garbling.of, bytes);
            futures::executor::block_on(read(chain, garbling.read))
        };
        if let Some(said) = look(Some(bytes)) {
            assert_eq!(Some(said), look(None), "a lie was believed");
        }
    }

    fn answer(&self, mut asked: Value) -> Value {
        let ids = take_ids(&mut asked);
        let known = self
            .exchanges
            .iter()
            .find(|(question, _)| *question == asked);
        let mut answer = match (known, &asked) {
            (Some((_, answer)), _) => answer.clone(),
            // Where bytes lead that were not honest.
            (None, Value::Array(several)) => Value::Array(vec![refusal(); several.len()]),
            (None, _) => refusal(),
        };
        put_ids(&mut answer, ids);
        answer
    }
}

fn newcomer(network: &NetworkFile, now: u64, node: Arc<dyn Transport>) -> Chain {
    let ethereum = network.proof_spec == ProofSpec::Mpt;
    let endpoints = Endpoints {
        comet: if ethereum {
            vec![]
        } else {
            vec![Arc::clone(&node)]
        },
        evm: vec![node],
        witnesses: vec![],
    };
    let clock = Arc::new(Still {
        now: Timestamp(now),
        steady: Mutex::default(),
    });
    let store = Arc::new(MemoryHeaderStore::default());
    Chain::new(network.clone(), endpoints, store, clock).expect("a recorded network")
}

fn refusal() -> Value {
    json!({"jsonrpc": "2.0", "id": 0, "error": {"code": -32000, "message": "not recorded"}})
}

fn each(message: &mut Value) -> &mut [Value] {
    match message {
        Value::Array(several) => several,
        one => std::slice::from_mut(one),
    }
}

fn take_ids(message: &mut Value) -> Vec<Value> {
    each(message)
        .iter_mut()
        .map(|question| question["id"].take())
        .collect()
}

fn put_ids(message: &mut Value, ids: Vec<Value>) {
    for (answer, id) in each(message).iter_mut().zip(ids) {
        answer["id"] = id;
    }
}

struct Replay {
    recording: &'static Recording,
    of: fn(&Value) -> bool,
    bytes: Option<Vec<u8>>,
}

#[async_trait]
impl Transport for Replay {
    fn endpoint(&self) -> &'static str {
        "http://recorded"
    }

    async fn post(&self, body: Vec<u8>, most: usize) -> Result<Vec<u8>, TransportError> {
        let asked: Value = serde_json::from_slice(&body).expect("the client asks in JSON");
        let answer = match &self.bytes {
            Some(bytes) if (self.of)(&asked) => bytes.clone(),
            _ => self.recording.answer(asked).to_string().into_bytes(),
        };
        if answer.len() > most {
            return Err(TransportError::TooLarge);
        }
        Ok(answer)
    }
}

/// A clock that stands until somebody sleeps; sleeping takes no time.
struct Still {
    now: Timestamp,
    steady: Mutex<Duration>,
}

#[async_trait]
impl Clock for Still {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn monotonic(&self) -> Duration {
        *self.steady.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn sleep(&self, span: Duration) {
        *self.steady.lock().unwrap_or_else(PoisonError::into_inner) += span;
    }
}

/// What an honest node was asked and answered, as it passed.
pub struct Passed(Mutex<Vec<(Value, Vec<u8>)>>);

struct Witnessed {
    node: Arc<dyn Transport>,
    passed: Arc<Passed>,
}

#[async_trait]
impl Transport for Witnessed {
    fn endpoint(&self) -> &str {
        self.node.endpoint()
    }

    async fn post(&self, body: Vec<u8>, most: usize) -> Result<Vec<u8>, TransportError> {
        let asked = serde_json::from_slice(&body).expect("the client asks in JSON");
        let answer = self.node.post(body, most).await?;
        let mut passed = self.passed.0.lock().unwrap_or_else(PoisonError::into_inner);
        passed.push((asked, answer.clone()));
        Ok(answer)
    }
}

/// Records what `node` answers when each of the garblings' readings is done by a newcomer, and
/// gives the honest bytes that each garbling stands in the place of.
///
/// # Panics
/// When an honest node's answers prove nothing, or a garbling's answer is not asked for.
pub fn record<R: Copy, F: Future<Output = Option<String>>>(
    network: NetworkFile,
    now: u64,
    node: &Arc<dyn Transport>,
    garblings: &[Garbling<R>],
    read: impl Fn(Chain, R) -> F,
) -> (Recording, Vec<Vec<u8>>) {
    let mut exchanges: Vec<(Value, Value)> = Vec::new();
    let mut seeds = Vec::new();
    for garbling in garblings {
        let passed = Arc::new(Passed(Mutex::default()));
        let witnessed = Arc::new(Witnessed {
            node: Arc::clone(node),
            passed: Arc::clone(&passed),
        });
        let chain = newcomer(&network, now, witnessed);
        let said = futures::executor::block_on(read(chain, garbling.read));
        assert!(said.is_some(), "{}: nothing is read", garbling.name);
        let passed = passed.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seed = passed.iter().find(|(asked, _)| (garbling.of)(asked));
        let (_, seed) = seed.unwrap_or_else(|| panic!("{}: not asked", garbling.name));
        seeds.push(seed.clone());
        for (asked, answer) in passed.iter() {
            let (mut asked, mut answer) = (
                asked.clone(),
                serde_json::from_slice::<Value>(answer).expect("an honest node answers in JSON"),
            );
            take_ids(&mut asked);
            take_ids(&mut answer);
            if !exchanges.iter().any(|(known, _)| *known == asked) {
                exchanges.push((asked, answer));
            }
        }
    }
    let recording = Recording {
        network,
        now,
        exchanges,
    };
    (recording, seeds)
}
