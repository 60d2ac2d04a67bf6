//! Compiling the workspace: always the same selection of packages, so that cargo unifies features
//! the same way each time and compiles each crate once.
//!
//! Clippy's driver compiles our own crates, for every purpose: one pass gives the lints, the
//! programs and the tests. `cargo clippy` would check every dependency a second time.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::command::{program, run};
use crate::native;
use crate::workspace::Workspace;

/// Longer than a cold build on one slow core.
pub const LIMIT: Duration = Duration::from_secs(50 * 60);

/// `cargo` in the clone, with the one target directory.
pub fn cargo(workspace: &Workspace) -> Command {
    let mut command = program("cargo", &workspace.root);
    command
        .env("CARGO_TARGET_DIR", &workspace.target)
        .env("RUSTC_WORKSPACE_WRAPPER", "clippy-driver");
    command
}

/// All members but xtask, which is compiled before; without the shell where WebKitGTK is missing.
pub fn selection() -> Vec<&'static str> {
    let mut arguments = vec!["--workspace", "--exclude", "xtask"];
    if !native::has_webkit() {
        arguments.extend(["--exclude", "dhc-desktop"]);
    }
    arguments
}

/// The programs: `dhc`, and the shell where it can be compiled.
pub fn programs(workspace: &Workspace) -> Result<()> {
    eprintln!("building dhc");
    run(cargo(workspace)
        .arg("build")
        .args(selection())
        .arg("--bins"))?;
    if !workspace.dhc().is_file() {
        bail!("the build gave no {}", workspace.dhc().display());
    }
    Ok(())
}

/// A test program.
pub struct TestBinary {
    /// Its package, and the target when it is not the package's own.
    pub name: String,
    pub path: PathBuf,
    /// Folder of the package, in which cargo starts tests.
    pub folder: PathBuf,
}

/// What one build of everything gave.
#[derive(Default)]
pub struct Built {
    pub tests: Vec<TestBinary>,
    /// Warnings and errors of our own crates, as the compiler words them.
    pub findings: Vec<String>,
    /// Packages that did not compile.
    pub broken: BTreeSet<String>,
    pub success: bool,
}

/// Compiles programs, tests and benches of `packages` and collects what the compiler says.
pub fn everything(workspace: &Workspace, packages: &[&str]) -> Result<Built> {
    let mut command = cargo(workspace);
    command
        .args(["build", "--keep-going", "--all-targets"])
        .arg("--message-format=json-diagnostic-rendered-ansi")
        .args(packages)
        .stdout(Stdio::piped());
    let mut child = command.spawn().context("cannot start cargo")?;
    let out = child.stdout.take().context("no standard output")?;
    let mut built = Built::default();
    for line in std::io::BufRead::lines(std::io::BufReader::new(out)) {
        if let Ok(message) = serde_json::from_str::<serde_json::Value>(&line?) {
            built.take(&message);
        }
    }
    built.success = child.wait()?.success();
    built.tests.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(built)
}

impl Built {
    fn take(&mut self, message: &serde_json::Value) {
        let package = message["package_id"].as_str().map_or("?", package_name);
        match message["reason"].as_str() {
            Some("compiler-artifact") if message["profile"]["test"] == true => {
                let Some(path) = message["executable"].as_str() else {
                    return;
                };
                let target = message["target"]["name"].as_str().unwrap_or(package);
                let manifest = PathBuf::from(message["manifest_path"].as_str().unwrap_or(""));
                let name = if target.replace('_', "-") == package {
                    package.to_owned()
                } else {
                    format!("{package}/{target}")
                };
                self.tests.push(TestBinary {
                    name,
                    path: PathBuf::from(path),
                    folder: manifest.parent().map(PathBuf::from).unwrap_or_default(),
                });
            }
            Some("compiler-message") => {
                let said = &message["message"];
                let level = said["level"].as_str().unwrap_or("");
                if level == "error" {
                    self.broken.insert(package.to_owned());
                }
                // Sums such as "3 warnings emitted" stand at no place in the source.
                let placed = said["spans"].as_array().is_some_and(|s| !s.is_empty());
                if (level == "warning" && placed) || level == "error" {
                    let text = said["rendered"].as_str().unwrap_or("").to_owned();
                    // A library is compiled for itself and for its tests: say it once.
                    if !self.findings.contains(&text) {
                        self.findings.push(text);
                    }
                }
            }
            _ => {}
        }
    }
}

/// The name in `path+file:///…/crates/chain#dhc-chain@0.1.0` or `…/dhc-chain#0.1.0`.
fn package_name(id: &str) -> &str {
    let (location, fragment) = id.rsplit_once('#').unwrap_or(("", id));
    match fragment.split_once('@') {
        Some((name, _)) => name,
        None => location.rsplit('/').next().unwrap_or(fragment),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_names_are_read_from_both_forms_of_cargo_ids() {
        assert_eq!(
            package_name("path+file:///src/crates/chain#dhc-chain@0.1.0"),
            "dhc-chain"
        );
        assert_eq!(package_name("path+file:///src/xtask#0.1.0"), "xtask");
    }
}
