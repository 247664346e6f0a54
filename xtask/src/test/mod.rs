//! `cargo xtask test`: runs the stages of [`stages`], keeps their output readable, and adds up what they report.

mod room;
mod skips;
mod stages;
mod tally;

use std::fs::{self, File};
use std::io::Write;
use std::num::NonZero;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

pub use self::skips::report as report_skip;
use self::stages::{STAGES, Stage, Step};
use self::tally::Tally;
use crate::process::{self, Ended};
use crate::{setup, workspace};

/// The whole run stops itself after so many minutes and says where: CI would stop it at 90 and say nothing.
const MINUTES_MAX: u64 = 80;
/// After this long without a line worth showing, the run says that it is alive and at what.
pub const SILENCE: Duration = Duration::from_secs(30);

/// Which stages to run.
#[derive(clap::Args)]
pub struct Args {
    /// The inner loop: format, clippy, and the tests that need no other process
    #[arg(long)]
    quick: bool,
    /// List the stages and end
    #[arg(long)]
    list: bool,
    /// Show every line instead of folding what cargo and passing tests say
    #[arg(long, short)]
    verbose: bool,
    /// End the whole run after so many minutes
    #[arg(long, default_value_t = MINUTES_MAX)]
    minutes: u64,
    /// Only stages whose names contain one of these
    stages: Vec<String>,
}

/// What became of a stage.
struct Report {
    name: &'static str,
    took: Duration,
    tally: Tally,
}

/// Runs the chosen stages. Returns whether all passed and every skip was allowed.
pub fn run(args: &Args) -> Result<bool> {
    let chosen: Vec<&Stage> = STAGES
        .iter()
        .filter(|stage| !args.quick || stage.quick)
        .filter(|stage| args.stages.is_empty() || args.stages.iter().any(|wanted| stage.name.contains(wanted.as_str())))
        .collect();
    if args.list {
        for stage in chosen {
            println!("{:<28} {}{}", stage.name, stage.what, if stage.quick { " (also --quick)" } else { "" });
        }
        return Ok(true);
    }
    if chosen.is_empty() {
        bail!("no stage has such a name; `cargo xtask test --list` shows them");
    }
    let start = Instant::now();
    let limit = Duration::from_secs(60 * args.minutes);
    if !args.quick {
        setup::run(setup::For::Tests);
    }
    let logs = workspace::scratch("logs")?;
    if let Some(free) = room::free(&logs) {
        println!("free on the disk: {}", room::gigabytes(free));
    }
    let mut reports: Vec<Report> = Vec::new();
    for (index, stage) in chosen.iter().enumerate() {
        if let Some(free) = room::too_little(&logs) {
            println!("STOPPED before stage {}: {free}", stage.name);
            break;
        }
        let left = limit.saturating_sub(start.elapsed());
        println!("[{}/{}] {}: {}", index + 1, chosen.len(), stage.name, stage.what);
        let began = Instant::now();
        let log = logs.join(format!("{}.log", stage.name.replace(' ', "-")));
        let tally = match run_stage(stage, Instant::now() + left.min(stage.limit), &log, args.verbose, args.quick) {
            Ok(tally) => tally,
            Err(error) => Tally::broken(format!("{error:#}")),
        };
        let report = Report { name: stage.name, took: began.elapsed(), tally };
        println!("      {} ({})", describe(&report.tally), seconds(report.took));
        if report.tally.failed > 0 {
            println!("      everything it said: {}", log.display());
        }
        reports.push(report);
        if start.elapsed() > limit {
            println!("STOPPED at the limit of {} in stage {}; the later ones did not run", seconds(limit), stage.name);
            break;
        }
    }
    if let Some(free) = room::free(&logs) {
        println!("free on the disk at the end: {}", room::gigabytes(free));
    }
    let complete = reports.len() == chosen.len();
    summarise(&reports, start.elapsed(), complete)
}

/// The table of stages, then failures and skips by name, then the last line.
fn summarise(reports: &[Report], took: Duration, complete: bool) -> Result<bool> {
    println!("\nstage                          time  result");
    for report in reports {
        println!("{:<28} {:>6}  {}", report.name, seconds(report.took), describe(&report.tally));
    }
    println!("{:<28} {:>6}", "together", seconds(took));
    for report in reports {
        report.tally.failures.iter().for_each(|failure| println!("FAILED {}: {failure}", report.name));
    }
    let mut sum = Tally::default();
    let allowed = skips::Allowed::read(&workspace::root().join("tests/allowed-skips.txt"))?;
    for report in reports {
        sum.passed += report.tally.passed;
        sum.failed += report.tally.failed;
        sum.skips.extend(report.tally.skips.iter().cloned());
    }
    for skip in &sum.skips {
        let listed = allowed.contains(skip);
        println!("SKIPPED {skip}{}", if listed { "" } else { "  ← not listed in tests/allowed-skips.txt" });
        sum.failed += u64::from(!listed);
    }
    // A skip that is not allowed counts once, as a failure.
    let skipped = sum.skips.iter().filter(|skip| allowed.contains(skip)).count();
    if !complete {
        sum.failed += 1;
    }
    println!("{} passed, {} failed, {skipped} skipped", sum.passed, sum.failed);
    Ok(sum.failed == 0)
}

/// `incremental`: whether what is compiled shall be quick to compile again, which takes four gigabytes for all stages.
fn run_stage(stage: &Stage, deadline: Instant, log: &Path, verbose: bool, incremental: bool) -> Result<Tally> {
    let skips = log.with_extension("skips");
    fs::remove_file(&skips).ok();
    let mut log = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    let mut command = command(&stage.step)?;
    command.env("CARGO_TERM_COLOR", "never").env("KITH_SKIPS", &skips);
    if !incremental {
        command.env("CARGO_INCREMENTAL", "0");
    }
    command.envs(stage.env.iter().copied());
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    command.env("RUST_TEST_THREADS", (stage.at_once * processors).to_string());
    let mut tally = Tally::default();
    let mut shown = Instant::now();
    let mut latest = String::new();
    let began = Instant::now();
    let ended = process::run(&mut command, deadline, |line| {
        if let Some(line) = line {
            // A full disk will show in the builds soon enough.
            let _ = writeln!(log, "{line}");
            tally.line(line);
            if verbose || tally::worth_showing(line) {
                println!("      {line}");
                shown = Instant::now();
            } else if !line.trim().is_empty() {
                latest = line.trim().to_owned();
            }
        }
        if shown.elapsed() >= SILENCE {
            println!("      … {}: {latest}", seconds(began.elapsed()));
            shown = Instant::now();
        }
    })?;
    if matches!(ended, Ended::Deadline) {
        tally.fail(format!("stopped after {}, too long; the last it said: {latest}", seconds(began.elapsed())));
    }
    tally.close(stage.counts, ended.success());
    tally.take_skips(skips::read_reported(&skips)?);
    Ok(tally)
}

fn command(step: &Step) -> Result<Command> {
    let kith_tests = || {
        let mut cargo = workspace::cargo();
        cargo.args(["test", "--locked", "--no-fail-fast", "-p=kith", "--no-default-features", "--features"]);
        cargo.arg(workspace::TEST_FEATURES);
        cargo
    };
    let mut command = match step {
        Step::Cargo(_) => workspace::cargo(),
        Step::ShortTests | Step::Stories(_) => kith_tests(),
        Step::Xtask(_) => Command::new(std::env::current_exe()?),
    };
    match step {
        Step::Cargo(args) => command.args(*args),
        Step::Stories(args) => command.args(["--test=stories", "--"]).args(*args),
        Step::Xtask(args) => command.args(*args).current_dir(workspace::root()),
        Step::ShortTests => {
            let short = stages::short_tests()?.into_iter().map(|name| format!("--test={name}"));
            command.args(["--lib", "--bins"]).args(short)
        }
    };
    Ok(command)
}

fn describe(tally: &Tally) -> String {
    let mut text = if tally.failed > 0 { format!("FAILED: {} failed, ", tally.failed) } else { String::new() };
    text.push_str(&format!("{} passed", tally.passed));
    if !tally.skips.is_empty() {
        text.push_str(&format!(", {} skipped", tally.skips.len()));
    }
    text
}

/// Minutes and seconds for people.
pub fn seconds(time: Duration) -> String {
    let whole = time.as_secs();
    if whole < 60 { format!("{:.1} s", time.as_secs_f64()) } else { format!("{} m {:02} s", whole / 60, whole % 60) }
}
