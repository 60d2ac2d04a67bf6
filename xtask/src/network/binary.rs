//! The node's program, built by Go from `network/` and kept in the cache.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::command::{ask, program, stream};
use crate::native;
use crate::stamp::Stamp;
use crate::tally::Count;
use crate::workspace::Workspace;

const FOLDER: &str = "network";
/// The least Go of `network/go.mod`.
const GO: (u32, u32) = (1, 25);
/// Four minutes on two idle cores, and the modules come over the network.
const LIMIT: Duration = Duration::from_secs(40 * 60);

const INSTALL: &str = "Go 1.25.9 or newer is wanted to build the node. Debian's and Ubuntu's package \
    `golang` is too old (Debian 12 has 1.19). Take go1.25.9.linux-amd64.tar.gz or newer from \
    https://go.dev/dl, unpack it into /usr/local, and put /usr/local/go/bin first in PATH";

/// The program if it is there already, for exactly these sources: `DHC_NODE`, else the cache.
fn built(workspace: &Workspace) -> Result<Option<PathBuf>> {
    if let Some(path) = env::var_os("DHC_NODE") {
        return Ok(Some(PathBuf::from(path)));
    }
    let Ok(version) = go_version(workspace) else {
        return Ok(None);
    };
    let (binary, stamp) = place(workspace, &version)?;
    Ok((binary.is_file() && stamp.is_fresh()).then_some(binary))
}

/// What came of the wish for the program.
pub enum Node {
    There(PathBuf),
    /// No Go that could build it, or no time: in words.
    Lacking(String),
}

/// The program, built if need be.
pub fn node(workspace: &Workspace) -> Result<PathBuf> {
    match node_within(workspace, LIMIT)? {
        Node::There(path) => Ok(path),
        Node::Lacking(why) => bail!(why),
    }
}

/// As [`node`], giving the build up after `limit`. An error is one of the node's sources.
pub fn node_within(workspace: &Workspace, limit: Duration) -> Result<Node> {
    if let Some(binary) = built(workspace)? {
        return Ok(Node::There(binary));
    }
    let version = match go_version(workspace) {
        Ok(version) => version,
        Err(why) => return Ok(Node::Lacking(format!("{why:#}"))),
    };
    if limit.is_zero() {
        return Ok(Node::Lacking("no time to build it".to_owned()));
    }
    let (binary, stamp) = place(workspace, &version)?;
    eprintln!("building the node with {version} (once, about four minutes)");
    if let Some(folder) = binary.parent() {
        fs::create_dir_all(folder)?;
    }
    let outcome = stream(
        program("go", &workspace.root.join(FOLDER))
            .env("CGO_ENABLED", "0")
            .args(["build", "-trimpath", "-ldflags", "-s -w", "-o"])
            .arg(&binary)
            .arg("."),
        limit,
    )?;
    if outcome.timed_out {
        return Ok(Node::Lacking(format!("not built in {} s", limit.as_secs())));
    }
    if !outcome.success() {
        bail!("go build ended with {}", outcome.status);
    }
    stamp.set()?;
    Ok(Node::There(binary))
}

/// Format, vet and the node's own tests, with the flags of the build so that little is compiled
/// anew.
pub fn test(workspace: &Workspace, limit: Duration) -> Result<Count> {
    let folder = workspace.root.join(FOLDER);
    let unformatted = ask(program("gofmt", &folder).args(["-l", "."]))?;
    if !unformatted.trim().is_empty() {
        eprintln!("gofmt -w {}", unformatted.trim());
    }
    let mut count = Count::of(unformatted.trim().is_empty());
    for checked in ["vet", "test"] {
        let outcome = stream(
            program("go", &folder)
                .env("CGO_ENABLED", "0")
                .args([checked, "-trimpath", "./..."]),
            limit,
        )?;
        count += Count::of(outcome.success());
    }
    Ok(count)
}

fn place(workspace: &Workspace, version: &str) -> Result<(PathBuf, Stamp)> {
    let folder = workspace.cache.join("dhc-node");
    let sources = [
        "go.mod",
        "go.sum",
        "main.go",
        "commands.go",
        "chain",
        "genesis",
    ]
    .map(|name| format!("{FOLDER}/{name}"));
    let inputs = sources.each_ref().map(String::as_str);
    let stamp = Stamp::new(folder.join("stamp"), &[version], &workspace.root, &inputs)?;
    Ok((folder.join("dhc-node"), stamp))
}

/// Asked in the module's folder, where a newer toolchain may be chosen than the one in `PATH`.
fn go_version(workspace: &Workspace) -> Result<String> {
    if native::which("go").is_none() {
        bail!("{INSTALL}");
    }
    let asked = ask(program("go", &workspace.root.join(FOLDER)).args(["env", "GOVERSION"]));
    match asked {
        Ok(version) if is_new_enough(version.trim()) => Ok(version.trim().to_owned()),
        Ok(version) => bail!("this is {}. {INSTALL}", version.trim()),
        Err(_) => bail!("{INSTALL}"),
    }
}

fn is_new_enough(version: &str) -> bool {
    let mut numbers = version
        .trim_start_matches("go")
        .split(['.', 'r', 'b', '-', ' '])
        .map_while(|part| part.parse::<u32>().ok());
    match (numbers.next(), numbers.next()) {
        (Some(major), Some(minor)) => (major, minor) >= GO,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_versions_of_go_are_told_from_new_ones() {
        assert!(is_new_enough("go1.26.8"));
        assert!(is_new_enough("go1.25"));
        assert!(is_new_enough("go1.27rc1"));
        assert!(!is_new_enough("go1.19.8"));
        assert!(!is_new_enough("devel"));
    }
}
