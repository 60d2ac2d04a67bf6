//! Ethereum: ordinary clients (viem, Foundry's cast) against the embedded network, and DHL as a token
//! on Anvil.

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
    let mut count = Count::default();
    for program_of in ["ethereum.mjs", "token.mjs"] {
        let outcome = stream(
            program("node", &workspace.root.join(FOLDER))
                .arg(program_of)
                .env("DHC_BIN", workspace.dhc()),
            LIMIT,
        )?;
        count += tally::plain(&outcome.output)
            .unwrap_or_default()
            .with_exit(outcome.success());
    }
    Ok((count, String::new()))
}
