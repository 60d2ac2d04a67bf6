//! An app that was away for more than a trusting period: what it kept stays, and a person says
//! where trust begins anew.

use alloy::primitives::Address;
use dhc_chain::{At, Checkpoint, Clock, HeaderStore, Origin, ReadError, SyncError, TrustError};
use dhc_domain::{Height, UnprovenReason};

use crate::support::{SimChain, SimNode, World};

const PERIOD_S: u64 = 200;
const ALICE: Address = Address::repeat_byte(0xa1);

/// A world in which a wallet trusts block 12 and has then slept through 300 blocks.
async fn lapsed() -> World {
    let mut world = World::new(SimChain::steady(12));
    world.period_s = PERIOD_S;
    let chain = world.chain(&[&world.honest()], &[]);
    assert_eq!(chain.sync().await.expect("in time").height, Height(12));
    world.grow(300);
    world
}

fn at(world: &World, height: u64) -> Checkpoint {
    Checkpoint::new(height, &world.sim.lock().unwrap().hash(height)).expect("a checkpoint")
}

#[tokio::test]
async fn away_for_too_long_it_says_so_and_keeps_what_it_had() {
    let world = lapsed().await;
    let chain = world.chain(&[&world.honest()], &[]);
    let read = chain.balance(ALICE, At::Latest).await;
    assert!(
        matches!(read, Err(ReadError::Sync(SyncError::TrustExpired))),
        "{read:?}"
    );
    let status = chain.status().await;
    assert_eq!(status.trusted_height, Some(Height(12)));
    let anchor = status.anchor.expect("the network file's");
    assert_eq!(
        (anchor.checkpoint, anchor.origin),
        (at(&world, 1), Origin::Network)
    );
    assert!(anchor.lapses.expect("a time") < world.clock.now());
}

#[tokio::test]
async fn a_person_who_compared_a_hash_begins_anew_from_it() {
    let world = lapsed().await;
    let (honest, witness) = (
        world.honest(),
        SimNode::new("http://witness", world.sim.clone()),
    );
    let chain = world.chain(&[&honest], &[&witness]);
    let shown = chain.candidate().await.expect("a header to compare");
    assert_eq!(shown.checkpoint, at(&world, 311));
    assert_eq!(shown.shown_by, ["http://honest", "http://witness"]);
    assert!(shown.needed && shown.contradicted_by.is_empty());

    chain.trust(shown.checkpoint).await.expect("taken");
    assert_eq!(chain.sync().await.expect("follows").height, Height(312));
    // What was trusted before is still there, and the choice outlives the run.
    assert!(world.store.get(Height(12)).unwrap().is_some());
    let again = world.chain(&[&honest], &[]);
    world.grow(20);
    assert_eq!(again.sync().await.expect("follows").height, Height(332));
    let anchor = again.status().await.anchor.expect("a person's");
    assert_eq!(
        (anchor.checkpoint, anchor.origin),
        (shown.checkpoint, Origin::Person)
    );
    // Blocks from before are proven by their hashes.
    assert_eq!(
        again.block(Height(40)).await.expect("proven").height,
        Height(40)
    );
}

#[tokio::test]
async fn no_checkpoint_is_taken_that_is_not_needed_or_not_shown() {
    let world = World::new(SimChain::steady(12));
    let chain = world.chain(&[&world.honest()], &[]);
    assert!(!chain.candidate().await.expect("a header").needed);
    let refused = chain.trust(at(&world, 11)).await;
    assert!(matches!(refused, Err(TrustError::NotNeeded)), "{refused:?}");

    let world = lapsed().await;
    let chain = world.chain(&[&world.honest()], &[]);
    let another = Checkpoint::new(311, &at(&world, 310).hash.to_string()).unwrap();
    let refused = chain.trust(another).await;
    assert!(
        matches!(refused, Err(TrustError::Sync(SyncError::Untrusted(_)))),
        "{refused:?}"
    );
    // Too old to follow the chain from.
    let refused = chain.trust(at(&world, 50)).await;
    assert!(
        matches!(refused, Err(TrustError::Sync(SyncError::TrustExpired))),
        "{refused:?}"
    );
    assert_eq!(world.store.anchor(), Ok(None));
    let standing = chain.status().await.standing;
    let reason = UnprovenReason::TrustExpired;
    assert_eq!(standing, dhc_domain::Standing::Unproven { reason });
}

#[tokio::test]
async fn nodes_that_show_another_header_to_compare_are_named() {
    let world = lapsed().await;
    let forked = world.sim.lock().unwrap().forked(30, |_| vec![1, 2, 3, 4]);
    let other = SimNode::new(
        "http://witness",
        std::sync::Arc::new(std::sync::Mutex::new(forked)),
    );
    let chain = world.chain(&[&world.honest()], &[&other]);
    let shown = chain.candidate().await.expect("a header to compare");
    assert_eq!(shown.shown_by, ["http://honest"]);
    assert_eq!(shown.contradicted_by, ["http://witness"]);
}

#[tokio::test]
async fn a_first_start_with_an_old_network_file_is_the_same() {
    let mut world = World::new(SimChain::steady(400));
    world.period_s = PERIOD_S;
    let chain = world.chain(&[&world.honest()], &[]);
    assert!(matches!(chain.sync().await, Err(SyncError::TrustExpired)));
    // The nodes may not have the file's block any more.
    let pruned = SimNode::lying(&world.sim, |method, params, reply| {
        if method == "commit" && params["height"] == "1" {
            reply["result"] = serde_json::Value::Null;
            reply["error"] = serde_json::json!({"code": -32603, "message": "Internal error",
                "data": "height 1 is not available, lowest height is 300"});
        }
    });
    world.store = Default::default();
    let chain = world.chain(&[&pruned], &[]);
    assert!(matches!(chain.sync().await, Err(SyncError::Unavailable(_))));
    let shown = chain.candidate().await.expect("a header to compare");
    chain.trust(shown.checkpoint).await.expect("taken");
    assert_eq!(chain.sync().await.expect("follows").height, Height(400));
}
