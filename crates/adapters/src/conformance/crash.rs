//! kill -9 in the middle of writing: what was reported done is there.

use std::{
    env,
    io::{BufRead, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use bytes::Bytes;
use cid::Cid;
use dhc_app::ports::{Home, Homes, Write};
use multihash_codetable::{Code, MultihashDigest};

use crate::home::{DiskHomes, HomeConfig};

/// Names the home for the process that is going to be killed.
const HOME: &str = "DHC_TEST_CRASH_HOME";
const WRITER: &str = "conformance::crash::a_process_writes_until_it_is_killed";
const REPORT: &str = "committed ";

async fn open(folder: &Path) -> Home {
    let config = HomeConfig {
        lock_patience: Duration::from_secs(1),
        ..HomeConfig::new("a-chain")
    };
    DiskHomes::new(config).open(folder).await.unwrap()
}

fn blocks(round: u32) -> Vec<(Cid, Bytes)> {
    let block = |i: u32| {
        let bytes = [round.to_be_bytes(), i.to_be_bytes()]
            .concat()
            .repeat(8 << 10);
        (
            Cid::new_v1(0x55, Code::Sha2_256.digest(&bytes)),
            Bytes::from(bytes),
        )
    };
    (0..12).map(block).collect()
}

fn entries(round: u32) -> [Write; 2] {
    let value = round.to_be_bytes().repeat(1000);
    let put = |table| Write::Put {
        table,
        key: round.to_be_bytes().to_vec(),
        value: value.clone(),
    };
    [put("left"), put("right")]
}

/// Not a test of its own: the process that [`what_was_committed_survives_kill_9`] kills.
#[tokio::test]
async fn a_process_writes_until_it_is_killed() {
    let Some(folder) = env::var_os(HOME) else {
        return;
    };
    let home = open(Path::new(&folder)).await;
    for round in 0.. {
        home.blocks.put(blocks(round)).await.unwrap();
        home.database.commit(&entries(round)).unwrap();
        home.vault.write(&round.to_be_bytes().repeat(100)).unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "{REPORT}{round}")
            .and_then(|()| out.flush())
            .unwrap();
    }
}

#[tokio::test]
async fn what_was_committed_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let mut next = 0;
    for kill in 0..4 {
        let last = write_and_kill(folder.path(), kill + 2);
        let home = open(folder.path()).await;
        for round in (0..=last).chain([next]) {
            for (cid, bytes) in blocks(round) {
                assert_eq!(
                    home.blocks.get(&cid).await.unwrap(),
                    Some(bytes),
                    "round {round}"
                );
            }
        }
        let table = |name| home.database.list(name, b"").unwrap();
        assert!(table("left").len() as u32 > last);
        assert_eq!(table("left"), table("right"), "a batch is whole or absent");
        let vault = home.vault.read().unwrap().unwrap();
        let newest = u32::from_be_bytes(vault[..4].try_into().unwrap());
        assert_eq!(
            vault,
            newest.to_be_bytes().repeat(100),
            "the vault is one generation, whole"
        );
        assert!(newest >= last);
        assert!(home.vault.read_previous().unwrap().is_some());
        next = last;
    }
}

/// Starts the writer, kills it after a number of reports, and returns the last round reported.
fn write_and_kill(folder: &Path, reports: usize) -> u32 {
    let mut writer = Command::new(env::current_exe().unwrap())
        .args([WRITER, "--exact", "--nocapture", "--test-threads=1"])
        .env(HOME, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(writer.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    // The test harness may print in front of the first report.
    let mut rounds = lines.filter_map(|line| line.split(REPORT).nth(1).map(str::to_owned));
    let last = rounds.nth(reports - 1).unwrap();
    // SIGKILL, while the next round is being written.
    writer.kill().unwrap();
    let last = rounds.last().unwrap_or(last);
    writer.wait().unwrap();
    last.trim().parse().unwrap()
}
