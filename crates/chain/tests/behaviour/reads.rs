//! Proven state: balances, nonces, slots and what the contracts keep, from honest and lying nodes.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use alloy::primitives::{Address, B256, U256};
use dhc_chain::{At, Chain, ReadError, contracts::Contract, proof::keys};
use dhc_domain::{
    Amount, Commitment, GrantId, GrantState, Height, Mode, Purpose, RecordId, Standing, Timestamp,
    UnprovenReason,
};
use serde_json::{Value, json};

use crate::support::{Ledger, SimChain, SimNode, Slots, World, set_nonce};

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

fn address_of(world: &World, contract: Contract) -> Address {
    world.sim.lock().unwrap().contracts()[contract.name()]
}

/// The world with these slots in one contract.
fn with_contract(contract: Contract, slots: &Slots) -> World {
    let plain = world(Ledger::new());
    let mut ledger = Ledger::new();
    slots.write(&mut ledger, address_of(&plain, contract));
    world(ledger)
}

fn chain(world: &World) -> Chain {
    world.chain(&[&world.honest()], &[])
}

#[tokio::test]
async fn a_grant_is_read_from_its_packed_slots() {
    let id = GrantId(B256::repeat_byte(0x42));
    let place = Contract::Consent
        .layout()
        .unwrap()
        .variable("grants")
        .unwrap()
        .key(id.0)
        .unwrap();
    let mut slots = Slots::new();
    for (field, value) in [
        ("owner", &ALICE[..]),
        ("notBefore", &1_000u64.to_be_bytes()),
        ("purpose", &[11]),
        ("mode", &[1]),
        ("revoked", &[0]),
        ("threshold", &[2]),
        ("grantee", &BOB[..]),
        ("notAfter", &2_000u64.to_be_bytes()),
        ("approvals", &[1]),
        ("recordId", &[3; 32]),
        ("templateId", &[4; 32]),
        ("consentHash", &[5; 32]),
        ("noteHash", &[6; 32]),
        ("openings", &258u64.to_be_bytes()),
    ] {
        slots.field(&place, field, value);
    }
    let world = with_contract(Contract::Consent, &slots);
    let chain = chain(&world);
    let absent = GrantId(B256::repeat_byte(0x43));
    let read = chain.grants(&[id, absent], At::Latest).await.unwrap();
    assert!(read.standing.is_proven());
    assert_eq!(read.value[1], None);
    let grant = read.value[0].clone().unwrap();
    assert_eq!(
        (grant.owner, grant.grantee, grant.record),
        (ALICE, BOB, RecordId(B256::repeat_byte(3)))
    );
    assert_eq!(
        (grant.purpose, grant.mode),
        (Purpose::MLTRAINING, Mode::Sealed)
    );
    assert_eq!(
        (grant.not_before, grant.not_after),
        (Timestamp(1_000), Timestamp(2_000))
    );
    assert_eq!(
        (
            grant.revoked,
            grant.threshold,
            grant.approvals,
            grant.openings
        ),
        (false, 2, 1, 258)
    );
    assert_eq!(grant.state(Timestamp(1_500)), GrantState::AwaitingApproval);
    assert_eq!(chain.approver(id, BOB, At::Latest).await.unwrap().value, 0);
}

#[tokio::test]
async fn records_keys_and_templates_are_read() {
    let id = RecordId(B256::repeat_byte(8));
    let index = Contract::RecordIndex.layout().unwrap();
    let place = index.variable("records").unwrap().key(id.0).unwrap();
    let mut slots = Slots::new();
    slots.field(&place, "owner", &ALICE[..]);
    slots.field(&place, "quality", &0x0002_0205u32.to_be_bytes());
    slots.field(&place, "commitment", &[1; 32]);
    slots.field(&place, "root", &[2; 32]);
    let used = index
        .variable("used")
        .unwrap()
        .key(ALICE)
        .unwrap()
        .key(B256::repeat_byte(1))
        .unwrap();
    slots.put(&used, &[1]);
    let world = with_contract(Contract::RecordIndex, &slots);
    let chain = chain(&world);
    let record = chain.record(id, At::Latest).await.unwrap().value.unwrap();
    assert_eq!(
        (record.owner, record.issuer, record.quality),
        (ALICE, None, 0x0002_0205)
    );
    assert_eq!(record.commitment, Commitment(B256::repeat_byte(1)));
    assert!(
        chain
            .commitment_used(ALICE, record.commitment, At::Latest)
            .await
            .unwrap()
            .value
    );
    assert!(
        !chain
            .commitment_used(BOB, record.commitment, At::Latest)
            .await
            .unwrap()
            .value
    );
    // Nothing is published, templated, certified or contributed here.
    assert_eq!(
        chain.keys(ALICE, At::Latest).await.unwrap().value.version,
        0
    );
    assert_eq!(
        chain.template(B256::ZERO, At::Latest).await.unwrap().value,
        None
    );
    assert!(!chain.issuer(BOB, At::Latest).await.unwrap().value.certified);
    assert_eq!(
        chain.contribution(id, At::Latest).await.unwrap().value,
        None
    );
    assert!(!chain.pool_day(3, At::Latest).await.unwrap().value.settled);
    assert!(
        chain
            .share(3, ALICE, At::Latest)
            .await
            .unwrap()
            .value
            .weight
            .is_zero()
    );
}

#[tokio::test]
async fn proven_nonsense_is_an_error_and_not_a_value() {
    let id = GrantId(B256::repeat_byte(0x42));
    let place = Contract::Consent
        .layout()
        .unwrap()
        .variable("grants")
        .unwrap()
        .key(id.0)
        .unwrap();
    let mut slots = Slots::new();
    slots.field(&place, "owner", &ALICE[..]);
    slots.field(&place, "purpose", &[200]);
    let world = with_contract(Contract::Consent, &slots);
    let read = chain(&world).grant(id, At::Latest).await;
    assert!(matches!(read, Err(ReadError::Layout(_))), "{read:?}");
}
