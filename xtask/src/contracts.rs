//! The Solidity contracts: Foundry's forge from npm, and the committed artifacts.

use std::time::Duration;

use anyhow::{Result, bail};

use crate::command::{program, run, stream};
use crate::tally::{self, Count};
use crate::tools;
use crate::workspace::Workspace;

const FOLDER: &str = "contracts";
const LIMIT: Duration = Duration::from_secs(20 * 60);
const LONG_LIMIT: Duration = Duration::from_secs(4 * 60 * 60);

/// `cargo xtask contracts`: tests, then compares or replaces what is committed.
pub fn build(workspace: &Workspace, write: bool) -> Result<()> {
    prepare(workspace)?;
    let folder = workspace.root.join(FOLDER);
    let script = if write { "artifacts" } else { "check" };
    run(program("npm", &folder).args(["run", "--silent", script]))?;
    if !run_forge(workspace, false)?.1 {
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
    let (mut count, _) = run_forge(workspace, long)?;
    count += Count::of(check.success());
    let note = if check.success() {
        ""
    } else {
        "artifacts differ: cargo xtask contracts --write"
    };
    Ok((count, note.to_owned()))
}

fn prepare(workspace: &Workspace) -> Result<()> {
    tools::node(workspace)?;
    tools::node_modules(workspace, FOLDER)
}

fn run_forge(workspace: &Workspace, long: bool) -> Result<(Count, bool)> {
    let folder = workspace.root.join(FOLDER);
    let mut command = program(folder.join("node_modules/.bin/forge"), &folder);
    command.arg("test");
    if long {
        command
            .env("FOUNDRY_FUZZ_RUNS", "20000")
            .env("FOUNDRY_INVARIANT_RUNS", "1000");
    }
    let outcome = stream(&mut command, if long { LONG_LIMIT } else { LIMIT })?;
    let count = tally::plain(&outcome.output)
        .unwrap_or_default()
        .with_exit(outcome.success());
    Ok((count, outcome.success()))
}
