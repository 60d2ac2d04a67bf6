//! A devnet goes on where it was: after an orderly end, and after kill -9.

mod clients;

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

use alloy::primitives::{Address, B256, Bytes, TxKind, U256};
use clients::*;
use dhc_devnet::{Config, Devnet, StartError};
use serde_json::json;

/// Names the data directory for the process that is killed.
const DATA: &str = "DHC_DEVNET_TEST_DATA";

#[tokio::test]
async fn a_second_start_continues_the_chain() {
    let directory = tempfile::tempdir().unwrap();
    let chain = Chain::start(directory.path()).await;
    let receipt = chain
        .send(Address::repeat_byte(2), U256::from(5), 21_000, Bytes::new())
        .await;
    let gap = chain.signed(
        2,
        TxKind::Call(Address::repeat_byte(2)),
        U256::from(6),
        21_000,
        Bytes::new(),
    );
    let waiting = chain.send_raw(&gap).await.unwrap();
    assert!(matches!(
        Devnet::start(config(directory.path())).await,
        Err(StartError::Busy)
    ));
    let first = chain.header(1).await;
    let height = chain.height().await;
    let network_file = chain.devnet.network_file.clone();
    chain.devnet.shutdown().await;

    let mut changed = config(directory.path());
    changed.day_s = 5;
    let chain = Chain::of(Devnet::start(changed).await.unwrap());
    assert_eq!(chain.devnet.network_file, network_file);
    assert_eq!(chain.header(1).await, first);
    assert!(chain.height().await > height);
    assert_eq!(chain.balance(Address::repeat_byte(2)).await, U256::from(5));
    let hash = receipt["transactionHash"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(chain.receipt(hash).await, receipt);
    chain
        .send(Address::repeat_byte(2), U256::from(1), 21_000, Bytes::new())
        .await;
    assert_eq!(chain.receipt(waiting).await["status"], "0x1");
    let written = std::fs::read_to_string(&chain.devnet.network_file_path).unwrap();
    assert_eq!(
        dhc_devnet::NetworkFile::parse(&written).unwrap(),
        network_file
    );
    chain.devnet.shutdown().await;
}

#[tokio::test]
async fn the_ports_asked_for_are_taken_or_it_does_not_start() {
    let directory = tempfile::tempdir().unwrap();
    let chain = Chain::start(directory.path()).await;
    let taken: u16 = chain
        .devnet
        .rpc_url
        .rsplit(':')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let other = tempfile::tempdir().unwrap();
    let mut config = Config::new(other.path());
    config.rpc_port = taken;
    assert!(matches!(
        Devnet::start(config).await,
        Err(StartError::Io { .. })
    ));
    chain.devnet.shutdown().await;
}

/// Runs a devnet until it is killed: only as the child of the next test.
#[tokio::test]
async fn process_to_be_killed() {
    let Some(data) = std::env::var_os(DATA) else {
        return;
    };
    let devnet = Devnet::start(config(Path::new(&data))).await.unwrap();
    println!("\nrunning {}", devnet.evm_url);
    std::io::stdout().flush().unwrap();
    devnet.stopped().await;
}

fn spawn(data: &Path) -> (Child, BufReader<ChildStdout>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "process_to_be_killed", "--nocapture"])
        .env(DATA, data)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("running http") {
        line.clear();
        assert_ne!(
            output.read_line(&mut line).unwrap(),
            0,
            "the devnet did not start"
        );
    }
    (child, output)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_reported_transaction_is_lost_by_kill_9() {
    let directory = tempfile::tempdir().unwrap();
    let http = reqwest::Client::new();
    let mut reported = Vec::new();
    let to = Address::repeat_byte(6);
    // A stopped devnet serves as the signer.
    let signer_home = tempfile::tempdir().unwrap();
    let signer = Chain::start(signer_home.path()).await;
    for round in 0..4u64 {
        let (mut child, output) = spawn(directory.path());
        let network = std::fs::read_to_string(directory.path().join("network.json")).unwrap();
        let url = dhc_devnet::NetworkFile::parse(&network).unwrap().evm[0].clone();
        for _ in 0..5 + 3 * round {
            let nonce = reported.len() as u64;
            let raw = signer.signed(nonce, TxKind::Call(to), U256::from(1), 21_000, Bytes::new());
            let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_sendRawTransaction",
                "params": [raw] });
            let answer = http.post(&url).body(body.to_string()).send().await.unwrap();
            let answer: serde_json::Value = answer.json().await.unwrap();
            reported.push(
                answer["result"]
                    .as_str()
                    .expect("a hash")
                    .parse::<B256>()
                    .unwrap(),
            );
        }
        child.kill().unwrap();
        child.wait().unwrap();
        drop(output);
    }
    signer.devnet.shutdown().await;
    let chain = Chain::start(directory.path()).await;
    for hash in &reported {
        assert_eq!(chain.receipt(*hash).await["status"], "0x1");
    }
    assert_eq!(chain.balance(to).await, U256::from(reported.len()));
    // The witness had to catch up by itself.
    let height = chain.height().await;
    let at = json!({ "height": height.to_string() });
    let caught_up = async { while chain.witness("commit", at.clone()).await.is_err() {} };
    tokio::time::timeout(PATIENCE, caught_up).await.unwrap();
    chain.devnet.shutdown().await;
}
