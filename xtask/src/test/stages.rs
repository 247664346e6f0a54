//! The stages of `cargo xtask test`, cheapest first. A new one is one entry here.
//!
//! Builds are grouped so that the big dependencies are compiled for few feature sets: checked once with the embedded broker
//! and once without, built once with it (all tests) and once without (the plain build and the fuzz targets). The feature
//! `testing` changes only Kith itself.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::workspace;

/// One stage.
pub struct Stage {
    /// Short; `cargo xtask test NAME` runs it alone.
    pub name: &'static str,
    /// What passing means, in plain words.
    pub what: &'static str,
    /// Ended after this many minutes: several times what it takes on two slow cores from a clean checkout.
    pub minutes: u64,
    /// Whether it belongs to the inner loop.
    pub quick: bool,
    /// What is counted.
    pub counts: Counts,
    /// Run one after another; all of them, even when one fails.
    pub steps: &'static [Step],
    /// Set for every step.
    pub env: &'static [(&'static str, &'static str)],
}

impl Stage {
    /// How long it may take.
    pub fn limit(&self) -> Duration {
        Duration::from_secs(self.minutes * 60)
    }
}

/// How a stage's result becomes numbers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// By the `test result:` lines of Rust's test runner; a stage that ran no test has failed.
    Tests,
    /// The stage is one test.
    One,
}

/// Something to run.
pub enum Step {
    /// Cargo with these arguments.
    Cargo(&'static [&'static str]),
    /// Kith's unit tests and every test target that is not in [`LONG_TARGETS`].
    ShortTests,
    /// This program with these arguments.
    Xtask(&'static [&'static str]),
}

/// Test targets (files or folders of `tests/`) with a stage of their own below.
const LONG_TARGETS: &[&str] = &["architecture", "stories"];

const NO_ENV: &[(&str, &str)] = &[];

/// In the order in which they run.
pub const STAGES: &[Stage] = &[
    Stage {
        name: "format",
        what: "every file is formatted as rustfmt does it",
        minutes: 2,
        quick: true,
        counts: Counts::One,
        steps: &[Step::Cargo(&["fmt", "--all", "--check"])],
        env: NO_ENV,
    },
    Stage {
        name: "licences",
        what: "every dependency may be used and comes from the registry",
        minutes: 10,
        quick: false,
        counts: Counts::One,
        steps: &[Step::Xtask(&["licences"])],
        env: NO_ENV,
    },
    Stage {
        name: "architecture",
        what: "imports point one way, and pure code is pure",
        minutes: 2,
        quick: true,
        counts: Counts::Tests,
        steps: &[Step::Xtask(&["architecture"])],
        env: NO_ENV,
    },
    Stage {
        name: "clippy test build",
        what: "no warning in what the tests build",
        minutes: 20,
        quick: true,
        counts: Counts::One,
        steps: &[Step::Cargo(&[
            "clippy",
            "--locked",
            "-p=kith",
            "-p=xtask",
            "--all-targets",
            "--no-default-features",
            "--features=kith/embedded-broker,kith/testing",
            "--",
            "-Dwarnings",
        ])],
        env: NO_ENV,
    },
    Stage {
        name: "clippy default",
        what: "no warning in what a person builds",
        minutes: 20,
        quick: false,
        counts: Counts::One,
        steps: &[Step::Cargo(&["clippy", "--locked", "-p=kith", "--lib", "--bins", "--", "-Dwarnings"])],
        env: NO_ENV,
    },
    Stage {
        name: "docs",
        what: "the documentation builds and none of its links is dead",
        minutes: 10,
        quick: false,
        counts: Counts::One,
        steps: &[Step::Cargo(&["doc", "--locked", "-p=kith", "-p=xtask", "--no-deps", "--document-private-items"])],
        env: &[("RUSTDOCFLAGS", "-Dwarnings")],
    },
    Stage {
        name: "clippy bare",
        what: "no warning without the embedded broker, fuzz targets included",
        minutes: 20,
        quick: false,
        counts: Counts::One,
        steps: &[Step::Cargo(&[
            "clippy",
            "--locked",
            "-p=kith",
            "-p=kith-fuzz",
            "--all-targets",
            "--no-default-features",
            "--",
            "-Dwarnings",
        ])],
        env: NO_ENV,
    },
    Stage {
        name: "unit",
        what: "unit and property tests of Kith",
        minutes: 30,
        quick: true,
        counts: Counts::Tests,
        steps: &[Step::ShortTests],
        env: NO_ENV,
    },
    Stage {
        name: "xtask",
        what: "this program's own tests",
        minutes: 10,
        quick: true,
        counts: Counts::Tests,
        steps: &[Step::Cargo(&["test", "--locked", "-p=xtask"])],
        env: NO_ENV,
    },
    Stage {
        name: "bare and fuzz builds",
        what: "Kith builds without the embedded broker; each fuzz target builds and passes its corpus",
        minutes: 20,
        quick: false,
        counts: Counts::One,
        steps: &[Step::Xtask(&["fuzz", "--corpus-only"])],
        env: NO_ENV,
    },
    Stage {
        name: "demo",
        what: "two nodes meet, write, lose each other and catch up",
        minutes: 15,
        quick: false,
        counts: Counts::One,
        steps: &[Step::Xtask(&["demo", "--headless"])],
        env: NO_ENV,
    },
];

/// The test targets of `tests/` that are not long: `tests/NAME.rs` and `tests/NAME/main.rs`.
pub fn short_tests() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(workspace::root().join("tests")).context("tests/")? {
        let path = entry?.path();
        let target = path.extension().is_some_and(|end| end == "rs") || path.join("main.rs").is_file();
        match path.file_stem().and_then(|stem| stem.to_str()) {
            Some(name) if target && !LONG_TARGETS.contains(&name) => names.push(name.to_owned()),
            _ => {}
        }
    }
    names.sort();
    Ok(names)
}
