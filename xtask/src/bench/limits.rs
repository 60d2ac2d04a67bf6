//! What has a limit: the light client, the embedded network, long histories. Each row states it.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::Value;

use super::START;
use super::measure::{Threads, once, processor_time};
use super::report::Report;
use crate::command::{Service, program};
use crate::network;

/// A proven slot takes at most so many times a bare read.
const SLOT_TIMES: f64 = 2.0;
const SLOT_CPU_MS: f64 = 2.0;
/// The light client is at least so many times as fast as the `tendermint-light-client` crate.
const CATCH_UP_TIMES: f64 = 2.0;
const FIRST_BLOCK_MS: f64 = 300.0;
const BLOCK_CPU_MS: f64 = 5.0;
/// What proves that a history is complete, however long it is.
const COMPLETENESS: u64 = 16_000;

const STARTS: usize = 9;
/// A block comes each second.
const SECONDS: u64 = 20;
/// Transfers of a block, in so many blocks, and how long each is waited for: until well after the
/// transfers are there.
const TRANSFERS: u64 = 10;
const TURNS: u64 = 8;
const BETWEEN: Duration = Duration::from_secs(3);
const LOOK_AGAIN: Duration = Duration::from_millis(20);
const GRANTS: u64 = 1_000;
const OPENINGS: u64 = 10_000;
/// The accounts of `limits` that are given coins.
const ACCOUNTS: u64 = 16;

/// The programs and where they may write.
pub struct Limits<'a> {
    pub programs: &'a Path,
    pub folder: &'a Path,
}

impl Limits<'_> {
    /// What an example of the tests' crate answers.
    pub fn ask(&self, example: &str, words: &[&str]) -> Result<Value> {
        let path = self.programs.join("examples").join(example);
        Ok(once(program(path, self.folder).args(words))?.answer)
    }

    /// `--fund` for the first accounts that `limits` signs for.
    pub fn funded(&self, accounts: u64) -> Result<Vec<String>> {
        let answer = self.ask("limits", &["accounts", &accounts.to_string()])?;
        let all = answer["accounts"].as_array().context("no accounts")?;
        Ok(all
            .iter()
            .filter_map(Value::as_str)
            .map(|address| format!("--fund={address}=10000"))
            .collect())
    }

    fn devnet(&self, name: &str, words: &[String]) -> Result<(Service, String)> {
        let service = Service::start(
            program(self.programs.join("dhc"), self.folder)
                .args(["--json", "devnet", "start", "--data"])
                .arg(self.folder.join(name))
                .args(words),
            START,
        )?;
        let network = file(&service)?;
        Ok((service, network))
    }

    pub fn catch_up(&self, report: &mut Report) -> Result<()> {
        report.table(
            "Catch-up: from height 1 to 100,000, validators change every 1,000 blocks",
            &[
                "",
                "ours",
                "headers",
                "`tendermint-light-client`",
                "headers",
                "faster",
            ],
        );
        let answer = self.ask("catch_up", &[])?;
        for walk in answer["walks"].as_array().context("no walks")? {
            let (ours, theirs) = (&walk["ours"], &walk["theirs"]);
            let (took, peer) = (float(&ours["s"]), float(&theirs["s"]));
            let what = format!(
                "{} validators, {} of them new each time",
                walk["validators"], walk["replaced"]
            );
            report.cells(&[
                &what,
                &milliseconds(took * 1000.0),
                &ours["headers"].to_string(),
                &milliseconds(peer * 1000.0),
                &theirs["headers"].to_string(),
                &format!("{:.1} ×", peer / took),
            ]);
            report.holds(
                &format!("{what}: twice as fast"),
                peer >= CATCH_UP_TIMES * took,
            );
            report.holds(
                &format!("{what}: no more headers"),
                ours["headers"].as_u64() <= theirs["headers"].as_u64(),
            );
        }
        report.words(
            "Both get the same bytes, JSON as a node sends it, in one process without a network; \
             each header is made beforehand and read, parsed and verified within the time. Medians \
             of five walks in turns. Limits: twice as fast, and no more headers.",
        );
        Ok(())
    }

    /// Of a network's slots: `what` it is, and its file.
    pub fn slots(&self, what: &str, network: &str, report: &mut Report) -> Result<()> {
        report.table(
            &format!("A proven slot against a bare read, over loopback: {what}"),
            &[
                "",
                "proven",
                "`eth_getStorageAt`",
                "`abci_query` without proof",
                "times",
                "CPU",
            ],
        );
        let answer = self.ask("limits", &["slots", network])?;
        for row in answer["slots"].as_array().context("no slots")? {
            let slot = row["slot"].as_str().unwrap_or_default();
            let median = |name: &str| float(&row[name]["p50"]);
            let proven = median("proven");
            let (ethereum, comet) = (median("eth_getStorageAt"), median("abci_query"));
            let cpu = float(&row["cpu_ms"]);
            let times = proven / ethereum;
            report.cells(&[
                &format!("a slot that is {slot}"),
                &milliseconds(proven),
                &milliseconds(ethereum),
                &milliseconds(comet),
                &format!("{times:.2}, {:.2}", proven / comet),
                &format!("{cpu:.2} ms"),
            ]);
            let what = format!("{what}: a proven slot that is {slot}");
            report.holds(
                &format!("{what}: at most twice a bare read"),
                times <= SLOT_TIMES,
            );
            report.holds(&format!("{what}: at most 2 ms CPU"), cpu <= SLOT_CPU_MS);
        }
        report.words(
            "Medians of 400 reads in turns, none of a value that the light client has proven before; \
             the CPU is the light client's, over 1,000 reads of empty slots. Limits: twice the time of `eth_getStorageAt`, \
             2 ms CPU.",
        );
        Ok(())
    }

    pub fn devnet_slots(&self, report: &mut Report) -> Result<()> {
        let (_devnet, network) = self.devnet("slots", &[])?;
        self.slots("the embedded network", &network, report)
    }

    pub fn embedded(&self, report: &mut Report) -> Result<()> {
        report.table("The embedded network", &["", "measured", "limit"]);
        let mut starts = Vec::new();
        for turn in 0..STARTS {
            let begun = Instant::now();
            let (_devnet, _) = self.devnet(&format!("start-{turn}"), &[])?;
            starts.push(begun.elapsed().as_secs_f64() * 1000.0);
        }
        starts.sort_by(f64::total_cmp);
        let start = starts[STARTS / 2];
        let what = "from the program's start to the first block, all three servers answering";
        self.limited(report, what, start, FIRST_BLOCK_MS);

        let (devnet, _) = self.devnet("blocks", &[])?;
        let idle = per_block(&devnet, || {
            thread::sleep(Duration::from_secs(SECONDS));
            Ok(())
        })?;
        self.limited(report, "CPU of an empty block", idle, BLOCK_CPU_MS);
        drop(devnet);
        let (block, taking) = self.busy()?;
        let what = format!("CPU of a block with {TRANSFERS} transfers");
        self.limited(report, &what, block, BLOCK_CPU_MS);
        let what = "CPU of taking in a transfer, before its block";
        report.cells(&[what, &milliseconds(taking), ""]);
        report.words(
            "A block: composed, executed, signed by four validators, kept by the node, and verified, \
             executed and kept once more by the witness. Taking in: two requests for each transfer, its \
             signature checked, and on disk before its hash is said.",
        );
        Ok(())
    }

    /// CPU of a block with transfers, and of taking each of them in, milliseconds. The transfers
    /// come at the beginning of a long wait for the block, so that the two are told apart.
    fn busy(&self) -> Result<(f64, f64)> {
        let mut words = self.funded(ACCOUNTS)?;
        words.push(format!("--block-ms={}", BETWEEN.as_millis()));
        let (devnet, network) = self.devnet("busy", &words)?;
        let each = TRANSFERS.to_string();
        let (mut blocks, mut making, mut taking) = (0, Duration::ZERO, Duration::ZERO);
        for _ in 0..TURNS {
            let last = height(&devnet)?;
            while height(&devnet)? == last {
                thread::sleep(LOOK_AGAIN);
            }
            let begun = Instant::now();
            let before = Threads::of(devnet.id())?;
            self.ask("limits", &["pace", &network, &each, "1"])?;
            let taken = Threads::of(devnet.id())?;
            thread::sleep((BETWEEN + BETWEEN / 3).saturating_sub(begun.elapsed()));
            let made = Threads::of(devnet.id())?;
            taking += taken.since(&before);
            making += made.since(&taken);
            blocks += height(&devnet)? - last - 1;
        }
        let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
        Ok((
            milliseconds(making) / blocks as f64,
            milliseconds(taking) / (TRANSFERS * TURNS) as f64,
        ))
    }

    fn limited(&self, report: &mut Report, what: &str, measured: f64, limit: f64) {
        report.cells(&[what, &milliseconds(measured), &format!("{limit} ms")]);
        report.holds(what, measured <= limit);
    }

    pub fn histories(&self, report: &mut Report) -> Result<()> {
        let mut words = self.funded(ACCOUNTS)?;
        words.push("--block-ms=20".to_owned());
        let (_devnet, network) = self.devnet("histories", &words)?;
        let (grants, openings) = (GRANTS.to_string(), OPENINGS.to_string());
        let answer = self.ask("limits", &["histories", &network, &grants, &openings])?;
        report.table(
            "Bytes to see a long history, complete and proven: 1,000 grants, 10,000 openings",
            &[
                "",
                "proves completeness",
                "entries",
                "terms, or blocks",
                "time",
            ],
        );
        let kept = |report: &mut Report, what: &str, part: &Value, more: &str, took: f64| {
            let completeness = part["completeness"].as_u64().unwrap_or(u64::MAX);
            report.cells(&[
                what,
                &bytes(completeness),
                &bytes(part["entries"].as_u64().unwrap_or(0)),
                more,
                &milliseconds(took * 1000.0),
            ]);
            let what = format!("{what}: completeness in at most 16 kB");
            report.holds(&what, completeness <= COMPLETENESS);
        };
        for (when, look) in [("first time", "first"), ("after 10 new", "later")] {
            let grants = &answer[look]["grants"];
            let terms = format!("{} of proven terms", bytes(number(&grants["terms"])));
            let what = format!("my grants, {when}");
            kept(report, &what, grants, &terms, float(&grants["s"]));
            let log = &answer[look]["log"];
            let what = format!("the access log, {when}");
            let blocks = format!(
                "{} of {} proven blocks, {}",
                bytes(number(&log["block_bytes"])),
                log["blocks"],
                milliseconds(float(&log["blocks_s"]) * 1000.0),
            );
            kept(report, &what, log, &blocks, float(&log["s"]));
        }
        report.words(
            "Requests and answers, JSON over HTTP, headers of the chain aside. The head and the \
             length prove that nothing is missing; entries are logs that must hash to the head; the \
             terms of each grant are proven slot by slot: of one that was read before, those that can \
             have changed; an entry's block is proven once and then kept. Notes have 1,714 bytes. \
             Limit: completeness in 16 kB, however long the history.",
        );
        Ok(())
    }
}

/// Where the network that a service runs is described.
pub fn file(service: &Service) -> Result<String> {
    let named = service.ready["network_file"].as_str();
    Ok(named.context("the network names no file")?.to_owned())
}

fn height(devnet: &Service) -> Result<u64> {
    let url = devnet.ready["rpc"].as_str().context("no RPC")?;
    let status = network::get(url, "/status", START)?;
    let text = status["result"]["sync_info"]["latest_block_height"].as_str();
    Ok(text.context("a height")?.parse()?)
}

/// Processor time for each block that came meanwhile, milliseconds.
fn per_block(devnet: &Service, meanwhile: impl FnOnce() -> Result<()>) -> Result<f64> {
    let (from, before) = (height(devnet)?, processor_time(devnet.id())?);
    meanwhile()?;
    let (to, after) = (height(devnet)?, processor_time(devnet.id())?);
    let blocks = to
        .checked_sub(from)
        .filter(|n| *n > 0)
        .context("no block came")?;
    Ok((after - before).as_secs_f64() * 1000.0 / blocks as f64)
}

pub fn float(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}

pub fn milliseconds(ms: f64) -> String {
    if ms < 10.0 {
        format!("{ms:.2} ms")
    } else if ms < 1000.0 {
        format!("{ms:.0} ms")
    } else {
        format!("{:.1} s", ms / 1000.0)
    }
}

fn bytes(count: u64) -> String {
    match count {
        0..10_000 => format!("{:.1} kB", count as f64 / 1e3),
        10_000..1_000_000 => format!("{:.0} kB", count as f64 / 1e3),
        _ => format!("{:.1} MB", count as f64 / 1e6),
    }
}
