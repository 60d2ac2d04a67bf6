//! Proven state: balances, nonces, slots and what the contracts keep, from honest and lying nodes.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use alloy::primitives::{Address, B256, U256};
use dhc_chain::{At, ReadError, proof::keys};
use dhc_domain::{Amount, Height, Standing, UnprovenReason};
use serde_json::{Value, json};

use crate::support::{Ledger, SimChain, SimNode, World, set_nonce};

const ALICE: Address = Address::repeat_byte(0xa1);
const BOB: Address = Address::repeat_byte(0xb0);
const NOBODY: Address = Address::repeat_byte(0x99);

fn rich() -> Ledger {
    let mut ledger = Ledger::new();
    ledger.set(keys::balance(ALICE, "adhl"), *b"1500000000000000000");
    set_nonce(&mut ledger, ALICE, 7);
    ledger.set(keys::storage(BOB, B256::ZERO), [9; 32]);
    ledger.set(keys::storage(BOB, B256::with_last_byte(1)), [0; 32]);
    ledger.set(keys::code_hash(BOB), [5; 32]);
    ledger
}

fn world(ledger: Ledger) -> World {
    let mut sim = SimChain::with_ledger(|_| vec![1, 2, 3, 4], ledger);
    sim.grow_to(12);
    World::new(sim)
}

#[tokio::test]
async fn state_is_read_one_block_behind_the_head() {
    let world = world(rich());
    let chain = world.chain(&[&world.honest()], &[]);
    let balance = chain.balance(ALICE, At::Latest).await.unwrap();
    assert_eq!(balance.value, Amount::from_dhl("1.5").unwrap());
    assert_eq!(balance.standing, Standing::Proven { height: Height(11) });
    assert_eq!(
        chain.balance(NOBODY, At::Latest).await.unwrap().value,
        Amount::ZERO
    );
    assert_eq!(chain.nonce(ALICE, At::Latest).await.unwrap().value, 7);
    assert_eq!(chain.nonce(NOBODY, At::Latest).await.unwrap().value, 0);
    assert_eq!(
        chain.code_hash(BOB, At::Latest).await.unwrap().value,
        Some(B256::repeat_byte(5))
    );
    assert_eq!(
        chain.code_hash(ALICE, At::Latest).await.unwrap().value,
        None
    );
    // Written, zeroed and never written.
    let slots: Vec<_> = (0..3).map(B256::with_last_byte).collect();
    let words = chain
        .read_slots(BOB, &slots, At::Latest)
        .await
        .unwrap()
        .value;
    assert_eq!(words, [B256::repeat_byte(9), B256::ZERO, B256::ZERO]);
}

#[tokio::test]
async fn what_one_has_written_is_read_when_it_can_be_proven() {
    let world = world(rich());
    let chain = world.chain(&[&world.honest()], &[]);
    chain.sync().await.unwrap();
    let mut after = rich();
    after.set(keys::balance(ALICE, "adhl"), *b"1");
    world.sim.lock().unwrap().push(vec![], after);
    let sim = Arc::clone(&world.sim);
    world
        .clock
        .while_asleep(move || sim.lock().unwrap().push_empty());
    let balance = chain.balance(ALICE, At::AtLeast(Height(13))).await.unwrap();
    assert_eq!(balance.value, Amount(U256::from(1)));
    assert_eq!(balance.standing, Standing::Proven { height: Height(13) });
}

#[tokio::test]
async fn the_first_read_waits_for_the_second_block() {
    let world = World::new(SimChain::with_ledger(|_| vec![1, 2, 3, 4], rich()));
    let chain = world.chain(&[&world.honest()], &[]);
    let sim = Arc::clone(&world.sim);
    world
        .clock
        .while_asleep(move || sim.lock().unwrap().push_empty());
    let balance = chain.balance(ALICE, At::Latest).await.unwrap();
    assert_eq!(balance.standing, Standing::Proven { height: Height(1) });
}

/// One lie each about the answer to a state query; what it leads to.
#[tokio::test]
async fn no_lie_about_state_is_believed() {
    type Lie = fn(&Value, &mut Value);
    fn response(reply: &mut Value) -> &mut Value {
        &mut reply["result"]["response"]
    }
    let untrusted = UnprovenReason::NodeUntrusted;
    let unavailable = UnprovenReason::ProofUnavailable;
    let lies: [(&str, Lie, UnprovenReason); 10] = [
        (
            "a larger balance",
            |_, r| response(r)["value"] = json!("OTk5OTk5OTk5OTk5OTk5OTk5OTk="),
            untrusted,
        ),
        (
            "nothing there",
            |_, r| response(r)["value"] = Value::Null,
            untrusted,
        ),
        (
            "another height",
            |_, r| response(r)["height"] = json!("10"),
            untrusted,
        ),
        (
            "no height",
            |_, r| response(r)["height"] = json!("0"),
            untrusted,
        ),
        (
            "the steps exchanged",
            |_, r| {
                response(r)["proofOps"]["ops"]
                    .as_array_mut()
                    .unwrap()
                    .reverse()
            },
            untrusted,
        ),
        (
            "another kind of step",
            |_, r| response(r)["proofOps"]["ops"][0]["type"] = json!("ics23:iavl"),
            untrusted,
        ),
        (
            "another store's step",
            |_, r| response(r)["proofOps"]["ops"][1]["key"] = json!("ZXZt"),
            untrusted,
        ),
        (
            "no proof",
            |_, r| response(r)["proofOps"] = Value::Null,
            unavailable,
        ),
        (
            "no steps",
            |_, r| response(r)["proofOps"]["ops"] = json!([]),
            unavailable,
        ),
        (
            "pruned",
            |_, r| response(r)["code"] = json!(26),
            unavailable,
        ),
    ];
    for (what, lie, expected) in lies {
        let world = world(rich());
        let liar = SimNode::lying(&world.sim, move |method, params, reply| {
            if method == "abci_query" {
                lie(params, reply);
            }
        });
        let chain = world.chain(&[&liar], &[]);
        let reason = chain.balance(ALICE, At::Latest).await.unwrap_err().reason();
        assert_eq!(reason, expected, "{what}");
        // Another node proves it.
        let chain = world.chain(&[&liar, &world.honest()], &[]);
        assert_eq!(
            chain.balance(ALICE, At::Latest).await.unwrap().value,
            Amount::from_dhl("1.5").unwrap(),
            "{what}"
        );
    }
}

#[tokio::test]
async fn the_true_proof_of_an_older_state_is_not_the_latest() {
    let world = world(Ledger::new());
    world.sim.lock().unwrap().push(vec![], rich());
    world.grow(3);
    let liar = SimNode::lying(&world.sim, |_, _, _| {});
    let old = Arc::clone(&world.sim);
    let replayer = SimNode::lying(&world.sim, move |method, params, reply| {
        if method == "abci_query" {
            let key = hex::decode(params["data"].as_str().unwrap()).unwrap();
            let (_, ops) = old
                .lock()
                .unwrap()
                .ledger_at(5)
                .unwrap()
                .prove("bank", &key);
            reply["result"]["response"]["value"] = Value::Null;
            for (i, op) in ops.iter().enumerate() {
                use base64::{Engine, prelude::BASE64_STANDARD};
                reply["result"]["response"]["proofOps"]["ops"][i]["data"] =
                    json!(BASE64_STANDARD.encode(&op.data));
            }
        }
    });
    assert!(
        !world
            .chain(&[&liar], &[])
            .balance(ALICE, At::Latest)
            .await
            .unwrap()
            .value
            .is_zero()
    );
    let replayed = world
        .chain(&[&replayer], &[])
        .balance(ALICE, At::Latest)
        .await;
    assert!(
        matches!(replayed, Err(ReadError::Untrusted(_))),
        "{replayed:?}"
    );
}

#[tokio::test]
async fn a_network_that_is_down_is_not_a_balance_of_nothing() {
    let world = world(rich());
    let node = world.honest();
    let chain = world.chain(&[&node], &[]);
    chain.sync().await.unwrap();
    node.down.store(true, Ordering::Relaxed);
    let e = chain.balance(ALICE, At::Latest).await.unwrap_err();
    assert_eq!(e.reason(), UnprovenReason::NetworkUnreachable);
    world.clock.pass(Duration::from_secs(60));
    let e = chain.balance(ALICE, At::Latest).await.unwrap_err();
    assert_eq!(e.reason(), UnprovenReason::NetworkUnreachable);
}
