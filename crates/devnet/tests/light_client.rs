//! What a light client needs: headers that verify, one after the other and with skips, and
//! proofs that end at their app hashes.

mod clients;

use std::time::Duration;

use alloy::primitives::{Address, B256, U256, keccak256};
use clients::*;
use serde_json::{Value, json};
use tendermint::{Time, block::signed_header::SignedHeader, validator};
use tendermint_light_client_verifier::{
    ProdVerifier, Verdict, Verifier,
    options::Options,
    types::{LightBlock, TrustThreshold},
};

const OPTIONS: Options = Options {
    trust_threshold: TrustThreshold::TWO_THIRDS,
    trusting_period: Duration::from_secs(14 * 86_400),
    clock_drift: Duration::from_secs(5),
};

impl Chain {
    async fn light_block(&self, height: u64) -> LightBlock {
        self.until(height + 1).await;
        let at = |height: u64| json!({ "height": height.to_string() });
        let commit = self.comet("commit", at(height)).await.unwrap();
        assert_eq!(commit["canonical"], true);
        let signed_header: SignedHeader =
            serde_json::from_value(commit["signed_header"].clone()).unwrap();
        LightBlock {
            signed_header,
            validators: self.validator_set(height).await,
            next_validators: self.validator_set(height + 1).await,
            provider: "00".repeat(20).parse().unwrap(),
        }
    }

    async fn validator_set(&self, height: u64) -> validator::Set {
        let page = json!({ "height": height.to_string() });
        let mut found = self.comet("validators", page).await.unwrap();
        assert_eq!(found["total"], "4");
        let infos: Vec<validator::Info> =
            serde_json::from_value(found["validators"].take()).unwrap();
        validator::Set::without_proposer(infos)
    }
}

fn verify(trusted: &LightBlock, untrusted: &LightBlock) -> Verdict {
    ProdVerifier::default().verify_update_header(
        untrusted.as_untrusted_state(),
        trusted.as_trusted_state(),
        &OPTIONS,
        Time::now(),
    )
}

#[tokio::test]
async fn headers_verify_one_by_one_and_with_skips() {
    let directory = tempfile::tempdir().unwrap();
    let chain = Chain::start(directory.path()).await;
    let mut blocks = Vec::new();
    for height in 1..=12 {
        blocks.push(chain.light_block(height).await);
    }
    let trust = &chain.devnet.network_file.trust;
    assert_eq!(
        (trust.height, &trust.hash),
        (1, &blocks[0].signed_header.header.hash().to_string())
    );
    for pair in blocks.windows(2) {
        assert_eq!(verify(&pair[0], &pair[1]), Verdict::Success);
        let (last, next) = (&pair[0].signed_header, &pair[1].signed_header);
        assert_eq!(next.header.last_block_id, Some(last.commit.block_id));
        assert!(next.header.time > last.header.time);
    }
    assert_eq!(verify(&blocks[0], &blocks[11]), Verdict::Success);
    assert_eq!(verify(&blocks[3], &blocks[9]), Verdict::Success);
    let proposers: std::collections::BTreeSet<_> = blocks[..4]
        .iter()
        .map(|b| b.signed_header.header.proposer_address)
        .collect();
    assert_eq!(proposers.len(), 4);

    let mut forged = blocks[9].clone();
    forged.signed_header.header.app_hash = vec![7; 32].try_into().unwrap();
    assert_ne!(verify(&blocks[0], &forged), Verdict::Success);
    let mut unsigned = blocks[9].clone();
    unsigned.signed_header.commit.signatures.truncate(2);
    assert_ne!(verify(&blocks[0], &unsigned), Verdict::Success);
    chain.devnet.shutdown().await;
}

#[tokio::test]
async fn the_witness_arrives_at_the_same_headers_by_itself() {
    let directory = tempfile::tempdir().unwrap();
    let chain = Chain::start(directory.path()).await;
    chain
        .send(
            Address::repeat_byte(5),
            U256::from(1),
            21_000,
            Default::default(),
        )
        .await;
    let height = chain.height().await;
    let at = json!({ "height": height.to_string() });
    let of_leader = chain.comet("commit", at.clone()).await.unwrap();
    let of_witness = async {
        loop {
            if let Ok(found) = chain.witness("commit", at.clone()).await {
                return found;
            }
        }
    };
    let of_witness = tokio::time::timeout(PATIENCE, of_witness).await.unwrap();
    assert_eq!(of_leader["signed_header"], of_witness["signed_header"]);
    assert_ne!(chain.devnet.rpc_url, chain.devnet.network_file.witnesses[0]);
    chain.devnet.shutdown().await;
}

#[tokio::test]
async fn what_is_there_and_what_is_not_is_proven_at_every_height() {
    let directory = tempfile::tempdir().unwrap();
    let chain = Chain::start(directory.path()).await;
    let rich = chain.rich.address();
    let someone = Address::repeat_byte(9);
    let before = chain.height().await;
    let receipt = chain
        .send(someone, U256::from(12_345), 21_000, Default::default())
        .await;
    let height = quantity(&receipt["blockNumber"]);
    assert_eq!(receipt["status"], "0x1");

    assert_eq!(
        chain
            .proven("bank", &balance_key(someone), height)
            .await
            .unwrap(),
        b"12345"
    );
    assert_eq!(
        chain.proven("bank", &balance_key(someone), before).await,
        None
    );
    // Any(BaseAccount) with sequence 1, the last field.
    let account = chain
        .proven("acc", &account_key(rich), height)
        .await
        .unwrap();
    assert!(account.ends_with(&[0x20, 1]));
    assert_eq!(
        chain
            .proven("acc", &account_key(Address::repeat_byte(8)), height)
            .await,
        None
    );

    let templates = chain.devnet.network_file.contracts["Templates"];
    let code_hash = chain
        .proven("evm", &[&[4], templates.as_slice()].concat(), height)
        .await;
    let code = chain
        .eth("eth_getCode", json!([templates, "latest"]))
        .await
        .unwrap();
    let code = alloy::primitives::hex::decode(code.as_str().unwrap()).unwrap();
    assert_eq!(code_hash.unwrap(), keccak256(&code).to_vec());
    let empty = slot_key(templates, B256::repeat_byte(0x77));
    assert_eq!(chain.proven("evm", &empty, height).await, None);
    assert!(
        chain
            .proven("feemarket", b"base_fee", height)
            .await
            .is_some()
    );
    chain.devnet.shutdown().await;
}

#[tokio::test]
async fn queries_that_cannot_be_answered_say_why() {
    let directory = tempfile::tempdir().unwrap();
    let chain = Chain::start(directory.path()).await;
    let refused = |path: &'static str, height: &'static str| {
        let params = json!({ "path": path, "data": "00", "height": height, "prove": true });
        let chain = &chain;
        async move {
            let answer = chain.comet("abci_query", params).await.unwrap()["response"].take();
            assert_eq!(answer["codespace"], "sdk");
            (
                answer["code"].as_u64().unwrap(),
                answer["log"].as_str().unwrap().to_owned(),
            )
        }
    };
    assert_eq!(refused("/store/gold/key", "1").await.0, 6);
    assert_eq!(refused("/app/version", "1").await.0, 6);
    assert_eq!(refused("/store/evm/key", "999999").await.0, 26);
    let future = chain
        .comet("commit", json!({ "height": "999999" }))
        .await
        .unwrap_err();
    assert_eq!(future["code"], -32603);
    assert!(
        future["data"]
            .as_str()
            .unwrap()
            .contains("must be less than or equal to")
    );
    assert_eq!(
        chain.comet("nonsense", json!({})).await.unwrap_err()["code"],
        -32601
    );
    let status = chain.comet("status", json!({})).await.unwrap();
    assert_eq!(status["node_info"]["network"], "dhc-devnet-1");
    chain.devnet.shutdown().await;
}

#[tokio::test]
async fn only_programs_on_this_machine_are_answered() {
    let directory = tempfile::tempdir().unwrap();
    let chain = Chain::start(directory.path()).await;
    let http = reqwest::Client::new();
    let url = format!("{}/commit?height=\"1\"", chain.devnet.rpc_url);
    let plain = http.get(&url).send().await.unwrap();
    assert_eq!(plain.status(), 200);
    let answer: Value = plain.json().await.unwrap();
    assert_eq!(answer["result"]["signed_header"]["header"]["height"], "1");
    for (name, value) in [
        ("host", "rebound.example"),
        ("origin", "https://other.example"),
    ] {
        let answer = http.get(&url).header(name, value).send().await.unwrap();
        assert_eq!(answer.status(), 403, "{name}");
    }
    let large = http
        .post(&chain.devnet.evm_url)
        .body(vec![b'['; 2 << 20])
        .send()
        .await;
    assert!(large.is_err() || large.unwrap().status() == 413);
    chain.devnet.shutdown().await;
}
