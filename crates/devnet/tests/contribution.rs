//! The contracts of genesis together with the committee: a record sealed by a certified
//! institution is contributed, its day settles, the reward is claimed.

mod clients;

use alloy::{
    dyn_abi::{DynSolValue, JsonAbiExt, TypedData},
    json_abi::JsonAbi,
    primitives::{Address, B256, Bytes, U256, keccak256},
    signers::{SignerSync, local::PrivateKeySigner},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use clients::*;
use dhc_devnet::Devnet;
use serde_json::{Value, json};

/// Imaging, from a top tertiary hospital, about a rare disease.
const QUALITY: u32 = 0x0002_0204;

fn input(artifact: &str, function: &str, arguments: &[DynSolValue]) -> Bytes {
    let artifact: Value = serde_json::from_str(artifact).unwrap();
    let abi: JsonAbi = serde_json::from_value(artifact["abi"].clone()).unwrap();
    abi.function(function).unwrap()[0]
        .abi_encode_input(arguments)
        .unwrap()
        .into()
}

fn record_index(function: &str, arguments: &[DynSolValue]) -> Bytes {
    let artifact = include_str!("../../../contracts/artifacts/RecordIndex.json");
    input(artifact, function, arguments)
}

fn incentive_pool(function: &str, arguments: &[DynSolValue]) -> Bytes {
    let artifact = include_str!("../../../contracts/artifacts/IncentivePool.json");
    input(artifact, function, arguments)
}

fn word(value: B256) -> DynSolValue {
    DynSolValue::FixedBytes(value, 32)
}

fn number(value: u64, bits: usize) -> DynSolValue {
    DynSolValue::Uint(U256::from(value), bits)
}

/// The institution's signature of the record's quality.
fn seal(
    institution: &PrivateKeySigner,
    contract: Address,
    owner: Address,
    commitment: B256,
) -> Bytes {
    let data: TypedData = serde_json::from_value(json!({
        "types": {
            "EIP712Domain": [
                { "name": "name", "type": "string" },
                { "name": "version", "type": "string" },
                { "name": "chainId", "type": "uint256" },
                { "name": "verifyingContract", "type": "address" },
            ],
            "Seal": [
                { "name": "owner", "type": "address" },
                { "name": "commitment", "type": "bytes32" },
                { "name": "quality", "type": "uint32" },
            ],
        },
        "primaryType": "Seal",
        "domain": { "name": "DHC RecordIndex", "version": "1", "chainId": CHAIN_ID,
            "verifyingContract": contract },
        "message": { "owner": owner, "commitment": commitment, "quality": QUALITY },
    }))
    .unwrap();
    let hash = data.eip712_signing_hash().unwrap();
    institution.sign_hash_sync(&hash).unwrap().as_bytes().into()
}

impl Chain {
    async fn act(&self, contract: Address, input: Bytes) -> Value {
        let receipt = self.send(contract, U256::ZERO, 1_000_000, input).await;
        assert_eq!(receipt["status"], "0x1", "{receipt}");
        receipt
    }
}

#[tokio::test]
async fn a_sealed_record_earns_its_share_of_the_day() {
    let directory = tempfile::tempdir().unwrap();
    let mut config = config(directory.path());
    config.day_s = 1;
    let chain = Chain::of(Devnet::start(config).await.unwrap());
    let patient = chain.rich.address();
    let contracts = chain.devnet.network_file.contracts.clone();
    let (index, pool) = (contracts["RecordIndex"], contracts["IncentivePool"]);
    let institution = PrivateKeySigner::from_bytes(&B256::repeat_byte(0x22)).unwrap();

    let certified = json!([institution.address(), 2, "Clinic"]);
    let certified = chain.eth("dhc_certify", certified).await.unwrap();
    chain
        .receipt(certified.as_str().unwrap().parse().unwrap())
        .await;

    let (record, commitment) = (B256::repeat_byte(1), B256::repeat_byte(2));
    let sealed = seal(&institution, index, patient, commitment);
    let add = record_index(
        "add",
        &[
            word(record),
            word(commitment),
            word(B256::repeat_byte(3)),
            DynSolValue::Address(institution.address()),
            number(QUALITY.into(), 32),
            DynSolValue::Bytes(sealed.to_vec()),
        ],
    );
    chain.act(index, add).await;

    let request = json!([{ "contributor": patient, "recordId": record,
        "sketch": BASE64_STANDARD.encode([5; 128]) }]);
    let attested = chain.eth("dhc_attestSimilarity", request).await.unwrap();
    let signatures: Vec<Bytes> = serde_json::from_value(attested["signatures"].clone()).unwrap();
    let contribute = incentive_pool(
        "contribute",
        &[
            word(record),
            word(keccak256("research-contribution")),
            number(attested["sixteenths"].as_u64().unwrap(), 8),
            DynSolValue::Array(
                signatures
                    .iter()
                    .map(|s| DynSolValue::Bytes(s.to_vec()))
                    .collect(),
            ),
        ],
    );
    let receipt = chain.act(pool, contribute).await;
    let data = receipt["logs"][0]["data"].as_str().unwrap();
    let day = u64::from_str_radix(&data[2..66], 16).unwrap();

    let settle = incentive_pool("settle", &[number(day, 64)]);
    let call = json!([{ "from": patient, "to": pool, "data": settle }, "latest"]);
    let closed = async { while chain.eth("eth_call", call.clone()).await.is_err() {} };
    tokio::time::timeout(PATIENCE, closed)
        .await
        .expect("the day's end in time");
    chain.act(pool, settle).await;

    let before = chain.balance(patient).await;
    let claim = incentive_pool("claim", &[DynSolValue::Array(vec![number(day, 64)])]);
    let receipt = chain.act(pool, claim).await;
    let gas = U256::from(quantity(&receipt["gasUsed"]));
    let fee = gas * U256::from(quantity(&receipt["effectiveGasPrice"]));
    let claimed = keccak256("Claimed(address,uint64,uint256)");
    let log = &receipt["logs"][0];
    assert_eq!(log["topics"][0], json!(claimed));
    let reward: U256 = log["data"].as_str().unwrap().parse().unwrap();
    assert!(reward > U256::ZERO);
    let after = before + reward - fee;
    assert_eq!(chain.balance(patient).await, after);
    let height = quantity(&receipt["blockNumber"]);
    let proven = chain
        .proven("bank", &balance_key(patient), height)
        .await
        .unwrap();
    assert_eq!(proven, after.to_string().into_bytes());
    chain.devnet.shutdown().await;
}
