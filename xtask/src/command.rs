//! Running other programs: said before, captured or passed through, and never without an end.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// What a program left behind.
pub struct Outcome {
    pub status: ExitStatus,
    /// Standard output and standard error, in the order of arrival.
    pub output: String,
    /// The time limit passed, and the program was killed.
    pub timed_out: bool,
}

impl Outcome {
    pub fn success(&self) -> bool {
        self.status.success() && !self.timed_out
    }
}

/// A program in a folder, with nothing on its standard input.
pub fn program(name: impl AsRef<OsStr>, folder: &Path) -> Command {
    let mut command = Command::new(name);
    command.current_dir(folder).stdin(Stdio::null());
    command
}

/// Says what is run, runs it with its output passed through to standard error, and fails if it does.
pub fn run(command: &mut Command) -> Result<()> {
    say(command);
    let status = command
        .stdout(std::io::stderr())
        .status()
        .with_context(|| format!("cannot start {}", words(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", words(command));
    }
    Ok(())
}

/// The standard output of a quick question; an error when the program fails or is not there.
pub fn ask(command: &mut Command) -> Result<String> {
    let answer = command
        .stderr(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {}", words(command)))?;
    if !answer.status.success() {
        bail!("{} ended with {}", words(command), answer.status);
    }
    Ok(String::from_utf8_lossy(&answer.stdout).into_owned())
}

/// Runs to its end or to `limit`, handing each line to `line` as it comes. Past the limit the
/// program and all it started are killed.
pub fn watch(
    command: &mut Command,
    limit: Duration,
    mut line: impl FnMut(&str),
) -> Result<Outcome> {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", words(command)))?;
    let (sender, lines) = mpsc::channel();
    if let Some(out) = child.stdout.take() {
        forward(out, sender.clone());
    }
    if let Some(err) = child.stderr.take() {
        forward(err, sender);
    }
    let end = Instant::now() + limit;
    let mut output = String::new();
    let mut timed_out = false;
    loop {
        match lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(text) => {
                line(&text);
                output.push_str(&text);
                output.push('\n');
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                timed_out = true;
                kill_tree(&mut child);
                break;
            }
        }
    }
    let status = child.wait()?;
    Ok(Outcome {
        status,
        output,
        timed_out,
    })
}

/// As [`watch`], with every line passed on to standard error.
pub fn stream(command: &mut Command, limit: Duration) -> Result<Outcome> {
    say(command);
    watch(command, limit, |line| eprintln!("{line}"))
}

/// A program that runs on in the background and is ended with this value.
pub struct Service {
    child: Child,
    /// The JSON document on its first line.
    pub ready: serde_json::Value,
}

impl Service {
    /// Starts a program whose first line of output is a JSON document with `"ready": true`.
    pub fn start(command: &mut Command, limit: Duration) -> Result<Self> {
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", words(command)))?;
        let out = child.stdout.take().context("no standard output")?;
        let (sender, lines) = mpsc::channel();
        forward(out, sender);
        let ready = lines
            .recv_timeout(limit)
            .ok()
            .and_then(|line| serde_json::from_str::<serde_json::Value>(&line).ok())
            .filter(|value| value["ready"] == true);
        match ready {
            Some(ready) => {
                // Drains what follows, so that the program never waits for a reader.
                thread::spawn(move || lines.into_iter().for_each(drop));
                Ok(Self { child, ready })
            }
            None => {
                kill_tree(&mut child);
                child.wait()?;
                bail!("{} was not ready in {limit:?}", words(command))
            }
        }
    }

    /// Process id, to read its memory from `/proc`.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Until the program ends by itself.
    pub fn wait(mut self) -> Result<()> {
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            signal(self.child.id(), "TERM");
            let end = Instant::now() + Duration::from_secs(10);
            while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < end {
                thread::sleep(Duration::from_millis(50));
            }
        }
        if matches!(self.child.try_wait(), Ok(None)) {
            kill_tree(&mut self.child);
        }
        if let Err(failure) = self.child.wait() {
            eprintln!("cannot reap process {}: {failure}", self.child.id());
        }
    }
}

/// The command line as a person would type it, without its environment.
pub fn words(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}

fn say(command: &Command) {
    eprintln!("  $ {}", words(command));
}

fn forward(from: impl Read + Send + 'static, to: mpsc::Sender<String>) {
    thread::spawn(move || {
        let mut reader = BufReader::new(from);
        let mut line = Vec::new();
        while matches!(reader.read_until(b'\n', &mut line), Ok(read) if read > 0) {
            let text = String::from_utf8_lossy(&line);
            if to
                .send(text.trim_end_matches(['\r', '\n']).to_owned())
                .is_err()
            {
                break;
            }
            line.clear();
        }
    });
}

/// Kills a program and all it started. The children stay in the caller's process group, so that an
/// interrupt from the terminal reaches them too; they are found by their parents instead.
fn kill_tree(child: &mut Child) {
    let below = descendants(child.id());
    // Already gone is what is wanted, here and below.
    drop(child.kill());
    for process in below {
        signal(process, "KILL");
    }
}

/// The processes that `root` and its children started, by `ps`.
fn descendants(root: u32) -> Vec<u32> {
    let table = ask(Command::new("ps").args(["-A", "-o", "pid=,ppid="])).unwrap_or_default();
    let pairs: Vec<(u32, u32)> = table
        .lines()
        .filter_map(|line| {
            let mut numbers = line.split_whitespace().map(str::parse);
            Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
        })
        .collect();
    let mut found = vec![root];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(
            pairs
                .iter()
                .filter(|(_, p)| *p == parent)
                .map(|(pid, _)| pid),
        );
        next += 1;
    }
    found.split_off(1)
}

fn signal(process: u32, name: &str) {
    drop(
        Command::new("kill")
            .args(["-s", name, &process.to_string()])
            .stderr(Stdio::null())
            .status(),
    );
}

/// Writes a line to standard output at once, also into a pipe.
pub fn announce(text: &str) {
    println!("{text}");
    // A closed standard output shows at the next line.
    drop(std::io::stdout().flush());
}
