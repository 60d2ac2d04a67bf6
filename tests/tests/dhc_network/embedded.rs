//! The embedded network in a process of its own.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Stdio},
};

use dhc_tests::real::{dhc, named};
use serde_json::Value;
use tempfile::TempDir;

pub struct Embedded {
    child: Child,
    network_file: PathBuf,
    _folder: TempDir,
}

impl Embedded {
    /// `None` where there is no program to test.
    pub fn start() -> Option<Self> {
        named("DHC_BIN")?;
        let folder = tempfile::tempdir().unwrap();
        let mut child = dhc()
            .args(["devnet", "start", "--block-ms=200", "--data"])
            .arg(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("dhc runs");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).expect("it started");
        Some(Self {
            child,
            network_file: ready["network_file"].as_str().expect("a path").into(),
            _folder: folder,
        })
    }

    pub fn network_file(&self) -> PathBuf {
        self.network_file.clone()
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        // Already gone is gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
