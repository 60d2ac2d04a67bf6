//! A validator that signs two blocks of one height.

use std::{fs, path::Path};

use base64::{Engine, prelude::BASE64_STANDARD};
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use tendermint::{Hash, Time, Vote, account, block, chain, vote};

use dhc_tests::real::{Real, in_turn, until};

use crate::people::Person;

const CHAIN_ID: &str = "dhc-local-1";

fn key(home: &Path) -> SigningKey {
    let file = fs::read(home.join("config/priv_validator_key.json")).unwrap();
    let file: Value = serde_json::from_slice(&file).unwrap();
    let both = BASE64_STANDARD
        .decode(file["priv_key"]["value"].as_str().unwrap())
        .unwrap();
    SigningKey::from_bytes(both[..32].try_into().unwrap())
}

/// A precommit for a block that never was, in CometBFT's JSON.
fn precommit(
    key: &SigningKey,
    address: account::Id,
    place: u16,
    height: block::Height,
    time: Time,
    block_hash: [u8; 32],
) -> Value {
    let part_set = block::parts::Header::new(1, Hash::Sha256([7; 32])).unwrap();
    let vote = Vote {
        vote_type: vote::Type::Precommit,
        height,
        round: 0u16.into(),
        block_id: Some(block::Id {
            hash: Hash::Sha256(block_hash),
            part_set_header: part_set,
        }),
        timestamp: Some(time),
        validator_address: address,
        validator_index: u32::from(place).try_into().unwrap(),
        signature: None,
        extension: Vec::new(),
        extension_signature: None,
    };
    let chain: chain::Id = CHAIN_ID.parse().unwrap();
    let signature = key.sign(&vote.into_signable_vec(chain));
    json!({
        "type": 2, "height": height.to_string(), "round": 0,
        "block_id": {
            "hash": Hash::Sha256(block_hash).to_string(),
            "parts": {"total": 1, "hash": Hash::Sha256([7; 32]).to_string()},
        },
        "timestamp": time.to_rfc3339(), "validator_address": address.to_string(),
        "validator_index": place,
        "signature": BASE64_STANDARD.encode(signature.to_bytes()),
        "extension": null, "extension_signature": null,
    })
}

fn supply(real: &Real) -> Option<String> {
    // 0x00 ‖ "adhl"
    let path = "/abci_query?path=\"/store/bank/key\"&data=0x006164686c";
    let answer = real.ask(0, path)?;
    let value = BASE64_STANDARD
        .decode(answer["response"]["value"].as_str()?)
        .ok()?;
    String::from_utf8(value).ok()
}

#[test]
#[ignore = "long: four validators"]
fn a_validator_that_signs_twice_loses_stake_and_its_seat() {
    let _turn = in_turn();
    let Some(real) = Real::start(4, 86_400) else {
        return;
    };
    assert_eq!(supply(&real).unwrap(), format!("1{}", "0".repeat(28)));
    let culprit = real.node(3);
    let address: account::Id = culprit["validator"].as_str().unwrap().parse().unwrap();
    let key = key(Path::new(culprit["home"].as_str().unwrap()));
    until("a third block", || (real.height(0)? > 2).then_some(()));

    let set = real.ask(0, "/validators?height=2&per_page=100").unwrap();
    let validators = set["validators"].as_array().unwrap();
    let place = validators
        .iter()
        .position(|v| v["address"] == culprit["validator"])
        .unwrap();
    let header = real.ask(0, "/commit?height=2").unwrap()["signed_header"]["header"].clone();
    let time = header["time"].as_str().unwrap();
    let vote = |hash| {
        let place = u16::try_from(place).unwrap();
        let then = Time::parse_from_rfc3339(time).unwrap();
        precommit(&key, address, place, 2u32.into(), then, hash)
    };
    // In the order of the blocks' hashes.
    let evidence = json!({
        "type": "tendermint/DuplicateVoteEvidence",
        "value": {
            "vote_a": vote([1; 32]), "vote_b": vote([2; 32]),
            "TotalVotingPower": "4000000", "ValidatorPower": "1000000", "Timestamp": time,
        },
    });
    let answer = real.post(0, "broadcast_evidence", &json!({"evidence": evidence}));
    assert!(answer["error"].is_null(), "{answer}");

    let left = until("the culprit's end", || {
        let set = real.ask(0, "/validators?per_page=100")?;
        let left = set["validators"].as_array()?.clone();
        (left.len() == 3).then_some(left)
    });
    assert!(left.iter().all(|v| v["address"] != culprit["validator"]));
    // Five percent of its million are burned.
    assert_eq!(supply(&real).unwrap(), format!("999995{}", "0".repeat(22)));
    // The change of validators is followed by the light client.
    let person = Person::new(real.network_file());
    person.run(&["devnet", "fund", &person.address, "1"]);
    assert_eq!(person.balance().0, format!("1{}", "0".repeat(18)));
}
