//! The user interface in Chromium, through `dhc serve`.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::build;
use crate::command::{program, stream};
use crate::setup;
use crate::tally::{self, Count};
use crate::tools;
use crate::ui;
use crate::workspace::Workspace;

const FOLDER: &str = "tests/browser";
const LIMIT: Duration = Duration::from_secs(15 * 60);

pub fn test(workspace: &Workspace) -> Result<(Count, String)> {
    if tools::chromium().is_none() {
        return Ok((Count::SKIPPED, "no Chromium".to_owned()));
    }
    let outcome = stream(script(workspace, "test")?.arg("--silent"), LIMIT)?;
    let count = tally::plain(&outcome.output)
        .unwrap_or_default()
        .with_exit(outcome.success());
    let note = if outcome.timed_out {
        "took too long"
    } else {
        ""
    };
    Ok((count, note.to_owned()))
}

/// `cargo xtask screenshots`.
pub fn screenshots(workspace: &Workspace) -> Result<()> {
    setup::to_build(workspace)?;
    for lacking in setup::to_test(workspace) {
        eprintln!("not set up: {lacking}");
    }
    ui::build(workspace)?;
    build::programs(workspace)?;
    let folder = workspace.root.join("docs/screens");
    let outcome = stream(
        script(workspace, "screenshots")?.env("DHC_SCREENS", &folder),
        LIMIT,
    )?;
    if !outcome.success() {
        bail!("the screens could not all be written");
    }
    println!("{}", folder.display());
    Ok(())
}

/// A script of the package, told where the built things are.
fn script(workspace: &Workspace, name: &str) -> Result<Command> {
    tools::node(workspace)?;
    tools::node_modules(workspace, FOLDER)?;
    let chromium = tools::chromium().context("no Chromium")?;
    let mut command = program("npm", &workspace.root.join(FOLDER));
    command
        .args(["run", name])
        .env("DHC_BIN", workspace.dhc())
        .env("DHC_UI_DIR", workspace.ui_dist())
        .env("DHC_CHROMIUM", chromium);
    Ok(command)
}
