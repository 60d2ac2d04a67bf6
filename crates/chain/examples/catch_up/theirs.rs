//! The `tendermint-light-client` crate on the synthetic chain, put together as its own builder
//! does it, but for the way to the node.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use serde::Deserialize;
use tendermint::{Time, block::signed_header::SignedHeader, node, validator};
use tendermint_light_client::{
    builder::LightClientBuilder,
    components::{
        clock::FixedClock,
        io::{AtHeight, Io, IoError},
        scheduler,
    },
    predicates::ProdPredicates,
    store::memory::MemoryStore,
    types::{Height, LightBlock, TrustThreshold},
    verifier::{ProdVerifier, options::Options},
};

use crate::{
    Walk,
    chain::{HEIGHT, Synthetic},
};

#[derive(Deserialize)]
struct Reply<T> {
    result: T,
}

#[derive(Deserialize)]
struct CommitReply {
    signed_header: SignedHeader,
}

#[derive(Deserialize)]
struct ValidatorsReply {
    validators: Vec<validator::Info>,
}

struct InProcess {
    chain: Arc<Synthetic>,
    headers: Arc<AtomicUsize>,
}

impl InProcess {
    fn validators(&self, height: u64) -> Vec<validator::Info> {
        read::<ValidatorsReply>(self.chain.validators(height)).validators
    }
}

/// As the wallet's light client gets it: in an envelope, as bytes.
fn read<T: for<'de> Deserialize<'de>>(result: String) -> T {
    let answer = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{result}}}"#).into_bytes();
    let reply: Reply<T> = serde_json::from_slice(&answer).expect("an answer");
    reply.result
}

/// What the crate's `ProdIo` does with a node's answers.
impl Io for InProcess {
    fn fetch_light_block(&self, height: AtHeight) -> Result<LightBlock, IoError> {
        let height = match height {
            AtHeight::At(height) => height.value(),
            AtHeight::Highest => HEIGHT,
        };
        self.headers.fetch_add(1, Ordering::Relaxed);
        let signed_header = read::<CommitReply>(self.chain.commit(height)).signed_header;
        let proposer = signed_header.header.proposer_address;
        let validators = validator::Set::with_proposer(self.validators(height), proposer)
            .map_err(IoError::invalid_validator_set)?;
        let next = validator::Set::without_proposer(self.validators(height + 1));
        Ok(LightBlock::new(signed_header, validators, next, peer()))
    }
}

fn peer() -> node::Id {
    node::Id::new([1; 20])
}

pub fn walk(chain: &Arc<Synthetic>, period: Duration) -> Walk {
    let headers = Arc::new(AtomicUsize::new(0));
    let io = InProcess {
        chain: Arc::clone(chain),
        headers: Arc::clone(&headers),
    };
    let options = Options {
        trust_threshold: TrustThreshold::ONE_THIRD,
        trusting_period: period,
        clock_drift: Duration::from_secs(30),
    };
    let now = Time::from_unix_timestamp(Synthetic::now() as i64, 0).expect("a time");
    let height = |height: u64| Height::try_from(height).expect("a height");
    let start = Instant::now();
    let mut instance = LightClientBuilder::custom(
        peer(),
        options,
        Box::new(MemoryStore::new()),
        Box::new(io),
        Box::new(FixedClock::new(now)),
        Box::new(ProdVerifier::default()),
        Box::new(scheduler::basic_bisecting_schedule),
        Box::new(ProdPredicates),
    )
    .trust_primary_at(height(1), chain.hash(1))
    .expect("the checkpoint")
    .build();
    let head = instance
        .light_client
        .verify_to_target(height(HEIGHT), &mut instance.state)
        .expect("a head");
    let took = start.elapsed();
    assert_eq!(head.height().value(), HEIGHT);
    Walk {
        took,
        headers: headers.load(Ordering::Relaxed),
    }
}
