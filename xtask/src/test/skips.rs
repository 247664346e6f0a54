//! Tests that could not run where they were: how they say so, and which of them may.
//!
//! A test appends `name: reason` and a newline to the file that the environment variable `KITH_SKIPS` names, and returns.
//! (A file, because the test runner hides what a passing test prints.) `tests/allowed-skips.txt` lists what may be skipped,
//! in the same form; a name there may end in `*`.

use std::fmt;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};

/// A test that did not run, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skip {
    name: String,
    reason: String,
}

impl Skip {
    /// A skip.
    pub fn new(name: &str, reason: &str) -> Self {
        Self { name: name.trim().to_owned(), reason: reason.trim().to_owned() }
    }

    /// From `name: reason`. The name may hold `::` but no `: `.
    fn parse(line: &str) -> Option<Self> {
        let (name, reason) = line.split_once(": ")?;
        (!name.trim().is_empty() && !reason.trim().is_empty()).then(|| Self::new(name, reason))
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.reason)
    }
}

/// Says that a test cannot run here, and why: to a person, and to the run of `cargo xtask test` that this is a stage of.
pub fn report(name: &str, reason: &str) -> Result<()> {
    println!("SKIPPED {name}: {reason}");
    let Some(path) = std::env::var_os("KITH_SKIPS") else { return Ok(()) };
    let mut file = fs::File::options().create(true).append(true).open(path).context("the file of skips")?;
    file.write_all(format!("{name}: {reason}\n").as_bytes()).context("a line about the skip")
}

/// Reads what a stage's tests reported; each test counts once. No file means no skips.
pub fn read_reported(file: &Path) -> Result<Vec<Skip>> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| file.display().to_string()),
    };
    let mut skips: Vec<Skip> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        // A line in another form is still a test that did not run: it is kept, and is not going to be allowed.
        let skip = Skip::parse(line).unwrap_or_else(|| Skip::new(line, "no reason given"));
        if !skips.iter().any(|known| known.name == skip.name) {
            skips.push(skip);
        }
    }
    Ok(skips)
}

/// What may be skipped.
pub struct Allowed(Vec<Skip>);

impl Allowed {
    /// Reads `tests/allowed-skips.txt`: `name: reason` lines, comments after `#`.
    pub fn read(file: &Path) -> Result<Self> {
        let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self> {
        let mut allowed = Vec::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            match Skip::parse(line) {
                Some(skip) => allowed.push(skip),
                None => bail!("tests/allowed-skips.txt: `{line}` is not `name: reason`"),
            }
        }
        Ok(Self(allowed))
    }

    /// Whether this test may be skipped for this reason.
    pub fn contains(&self, skip: &Skip) -> bool {
        self.0.iter().any(|allowed| {
            let named = match allowed.name.strip_suffix('*') {
                Some(start) => skip.name.starts_with(start),
                None => skip.name == allowed.name,
            };
            named && skip.reason == allowed.reason
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name and reason must both be listed: a test may not be skipped for another reason than the one that was accepted.
    #[test]
    fn a_skip_needs_its_reason() {
        let allowed = Allowed::parse("# why\nmosquitto::*: no Mosquitto here\nnat::one: no namespaces\n").unwrap();
        assert!(allowed.contains(&Skip::new("mosquitto::first_contact", "no Mosquitto here")));
        assert!(allowed.contains(&Skip::new("nat::one", "no namespaces")));
        assert!(!allowed.contains(&Skip::new("nat::one", "felt like it")));
        assert!(!allowed.contains(&Skip::new("nat::two", "no namespaces")));
        assert!(Allowed::parse("nat::one\n").is_err());
    }
}
