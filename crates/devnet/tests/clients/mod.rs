//! A devnet and its clients, as the tests need them.
#![allow(dead_code, reason = "each test binary uses a part")]

use std::time::Duration;

use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEnvelope},
    eips::Encodable2718,
    primitives::{Address, B256, Bytes, TxKind, U256, hex},
    signers::{SignerSync, local::PrivateKeySigner},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use dhc_devnet::{Amount, Config, Devnet};
use ics23::{CommitmentProof, HostFunctionsManager, verify_membership, verify_non_membership};
use prost::Message;
use serde_json::{Value, json};
use tendermint::block::Header;

pub const CHAIN_ID: u64 = 7761;
pub const PATIENCE: Duration = Duration::from_secs(60);

pub struct Chain {
    pub devnet: Devnet,
    pub rich: PrivateKeySigner,
    http: reqwest::Client,
}

/// A key whose account every test chain funds.
pub fn rich() -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(0x11)).unwrap()
}

pub fn config(directory: &std::path::Path) -> Config {
    let mut config = Config::new(directory);
    config.block_ms = 40;
    config.day_s = 60;
    config.fund = vec![(rich().address(), Amount::from_dhl("1000").unwrap())];
    config
}

impl Chain {
    pub async fn start(directory: &std::path::Path) -> Self {
        Self::of(Devnet::start(config(directory)).await.unwrap())
    }

    pub fn of(devnet: Devnet) -> Self {
        Self {
            devnet,
            rich: rich(),
            http: reqwest::Client::new(),
        }
    }

    async fn post(&self, url: &str, method: &str, params: Value) -> Result<Value, Value> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let mut answer: Value = self
            .http
            .post(url)
            .header("content-type", "application/json")
            .body(body.to_string())
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        match answer.get("error") {
            Some(error) => Err(error.clone()),
            None => Ok(answer["result"].take()),
        }
    }

    pub async fn comet(&self, method: &str, params: Value) -> Result<Value, Value> {
        self.post(&self.devnet.rpc_url, method, params).await
    }

    pub async fn witness(&self, method: &str, params: Value) -> Result<Value, Value> {
        self.post(&self.devnet.network_file.witnesses[0], method, params)
            .await
    }

    pub async fn eth(&self, method: &str, params: Value) -> Result<Value, Value> {
        self.post(&self.devnet.evm_url, method, params).await
    }

    pub async fn height(&self) -> u64 {
        quantity(&self.eth("eth_blockNumber", json!([])).await.unwrap())
    }

    /// Asks until there is the block of `height`.
    pub async fn until(&self, height: u64) {
        let wait = async { while self.height().await < height {} };
        tokio::time::timeout(PATIENCE, wait)
            .await
            .expect("a block in time");
    }

    pub async fn header(&self, height: u64) -> Header {
        self.until(height).await;
        let commit = self
            .comet("commit", json!({ "height": height.to_string() }))
            .await
            .unwrap();
        serde_json::from_value(commit["signed_header"]["header"].clone()).unwrap()
    }

    pub async fn nonce(&self, address: Address) -> u64 {
        let nonce = self
            .eth("eth_getTransactionCount", json!([address, "pending"]))
            .await;
        quantity(&nonce.unwrap())
    }

    pub async fn balance(&self, address: Address) -> U256 {
        let balance = self
            .eth("eth_getBalance", json!([address, "latest"]))
            .await
            .unwrap();
        balance.as_str().unwrap().parse().unwrap()
    }

    /// Signs an EIP-1559 transaction of the rich account.
    pub fn signed(&self, nonce: u64, to: TxKind, value: U256, gas: u64, input: Bytes) -> Bytes {
        self.sign(TxEip1559 {
            chain_id: CHAIN_ID,
            nonce,
            gas_limit: gas,
            max_fee_per_gas: 5_000_000_000,
            max_priority_fee_per_gas: 1_000_000_000,
            to,
            value,
            access_list: Default::default(),
            input,
        })
    }

    /// A plain call with these fees, adhl per gas.
    pub fn priced(&self, nonce: u64, to: TxKind, fee: u128, tip: u128) -> Bytes {
        self.sign(TxEip1559 {
            chain_id: CHAIN_ID,
            nonce,
            gas_limit: 21_000,
            max_fee_per_gas: fee,
            max_priority_fee_per_gas: tip,
            to,
            ..Default::default()
        })
    }

    fn sign(&self, tx: TxEip1559) -> Bytes {
        let signature = self.rich.sign_hash_sync(&tx.signature_hash()).unwrap();
        TxEnvelope::from(tx.into_signed(signature))
            .encoded_2718()
            .into()
    }

    pub async fn send_raw(&self, raw: &Bytes) -> Result<B256, Value> {
        let hash = self.eth("eth_sendRawTransaction", json!([raw])).await?;
        Ok(hash.as_str().unwrap().parse().unwrap())
    }

    pub async fn receipt(&self, hash: B256) -> Value {
        let wait = async {
            loop {
                let found = self
                    .eth("eth_getTransactionReceipt", json!([hash]))
                    .await
                    .unwrap();
                if !found.is_null() {
                    return found;
                }
            }
        };
        tokio::time::timeout(PATIENCE, wait)
            .await
            .expect("a receipt in time")
    }

    /// Sends from the rich account and waits for the receipt.
    pub async fn send(&self, to: Address, value: U256, gas: u64, input: Bytes) -> Value {
        let nonce = self.nonce(self.rich.address()).await;
        let raw = self.signed(nonce, TxKind::Call(to), value, gas, input);
        let hash = self.send_raw(&raw).await.unwrap();
        self.receipt(hash).await
    }

    /// The value of a key at a height, verified up to the app hash of the next header.
    pub async fn proven(&self, store: &str, key: &[u8], height: u64) -> Option<Vec<u8>> {
        let params = json!({
            "path": format!("/store/{store}/key"),
            "data": hex::encode(key),
            "height": height.to_string(),
            "prove": true,
        });
        let answer = self.comet("abci_query", params).await.unwrap()["response"].take();
        assert_eq!(answer["code"], 0, "{answer}");
        assert_eq!(answer["height"], height.to_string());
        let bytes = |value: &Value| BASE64_STANDARD.decode(value.as_str().unwrap()).unwrap();
        let ops = answer["proofOps"]["ops"].as_array().unwrap();
        assert_eq!(ops[0]["type"], "ics23:jmt");
        assert_eq!(bytes(&ops[0]["key"]), key);
        assert_eq!(ops[1]["type"], "ics23:simple");
        assert_eq!(bytes(&ops[1]["key"]), store.as_bytes());
        let in_store = CommitmentProof::decode(bytes(&ops[0]["data"]).as_slice()).unwrap();
        let in_multistore = CommitmentProof::decode(bytes(&ops[1]["data"]).as_slice()).unwrap();
        let Some(ics23::commitment_proof::Proof::Exist(existence)) = &in_multistore.proof else {
            panic!("no proof of the store");
        };
        let store_root = existence.value.clone();
        let app_hash = self.header(height + 1).await.app_hash.as_bytes().to_vec();
        assert!(verify_membership::<HostFunctionsManager>(
            &in_multistore,
            &ics23::tendermint_spec(),
            &app_hash,
            store.as_bytes(),
            &store_root,
        ));
        let spec = jmt::ics23_spec();
        if answer["value"].is_null() {
            assert!(verify_non_membership::<HostFunctionsManager>(
                &in_store,
                &spec,
                &store_root,
                key,
            ));
            return None;
        }
        let value = bytes(&answer["value"]);
        assert!(verify_membership::<HostFunctionsManager>(
            &in_store,
            &spec,
            &store_root,
            key,
            &value,
        ));
        Some(value)
    }
}

pub fn quantity(value: &Value) -> u64 {
    let digits = value
        .as_str()
        .unwrap_or_else(|| panic!("no quantity: {value}"));
    u64::from_str_radix(digits.strip_prefix("0x").unwrap(), 16).unwrap()
}

pub fn balance_key(address: Address) -> Vec<u8> {
    [&[2, 20], address.as_slice(), b"adhl"].concat()
}

pub fn account_key(address: Address) -> Vec<u8> {
    [&[1], address.as_slice()].concat()
}

pub fn slot_key(address: Address, slot: B256) -> Vec<u8> {
    [&[2], address.as_slice(), slot.as_slice()].concat()
}
