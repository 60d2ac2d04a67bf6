//! `cargo xtask bench`: measures `dhc` as its users start it, and writes docs/benchmarks.md.

mod engine;
mod limits;
mod machine;
mod measure;
mod memory;
mod objects;
mod peers;
mod report;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::build;
use crate::command::{Service, program, run};
use crate::network;
use crate::setup;
use crate::tools;
use crate::workspace::Workspace;
use limits::Limits;
use measure::{Measured, median, once};
use peers::Peers;
use report::Report;

/// Size of the large study, megabytes.
const LARGE_MB: u64 = 1000;
/// What import and fetch may hold in memory, whatever the size of the study.
const MOST_RESIDENT: u64 = 300_000_000;
/// Repetitions of what takes milliseconds.
const REPEAT: usize = 15;
/// The network and the app start.
const START: Duration = Duration::from_secs(60);

/// Four minutes, and the modules come over the network.
const NODE: Duration = Duration::from_secs(40 * 60);

/// What is measured, in the order of the page.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// Start-up, import, fetch, films, verification: the program as its users start it
    Program,
    /// Sealing, exchanges of keys, import and fetch beside openssl, age and Kubo;
    /// memory for a study of 10 GB
    Objects,
    /// The light client against the `tendermint-light-client` crate
    CatchUp,
    /// Proven slots against bare reads
    Slots,
    /// Start and blocks of the embedded network
    Devnet,
    /// Bytes of long histories
    Histories,
    /// Finality and transfers on the real engine
    Engine,
}

/// Builds, measures, writes. Takes half an hour and, for the largest study, thirty gigabytes of
/// temporary space, or less of that study.
/// `development`: the programs of the development profile, whose dependencies are optimised and
/// whose own crates are not; they give an upper bound, and missed limits are only said.
/// `only`: one part, and nothing is written.
pub fn write(workspace: &Workspace, development: bool, only: Option<Part>) -> Result<()> {
    setup::to_build(workspace)?;
    let programs = workspace.target.join(build_all(workspace, development)?);
    let machine = machine::describe();
    let scratch = Scratch::new(workspace)?;
    let mut report = Report::default();
    let all = <Part as clap::ValueEnum>::value_variants();
    for part in all.iter().filter(|part| only.is_none_or(|o| o == **part)) {
        // What took half an hour is written even where one part of it fails.
        if let Err(failure) = measure(workspace, &programs, *part, &scratch.0, &mut report) {
            report.words(&format!("Not measured: {failure:#}"));
            report.holds(&format!("{failure:#}"), false);
        }
    }
    if report.largest() > MOST_RESIDENT {
        let what = format!("a process held more than {} MB", MOST_RESIDENT / 1_000_000);
        report.holds(&what, false);
    }
    if only.is_none() {
        let file = workspace.root.join("docs/benchmarks.md");
        fs::write(&file, report.page(&machine, development))?;
        println!("{}", file.display());
    }
    match report.missed() {
        [] => Ok(()),
        missed if development => {
            eprintln!("missed, by the development profile: {}", missed.join("; "));
            Ok(())
        }
        missed => bail!("missed: {}", missed.join("; ")),
    }
}

/// Answers the folder of the profile. The two light clients are compiled apart: the other one asks
/// for features that would have everything else compiled a second time.
fn build_all(workspace: &Workspace, development: bool) -> Result<&'static str> {
    let cargo = || {
        if development {
            let mut command = build::cargo(workspace);
            command.arg("build");
            command
        } else {
            let mut command = program("cargo", &workspace.root);
            command.env("CARGO_TARGET_DIR", &workspace.target);
            command.args(["build", "--release"]);
            command
        }
    };
    eprintln!("building dhc and what measures it");
    let packages = if development {
        build::selection()
    } else {
        vec!["-p", "dhc-cli", "-p", "dhc-tests"]
    };
    run(cargo().args(packages).args(["--bins", "--examples"]))?;
    run(cargo().args([
        "-p",
        "dhc-chain",
        "--features",
        "peers",
        "--example",
        "catch_up",
    ]))?;
    Ok(if development { "debug" } else { "release" })
}

fn measure(
    workspace: &Workspace,
    programs: &Path,
    part: Part,
    folder: &Path,
    report: &mut Report,
) -> Result<()> {
    let limits = Limits { programs, folder };
    match part {
        Part::Program => whole_program(workspace, programs, folder, report),
        Part::Objects => {
            let peers = Peers {
                kubo: tools::kubo(workspace)?,
                age: tools::age(workspace)?,
            };
            limits.frames(&peers, report)?;
            limits.study(&peers, report)?;
            limits.memory(report)
        }
        Part::CatchUp => limits.catch_up(report),
        Part::Slots => limits.devnet_slots(report),
        Part::Devnet => limits.embedded(report),
        Part::Histories => limits.histories(report),
        Part::Engine => match network::node_within(workspace, NODE)? {
            network::Node::There(node) => limits.engine(&node, report),
            network::Node::Lacking(why) => {
                report.words(&format!("The real engine was not measured: {why}."));
                Ok(())
            }
        },
    }
}

fn whole_program(
    workspace: &Workspace,
    programs: &Path,
    folder: &Path,
    report: &mut Report,
) -> Result<()> {
    let bench = Bench::start(programs.join("dhc"), folder)?;
    bench.start_up(report)?;
    let demo = demo_study(workspace)?;
    let slice = bench.main_job("the demo study", &demo, report)?;
    bench.film(&slice, report)?;
    let large = folder.join("large");
    run(program(programs.join("synthetic_study"), &workspace.root)
        .arg(&large)
        .arg(LARGE_MB.to_string()))?;
    bench.main_job("a study of 1 GB", &large, report)?;
    bench.verify(report)
}

/// The one archive beside the licence in `assets/demo`.
fn demo_study(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.root.join("assets/demo");
    fs::read_dir(&folder)?
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|e| e == "zip"))
        .with_context(|| format!("no archive in {}", folder.display()))
}

/// A folder that goes when the measurement ends.
struct Scratch(PathBuf);

impl Scratch {
    fn new(workspace: &Workspace) -> Result<Self> {
        let folder = workspace
            .cache
            .join(format!("bench-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(failure) = fs::remove_dir_all(&self.0) {
            eprintln!("{} remains: {failure}", self.0.display());
        }
    }
}

/// A network, a patient and a doctor.
struct Bench {
    dhc: PathBuf,
    folder: PathBuf,
    network: PathBuf,
    doctor: String,
    _devnet: Service,
}

impl Bench {
    fn start(dhc: PathBuf, folder: &Path) -> Result<Self> {
        let devnet = Service::start(
            program(&dhc, folder)
                .args(["--json", "devnet", "start", "--data"])
                .arg(folder.join("devnet")),
            START,
        )?;
        let network = devnet.ready["network_file"]
            .as_str()
            .context("the network names no file")?;
        fs::write(folder.join("password"), "measured, not secret\n")?;
        let mut bench = Self {
            dhc,
            folder: folder.to_path_buf(),
            network: PathBuf::from(network),
            doctor: String::new(),
            _devnet: devnet,
        };
        bench.settle("patient")?;
        bench.doctor = bench.settle("doctor")?;
        Ok(bench)
    }

    /// A home with a vault, coins and published keys, unless it is there; its account.
    fn settle(&self, home: &str) -> Result<String> {
        if self.folder.join(home).exists() {
            let there = once(self.dhc(home).args(["vault", "accounts"]))?;
            return text(&there, &["accounts", "0", "address"]);
        }
        let made = once(self.dhc(home).args(["vault", "create"]))?;
        let address = text(&made, &["accounts", "0", "address"])?;
        once(self.dhc(home).args(["devnet", "fund", &address, "100"]))?;
        once(self.dhc(home).args(["identity", "publish"]))?;
        Ok(address)
    }

    fn dhc(&self, home: &str) -> Command {
        let mut command = program(&self.dhc, &self.folder);
        command
            .args(["--json", "--yes", "--home"])
            .arg(self.folder.join(home))
            .arg("--network")
            .arg(&self.network)
            .arg("--password-file")
            .arg(self.folder.join("password"));
        command
    }

    fn start_up(&self, report: &mut Report) -> Result<()> {
        report.section("Start-up");
        let version = median(REPEAT, || {
            once(program(&self.dhc, &self.folder).arg("--version"))
        })?;
        report.time("`dhc --version`", &version);
        let accounts = median(3, || once(self.dhc("patient").args(["vault", "accounts"])))?;
        report.time("`dhc vault accounts`: open the vault (Argon2id)", &accounts);
        Ok(())
    }

    /// Import, grant, fetch. Answers one of the fetched files.
    fn main_job(&self, what: &str, study: &Path, report: &mut Report) -> Result<PathBuf> {
        report.section(&format!("Import and fetch: {what}"));
        let imported = once(self.dhc("patient").arg("import").arg(study))?;
        let id = text(&imported, &["studies", "0", "id"])?;
        let bytes = number(&imported, &["studies", "0", "bytes"])?;
        report.rate("import, seal, store, index on chain", &imported, bytes);
        let granted = once(
            self.dhc("patient")
                .args(["consent", "grant", "--study", &id, "--to", &self.doctor])
                .args(["--purpose", "TREAT", "--until", "7d"]),
        )?;
        report.time("grant, proven", &granted);
        let grant = text(&granted, &["grant"])?;
        let out = self.folder.join(format!("fetched-{bytes}"));
        let answering = Service::start(self.dhc("patient").arg("app"), START)?;
        let fetched = once(
            self.dhc("doctor")
                .args(["fetch", &grant, "--out"])
                .arg(&out),
        )?;
        report.rate(
            "fetch: prove, log, Oakley, bitswap, decrypt, write",
            &fetched,
            bytes,
        );
        report.memory(
            "the owner's app, which answered",
            measure::resident_peak(answering.id()),
        );
        first_file(&out)
    }

    fn film(&self, slice: &Path, report: &mut Report) -> Result<()> {
        report.section("Film: one slice of the demo study, a process each");
        let decoded = median(REPEAT, || {
            once(
                self.dhc("patient")
                    .args(["film", "decode"])
                    .arg(slice)
                    .args(["--frame", "0", "--out"])
                    .arg(self.folder.join("frame.raw")),
            )
        })?;
        report.time("decode", &decoded);
        let rendered = median(REPEAT, || {
            once(
                self.dhc("patient")
                    .args(["film", "render"])
                    .arg(slice)
                    .arg("--out")
                    .arg(self.folder.join("frame.png")),
            )
        })?;
        report.time("decode, window, PNG", &rendered);
        Ok(())
    }

    fn verify(&self, report: &mut Report) -> Result<()> {
        report.section("Verification");
        let status = once(self.dhc("newcomer").args(["node", "status"]))?;
        let height = number(&status, &["trusted_height"])?;
        report.time(
            &format!("a new profile verifies headers from the checkpoint to height {height}"),
            &status,
        );
        let balance = median(5, || {
            once(self.dhc("patient").args(["balance", &self.doctor]))
        })?;
        report.time("a proven balance", &balance);
        let audit = median(3, || once(self.dhc("patient").args(["consent", "audit"])))?;
        report.time("the access log, complete and proven", &audit);
        Ok(())
    }
}

/// The JSON value at a path of names and indices.
fn at<'a>(measured: &'a Measured, path: &[&str]) -> &'a serde_json::Value {
    path.iter().fold(&measured.answer, |value, step| {
        step.parse::<usize>()
            .map_or_else(|_| &value[*step], |index| &value[index])
    })
}

fn text(measured: &Measured, path: &[&str]) -> Result<String> {
    at(measured, path)
        .as_str()
        .map(str::to_owned)
        .with_context(|| format!("no {} in {}", path.join("."), measured.answer))
}

fn number(measured: &Measured, path: &[&str]) -> Result<u64> {
    at(measured, path)
        .as_u64()
        .with_context(|| format!("no {} in {}", path.join("."), measured.answer))
}

fn first_file(folder: &Path) -> Result<PathBuf> {
    let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(|entry| entry.file_name());
    for entry in entries {
        if entry.file_type()?.is_dir() {
            if let Ok(found) = first_file(&entry.path()) {
                return Ok(found);
            }
        } else {
            return Ok(entry.path());
        }
    }
    bail!("{} holds no file", folder.display())
}
