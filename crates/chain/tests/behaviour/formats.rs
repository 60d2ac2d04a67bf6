//! What is kept on people's disks reads back for ever.

use alloy::primitives::{Address, B256, b256, keccak256};
use dhc_chain::{
    Prefix, SignedTx,
    history::{Accessed, ChainPoint, GrantReceived},
    light::LightBlock,
};
use dhc_domain::{GrantId, Height, Timestamp, TxHash};
use serde_json::Value;
use tendermint::{block::signed_header::SignedHeader, validator};

#[test]
fn a_stored_header() {
    let result = |json: &str| serde_json::from_str::<Value>(json).unwrap()["result"].clone();
    let commit = result(include_str!("../fixtures/next_commit.json"));
    let signed_header: SignedHeader =
        serde_json::from_value(commit["signed_header"].clone()).unwrap();
    let validators = result(include_str!("../fixtures/next_validators.json"));
    let infos: Vec<validator::Info> =
        serde_json::from_value(validators["validators"].clone()).unwrap();
    let set = validator::Set::without_proposer(infos);
    let block = LightBlock {
        signed_header,
        validators: set.clone(),
        next_validators: set,
    };
    let bytes = block.encode();
    assert_eq!(LightBlock::decode(&bytes).unwrap(), block);
    assert_eq!(
        (bytes.len(), keccak256(&bytes)),
        (
            1_423,
            b256!("8e6597ce213f79918309ad528f1896873519e26fb44aa3b5002d9e75921ff713")
        )
    );
}

/// Both ways.
fn keeps<T>(value: &T, json: &str)
where
    T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
{
    assert_eq!(serde_json::to_string(value).unwrap(), json);
    assert_eq!(&serde_json::from_str::<T>(json).unwrap(), value);
}

#[test]
fn a_signed_transaction() {
    let tx = SignedTx {
        hash: TxHash(B256::repeat_byte(1)),
        raw: vec![2, 0xff].into(),
        from: Address::repeat_byte(3),
        nonce: 4,
        since: Height(5),
    };
    let hash = "01".repeat(32);
    let from = "03".repeat(20);
    keeps(
        &tx,
        &format!(r#"{{"hash":"0x{hash}","raw":"0x02ff","from":"0x{from}","nonce":4,"since":5}}"#),
    );
}

#[test]
fn a_verified_history() {
    let head = "06".repeat(32);
    let prefix = Prefix {
        point: ChainPoint {
            head: B256::repeat_byte(6),
            length: 7,
        },
        seen_to: Height(8),
    };
    keeps(
        &prefix,
        &format!(r#"{{"point":{{"head":"0x{head}","length":7}},"seen_to":8}}"#),
    );
    let id = "09".repeat(32);
    let received = GrantReceived {
        seq: 1,
        id: GrantId(B256::repeat_byte(9)),
        note: vec![1, 2],
    };
    keeps(
        &received,
        &format!(r#"{{"seq":1,"id":"0x{id}","note":[1,2]}}"#),
    );
    let (owner, by, object) = ("0a".repeat(20), "0b".repeat(20), "0c".repeat(32));
    let opening = Accessed {
        owner: Address::repeat_byte(10),
        seq: 2,
        id: GrantId(B256::repeat_byte(9)),
        by: Address::repeat_byte(11),
        purpose: 0,
        object: B256::repeat_byte(12),
        mode: 1,
        action: 2,
        time: Timestamp(1_795_000_000),
        height: Height(3),
    };
    keeps(
        &opening,
        &format!(
            r#"{{"owner":"0x{owner}","seq":2,"id":"0x{id}","by":"0x{by}","purpose":0,"object":"0x{object}","mode":1,"action":2,"time":"2026-11-18T11:06:40Z","height":3}}"#
        ),
    );
}
