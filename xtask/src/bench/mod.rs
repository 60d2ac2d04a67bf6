//! `cargo xtask bench`: measures `dhc` as its users start it, and writes docs/benchmarks.md.

mod machine;
mod measure;
mod report;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::build;
use crate::command::{Service, program, run};
use crate::setup;
use crate::workspace::Workspace;
use measure::{Measured, median, once};
use report::Report;

/// Size of the large study, megabytes.
const LARGE_MB: u64 = 1000;
/// What import and fetch may hold in memory, whatever the size of the study.
const MOST_RESIDENT: u64 = 300_000_000;
/// Repetitions of what takes milliseconds.
const REPEAT: usize = 15;
/// The network and the app start.
const START: Duration = Duration::from_secs(60);

/// Builds, measures, writes. Takes some minutes and three gigabytes of temporary space.
/// `development`: the programs of the development profile, whose dependencies are optimised and
/// whose own crates are not; they are there already and give an upper bound.
pub fn write(workspace: &Workspace, development: bool) -> Result<()> {
    setup::to_build(workspace)?;
    let profile = if development {
        build::programs(workspace)?;
        "debug"
    } else {
        eprintln!("building dhc, optimised");
        run(program("cargo", &workspace.root)
            .env("CARGO_TARGET_DIR", &workspace.target)
            .args(["build", "--release", "--bins"])
            .args(["-p", "dhc-cli", "-p", "dhc-tests"]))?;
        "release"
    };
    let programs = workspace.target.join(profile);
    measure_all(workspace, &programs, development)
}

fn measure_all(workspace: &Workspace, programs: &Path, development: bool) -> Result<()> {
    let machine = machine::describe();
    let scratch = Scratch::new(workspace)?;
    let mut report = Report::default();
    let bench = Bench::start(programs.join("dhc"), &scratch.0)?;
    bench.start_up(&mut report)?;
    let demo = demo_study(workspace)?;
    let slice = bench.main_job("the demo study", &demo, &mut report)?;
    bench.film(&slice, &mut report)?;
    let large = scratch.0.join("large");
    run(program(programs.join("synthetic_study"), &workspace.root)
        .arg(&large)
        .arg(LARGE_MB.to_string()))?;
    bench.main_job("a study of 1 GB", &large, &mut report)?;
    bench.verify(&mut report)?;
    let file = workspace.root.join("docs/benchmarks.md");
    fs::write(&file, report.page(&machine, development))?;
    println!("{}", file.display());
    if report.largest() > MOST_RESIDENT {
        bail!("a process held more than {} MB", MOST_RESIDENT / 1_000_000);
    }
    Ok(())
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
        for home in ["patient", "doctor"] {
            let made = once(bench.dhc(home).args(["vault", "create"]))?;
            let address = text(&made, &["accounts", "0", "address"])?;
            once(bench.dhc(home).args(["devnet", "fund", &address, "100"]))?;
            once(bench.dhc(home).args(["identity", "publish"]))?;
            bench.doctor = address;
        }
        Ok(bench)
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
