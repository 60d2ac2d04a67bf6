//! Following the chain by its headers, and being lied to.

use std::{
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use dhc_chain::{Chain, Head, HeaderStore, MemoryHeaderStore, SyncError, WitnessStanding};
use dhc_domain::{Height, Standing, UnprovenReason};
use serde_json::{Value, json};

use crate::support::{GENESIS, SimChain, SimNode, World};

/// A validator set of eight that replaces one member every five blocks.
fn rotating(height: u64) -> Vec<u8> {
    let first = (height / 5) as u8;
    (first..first + 8).map(|n| n + 1).collect()
}

#[tokio::test]
async fn an_unchanged_set_leads_to_the_head_in_one_step() {
    let world = World::new(SimChain::steady(200));
    let node = world.honest();
    let chain = world.chain(&[&node], &[]);
    let head = chain.sync().await.unwrap();
    assert_eq!((head.height, head.witnesses_total), (Height(200), 0));
    // The checkpoint and the head; one set of validators.
    assert_eq!((node.count("commit"), node.count("validators")), (2, 1));
}

#[tokio::test]
async fn a_changing_set_is_followed_by_bisection() {
    let mut sim = SimChain::new(rotating);
    sim.grow_to(120);
    let world = World::new(sim);
    let node = world.honest();
    let head = world.chain(&[&node], &[]).sync().await.unwrap();
    assert_eq!(head.height, Height(120));
    let fetched = node.count("commit");
    assert!((3..30).contains(&fetched), "{fetched} headers");
}

#[tokio::test]
async fn trusted_headers_outlive_the_process() {
    let world = World::new(SimChain::steady(50));
    let node = world.honest();
    world.chain(&[&node], &[]).sync().await.unwrap();
    world.grow(10);
    let again = world.honest();
    let head = world.chain(&[&again], &[]).sync().await.unwrap();
    assert_eq!(head.height, Height(60));
    assert_eq!(again.count("commit"), 1);
}

#[tokio::test]
async fn another_start_of_the_chain_does_not_inherit_trust() {
    let first = World::new(SimChain::steady(30));
    first.chain(&[&first.honest()], &[]).sync().await.unwrap();
    let mut second = World::new(SimChain::new(|_| vec![9, 8, 7]));
    second.store = Arc::clone(&first.store);
    second.grow(5);
    let head = second.chain(&[&second.honest()], &[]).sync().await.unwrap();
    assert_eq!(head.height, Height(6));
    assert_eq!(second.store.at_or_above(Height(7)), Ok(None));
}

#[tokio::test]
async fn the_checkpoint_must_be_the_nodes() {
    let world = World::new(SimChain::steady(10));
    let other = Arc::new(Mutex::new(SimChain::new(|_| vec![5, 6, 7])));
    let chain = world.chain(&[&SimNode::new("http://other", other)], &[]);
    assert!(matches!(chain.sync().await, Err(SyncError::Untrusted(_))));
    assert_eq!(world.store.latest(), Ok(None));
}

#[tokio::test]
async fn an_old_trust_is_no_trust() {
    let mut world = World::new(SimChain::steady(20));
    world.period_s = 1_000;
    world.chain(&[&world.honest()], &[]).sync().await.unwrap();
    world.sim.lock().unwrap().grow_to(2_000);
    world.clock.set(GENESIS + 2_001);
    let chain = world.chain(&[&world.honest()], &[]);
    assert!(matches!(chain.sync().await, Err(SyncError::TrustExpired)));
    let status = chain.status().await;
    assert_eq!(
        status.standing,
        Standing::Unproven {
            reason: UnprovenReason::TrustExpired
        }
    );
    assert_eq!(
        (status.trusted_height, status.synced),
        (Some(Height(20)), false)
    );
}

#[tokio::test]
async fn a_slow_clock_is_said_and_a_small_drift_is_not() {
    let world = World::new(SimChain::steady(100));
    let time = world.sim.lock().unwrap().time();
    world.clock.set(time - 40);
    let chain = world.chain(&[&world.honest()], &[]);
    assert!(matches!(chain.sync().await, Err(SyncError::ClockSkew)));
    world.clock.set(time - 25);
    assert_eq!(chain.sync().await.unwrap().height, Height(100));
}

#[tokio::test]
async fn a_dead_node_is_replaced_by_the_next() {
    let world = World::new(SimChain::steady(10));
    let (dead, alive) = (world.honest(), world.honest());
    dead.down.store(true, Ordering::Relaxed);
    let chain = world.chain(&[&dead, &alive], &[]);
    assert_eq!(chain.sync().await.unwrap().height, Height(10));
    alive.down.store(true, Ordering::Relaxed);
    assert!(matches!(chain.sync().await, Err(SyncError::Unreachable(_))));
    assert_eq!(chain.status().await.trusted_height, Some(Height(10)));
}

#[tokio::test]
async fn a_node_that_stands_still_gives_way_to_one_that_goes_on() {
    let world = World::new(SimChain::steady(10));
    let stuck = SimNode::new("http://stuck", Arc::new(Mutex::new(SimChain::steady(10))));
    let chain = world.chain(&[&stuck, &world.honest()], &[]);
    assert_eq!(synced(&chain).await.height, Height(10));
    world.grow(30);
    assert_eq!(synced(&chain).await.height, Height(40));
    // Where all stand still, the head stays trusted and is said to be old.
    let time = world.sim.lock().unwrap().time();
    world.clock.set(time + 100);
    assert_eq!(synced(&chain).await.height, Height(40));
    assert!(!chain.status().await.synced);
}

/// What is wrong with a header or its signatures, one lie each.
#[tokio::test]
async fn no_forged_header_is_trusted() {
    type Lie = fn(&Value, &mut Value);
    fn signed(reply: &mut Value) -> &mut Value {
        &mut reply["result"]["signed_header"]
    }
    let lies: [(&str, &str, Lie); 14] = [
        ("another app hash", "commit", |_, r| {
            signed(r)["header"]["app_hash"] = json!("00".repeat(32))
        }),
        ("another time", "commit", |_, r| {
            signed(r)["header"]["time"] = json!("2026-09-21T00:00:00Z")
        }),
        ("another chain", "commit", |_, r| {
            signed(r)["header"]["chain_id"] = json!("sim-2")
        }),
        ("another height", "commit", |_, r| {
            signed(r)["header"]["height"] = json!("60");
            signed(r)["commit"]["height"] = json!("60");
        }),
        ("other next validators", "commit", |_, r| {
            signed(r)["header"]["next_validators_hash"] = json!("AB".repeat(32));
        }),
        ("one signature for all", "commit", |_, r| {
            let first = signed(r)["commit"]["signatures"][0]["signature"].clone();
            for s in signed(r)["commit"]["signatures"].as_array_mut().unwrap() {
                s["signature"] = first.clone();
            }
        }),
        ("one signature four times", "commit", |_, r| {
            let first = signed(r)["commit"]["signatures"][0].clone();
            for s in signed(r)["commit"]["signatures"].as_array_mut().unwrap() {
                *s = first.clone();
            }
        }),
        ("half the signatures", "commit", |_, r| {
            for s in signed(r)["commit"]["signatures"]
                .as_array_mut()
                .unwrap()
                .iter_mut()
                .skip(2)
            {
                *s = json!({"block_id_flag": 1, "validator_address": "", "timestamp": "0001-01-01T00:00:00Z", "signature": null});
            }
        }),
        ("votes for nothing", "commit", |_, r| {
            for s in signed(r)["commit"]["signatures"].as_array_mut().unwrap() {
                s["block_id_flag"] = json!(3);
            }
        }),
        ("another round", "commit", |_, r| {
            signed(r)["commit"]["round"] = json!(1)
        }),
        ("a power raised", "validators", |_, r| {
            r["result"]["validators"][0]["power"] = json!("1000")
        }),
        ("an overflowing power", "validators", |_, r| {
            r["result"]["validators"][0]["power"] = json!("9223372036854775807");
            r["result"]["validators"][1]["power"] = json!("9223372036854775807");
        }),
        ("a borrowed address", "validators", |_, r| {
            r["result"]["validators"][0]["address"] =
                r["result"]["validators"][1]["address"].clone();
        }),
        ("no validators", "validators", |_, r| {
            r["result"]["validators"] = json!([])
        }),
    ];
    for (what, method, lie) in lies {
        let world = World::new(SimChain::steady(80));
        let liar = SimNode::lying(&world.sim, move |m, params, reply| {
            // The checkpoint is told truly: only the head is a lie.
            if m == method && params["height"] != "1" {
                lie(params, reply);
            }
        });
        let chain = world.chain(&[&liar], &[]);
        // The set of height 1 is also that of the head, so a lie about sets is told at the start.
        let lied = if method == "validators" {
            let other = SimNode::lying(&world.sim, move |m, params, reply| {
                if m == method {
                    lie(params, reply);
                }
            });
            world.chain(&[&other], &[]).sync().await
        } else {
            chain.sync().await
        };
        let Err(SyncError::Untrusted(_)) = lied else {
            panic!("{what}: {lied:?}");
        };
        // An honest node beside the liar makes good for it.
        let head = world.chain(&[&liar, &world.honest()], &[]).sync().await;
        assert_eq!(head.map(|h| h.height).ok(), Some(Height(80)), "{what}");
    }
}

#[tokio::test]
async fn answers_that_are_none_are_refused() {
    let bodies: [fn(&mut Value); 5] = [
        |r| *r = json!([]),
        |r| r["id"] = json!(99_999),
        |r| r["result"] = Value::Null,
        |r| r["result"] = json!({"signed_header": {"header": null, "commit": null}}),
        |r| {
            r["result"] =
                serde_json::from_str(&format!("{}{}", "[".repeat(100), "]".repeat(100))).unwrap()
        },
    ];
    for body in bodies {
        let world = World::new(SimChain::steady(5));
        let liar = SimNode::lying(&world.sim, move |_, _, reply| body(reply));
        let lied = world.chain(&[&liar], &[]).sync().await;
        assert!(matches!(lied, Err(SyncError::Untrusted(_))), "{lied:?}");
    }
}

async fn synced(chain: &Chain) -> Head {
    chain.sync().await.unwrap()
}

#[tokio::test]
async fn witnesses_that_agree_are_counted() {
    let world = World::new(SimChain::steady(40));
    let (node, same, down) = (world.honest(), world.honest(), world.honest());
    down.down.store(true, Ordering::Relaxed);
    let behind = SimNode::new("http://behind", Arc::new(Mutex::new(SimChain::steady(39))));
    let chain = world.chain(&[&node], &[&same, &down, &behind]);
    let head = synced(&chain).await;
    assert_eq!((head.witnesses_agreed, head.witnesses_total), (2, 3));
    let standings: Vec<_> = chain
        .status()
        .await
        .witnesses
        .into_iter()
        .map(|w| w.standing)
        .collect();
    let agrees = |h| WitnessStanding::Agrees { height: Height(h) };
    assert_eq!(standings, [agrees(40), WitnessStanding::Silent, agrees(39)]);
}

#[tokio::test]
async fn a_stored_block_reads_back_or_is_known_to_be_damaged() {
    use dhc_chain::light::{BadStoredBlock, LightBlock};
    let world = World::new(SimChain::steady(3));
    world.chain(&[&world.honest()], &[]).sync().await.unwrap();
    let (_, bytes) = world.store.latest().unwrap().unwrap();
    let block = LightBlock::decode(&bytes).unwrap();
    assert_eq!(block.encode(), bytes);
    assert_eq!(block.height(), Height(3));
    let mut noticed = 0;
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        match LightBlock::decode(&damaged) {
            Err(BadStoredBlock) => noticed += 1,
            // A signature's or priority's byte: the header and the sets are whole.
            Ok(read) => assert_eq!(
                (read.header(), &read.next_validators),
                (block.header(), &block.next_validators)
            ),
        }
    }
    assert!(noticed > bytes.len() / 3);
    // A damaged head is fetched again.
    world.store.put(Height(3), b"rubbish").unwrap();
    assert_eq!(
        world
            .chain(&[&world.honest()], &[])
            .sync()
            .await
            .unwrap()
            .height,
        Height(3)
    );
}

#[tokio::test]
async fn waiting_ends_when_the_block_is_there_or_patience_is_at_an_end() {
    let world = World::new(SimChain::steady(5));
    let chain = world.chain(&[&world.honest()], &[]);
    let sim = Arc::clone(&world.sim);
    world
        .clock
        .while_asleep(move || sim.lock().unwrap().push_empty());
    let head = chain
        .wait_for(Height(9), Duration::from_secs(10))
        .await
        .unwrap();
    assert_eq!(head.height, Height(9));
    let late = chain.wait_for(Height(10_000), Duration::from_secs(1)).await;
    assert!(matches!(late, Err(SyncError::TimedOut)));
}

#[test]
fn stored_headers_are_pruned_but_the_checkpoint_stays() {
    let store = MemoryHeaderStore::default();
    for h in [1, 5, 9] {
        store.put(Height(h), &[1]).unwrap();
    }
    store.prune(Height(9), Height(1)).unwrap();
    assert_eq!(
        store.at_or_below(Height(8)).unwrap().map(|(h, _)| h),
        Some(Height(1))
    );
}
