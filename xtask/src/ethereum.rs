//! Ordinary Ethereum clients against the embedded network: viem, and Foundry's cast.

use std::time::Duration;

use anyhow::Result;

use crate::command::{program, stream};
use crate::tally::{self, Count};
use crate::tools;
use crate::workspace::Workspace;

const FOLDER: &str = "tests/network";
const LIMIT: Duration = Duration::from_secs(180);

pub fn test(workspace: &Workspace) -> Result<(Count, String)> {
    tools::node(workspace)?;
    tools::node_modules(workspace, FOLDER)?;
    let outcome = stream(
        program("node", &workspace.root.join(FOLDER))
            .arg("ethereum.mjs")
            .env("DHC_BIN", workspace.dhc()),
        LIMIT,
    )?;
    let count = tally::plain(&outcome.output)
        .unwrap_or_default()
        .with_exit(outcome.success());
    Ok((count, String::new()))
}
