//! `dhc` itself as separate processes.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use dhc_ipc::{Code, Failure};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use super::{homes::Kept, text};

const START: Duration = Duration::from_secs(30);
const STOP: Duration = Duration::from_secs(10);

fn internal(e: impl std::fmt::Display) -> Failure {
    Failure::new(Code::Internal, e.to_string())
}

fn dhc() -> Result<Command, Failure> {
    let mut command = Command::new(std::env::current_exe().map_err(internal)?);
    command
        .arg("--json")
        .arg("--yes")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    Ok(command)
}

/// A person: a home, driven by commands in processes of their own.
pub struct Person {
    pub name: &'static str,
    /// What the app calls this person.
    pub called: &'static str,
    home: PathBuf,
    network: PathBuf,
    password: PathBuf,
}

impl Person {
    pub fn new(kept: &Kept, name: &'static str, called: &'static str, network: &Path) -> Self {
        Self {
            name,
            called,
            home: kept.home(name),
            network: network.to_owned(),
            password: kept.password(),
        }
    }

    fn command(&self, args: &[&str]) -> Result<Command, Failure> {
        let mut command = dhc()?;
        command
            .args([
                "--home",
                &text(&self.home),
                "--network",
                &text(&self.network),
            ])
            .args(["--password-file", &text(&self.password)])
            .args(args);
        Ok(command)
    }

    /// A command's document, or its failure as it was said.
    pub async fn run(&self, args: &[&str]) -> Result<Value, Failure> {
        let ended = self.command(args)?.output().await.map_err(internal)?;
        if ended.status.success() {
            return serde_json::from_slice(&ended.stdout).map_err(internal);
        }
        let said = String::from_utf8_lossy(&ended.stderr);
        let last = said
            .lines()
            .rev()
            .find(|l| !l.trim().is_empty())
            .unwrap_or_default();
        Err(serde_json::from_str(last)
            .unwrap_or_else(|_| internal(format!("{}: {last}", ended.status))))
    }

    /// This person's app, answering others until it is stopped.
    pub async fn app(&self) -> Result<Service, Failure> {
        Service::start(self.command(&["app"])?).await
    }
}

/// A process that goes on, and the line with which it said that it is ready.
pub struct Service {
    child: Child,
    pub ready: Value,
}

impl Service {
    pub async fn devnet(kept: &Kept, day_s: u64) -> Result<Self, Failure> {
        let mut command = dhc()?;
        command.args([
            "devnet",
            "start",
            "--data",
            &text(&kept.devnet()),
            "--day-s",
            &day_s.to_string(),
        ]);
        Self::start(command).await
    }

    async fn start(mut command: Command) -> Result<Self, Failure> {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .map_err(internal)?;
        let stdout = child
            .stdout
            .take()
            .ok_or_else(|| internal("a process without output"))?;
        let mut line = String::new();
        let read = tokio::time::timeout(START, BufReader::new(stdout).read_line(&mut line)).await;
        read.map_err(|_| internal("a process was not ready in time"))?
            .map_err(internal)?;
        let ready = serde_json::from_str(&line)
            .map_err(|_| internal("a process ended before it was ready"))?;
        Ok(Self { child, ready })
    }

    /// Ends it as Ctrl-C or a service manager would, and waits.
    pub async fn stop(mut self) -> Result<(), Failure> {
        #[cfg(unix)]
        if let Some(pid) = self.child.id() {
            let pid = i32::try_from(pid).map_err(internal)?;
            rustix::process::kill_process(
                rustix::process::Pid::from_raw(pid).ok_or_else(|| internal("no process"))?,
                rustix::process::Signal::TERM,
            )
            .map_err(internal)?;
        }
        if tokio::time::timeout(STOP, self.child.wait()).await.is_err() {
            self.child.kill().await.map_err(internal)?;
        }
        Ok(())
    }
}
