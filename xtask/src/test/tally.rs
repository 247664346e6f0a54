//! Reading what a stage prints: which lines count, and which are worth a person's eye.

use super::skips::Skip;
use super::stages::Counts;

/// What a stage's tests came to.
#[derive(Default)]
pub struct Tally {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed.
    pub failed: u64,
    /// Tests that could not run.
    pub skips: Vec<Skip>,
    /// What failed, for the summary.
    pub failures: Vec<String>,
}

impl Tally {
    /// A stage that could not even be tried.
    pub fn broken(why: String) -> Self {
        let mut tally = Self::default();
        tally.fail(why);
        tally
    }

    /// Counts one failure.
    pub fn fail(&mut self, why: String) {
        self.failed += 1;
        self.failures.push(why);
    }

    /// Reads one line of output.
    pub fn line(&mut self, line: &str) {
        if let Some(rest) = line.strip_prefix("test result: ") {
            self.passed += number_before(rest, " passed");
            self.failed += number_before(rest, " failed");
        } else if let Some(rest) = line.strip_prefix("test ") {
            if let Some(name) = rest.strip_suffix(" ... FAILED") {
                self.failures.push(name.to_owned());
            } else if let Some((name, why)) = rest.split_once(" ... ignored") {
                let why = why.trim_start_matches([',', ' ']);
                self.skips.push(Skip::new(name, if why.is_empty() { "ignored" } else { why }));
            }
        }
    }

    /// After the last line.
    pub fn close(&mut self, counts: Counts, ended_well: bool) {
        if counts == Counts::One {
            // Whatever its own tools printed, the stage is one test.
            self.passed = u64::from(ended_well && self.failed == 0);
            self.failures.truncate(8);
            self.failed = u64::from(self.passed == 0);
            return;
        }
        if !ended_well && self.failed == 0 {
            self.fail("it did not end well (does it compile?)".to_owned());
        } else if ended_well && self.passed == 0 && self.failed == 0 {
            self.fail("it ran no test".to_owned());
        }
    }

    /// Adds the skips that tests reported themselves. Such a test returned early, so its runner counted it as passed.
    pub fn take_skips(&mut self, reported: Vec<Skip>) {
        self.passed = self.passed.saturating_sub(reported.len() as u64);
        self.skips.extend(reported);
    }
}

fn number_before(line: &str, what: &str) -> u64 {
    let before = line.split(what).next().unwrap_or_default();
    let digits = before.rsplit(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    if line.contains(what) { digits.parse().unwrap_or(0) } else { 0 }
}

/// Whether a line is more than cargo's and libtest's usual murmur.
pub fn worth_showing(line: &str) -> bool {
    const MURMUR: &[&str] = &[
        "Blocking ",
        "Checking ",
        "Compiling ",
        "Documenting ",
        "Doc-tests ",
        "Downloaded ",
        "Downloading ",
        "Executable ",
        "Finished ",
        "Fresh ",
        "Generated ",
        "Locking ",
        "Running ",
        "Updating ",
        "running ",
        "test result: ok",
    ];
    let text = line.trim_start();
    let passing = text.starts_with("test ") && text.ends_with(" ... ok");
    !text.is_empty() && !passing && !MURMUR.iter().any(|murmur| text.starts_with(murmur))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of several test binaries add up, and an ignored test is a skip with its reason.
    #[test]
    fn libtest_lines_add_up() {
        let mut tally = Tally::default();
        for line in [
            "test a::b ... ok",
            "test a::c ... FAILED",
            "test a::d ... ignored, needs a display",
            "test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.10s",
        ] {
            tally.line(line);
        }
        tally.close(Counts::Tests, false);
        assert_eq!((tally.passed, tally.failed), (13, 1));
        assert_eq!(tally.failures, ["a::c"]);
        assert_eq!(tally.skips, [Skip::new("a::d", "needs a display")]);
    }

    /// A stage that says it is well but ran nothing, or that ended badly without a failed test, has failed.
    #[test]
    fn silence_is_no_success() {
        for ended_well in [true, false] {
            let mut tally = Tally::default();
            tally.close(Counts::Tests, ended_well);
            assert_eq!((tally.passed, tally.failed), (0, 1));
        }
    }

    /// A stage that is one test counts once, whatever numbers it printed.
    #[test]
    fn one_is_one() {
        for (ended_well, expected) in [(true, (1, 0)), (false, (0, 1))] {
            let mut tally = Tally::default();
            tally.line("test result: ok. 12 passed; 0 failed; 0 ignored");
            tally.close(Counts::One, ended_well);
            assert_eq!((tally.passed, tally.failed), expected);
        }
    }

    /// A test that reported itself as skipped is not also counted as passed.
    #[test]
    fn a_skip_is_no_pass() {
        let mut tally = Tally::default();
        tally.line("test result: ok. 2 passed; 0 failed; 0 ignored");
        tally.close(Counts::Tests, true);
        tally.take_skips(vec![Skip::new("x", "y")]);
        assert_eq!((tally.passed, tally.failed, tally.skips.len()), (1, 0, 1));
    }
}
