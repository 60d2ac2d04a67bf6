mod ledger;
mod node;
mod proto;
mod sim;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use dhc_chain::{Chain, Clock, Endpoints, HeaderStore, MemoryHeaderStore, Transport};
use dhc_domain::{NetworkFile, ProofSpec, Timestamp, Trust};

pub use ledger::Ledger;
pub use node::SimNode;
pub use sim::{CHAIN_ID, EVM_CHAIN_ID, GENESIS, SimChain, SimTx, set_nonce};

/// A clock that stands until somebody sleeps; sleeping is instant and may make blocks.
pub struct ManualClock {
    steady: Mutex<Duration>,
    now: Mutex<u64>,
    while_asleep: Mutex<Option<Box<dyn FnMut() + Send>>>,
}

impl ManualClock {
    pub fn at(now: u64) -> Arc<Self> {
        Arc::new(Self {
            steady: Mutex::default(),
            now: Mutex::new(now),
            while_asleep: Mutex::default(),
        })
    }

    pub fn set(&self, now: u64) {
        *self.now.lock().unwrap() = now;
    }

    pub fn while_asleep(&self, act: impl FnMut() + Send + 'static) {
        *self.while_asleep.lock().unwrap() = Some(Box::new(act));
    }

    /// Lets the head known so far grow old.
    pub fn pass(&self, span: Duration) {
        *self.steady.lock().unwrap() += span;
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(*self.now.lock().unwrap())
    }

    fn monotonic(&self) -> Duration {
        *self.steady.lock().unwrap()
    }

    async fn sleep(&self, span: Duration) {
        self.pass(span);
        if let Some(act) = self.while_asleep.lock().unwrap().as_mut() {
            act();
        }
    }
}

/// A wallet's view of a simulated chain.
pub struct World {
    pub sim: Arc<Mutex<SimChain>>,
    pub clock: Arc<ManualClock>,
    pub store: Arc<MemoryHeaderStore>,
    pub period_s: u64,
}

impl World {
    pub fn new(sim: SimChain) -> Self {
        let now = sim.time() + 2;
        Self {
            sim: Arc::new(Mutex::new(sim)),
            clock: ManualClock::at(now),
            store: Arc::default(),
            period_s: 14 * 86_400,
        }
    }

    pub fn honest(&self) -> Arc<SimNode> {
        SimNode::new("http://honest", Arc::clone(&self.sim))
    }

    pub fn network(&self) -> NetworkFile {
        let sim = self.sim.lock().unwrap();
        NetworkFile {
            name: "sim".into(),
            chain_id: CHAIN_ID.into(),
            evm_chain_id: EVM_CHAIN_ID,
            rpc: vec![],
            evm: vec![],
            witnesses: vec![],
            proof_spec: ProofSpec::Devnet,
            denom: "adhl".into(),
            trust: Trust {
                height: 1,
                hash: sim.hash(1),
                period_s: self.period_s,
            },
            day_s: 60,
            contracts: sim.contracts(),
            swarm_key: None,
        }
    }

    pub fn chain(&self, nodes: &[&Arc<SimNode>], witnesses: &[&Arc<SimNode>]) -> Chain {
        let transports = |nodes: &[&Arc<SimNode>]| -> Vec<Arc<dyn Transport>> {
            nodes
                .iter()
                .map(|n| Arc::clone(n) as Arc<dyn Transport>)
                .collect()
        };
        let endpoints = Endpoints {
            comet: transports(nodes),
            evm: transports(nodes),
            witnesses: transports(witnesses),
        };
        let store = Arc::clone(&self.store) as Arc<dyn HeaderStore>;
        Chain::new(
            self.network(),
            endpoints,
            store,
            Arc::clone(&self.clock) as Arc<dyn Clock>,
        )
        .unwrap()
    }

    /// Adds a block and lets the clocks follow.
    pub fn grow(&self, blocks: u64) {
        let mut sim = self.sim.lock().unwrap();
        for _ in 0..blocks {
            sim.push_empty();
        }
        self.clock.set(sim.time() + 2);
        self.clock.pass(Duration::from_secs(blocks));
    }
}

/// Writes fields of a contract variable as the compiler would, for a ledger.
pub struct Slots(std::collections::BTreeMap<alloy::primitives::B256, alloy::primitives::B256>);

impl Slots {
    pub fn new() -> Self {
        Self(std::collections::BTreeMap::new())
    }

    pub fn put(&mut self, place: &dhc_chain::layout::Place<'_>, value: &[u8]) {
        let range = place.bytes().unwrap();
        let word = self.0.entry(place.slot()).or_default();
        let start = range.end - value.len();
        assert!(start >= range.start, "value too long");
        word.0[start..range.end].copy_from_slice(value);
    }

    pub fn field(&mut self, place: &dhc_chain::layout::Place<'_>, name: &str, value: &[u8]) {
        self.put(&place.field(name).unwrap(), value);
    }

    pub fn put_word(&mut self, slot: alloy::primitives::B256, word: alloy::primitives::B256) {
        self.0.insert(slot, word);
    }

    pub fn write(&self, ledger: &mut Ledger, contract: alloy::primitives::Address) {
        for (slot, word) in &self.0 {
            ledger.set(dhc_chain::proof::keys::storage(contract, *slot), word.0);
        }
    }
}
