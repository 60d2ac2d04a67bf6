//! The programs that objects are measured beside.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::command::{ask, program};

/// Those that were found.
pub struct Peers {
    pub kubo: Option<PathBuf>,
    pub age: Option<PathBuf>,
}

impl Peers {
    /// What was not there, for the page; empty when all were.
    pub fn lacking(&self) -> String {
        let lacking = |name: &str, found: bool| match found {
            true => String::new(),
            false => format!("Not measured, because it was not there: {name}. "),
        };
        lacking("Kubo", self.kubo.is_some()) + &lacking("age", self.age.is_some())
    }
}

/// What one core of openssl encrypts with AES-256-GCM, by 1 MiB, bytes a second.
pub fn openssl(folder: &Path) -> Result<f64> {
    let said = ask(program("openssl", folder).args([
        "speed",
        "-mr",
        "-seconds",
        "2",
        "-bytes",
        "1048576",
        "-evp",
        "aes-256-gcm",
    ]))?;
    said.lines()
        .filter(|line| line.starts_with("+F:"))
        .find_map(|line| line.rsplit(':').next()?.parse().ok())
        .context("openssl measures nothing")
}

/// How fast age encrypts a file that the system has in memory, without keeping what comes out;
/// bytes a second. The file's folder takes age's key.
pub fn age(age: &Path, file: &Path) -> Result<f64> {
    let folder = file.parent().context("a file's folder")?;
    let key = folder.join("age.key");
    if !key.exists() {
        let keygen = age.with_file_name("age-keygen");
        ask(program(keygen, folder).arg("-o").arg(&key))?;
    }
    // Read once before, so that no disk is waited for.
    let bytes = fs::read(file)?.len() as f64;
    let begun = Instant::now();
    ask(program(age, folder)
        .args(["-e", "-i"])
        .arg(&key)
        .args(["-o", "/dev/null"])
        .arg(file))?;
    Ok(bytes / begun.elapsed().as_secs_f64())
}

/// A Kubo repository that speaks on loopback only.
pub struct Repository {
    program: PathBuf,
    folder: PathBuf,
}

impl Repository {
    pub fn new(kubo: &Path, folder: &Path, name: &str) -> Result<Self> {
        let repository = Self {
            program: kubo.to_owned(),
            folder: folder.join(name),
        };
        fs::create_dir_all(&repository.folder)?;
        ask(repository.ipfs().args(["init", "--profile", "test"]))?;
        ask(repository.ipfs().args(["bootstrap", "rm", "--all"]))?;
        for (key, value) in [
            ("Addresses.Swarm", "[\"/ip4/127.0.0.1/tcp/0\"]"),
            ("Addresses.API", "\"/ip4/127.0.0.1/tcp/0\""),
            ("Addresses.Gateway", "\"/ip4/127.0.0.1/tcp/0\""),
            ("AutoConf.Enabled", "false"),
            ("AutoTLS.Enabled", "false"),
            ("DNS.Resolvers", "{}"),
            ("Discovery.MDNS.Enabled", "false"),
            ("Ipns.DelegatedPublishers", "[]"),
            ("Routing.DelegatedRouters", "[]"),
            ("Routing.Type", "\"none\""),
            ("Version.SwarmCheckEnabled", "false"),
        ] {
            ask(repository.ipfs().args(["config", "--json", key, value]))?;
        }
        Ok(repository)
    }

    fn ipfs(&self) -> Command {
        let mut command = program(&self.program, &self.folder);
        command
            .env("IPFS_PATH", &self.folder)
            .env("IPFS_TELEMETRY", "off");
        command
    }

    /// How long it takes, and the CID.
    pub fn add(&self, study: &Path) -> Result<(Duration, String)> {
        let begun = Instant::now();
        let said = ask(self.ipfs().args(["add", "-r", "-Q"]).arg(study))?;
        Ok((begun.elapsed(), said.trim().to_owned()))
    }

    pub fn remove(self) -> Result<()> {
        Ok(fs::remove_dir_all(self.folder)?)
    }

    fn daemon(&self) -> Result<Daemon> {
        Daemon::start(self)
    }
}

/// Killed when dropped.
struct Daemon {
    process: std::process::Child,
    address: String,
}

impl Daemon {
    fn start(repository: &Repository) -> Result<Self> {
        use std::io::{BufRead, BufReader};
        let mut process = repository
            .ipfs()
            .arg("daemon")
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()?;
        let out = process.stdout.take().context("no standard output")?;
        let ready = BufReader::new(out)
            .lines()
            .map_while(|line| line.ok())
            .any(|line| line.contains("Daemon is ready"));
        let mut daemon = Self {
            process,
            address: String::new(),
        };
        anyhow::ensure!(ready, "Kubo does not start");
        let said = ask(repository.ipfs().arg("id"))?;
        let id: serde_json::Value = serde_json::from_str(&said)?;
        let address = id["Addresses"][0].as_str().context("no address")?;
        daemon.address = address.to_owned();
        Ok(daemon)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Already gone is gone.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// How long one Kubo takes to get from another the file that that one has added.
pub fn between_kubos(kubo: &Path, folder: &Path, file: &Path) -> Result<Duration> {
    let here = Repository::new(kubo, folder, "has")?;
    let there = Repository::new(kubo, folder, "gets")?;
    let (_, cid) = here.add(file)?;
    let (has, gets) = (here.daemon()?, there.daemon()?);
    ask(there.ipfs().args(["swarm", "connect", &has.address]))?;
    let out = folder.join("got");
    let begun = Instant::now();
    ask(there.ipfs().args(["get", &cid, "-o"]).arg(&out))?;
    let took = begun.elapsed();
    drop((has, gets));
    fs::remove_file(out)?;
    here.remove()?;
    there.remove()?;
    Ok(took)
}
