//! Licences, sources and known vulnerabilities of the dependencies, by cargo-deny.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::command::{program, run, stream};
use crate::folder;
use crate::stamp::Stamp;
use crate::tally::Count;
use crate::tools;
use crate::workspace::Workspace;

/// Where cargo-deny expects the clone of <https://github.com/rustsec/advisory-db>, its default.
const CLONE: &str = "advisory-db-3157b0e258782691";
const LIMIT: Duration = Duration::from_secs(300);

/// Licences, bans and sources: one count each.
pub fn policy(workspace: &Workspace) -> Result<(Count, String)> {
    let mut count = Count::default();
    let mut failed = Vec::new();
    for check in ["licenses", "bans", "sources"] {
        let outcome = deny(workspace, &["check", check])?;
        count += Count::of(outcome);
        if !outcome {
            failed.push(check);
        }
    }
    Ok((count, failed.join(", ")))
}

/// Advisories; skipped where their database cannot be had.
pub fn advisories(workspace: &Workspace) -> Result<(Count, String)> {
    match database(workspace) {
        Ok(()) => Ok((
            Count::of(deny(workspace, &["--offline", "check", "advisories"])?),
            String::new(),
        )),
        Err(failure) => Ok((Count::SKIPPED, format!("no advisory database: {failure:#}"))),
    }
}

/// Brings the database to where cargo-deny looks: from a folder of the machine (`DHC_ADVISORY_DB`,
/// or `advisory-db` in cargo's home, where cargo-audit keeps it), else by the network.
pub fn database(workspace: &Workspace) -> Result<()> {
    let clone = databases(workspace).join(CLONE);
    let beside = workspace.cargo_home().map(|home| home.join("advisory-db"));
    let local = env::var_os("DHC_ADVISORY_DB")
        .map(PathBuf::from)
        .or(beside)
        .filter(|folder| folder.join("crates").is_dir());
    if let Some(folder) = local {
        return copy(&folder, &clone);
    }
    if clone.join(".git").is_dir() {
        return Ok(());
    }
    let deny = tools::cargo_deny(workspace)?;
    let fetched = stream(
        with_home(workspace, &deny).args(["fetch", "db"]),
        Duration::from_secs(90),
    )?;
    if !fetched.success() {
        bail!("it cannot be fetched; name a copy in DHC_ADVISORY_DB");
    }
    Ok(())
}

/// cargo-deny reads a git repository only: a plain folder becomes one.
fn copy(from: &Path, clone: &Path) -> Result<()> {
    let stamp = Stamp::new(clone.with_extension("stamp"), &[], from, &["crates"])?;
    if stamp.is_fresh() && clone.join(".git").is_dir() {
        return Ok(());
    }
    eprintln!("copying the advisory database from {}", from.display());
    folder::clear(clone)?;
    fs::create_dir_all(clone)?;
    folder::copy(&from.join("crates"), &clone.join("crates"))?;
    run(program("git", clone).args(["init", "--quiet"]))?;
    run(program("git", clone).args(["add", "--all", "--force"]))?;
    run(program("git", clone)
        .args(["-c", "user.name=xtask", "-c", "user.email=xtask@localhost"])
        .args(["-c", "commit.gpgsign=false"])
        .args([
            "commit",
            "--quiet",
            "--message",
            "Advisories as found on this machine",
        ]))?;
    stamp.set()
}

fn deny(workspace: &Workspace, arguments: &[&str]) -> Result<bool> {
    let program = tools::cargo_deny(workspace)?;
    let mut command = with_home(workspace, &program);
    command.arg("--locked").args(arguments);
    Ok(stream(&mut command, LIMIT).context("cargo-deny")?.success())
}

fn with_home(workspace: &Workspace, deny: &Path) -> Command {
    let mut command = program(deny, &workspace.root);
    command.env("GIT_TERMINAL_PROMPT", "0");
    command
}

fn databases(workspace: &Workspace) -> PathBuf {
    workspace
        .cargo_home()
        .unwrap_or_else(|| workspace.cache.clone())
        .join("advisory-dbs")
}
