//! `cargo xtask mutants`: known faults, put into a copy of the code one at a time. Each must fail a test that it names.
//!
//! A fault is a file `tests/mutants/NAME.txt` of `key: value` lines (`#` begins a comment line):
//!
//! ```text
//! why: an entry is acknowledged before it is on disk
//! file: src/coordinator/engine.rs
//! find: self.commit_then_ack(entry)
//! replace: self.ack_then_commit(entry)
//! test: lib coordinator::engine::tests::acks_follow_commits
//! ```
//!
//! `find` must occur exactly once in the file; spaces around it do not count. `test` is a target (`lib`, `bin`, or the name of
//! a target in `tests/`) and the full name of a test; with several `test` lines one that fails is enough. The code without
//! the fault must pass every named test, and the code with it must compile.

mod faults;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use self::faults::{Mutant, Test, mutate, read_all};
use crate::test::seconds;
use crate::{process, workspace};

/// The first build in the copy compiles everything, on a slow machine.
const BUILD_LIMIT: Duration = Duration::from_secs(20 * 60);
/// The target of the simulated world, and how many of its stories have to find a fault.
const WORLD: &str = "world";
const WORLD_SEEDS: u64 = 2_000;
/// A test that runs longer has stalled. A fault may well stall one, but a test must notice that by itself.
const TEST_LIMIT: Duration = Duration::from_secs(10 * 60);

/// Which faults to try.
#[derive(clap::Args)]
pub struct Args {
    /// Names of faults (files in tests/mutants without their ending); all when none is named
    names: Vec<String>,
    /// Only by tests of this target (`lib`, `world`, …); faults that name none of them are left out
    #[arg(long, value_name = "TARGET")]
    by: Option<String>,
}

/// What became of a fault.
enum Verdict {
    Caught(String),
    Survived,
    Unclear(String),
}

/// Tries the faults. Returns whether all were caught.
pub fn run(args: &Args) -> Result<bool> {
    let mut mutants = read_all(&args.names)?;
    if let Some(target) = &args.by {
        mutants.iter_mut().for_each(|mutant| mutant.tests.retain(|test| test.target == *target));
        mutants.retain(|mutant| !mutant.tests.is_empty());
        ensure!(!mutants.is_empty(), "no fault names a test of {target}");
    }
    let start = Instant::now();
    let copy = Copy::make()?;
    println!("{} faults, tried in a copy at {}", mutants.len(), copy.tree.display());

    let tests: BTreeSet<&Test> = mutants.iter().flat_map(|mutant| &mutant.tests).collect();
    println!("the code without a fault must pass {} tests …", tests.len());
    let mut good = true;
    for test in tests {
        match copy.test(test)? {
            Outcome::Passed => {}
            other => {
                println!("  {} {}: {}", test.target, test.name, other.describe());
                good = false;
            }
        }
    }
    if !good {
        bail!("the code without a fault does not pass these; nothing can be said about faults");
    }
    println!("… and does ({})", seconds(start.elapsed()));

    let mut table = Vec::new();
    for mutant in &mutants {
        let began = Instant::now();
        let verdict = copy.with_fault(mutant).unwrap_or_else(|error| Verdict::Unclear(format!("{error:#}")));
        let (caught, text) = match verdict {
            Verdict::Caught(by) => (true, format!("caught by {by}")),
            Verdict::Survived => (false, "SURVIVED".to_owned()),
            Verdict::Unclear(why) => (false, format!("UNCLEAR: {why}")),
        };
        println!("  {:<28} {:>8}  {text}", mutant.name, seconds(began.elapsed()));
        table.push((mutant, caught));
    }
    println!();
    for (mutant, caught) in &table {
        println!("{:<9} {:<28} {}", if *caught { "caught" } else { "NOT CAUGHT" }, mutant.name, mutant.why);
    }
    let missed = table.iter().filter(|(_, caught)| !caught).count();
    println!("{} of {} faults caught in {}", table.len() - missed, table.len(), seconds(start.elapsed()));
    Ok(missed == 0)
}

/// What a test did.
enum Outcome {
    Passed,
    /// With the line that says which seed found it, when the test tells stories by seeds.
    Failed(Option<String>),
    DoesNotBuild,
    NotOne(String),
    Stalled,
}

impl Outcome {
    fn describe(&self) -> String {
        match self {
            Self::Passed => "passes".to_owned(),
            Self::Failed(_) => "fails".to_owned(),
            Self::DoesNotBuild => "does not build".to_owned(),
            Self::NotOne(what) => format!("did not run (is there such a test?): {what}"),
            Self::Stalled => "stalled".to_owned(),
        }
    }
}

/// A copy of the working tree, so that a fault never stands in the real one.
struct Copy {
    tree: PathBuf,
    target: PathBuf,
}

impl Copy {
    /// Makes the copy, or brings the last one up to date. Files that did not change keep their times, so that only what
    /// changed is built again.
    fn make() -> Result<Self> {
        let place = workspace::scratch("mutants")?;
        let copy = Self { tree: place.join("tree"), target: place.join("target") };
        let root = workspace::root();
        let listed = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(&root)
            .output()
            .context("cannot run git")?;
        ensure!(listed.status.success(), "git does not list the files of this folder");
        let names = String::from_utf8(listed.stdout).context("a file name that is not UTF-8")?;
        let wanted: BTreeSet<&str> = names.split('\0').filter(|name| root.join(name).is_file()).collect();
        for name in &wanted {
            let (from, to) = (root.join(name), copy.tree.join(name));
            let content = fs::read(&from)?;
            if fs::read(&to).ok().as_ref() != Some(&content) {
                to.parent().map_or(Ok(()), fs::create_dir_all)?;
                fs::write(&to, content)?;
            }
        }
        remove_others(&copy.tree, &copy.tree, &wanted)?;
        copy.seed()?;
        Ok(copy)
    }

    /// Lends the copy the dependencies that are built already: compiling them anew takes minutes.
    fn seed(&self) -> Result<()> {
        for profile in ["debug", "measured"] {
            let (from, to) = (workspace::target_dir()?.join(profile), self.target.join(profile));
            if !to.exists() && cfg!(unix) && from.exists() && !lend(&from, &to)? {
                println!("could not lend the copy what is built already; it builds everything");
                fs::remove_dir_all(&to).ok();
            }
        }
        Ok(())
    }

    fn with_fault(&self, mutant: &Mutant) -> Result<Verdict> {
        let file = self.tree.join(&mutant.file);
        let code = fs::read_to_string(&file).with_context(|| mutant.file.display().to_string())?;
        fs::write(&file, mutate(&code, mutant)?)?;
        let verdict = self.judge(mutant);
        fs::write(&file, code)?;
        verdict
    }

    fn judge(&self, mutant: &Mutant) -> Result<Verdict> {
        for test in &mutant.tests {
            match self.test(test)? {
                Outcome::Passed => {}
                Outcome::Failed(seed) => {
                    let seed = seed.map(|seed| format!(" ({seed})")).unwrap_or_default();
                    return Ok(Verdict::Caught(format!("{} {}{seed}", test.target, test.name)));
                }
                other => return Ok(Verdict::Unclear(format!("{} {}", test.name, other.describe()))),
            }
        }
        Ok(Verdict::Survived)
    }

    /// Builds and runs one test in the copy. Building is a step of its own: a fault that does not compile is not caught.
    fn test(&self, test: &Test) -> Result<Outcome> {
        let cargo = || {
            let mut cargo = workspace::cargo();
            cargo.current_dir(&self.tree).env("CARGO_TARGET_DIR", &self.target).env("CARGO_TERM_COLOR", "never");
            cargo.args(["test", "--locked", "-p=kith", "--no-default-features", "--features"]);
            cargo.arg(workspace::TEST_FEATURES);
            match test.target.as_str() {
                "lib" => cargo.arg("--lib"),
                "bin" => cargo.arg("--bins"),
                // Thousands of stories are told four times as fast with optimisation. Only what a fault changes is compiled
                // again.
                WORLD => {
                    cargo.env("CARGO_PROFILE_MEASURED_INCREMENTAL", "true");
                    cargo.env("KITH_SEEDS", WORLD_SEEDS.to_string());
                    cargo.args(["--profile=measured", "--test", WORLD])
                }
                other => cargo.args(["--test", other]),
            };
            cargo
        };
        let mut said = String::new();
        let mut keep = |line: Option<&str>| {
            said.extend(line.into_iter().flat_map(|line| [line, "\n"]));
        };
        if !process::run(cargo().arg("--no-run"), Instant::now() + BUILD_LIMIT, &mut keep)?.success() {
            self.log(&said)?;
            return Ok(Outcome::DoesNotBuild);
        }
        let mut run = cargo();
        // A story by seeds need not be told again with fewer moves.
        run.args(["--", "--exact", "--nocapture", &test.name]).env("KITH_SHRINK", "no");
        let ended = process::run(&mut run, Instant::now() + TEST_LIMIT, &mut keep)?;
        self.log(&said)?;
        if matches!(ended, process::Ended::Deadline) {
            return Ok(Outcome::Stalled);
        }
        // Exactly one test, or the name is wrong; a test that took the whole process with it has no result line.
        let ran = said.lines().any(|line| line == "running 1 test");
        Ok(match (ran, ended.success()) {
            (false, _) => Outcome::NotOne(said.lines().last().unwrap_or_default().to_owned()),
            (true, true) if said.contains("1 passed") => Outcome::Passed,
            (true, true) => Outcome::NotOne("it is ignored".to_owned()),
            (true, false) => Outcome::Failed(said.lines().find(|line| line.starts_with("seed ")).map(str::to_owned)),
        })
    }

    fn log(&self, said: &str) -> Result<()> {
        use std::io::Write;
        let file = workspace::scratch("logs")?.join("mutants.log");
        let mut file = fs::File::options().create(true).append(true).open(file)?;
        writeln!(file, "{said}\n--------")?;
        Ok(())
    }
}

/// Copies what was built of dependencies. What is ours is built from the copy's own files. Tells whether all went well; a failure
/// costs time only.
fn lend(from: &Path, to: &Path) -> Result<bool> {
    fs::create_dir_all(to)?;
    for part in ["build", "deps", ".fingerprint"] {
        // Times must survive: cargo compares them.
        let mut copy = Command::new("cp");
        copy.args(["-a", "--reflink=auto"]).arg(from.join(part)).arg(to);
        if !copy.status().is_ok_and(|status| status.success()) {
            return Ok(false);
        }
        for entry in fs::read_dir(to.join(part))? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let ours = ["kith", "libkith", "xtask"].iter().any(|start| name.starts_with(start));
            if ours && path.is_dir() {
                fs::remove_dir_all(&path)?;
            } else if ours {
                fs::remove_file(&path)?;
            }
        }
    }
    Ok(true)
}

/// Removes from the copy what the working tree does not have.
fn remove_others(tree: &Path, dir: &Path, wanted: &BTreeSet<&str>) -> Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            remove_others(tree, &path, wanted)?;
        } else if !path.strip_prefix(tree).ok().and_then(Path::to_str).is_some_and(|name| wanted.contains(name)) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}
