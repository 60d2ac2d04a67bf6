//! The memory of a node that is flooded, measured from outside: the node is a process of its own.

use std::{
    env, fs,
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use dhc_app::ports::{BlockExchange, PeerChannel, PeerHint};
use serde_json::{Value, json};

use crate::{
    block, messages, node,
    peer::{Peer, Script},
};

const MIB: usize = 1 << 20;
const BLOCKS: u8 = 64;
/// What a flood may add to the node's memory. Without limits each of those below adds several
/// times as much.
const MOST: usize = 160 * MIB;

const FLOODED: &str = "DHC_TEST_FLOODED_NODE";

fn stored(number: u8) -> (cid::Cid, bytes::Bytes) {
    block([number, 0xa5].repeat(MIB / 2))
}

/// The other process; nothing of its own is tested.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_node_of_the_other_process() {
    if env::var_os(FLOODED).is_none() {
        return;
    }
    let (node, _folder) = node(Duration::from_secs(20));
    for number in 0..BLOCKS {
        node.put(vec![stored(number)]).await.unwrap();
    }
    let here = node.here().await.unwrap();
    println!(
        "\n{}",
        json!({ "peer": here.peer, "addresses": here.addresses })
    );
    // Until the test ends.
    let wait = || std::io::stdin().read_to_end(&mut Vec::new());
    tokio::task::spawn_blocking(wait).await.unwrap().unwrap();
}

struct Flooded {
    process: Child,
    here: PeerHint,
    before: usize,
}

impl Flooded {
    fn start() -> Self {
        let mut process = Command::new(env::current_exe().unwrap())
            .args(["--exact", "flooded::the_node_of_the_other_process"])
            .arg("--nocapture")
            .env(FLOODED, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(process.stdout.take().unwrap());
        let said = out.lines().map_while(Result::ok);
        let here: Value = said
            .filter_map(|line| serde_json::from_str(&line).ok())
            .find(Value::is_object)
            .unwrap();
        let address = here["addresses"][0].as_str().unwrap().to_owned();
        let mut flooded = Self {
            process,
            here: PeerHint {
                peer: here["peer"].as_str().unwrap().to_owned(),
                addresses: vec![address],
            },
            before: 0,
        };
        flooded.before = flooded.memory("VmRSS:");
        flooded
    }

    fn memory(&self, line: &str) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|l| l.strip_prefix(line)).unwrap();
        let kib = line.split_whitespace().next().unwrap();
        kib.parse::<usize>().unwrap() * 1024
    }

    /// It answers, and has not grown beyond what a flood may add.
    async fn stands(self) {
        let (honest, _folder) = node(Duration::from_secs(60));
        for number in 0..BLOCKS {
            let (cid, bytes) = stored(number);
            let fetched = honest.fetch(&cid, std::slice::from_ref(&self.here)).await;
            assert_eq!(fetched.unwrap(), bytes);
        }
        let grown = self.memory("VmHWM:").saturating_sub(self.before);
        assert!(grown < MOST, "{} MiB more", grown / MIB);
    }
}

impl Drop for Flooded {
    fn drop(&mut self) {
        // Already gone is gone.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn ended(ended: &crate::peer::Ended, scripts: usize) {
    let begun = Instant::now();
    while ended.count() < scripts {
        assert!(begun.elapsed() < Duration::from_secs(120), "{ended:?}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_again_and_again_and_never_reads_fills_no_memory() {
    let flooded = Flooded::start();
    let cids: Vec<_> = (0..BLOCKS).map(|number| stored(number).0).collect();
    let again = [messages::wants(&cids, true), messages::wants(&cids, false)].concat();
    let script = Script {
        bytes: again,
        times: 40,
        stalls: true,
    };
    let asked = Peer::new(false).attack(&flooded.here, vec![script]);
    ended(&asked, 1).await;
    flooded.stands().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wantlists_of_millions_of_entries_fill_no_memory() {
    let flooded = Flooded::start();
    let script = Script {
        bytes: messages::empty_wants(),
        times: 4,
        stalls: true,
    };
    let asked = Peer::new(true).attack(&flooded.here, vec![script; 4]);
    ended(&asked, 4).await;
    flooded.stands().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_that_never_end_fill_no_memory() {
    let flooded = Flooded::start();
    let mut bytes = messages::block(&vec![7; 4 * MIB - 100]);
    bytes.pop();
    let script = Script {
        bytes,
        times: 1,
        stalls: true,
    };
    let streams = 100;
    let begun = Peer::new(true).attack(&flooded.here, vec![script; streams]);
    ended(&begun, streams).await;
    flooded.stands().await;
}
