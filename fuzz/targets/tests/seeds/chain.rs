//! Of the simulated DHC chain, and of the real node's fixtures.

use std::sync::Arc;

use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEnvelope},
    eips::Encodable2718,
    primitives::{Address, B256, Bytes, Log, TxKind, U256},
    signers::{SignerSync, local::PrivateKeySigner},
    sol_types::{SolCall, SolError, SolEvent},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use dhc_chain::{
    Conflict, Transport,
    contracts::{Consent, Contract, IncentivePool},
    history::{Accessed, ChainPoint, Entry},
    light::LightBlock,
    proof::keys,
};
use dhc_domain::{GrantId, Height, ProofSpec, Timestamp};
use dhc_fuzz::{
    chain::Claim,
    node::{BLOCK, GARBLINGS, OWNER, read},
    record,
};
use serde_json::{Value, json};

use super::{
    Seed, seed,
    support::{Ledger, SimChain, SimTx, Slots, World, set_nonce},
};

const DOCTOR: Address = Address::repeat_byte(0xd0);

const FIXTURES: [&str; 6] = [
    include_str!("../../../../crates/chain/tests/fixtures/account_owner.json"),
    include_str!("../../../../crates/chain/tests/fixtures/balance_absent.json"),
    include_str!("../../../../crates/chain/tests/fixtures/balance_owner.json"),
    include_str!("../../../../crates/chain/tests/fixtures/storage_absent.json"),
    include_str!("../../../../crates/chain/tests/fixtures/storage_mapslot.json"),
    include_str!("../../../../crates/chain/tests/fixtures/supply.json"),
];

fn opening(seq: u64) -> Accessed {
    Accessed {
        owner: OWNER,
        seq,
        id: GrantId(B256::repeat_byte(1)),
        by: DOCTOR,
        purpose: 0,
        object: B256::with_last_byte(seq as u8),
        mode: 0,
        action: (seq % 3) as u8,
        time: Timestamp(1_000 + seq),
        height: Height(BLOCK.0 + seq),
    }
}

fn log(consent: Address, entry: &Accessed) -> Log {
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
        address: consent,
        data: event.encode_log_data(),
    }
}

fn transfer(nonce: u64) -> Vec<u8> {
    let tx = TxEip1559 {
        chain_id: super::support::EVM_CHAIN_ID,
        nonce,
        gas_limit: 21_000,
        max_fee_per_gas: 2_000_000_000,
        max_priority_fee_per_gas: 1_000_000_000,
        to: TxKind::Call(DOCTOR),
        value: U256::from(5),
        ..TxEip1559::default()
    };
    let key = PrivateKeySigner::from_bytes(&B256::repeat_byte(7)).expect("a key");
    let signature = key
        .sign_hash_sync(&tx.signature_hash())
        .expect("it is signed");
    TxEnvelope::from(tx.into_signed(signature)).encoded_2718()
}

/// Two openings, each in a block with a transfer, on a chain of seven blocks.
fn world() -> World {
    let mut genesis = Ledger::new();
    genesis.set(keys::balance(OWNER, "adhl"), *b"900000000000000000000");
    set_nonce(&mut genesis, OWNER, 5);
    let mut sim = SimChain::with_ledger(|_| vec![1, 2, 3, 4], genesis);
    let consent = sim.contracts()[Contract::Consent.name()];
    let layout = Contract::Consent.layout().expect("a layout");
    let place = layout
        .variable("accesses")
        .and_then(|v| v.key(OWNER))
        .expect("a mapping");
    let mut point = ChainPoint::default();
    for seq in 0..2 {
        point = point.append(opening(seq).hash());
        let mut slots = Slots::new();
        slots.field(&place, "head", &point.head[..]);
        slots.field(&place, "length", &point.length.to_be_bytes());
        let mut ledger = sim.ledger().clone();
        slots.write(&mut ledger, consent);
        let tx = SimTx {
            logs: vec![log(consent, &opening(seq))],
            ..SimTx::ok(&transfer(seq))
        };
        sim.push(vec![tx], ledger);
    }
    let height = sim.height();
    sim.grow_to(height + 4);
    World::new(sim)
}

pub fn seeds() -> Vec<Seed> {
    let world = world();
    let node: Arc<dyn Transport> = world.honest();
    let (network, now) = (world.network(), world.sim.lock().expect("whole").time() + 2);
    let (recording, honest) = record(network, now, &node, GARBLINGS, read);
    let mut seeds: Vec<Seed> = GARBLINGS
        .iter()
        .zip(honest)
        .map(|(garbling, bytes)| seed(garbling.name, "honest", bytes))
        .collect();
    let recording = serde_json::to_vec(&recording).expect("a recording is JSON");
    seeds.push(("recordings/comet.json".into(), recording));
    seeds.push(seed(
        "comet_commit",
        "real",
        include_bytes!("../../../../crates/chain/tests/fixtures/next_commit.json"),
    ));
    seeds.push(seed(
        "comet_validators",
        "real",
        include_bytes!("../../../../crates/chain/tests/fixtures/next_validators.json"),
    ));
    seeds.extend(proofs(&world));
    seeds.extend(blocks(&world));
    seeds.extend(words());
    seeds
}

fn proofs(world: &World) -> Vec<Seed> {
    let mut claims = Vec::new();
    let mut seeds = Vec::new();
    let mut add = |claim: Claim, in_store: &[u8], of_store: &[u8]| {
        let which = claims.len() as u8;
        let cut = (in_store.len() as u16).to_be_bytes();
        let bytes = [&[which][..], &cut, in_store, of_store].concat();
        seeds.push(seed("ics23_proof", &format!("claim-{which}"), bytes));
        claims.push(claim);
    };
    for fixture in FIXTURES {
        let fixture: Value = serde_json::from_str(fixture).expect("a fixture");
        let text = |v: &Value| v.as_str().expect("a text").to_owned();
        let base64 = |v: &Value| {
            BASE64_STANDARD
                .decode(v.as_str().unwrap_or_default())
                .expect("base64")
        };
        let response = &fixture["abci_query"]["result"]["response"];
        let present = fixture["absent"] == false;
        let claim = Claim {
            spec: ProofSpec::Iavl,
            app_hash: super::from_hex(&text(&fixture["app_hash_next"])).into(),
            store: text(&fixture["store"]),
            key: super::from_hex(&text(&fixture["key"])).into(),
            value: present.then(|| base64(&response["value"]).into()),
        };
        let step = |n: usize| base64(&response["proofOps"]["ops"][n]["data"]);
        add(claim, &step(0), &step(1));
    }
    let sim = world.sim.lock().expect("whole");
    let ledger = sim.ledger();
    for account in [OWNER, DOCTOR] {
        let key = keys::balance(account, "adhl");
        let (value, steps) = ledger.prove(key.store, &key.key);
        let claim = Claim {
            spec: ProofSpec::Devnet,
            app_hash: ledger.app_hash().into(),
            store: key.store.into(),
            key: key.key.into(),
            value: value.map(Bytes::from),
        };
        add(claim, &steps[0].data, &steps[1].data);
    }
    let claims = serde_json::to_vec_pretty(&claims).expect("claims are JSON");
    seeds.push(("recordings/claims.json".into(), claims));
    seeds
}

fn blocks(world: &World) -> Vec<Seed> {
    let sim = world.sim.lock().expect("whole");
    let tx = &sim.txs(BLOCK.0).expect("a block")[0];
    let header = LightBlock {
        signed_header: sim.signed(2).expect("a block"),
        validators: sim.set(2),
        next_validators: sim.set(3),
    };
    let fork = sim.forked(3, |_| vec![1, 2, 3, 4]);
    let shown = |sim: &SimChain, endpoint: &str| json!({"endpoint": endpoint, "signed_header": sim.signed(4).expect("a block")});
    let evidence = json!({
        "chain_id": "sim-1", "height": 4, "common_height": 3, "finding": "fork",
        "signed_both": [], "primary": shown(&sim, "http://one"), "witness": shown(&fork, "http://two"),
    });
    let account = sim.ledger().prove("acc", &keys::account(OWNER).key).0;
    assert!(serde_json::from_value::<Conflict>(evidence.clone()).is_ok());
    vec![
        seed("tx_envelope", "transfer", tx.envelope()),
        seed(
            "tx_result",
            "transfer",
            [&[0][..], &tx.result().data].concat(),
        ),
        seed("stored_header", "four", header.encode()),
        seed("evidence", "fork", evidence.to_string()),
        seed(
            "state_value",
            "account",
            account.expect("it has sent something"),
        ),
        seed("state_value", "balance", *b"900000000000000000000"),
        seed("state_value", "word", [0x11; 32]),
    ]
}

fn words() -> Vec<Seed> {
    let granted = Consent::Granted {
        owner: OWNER,
        grantee: DOCTOR,
        id: B256::repeat_byte(3),
        by: OWNER,
        givenSeq: 4,
        receivedSeq: 1,
        recordIds: vec![B256::repeat_byte(4), B256::repeat_byte(5)],
        parent: B256::ZERO,
        time: 1_000,
        note: Bytes::from_static(&[2; 70]),
    };
    let granted = Log {
        address: Address::ZERO,
        data: granted.encode_log_data(),
    };
    let too_few = IncentivePool::TooFewAttestations {
        given: U256::from(1),
        threshold: 2,
    };
    let text = alloy::sol_types::Revert {
        reason: "no such template".into(),
    };
    let revoke = Consent::revokeBySigCall {
        owner: OWNER,
        id: B256::repeat_byte(3),
        deadline: U256::from(1_000),
        signature: Bytes::from_static(&[7; 65]),
    };
    let consent = Contract::ALL.iter().position(|c| *c == Contract::Consent);
    let consent = consent.expect("a contract") as u8;
    let listed = Consent::ApproverInvalid { account: OWNER };
    vec![
        seed(
            "log_entry",
            "accessed",
            entry(&log(Address::ZERO, &opening(0))),
        ),
        seed("log_entry", "granted", entry(&granted)),
        seed("revert", "custom", too_few.abi_encode()),
        seed("revert", "text", text.abi_encode()),
        seed("revert", "listed", listed.abi_encode()),
        seed(
            "intent_call",
            "revoke",
            [&[consent][..], &revoke.abi_encode()].concat(),
        ),
    ]
}

fn entry(log: &Log) -> Vec<u8> {
    let topics = log.topics().iter().flat_map(|topic| topic.0);
    let mut bytes = vec![log.topics().len() as u8];
    bytes.extend(topics);
    bytes.extend_from_slice(&log.data.data);
    bytes
}
