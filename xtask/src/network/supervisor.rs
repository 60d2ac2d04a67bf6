//! The process that minds the nodes, found again by later commands through a file with its id.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::command::{announce, ask, words};

/// Keys and genesis are made, four nodes start, the first block comes.
const START: Duration = Duration::from_secs(180);
/// Every node closes its databases.
const STOP: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(200);

pub struct Supervisor {
    pid: u32,
    file: PathBuf,
}

impl Supervisor {
    /// The one that runs on `data`.
    pub fn find(data: &Path) -> Option<Self> {
        let file = data.join("supervisor.pid");
        let pid = fs::read_to_string(&file).ok()?.trim().parse().ok()?;
        let found = Self { pid, file };
        found.runs().then_some(found)
    }

    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// A number can come to belong to another program: its words are looked at, too.
    fn runs(&self) -> bool {
        ask(Command::new("ps").args(["-o", "args=", "-p", &self.pid.to_string()]))
            .is_ok_and(|words| words.contains(" network start "))
    }

    /// Starts `command` in the background; answers the document of its first line.
    pub fn start(mut command: Command, data: &Path) -> Result<Value> {
        fs::create_dir_all(data)?;
        let said = data.join("supervisor.out");
        let complained = data.join("supervisor.err");
        let mut child = command
            .stdout(File::create(&said)?)
            .stderr(File::create(&complained)?)
            // Goes on when the terminal interrupts what is in the foreground.
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {}", words(&command)))?;
        fs::write(data.join("supervisor.pid"), child.id().to_string())?;
        let end = Instant::now() + START;
        while Instant::now() < end {
            let first = fs::read_to_string(&said)?;
            if let Some((line, _)) = first.split_once('\n') {
                return serde_json::from_str(line).context("the supervisor's first line");
            }
            if let Some(status) = child.try_wait()? {
                let why = fs::read_to_string(&complained).unwrap_or_default();
                bail!("the network did not start ({status}): {}", why.trim());
            }
            thread::sleep(LOOK_AGAIN);
        }
        Self {
            pid: child.id(),
            file: data.join("supervisor.pid"),
        }
        .stop()?;
        bail!(
            "no block in {} s; see {}",
            START.as_secs(),
            data.join("logs").display()
        )
    }

    /// Asks it to end, and waits until it has.
    pub fn stop(self) -> Result<()> {
        ask(Command::new("kill").args(["-s", "TERM", &self.pid.to_string()]))?;
        let end = Instant::now() + STOP;
        while self.runs() {
            if Instant::now() > end {
                bail!("process {} does not end", self.pid);
            }
            thread::sleep(LOOK_AGAIN);
        }
        fs::remove_file(&self.file)?;
        announce("The validators have ended.");
        Ok(())
    }
}

/// The JSON document at a path of a server on loopback.
pub fn get(url: &str, path: &str, limit: Duration) -> Result<Value> {
    let address = url.strip_prefix("http://").context("not an http address")?;
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(limit))?;
    // 1.0: the answer ends with the connection, in one piece.
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (_, body) = answer
        .split_once("\r\n\r\n")
        .context("not an HTTP answer")?;
    Ok(serde_json::from_str(body)?)
}
