//! Objects and their keys, beside those who do a part of the same: openssl, age, Kubo.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

use super::limits::Limits;
use super::measure::{Measured, once};
use super::peers::{self, Peers, Repository, between_kubos, openssl};
use super::report::Report;
use super::{Bench, START, number, text};
use crate::command::{Service, program, run};

/// Of what one core of openssl encrypts.
const OF_OPENSSL: f64 = 0.6;
/// All cores together encrypt at least this much of one core's times their number.
const OF_CORES: f64 = 0.8;
const OF_AGE: f64 = 2.0;
const OF_ADD: f64 = 1.0;
const OF_GET: f64 = 0.8;
const FIRST_FRAME_MS: f64 = 300.0;
const HANDSHAKE_MS: f64 = 3.0;

/// The study's size, megabytes.
const STUDY_MB: u64 = 500;
/// Each is measured so many times, in turns.
const TURNS: usize = 3;
const ROUNDS: &str = "300";
const EXCHANGES: &str = "200";

impl Limits<'_> {
    /// Frames in memory, and one exchange of keys.
    pub fn frames(&self, peers: &Peers, report: &mut Report) -> Result<()> {
        let plain = self.folder.join("plain");
        fs::write(&plain, vec![0x5a; (STUDY_MB * 1_000_000) as usize])?;
        let mut ours = Vec::new();
        let mut peer = Vec::new();
        let mut aged = Vec::new();
        for _ in 0..TURNS {
            peer.push(openssl(self.folder)?);
            ours.push(self.ask("objects", &["seal", ROUNDS])?);
            if let Some(age) = &peers.age {
                aged.push(peers::age(age, &plain)?);
            }
        }
        fs::remove_file(plain)?;
        let peer = middle(peer);
        let cores = ours[0]["cores"].as_f64().unwrap_or(1.0);
        let rate = |name: &str| {
            let rates = ours.iter().map(|run| run[name].as_f64().unwrap_or(0.0));
            middle(rates.collect())
        };
        report.table(
            "Sealing frames of 1 MiB in memory",
            &["", "MB/s", "of openssl's"],
        );
        let mut row = |what: &str, rate: f64| {
            let (own, times) = (megabytes(rate), format!("{:.2}", rate / peer));
            report.cells(&[what, &own, &times]);
        };
        row("`openssl speed -evp aes-256-gcm`, one core", peer);
        row("encrypted, one core", rate("encrypt"));
        let all = format!("encrypted, {cores} cores");
        row(&all, rate("encrypt_all_cores"));
        row("encrypted and named by its hash, one core", rate("seal"));
        let all = format!("encrypted and named, {cores} cores");
        row(&all, rate("seal_all_cores"));
        if !aged.is_empty() {
            let aged = middle(aged);
            row("`age`, a file of 500 MB to /dev/null", aged);
            report.holds(
                "encrypting: twice as fast as age",
                rate("encrypt") >= OF_AGE * aged,
            );
        }
        report.words(&format!(
            "Medians of {TURNS} in turns. Limits: {OF_OPENSSL} of openssl's on one core; {OF_CORES} \
             of that for each further core; {OF_AGE} times age, which encrypts a file of zeros that \
             the system has in memory, its start and its reading included. Naming is a SHA-256 of \
             what was encrypted, as IPFS wants it, and has no limit here."
        ));
        let one = rate("encrypt");
        report.holds("sealing: 0.6 of openssl", one >= OF_OPENSSL * peer);
        report.holds(
            "sealing grows with the cores",
            rate("encrypt_all_cores") >= OF_CORES * cores * one,
        );

        let exchange = self.ask("objects", &["handshake", EXCHANGES])?;
        report.table("One exchange of keys (Oakley)", &["", "CPU", "limit"]);
        for (side, name) in [("the grantee", "grantee_ms"), ("the owner", "owner_ms")] {
            let took = exchange[name].as_f64().unwrap_or(f64::INFINITY);
            let limit = format!("{HANDSHAKE_MS} ms");
            report.cells(&[side, &format!("{took:.2} ms"), &limit]);
            report.holds(
                &format!("{side}'s side of an exchange"),
                took <= HANDSHAKE_MS,
            );
        }
        report.words(&format!(
            "Medians of {EXCHANGES}; what is proven of the chain and what goes over the wire is not \
             in it."
        ));
        Ok(())
    }

    /// A whole study: sealed and stored, fetched and opened.
    pub fn study(&self, peers: &Peers, report: &mut Report) -> Result<()> {
        let folder = self.folder.join("objects");
        fs::create_dir_all(&folder)?;
        let study = folder.join("study");
        run(program(self.programs.join("synthetic_study"), &folder)
            .arg(&study)
            .arg(STUDY_MB.to_string()))?;
        let bench = Bench::start(self.programs.join("dhc"), &folder)?;
        report.table(
            &format!("A study of {STUDY_MB} MB, from files to the store and back"),
            &["", "time", "MB/s"],
        );
        let stored = self.storing(&bench, &study, peers, report)?;
        self.fetching(&bench, &stored, peers, report)?;
        drop(bench);
        Ok(fs::remove_dir_all(folder)?)
    }

    /// Answers the stored study's id.
    fn storing(
        &self,
        bench: &Bench,
        study: &Path,
        peers: &Peers,
        report: &mut Report,
    ) -> Result<Imported> {
        let mut ours = Vec::new();
        let mut added = Vec::new();
        let mut imported = None;
        for turn in 0..TURNS {
            // One import is kept; the others are of homes that never had the study.
            let home = ["patient", "second", "third"][turn];
            bench.settle(home)?;
            let import = once(
                bench
                    .dhc(home)
                    .env("DHC_LOG", "dhc_app=debug")
                    .env("NO_COLOR", "1")
                    .arg("import")
                    .arg(study),
            )?;
            ours.push(between(
                &import.said,
                "sealing a study",
                "sealed and stored",
            )?);
            if turn == 0 {
                imported = Some(Imported::of(&import)?);
            }
            if let Some(kubo) = &peers.kubo {
                let repository = Repository::new(kubo, &bench.folder, "adds")?;
                added.push(repository.add(study)?.0);
                repository.remove()?;
            }
        }
        let imported = imported.context("nothing was imported")?;
        let own = middle_of(ours);
        report.row_of(&timed(
            "`dhc import`: read, hash, seal, store durably",
            own,
            imported.bytes,
        ));
        if !added.is_empty() {
            let added = middle_of(added);
            report.row_of(&timed(
                "`ipfs add -r`, Kubo, not encrypted",
                added,
                imported.bytes,
            ));
            report.holds(
                "storing: not slower than Kubo",
                added >= own.mul_f64(OF_ADD),
            );
        }
        Ok(imported)
    }

    fn fetching(
        &self,
        bench: &Bench,
        imported: &Imported,
        peers: &Peers,
        report: &mut Report,
    ) -> Result<()> {
        let (mut first, mut whole) = (Vec::new(), Vec::new());
        for turn in 0..TURNS {
            let doctor = format!("doctor-{turn}");
            let address = bench.settle(&doctor)?;
            let granted = once(
                bench
                    .dhc("patient")
                    .args([
                        "consent",
                        "grant",
                        "--study",
                        &imported.id,
                        "--to",
                        &address,
                    ])
                    .args(["--purpose", "TREAT", "--until", "7d"]),
            )?;
            let grant = text(&granted, &["grant"])?;
            let answering = Service::start(bench.dhc("patient").arg("app"), START)?;
            let fetched = once(
                bench
                    .dhc(&doctor)
                    .env("DHC_LOG", "dhc_app=debug")
                    .env("NO_COLOR", "1")
                    .args(["fetch", &grant, "--out"])
                    .arg(bench.folder.join(format!("out-{turn}"))),
            )?;
            drop(answering);
            first.push(between(
                &fetched.said,
                "the key is here",
                "the first frame is readable",
            )?);
            whole.push(between(
                &fetched.said,
                "the key is here",
                "the study is whole",
            )?);
            fs::remove_dir_all(bench.folder.join(format!("out-{turn}")))?;
        }
        let (first, whole) = (middle_of(first), middle_of(whole));
        let shown = milliseconds(first);
        report.cells(&[
            "`dhc fetch`: from the key to the first readable frame",
            &shown,
            "",
        ]);
        report.holds(
            "the first readable frame within 300 ms",
            first.as_secs_f64() * 1000.0 <= FIRST_FRAME_MS,
        );
        report.row_of(&timed(
            "`dhc fetch`: from the key to all files, verified",
            whole,
            imported.bytes,
        ));
        if let Some(kubo) = &peers.kubo {
            // One file, as an object is: Kubo takes several times as long for a folder of slices.
            let joined = bench.folder.join("joined");
            join(&bench.folder.join("study"), &joined)?;
            let mut got = Vec::new();
            for _ in 0..TURNS {
                got.push(between_kubos(kubo, &bench.folder, &joined)?);
            }
            let got = middle_of(got);
            report.row_of(&timed(
                "`ipfs get` between two Kubos, the same bytes as one file, not encrypted",
                got,
                imported.bytes,
            ));
            report.holds("fetching: 0.8 of Kubo's rate", whole.mul_f64(OF_GET) <= got);
        }
        report.words(&peers.lacking());
        report.words(&format!(
            "Medians of {TURNS} in turns, all on loopback and one disk. Of `dhc`: between lines of its \
             log, without what waits for the chain. Limits: not slower than `ipfs add`; {OF_GET} of \
             `ipfs get`; the first frame within {FIRST_FRAME_MS} ms."
        ));
        Ok(())
    }
}

struct Imported {
    id: String,
    bytes: u64,
}

impl Imported {
    fn of(import: &Measured) -> Result<Self> {
        Ok(Self {
            id: text(import, &["studies", "0", "id"])?,
            bytes: number(import, &["studies", "0", "bytes"])?,
        })
    }
}

/// The time between two lines of a log, by its own time stamps.
fn between(log: &str, begin: &str, end: &str) -> Result<Duration> {
    let at = |wanted: &str| {
        let line = log.lines().find(|line| line.contains(wanted));
        let line = line.with_context(|| format!("nothing was logged of {wanted:?}"))?;
        let time = line.split_whitespace().next().unwrap_or_default();
        // RFC 3339 in UTC; whatever is measured ends within a day.
        let clock = time
            .split_once('T')
            .context("a time")?
            .1
            .trim_end_matches('Z');
        let mut seconds = 0.0;
        for part in clock.split(':') {
            seconds = seconds * 60.0 + part.parse::<f64>()?;
        }
        anyhow::Ok(seconds)
    };
    const DAY_S: f64 = 86_400.0;
    Ok(Duration::from_secs_f64(
        (at(end)? - at(begin)? + DAY_S) % DAY_S,
    ))
}

/// Writes a folder's files into one.
fn join(folder: &Path, joined: &Path) -> Result<()> {
    let mut out = fs::File::create(joined)?;
    for entry in fs::read_dir(folder)? {
        std::io::copy(&mut fs::File::open(entry?.path())?, &mut out)?;
    }
    Ok(())
}

fn middle(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

fn middle_of(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn milliseconds(took: Duration) -> String {
    format!("{:.0} ms", took.as_secs_f64() * 1000.0)
}

fn megabytes(rate: f64) -> String {
    format!("{:.0}", rate / 1e6)
}

fn timed(what: &str, took: Duration, bytes: u64) -> [String; 3] {
    let rate = megabytes(bytes as f64 / took.as_secs_f64());
    [
        what.to_owned(),
        format!("{:.2} s", took.as_secs_f64()),
        rate,
    ]
}
