//! The shell in its real window, under a display without a screen, driven by WebDriver.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use crate::command::{program, stream};
use crate::native;
use crate::tally::{self, Count};
use crate::tools;
use crate::workspace::Workspace;

const FOLDER: &str = "tests/window";
const LIMIT: Duration = Duration::from_secs(10 * 60);

/// `homes`: what `dhc demo --keep` left.
pub fn test(workspace: &Workspace, homes: &Path) -> Result<(Count, String)> {
    for needed in ["dbus-run-session", "xvfb-run", "WebKitWebDriver"] {
        if native::which(needed).is_none() {
            return Ok((Count::SKIPPED, format!("no {needed}")));
        }
    }
    if !workspace.desktop().is_file() {
        return Ok((Count::SKIPPED, "the shell is not built".to_owned()));
    }
    tools::node(workspace)?;
    let driver = tools::tauri_driver(workspace)?;
    // A session bus of its own: by it a second start finds the first.
    let mut command: Command = program("dbus-run-session", &workspace.root.join(FOLDER));
    command
        .args(["--", "xvfb-run"])
        .args(["--auto-servernum", "--server-args=-screen 0 1440x900x24"])
        .args(["node", "window.mjs"])
        .env("DHC_DESKTOP", workspace.desktop())
        .env("DHC_DEMO", homes)
        .env("DHC_UI_DIR", workspace.ui_dist())
        .env(
            "DHC_SYNTHETIC_STUDY",
            workspace.target.join("debug/synthetic_study"),
        )
        .env("DHC_TAURI_DRIVER", driver);
    let outcome = stream(&mut command, LIMIT)?;
    let count = tally::plain(&outcome.output)
        .unwrap_or_default()
        .with_exit(outcome.success());
    Ok((count, String::new()))
}
