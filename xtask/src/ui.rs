//! The user interface: Leptos to WebAssembly, with its page, style sheet and pictures.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::command::{ask, program, run};
use crate::folder;
use crate::stamp::Stamp;
use crate::tools::{self, Wasm};
use crate::workspace::Workspace;

const TARGET: &str = "wasm32-unknown-unknown";

/// What the built interface depends on.
const INPUTS: [&str; 5] = [
    "ui",
    "crates/ipc",
    "Cargo.lock",
    "Cargo.toml",
    "rust-toolchain.toml",
];

/// Builds what changed and answers the folder to serve.
pub fn build(workspace: &Workspace) -> Result<PathBuf> {
    let dist = workspace.ui_dist();
    let stamp = Stamp::new(
        workspace.target.join("ui-dist.stamp"),
        &["4"],
        &workspace.root,
        &INPUTS,
    )?;
    if stamp.is_fresh() && dist.join("index.html").is_file() {
        return Ok(dist);
    }
    eprintln!("building the user interface");
    let module = compile(workspace)?;
    let fresh = workspace.target.join("ui-dist.new");
    folder::clear(&fresh)?;
    Bindgen::new()
        .input_path(&module)
        .web(true)?
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .out_name("dhc-ui")
        .generate(&fresh)
        .context("wasm-bindgen")?;
    let source = workspace.root.join("ui");
    fs::copy(source.join("index.html"), fresh.join("index.html"))?;
    fs::write(fresh.join("app.css"), style_sheet(&source.join("styles"))?)?;
    folder::copy(&source.join("assets"), &fresh.join("assets"))?;
    folder::clear(&dist)?;
    fs::rename(&fresh, &dist)?;
    stamp.set()?;
    Ok(dist)
}

fn compile(workspace: &Workspace) -> Result<PathBuf> {
    let arguments = [
        "build",
        "--profile",
        "wasm",
        "--target",
        TARGET,
        "-p",
        "dhc-ui",
    ];
    let target = match tools::wasm(workspace)? {
        Wasm::Rustup => {
            run(program("cargo", &workspace.root)
                .env("CARGO_TARGET_DIR", &workspace.target)
                .args(arguments))?;
            workspace.target.clone()
        }
        Wasm::Debian => {
            // Another compiler: a folder of its own, or each would rebuild what the other built.
            let target = workspace.target.join("rustc-web");
            run(debian_cargo(workspace)?
                .env("CARGO_TARGET_DIR", &target)
                .args(arguments))?;
            target
        }
    };
    Ok(target.join(TARGET).join("wasm/dhc-ui.wasm"))
}

/// Debian's cargo and rustc, building the standard library from source, with rustup's linker.
fn debian_cargo(workspace: &Workspace) -> Result<Command> {
    let sysroot = ask(program("rustc", &workspace.root).args(["--print", "sysroot"]))?;
    let version = ask(program("rustc", &workspace.root).arg("-vV"))?;
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .context("rustc names no host")?;
    let linker = Path::new(sysroot.trim())
        .join("lib/rustlib")
        .join(host)
        .join("bin/rust-lld");
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = program("/usr/bin/cargo", &workspace.root);
    command
        .env("PATH", format!("/usr/bin:{path}"))
        .env("RUSTC", "/usr/bin/rustc")
        .env("CARGO", "/usr/bin/cargo")
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort")
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    Ok(command)
}

/// One sheet from the files of the folder, in the order of their names.
fn style_sheet(folder: &Path) -> Result<String> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)?
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "css"))
        .collect();
    files.sort();
    let parts = files
        .iter()
        .map(fs::read_to_string)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(parts.join("\n"))
}
