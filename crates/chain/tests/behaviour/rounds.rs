//! How often nodes are asked: one round trip for a page, none for what is proven already, and
//! another node for what one has no more.

use std::sync::{Arc, atomic::Ordering};

use alloy::primitives::{Address, B256};
use dhc_chain::{At, Chain, ReadError, Role};
use dhc_domain::{Height, Standing, UnprovenReason};
use serde_json::{Value, json};

use crate::support::{Ledger, SimChain, SimNode, World};

const HOLDER: Address = Address::repeat_byte(0xb0);

fn slots(n: u8) -> Vec<B256> {
    (0..n).map(B256::with_last_byte).collect()
}

fn world() -> World {
    let mut ledger = Ledger::new();
    for slot in slots(40) {
        let word = [slot.0[31]; 32];
        ledger.set(dhc_chain::proof::keys::storage(HOLDER, slot), word);
    }
    let mut sim = SimChain::with_ledger(|_| vec![1, 2, 3, 4], ledger);
    sim.grow_to(12);
    World::new(sim)
}

async fn page(chain: &Chain, n: u8) -> Vec<B256> {
    let read = chain.read_slots(HOLDER, &slots(n), At::Latest).await;
    let read = read.expect("proven");
    assert_eq!(read.standing, Standing::Proven { height: Height(11) });
    read.value
}

fn words(n: u8) -> Vec<B256> {
    (0..n).map(B256::repeat_byte).collect()
}

#[tokio::test]
async fn a_page_of_slots_is_one_round_trip() {
    let world = world();
    let node = world.honest();
    let chain = world.chain(&[&node], &[]);
    chain.sync().await.expect("a head");
    let trips = |of: &Arc<SimNode>| of.posts.swap(0, Ordering::Relaxed);
    trips(&node);
    assert_eq!(page(&chain, 10).await, words(10));
    assert_eq!((trips(&node), node.count("abci_query")), (1, 10));
    // What is proven at this height is not asked again; what is not, in pages of ten.
    assert_eq!(page(&chain, 10).await, words(10));
    assert_eq!(trips(&node), 0);
    assert_eq!(page(&chain, 40).await, words(40));
    assert_eq!((trips(&node), node.count("abci_query")), (3, 40));
    // A new block is a new state.
    world.grow(1);
    let read = chain
        .read_slots(HOLDER, &slots(10), At::Latest)
        .await
        .expect("proven");
    assert_eq!(read.standing, Standing::Proven { height: Height(12) });
    assert_eq!(node.count("abci_query"), 50);
}

#[tokio::test]
async fn a_node_that_takes_no_batches_is_asked_one_by_one() {
    let world = world();
    let node = world.honest();
    node.one_by_one.store(true, Ordering::Relaxed);
    let chain = world.chain(&[&node], &[]);
    assert_eq!(page(&chain, 10).await, words(10));
    node.posts.store(0, Ordering::Relaxed);
    assert_eq!(page(&chain, 20).await, words(20));
    // It is not asked for a batch a second time.
    assert_eq!(node.posts.load(Ordering::Relaxed), 10);
}

/// Has no state below the one that proves its newest, as a node that prunes everything.
fn pruned(world: &World, below: u64) -> Arc<SimNode> {
    SimNode::lying(&world.sim, move |method, params, reply| {
        let height = params["height"]
            .as_str()
            .and_then(|h| h.parse::<u64>().ok());
        if method == "abci_query" && height.is_some_and(|h| h < below) {
            reply["result"] = json!({"response": {"code": 18, "log": "version does not exist",
                "height": "0", "value": Value::Null}});
        }
    })
}

#[tokio::test]
async fn what_one_node_has_pruned_another_is_asked_for() {
    let world = world();
    let (poor, archive) = (pruned(&world, 11), world.honest());
    let chain = world.chain(&[&poor, &archive], &[]);
    // The newest state both have.
    assert_eq!(page(&chain, 3).await, words(3));
    assert_eq!(archive.count("abci_query"), 0);
    let old = At::Block(Height(5));
    let read = chain
        .read_slots(HOLDER, &slots(3), old)
        .await
        .expect("the archive's");
    assert_eq!(read.standing, Standing::Proven { height: Height(5) });
    assert_eq!(archive.count("abci_query"), 3);
    let found = chain.status().await.endpoints;
    let of = |url: &str| {
        let mut at = found.iter().filter(|e| e.role == Role::Rpc);
        at.find(|e| e.endpoint == url).expect("listed").health
    };
    assert_eq!(of("http://liar").pruned, Some(Height(5)));
    assert_eq!(
        of("http://liar").failure,
        Some(UnprovenReason::ProofUnavailable)
    );
    assert_eq!(of("http://honest").pruned, None);

    // Alone it says what it is: not a value of nothing.
    let chain = world.chain(&[&poor], &[]);
    let read = chain.read_slots(HOLDER, &slots(3), old).await;
    assert!(matches!(read, Err(ReadError::Unavailable)), "{read:?}");
    let reason = UnprovenReason::ProofUnavailable;
    assert_eq!(read.expect_err("none").reason(), reason);
}

#[tokio::test]
async fn no_lie_in_a_batch_is_believed() {
    type Lie = fn(&mut Vec<Value>);
    let lies: [(&str, Lie); 5] = [
        ("one answer left out", |answers| drop(answers.pop())),
        ("one answer twice", |answers| {
            answers[1] = answers[0].clone()
        }),
        ("ids of others", |answers| answers[2]["id"] = json!(999_999)),
        ("no ids", |answers| answers[0]["id"] = Value::Null),
        ("answers exchanged", |answers| {
            let first = answers[0]["id"].take();
            answers[0]["id"] = answers[1]["id"].take();
            answers[1]["id"] = first;
        }),
    ];
    for (what, lie) in lies {
        let world = world();
        let node = SimNode::lying_in_batches(&world.sim, lie);
        let chain = world.chain(&[&node], &[]);
        let read = chain.read_slots(HOLDER, &slots(5), At::Latest).await;
        assert!(
            matches!(read, Err(ReadError::Untrusted(_))),
            "{what}: {read:?}"
        );
        // The same, with somebody honest beside.
        let chain = world.chain(&[&node, &world.honest()], &[]);
        assert_eq!(page(&chain, 5).await, words(5), "{what}");
    }
    // In another order it is the same answer.
    let world = world();
    let node = SimNode::lying_in_batches(&world.sim, |answers| answers.reverse());
    assert_eq!(page(&world.chain(&[&node], &[]), 5).await, words(5));
}
