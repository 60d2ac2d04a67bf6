//! What the contracts keep, read from proven slots.

use alloy::primitives::{Address, B256, U256, keccak256};
use dhc_chain::{At, Chain, ReadError, contracts::Contract, layout::Place};
use dhc_domain::{
    Actions, Commitment, GrantId, GrantState, Height, Mode, Purpose, RecordId, Timestamp,
};

use crate::support::{Ledger, SimChain, Slots, World};

const ALICE: Address = Address::repeat_byte(0xa1);
const BOB: Address = Address::repeat_byte(0xb0);

fn world(ledger: Ledger) -> World {
    let mut sim = SimChain::with_ledger(|_| vec![1, 2, 3, 4], ledger);
    sim.grow_to(12);
    World::new(sim)
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

/// Where a grant is, and the list of its records.
fn places_of(id: GrantId) -> (Place<'static>, Place<'static>) {
    let layout = Contract::Consent.layout().unwrap();
    let of = |name| layout.variable(name).unwrap().key(id.0).unwrap();
    (of("grants"), of("objects"))
}

/// Lists records, by bytes, for a grant.
fn list(slots: &mut Slots, objects: &Place<'_>, records: &[u8]) {
    slots.put_word(objects.slot(), U256::from(records.len()).into());
    for (i, record) in (0..).zip(records) {
        let place = objects.element(i).unwrap();
        slots.put_word(place.slot(), B256::repeat_byte(*record));
    }
}

#[tokio::test]
async fn a_grant_is_read_from_its_packed_slots() {
    let id = GrantId(B256::repeat_byte(0x42));
    let (place, objects) = places_of(id);
    let mut slots = Slots::new();
    list(&mut slots, &objects, &[3]);
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
        ("onward", &[1]),
        ("round", &[0, 2]),
        ("by", &BOB[..]),
        ("actions", &[0, 0, 0, 5]),
        ("brokenAt", &1_400u64.to_be_bytes()),
        ("glassWindow", &60u64.to_be_bytes()),
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
    assert_eq!((grant.owner, grant.grantee, grant.by), (ALICE, BOB, BOB));
    assert_eq!(grant.records, [RecordId(B256::repeat_byte(3))]);
    assert_eq!(
        (grant.actions, grant.onward, grant.round),
        (Actions(5), true, 2)
    );
    assert_eq!(grant.life().glass_open_until(), Some(Timestamp(1_460)));
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
async fn grants_for_several_records_and_what_was_shared_of_them_are_read_at_one_height() {
    let ids = [0x42, 0x43, 0x44].map(|b| GrantId(B256::repeat_byte(b)));
    let mut slots = Slots::new();
    let lists: [&[u8]; 3] = [&[1, 2, 3], &[4, 5], &[2]];
    for (id, records) in ids.into_iter().zip(lists) {
        let (place, objects) = places_of(id);
        slots.field(&place, "owner", &ALICE[..]);
        slots.field(&place, "grantee", &BOB[..]);
        slots.field(&place, "notAfter", &2_000u64.to_be_bytes());
        list(&mut slots, &objects, records);
    }
    slots.field(&places_of(ids[0]).0, "threshold", &[1]);
    slots.field(&places_of(ids[2]).0, "parent", &ids[0].0[..]);
    let world = with_contract(Contract::Consent, &slots);
    let read = chain(&world).grants(&ids, At::Latest).await.unwrap();
    let grants: Vec<_> = read.value.into_iter().flatten().collect();
    for (grant, records) in grants.iter().zip(lists) {
        let records = records.iter().map(|r| RecordId(B256::repeat_byte(*r)));
        assert_eq!(grant.records, records.collect::<Vec<_>>());
    }
    assert_eq!(grants[1].state(Timestamp(1)), GrantState::Active);
    // Its own state is active; that of the grant it comes from is not.
    assert_eq!(grants[2].life().state(Timestamp(1)), GrantState::Active);
    assert_eq!(grants[2].state(Timestamp(1)), GrantState::AwaitingApproval);
    assert_eq!(grants[2].parent.as_ref().unwrap().id, ids[0]);
}

/// An active grant of two records, a revoked one, and one that is over.
fn three_lives(ids: &[GrantId; 3], over: u64, first_revoked: bool) -> Slots {
    let mut slots = Slots::new();
    for (i, id) in ids.iter().enumerate() {
        let (place, objects) = places_of(*id);
        let end = if i == 2 { over } else { u64::MAX };
        slots.field(&place, "owner", &ALICE[..]);
        slots.field(&place, "grantee", &BOB[..]);
        slots.field(&place, "notAfter", &end.to_be_bytes());
        slots.field(&place, "revoked", &[u8::from(i == 1 || first_revoked)]);
        list(&mut slots, &objects, if i == 0 { &[1, 2] } else { &[3] });
    }
    slots
}

#[tokio::test]
async fn of_a_grant_that_was_read_only_what_may_have_changed_is_proven_again() {
    let ids = [0x42, 0x43, 0x44].map(|b| GrantId(B256::repeat_byte(b)));
    let over = world(Ledger::new()).sim.lock().unwrap().time() - 5;
    let world = with_contract(Contract::Consent, &three_lives(&ids, over, false));
    let node = world.honest();
    let chain = world.chain(&[&node], &[]);
    let states = async || {
        let before = node.count("abci_query");
        let read = chain.grants(&ids, At::Latest).await.unwrap().value;
        let grants: Vec<_> = read.into_iter().flatten().collect();
        assert_eq!(grants.len(), 3);
        assert_eq!(
            grants[0].records,
            [1, 2].map(|b| RecordId(B256::repeat_byte(b)))
        );
        let now = Timestamp(over + 1);
        let states: Vec<_> = grants.iter().map(|g| g.state(now)).collect();
        (states, node.count("abci_query") - before)
    };
    let (active, revoked, expired) = (GrantState::Active, GrantState::Revoked, GrantState::Expired);
    // Eight words of each, its number of records, and four records.
    assert_eq!(states().await, (vec![active, revoked, expired], 31));
    world.grow(1);
    // Four words of the active one, and whether the other was revoked after its end.
    assert_eq!(states().await, (vec![active, revoked, expired], 5));
    let mut ledger = Ledger::new();
    let address = address_of(&world, Contract::Consent);
    three_lives(&ids, over, true).write(&mut ledger, address);
    world.sim.lock().unwrap().push(vec![], ledger);
    world.grow(1);
    assert_eq!(states().await, (vec![revoked; 3], 5));
    world.grow(1);
    assert_eq!(states().await, (vec![revoked; 3], 0));
    // A state of before is not read from what was settled later.
    let earlier = chain
        .grants(&ids, At::Block(Height(3)))
        .await
        .unwrap()
        .value;
    let earlier: Vec<_> = earlier.into_iter().flatten().collect();
    assert!(!earlier[0].revoked && earlier[1].revoked);
}

#[tokio::test]
async fn templates_are_found_by_their_names_and_none_is_left_out() {
    let layout = Contract::Templates.layout().unwrap();
    let (names, by_id) = (
        layout.variable("names").unwrap(),
        layout.variable("templates").unwrap(),
    );
    let mut slots = Slots::new();
    slots.put_word(names.slot(), U256::from(2).into());
    let known = ["family", "eine Vorlage mit genau 32 Bytes!"];
    for (i, name) in (0..).zip(known) {
        let mut word = B256::ZERO;
        word[..name.len()].copy_from_slice(name.as_bytes());
        slots.put_word(names.element(i).unwrap().slot(), word);
        let place = by_id.key(keccak256(name)).unwrap();
        slots.field(&place, "exists", &[1]);
        slots.field(&place, "maxWindow", &(10 + i).to_be_bytes());
        slots.field(&place, "actions", &[0, 0, 0, 3]);
        slots.field(&place, "glassWindow", &60u64.to_be_bytes());
    }
    let world = with_contract(Contract::Templates, &slots);
    let read = chain(&world).templates(At::Latest).await.unwrap().value;
    let found: Vec<_> = read
        .iter()
        .map(|t| (t.name.as_str(), t.max_window_s))
        .collect();
    assert_eq!(found, [(known[0], 10), (known[1], 11)]);
    assert_eq!((read[0].actions, read[0].glass_window_s), (Actions(3), 60));
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
    let (place, objects) = places_of(id);
    let mut slots = Slots::new();
    slots.field(&place, "owner", &ALICE[..]);
    slots.field(&place, "purpose", &[200]);
    list(&mut slots, &objects, &[1]);
    let world = with_contract(Contract::Consent, &slots);
    let read = chain(&world).grant(id, At::Latest).await;
    assert!(matches!(read, Err(ReadError::Layout(_))), "{read:?}");
    // A list of no records, and one longer than the contract makes.
    for records in [&[][..], &[1; 17]] {
        let mut slots = Slots::new();
        slots.field(&place, "owner", &ALICE[..]);
        list(&mut slots, &objects, records);
        let world = with_contract(Contract::Consent, &slots);
        let read = chain(&world).grant(id, At::Latest).await;
        assert!(matches!(read, Err(ReadError::Layout(_))), "{read:?}");
    }
}
