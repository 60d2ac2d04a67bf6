//! Counting what passed.

use std::fmt;
use std::time::Duration;

/// Checks that passed, failed and could not be made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub passed: u32,
    pub failed: u32,
    pub skipped: u32,
}

impl Count {
    pub const PASSED: Self = Self::new(1, 0, 0);
    pub const FAILED: Self = Self::new(0, 1, 0);
    pub const SKIPPED: Self = Self::new(0, 0, 1);

    pub const fn new(passed: u32, failed: u32, skipped: u32) -> Self {
        Self {
            passed,
            failed,
            skipped,
        }
    }

    /// One check that passed or failed.
    pub const fn of(passed: bool) -> Self {
        if passed { Self::PASSED } else { Self::FAILED }
    }

    /// `self`, when so many of what passed had nothing to test.
    pub const fn without(mut self, left_out: u32) -> Self {
        self.passed -= if left_out < self.passed {
            left_out
        } else {
            self.passed
        };
        self.skipped += left_out;
        self
    }

    /// `self`, with at least one failure when the program that counted ended badly.
    pub const fn with_exit(mut self, success: bool) -> Self {
        if !success && self.failed == 0 {
            self.failed = 1;
        }
        self
    }
}

impl std::ops::AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

/// One stage of the test run.
pub struct Stage {
    pub name: String,
    pub count: Count,
    pub took: Duration,
    /// Why something failed or was left out, in a few words.
    pub note: String,
}

/// The sums that libtest prints: `test result: ok. 5 passed; 0 failed; 1 ignored; …`.
pub fn libtest(output: &str) -> Count {
    let mut count = Count::default();
    for line in output.lines().filter(|l| l.starts_with("test result: ")) {
        count += Count::new(
            before(line, " passed"),
            before(line, " failed"),
            before(line, " ignored"),
        );
    }
    count
}

/// Tests that found nothing to test, and why.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct LeftOut<'a> {
    pub tests: u32,
    /// Each reason once.
    pub reasons: Vec<&'a str>,
}

/// The lines by which our tests say that they were left out: `left out: no Kubo`.
pub fn left_out(output: &str) -> LeftOut<'_> {
    let mut found = LeftOut::default();
    for reason in output.lines().filter_map(|l| l.strip_prefix("left out: ")) {
        found.tests += 1;
        if !found.reasons.contains(&reason) {
            found.reasons.push(reason);
        }
    }
    found
}

/// The last sum of the form `5 passed, 0 failed` with or without `, 1 skipped`, in any of the forms
/// of forge (`5 tests passed, 0 failed, 0 skipped`) and of our own Node scripts.
pub fn plain(output: &str) -> Option<Count> {
    let line = output
        .lines()
        .rev()
        .find(|line| line.contains(" passed, ") && line.contains(" failed"))?;
    let passed = before(line, " tests passed").max(before(line, " passed"));
    Some(Count::new(
        passed,
        before(line, " failed"),
        before(line, " skipped"),
    ))
}

/// The sums that Node's test runner prints: lines `ℹ pass 5` or `# pass 5`, by reporter.
pub fn node(output: &str) -> Option<Count> {
    let sum = |word: &str| {
        output.lines().rev().find_map(|line| {
            let line = line
                .strip_prefix("ℹ ")
                .or_else(|| line.strip_prefix("# "))?;
            line.strip_prefix(word)?.trim().parse::<u32>().ok()
        })
    };
    let passed = sum("pass ")?;
    let failed = sum("fail ")? + sum("cancelled ").unwrap_or(0);
    let skipped = sum("skipped ").unwrap_or(0) + sum("todo ").unwrap_or(0);
    Some(Count::new(passed, failed, skipped))
}

/// The number that stands right before `word`; 0 when there is none.
fn before(line: &str, word: &str) -> u32 {
    line.find(word).map_or(0, |end| {
        let head = &line[..end];
        let start = head
            .rfind(|c: char| !c.is_ascii_digit())
            .map_or(0, |at| at + 1);
        head[start..].parse().unwrap_or(0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libtest_sums_are_added_over_all_binaries() {
        let output = "running 2 tests\n\
            test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
            test result: FAILED. 3 passed; 4 failed; 0 ignored; 0 measured; 0 filtered out\n";
        assert_eq!(libtest(output), Count::new(5, 4, 1));
    }

    #[test]
    fn tests_that_found_nothing_to_test_are_not_said_to_have_passed() {
        let output = "---- a stdout ----\nleft out: no Kubo\n---- b stdout ----\nleft out: no Kubo\n\
            test result: ok. 5 passed; 0 failed; 1 ignored\n";
        let left_out = left_out(output);
        assert_eq!((left_out.tests, left_out.reasons), (2, vec!["no Kubo"]));
        assert_eq!(libtest(output).without(2), Count::new(3, 0, 3));
    }

    #[test]
    fn sums_of_forge_and_of_node_scripts_are_read() {
        let forge = "Ran 9 test suites in 2.1s (3s CPU time): 61 tests passed, 2 failed, 0 skipped (63 total tests)";
        assert_eq!(plain(forge), Some(Count::new(61, 2, 0)));
        assert_eq!(
            plain("fine\n12 passed, 0 failed, 1 skipped\n"),
            Some(Count::new(12, 0, 1))
        );
        assert_eq!(plain("nothing counted"), None);
    }

    #[test]
    fn sums_of_nodes_test_runner_are_read() {
        let spec =
            "ℹ tests 9\nℹ suites 0\nℹ pass 6\nℹ fail 1\nℹ cancelled 1\nℹ skipped 1\nℹ todo 0\n";
        assert_eq!(node(spec), Some(Count::new(6, 2, 1)));
        assert_eq!(
            node("1..2\n# pass 2\n# fail 0\n"),
            Some(Count::new(2, 0, 0))
        );
        assert_eq!(node("nothing counted"), None);
    }

    #[test]
    fn a_program_that_ends_badly_without_a_count_is_a_failure() {
        assert_eq!(Count::new(3, 0, 0).with_exit(false), Count::new(3, 1, 0));
        assert_eq!(Count::new(3, 2, 0).with_exit(false), Count::new(3, 2, 0));
        assert_eq!(Count::PASSED.with_exit(true), Count::PASSED);
    }

    #[test]
    fn the_last_line_names_skipped_checks_only_when_there_are_some() {
        assert_eq!(Count::new(3, 0, 0).to_string(), "3 passed, 0 failed");
        assert_eq!(
            Count::new(3, 1, 2).to_string(),
            "3 passed, 1 failed, 2 skipped"
        );
    }
}
