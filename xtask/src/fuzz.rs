//! libFuzzer over every decoder of foreign bytes, with the address sanitizer: `fuzz/`. The short
//! slice that needs no nightly compiler is a test of `fuzz/targets`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::build;
use crate::command::{ask, program, run, watch};
use crate::tally::Count;
use crate::tools;
use crate::workspace::Workspace;

/// The compiler with the sanitizer.
const TOOLCHAIN: &str = "nightly";
/// For each target, unless `DHC_FUZZ_SECONDS` says otherwise.
const SECONDS: u64 = 60;
/// Megabytes: what a decoder may take of a small machine.
const MEMORY: u32 = 512;
/// Seconds for one input.
const PATIENCE: u32 = 10;
/// Of the memory, what the sanitizer keeps back to catch late uses, megabytes.
const QUARANTINE: u32 = 32;

/// Runs each target for its time: one count each. Left out, and why, where the nightly compiler
/// or cargo-fuzz cannot be had.
pub fn test(workspace: &Workspace) -> Result<(Count, String)> {
    let cargo_fuzz = match nightly(workspace).and_then(|()| tools::cargo_fuzz(workspace)) {
        Ok(program) => program,
        Err(failure) => return Ok((Count::SKIPPED, format!("{failure:#}"))),
    };
    let seconds = match env::var("DHC_FUZZ_SECONDS") {
        Ok(said) => said.parse().context("DHC_FUZZ_SECONDS is no number")?,
        Err(_) => SECONDS,
    };
    let built = workspace.target.join("fuzz");
    let targets = targets(workspace)?;
    build(workspace, &cargo_fuzz, &built)?;
    let mut count = Count::default();
    let mut notes = Vec::new();
    for target in &targets {
        let found = one(workspace, &built, target, seconds)?;
        count += Count::of(found.is_none());
        notes.extend(found.map(|input| format!("{target} falls over {input}")));
    }
    Ok((count, notes.join("; ")))
}

/// The nightly compiler, by rustup where it is lacking.
fn nightly(workspace: &Workspace) -> Result<()> {
    let there = || ask(with_nightly(&mut program("rustc", &workspace.root)).arg("--version"));
    if there().is_ok() {
        return Ok(());
    }
    eprintln!("adding Rust's toolchain {TOOLCHAIN}");
    run(program("rustup", &workspace.root).args([
        "toolchain",
        "install",
        TOOLCHAIN,
        "--profile",
        "minimal",
    ]))
    .context("no nightly compiler")?;
    there().map(drop)
}

fn with_nightly(command: &mut Command) -> &mut Command {
    command.env("RUSTUP_TOOLCHAIN", TOOLCHAIN)
}

/// The names of the programs in `fuzz/fuzz_targets`.
fn targets(workspace: &Workspace) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(workspace.root.join("fuzz/fuzz_targets"))? {
        let path = entry?.path();
        names.extend(
            path.file_stem()
                .map(|name| name.to_string_lossy().into_owned()),
        );
    }
    names.sort();
    if names.is_empty() {
        bail!("fuzz/fuzz_targets is empty");
    }
    Ok(names)
}

fn build(workspace: &Workspace, cargo_fuzz: &Path, built: &Path) -> Result<()> {
    eprintln!("building the decoders with the sanitizer (the first time a quarter of an hour)");
    // The product's versions; cargo adds libFuzzer's own.
    let lock = workspace.root.join("fuzz/Cargo.lock");
    fs::copy(workspace.root.join("Cargo.lock"), lock)?;
    // Called as cargo would call it.
    let mut command = program(cargo_fuzz, &workspace.root);
    let outcome = watch(
        with_nightly(&mut command)
            .env_remove("RUSTC_WORKSPACE_WRAPPER")
            // The cargo that runs this is of the product's toolchain.
            .env_remove("CARGO")
            .args(["fuzz", "build", "--fuzz-dir", "fuzz", "--target-dir"])
            .arg(built),
        build::LIMIT,
        |line| eprintln!("{line}"),
    )?;
    if !outcome.success() {
        bail!("the decoders do not build with {TOOLCHAIN}");
    }
    Ok(())
}

/// Runs one target; gives the path of an input that it falls over.
fn one(workspace: &Workspace, built: &Path, target: &str, seconds: u64) -> Result<Option<String>> {
    let fuzz = workspace.root.join("fuzz");
    // What libFuzzer finds worth keeping stays for the next run, outside of the sources.
    let grown = workspace.cache.join("fuzz/corpus").join(target);
    let fallen = workspace.cache.join("fuzz/artifacts").join(target);
    fs::create_dir_all(&grown)?;
    fs::create_dir_all(&fallen)?;
    let mut command = program(binary(built, target)?, &fuzz);
    command
        .env(
            "ASAN_OPTIONS",
            format!("detect_odr_violation=0:quarantine_size_mb={QUARANTINE}"),
        )
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-rss_limit_mb={MEMORY}"))
        .arg(format!("-timeout={PATIENCE}"))
        .arg(format!("-artifact_prefix={}/", fallen.display()))
        .arg("-print_final_stats=1");
    if let Some(words) = dictionary(target) {
        command.arg(format!(
            "-dict={}",
            fuzz.join("dictionaries").join(words).display()
        ));
    }
    command.arg(&grown).arg(fuzz.join("corpus").join(target));
    let limit = Duration::from_secs(seconds * 2 + 300);
    let outcome = watch(&mut command, limit, |_| ())?;
    if outcome.success() {
        eprintln!("  {target}: {}", summary(&outcome.output));
        return Ok(None);
    }
    eprintln!("{}", outcome.output);
    Ok(Some(artifact(&outcome.output).unwrap_or_else(|| {
        let why = if outcome.timed_out {
            "it hangs"
        } else {
            "it does not start"
        };
        format!("something unknown: {why}")
    })))
}

fn binary(built: &Path, target: &str) -> Result<PathBuf> {
    // One folder for each platform; there is one.
    for entry in fs::read_dir(built)? {
        let path = entry?.path().join("release").join(target);
        if path.is_file() {
            return Ok(path);
        }
    }
    bail!("the build gave no {target}")
}

/// Words that a target's bytes are made of, where there are such.
fn dictionary(target: &str) -> Option<&'static str> {
    match target {
        "dicom_file" | "dicom_scan" => Some("dicom.dict"),
        "seal_file" | "network_file" | "ipc_call" | "evidence" | "object_manifest" => {
            Some("json.dict")
        }
        json if ["comet_", "evm_", "ethereum_"]
            .iter()
            .any(|of| json.starts_with(of)) =>
        {
            Some("json.dict")
        }
        _ => None,
    }
}

/// The input that libFuzzer wrote, from its `Test unit written to PATH`.
fn artifact(output: &str) -> Option<String> {
    let (_, path) = output.split_once("Test unit written to ")?;
    path.lines().next().map(str::to_owned)
}

/// Executions, their rate and the coverage, from libFuzzer's last status.
fn summary(output: &str) -> String {
    let stat = |name: &str| {
        let line = output
            .lines()
            .find_map(|line| line.strip_prefix("stat::")?.strip_prefix(name));
        line.map_or("?", |rest| rest.trim_start_matches(':').trim())
            .to_owned()
    };
    let edges = output.lines().rev().find_map(|line| {
        let (_, rest) = line.split_once(" cov: ")?;
        rest.split_whitespace().next()
    });
    format!(
        "{} executions, {} a second, {} edges, at most {} MB",
        stat("number_of_executed_units"),
        stat("average_exec_per_sec"),
        edges.unwrap_or("?"),
        stat("peak_rss_mb"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_input_that_broke_a_target_is_named() {
        let output = "==7== ERROR: libFuzzer: deadly signal\nartifact_prefix='/a/'; Test unit \
                      written to /a/crash-0f\nBase64: AA==\n";
        assert_eq!(artifact(output).as_deref(), Some("/a/crash-0f"));
        assert_eq!(artifact("Done 10 runs in 1 second(s)"), None);
    }

    #[test]
    fn a_run_is_summed_up() {
        let output = "#2 INITED cov: 7 ft: 9 corp: 1/1b\n#400 DONE   cov: 31 ft: 90 corp: 4/9b\n\
                      stat::number_of_executed_units: 400\nstat::average_exec_per_sec:     200\n\
                      stat::peak_rss_mb:              44\n";
        assert_eq!(
            summary(output),
            "400 executions, 200 a second, 31 edges, at most 44 MB"
        );
    }
}
