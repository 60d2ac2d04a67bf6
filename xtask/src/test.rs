//! `cargo xtask test`: every stage runs, whatever an earlier one found; the last line counts.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::audit;
use crate::browser;
use crate::build::{self, TestBinary};
use crate::command::{announce, program, stream, watch};
use crate::conformance;
use crate::contracts;
use crate::demo;
use crate::ethereum;
use crate::folder;
use crate::fuzz;
use crate::network;
use crate::setup;
use crate::tally::{self, Count, Stage};
use crate::tools;
use crate::ui;
use crate::window;
use crate::workspace::Workspace;

/// A test program that runs longer hangs.
const LIMIT: Duration = Duration::from_secs(10 * 60);
const LONG_LIMIT: Duration = Duration::from_secs(4 * 60 * 60);
/// A cold run on two slow cores has an hour: the real network's node is built only while there is
/// time, and a long run takes the time.
const NODE_BY: Duration = Duration::from_secs(35 * 60);
const NODE_LIMIT: Duration = Duration::from_secs(10 * 60);
/// Cases of a property test, and inputs made for a decoder, in a long run; proptest's own default
/// is 256.
const LONG_CASES: &str = "20000";

pub fn all(workspace: &Workspace, long: bool, only: Option<String>) -> Result<ExitCode> {
    let begun = Instant::now();
    let mut report = Report {
        only,
        ..Report::default()
    };
    report.stage("set-up", || {
        setup::to_build(workspace)?;
        Ok((Count::default(), setup::to_test(workspace).join("; ")))
    });
    report.stage("format", || format(workspace));
    report.stage("user interface", || {
        ui::build(workspace)?;
        Ok((Count::PASSED, String::new()))
    });

    let mut tests = Vec::new();
    for (name, selection) in [
        ("build and lints", build::selection()),
        ("build and lints of xtask", vec!["--package", "xtask"]),
    ] {
        report.stage(name, || {
            let built = build::everything(workspace, &selection)?;
            for finding in &built.findings {
                eprintln!("{finding}");
            }
            tests.extend(built.tests);
            let broken: Vec<String> = built.broken.into_iter().collect();
            let note = match (built.findings.len(), broken.is_empty()) {
                (0, true) => String::new(),
                (found, true) => format!("{found} warnings"),
                (_, false) => format!("does not compile: {}", broken.join(", ")),
            };
            Ok((Count::of(built.success && built.findings.is_empty()), note))
        });
    }
    if native_is_partial() {
        report.skip("shell", "WebKitGTK's development files are missing");
    }

    report.stage("licences, bans, sources", || audit::policy(workspace));
    report.stage("advisories", || audit::advisories(workspace));

    let mut kubo = None;
    report.stage("Kubo to speak with", || {
        kubo = tools::kubo(workspace)?;
        Ok(match kubo {
            Some(_) => (Count::default(), String::new()),
            None => (Count::SKIPPED, "Go is needed to build it".to_owned()),
        })
    });
    let mut python = None;
    report.stage("second reader of objects", || {
        python = tools::second_reader(workspace)?;
        Ok(match python {
            Some(_) => (Count::default(), String::new()),
            None => (
                Count::SKIPPED,
                "Python 3 with its venv is needed".to_owned(),
            ),
        })
    });
    let mut node = None;
    let spare = NODE_BY.saturating_sub(begun.elapsed()).min(NODE_LIMIT);
    report.stage("node of the real network", || {
        if long {
            node = Some(network::node(workspace)?);
            return Ok((Count::default(), String::new()));
        }
        Ok(match network::node_within(workspace, spare)? {
            network::Node::There(path) => {
                node = Some(path);
                (Count::default(), String::new())
            }
            network::Node::Lacking(why) => (Count::SKIPPED, why),
        })
    });
    if node.is_some() && (long || begun.elapsed() < NODE_BY) {
        report.stage("node's own tests", || {
            Ok((network::test(workspace, LIMIT)?, String::new()))
        });
    } else {
        report.skip("node's own tests", "no node, or too late");
    }
    let programs = Programs {
        kubo: kubo.as_deref(),
        python: python.as_deref(),
        node: node.as_deref(),
    };
    for binary in &tests {
        report.stage(&binary.name, || {
            run_tests(workspace, binary, &programs, long)
        });
    }
    if long {
        report.stage("libFuzzer", || fuzz::test(workspace));
    }
    report.stage("conformance of decoding", || conformance::test(workspace));
    report.stage("documentation's examples", || doc_tests(workspace));
    report.stage("contracts", || contracts::test(workspace, long));
    report.stage("contracts' static check", || {
        contracts::static_check(workspace)
    });
    report.stage("Ethereum clients", || ethereum::test(workspace));

    let homes = workspace.target.join("test-homes");
    let demo = homes.join("demo");
    report.stage("main job", || demo::test(workspace, &demo));
    report.stage("browser", || {
        browser::test(workspace, &played(&homes, "browser")?)
    });
    report.stage("real window", || {
        window::test(workspace, &played(&homes, "window")?)
    });
    Ok(report.finish())
}

/// A copy of the homes of the main job, which a stage may change.
fn played(homes: &Path, stage: &str) -> Result<PathBuf> {
    let demo = homes.join("demo");
    if !demo.join("devnet").is_dir() {
        bail!("the main job has left no homes");
    }
    let copy = homes.join(stage);
    folder::clear(&copy)?;
    folder::copy(&demo, &copy)?;
    Ok(copy)
}

fn native_is_partial() -> bool {
    !crate::native::has_webkit()
}

fn format(workspace: &Workspace) -> Result<(Count, String)> {
    let outcome = stream(
        program("cargo", &workspace.root).args(["fmt", "--all", "--check"]),
        Duration::from_secs(120),
    )?;
    let note = if outcome.success() {
        ""
    } else {
        "cargo fmt --all"
    };
    Ok((Count::of(outcome.success()), note.to_owned()))
}

/// Foreign programs that tests speak with, where they could be had.
struct Programs<'a> {
    kubo: Option<&'a Path>,
    python: Option<&'a Path>,
    node: Option<&'a Path>,
}

/// Starts one test program as cargo would, in its package's folder.
fn run_tests(
    workspace: &Workspace,
    binary: &TestBinary,
    programs: &Programs<'_>,
    long: bool,
) -> Result<(Count, String)> {
    let mut command = program(&binary.path, &binary.folder);
    command
        .env("CARGO_MANIFEST_DIR", &binary.folder)
        .env("DHC_BIN", workspace.dhc())
        .env("DHC_UI_DIR", workspace.ui_dist());
    for (name, program) in [
        ("DHC_KUBO", programs.kubo),
        ("DHC_NODE", programs.node),
        ("DHC_PYTHON", programs.python),
    ] {
        if let Some(path) = program {
            command.env(name, path);
        }
    }
    if long {
        command
            .env("PROPTEST_CASES", LONG_CASES)
            .env("DHC_FUZZ_CASES", LONG_CASES)
            .arg("--include-ignored");
    }
    // libtest has no word for a test that found nothing to test: it says so in a line of its own.
    command.arg("--show-output");
    let limit = if long { LONG_LIMIT } else { LIMIT };
    let outcome = watch(&mut command, limit, |_| ())?;
    let mut note = String::new();
    if !outcome.success() {
        eprintln!("{}", outcome.output);
        note = if outcome.timed_out {
            format!("killed after {} s", limit.as_secs())
        } else {
            failed_names(&outcome.output).join(", ")
        };
    }
    let left_out = tally::left_out(&outcome.output);
    if note.is_empty() {
        note = left_out.reasons.join("; ");
    }
    let count = tally::libtest(&outcome.output)
        .without(left_out.tests)
        .with_exit(outcome.success());
    Ok((count, note))
}

/// The tests that libtest reports as `test path::name ... FAILED`.
fn failed_names(output: &str) -> Vec<&str> {
    output
        .lines()
        .filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"))
        .collect()
}

fn doc_tests(workspace: &Workspace) -> Result<(Count, String)> {
    let outcome = watch(
        build::cargo(workspace)
            .args(["test", "--doc", "--no-fail-fast"])
            .args(build::selection()),
        build::LIMIT,
        |_| (),
    )?;
    if !outcome.success() {
        eprintln!("{}", outcome.output);
    }
    Ok((
        tally::libtest(&outcome.output).with_exit(outcome.success()),
        String::new(),
    ))
}

#[derive(Default)]
struct Report {
    /// Part of the names of the stages to run; all without it.
    only: Option<String>,
    stages: Vec<Stage>,
}

impl Report {
    /// Runs a stage; an error of its machinery is a failed check.
    fn stage(&mut self, name: &str, run: impl FnOnce() -> Result<(Count, String)>) {
        if !self.wants(name) {
            return;
        }
        eprintln!("== {name}");
        let start = Instant::now();
        let (count, note) = run().unwrap_or_else(|failure| (Count::FAILED, format!("{failure:#}")));
        self.push(name, count, start.elapsed(), note);
    }

    fn skip(&mut self, name: &str, why: &str) {
        if self.wants(name) {
            self.push(name, Count::SKIPPED, Duration::ZERO, why.to_owned());
        }
    }

    fn wants(&self, name: &str) -> bool {
        self.only
            .as_ref()
            .is_none_or(|part| name.contains(part.as_str()))
    }

    fn push(&mut self, name: &str, count: Count, took: Duration, note: String) {
        let stage = Stage {
            name: name.to_owned(),
            count,
            took,
            note,
        };
        eprintln!("{}", row(&stage));
        self.stages.push(stage);
    }

    fn finish(self) -> ExitCode {
        let mut sum = Count::default();
        announce("");
        for stage in &self.stages {
            announce(&row(stage));
            sum += stage.count;
        }
        announce("");
        announce(&sum.to_string());
        if sum.failed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

fn row(stage: &Stage) -> String {
    let mark = match stage.count {
        Count { failed: 1.., .. } => "FAILED",
        Count {
            passed: 0,
            skipped: 1..,
            ..
        } => "skipped",
        _ => "ok",
    };
    let name = &stage.name;
    let count = stage.count.to_string();
    let seconds = stage.took.as_secs_f32();
    let note = &stage.note;
    let row = format!("{mark:<8} {name:<36} {seconds:>6.1} s  {count:<32} {note}");
    row.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_tests_are_named() {
        let output = "test a::b ... ok\ntest a::c ... FAILED\ntest d - should panic ... FAILED\n";
        assert_eq!(failed_names(output), ["a::c", "d - should panic"]);
    }
}
