//! The machine that was measured, in words.

use std::fs;
use std::process::Command;

use crate::command::ask;

pub fn describe() -> Vec<(&'static str, String)> {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let model = first("/proc/cpuinfo", "model name");
    vec![
        (
            "processor",
            format!("{}, {cores} cores", model.unwrap_or_default()),
        ),
        (
            "memory",
            first("/proc/meminfo", "MemTotal")
                .and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok())
                .map_or_else(|| "unknown".into(), |kib| format!("{} MiB", kib / 1024)),
        ),
        ("system", said("uname", &["-srm"])),
        ("load before", load()),
        ("compiler", said("rustc", &["--version"])),
        ("date", said("date", &["-u", "+%Y-%m-%d"])),
    ]
}

/// Processes that wanted to run in the last minute, on average; past the number of cores the times
/// say more of the others than of us.
fn load() -> String {
    fs::read_to_string("/proc/loadavg")
        .ok()
        .and_then(|text| text.split_whitespace().next().map(str::to_owned))
        .unwrap_or_else(|| "unknown".into())
}

/// What stands after the colon of the first line that begins with `name`.
fn first(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn said(program: &str, arguments: &[&str]) -> String {
    ask(Command::new(program).args(arguments))
        .map_or_else(|_| "unknown".into(), |text| text.trim().to_owned())
}
