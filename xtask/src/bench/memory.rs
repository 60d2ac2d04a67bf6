//! What a very large study takes of the memory.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::limits::Limits;
use super::measure::{Measured, once, resident_peak};
use super::report::Report;
use super::{Bench, START, number, text};
use crate::command::{Service, ask, program, run};

/// What import and fetch may hold, bytes.
const MOST: u64 = 200_000_000;
/// The study's size, megabytes. Its files are holes; sealed, fetched and written out it takes its
/// size three times.
const WANTED_MB: u64 = 10_000;
const TIMES_ON_DISK: u64 = 3;
/// Left to others on the same disk, megabytes.
const LEFT_MB: u64 = 7_000;
/// Below this the size of a study would not be what is measured.
const LEAST_MB: u64 = 1_000;

impl Limits<'_> {
    /// Import and fetch of 10 GB, or of as much as the disk takes.
    pub fn memory(&self, report: &mut Report) -> Result<()> {
        let room = free_mb(self.folder)?.saturating_sub(LEFT_MB) / TIMES_ON_DISK;
        let size = WANTED_MB.min(room);
        ensure!(size >= LEAST_MB, "the disk is too full for a large study");
        let folder = self.folder.join("memory");
        fs::create_dir_all(&folder)?;
        let study = folder.join("study");
        run(program(self.programs.join("synthetic_study"), &folder)
            .arg(&study)
            .args([&size.to_string(), "sparse"]))?;
        let bench = Bench::start(self.programs.join("dhc"), &folder)?;
        report.table(
            &format!("Memory for a study of {:.1} GB", size as f64 / 1e3),
            &["", "time", "peak memory", "limit"],
        );
        let mut row = |what: &str, time: &str, peak: u64| {
            let (held, limit) = (format!("{} MB", peak / 1_000_000), MOST / 1_000_000);
            report.cells(&[what, time, &held, &format!("{limit} MB")]);
            report.holds(&format!("{what}: memory"), (1..=MOST).contains(&peak));
        };
        let seconds = |run: &Measured| format!("{:.0} s", run.took.as_secs_f64());

        let imported = once(bench.dhc("patient").arg("import").arg(&study))?;
        row("import", &seconds(&imported), imported.peak);
        let id = text(&imported, &["studies", "0", "id"])?;
        let bytes = number(&imported, &["studies", "0", "bytes"])?;
        let granted = once(
            bench
                .dhc("patient")
                .args(["consent", "grant", "--study", &id, "--to", &bench.doctor])
                .args(["--purpose", "TREAT", "--until", "7d"]),
        )?;
        let grant = text(&granted, &["grant"])?;
        let answering = Service::start(bench.dhc("patient").arg("app"), START)?;
        let fetched = once(
            bench
                .dhc("doctor")
                .args(["fetch", &grant, "--out"])
                .arg(folder.join("fetched")),
        )?;
        row("fetch, all files written", &seconds(&fetched), fetched.peak);
        let owner = resident_peak(answering.id());
        row("the owner's app, which answered", "", owner);
        drop(answering);
        drop(bench);
        fs::remove_dir_all(&folder)?;
        let scaled = match size {
            WANTED_MB => String::new(),
            _ => format!(
                " The limit is stated for {} GB; this is what the disk had room for.",
                WANTED_MB / 1000
            ),
        };
        report.words(&format!(
            "{bytes} bytes in slices of half a megabyte, zeros for pixels, which encryption does not \
             know from others; `VmHWM` of each process.{scaled}"
        ));
        Ok(())
    }
}

/// What the disk of a folder has left, megabytes.
fn free_mb(folder: &Path) -> Result<u64> {
    let said = ask(program("df", folder)
        .args(["--output=avail", "--block-size=1000000"])
        .arg(folder))?;
    let last = said.lines().last().context("df says nothing")?;
    Ok(last.trim().parse()?)
}
