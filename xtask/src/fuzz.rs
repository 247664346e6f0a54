//! `cargo xtask fuzz`: libFuzzer on stable Rust.
//!
//! What `cargo fuzz` needs a nightly compiler for is the sanitizer; the coverage that guides libFuzzer is an LLVM pass that
//! stable compilers carry too. This program puts itself before the compiler (`RUSTC_WORKSPACE_WRAPPER`) and adds the flags
//! for Kith and its targets alone, so that the dependencies are the ones that are built anyway.

use std::collections::VecDeque;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::test::seconds;
use crate::{process, setup, workspace};

/// Set in the environment of a compiler that shall add coverage.
const WRAPPER: &str = "KITH_FUZZ_WRAPPER";
/// Coverage as libFuzzer reads it: a counter per edge, the table that names them, and operands of comparisons.
const COVERAGE: &[&str] = &[
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    // The tables of several units of one crate would be merged wrongly by the linker's garbage collection.
    "-Ccodegen-units=1",
    "-Copt-level=2",
    "-Cdebug-assertions=on",
    "-Coverflow-checks=on",
    "--cfg=fuzzing",
];
/// Larger than any input that a parser of ours accepts (an envelope of mail: 64 KiB).
const INPUT_BYTES_MAX: u32 = 80 * 1024;
/// One input that takes longer is a finding: the parsers must never stall.
const INPUT_LIMIT: Duration = Duration::from_secs(5);

/// What to feed, and for how long.
#[derive(clap::Args)]
pub struct Args {
    /// Seconds for each target
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Only run each target on its kept inputs (the stage of `test`)
    #[arg(long)]
    corpus_only: bool,
    /// Targets (files of fuzz/src/bin); all when none is named
    targets: Vec<String>,
}

/// Fuzzes. Returns whether no target found anything.
pub fn run(args: &Args) -> Result<bool> {
    let targets = targets(&args.targets)?;
    setup::run(setup::For::Fuzz);
    if args.corpus_only {
        build_plain()?;
        return corpus_only(&targets);
    }
    let start = Instant::now();
    build_with_coverage()?;
    println!("built in {}", seconds(start.elapsed()));
    let workers = thread::available_parallelism().map_or(1, usize::from).min(targets.len());
    println!("{} targets, {} s each, {workers} at a time", targets.len(), args.seconds);
    let queue = Mutex::new(VecDeque::from(targets));
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                    let Some(target) = next else { return };
                    if let Err(error) = fuzz_one(&target, args.seconds) {
                        println!("{target:<20} FAILED: {error:#}");
                        failures.lock().unwrap_or_else(PoisonError::into_inner).push(target);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!("together {}; {} targets failed", seconds(start.elapsed()), failures.len());
    Ok(failures.is_empty())
}

/// When cargo calls this program as the compiler's wrapper: adds the flags, runs the compiler, and is done.
pub fn act_as_compiler_wrapper() -> Option<ExitCode> {
    env::var_os(WRAPPER)?;
    let mut words = env::args_os().skip(1);
    let mut rustc = Command::new(words.next()?);
    let words: Vec<_> = words.collect();
    // Cargo first asks the compiler about itself, with no crate to build.
    let builds = words.iter().any(|word| word == "--crate-name");
    rustc.args(&words);
    if builds {
        rustc.args(COVERAGE);
    }
    let status = rustc.status().ok()?;
    Some(ExitCode::from(u8::try_from(status.code().unwrap_or(1)).unwrap_or(1)))
}

/// All targets, or the named ones when they exist.
fn targets(wanted: &[String]) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(workspace::root().join("fuzz/src/bin")).context("fuzz/src/bin")? {
        let path = entry?.path();
        if let Some(name) = path.file_stem().and_then(|stem| stem.to_str()).filter(|_| path.extension().is_some()) {
            all.push(name.to_owned());
        }
    }
    all.sort();
    if let Some(unknown) = wanted.iter().find(|name| !all.contains(name)) {
        bail!("there is no fuzz target {unknown}; there are: {}", all.join(", "));
    }
    Ok(if wanted.is_empty() { all } else { wanted.to_vec() })
}

const BUILD: &[&str] = &["build", "--locked", "--no-default-features", "-p=kith-fuzz"];

/// Builds the targets on the Kith that the other tests use, so that nothing is compiled for them alone.
fn build_plain() -> Result<()> {
    let features = workspace::TEST_FEATURES.split(',').map(|name| format!("kith/{name}"));
    let features: Vec<String> = features.collect();
    cargo_build(workspace::cargo().args(BUILD).args(["-p=kith", "--features"]).arg(features.join(",")))
}

fn build_with_coverage() -> Result<()> {
    let mut cargo = workspace::cargo();
    cargo.args(BUILD).env("RUSTC_WORKSPACE_WRAPPER", env::current_exe()?).env(WRAPPER, "1");
    cargo_build(&mut cargo)
}

fn cargo_build(cargo: &mut Command) -> Result<()> {
    if !cargo.status().context("cannot run cargo")?.success() {
        bail!("the fuzz targets do not build");
    }
    Ok(())
}

fn binary(target: &str) -> Result<PathBuf> {
    Ok(workspace::target_dir()?.join("debug").join(format!("{target}{}", env::consts::EXE_SUFFIX)))
}

fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).with_context(|| format!("{} (a target needs a seed)", dir.display()))? {
        files.push(entry?.path());
    }
    files.sort();
    Ok(files)
}

/// Runs each target once on each of its kept inputs.
fn corpus_only(targets: &[String]) -> Result<bool> {
    let mut good = true;
    for target in targets {
        let seeds = files(&workspace::root().join("fuzz/corpus").join(target))?;
        let mut command = Command::new(binary(target)?);
        command.args(&seeds);
        let mut said = VecDeque::new();
        let ended = process::run(&mut command, Instant::now() + Duration::from_secs(300), |line| {
            said.extend(line.map(str::to_owned));
            while said.len() > 30 {
                said.pop_front();
            }
        })?;
        let verdict = if ended.success() && !seeds.is_empty() { "ok" } else { "FAILED" };
        println!("{target}: {} kept inputs, {verdict}", seeds.len());
        if verdict != "ok" {
            said.iter().for_each(|line| println!("  {line}"));
            good = false;
        }
    }
    Ok(good)
}

/// Fuzzes one target and prints what came of it.
fn fuzz_one(target: &str, limit: u64) -> Result<()> {
    let root = workspace::root();
    let grown = workspace::scratch("corpus")?.join(target);
    let artifacts = root.join("fuzz/artifacts").join(target);
    fs::create_dir_all(&grown)?;
    fs::create_dir_all(&artifacts)?;
    let log = workspace::scratch("logs")?.join(format!("fuzz-{target}.log"));
    let mut command = Command::new(binary(target)?);
    command
        .arg(format!("-max_total_time={limit}"))
        .arg(format!("-max_len={INPUT_BYTES_MAX}"))
        .arg(format!("-timeout={}", INPUT_LIMIT.as_secs()))
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .args(["-print_final_stats=1", "-rss_limit_mb=1024"])
        // The first folder receives what is found; the second is only read.
        .arg(&grown)
        .arg(root.join("fuzz/corpus").join(target));
    let mut said = String::new();
    let mut progress = Progress::default();
    let deadline = Instant::now() + Duration::from_secs(limit + 120);
    let ended = process::run(&mut command, deadline, |line| {
        if let Some(line) = line {
            progress.line(line);
            said.push_str(line);
            said.push('\n');
        }
    })?;
    fs::write(&log, &said)?;
    if !ended.success() {
        let tail: Vec<&str> = said.lines().rev().take(25).collect();
        tail.iter().rev().for_each(|line| println!("    {line}"));
        bail!("ended badly; the input is kept in {}, the whole output in {}", artifacts.display(), log.display());
    }
    let (first, last) = match (progress.first, progress.last) {
        (Some(first), Some(last)) if last > 1 => (first, last),
        _ => bail!("it reports no coverage: the coverage flags had no effect; see {}", log.display()),
    };
    println!("{target:<20} ok: {} inputs, coverage {first} → {last} edges", progress.runs);
    Ok(())
}

/// What libFuzzer's lines tell: `#12 NEW cov: 34 ft: …`.
#[derive(Default)]
struct Progress {
    first: Option<u64>,
    last: Option<u64>,
    runs: u64,
}

impl Progress {
    fn line(&mut self, line: &str) {
        let number = |text: &str| text.trim().split(' ').next().and_then(|word| word.parse::<u64>().ok());
        if let Some(covered) = line.split("cov: ").nth(1).and_then(number) {
            self.first.get_or_insert(covered);
            self.last = Some(covered);
        }
        if let Some(runs) = line.strip_prefix("stat::number_of_executed_units:").and_then(number) {
            self.runs = runs;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Progress;

    /// The first and the last coverage figure and the number of inputs are read from libFuzzer's lines.
    #[test]
    fn progress_is_read() {
        let mut progress = Progress::default();
        for line in [
            "INFO: Loaded 1 modules   (1234 inline 8-bit counters)",
            "#3\tINITED cov: 20 ft: 21 corp: 1/1b exec/s: 0 rss: 30Mb",
            "#900\tNEW    cov: 44 ft: 60 corp: 9/40b lim: 8 exec/s: 0 rss: 31Mb",
            "stat::number_of_executed_units: 5000",
        ] {
            progress.line(line);
        }
        assert_eq!((progress.first, progress.last, progress.runs), (Some(20), Some(44), 5000));
    }
}
