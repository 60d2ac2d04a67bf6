//! `cargo xtask setup`, and the parts of it that the other commands ask for.

use anyhow::Result;

use crate::audit;
use crate::native::{self, Need};
use crate::tools;
use crate::workspace::Workspace;

/// The Node packages: contracts, real browsers, Ethereum clients.
pub const NODE_FOLDERS: [&str; 3] = ["contracts", "tests/browser", "tests/network"];

/// Everything that any command needs. What is only for tests and cannot be had is said, not fatal.
pub fn everything(workspace: &Workspace) -> Result<()> {
    to_build(workspace)?;
    for folder in NODE_FOLDERS {
        tools::node_modules(workspace, folder)?;
    }
    let mut lacking = to_test(workspace);
    for (name, result) in [
        ("cargo-deny", tools::cargo_deny(workspace).map(drop)),
        ("tauri-driver", tools::tauri_driver(workspace).map(drop)),
        ("Kubo", tools::kubo(workspace).map(drop)),
        ("slither", tools::slither(workspace).map(drop)),
        ("second reader", tools::second_reader(workspace).map(drop)),
        ("advisory database", audit::database(workspace).map(drop)),
    ] {
        if let Err(failure) = result {
            lacking.push(format!("{name}: {failure:#}"));
        }
    }
    for line in &lacking {
        eprintln!("not set up: {line}");
    }
    eprintln!("set up: {}", workspace.cache.display());
    Ok(())
}

/// What compiling needs.
pub fn to_build(workspace: &Workspace) -> Result<()> {
    native::ensure(&[Need::Compile])?;
    if let Err(failure) = native::ensure(&[Need::Shell]) {
        eprintln!("the shell is left out: {failure:#}");
    }
    tools::rust_components(workspace)?;
    tools::wasm(workspace)?;
    tools::node(workspace)
}

/// Browsers and a display; what could not be had, in words.
pub fn to_test(workspace: &Workspace) -> Vec<String> {
    let mut lacking = Vec::new();
    if let Err(failure) = native::ensure(&[Need::Display]) {
        lacking.push(format!("real window: {failure:#}"));
    }
    if let Err(failure) = native::ensure(&[Need::Browser]) {
        lacking.push(format!("Chromium and Chinese fonts: {failure:#}"));
    }
    if tools::chromium().is_none() {
        lacking.push(format!(
            "Chromium: no browser starts; install one or name it in DHC_CHROMIUM ({})",
            workspace.root.join("tests/browser").display()
        ));
    }
    lacking
}
