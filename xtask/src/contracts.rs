//! The Solidity contracts: Foundry's forge from npm, and the committed artifacts.

use std::time::Duration;

use anyhow::{Result, bail};

use crate::command::{program, run, stream};
use crate::tally::{self, Count};
use crate::tools;
use crate::workspace::Workspace;

const FOLDER: &str = "contracts";
const LIMIT: Duration = Duration::from_secs(20 * 60);
const STATIC_LIMIT: Duration = Duration::from_secs(5 * 60);
const LONG_LIMIT: Duration = Duration::from_secs(4 * 60 * 60);
/// Calls of each invariant test in a long run, in so many sequences.
const LONG_CALLS: u32 = 100_000;
const LONG_RUNS: u32 = 500;

/// `cargo xtask contracts`: tests, then compares or replaces what is committed.
pub fn build(workspace: &Workspace, write: bool) -> Result<()> {
    prepare(workspace)?;
    let folder = workspace.root.join(FOLDER);
    let script = if write { "artifacts" } else { "check" };
    run(program("npm", &folder).args(["run", "--silent", script]))?;
    if run_forge(workspace, false)?.failed > 0 {
        bail!("a contract test failed");
    }
    Ok(())
}

/// Compiling reproduces the committed artifacts, and forge's tests.
pub fn test(workspace: &Workspace, long: bool) -> Result<(Count, String)> {
    prepare(workspace)?;
    let folder = workspace.root.join(FOLDER);
    let check = stream(
        program("npm", &folder).args(["run", "--silent", "check"]),
        LIMIT,
    )?;
    let mut count = run_forge(workspace, long)?;
    count += Count::of(check.success());
    let note = if check.success() {
        ""
    } else {
        "artifacts, layouts, vectors or gas differ: contracts/README.md"
    };
    Ok((count, note.to_owned()))
}

/// What slither finds that nobody judged; left out where there is no Python.
pub fn static_check(workspace: &Workspace) -> Result<(Count, String)> {
    let Some(slither) = tools::slither(workspace)? else {
        let why = "Python 3 with its venv is needed to install slither";
        return Ok((Count::SKIPPED, why.to_owned()));
    };
    prepare(workspace)?;
    let folder = workspace.root.join(FOLDER);
    let checked = stream(
        program("npm", &folder)
            .args(["run", "--silent", "static", "--"])
            .arg(slither),
        STATIC_LIMIT,
    )?;
    let note = if checked.success() {
        ""
    } else {
        "judge each finding in contracts/static.json, or mend it"
    };
    Ok((Count::of(checked.success()), note.to_owned()))
}

fn prepare(workspace: &Workspace) -> Result<()> {
    tools::node(workspace)?;
    tools::node_modules(workspace, FOLDER)
}

/// What forge counted. The launcher of its npm package ends with success whatever forge ended with,
/// so that a run without a sum failed too.
fn run_forge(workspace: &Workspace, long: bool) -> Result<Count> {
    let folder = workspace.root.join(FOLDER);
    let mut command = program(folder.join("node_modules/.bin/forge"), &folder);
    command.arg("test");
    if long {
        command
            .env("FOUNDRY_FUZZ_RUNS", "20000")
            .env("FOUNDRY_INVARIANT_RUNS", LONG_RUNS.to_string())
            .env(
                "FOUNDRY_INVARIANT_DEPTH",
                LONG_CALLS.div_ceil(LONG_RUNS).to_string(),
            );
    }
    let outcome = stream(&mut command, if long { LONG_LIMIT } else { LIMIT })?;
    Ok(tally::plain(&outcome.output)
        .unwrap_or(Count::FAILED)
        .with_exit(outcome.success()))
}
