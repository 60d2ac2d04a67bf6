//! Of an Ethereum network of one block, whose roots are really those of its content.

use std::{collections::BTreeMap, sync::Arc};

use alloy::{
    consensus::{
        Header, SignableTransaction, TrieAccount, TxEip1559, TxEnvelope,
        constants::KECCAK_EMPTY,
        proofs::{calculate_receipt_root, calculate_transaction_root},
    },
    primitives::{Address, B256, Bytes, TxKind, U256, keccak256},
    rlp,
    rpc::types::TransactionReceipt,
    signers::{SignerSync, local::PrivateKeySigner},
};
use alloy_trie::{HashBuilder, Nibbles, proof::ProofRetainer};
use async_trait::async_trait;
use dhc_chain::{Transport, TransportError};
use dhc_domain::{NetworkFile, ProofSpec, Trust};
use dhc_fuzz::{
    ethereum::{BLOCK, CONTRACT, GARBLINGS, SLOTS, read},
    record,
};
use serde_json::{Value, json};

use super::{Seed, seed};

const TIME: u64 = 1_790_000_000;

/// The root of a trie with these values, and the proof of each key.
fn trie(values: &BTreeMap<B256, Vec<u8>>, keys: &[B256]) -> (B256, Vec<Vec<Bytes>>) {
    let paths: Vec<_> = keys.iter().map(|key| Nibbles::unpack(key)).collect();
    let mut builder = HashBuilder::default().with_proof_retainer(ProofRetainer::new(paths.clone()));
    for (key, value) in values {
        builder.add_leaf(Nibbles::unpack(key), value);
    }
    let root = builder.root();
    let nodes = builder.take_proof_nodes();
    let proof = |path: &Nibbles| {
        let nodes = nodes.matching_nodes_sorted(path);
        nodes.into_iter().map(|(_, node)| node).collect()
    };
    (root, paths.iter().map(proof).collect())
}

fn transfer() -> (TxEnvelope, Address) {
    let tx = TxEip1559 {
        chain_id: 1,
        nonce: 3,
        gas_limit: 21_000,
        max_fee_per_gas: 2_000_000_000,
        max_priority_fee_per_gas: 1_000_000_000,
        to: TxKind::Call(CONTRACT),
        value: U256::from(5),
        ..TxEip1559::default()
    };
    let key = PrivateKeySigner::from_bytes(&B256::repeat_byte(7)).expect("a key");
    let signature = key
        .sign_hash_sync(&tx.signature_hash())
        .expect("it is signed");
    (tx.into_signed(signature).into(), key.address())
}

struct Node {
    header: Value,
    transaction: Value,
    receipt: Value,
    proof: Value,
}

impl Node {
    fn new() -> (Self, B256) {
        let slots = SLOTS.map(keccak256);
        let words = [
            (slots[0], 42u64),
            (keccak256(B256::with_last_byte(9)), 7),
            (keccak256(B256::with_last_byte(10)), 8),
        ];
        let words = words.map(|(key, word)| (key, rlp::encode(U256::from(word))));
        let (storage_root, of_slots) = trie(&BTreeMap::from(words), &slots);
        let account = TrieAccount {
            nonce: 1,
            balance: U256::from(1_000),
            storage_root,
            code_hash: B256::repeat_byte(0xcc),
        };
        let other = TrieAccount {
            nonce: 4,
            balance: U256::from(77),
            storage_root: alloy_trie::EMPTY_ROOT_HASH,
            code_hash: KECCAK_EMPTY,
        };
        let key = keccak256(CONTRACT);
        let state = BTreeMap::from([
            (key, rlp::encode(account)),
            (keccak256(Address::repeat_byte(0xa1)), rlp::encode(other)),
        ]);
        let (state_root, of_account) = trie(&state, &[key]);

        let (tx, from) = transfer();
        let receipt = json!({
            "transactionHash": tx.tx_hash(), "transactionIndex": "0x0", "blockNumber": "0x7",
            "blockHash": B256::ZERO, "from": from, "to": CONTRACT, "cumulativeGasUsed": "0x5208",
            "gasUsed": "0x5208", "effectiveGasPrice": "0x77359400", "contractAddress": null,
            "logs": [{
                "address": CONTRACT, "topics": [B256::repeat_byte(1)], "data": "0x0102",
                "blockHash": B256::ZERO, "blockNumber": "0x7", "transactionHash": tx.tx_hash(),
                "transactionIndex": "0x0", "logIndex": "0x0", "removed": false,
            }],
            "logsBloom": Bytes::from(vec![0; 256]), "status": "0x1", "type": "0x2",
        });
        let read: TransactionReceipt = serde_json::from_value(receipt.clone()).expect("a receipt");
        let header = Header {
            number: BLOCK.0,
            timestamp: TIME,
            state_root,
            transactions_root: calculate_transaction_root(std::slice::from_ref(&tx)),
            receipts_root: calculate_receipt_root(&[read.into_primitives_receipt().inner]),
            base_fee_per_gas: Some(1_000_000_000),
            gas_limit: 30_000_000,
            gas_used: 21_000,
            ..Header::default()
        };
        let mut shown = serde_json::to_value(&header).expect("a header is JSON");
        let hash = header.hash_slow();
        shown["hash"] = json!(hash);
        let mut transaction = serde_json::to_value(&tx).expect("a transaction is JSON");
        for (name, value) in [
            ("from", json!(from)),
            ("blockHash", json!(hash)),
            ("blockNumber", json!("0x7")),
            ("transactionIndex", json!("0x0")),
        ] {
            transaction[name] = value;
        }
        let storage = SLOTS.iter().zip(of_slots).zip([42u64, 0]);
        let storage: Vec<_> = storage
            .map(|((slot, proof), word)| json!({"key": slot, "value": U256::from(word), "proof": proof}))
            .collect();
        let proof = json!({
            "address": CONTRACT, "balance": account.balance, "codeHash": account.code_hash,
            "nonce": "0x1", "storageHash": storage_root, "accountProof": of_account[0],
            "storageProof": storage,
        });
        let node = Self {
            header: shown,
            transaction,
            receipt,
            proof,
        };
        (node, hash)
    }

    fn answer(&self, asked: &Value) -> Value {
        match asked["method"].as_str().expect("a method") {
            "eth_getBlockByNumber" if asked["params"][1] == true => {
                let mut block = self.header.clone();
                block["transactions"] = json!([self.transaction]);
                block
            }
            "eth_getBlockByNumber" => self.header.clone(),
            "eth_getBlockReceipts" => json!([self.receipt]),
            "eth_getProof" => self.proof.clone(),
            other => panic!("asked for {other}"),
        }
    }
}

#[async_trait]
impl Transport for Node {
    fn endpoint(&self) -> &'static str {
        "http://ethereum"
    }

    async fn post(&self, body: Vec<u8>, _: usize) -> Result<Vec<u8>, TransportError> {
        let asked: Value = serde_json::from_slice(&body).expect("a question");
        let answer = json!({"jsonrpc": "2.0", "id": asked["id"], "result": self.answer(&asked)});
        Ok(answer.to_string().into_bytes())
    }
}

pub fn seeds() -> Vec<Seed> {
    let (node, hash) = Node::new();
    let node: Arc<dyn Transport> = Arc::new(node);
    let network = NetworkFile {
        name: "ethereum".into(),
        chain_id: "eip155-1".into(),
        evm_chain_id: 1,
        rpc: vec![],
        evm: vec!["http://ethereum".into()],
        witnesses: vec![],
        proof_spec: ProofSpec::Mpt,
        denom: "wei".into(),
        trust: Trust {
            height: BLOCK.0,
            hash: hex::encode(hash),
            period_s: 86_400,
        },
        day_s: 86_400,
        contracts: BTreeMap::new(),
        swarm_key: None,
    };
    let (recording, honest) = record(network, TIME + 12, &node, GARBLINGS, read);
    let recording = serde_json::to_vec(&recording).expect("a recording is JSON");
    let mut seeds = vec![("recordings/ethereum.json".into(), recording)];
    for (garbling, bytes) in GARBLINGS.iter().zip(honest) {
        seeds.push(seed(garbling.name, "honest", bytes));
    }
    seeds
}
