//! Programs from the package registries: Rust's target and components, Node modules, tools that
//! cargo and Go build. Each is brought once; stamps in the cache say for which version.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::{ask, program, run};
use crate::native::{self, Need};
use crate::stamp::Stamp;
use crate::workspace::Workspace;

const WASM: &str = "wasm32-unknown-unknown";
/// The oldest Node whose `fetch` and test runner the scripts use.
const NODE_MAJOR: u32 = 20;
const CARGO_DENY: &str = "0.20.2";
const CARGO_FUZZ: &str = "0.13.2";
const TAURI_DRIVER: &str = "2.1.0";
const KUBO: &str = "v0.42.0";

/// Which compiler makes WebAssembly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wasm {
    /// The toolchain's own target.
    Rustup,
    /// Debian's `rustc-web`, with the standard library built from its source.
    Debian,
}

/// `rustfmt` and `clippy`, which a minimal Rust lacks.
pub fn rust_components(workspace: &Workspace) -> Result<()> {
    for (check, component) in [("rustfmt", "rustfmt"), ("clippy-driver", "clippy")] {
        if ask(program(check, &workspace.root).arg("--version")).is_err() {
            eprintln!("adding Rust's component {component}");
            run(program("rustup", &workspace.root).args(["component", "add", component]))
                .with_context(|| {
                    format!("install {component} for the Rust that `rustc -V` names")
                })?;
        }
    }
    Ok(())
}

/// The WebAssembly target by rustup, or Debian's compiler where rustup's server is not reached.
pub fn wasm(workspace: &Workspace) -> Result<Wasm> {
    if has_wasm_target(workspace) {
        return Ok(Wasm::Rustup);
    }
    eprintln!("adding Rust's target {WASM}");
    let added = run(program("rustup", &workspace.root).args(["target", "add", WASM]));
    if added.is_ok() && has_wasm_target(workspace) {
        return Ok(Wasm::Rustup);
    }
    eprintln!("rustup cannot add it; using Debian's compiler for WebAssembly");
    let complete = Path::new("/usr/lib/rustlib/src").exists()
        || Path::new("/usr/src").join("rustc-web").exists();
    if !(complete && debian_rustc().is_ok()) {
        native::install(&["rustc-web", "cargo-web", "rust-web-src"])
            .with_context(|| format!("install the Rust target {WASM}"))?;
    }
    Ok(Wasm::Debian)
}

fn debian_rustc() -> Result<String> {
    ask(Command::new("/usr/bin/rustc").arg("--version"))
}

/// Also right for a Rust that rustup does not manage.
fn has_wasm_target(workspace: &Workspace) -> bool {
    ask(program("rustc", &workspace.root).args(["--print", "target-libdir", "--target", WASM]))
        .is_ok_and(|folder| {
            fs::read_dir(folder.trim()).is_ok_and(|entries| {
                entries
                    .flatten()
                    .any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
            })
        })
}

/// Node itself cannot be brought from here: says what is wanted.
pub fn node(workspace: &Workspace) -> Result<()> {
    let version = ask(program("node", &workspace.root).arg("--version"))
        .with_context(|| format!("Node {NODE_MAJOR} or newer is wanted: https://nodejs.org"))?;
    let major = version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|number| number.parse::<u32>().ok());
    if major.is_none_or(|major| major < NODE_MAJOR) {
        bail!(
            "Node {NODE_MAJOR} or newer is wanted, this is {}",
            version.trim()
        );
    }
    Ok(())
}

/// Node modules of a folder with a lock file, when that changed. Not by `npm ci`: it refuses a lock
/// file without the programs of other platforms, which are optional and not in every registry.
pub fn node_modules(workspace: &Workspace, folder: &str) -> Result<()> {
    let at = workspace.root.join(folder);
    let lock = format!("{folder}/package-lock.json");
    if !workspace.root.join(&lock).is_file() {
        return Ok(());
    }
    // Inside node_modules, so that it goes with it.
    let stamp = Stamp::new(
        at.join("node_modules/.installed"),
        &[],
        &workspace.root,
        &[&lock],
    )?;
    if stamp.is_fresh() {
        return Ok(());
    }
    eprintln!("installing Node modules in {folder}");
    run(program("npm", &at).args(["install", "--no-save", "--no-audit", "--no-fund"]))?;
    stamp.set()
}

pub fn cargo_deny(workspace: &Workspace) -> Result<PathBuf> {
    from_cargo(workspace, "cargo-deny", CARGO_DENY)
}

pub fn cargo_fuzz(workspace: &Workspace) -> Result<PathBuf> {
    from_cargo(workspace, "cargo-fuzz", CARGO_FUZZ)
}

pub fn tauri_driver(workspace: &Workspace) -> Result<PathBuf> {
    from_cargo(workspace, "tauri-driver", TAURI_DRIVER)
}

/// Unoptimised: compiling takes a third of the time, and they run for seconds.
fn from_cargo(workspace: &Workspace, name: &str, version: &str) -> Result<PathBuf> {
    let tools = workspace.tools();
    let binary = tools.join("bin").join(name);
    let stamp = Stamp::new(tools.join(format!("{name}.stamp")), &[version], &tools, &[])?;
    if binary.is_file() && stamp.is_fresh() {
        return Ok(binary);
    }
    eprintln!("building {name} {version} (once, one to two minutes)");
    let scratch = tools.join("build");
    // Its own folder: a build of other crates would only share the lock of the project's.
    run(program("cargo", &workspace.root)
        .env("CARGO_TARGET_DIR", &scratch)
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .args(["install", "--debug", "--locked", "--force", "--root"])
        .arg(&tools)
        .args(["--version", version, name]))?;
    fs::remove_dir_all(&scratch)?;
    stamp.set()?;
    Ok(binary)
}

/// Kubo, the IPFS node that the interoperation test speaks with; built from source because it is in
/// no package registry as a program. `None` without Go.
pub fn kubo(workspace: &Workspace) -> Result<Option<PathBuf>> {
    if let Some(path) = env::var_os("DHC_KUBO") {
        return Ok(Some(PathBuf::from(path)));
    }
    if native::which("go").is_none() {
        return Ok(None);
    }
    let folder = workspace.cache.join("kubo");
    let binary = folder.join("ipfs");
    let stamp = Stamp::new(folder.join("stamp"), &[KUBO], &folder, &[])?;
    if binary.is_file() && stamp.is_fresh() {
        return Ok(Some(binary));
    }
    eprintln!("building Kubo {KUBO} with Go (once, two to three minutes)");
    fs::create_dir_all(&folder)?;
    // `go install` of the program fails through a module proxy: its go.mod has replacements.
    let described = ask(program("go", &folder).args([
        "mod",
        "download",
        "-json",
        &format!("github.com/ipfs/kubo@{KUBO}"),
    ]))?;
    let module: serde_json::Value = serde_json::from_str(&described)?;
    let source = module["Dir"]
        .as_str()
        .context("go names no folder for Kubo")?;
    run(program("go", Path::new(source))
        .env("CGO_ENABLED", "0")
        .args(["build", "-trimpath", "-ldflags", "-s -w", "-o"])
        .arg(&binary)
        .arg("./cmd/ipfs"))?;
    stamp.set()?;
    Ok(Some(binary))
}

/// age, which the benchmark encrypts beside. `None` without Go.
pub fn age(workspace: &Workspace) -> Result<Option<PathBuf>> {
    const AGE: &str = "v1.2.1";
    if native::which("go").is_none() {
        return Ok(None);
    }
    let folder = workspace.cache.join("age");
    let binary = folder.join("age");
    let stamp = Stamp::new(folder.join("stamp"), &[AGE], &folder, &[])?;
    if !binary.is_file() || !stamp.is_fresh() {
        eprintln!("building age {AGE} with Go (once)");
        fs::create_dir_all(&folder)?;
        run(program("go", &folder)
            .env("GOBIN", &folder)
            .args(["install", &format!("filippo.io/age/cmd/...@{AGE}")]))?;
        stamp.set()?;
    }
    Ok(Some(binary))
}

/// Slither, the static check of contracts. `None` without a Python that makes environments.
pub fn slither(workspace: &Workspace) -> Result<Option<PathBuf>> {
    python_program(
        workspace,
        "slither",
        "contracts/requirements.txt",
        "slither",
    )
}

/// The Python that runs the second reader of sealed objects. `None` without one that makes
/// environments.
pub fn second_reader(workspace: &Workspace) -> Result<Option<PathBuf>> {
    const PINS: &str = "tests/second_reader/requirements.txt";
    python_program(workspace, "second-reader", PINS, "python")
}

/// The Python that runs the reference codecs of docs/conformance.md. `None` as above.
pub fn reference_codecs(workspace: &Workspace) -> Result<Option<PathBuf>> {
    const PINS: &str = "tests/conformance/requirements.txt";
    python_program(workspace, "reference-codecs", PINS, "python")
}

/// A program of a virtual environment of its own, with the packages that the file `pins` names.
fn python_program(
    workspace: &Workspace,
    name: &str,
    pins: &str,
    wanted: &str,
) -> Result<Option<PathBuf>> {
    let folder = workspace.tools().join(name);
    let binary = folder.join("bin").join(wanted);
    let stamp = Stamp::new(
        workspace.tools().join(format!("{name}.stamp")),
        &[],
        &workspace.root,
        &[pins],
    )?;
    if binary.is_file() && stamp.is_fresh() {
        return Ok(Some(binary));
    }
    if let Err(failure) = native::ensure(&[Need::Python]) {
        eprintln!("{pins} is left out: {failure:#}");
        return Ok(None);
    }
    eprintln!("installing {pins} with pip (once)");
    run(program("python3", &workspace.root)
        .args(["-m", "venv", "--clear"])
        .arg(&folder))?;
    run(program(folder.join("bin/pip"), &workspace.root)
        .args([
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--requirement",
        ])
        .arg(workspace.root.join(pins)))?;
    stamp.set()?;
    Ok(Some(binary))
}

/// A browser that starts without a window: `DHC_CHROMIUM`, else what `PATH` has.
pub fn chromium() -> Option<PathBuf> {
    env::var_os("DHC_CHROMIUM")
        .map(PathBuf::from)
        .into_iter()
        .chain(
            ["chromium", "chromium-browser", "google-chrome"]
                .into_iter()
                .filter_map(native::which),
        )
        // Ubuntu's package is a stub that asks for a snap.
        .find(|path| ask(Command::new(path).arg("--version")).is_ok())
}
