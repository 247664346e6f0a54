//! `cargo xtask check-mobile`: whether Kith still compiles for phones, found out on a computer with no phone's tools.
//!
//! The whole crate is type-checked for both systems, with the committed `Cargo.lock` and Rust's own library from its source,
//! and the files that make an app of it (`Dioxus.toml`, `android/`, `ios/`) are read and compared. Nothing is linked and
//! nothing runs: `android/README.md` and `ios/README.md` say what that leaves open. Everything that is downloaded lies in
//! `xtask/mobile` below the target folder.

mod compile;
mod debian;
mod files;
mod resources;

use std::fs::OpenOptions;
use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::test::seconds;
use crate::{setup, workspace};

/// Ends a check that hangs; on two slow cores from nothing each takes about six minutes.
const LIMIT: Duration = Duration::from_secs(40 * 60);

/// One of the systems that phones run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum System {
    /// Android 11 (API level 30) and later, 64-bit ARM
    Android,
    /// iOS 15 and later
    Ios,
}

/// For which system.
#[derive(clap::Args)]
pub struct Args {
    /// Only this system instead of both
    #[arg(long, value_name = "SYSTEM")]
    target: Option<System>,
    /// Only compare the files that make an app of it: seconds, and nothing is compiled
    #[arg(long)]
    files: bool,
}

/// What became of one check.
enum Outcome {
    Passed,
    Failed(String),
    Skipped(Missing),
}

/// Why a check could not be tried.
#[derive(Debug)]
pub struct Missing {
    /// One of a few sentences, as `tests/allowed-skips.txt` has them.
    reason: &'static str,
    /// What happened, for the person in front of it.
    detail: String,
}

impl Missing {
    fn new(reason: &'static str, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }
}

/// Runs the checks, cheapest first. Returns whether none failed.
pub fn run(args: &Args) -> Result<bool> {
    setup::run(setup::For::Mobile);
    let folder = workspace::scratch("mobile")?;
    let mut report = Report::default();
    let wanted = |system| args.target.is_none_or(|target| target == system);
    report.add("mobile::files", "Dioxus.toml, android/ and ios/ agree", files::check)?;
    if wanted(System::Android) {
        let check = || resources::check(&folder);
        report.add("mobile::manifest", "Android's resource compiler takes the manifest", check)?;
    }
    for system in [System::Android, System::Ios] {
        if wanted(system) && !args.files {
            let (name, what) = match system {
                System::Android => ("mobile::android", "Kith type-checks for Android (API level 30)"),
                System::Ios => ("mobile::ios", "Kith type-checks for iOS 15"),
            };
            report.add(name, what, || compile::check(&folder, system, Instant::now() + LIMIT))?;
        }
    }
    report.close()
}

/// Counts what the checks came to, and tells it to people and to `cargo xtask test`.
#[derive(Default)]
struct Report {
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Report {
    fn add(&mut self, name: &str, what: &str, check: impl FnOnce() -> Result<Outcome>) -> Result<()> {
        println!("{name}: {what} …");
        let began = Instant::now();
        let outcome = check().unwrap_or_else(|error| Outcome::Failed(format!("{error:#}")));
        let took = seconds(began.elapsed());
        match outcome {
            Outcome::Passed => {
                self.passed += 1;
                println!("{name}: passed ({took})");
            }
            Outcome::Failed(why) => {
                self.failed += 1;
                println!("{name}: FAILED ({took})\n{why}");
                println!("test {name} ... FAILED");
            }
            Outcome::Skipped(missing) => {
                self.skipped += 1;
                println!("{name}: SKIPPED: {}\n{}", missing.reason, missing.detail);
                report_skip(name, missing.reason)?;
            }
        }
        Ok(())
    }

    fn close(&self) -> Result<bool> {
        // The form that `cargo xtask test` adds up. Like a test that reports its skip, a skipped check returned early: it is
        // counted here, and taken away again by what `report_skip` wrote.
        if std::env::var_os(SKIPS_VARIABLE).is_some() {
            let verdict = if self.failed == 0 { "ok" } else { "FAILED" };
            println!("test result: {verdict}. {} passed; {} failed", self.passed + self.skipped, self.failed);
        } else {
            println!("{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped);
        }
        Ok(self.failed == 0)
    }
}

/// The file to which tests report that they could not run.
const SKIPS_VARIABLE: &str = "KITH_SKIPS";

fn report_skip(name: &str, reason: &str) -> Result<()> {
    let Some(file) = std::env::var_os(SKIPS_VARIABLE) else { return Ok(()) };
    let mut file = OpenOptions::new().create(true).append(true).open(&file).context("cannot report a skip")?;
    Ok(writeln!(file, "{name}: {reason}")?)
}
