//! Proofs of a real node and of the devnet's kind of tree, as they are and tampered with.

use std::{collections::BTreeMap, sync::Arc};

use alloy::primitives::{Address, B256, b256};
use async_trait::async_trait;
use base64::{Engine, prelude::BASE64_STANDARD};
use dhc_chain::{
    At, Chain, Endpoints, MemoryHeaderStore, Transport, TransportError,
    proof::{self, ProofFault, ProofOp, keys},
};
use dhc_domain::{Amount, Height, NetworkFile, ProofSpec, Standing, Trust};
use ics23::CommitmentProof;
use proptest::prelude::*;
use prost::Message;
use serde_json::{Value, json};

use crate::support::{Ledger, ManualClock};

const FIXTURES: [(&str, &str); 11] = [
    (
        "account_absent",
        include_str!("../fixtures/account_absent.json"),
    ),
    (
        "account_contract",
        include_str!("../fixtures/account_contract.json"),
    ),
    (
        "account_owner",
        include_str!("../fixtures/account_owner.json"),
    ),
    (
        "balance_absent",
        include_str!("../fixtures/balance_absent.json"),
    ),
    (
        "balance_owner",
        include_str!("../fixtures/balance_owner.json"),
    ),
    ("code_hash", include_str!("../fixtures/code_hash.json")),
    (
        "storage_absent",
        include_str!("../fixtures/storage_absent.json"),
    ),
    (
        "storage_absent_high",
        include_str!("../fixtures/storage_absent_high.json"),
    ),
    (
        "storage_mapslot",
        include_str!("../fixtures/storage_mapslot.json"),
    ),
    (
        "storage_slot0",
        include_str!("../fixtures/storage_slot0.json"),
    ),
    ("supply", include_str!("../fixtures/supply.json")),
];

/// A statement with its proof.
#[derive(Clone, Debug)]
struct Claim {
    spec: ProofSpec,
    app_hash: Vec<u8>,
    store: String,
    key: Vec<u8>,
    value: Option<Vec<u8>>,
    ops: Vec<ProofOp>,
}

impl Claim {
    fn verify(&self) -> Result<(), ProofFault> {
        proof::verify(
            self.spec,
            &self.app_hash,
            &self.store,
            &self.key,
            self.value.as_deref(),
            &self.ops,
        )
    }

    fn of_fixture(json: &str) -> Self {
        let fixture: Value = serde_json::from_str(json).unwrap();
        let text = |v: &Value| v.as_str().unwrap().to_owned();
        let b64 = |v: &Value| {
            BASE64_STANDARD
                .decode(v.as_str().unwrap_or_default())
                .unwrap()
        };
        let response = &fixture["abci_query"]["result"]["response"];
        let ops = response["proofOps"]["ops"].as_array().unwrap().iter();
        Self {
            spec: ProofSpec::Iavl,
            app_hash: hex::decode(text(&fixture["app_hash_next"])).unwrap(),
            store: text(&fixture["store"]),
            key: hex::decode(text(&fixture["key"])).unwrap(),
            value: (!fixture["absent"].as_bool().unwrap()).then(|| b64(&response["value"])),
            ops: ops
                .map(|op| ProofOp {
                    kind: text(&op["type"]),
                    key: b64(&op["key"]),
                    data: b64(&op["data"]),
                })
                .collect(),
        }
    }

    fn of_devnet_kind(present: bool) -> Self {
        let mut ledger = Ledger::new();
        for n in 0..40u8 {
            ledger.set(
                keys::storage(Address::with_last_byte(n), B256::with_last_byte(n)),
                [n; 32],
            );
        }
        let n = if present { 7 } else { 77 };
        let key = keys::storage(Address::with_last_byte(n), B256::with_last_byte(n)).key;
        let (value, ops) = ledger.prove("evm", &key);
        assert_eq!(value.is_some(), present);
        Self {
            spec: ProofSpec::Devnet,
            app_hash: ledger.app_hash(),
            store: "evm".into(),
            key,
            value,
            ops,
        }
    }

    fn all() -> Vec<(String, Self)> {
        let mut all: Vec<_> = FIXTURES
            .iter()
            .map(|(name, json)| ((*name).to_owned(), Self::of_fixture(json)))
            .collect();
        all.push(("devnet, present".into(), Self::of_devnet_kind(true)));
        all.push(("devnet, absent".into(), Self::of_devnet_kind(false)));
        all
    }
}

#[test]
fn honest_proofs_verify() {
    for (name, claim) in Claim::all() {
        assert_eq!(claim.verify(), Ok(()), "{name}");
    }
}

#[test]
fn a_proof_shows_nothing_but_its_own_statement() {
    for (name, claim) in Claim::all() {
        let refuse = |what: &str, lie: Claim| assert!(lie.verify().is_err(), "{name}: {what}");
        let with = |change: &dyn Fn(&mut Claim)| {
            let mut lie = claim.clone();
            change(&mut lie);
            lie
        };
        refuse("another app hash", with(&|c| c.app_hash[0] ^= 1));
        refuse("another key", with(&|c| *c.key.last_mut().unwrap() ^= 1));
        refuse(
            "another key in claim and step",
            with(&|c| {
                *c.key.last_mut().unwrap() ^= 1;
                c.ops[0].key = c.key.clone();
            }),
        );
        refuse("another store", with(&|c| c.store = "gov".into()));
        refuse(
            "another store in claim and step",
            with(&|c| {
                c.store = if c.store == "bank" {
                    "evm".into()
                } else {
                    "bank".into()
                };
                c.ops[1].key = c.store.clone().into_bytes();
            }),
        );
        refuse(
            "presence for absence",
            with(&|c| {
                c.value = match c.value {
                    Some(_) => None,
                    None => Some(vec![1]),
                };
            }),
        );
        if claim.value.is_some() {
            refuse(
                "another value",
                with(&|c| c.value.as_mut().unwrap()[0] ^= 1),
            );
            refuse(
                "a longer value",
                with(&|c| c.value.as_mut().unwrap().push(0)),
            );
        }
        refuse("no steps", with(&|c| c.ops.clear()));
        refuse("one step", with(&|c| c.ops.truncate(1)));
        refuse("a step too many", with(&|c| c.ops.push(c.ops[1].clone())));
        refuse("steps in the wrong order", with(&|c| c.ops.reverse()));
        refuse(
            "a step of another kind",
            with(&|c| c.ops[0].kind = "ics23:smt".into()),
        );
        refuse("no proof in a step", with(&|c| c.ops[0].data.clear()));
        refuse(
            "an endless step",
            with(&|c| c.ops[0].data.resize(1 << 20, 0)),
        );
        refuse(
            "the other network's trees",
            with(&|c| {
                c.spec = if c.spec == ProofSpec::Iavl {
                    ProofSpec::Devnet
                } else {
                    ProofSpec::Iavl
                };
                c.ops[0].kind = if c.spec == ProofSpec::Iavl {
                    "ics23:iavl".into()
                } else {
                    "ics23:jmt".into()
                };
            }),
        );
    }
}

/// Every single byte of every step, with a few flips each: the step then either does not verify
/// or decodes to the very same proof.
#[test]
fn no_flipped_byte_goes_unnoticed() {
    for (name, claim) in Claim::all() {
        for step in 0..2 {
            let honest = CommitmentProof::decode(claim.ops[step].data.as_slice()).unwrap();
            for at in 0..claim.ops[step].data.len() {
                for flip in [0x01, 0x08, 0x80, 0xff] {
                    let mut lie = claim.clone();
                    lie.ops[step].data[at] ^= flip;
                    if lie.verify().is_ok() {
                        let decoded =
                            CommitmentProof::decode(lie.ops[step].data.as_slice()).unwrap();
                        assert_eq!(
                            decoded, honest,
                            "{name}: step {step}, byte {at} ^ {flip:#x}"
                        );
                    }
                }
            }
        }
    }
}

proptest! {
    /// Whatever the bytes: an answer, never a panic.
    #[test]
    fn rubbish_is_refused(a in proptest::collection::vec(any::<u8>(), 0..300), b in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut claim = Claim::of_devnet_kind(true);
        claim.ops[0].data = a;
        claim.ops[1].data = b;
        prop_assert!(claim.verify().is_err());
    }

    /// Cut and spliced proofs of neighbours, whose parts are all genuine.
    #[test]
    fn parts_of_honest_proofs_do_not_add_up(left in 0..40u8, right in 0..40u8, cut_left in 0..4usize, cut_right in 0..4usize) {
        use ics23::{NonExistenceProof, commitment_proof::Proof};
        let mut ledger = Ledger::new();
        let key = |n: u8| keys::storage(Address::with_last_byte(n), B256::with_last_byte(n));
        (0..40).for_each(|n| ledger.set(key(n), [n; 32]));
        let exist = |n: u8, cut: usize| {
            let data = ledger.prove("evm", &key(n).key).1.remove(0).data;
            let Some(Proof::Exist(mut e)) = CommitmentProof::decode(data.as_slice()).unwrap().proof else { unreachable!() };
            e.path.drain(..cut.min(e.path.len()));
            Some(e)
        };
        // Claims that a present key is absent.
        let present = key(20).key;
        let lie = NonExistenceProof { key: present.clone(), left: exist(left, cut_left), right: exist(right, cut_right) };
        let mut ops = ledger.prove("evm", &present).1;
        ops[0].data = CommitmentProof { proof: Some(Proof::Nonexist(lie)) }.encode_to_vec();
        prop_assert!(proof::verify(ProofSpec::Devnet, &ledger.app_hash(), "evm", &present, None, &ops).is_err());
    }
}

/// The real node: its commit and validators at 106, and its proofs at 105.
struct RealNode(BTreeMap<(String, String), Value>);

#[async_trait]
impl Transport for RealNode {
    fn endpoint(&self) -> &'static str {
        "http://real"
    }

    async fn post(&self, body: Vec<u8>, _most: usize) -> Result<Vec<u8>, TransportError> {
        let answer = match serde_json::from_slice(&body).unwrap() {
            Value::Array(requests) => requests.iter().map(|r| self.answer(r)).collect(),
            request => self.answer(&request),
        };
        Ok(answer.to_string().into_bytes())
    }
}

impl RealNode {
    fn answer(&self, request: &Value) -> Value {
        let params = &request["params"];
        let file = |json: &str| serde_json::from_str::<Value>(json).unwrap()["result"].clone();
        let result = match request["method"].as_str().unwrap() {
            "commit" => file(include_str!("../fixtures/next_commit.json")),
            "validators" => file(include_str!("../fixtures/next_validators.json")),
            "abci_query" => {
                assert_eq!(params["height"], "105");
                let text = |v: &Value| v.as_str().unwrap().to_owned();
                self.0[&(text(&params["path"]), text(&params["data"]))].clone()
            }
            other => panic!("asked for {other}"),
        };
        json!({"jsonrpc": "2.0", "id": request["id"], "result": result})
    }
}

#[tokio::test]
async fn a_real_nodes_state_is_read_and_proven() {
    let answers = FIXTURES.iter().map(|(_, json)| {
        let f: Value = serde_json::from_str(json).unwrap();
        let path = format!("/store/{}/key", f["store"].as_str().unwrap());
        (
            (path, f["key"].as_str().unwrap().to_owned()),
            f["abci_query"]["result"].clone(),
        )
    });
    let node: Arc<dyn Transport> = Arc::new(RealNode(answers.collect()));
    let network = NetworkFile {
        name: "dhc".into(),
        chain_id: "dhl-1".into(),
        evm_chain_id: 1,
        rpc: vec![],
        evm: vec![],
        witnesses: vec![],
        proof_spec: ProofSpec::Iavl,
        denom: "adhl".into(),
        trust: Trust {
            height: 106,
            hash: "d3829765c891be265c3abb84f13ad9024fba96f371bcd68af11afcf9e54f84c0".into(),
            period_s: 86_400,
        },
        day_s: 60,
        contracts: BTreeMap::new(),
        swarm_key: None,
    };
    // Ten minutes after the block.
    let clock = ManualClock::at(1_795_370_530);
    let endpoints = Endpoints {
        comet: vec![node],
        ..Endpoints::default()
    };
    let chain = Chain::new(
        network,
        endpoints,
        Arc::new(MemoryHeaderStore::default()),
        clock,
    )
    .unwrap();

    let proven = Standing::Proven {
        height: Height(105),
    };
    assert_eq!(chain.sync().await.unwrap().height, Height(106));
    let owner: Address = "0xa38b5151d28d98b31f16851331183fc487738222"
        .parse()
        .unwrap();
    let contract: Address = "0x6b08769c83053b51c817cde70e1a5f1ce4bd669f"
        .parse()
        .unwrap();
    let nobody = Address::repeat_byte(0x77);

    let balance = chain.balance(owner, At::Latest).await.unwrap();
    assert_eq!(
        (balance.value, balance.standing),
        ("999949999885104321564348".parse().unwrap(), proven)
    );
    assert_eq!(
        chain.balance(nobody, At::Latest).await.unwrap().value,
        Amount::ZERO
    );
    assert_eq!(chain.nonce(owner, At::Latest).await.unwrap().value, 5);
    assert_eq!(chain.nonce(contract, At::Latest).await.unwrap().value, 1);
    assert_eq!(chain.nonce(nobody, At::Latest).await.unwrap().value, 0);
    let code = chain.code_hash(contract, At::Latest).await.unwrap().value;
    assert_eq!(
        code,
        Some(b256!(
            "5d250a921ae6a8072faf02394335e60d7988d3e14e0ecd0e110850c11d0ae7b9"
        ))
    );
    // slot 0; a mapping's; two that were never written.
    let mapped = b256!("1616d14dd6b7eb4312f1c31b8905425d8de62a85b5ebd832d51a7ac0d4ec6a8e");
    let slots = [
        B256::ZERO,
        mapped,
        B256::repeat_byte(0x77),
        B256::repeat_byte(0xff),
    ];
    let words = chain
        .read_slots(contract, &slots, At::Latest)
        .await
        .unwrap();
    assert_eq!(words.standing, proven);
    let number = B256::from(alloy::primitives::U256::from(0x1234));
    let map_value = b256!("ebc84cbd75ba5516bf45e7024a9e12bc3c5c880f73e3a5beca7ebba52b2867a7");
    assert_eq!(words.value, [number, map_value, B256::ZERO, B256::ZERO]);
}
