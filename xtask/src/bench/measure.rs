//! One run of a program: how long it took and how much memory it held.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::command::words;

/// How often the memory of the running program is read. What is read is the highest so far, so
/// that only the last moment before the end can be missed.
const POLL: Duration = Duration::from_millis(5);

pub struct Measured {
    pub took: Duration,
    /// Highest resident set, bytes; 0 where the system does not say.
    pub peak: u64,
    /// The JSON document on standard output; null without one.
    pub answer: serde_json::Value,
    /// What it said on standard error.
    pub said: String,
}

/// Runs to the end. Errors when the program fails.
pub fn once(command: &mut Command) -> Result<Measured> {
    let start = Instant::now();
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", words(command)))?;
    let out = drain(child.stdout.take());
    let err = drain(child.stderr.take());
    let mut peak = 0;
    let status = loop {
        peak = peak.max(resident_peak(child.id()));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        thread::sleep(POLL);
    };
    let took = start.elapsed();
    let answer = out.join().unwrap_or_default();
    let said = String::from_utf8_lossy(&err.join().unwrap_or_default()).into_owned();
    if !status.success() {
        bail!("{}: {status}\n{said}", words(command));
    }
    Ok(Measured {
        took,
        peak,
        answer: serde_json::from_slice(&answer).unwrap_or_default(),
        said,
    })
}

/// The run of middle duration.
pub fn median(times: usize, mut run: impl FnMut() -> Result<Measured>) -> Result<Measured> {
    let mut all = (0..times).map(|_| run()).collect::<Result<Vec<_>>>()?;
    all.sort_by_key(|measured| measured.took);
    Ok(all.swap_remove(times / 2))
}

fn drain(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What came before an error is still worth showing.
            drop(pipe.read_to_end(&mut bytes));
        }
        bytes
    })
}

/// What a process has used of the processors, in user and kernel.
pub fn processor_time(process: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name in parentheses may hold anything.
    let (_, after) = stat.rsplit_once(") ").context("a process's state")?;
    let ticks = |place: usize| after.split(' ').nth(place)?.parse::<u64>().ok();
    let used = ticks(11).zip(ticks(12)).context("a process's times")?;
    // USER_HZ is 100 on every Linux.
    Ok(Duration::from_millis((used.0 + used.1) * 10))
}

/// What each thread of a process has used of the processors, to the nanosecond.
pub struct Threads(BTreeMap<String, u64>);

impl Threads {
    pub fn of(process: u32) -> Result<Self> {
        let mut used = BTreeMap::new();
        for task in fs::read_dir(format!("/proc/{process}/task"))? {
            let task = task?;
            // A thread may end meanwhile.
            let Ok(text) = fs::read_to_string(task.path().join("schedstat")) else {
                continue;
            };
            let first = text.split_whitespace().next().context("a thread's time")?;
            used.insert(task.file_name().to_string_lossy().into(), first.parse()?);
        }
        Ok(Self(used))
    }

    /// Of all threads together; idle ones that have ended meanwhile count nothing.
    pub fn since(&self, before: &Self) -> Duration {
        let spent = |(thread, used): (&String, &u64)| {
            used.saturating_sub(before.0.get(thread).copied().unwrap_or(0))
        };
        Duration::from_nanos(self.0.iter().map(spent).sum())
    }
}

/// `VmHWM` of Linux's `/proc/PID/status`, in bytes; 0 where the system does not say.
pub fn resident_peak(process: u32) -> u64 {
    fs::read_to_string(format!("/proc/{process}/status"))
        .ok()
        .and_then(|status| {
            let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        })
        .map_or(0, |kib| kib * 1024)
}
