//! Histories: claimed by any node, complete by the proven head.

use alloy::{
    primitives::{Address, B256, Bytes, Log},
    sol_types::SolEvent,
};
use dhc_chain::{
    At, HistoryVerdict, Prefix,
    contracts::{Consent, Contract, Identity},
    history::{Accessed, ChainPoint, Entry, GrantReceived},
};
use dhc_domain::{GrantId, Height, Purpose, Timestamp};
use serde_json::{Value, json};

use crate::support::{Ledger, SimChain, SimNode, SimTx, Slots, World};

const OWNER: Address = Address::repeat_byte(0xa1);
const DOCTOR: Address = Address::repeat_byte(0xd0);

fn contract(sim: &SimChain, contract: Contract) -> Address {
    sim.contracts()[contract.name()]
}

fn opening(seq: u64) -> Accessed {
    Accessed {
        owner: OWNER,
        seq,
        id: GrantId(B256::repeat_byte(1)),
        by: DOCTOR,
        purpose: Purpose::TREAT.index(),
        object: B256::with_last_byte(seq as u8),
        mode: 0,
        action: (seq % 3) as u8,
        time: Timestamp(1_000 + seq),
        // Blocks 2 and on, one opening each.
        height: Height(2 + seq),
    }
}

fn log(address: Address, entry: &Accessed) -> Log {
    let event = Consent::Accessed {
        owner: entry.owner,
        seq: entry.seq,
        id: entry.id.0,
        by: entry.by,
        purpose: entry.purpose,
        object: entry.object,
        mode: entry.mode,
        action: entry.action,
        time: entry.time.0,
    };
    Log {
        address,
        data: event.encode_log_data(),
    }
}

/// A chain on which each of so many openings has its block, and three empty ones follow.
fn opened(times: u64) -> World {
    let mut sim = SimChain::new(|_| vec![1, 2, 3, 4]);
    open(&mut sim, 0, times);
    World::new(sim)
}

fn open(sim: &mut SimChain, from: u64, to: u64) {
    let address = contract(sim, Contract::Consent);
    let place = Contract::Consent
        .layout()
        .unwrap()
        .variable("accesses")
        .unwrap()
        .key(OWNER)
        .unwrap();
    for seq in from..to {
        let point = (0..=seq)
            .map(|s| opening(s).hash())
            .fold(ChainPoint::default(), ChainPoint::append);
        let mut slots = Slots::new();
        slots.field(&place, "head", &point.head[..]);
        slots.field(&place, "length", &point.length.to_be_bytes());
        let mut ledger = sim.ledger().clone();
        slots.write(&mut ledger, address);
        let tx = SimTx {
            logs: vec![log(address, &opening(seq))],
            ..SimTx::ok(&[seq as u8])
        };
        sim.push(vec![tx], ledger);
    }
    let height = sim.height();
    sim.grow_to(height + 3);
}

#[test]
fn an_entry_is_hashed_as_the_contract_hashes_it() {
    // keccak256(abi.encode(owner, seq, id, by, purpose, object, mode, action, time)), word by
    // word.
    let e = opening(4);
    let word = |b: &[u8]| [vec![0; 32 - b.len()], b.to_vec()].concat();
    let words = [
        word(&OWNER[..]),
        word(&[4]),
        vec![1; 32],
        word(&DOCTOR[..]),
        word(&[0]),
        word(&[4]),
        word(&[0]),
        word(&[1]),
        word(&1_004u64.to_be_bytes()),
    ];
    assert_eq!(e.hash(), alloy::primitives::keccak256(words.concat()));
}

#[tokio::test]
async fn a_history_is_complete_and_then_only_the_new_is_asked_for() {
    let world = opened(5);
    let node = world.honest();
    let chain = world.chain(&[&node], &[]);
    let page = chain
        .history::<Accessed>(OWNER, &Prefix::default(), At::Latest)
        .await
        .unwrap();
    assert_eq!(page.verdict, HistoryVerdict::Complete);
    assert_eq!(page.entries, (0..5).map(opening).collect::<Vec<_>>());
    assert_eq!(
        (page.prefix.point.length, page.prefix.seen_to),
        (5, Height(8))
    );

    open(&mut world.sim.lock().unwrap(), 5, 7);
    world.grow(1);
    let more = chain
        .history::<Accessed>(OWNER, &page.prefix, At::Latest)
        .await
        .unwrap();
    // Three empty blocks lie between.
    let later = |seq| Accessed {
        height: Height(5 + seq),
        ..opening(seq)
    };
    assert_eq!(
        (more.verdict, more.entries),
        (HistoryVerdict::Complete, vec![later(5), later(6)])
    );

    world.grow(1);
    let asked = node.count("eth_getLogs");
    let none = chain
        .history::<Accessed>(OWNER, &more.prefix, At::Latest)
        .await
        .unwrap();
    assert_eq!(
        (none.verdict, none.entries.len()),
        (HistoryVerdict::Complete, 0)
    );
    assert_eq!(node.count("eth_getLogs"), asked);
    // Somebody without a history has an empty one, proven.
    let empty = chain
        .history::<Accessed>(DOCTOR, &Prefix::default(), At::Latest)
        .await
        .unwrap();
    assert_eq!(
        (empty.verdict, empty.entries.len()),
        (HistoryVerdict::Complete, 0)
    );
    assert!(empty.standing.is_proven());
}

#[tokio::test]
async fn omitted_altered_and_invented_entries_are_noticed() {
    type Lie = fn(&mut Vec<Value>);
    let forged = HistoryVerdict::Forged;
    let lies: [(&str, Lie, HistoryVerdict); 5] = [
        (
            "one left out",
            |l| drop(l.remove(2)),
            HistoryVerdict::Incomplete { have: 4, of: 5 },
        ),
        (
            "none told",
            |l| l.clear(),
            HistoryVerdict::Incomplete { have: 0, of: 5 },
        ),
        (
            "one altered",
            |l| l[1]["data"] = l[2]["data"].clone(),
            forged,
        ),
        (
            "another contract's",
            |l| l[0]["address"] = json!("0x00000000000000000000000000000000000000ff"),
            HistoryVerdict::Incomplete { have: 4, of: 5 },
        ),
        (
            "numbers exchanged",
            |l| {
                let first = l[0]["topics"][2].clone();
                l[0]["topics"][2] = l[1]["topics"][2].clone();
                l[1]["topics"][2] = first;
            },
            forged,
        ),
    ];
    for (what, lie, expected) in lies {
        let world = opened(5);
        let liar = SimNode::lying(&world.sim, move |method, _, reply| {
            if method == "eth_getLogs" {
                lie(reply["result"].as_array_mut().unwrap());
            }
        });
        let page = world
            .chain(&[&liar], &[])
            .history::<Accessed>(OWNER, &Prefix::default(), At::Latest)
            .await
            .unwrap();
        assert_eq!((page.verdict, page.entries.len()), (expected, 0), "{what}");
        assert_eq!(page.prefix, Prefix::default());
        let both = world.chain(&[&liar, &world.honest()], &[]);
        let page = both
            .history::<Accessed>(OWNER, &Prefix::default(), At::Latest)
            .await
            .unwrap();
        assert_eq!(page.verdict, HistoryVerdict::Complete, "{what}");
    }
}

#[tokio::test]
async fn invented_openings_beyond_the_length_change_nothing() {
    let world = opened(2);
    let address = contract(&world.sim.lock().unwrap(), Contract::Consent);
    let liar = SimNode::lying(&world.sim, move |method, _, reply| {
        if method == "eth_getLogs" {
            let log = log(address, &opening(2));
            let invented = json!({"address": address, "topics": log.topics(), "data": log.data.data, "blockNumber": "0x3"});
            reply["result"].as_array_mut().unwrap().push(invented);
        }
    });
    let page = world
        .chain(&[&liar], &[])
        .history::<Accessed>(OWNER, &Prefix::default(), At::Latest)
        .await
        .unwrap();
    assert_eq!(
        (page.verdict, page.entries.len()),
        (HistoryVerdict::Complete, 2)
    );
}

#[tokio::test]
async fn a_prefix_of_another_chain_is_noticed() {
    let world = opened(2);
    let chain = world.chain(&[&world.honest()], &[]);
    let foreign = Prefix {
        point: ChainPoint {
            head: B256::repeat_byte(7),
            length: 9,
        },
        seen_to: Height(2),
    };
    let read = chain.history::<Accessed>(OWNER, &foreign, At::Latest).await;
    assert!(
        matches!(read, Err(dhc_chain::HistoryError::ForeignPrefix)),
        "{read:?}"
    );
    let same_length = Prefix {
        point: ChainPoint {
            head: B256::repeat_byte(7),
            length: 2,
        },
        seen_to: Height(2),
    };
    let read = chain
        .history::<Accessed>(OWNER, &same_length, At::Latest)
        .await;
    assert!(
        matches!(read, Err(dhc_chain::HistoryError::ForeignPrefix)),
        "{read:?}"
    );
}

#[tokio::test]
async fn a_received_grant_carries_its_proven_note() {
    let mut sim = SimChain::new(|_| vec![1, 2, 3, 4]);
    let address = contract(&sim, Contract::Consent);
    let entry = GrantReceived {
        seq: 0,
        id: GrantId(B256::repeat_byte(4)),
        note: b"sealed".to_vec(),
    };
    let event = Consent::Granted {
        owner: OWNER,
        grantee: DOCTOR,
        id: entry.id.0,
        by: OWNER,
        givenSeq: 17,
        receivedSeq: 0,
        recordIds: vec![B256::ZERO],
        parent: B256::ZERO,
        time: 5,
        note: Bytes::from_static(b"sealed"),
    };
    let place = Contract::Consent
        .layout()
        .unwrap()
        .variable("received")
        .unwrap()
        .key(DOCTOR)
        .unwrap();
    let point = ChainPoint::default().append(entry.hash());
    let mut slots = Slots::new();
    slots.field(&place, "head", &point.head[..]);
    slots.field(&place, "length", &[1]);
    let mut ledger = Ledger::new();
    slots.write(&mut ledger, address);
    let tx = SimTx {
        logs: vec![Log {
            address,
            data: event.encode_log_data(),
        }],
        ..SimTx::ok(&[1])
    };
    sim.push(vec![tx], ledger);
    sim.grow_to(5);
    let world = World::new(sim);
    let page = world
        .chain(&[&world.honest()], &[])
        .history::<GrantReceived>(DOCTOR, &Prefix::default(), At::Latest)
        .await;
    assert_eq!(page.unwrap().entries, [entry]);
}

#[tokio::test]
async fn published_keys_are_those_whose_hash_is_proven() {
    let mut sim = SimChain::new(|_| vec![1, 2, 3, 4]);
    let address = contract(&sim, Contract::Identity);
    let (old, new) = (vec![1; 1216], vec![2; 1216]);
    let place = Contract::Identity
        .layout()
        .unwrap()
        .variable("keys")
        .unwrap()
        .key(OWNER)
        .unwrap();
    let mut slots = Slots::new();
    slots.field(&place, "keysHash", &alloy::primitives::keccak256(&new)[..]);
    slots.field(&place, "version", &[2]);
    let mut ledger = Ledger::new();
    slots.write(&mut ledger, address);
    let publish = |version: u64, keys: &[u8]| {
        let event = Identity::KeysPublished {
            account: OWNER,
            version,
            publicKeys: keys.to_vec().into(),
        };
        SimTx {
            logs: vec![Log {
                address,
                data: event.encode_log_data(),
            }],
            ..SimTx::ok(&[version as u8])
        }
    };
    sim.push(vec![publish(1, &old)], ledger.clone());
    sim.push(vec![publish(2, &new)], ledger);
    sim.grow_to(6);
    let world = World::new(sim);
    let chain = world.chain(&[&world.honest()], &[]);
    assert_eq!(
        chain.published_keys(OWNER, At::Latest).await.unwrap().value,
        Some(new)
    );
    assert_eq!(
        chain
            .published_keys(DOCTOR, At::Latest)
            .await
            .unwrap()
            .value,
        None
    );
    let liar = SimNode::lying(&world.sim, |method, _, reply| {
        if method == "eth_getLogs" {
            reply["result"].as_array_mut().unwrap().pop();
        }
    });
    assert!(
        world
            .chain(&[&liar], &[])
            .published_keys(OWNER, At::Latest)
            .await
            .is_err()
    );
}
