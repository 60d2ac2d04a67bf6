//! Where things are.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The repository, and the two folders outside it that hold what is built and brought.
pub struct Workspace {
    /// Root of the clone.
    pub root: PathBuf,
    /// Cargo's target directory: `CARGO_TARGET_DIR`, else `target` in the cache.
    pub target: PathBuf,
    /// `$XDG_CACHE_HOME/dhc`: tools, stamps, and by default the target directory.
    pub cache: PathBuf,
}

impl Workspace {
    /// Errors when neither `XDG_CACHE_HOME` nor `HOME` is set.
    pub fn find() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .context("xtask has no parent folder")?
            .to_path_buf();
        let cache = env::var_os("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".cache")))
            .context("neither XDG_CACHE_HOME nor HOME is set")?
            .join("dhc");
        let target = match env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => root.join(folder),
            None => cache.join("target"),
        };
        Ok(Self {
            root,
            target,
            cache,
        })
    }

    /// The built `dhc`.
    pub fn dhc(&self) -> PathBuf {
        self.target.join("debug/dhc")
    }

    /// The built shell.
    pub fn desktop(&self) -> PathBuf {
        self.target.join("debug/dhc-desktop")
    }

    /// The built user interface, where `dhc serve` looks for it: beside the profile's folder.
    pub fn ui_dist(&self) -> PathBuf {
        self.target.join("ui-dist")
    }

    /// Programs that are installed for this project only.
    pub fn tools(&self) -> PathBuf {
        self.cache.join("tools")
    }

    /// `$CARGO_HOME`, by default `~/.cargo`.
    pub fn cargo_home(&self) -> Option<PathBuf> {
        env::var_os("CARGO_HOME")
            .map(PathBuf::from)
            .or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")))
    }
}
