//! Somebody with a home on a network.

use std::{fs, path::PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use dhc_tests::real::dhc;

pub struct Person {
    folder: TempDir,
    network: PathBuf,
    pub address: String,
}

impl Person {
    /// With a vault, but nothing on the chain.
    pub fn new(network: PathBuf) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("password"), "a quiet afternoon").unwrap();
        let mut person = Self {
            folder,
            network,
            address: String::new(),
        };
        let made = person.run(&["vault", "create"]);
        person.address = made["accounts"][0]["address"].as_str().unwrap().to_owned();
        person
    }

    /// From now on by another network file.
    pub fn go_by(&mut self, network: PathBuf) {
        self.network = network;
    }

    pub fn run(&self, words: &[&str]) -> Value {
        self.ask(words)
            .unwrap_or_else(|said| panic!("{words:?}: {said}"))
    }

    /// A command's document, or the failure it says in the last line.
    pub fn ask(&self, words: &[&str]) -> Result<Value, Value> {
        let ended = dhc()
            .arg("--home")
            .arg(self.folder.path().join("home"))
            .arg("--network")
            .arg(&self.network)
            .arg("--password-file")
            .arg(self.folder.path().join("password"))
            .args(words)
            .output()
            .expect("dhc runs");
        if ended.status.success() {
            return Ok(serde_json::from_slice(&ended.stdout).expect("one document"));
        }
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        let last = said.lines().last().unwrap_or_default();
        Err(serde_json::from_str(last).unwrap_or(Value::String(said)))
    }

    /// A proven balance in adhl, and the height at which it is.
    pub fn balance(&self) -> (String, u64) {
        let told = self.run(&["balance", &self.address]);
        assert_eq!(told["standing"]["state"], "proven", "{told}");
        let height = told["standing"]["height"].as_u64().unwrap();
        (told["amount"].as_str().unwrap().to_owned(), height)
    }
}
