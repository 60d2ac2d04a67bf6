//! docs/conformance.md: stored values beside those of the reference codecs.

use std::time::Duration;

use anyhow::{Result, bail};

use crate::build;
use crate::command::{program, stream};
use crate::tally::{self, Count};
use crate::tools;
use crate::workspace::Workspace;

const LIMIT: Duration = Duration::from_secs(10 * 60);
const WHY: &str = "Python 3 with its venv is needed";

/// `cargo xtask conformance`: builds `dhc` first.
pub fn compare(workspace: &Workspace, write: bool) -> Result<()> {
    build::programs(workspace)?;
    let (count, note) = decode(workspace, if write { "write" } else { "check" })?;
    if count.passed == 0 || count.failed > 0 {
        bail!("{note}");
    }
    Ok(())
}

/// Whether what is committed is what the run gives.
pub fn test(workspace: &Workspace) -> Result<(Count, String)> {
    decode(workspace, "check")
}

fn decode(workspace: &Workspace, task: &str) -> Result<(Count, String)> {
    let Some(python) = tools::reference_codecs(workspace)? else {
        return Ok((Count::SKIPPED, WHY.to_owned()));
    };
    let outcome = stream(
        program(python, &workspace.root)
            .arg("tests/conformance/decode.py")
            .arg(workspace.dhc())
            .args(["docs/conformance.md", task]),
        LIMIT,
    )?;
    let count = tally::plain(&outcome.output).unwrap_or(Count::FAILED);
    let note = match (outcome.success(), count.skipped) {
        (false, _) => "a wrong value, or a row that differs: docs/conformance.md",
        (true, 0) => "",
        (true, _) => "DHC_TEST_DATA is needed for the others",
    };
    Ok((count.with_exit(outcome.success()), note.to_owned()))
}
