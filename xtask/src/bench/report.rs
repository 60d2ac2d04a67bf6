//! docs/benchmarks.md.

use std::time::Duration;

use super::measure::Measured;

#[derive(Default)]
pub struct Report {
    body: String,
    largest: u64,
    missed: Vec<String>,
}

impl Report {
    pub fn section(&mut self, title: &str) {
        eprintln!("== {title}");
        self.line(&format!("\n## {title}\n"));
        self.line("| | time | rate | peak memory |");
        self.line("|---|---|---|---|");
    }

    pub fn time(&mut self, what: &str, measured: &Measured) {
        self.row(what, measured, "");
    }

    /// `bytes`: what was worked through in that time.
    pub fn rate(&mut self, what: &str, measured: &Measured, bytes: u64) {
        let megabytes = bytes as f64 / 1e6;
        let rate = format!(
            "{megabytes:.0} MB, {:.0} MB/s",
            megabytes / measured.took.as_secs_f64()
        );
        self.row(what, measured, &rate);
    }

    /// `peak`: of a process that ran on beside the measured ones.
    pub fn memory(&mut self, what: &str, peak: u64) {
        self.largest = self.largest.max(peak);
        let memory = megabytes(peak);
        self.line(&format!("| {what} | | | {memory} |"));
    }

    /// A section with columns of its own.
    pub fn table(&mut self, title: &str, columns: &[&str]) {
        eprintln!("== {title}");
        self.line(&format!("\n## {title}\n"));
        self.cells(columns);
        self.line(&format!("{}|", "|---".repeat(columns.len())));
    }

    pub fn cells(&mut self, cells: &[&str]) {
        self.line(&format!("| {} |", cells.join(" | ")));
    }

    pub fn row_of(&mut self, cells: &[String]) {
        self.line(&format!("| {} |", cells.join(" | ")));
    }

    /// A paragraph; none where there is nothing to say.
    pub fn words(&mut self, text: &str) {
        if !text.is_empty() {
            self.line(&format!("\n{text}"));
        }
    }

    /// Whether a limit is kept.
    pub fn holds(&mut self, what: &str, kept: bool) {
        if !kept {
            self.missed.push(what.to_owned());
        }
    }

    /// The limits that were not kept.
    pub fn missed(&self) -> &[String] {
        &self.missed
    }

    /// Largest resident set of any row, bytes.
    pub fn largest(&self) -> u64 {
        self.largest
    }

    pub fn page(&self, machine: &[(&str, String)], development: bool) -> String {
        let build = if development {
            "the development build of `dhc` (dependencies optimised, our own crates not: upper bounds)"
        } else {
            "the optimised `dhc`"
        };
        let mut page = format!(
            "# Benchmarks\n\nWritten by `cargo xtask bench`: {build}, a process for each command, \
             against an embedded network with a block a second. What goes onto the chain waits for \
             its block and for the next, which proves it: two to three seconds of the times of \
             import, grant and fetch. Peak memory is the process's largest resident set. \
             `cargo xtask bench --only PART` measures one part and writes nothing; a missed limit \
             fails.\n\n\
             | machine | |\n|---|---|\n",
        );
        for (name, value) in machine {
            page.push_str(&format!("| {name} | {value} |\n"));
        }
        page.push_str(&self.body);
        if !self.missed.is_empty() {
            page.push_str("\n## Limits that were missed\n\n");
            for what in &self.missed {
                page.push_str(&format!("- {what}\n"));
            }
        }
        page
    }

    fn row(&mut self, what: &str, measured: &Measured, rate: &str) {
        self.largest = self.largest.max(measured.peak);
        let memory = megabytes(measured.peak);
        let time = duration(measured.took);
        self.line(&format!("| {what} | {time} | {rate} | {memory} |"));
    }

    fn line(&mut self, text: &str) {
        eprintln!("{text}");
        self.body.push_str(text);
        self.body.push('\n');
    }
}

fn megabytes(peak: u64) -> String {
    match peak {
        // Ended before it was looked at a second time.
        0..1_000_000 => "not measured".to_owned(),
        bytes => format!("{} MB", bytes / 1_000_000),
    }
}

fn duration(took: Duration) -> String {
    if took < Duration::from_secs(1) {
        format!("{:.1} ms", took.as_secs_f64() * 1000.0)
    } else {
        format!("{:.1} s", took.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_times_are_said_in_milliseconds() {
        assert_eq!(duration(Duration::from_micros(12_340)), "12.3 ms");
        assert_eq!(duration(Duration::from_millis(2_340)), "2.3 s");
    }
}
