//! Nodes that contradict each other: where their chains part, what is kept of it, and what goes on.

use std::sync::{Arc, Mutex};

use dhc_chain::{At, Chain, Conflict, Finding, HeaderStore, SyncError};
use dhc_domain::{Height, UnprovenReason};

use crate::support::{SimChain, SimNode, World};

const FORK: u64 = 30;

fn validators(_: u64) -> Vec<u8> {
    vec![1, 2, 3, 4]
}

/// A node of a chain that parts from the world's after height 30, signed by `of` from there on.
fn forking(world: &World, of: fn(u64) -> Vec<u8>) -> Arc<SimNode> {
    let fork = world.sim.lock().unwrap().forked(FORK, of);
    SimNode::new("http://witness", Arc::new(Mutex::new(fork)))
}

async fn conflict(chain: &Chain) -> Box<Conflict> {
    match chain.sync().await {
        Err(e @ SyncError::WitnessConflict(_)) => {
            assert_eq!(e.reason(), UnprovenReason::WitnessConflict);
            let SyncError::WitnessConflict(conflict) = e else {
                unreachable!()
            };
            conflict
        }
        other => panic!("went on: {other:?}"),
    }
}

#[tokio::test]
async fn a_fork_is_found_where_it_begins() {
    let world = World::new(SimChain::steady(400));
    let witness = forking(&world, validators);
    let conflict = conflict(&world.chain(&[&world.honest()], &[&witness])).await;
    assert_eq!(
        (conflict.height, conflict.common_height, conflict.finding),
        (Height(FORK + 1), Some(Height(FORK)), Finding::Fork)
    );
    // All four signed twice.
    assert_eq!(conflict.signed_both.len(), 4);
    let shown = [&conflict.primary, &conflict.witness].map(|s| &s.signed_header);
    assert_ne!(shown[0], shown[1]);
    assert!(shown.iter().all(|s| s.header.height.value() == FORK + 1));
    // What a person sends on says it all.
    let evidence = world.store.evidence().unwrap().expect("kept").bytes;
    let read: Conflict = serde_json::from_slice(&evidence).unwrap();
    assert_eq!(read, *conflict);
    let text = String::from_utf8(evidence).unwrap();
    assert!(text.contains("http://witness") && text.contains("\"fork\""));
    // The head in dispute is not kept.
    assert_eq!(world.store.at_or_above(Height(2)), Ok(None));
}

#[tokio::test]
async fn after_a_fork_nothing_is_believed_until_a_person_has_decided() {
    let world = World::new(SimChain::steady(40));
    let witness = forking(&world, validators);
    let chain = world.chain(&[&world.honest()], &[&witness]);
    conflict(&chain).await;
    // Neither an agreeing witness nor a new start changes that.
    let (node, agreeing) = (world.honest(), world.honest());
    let again = world.chain(&[&node], &[&agreeing]);
    assert_eq!(conflict(&again).await.finding, Finding::Fork);
    assert_eq!(node.count("commit"), 0);
    let account = dhc_domain::Address::repeat_byte(1);
    let read = again.balance(account, At::Latest).await;
    assert_eq!(
        read.map_err(|e| e.reason()),
        Err(UnprovenReason::WitnessConflict)
    );

    // The decision: this node, this witness.
    assert!(again.resume().await.unwrap());
    assert_eq!(again.sync().await.unwrap().height, Height(40));
    assert_eq!(again.conflict(), Ok(None));
    assert!(!again.resume().await.unwrap());
    // With the other one it begins anew.
    world.grow(1);
    conflict(&world.chain(&[&world.honest()], &[&witness])).await;
}

#[tokio::test]
async fn a_fork_below_the_trusted_head_takes_the_trust_above_it_away() {
    let world = World::new(SimChain::steady(40));
    let alone = world.chain(&[&world.honest()], &[]);
    for _ in 0..4 {
        alone.sync().await.unwrap();
        world.grow(5);
    }
    let other = forking(&world, validators);
    let hash = other.sim.lock().unwrap().hash(60);
    let found = conflict(&world.chain(&[&world.honest()], &[&other])).await;
    assert_eq!(
        (found.height, found.common_height, found.finding),
        (Height(FORK + 1), Some(Height(FORK)), Finding::Fork)
    );
    // The person believes the other one.
    let chain = world.chain(&[&other], &[]);
    assert!(chain.resume().await.unwrap());
    let head = chain.sync().await.unwrap();
    assert_eq!((head.height, head.hash.to_string()), (Height(60), hash));
}

#[tokio::test]
async fn a_witness_of_an_invented_chain_stops_the_step_and_not_the_next() {
    let world = World::new(SimChain::steady(40));
    let witness = forking(&world, |h| {
        if h <= FORK {
            vec![1, 2, 3, 4]
        } else {
            vec![11, 12]
        }
    });
    let found = conflict(&world.chain(&[&world.honest()], &[&witness])).await;
    assert_eq!(found.finding, Finding::FalseWitness);
    assert!(world.store.evidence().unwrap().is_some());
    let honest = world.chain(&[&world.honest()], &[&world.honest()]);
    assert_eq!(honest.sync().await.unwrap().height, Height(40));
}

#[tokio::test]
async fn a_witness_that_does_not_show_its_validators_is_not_a_fork() {
    let world = World::new(SimChain::steady(40));
    let fork = Arc::new(Mutex::new(world.sim.lock().unwrap().forked(FORK, |h| {
        if h <= FORK {
            vec![1, 2, 3, 4]
        } else {
            vec![11, 12]
        }
    })));
    let silent = SimNode::lying(&fork, |method, _, reply| {
        if method == "validators" {
            *reply = serde_json::json!({"id": reply["id"], "error": {"code": 1, "message": "no"}});
        }
    });
    let found = conflict(&world.chain(&[&world.honest()], &[&silent])).await;
    assert_eq!(found.finding, Finding::Unexplained);
    let honest = world.chain(&[&world.honest()], &[&world.honest()]);
    assert_eq!(honest.sync().await.unwrap().height, Height(40));
}

#[tokio::test]
async fn a_witness_of_another_chain_has_nothing_in_common() {
    let world = World::new(SimChain::steady(40));
    let mut other = SimChain::new(|_| vec![7, 8, 9]);
    other.grow_to(40);
    let witness = SimNode::new("http://other", Arc::new(Mutex::new(other)));
    let found = conflict(&world.chain(&[&world.honest()], &[&witness])).await;
    assert_eq!(
        (found.common_height, found.finding),
        (None, Finding::FalseWitness)
    );
}
