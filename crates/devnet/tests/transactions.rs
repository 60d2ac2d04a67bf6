//! Transactions from sending to receipt, and what of them can be proven.

mod clients;

use alloy::{
    consensus::{SignableTransaction, TxEip2930, TxEip7702, TxEnvelope, TxLegacy},
    dyn_abi::{DynSolValue, JsonAbiExt},
    eips::{Encodable2718, eip7702::Authorization},
    json_abi::JsonAbi,
    primitives::{Address, B256, Bytes, TxKind, U256, keccak256},
    signers::{SignerSync, local::PrivateKeySigner},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use clients::*;
use prost::Message;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tendermint::{
    Hash, crypto::default::Sha256 as TmSha256, merkle::simple_hash_from_byte_vectors,
};

fn input(contract: &str, function: &str, arguments: &[DynSolValue]) -> Bytes {
    let artifact: Value = serde_json::from_str(match contract {
        "Identity" => include_str!("../../../contracts/artifacts/Identity.json"),
        "IncentivePool" => include_str!("../../../contracts/artifacts/IncentivePool.json"),
        _ => include_str!("../../../contracts/artifacts/Issuers.json"),
    })
    .unwrap();
    let abi: JsonAbi = serde_json::from_value(artifact["abi"].clone()).unwrap();
    abi.function(function).unwrap()[0]
        .abi_encode_input(arguments)
        .unwrap()
        .into()
}

#[tokio::test]
async fn every_kind_of_transaction_moves_coins_and_pays_its_fee() {
    let directory = tempfile::tempdir().unwrap();
    let chain = Chain::start(directory.path()).await;
    let to = Address::repeat_byte(0xaa);
    let before = chain.balance(chain.rich.address()).await;
    let legacy = TxLegacy {
        chain_id: Some(CHAIN_ID),
        nonce: 0,
        gas_price: 2_000_000_000,
        gas_limit: 21_000,
        to: TxKind::Call(to),
        value: U256::from(1),
        input: Bytes::new(),
    };
    let with_list = TxEip2930 {
        chain_id: CHAIN_ID,
        nonce: 1,
        gas_price: 2_000_000_000,
        gas_limit: 30_000,
        to: TxKind::Call(to),
        value: U256::from(2),
        ..Default::default()
    };
    let sign = |hash: B256| chain.rich.sign_hash_sync(&hash).unwrap();
    let signature = sign(legacy.signature_hash());
    let legacy = TxEnvelope::from(legacy.into_signed(signature)).encoded_2718();
    let signature = sign(with_list.signature_hash());
    let with_list = TxEnvelope::from(with_list.into_signed(signature)).encoded_2718();
    let dynamic = chain.signed(2, TxKind::Call(to), U256::from(4), 21_000, Bytes::new());
    let mut fees = U256::ZERO;
    for (kind, raw) in [(0, legacy.into()), (1, with_list.into()), (2, dynamic)] {
        let hash = chain.send_raw(&raw).await.unwrap();
        assert_eq!(hash, keccak256(&raw));
        let receipt = chain.receipt(hash).await;
        assert_eq!(
            (quantity(&receipt["type"]), &receipt["status"]),
            (kind, &json!("0x1"))
        );
        let gas = quantity(&receipt["gasUsed"]);
        assert_eq!(gas, 21_000);
        fees += U256::from(gas) * U256::from(quantity(&receipt["effectiveGasPrice"]));
        let found = chain
            .eth("eth_getTransactionByHash", json!([hash]))
            .await
            .unwrap();
        assert_eq!(found["blockHash"], receipt["blockHash"]);
        assert_eq!(found["type"], receipt["type"]);
    }
    assert_eq!(chain.balance(to).await, U256::from(7));
    assert_eq!(
        chain.balance(chain.rich.address()).await,
        before - fees - U256::from(7)
    );
    let collector = "f1829676db577682e944fc3493d451b67ff3e29f".parse().unwrap();
    assert_eq!(chain.balance(collector).await, fees);
    chain.devnet.shutdown().await;
}

#[tokio::test]
async fn contracts_are_created_and_accounts_delegate_to_them() {
    let directory = tempfile::tempdir().unwrap();
    let chain = Chain::start(directory.path()).await;
    // Returns one byte of code: STOP.
    let create = Bytes::from_static(&[0x60, 1, 0x60, 0, 0xf3]);
    let raw = chain.signed(0, TxKind::Create, U256::ZERO, 100_000, create);
    let receipt = chain.receipt(chain.send_raw(&raw).await.unwrap()).await;
    let created = chain.rich.address().create(0);
    assert_eq!(receipt["contractAddress"], json!(created));
    assert_eq!(
        chain.eth("eth_getCode", json!([created])).await.unwrap(),
        "0x00"
    );

    let authority = PrivateKeySigner::from_bytes(&B256::repeat_byte(0x33)).unwrap();
    let authorization = Authorization {
        chain_id: U256::from(CHAIN_ID),
        address: created,
        nonce: 0,
    };
    let signature = authority
        .sign_hash_sync(&authorization.signature_hash())
        .unwrap();
    let delegate = TxEip7702 {
        chain_id: CHAIN_ID,
        nonce: 1,
        gas_limit: 100_000,
        max_fee_per_gas: 5_000_000_000,
        max_priority_fee_per_gas: 1,
        to: created,
        authorization_list: vec![authorization.into_signed(signature)],
        ..Default::default()
    };
    let signature = chain
        .rich
        .sign_hash_sync(&delegate.signature_hash())
        .unwrap();
    let raw = TxEnvelope::from(delegate.into_signed(signature)).encoded_2718();
    let receipt = chain
        .receipt(chain.send_raw(&raw.into()).await.unwrap())
        .await;
    assert_eq!(
        (&receipt["status"], &receipt["type"]),
        (&json!("0x1"), &json!("0x4"))
    );
    let code = [&[0xef, 0x01, 0x00], created.as_slice()].concat();
    let found = chain
        .eth("eth_getCode", json!([authority.address()]))
        .await
        .unwrap();
    assert_eq!(found, json!(Bytes::from(code.clone())));
    let height = quantity(&receipt["blockNumber"]);
    let key = [&[4], authority.address().as_slice()].concat();
    assert_eq!(
        chain.proven("evm", &key, height).await,
        Some(keccak256(&code).to_vec())
    );
    chain.devnet.shutdown().await;
}

#[tokio::test]
async fn a_call_leaves_a_log_and_a_slot_that_is_proven() {
    let directory = tempfile::tempdir().unwrap();
    let chain = Chain::start(directory.path()).await;
    let identity = chain.devnet.network_file.contracts["Identity"];
    let keys = vec![7; 1216];
    let call = input("Identity", "publish", &[DynSolValue::Bytes(keys.clone())]);
    let request = json!({ "from": chain.rich.address(), "to": identity, "input": call });
    let gas = quantity(
        &chain
            .eth("eth_estimateGas", json!([request]))
            .await
            .unwrap(),
    );
    let receipt = chain.send(identity, U256::ZERO, gas, call).await;
    assert_eq!(receipt["status"], "0x1", "{receipt}");
    let height = quantity(&receipt["blockNumber"]);
    let log = &receipt["logs"][0];
    assert_eq!(
        log["topics"][0],
        json!(keccak256("KeysPublished(address,uint64,bytes)"))
    );
    let filter = json!([{ "address": identity, "fromBlock": "0x0", "toBlock": "latest",
        "topics": [log["topics"][0], null] }]);
    assert_eq!(
        chain.eth("eth_getLogs", filter).await.unwrap(),
        json!([log])
    );
    let other = json!([{ "topics": [B256::ZERO], "fromBlock": "0x1" }]);
    assert_eq!(chain.eth("eth_getLogs", other).await.unwrap(), json!([]));

    // keys[address] begins at keccak256(address ‖ slot of the mapping) with the hash of the keys.
    let hash = keccak256(&keys);
    let mut proven = Vec::new();
    for mapping in 0u64..4 {
        let preimage = [
            chain.rich.address().into_word(),
            B256::from(U256::from(mapping)),
        ]
        .concat();
        let key = slot_key(identity, keccak256(preimage));
        proven.extend(chain.proven("evm", &key, height).await);
    }
    assert_eq!(proven, [hash.to_vec()]);
    chain.devnet.shutdown().await;
}

#[tokio::test]
async fn a_revert_is_told_and_costs_its_fee() {
    let directory = tempfile::tempdir().unwrap();
    let chain = Chain::start(directory.path()).await;
    let issuers = chain.devnet.network_file.contracts["Issuers"];
    let arguments = [
        DynSolValue::Address(Address::repeat_byte(1)),
        DynSolValue::Uint(U256::from(2), 8),
        DynSolValue::FixedBytes(B256::ZERO, 32),
    ];
    let call = input("Issuers", "certify", &arguments);
    let request = json!([{ "from": chain.rich.address(), "to": issuers, "data": call }, "latest"]);
    for method in ["eth_call", "eth_estimateGas"] {
        let error = chain.eth(method, request.clone()).await.unwrap_err();
        assert_eq!(error["code"], 3);
        let selector = &keccak256("OwnableUnauthorizedAccount(address)")[..4];
        let data = error["data"].as_str().unwrap();
        assert!(data.starts_with(&format!("0x{}", alloy::primitives::hex::encode(selector))));
    }
    let receipt = chain.send(issuers, U256::ZERO, 100_000, call).await;
    assert_eq!(receipt["status"], "0x0");
    assert_eq!(receipt["logs"], json!([]));
    // At least half of the limit is charged, as on cosmos/evm.
    assert_eq!(quantity(&receipt["gasUsed"]), 50_000);
    chain.devnet.shutdown().await;
}

#[derive(Clone, PartialEq, Message)]
struct Result {
    #[prost(uint32, tag = "1")]
    code: u32,
    #[prost(bytes = "vec", tag = "2")]
    data: Vec<u8>,
    #[prost(int64, tag = "5")]
    gas_wanted: i64,
    #[prost(int64, tag = "6")]
    gas_used: i64,
}

#[tokio::test]
async fn inclusion_and_results_are_proven_by_the_headers() {
    let directory = tempfile::tempdir().unwrap();
    let chain = Chain::start(directory.path()).await;
    let mut hashes = Vec::new();
    for nonce in 0..7 {
        let to = TxKind::Call(Address::repeat_byte(3));
        let raw = chain.signed(nonce, to, U256::from(1), 21_000, Bytes::new());
        hashes.push(chain.send_raw(&raw).await.unwrap());
    }
    for hash in hashes {
        let receipt = chain.receipt(hash).await;
        let height = quantity(&receipt["blockNumber"]);
        let query =
            json!({ "query": format!("ethereum_tx.ethereumTxHash='{hash}'"), "prove": true });
        let found = chain.comet("tx_search", query).await.unwrap()["txs"][0].take();
        assert_eq!(found["height"], height.to_string());
        let tx = BASE64_STANDARD
            .decode(found["tx"].as_str().unwrap())
            .unwrap();
        let tx_hash = Sha256::digest(&tx);
        let by_hash = json!({ "hash": BASE64_STANDARD.encode(tx_hash), "prove": true });
        assert_eq!(chain.comet("tx", by_hash).await.unwrap(), found);

        let at = json!({ "height": height.to_string() });
        let block = chain.comet("block", at.clone()).await.unwrap();
        let leaves: Vec<_> = block["block"]["data"]["txs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|tx| Sha256::digest(BASE64_STANDARD.decode(tx.as_str().unwrap()).unwrap()))
            .collect();
        let root = simple_hash_from_byte_vectors::<TmSha256>(&leaves);
        assert_eq!(
            chain.header(height).await.data_hash,
            Some(Hash::Sha256(root))
        );
        assert!(leaves.contains(&tx_hash));
        let proof: tendermint::tx::Proof = serde_json::from_value(found["proof"].clone()).unwrap();
        assert_eq!(proof.root_hash, Hash::Sha256(root));

        let results = chain.comet("block_results", at).await.unwrap();
        let leaves: Vec<_> = results["txs_results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|result| {
                let number = |name: &str| result[name].as_str().unwrap().parse().unwrap();
                Result {
                    code: result["code"].as_u64().unwrap() as u32,
                    data: BASE64_STANDARD
                        .decode(result["data"].as_str().unwrap())
                        .unwrap(),
                    gas_wanted: number("gas_wanted"),
                    gas_used: number("gas_used"),
                }
                .encode_to_vec()
            })
            .collect();
        let root = simple_hash_from_byte_vectors::<TmSha256>(&leaves);
        let next = chain.header(height + 1).await;
        assert_eq!(next.last_results_hash, Some(Hash::Sha256(root)));
        let index = found["index"].as_u64().unwrap() as usize;
        // The response names the transaction: its hash is the first field.
        let text = String::from_utf8_lossy(&leaves[index]).into_owned();
        assert!(text.contains(&hash.to_string()));
    }
    chain.devnet.shutdown().await;
}

#[tokio::test]
async fn what_cannot_be_taken_is_refused_in_the_words_that_clients_know() {
    let directory = tempfile::tempdir().unwrap();
    let chain = Chain::start(directory.path()).await;
    let to = TxKind::Call(Address::repeat_byte(3));
    let refused = async |raw: &Bytes, reason: &str| {
        let error = chain.send_raw(raw).await.unwrap_err();
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(reason), "{message}");
    };
    let all = U256::from(10).pow(U256::from(22));
    refused(
        &chain.signed(0, to, all, 21_000, Bytes::new()),
        "insufficient funds",
    )
    .await;
    refused(
        &chain.signed(0, to, U256::ZERO, 20_999, Bytes::new()),
        "intrinsic gas too low",
    )
    .await;
    refused(
        &chain.signed(0, to, U256::ZERO, 50_000_000, Bytes::new()),
        "exceeds block gas",
    )
    .await;
    refused(&Bytes::from_static(&[0xc0]), "rlp").await;
    let good = chain.signed(0, to, U256::from(1), 21_000, Bytes::new());
    let hash = chain.send_raw(&good).await.unwrap();
    chain.receipt(hash).await;
    refused(&good, "nonce too low").await;
    let gap = chain.signed(5, to, U256::from(1), 21_000, Bytes::new());
    chain.send_raw(&gap).await.unwrap();
    refused(&gap, "already known").await;
    let same_price = chain.signed(5, to, U256::from(2), 21_000, Bytes::new());
    refused(&same_price, "replacement transaction underpriced").await;
    assert_eq!(chain.nonce(chain.rich.address()).await, 1);
    // A dearer one takes its place: twice the tip and more than a tenth on top of the fee.
    let dearer = chain.priced(5, to, 6_000_000_000, 2_000_000_000);
    let replacing = chain.send_raw(&dearer).await.unwrap();
    for nonce in 1..5 {
        let raw = chain.signed(nonce, to, U256::ZERO, 21_000, Bytes::new());
        chain.send_raw(&raw).await.unwrap();
    }
    assert_eq!(chain.receipt(replacing).await["status"], "0x1");
    let replaced = json!([keccak256(&gap)]);
    assert!(
        chain
            .eth("eth_getTransactionByHash", replaced)
            .await
            .unwrap()
            .is_null()
    );
    chain.devnet.shutdown().await;
}

#[tokio::test]
async fn the_faucet_the_certifier_and_the_committee_do_their_part() {
    let directory = tempfile::tempdir().unwrap();
    let chain = Chain::start(directory.path()).await;
    let hospital = Address::repeat_byte(0x42);
    let hash = |value: Value| value.as_str().unwrap().parse::<B256>().unwrap();
    let funded = hash(
        chain
            .eth("dhc_fund", json!([hospital, "0x64"]))
            .await
            .unwrap(),
    );
    let certified = hash(
        chain
            .eth("dhc_certify", json!([hospital, 2, "Clinic"]))
            .await
            .unwrap(),
    );
    assert_eq!(chain.receipt(funded).await["status"], "0x1");
    assert_eq!(chain.receipt(certified).await["status"], "0x1");
    assert_eq!(chain.balance(hospital).await, U256::from(100));
    let call = input("Issuers", "isCertified", &[DynSolValue::Address(hospital)]);
    let to = chain.devnet.network_file.contracts["Issuers"];
    let answer = chain
        .eth("eth_call", json!([{ "to": to, "data": call }, "latest"]))
        .await
        .unwrap();
    assert_eq!(answer, json!(B256::from(U256::from(1))));

    let attest = |record: u8, sketch: Vec<u8>| {
        let request = json!([{ "contributor": hospital, "recordId": B256::repeat_byte(record),
            "sketch": BASE64_STANDARD.encode(sketch) }]);
        chain.eth("dhc_attestSimilarity", request)
    };
    let first: Vec<u8> = (0..128).collect();
    let other: Vec<u8> = (128..=255).collect();
    let new = attest(1, first.clone()).await.unwrap();
    assert_eq!(new["sixteenths"], 0);
    assert_eq!(new["signatures"].as_array().unwrap().len(), 3);
    assert_eq!(attest(1, first.clone()).await.unwrap(), new);
    assert_eq!(attest(2, other).await.unwrap()["sixteenths"], 0);
    assert_eq!(attest(3, first).await.unwrap()["sixteenths"], 16);
    assert_eq!(attest(4, vec![0; 127]).await.unwrap_err()["code"], -32602);
    chain.devnet.shutdown().await;
}
