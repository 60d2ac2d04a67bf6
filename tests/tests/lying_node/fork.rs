//! Validators that sign two chains: a devnet that was copied, keys and all, and goes on twice.

use std::{fs, path::Path};

use dhc_adapters::rpc::HttpTransport;
use dhc_chain::{Conflict, Finding, Transport};
use dhc_devnet::{Config, Devnet};
use serde_json::{Value, json};

use crate::program::{Home, program};

/// Blocks that both have, at least, and that each makes alone.
const BLOCKS: u64 = 20;

/// The same network, twice.
struct Forked {
    one: Devnet,
    other: Devnet,
    _folder: tempfile::TempDir,
}

async fn devnet(folder: &Path, block_ms: u64) -> Devnet {
    let mut config = Config::new(folder);
    config.block_ms = block_ms;
    Devnet::start(config).await.expect("a devnet")
}

async fn commit(url: &str, params: Value) -> Value {
    let question = json!({"jsonrpc": "2.0", "id": 1, "method": "commit", "params": params});
    let node = HttpTransport::new(url).expect("an address");
    let answer = node.post(question.to_string().into_bytes(), 1 << 20).await;
    serde_json::from_slice(&answer.expect("an answer")).expect("JSON")
}

/// What a node's commit at `height` signs.
async fn hash(url: &str, height: u64) -> Value {
    let mut shown = commit(url, json!({"height": height.to_string()})).await;
    shown["result"]["signed_header"]["commit"]["block_id"]["hash"].take()
}

async fn head(url: &str) -> u64 {
    let shown = commit(url, json!({})).await;
    let height = &shown["result"]["signed_header"]["header"]["height"];
    height
        .as_str()
        .and_then(|h| h.parse().ok())
        .expect("a height")
}

/// Asks until the node has come so far.
async fn reaches(devnet: &Devnet, height: u64) {
    while head(&devnet.rpc_url).await < height {}
}

impl Forked {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let first = devnet(&path("one"), 50).await;
        reaches(&first, BLOCKS).await;
        first.shutdown().await;
        fs::create_dir(path("other")).expect("a folder");
        for entry in fs::read_dir(path("one")).expect("its files") {
            let entry = entry.expect("a file");
            fs::copy(entry.path(), path("other").join(entry.file_name())).expect("copied");
        }
        let one = devnet(&path("one"), 80).await;
        let other = devnet(&path("other"), 40).await;
        let further = head(&one.rpc_url).await + BLOCKS;
        reaches(&one, further).await;
        // The faster one has a block of its own at every height that the other may show from now.
        while head(&other.rpc_url).await < head(&one.rpc_url).await {}
        Self {
            one,
            other,
            _folder: folder,
        }
    }

    /// One chain's node, and the other's, or its own, as witness.
    fn network(&self, witnessed_by: &Devnet) -> Value {
        let mut network = self.one.network_file.clone();
        network.witnesses = vec![witnessed_by.rpc_url.clone()];
        serde_json::to_value(network).expect("JSON")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_stops_the_program_until_a_person_decides() {
    let Some(program) = program() else { return };
    let forked = Forked::start().await;
    let home = Home::on(&program, &forked.network(&forked.other));
    let somebody = format!("0x{}", "77".repeat(20));
    let balance = ["balance", somebody.as_str()];

    let failure = home.run(&balance).await.failure();
    assert_eq!(failure["code"], "witness_conflict", "{failure}");
    let hint = failure["hint"].as_str().expect("a hint");
    let status = home
        .run(&["node", "status"])
        .await
        .answer()
        .expect("a status");
    let evidence = status["conflict"]["evidence"]
        .as_str()
        .expect("a file")
        .to_owned();
    assert!(
        hint.contains(&evidence) && hint.contains("dhc node resume"),
        "{hint}"
    );
    assert_eq!(status["standing"]["reason"], "witness_conflict", "{status}");

    let conflict: Conflict =
        serde_json::from_slice(&fs::read(&evidence).expect("a file")).expect("evidence");
    let (one, other) = (&forked.one.rpc_url, &forked.other.rpc_url);
    let common = conflict.common_height.expect("a common height").0;
    assert_eq!(conflict.finding, Finding::Fork);
    assert_eq!(conflict.height.0, common + 1);
    assert_eq!(hash(one, common).await, hash(other, common).await);
    assert_ne!(hash(one, common + 1).await, hash(other, common + 1).await);
    // More than two thirds of four.
    assert!(
        conflict.signed_both.len() >= 3,
        "{:?}",
        conflict.signed_both
    );

    // An agreeing witness alone changes nothing; the person's word does.
    home.moves_to(&forked.network(&forked.one));
    let refused = home.run(&balance).await.answer();
    assert_eq!(refused, Err("witness_conflict".to_owned()));
    let resumed = home
        .run(&["node", "resume"])
        .await
        .answer()
        .expect("resumed");
    assert_eq!(resumed["standing"]["state"], "proven", "{resumed}");
    assert_eq!(
        (&resumed["guard"], &resumed["conflict"]),
        (&json!("witnessed"), &Value::Null)
    );
    let read = home.run(&balance).await.answer().expect("a balance");
    assert_eq!(read["standing"]["state"], "proven", "{read}");
    // What was dismissed can still be sent on.
    let folder = Path::new(&evidence).parent().expect("a folder");
    let files = fs::read_dir(folder).expect("files").count();
    assert_eq!(files, 2, "headers and old evidence");

    // Nobody beside the node: the program says what that is worth.
    let mut alone = forked.network(&forked.one);
    alone["witnesses"] = json!([]);
    home.moves_to(&alone);
    let status = home
        .run(&["node", "status"])
        .await
        .answer()
        .expect("a status");
    assert_eq!(status["guard"], "alone", "{status}");
}
