//! The stages of `cargo xtask test`, cheapest first. A new one is one entry here.
//!
//! Builds are grouped so that the big dependencies are compiled for few feature sets, each checked once and built once:
//!
//! - the core with its broker ([`workspace::TEST_FEATURES`]): the inner loop, the fuzz targets, every story of processes;
//! - everything of the window ([`workspace::WINDOW_FEATURES`] beside the default ones): clippy, documentation, the window's
//!   own tests, and the programs that are shown in Chromium and on a screen of their own.
//!
//! The others are only checked, for nothing else would notice that they do not compile: what a person builds (the default
//! features alone), and the core alone.
//!
//! The feature `testing` changes only Kith itself.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

use self::Counts::{One, Tests};
use self::Step::{Cargo, ShortTests, Stories, Xtask};
use crate::workspace;

/// One stage.
pub struct Stage {
    /// Short; `cargo xtask test NAME` runs it alone.
    pub name: &'static str,
    /// What passing means, in plain words.
    pub what: &'static str,
    /// Ended after this long: several times what it takes on two slow cores from a clean checkout.
    pub limit: Duration,
    /// Whether it belongs to the inner loop.
    pub quick: bool,
    /// How many of its tests run at once for each processor: more than one where they wait for most of their time.
    pub at_once: usize,
    /// What is counted.
    pub counts: Counts,
    /// What is run.
    pub step: Step,
    /// Set in its environment.
    pub env: &'static [(&'static str, &'static str)],
}

impl Stage {
    const fn new(name: &'static str, minutes: u64, counts: Counts, step: Step, what: &'static str) -> Self {
        Self { name, what, limit: Duration::from_secs(60 * minutes), quick: false, at_once: 1, counts, step, env: &[] }
    }

    /// Part of the inner loop too.
    const fn quick(mut self) -> Self {
        self.quick = true;
        self
    }

    /// So many of its tests at once for each processor.
    const fn at_once(mut self, tests: usize) -> Self {
        self.at_once = tests;
        self
    }

    const fn with(mut self, env: &'static [(&'static str, &'static str)]) -> Self {
        self.env = env;
        self
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
    /// The target `stories`, with these arguments for its runner: filters, `--skip`.
    Stories(&'static [&'static str]),
    /// This program with these arguments.
    Xtask(&'static [&'static str]),
}

/// Test targets (files or folders of `tests/`) with a stage of their own.
const LONG_TARGETS: &[&str] = &["architecture", "kills", "stories", "window", "world"];

const CLIPPY_TESTS: &[&str] = &[
    "clippy",
    "--locked",
    "-p=kith",
    "-p=xtask",
    "--all-targets",
    "--no-default-features",
    "--features=kith/embedded-broker,kith/testing",
    "--",
    "-Dwarnings",
];
const CLIPPY_WINDOW: &[&str] =
    &["clippy", "--locked", "-p=kith", "--all-targets", "--features=browser,component-tests", "--", "-Dwarnings"];
const CLIPPY_DEFAULT: &[&str] = &["clippy", "--locked", "-p=kith", "--lib", "--bins", "--", "-Dwarnings"];
const CLIPPY_BARE: &[&str] =
    &["clippy", "--locked", "-p=kith", "-p=kith-fuzz", "--all-targets", "--no-default-features", "--", "-Dwarnings"];
const DOCS: &[&str] = &[
    "doc",
    "--locked",
    "-p=kith",
    "-p=xtask",
    "--features=kith/browser,kith/component-tests",
    "--no-deps",
    "--document-private-items",
];
/// The lab's code by itself: it needs nothing of Kith, and what it needs is compiled for it alone.
const CLIPPY_LAB: &[&str] = &["clippy", "--locked", "-p=kith-lab", "--all-targets", "--", "-Dwarnings"];
/// What the window adds to the unit tests of the core.
const COMPONENTS: &[&str] = &[
    "test",
    "--locked",
    "--no-fail-fast",
    "-p=kith",
    "--features=browser,component-tests",
    "--lib",
    "--bins",
    "--",
    "ui::",
    "host::",
    "platform::",
    "cli::",
];
const WINDOW: &[&str] =
    &["test", "--locked", "-p=kith", "--features=browser,component-tests", "--test=window", "--", "--test-threads=1"];
/// With optimisation: stories take a quarter of the time. With the checks of a debug build all the same, for this is the test in which random
/// stories come to places where nobody looked: a number that overflows, an assertion that does not hold.
const WORLD: &[&str] = &[
    "test",
    "--locked",
    "--profile=stories",
    "-p=kith",
    "--no-default-features",
    "--features",
    workspace::TEST_FEATURES,
    "--test=world",
    "--",
    "--nocapture",
];
const KILLS: &[&str] = &[
    "test",
    "--locked",
    "-p=kith",
    "--no-default-features",
    "--features",
    workspace::TEST_FEATURES,
    "--test=kills",
    "--",
    "--nocapture",
];
/// The stories that depend on no kind of broker: those that are told over none in particular.
const STORIES_ONCE: &[&str] = &["--skip=embedded::", "--skip=mosquitto", "--skip=crash", "--skip=nats::"];
/// Two at a time: each has three servers that elect leaders, which takes the longer the less room they have.
const STORIES_CLUSTER: &[&str] = &["nats::", "--test-threads=2"];

/// In the order in which they run: name, minutes at most, what is counted, what is run, what passing means.
#[rustfmt::skip] // One line a stage reads as the table that it is.
pub const STAGES: &[Stage] = &[
    Stage::new("format", 2, One, Cargo(&["fmt", "--all", "--check"]), "every file is formatted").quick(),
    Stage::new("licences", 10, One, Xtask(&["licences"]), "every dependency may be used and comes from the registry"),
    Stage::new("architecture", 2, Tests, Xtask(&["architecture"]), "imports point one way, and pure code is pure").quick(),
    Stage::new("clippy test build", 20, One, Cargo(CLIPPY_TESTS), "no warning in what the tests build").quick(),
    Stage::new("clippy window", 20, One, Cargo(CLIPPY_WINDOW), "no warning in the window and its tests"),
    Stage::new("clippy default", 20, One, Cargo(CLIPPY_DEFAULT), "no warning in what a person builds"),
    Stage::new("docs", 10, One, Cargo(DOCS), "the documentation builds, with no dead link").with(&[("RUSTDOCFLAGS", "-Dwarnings")]),
    Stage::new("clippy bare", 20, One, Cargo(CLIPPY_BARE), "no warning without the embedded broker, nor in fuzz targets"),
    Stage::new("unit", 30, Tests, ShortTests, "unit and property tests of Kith").at_once(2).quick(),
    Stage::new("world", 20, Tests, Cargo(WORLD), "500 random stories of several people end with the same conversations"),
    Stage::new("xtask", 10, Tests, Cargo(&["test", "--locked", "-p=xtask"]), "this program's own tests").quick(),
    Stage::new("fuzz corpus", 20, One, Xtask(&["fuzz", "--corpus-only"]), "fuzz targets build and pass what they once failed"),
    Stage::new("vectors", 10, One, Xtask(&["vectors"]), "a checker written from the protocol's page agrees with every vector"),
    Stage::new("stories once", 20, Tests, Stories(STORIES_ONCE), "stories that need no kind of broker in particular"),
    Stage::new("stories brokers", 30, Tests, Stories(&["embedded::", "mosquitto"]), "stories over the embedded broker, and over Mosquitto by TCP and by WebSocket, with TLS, password and access rules").at_once(3),
    Stage::new("stories cluster", 10, Tests, Stories(STORIES_CLUSTER), "stories over a cluster of NATS servers, of which one dies"),
    Stage::new("crash points", 20, Tests, Stories(&["crash"]), "nothing acknowledged is lost or doubled, wherever a side dies"),
    Stage::new("kills", 10, Tests, Cargo(KILLS), "three who write to each other are killed a dozen times, and nothing acknowledged is lost or doubled"),
    Stage::new("demo headless", 15, One, Xtask(&["demo", "--headless"]), "two nodes meet, write, lose each other and catch up"),
    Stage::new("clippy lab", 10, One, Cargo(CLIPPY_LAB), "no warning in the lab of networks"),
    Stage::new("lab code", 10, Tests, Cargo(&["test", "--locked", "-p=kith-lab"]), "the lab's own tests: its tables are complete, its judgement is right"),
    Stage::new("lab nat", 10, One, Xtask(&["lab", "nat", "--short"]), "between networks of every kind the best path is taken"),
    Stage::new("lab doctor", 10, One, Xtask(&["lab", "doctor"]), "in networks of every kind the doctor tells the truth"),
    Stage::new("lab roam", 10, One, Xtask(&["lab", "roam", "--short"]), "after moves, absences and deaths messages are there within what is promised"),
    Stage::new("lab loss", 10, One, Xtask(&["lab", "loss", "--short"]), "on a bad link nothing is lost and nothing comes twice"),
    Stage::new("components", 25, Tests, Cargo(COMPONENTS), "the window's state, words and screens, and what it stands on, without a window"),
    Stage::new("preview e2e", 20, Tests, Xtask(&["e2e", "--except", "looks"]), "two people in two pages of Chromium"),
    Stage::new("pictures", 15, Tests, Xtask(&["e2e", "looks"]), "every screen is accessible, and looks as the kept pictures do"),
    Stage::new("window", 10, Tests, Cargo(WINDOW), "the real window, with real keys, on a screen of its own"),
    Stage::new("demo window", 10, Tests, Xtask(&["demo", "--check"]), "two windows open with a request in one; without a display two pages do"),
    Stage::new("mobile", 25, Tests, Xtask(&["check-mobile"]), "Kith type-checks for Android and iOS, and the files that make apps of it agree"),
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
