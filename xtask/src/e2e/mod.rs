//! `cargo xtask e2e`: two people in two pages of Chromium, told in `tests/e2e/stories` over the window in the browser preview.
//!
//! Builds what the stories start, fetches what they are written with, and tells their results in the words of Rust's test
//! runner, so that one reader of results is enough.

mod tap;

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use self::tap::Reader;
use crate::process;
use crate::setup::{self, For};
use crate::test::report_skip;
use crate::workspace::{self, Programs};

/// All stories together; `cargo xtask test` has a limit of its own.
const LIMIT: Duration = Duration::from_secs(45 * 60);
/// What Node's own lines are kept in, below `tests/e2e`.
const PACKAGES: &str = "node_modules";
/// The lock file that the packages were fetched by.
const STAMP: &str = "node_modules/.kith-lock.json";

/// Which stories to tell.
#[derive(clap::Args)]
pub struct Args {
    /// All but these
    #[arg(long)]
    except: bool,
    /// Files of tests/e2e/stories, without their ending; all when none is named
    stories: Vec<String>,
}

/// Tells the stories. Returns whether all passed or could not be told here.
pub fn run(args: &Args) -> Result<bool> {
    setup::run(For::Preview);
    if let Some(reason) = missing() {
        report_skip("e2e", &reason)?;
        println!("test result: ok. 1 passed; 0 failed");
        return Ok(true);
    }
    let programs = Programs::of_the_window()?;
    let mut node = node(&programs)?;
    // Told by us, from what it prints; a file of our own would count each twice.
    node.env_remove("KITH_SKIPS");
    node.args(["--test", "--test-concurrency=1", "--test-reporter=tap"]).args(files(args)?);
    let mut reader = Reader::default();
    let ended = process::run(&mut node, Instant::now() + LIMIT, |line| {
        if let Some(told) = line.and_then(|line| reader.line(line)) {
            println!("{told}");
        }
    })?;
    for (name, reason) in &reader.skipped {
        report_skip(&format!("e2e::{name}"), reason)?;
    }
    let well = ended.success() && reader.failed == 0;
    let verdict = if well { "ok" } else { "FAILED" };
    println!("test result: {verdict}. {} passed; {} failed", reader.passed + reader.skipped.len(), reader.failed);
    Ok(well)
}

/// What keeps the stories from being told here.
pub fn missing() -> Option<String> {
    let there = setup::window::node_version().is_some_and(|version| version >= setup::window::NODE_MIN);
    if !there {
        return Some(format!("Node.js {} is not installed", setup::window::NODE_MIN));
    }
    if setup::window::chromium().is_none() {
        return Some("Chromium is not installed".to_owned());
    }
    None
}

/// Node in `tests/e2e`, with its packages there and our programs named.
pub fn node(programs: &Programs) -> Result<Command> {
    packages()?;
    let mut node = Command::new("node");
    node.current_dir(folder()).env("KITH_BIN", &programs.kith).env("KITH_GALLERY_BIN", &programs.gallery);
    if let Some(chromium) = setup::window::chromium() {
        node.env("KITH_CHROMIUM", chromium);
    }
    workspace::forget_xtask(&mut node);
    Ok(node)
}

/// Where the stories are.
pub fn folder() -> PathBuf {
    workspace::root().join("tests/e2e")
}

/// Fetches what the stories are written with, exactly as their lock file says; nothing when it is there already.
fn packages() -> Result<()> {
    let folder = folder();
    let lock = fs::read(folder.join("package-lock.json")).context("tests/e2e/package-lock.json")?;
    if fs::read(folder.join(STAMP)).is_ok_and(|stamp| stamp == lock) {
        return Ok(());
    }
    println!("Fetching what the stories are written with …");
    let mut npm = Command::new("npm");
    // No package's own program is run: none of ours needs that, and one that does would be a surprise.
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&folder);
    ensure!(npm.status().context("cannot run npm")?.success(), "npm ci failed in {}", folder.display());
    ensure!(folder.join(PACKAGES).is_dir(), "npm ci made no {PACKAGES}");
    fs::write(folder.join(STAMP), lock).context("the mark of what was fetched")
}

/// The files of the stories that are wanted.
fn files(args: &Args) -> Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder().join("stories")).context("tests/e2e/stories")? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".test.mjs"));
        all.extend(name.map(str::to_owned).map(|name| (name, path)));
    }
    all.sort();
    if let Some(unknown) = args.stories.iter().find(|wanted| !all.iter().any(|(name, _)| name == *wanted)) {
        let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
        bail!("there are no stories {unknown}; there are {}", names.join(", "));
    }
    let named = |name: &String| args.stories.is_empty() || args.stories.contains(name);
    let wanted: Vec<PathBuf> = all
        .into_iter()
        .filter(|(name, _)| named(name) != (args.except && !args.stories.is_empty()))
        .map(|(_, path)| path)
        .collect();
    ensure!(!wanted.is_empty(), "no story is left");
    Ok(wanted)
}
