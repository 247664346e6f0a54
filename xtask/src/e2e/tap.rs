//! Reads what Node's test runner prints (TAP), and tells it as Rust's test runner would.

/// What was read so far.
#[derive(Default)]
pub struct Reader {
    /// Stories that passed.
    pub passed: usize,
    /// Stories that failed.
    pub failed: usize,
    /// Stories that could not be told: name and reason.
    pub skipped: Vec<(String, String)>,
    /// Whether the lines that follow explain a failure.
    explaining: bool,
}

impl Reader {
    /// Reads a line; gives what to print for it. Only results that begin their line count: others are parts of a story.
    pub fn line(&mut self, line: &str) -> Option<String> {
        if let Some(name) = result(line, "not ok ") {
            self.failed += 1;
            self.explaining = true;
            return Some(format!("test e2e::{name} ... FAILED"));
        }
        if let Some(name) = result(line, "ok ") {
            self.explaining = false;
            return match name.split_once(" # SKIP") {
                None => {
                    self.passed += 1;
                    Some(format!("test e2e::{name} ... ok"))
                }
                Some((name, reason)) => {
                    let reason = if reason.trim().is_empty() { "no reason given" } else { reason.trim() };
                    self.skipped.push((name.to_owned(), reason.to_owned()));
                    None
                }
            };
        }
        if let Some(said) = line.strip_prefix("# ") {
            let own =
                ["Subtest: ", "tests ", "suites ", "pass ", "fail ", "cancelled ", "skipped ", "todo ", "duration_ms "];
            return (!own.iter().any(|start| said.starts_with(start))).then(|| said.to_owned());
        }
        let form = ["TAP version", "1..", "  ---", "  ...", "  duration_ms", "  code:", "  failureType"];
        let worth = self.explaining && !form.iter().any(|start| line.starts_with(start));
        worth.then(|| line.to_owned())
    }
}

/// The name in a line with a result.
fn result<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    let (number, name) = line.strip_prefix(word)?.split_once(" - ")?;
    number.parse::<u32>().is_ok().then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stories are counted, their parts are not, and a failure is told with what explains it.
    #[test]
    fn results_are_counted_and_failures_explained() {
        let mut reader = Reader::default();
        let said: Vec<String> = [
            "TAP version 13",
            "# Subtest: one",
            "    ok 1 - a part of it",
            "ok 1 - one",
            "  ---",
            "  duration_ms: 1.2",
            "  ...",
            "not ok 2 - two",
            "  ---",
            "  error: |-",
            "    boo",
            "  ...",
            "# said by the story",
            "ok 3 - three # SKIP no Chromium",
            "ok 4 - four",
            "1..4",
            "# pass 2",
        ]
        .iter()
        .filter_map(|line| reader.line(line))
        .collect();
        assert_eq!((reader.passed, reader.failed), (2, 1));
        assert_eq!(reader.skipped, [("three".to_owned(), "no Chromium".to_owned())]);
        assert_eq!(
            said,
            [
                "test e2e::one ... ok",
                "test e2e::two ... FAILED",
                "  error: |-",
                "    boo",
                "said by the story",
                "test e2e::four ... ok"
            ]
        );
    }
}
