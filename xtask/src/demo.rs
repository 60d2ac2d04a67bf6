//! `cargo xtask demo` and `cargo xtask run`: the main job on the embedded network.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::build;
use crate::command::{self, Service, announce, program, watch, words};
use crate::folder;
use crate::native;
use crate::setup;
use crate::tally::Count;
use crate::ui;
use crate::workspace::Workspace;

/// The network starts and the three profiles open.
const START: Duration = Duration::from_secs(120);
/// The main job takes under a minute on an idle machine.
const LIMIT: Duration = Duration::from_secs(10 * 60);

/// Builds `dhc` and hands over to `dhc demo`; answers with its exit code.
pub fn play(
    workspace: &Workspace,
    json: bool,
    study: Option<PathBuf>,
    keep: Option<PathBuf>,
) -> Result<ExitCode> {
    prepare(workspace)?;
    let mut command = demo(workspace, keep.as_deref());
    if json {
        command.arg("--json");
    }
    if let Some(path) = study {
        command.arg("--study").arg(path);
    }
    let status = command
        .status()
        .with_context(|| format!("cannot start {}", words(&command)))?;
    Ok(ExitCode::from(
        status
            .code()
            .and_then(|c| u8::try_from(c).ok())
            .unwrap_or(1),
    ))
}

/// Plays the main job once, keeps its homes, and opens the app on them until interrupted.
pub fn run(workspace: &Workspace, fresh: bool, no_open: bool) -> Result<()> {
    prepare(workspace)?;
    let homes = homes()?;
    // Stands only when the job was played to its end: half a job is played again from the start.
    let played = homes.join("played");
    if fresh || !played.is_file() {
        folder::clear(&homes)?;
        fs::create_dir_all(&homes)?;
        let mut command = demo(workspace, Some(&homes));
        let status = command
            .status()
            .with_context(|| format!("cannot start {}", words(&command)))?;
        if !status.success() {
            bail!("the main job did not come to its end: {status}");
        }
        fs::write(&played, "")?;
    } else {
        eprintln!("keeping {} (--fresh begins anew)", homes.display());
    }

    if !no_open && has_display() && workspace.desktop().is_file() {
        announce("The app is open; closing its window ends it.");
        return window(workspace, &homes);
    }
    let (app, url) = serve(workspace, &homes)?;
    announce(&format!("The app is open at {url}"));
    announce("Interrupt (Ctrl-C) to end it; the next `cargo xtask run` goes on from here.");
    if !no_open && has_display() {
        open(&url);
    }
    app.wait()
}

/// The app on what `dhc demo --keep` left, with its network; ready when this answers.
pub fn serve(workspace: &Workspace, homes: &Path) -> Result<(Service, String)> {
    let app = Service::start(
        program(workspace.dhc(), &workspace.root)
            .args(["--json", "serve", "--demo"])
            .arg(homes)
            .arg("--ui")
            .arg(workspace.ui_dist()),
        START,
    )?;
    let url = app.ready["url"]
        .as_str()
        .context("the app names no address")?;
    let url = url.to_owned();
    Ok((app, url))
}

/// `dhc demo` as a test: each of its steps is a check. Keeps the homes for those that follow.
pub fn test(workspace: &Workspace, homes: &Path) -> Result<(Count, String)> {
    folder::clear(homes)?;
    fs::create_dir_all(homes)?;
    let outcome = watch(demo(workspace, Some(homes)).arg("--json"), LIMIT, |line| {
        eprintln!("{line}")
    })?;
    let steps = steps(&outcome.output);
    let failed: Vec<&str> = steps
        .iter()
        .filter(|(_, ok)| !ok)
        .map(|(name, _)| name.as_str())
        .collect();
    let mut count = Count::default();
    for (_, ok) in &steps {
        count += Count::of(*ok);
    }
    Ok((count.with_exit(outcome.success()), failed.join(", ")))
}

/// Name and outcome of each step in the one JSON document among the lines.
fn steps(output: &str) -> Vec<(String, bool)> {
    output
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .find_map(|document| document["steps"].as_array().cloned())
        .unwrap_or_default()
        .iter()
        .map(|step| {
            let name = step["name"].as_str().unwrap_or("?").to_owned();
            (name, step["ok"] == true)
        })
        .collect()
}

/// The app in its own window, until that is closed.
fn window(workspace: &Workspace, homes: &Path) -> Result<()> {
    command::run(
        program(workspace.desktop(), &workspace.root)
            .env("DHC_UI_DIR", workspace.ui_dist())
            .arg("--demo")
            .arg(homes),
    )
}

fn prepare(workspace: &Workspace) -> Result<()> {
    setup::to_build(workspace)?;
    ui::build(workspace)?;
    build::programs(workspace)
}

fn demo(workspace: &Workspace, keep: Option<&Path>) -> Command {
    let mut command = program(workspace.dhc(), &workspace.root);
    command.arg("demo");
    if let Some(folder) = keep {
        command.arg("--keep").arg(folder);
    }
    command
}

/// `$XDG_DATA_HOME/dhc/demo`.
fn homes() -> Result<PathBuf> {
    let data = env::var_os("XDG_DATA_HOME")
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".local/share")))
        .context("neither XDG_DATA_HOME nor HOME is set")?;
    Ok(data.join("dhc/demo"))
}

fn has_display() -> bool {
    cfg!(target_os = "macos")
        || ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|name| env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// Opens the address in the person's browser; the address has been printed, so that failing is no
/// loss.
fn open(url: &str) {
    let opener = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    if native::which(opener).is_none() {
        return;
    }
    let started = Command::new(opener)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if let Err(failure) = started {
        eprintln!("{opener}: {failure}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_read_from_the_document_among_other_lines() {
        let output = "waiting for a block\n{\"steps\":[{\"name\":\"import\",\"ok\":true},{\"name\":\"grant\",\"ok\":false}],\"ok\":false}\n";
        assert_eq!(
            steps(output),
            [("import".to_owned(), true), ("grant".to_owned(), false)]
        );
        assert_eq!(steps("no document"), []);
    }
}
