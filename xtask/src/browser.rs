//! The user interface in Chromium, through `dhc serve`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::build;
use crate::command::{program, stream};
use crate::demo;
use crate::setup;
use crate::tally::{self, Count};
use crate::tools;
use crate::ui;
use crate::workspace::Workspace;

const FOLDER: &str = "tests/browser";
const LIMIT: Duration = Duration::from_secs(15 * 60);
/// The pictures that the README shows.
const SHOWN: [&str; 4] = [
    "home-phone-light-en.png",
    "who-has-looked-phone-dark-en.png",
    "record-phone-large-zh-CN.png",
    "film-desk-dark-en.png",
];

/// `homes`: what `dhc demo --keep` left.
pub fn test(workspace: &Workspace, homes: &Path) -> Result<(Count, String)> {
    if tools::chromium().is_none() {
        return Ok((Count::SKIPPED, "no Chromium".to_owned()));
    }
    prepare(workspace)?;
    let (_app, url) = demo::serve(workspace, homes)?;
    let outcome = stream(
        node(workspace, &url)?
            .args(["--test", "--test-concurrency=1", "--test-reporter=spec"])
            .args(specs(workspace)?),
        LIMIT,
    )?;
    let count = tally::node(&outcome.output)
        .unwrap_or_default()
        .with_exit(outcome.success());
    let note = if outcome.timed_out {
        "took too long"
    } else {
        ""
    };
    Ok((count, note.to_owned()))
}

/// `cargo xtask screenshots`: all into the target directory, those of the README into docs.
pub fn screenshots(workspace: &Workspace) -> Result<()> {
    setup::to_build(workspace)?;
    for lacking in setup::to_test(workspace) {
        eprintln!("not set up: {lacking}");
    }
    ui::build(workspace)?;
    build::programs(workspace)?;
    prepare(workspace)?;
    let homes = workspace.target.join("screenshot-homes");
    let (count, failed) = demo::test(workspace, &homes)?;
    if count.failed > 0 {
        bail!("the main job did not come to its end: {failed}");
    }
    let (_app, url) = demo::serve(workspace, &homes)?;
    let folder = workspace.target.join("screenshots");
    let outcome = stream(
        node(workspace, &url)?.arg("screenshots.mjs").arg(&folder),
        LIMIT,
    )?;
    let shown = workspace.root.join("docs/screens");
    fs::create_dir_all(&shown)?;
    for name in SHOWN {
        fs::copy(folder.join(name), shown.join(name)).with_context(|| format!("no {name}"))?;
    }
    println!("{}", folder.display());
    if !outcome.success() {
        bail!("some screens could not be written");
    }
    Ok(())
}

/// By name: what a folder means to `node --test` differs between its versions.
fn specs(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = fs::read_dir(workspace.root.join(FOLDER).join("specs"))?
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().ends_with(".test.mjs"))
        .collect();
    files.sort();
    Ok(files)
}

fn prepare(workspace: &Workspace) -> Result<()> {
    tools::node(workspace)?;
    tools::node_modules(workspace, FOLDER)
}

/// Node in the package's folder, told where the app and the browser are.
fn node(workspace: &Workspace, url: &str) -> Result<Command> {
    let chromium = tools::chromium().context("no Chromium")?;
    let mut command = program("node", &workspace.root.join(FOLDER));
    command
        .env("DHC_URL", url)
        .env("CHROMIUM", chromium)
        .env("DHC_BIN", workspace.dhc())
        .env("DHC_UI_DIR", workspace.ui_dist());
    Ok(command)
}
