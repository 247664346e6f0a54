//! `lab roam`: what happens to a conversation when networks go and come, and how long the next message takes.

mod trials;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::ValueEnum;
use serde_json::json;

use crate::figures::{self, Figure};
use crate::pool;
use crate::program;
use crate::promises;
use crate::world::Setup;

/// Runs of each trial, for a median and a worst that mean something.
const RUNS: usize = 20;
/// Worlds begin so long after each other, so that what is measured does not happen at the same moment in many.
const APART: Duration = Duration::from_millis(2500);
/// How many worlds at a time: most of a trial is waiting, and all together shall end within 15 minutes.
const JOBS: usize = 14;

/// What is done during a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Trial {
    /// The network is gone for 120 s.
    #[value(name = "away-120")]
    Away120,
    /// The process stands still for 60 s.
    Frozen,
    /// The process stands still for 8 s: the peer doubts the link, and has not given it up.
    Nap,
    /// The network is gone for 20 s.
    #[value(name = "away-20")]
    Away20,
    /// The peer is killed and started again.
    Killed,
    /// The broker is killed and started again.
    Broker,
    /// A node of a cluster of brokers is killed.
    Cluster,
    /// The same, and people name a second broker.
    #[value(name = "second-broker")]
    SecondBroker,
    /// The network is gone for 2 s.
    #[value(name = "away-2")]
    Away2,
    /// The device moves to another router.
    Move,
    /// The device gets another address.
    Address,
    /// There is no path but the broker.
    OnlyMail,
}

/// The longest first, so that the last to end is a short one.
const TRIALS: [Trial; 12] = [
    Trial::Away120,
    Trial::Frozen,
    Trial::Away20,
    Trial::Killed,
    Trial::Cluster,
    Trial::SecondBroker,
    Trial::Broker,
    Trial::Nap,
    Trial::Away2,
    Trial::Move,
    Trial::Address,
    Trial::OnlyMail,
];
/// Those of a short run: what takes less than a minute, and has each part of the machinery in it.
const SHORT: [Trial; 8] = [
    Trial::Away20,
    Trial::Killed,
    Trial::SecondBroker,
    Trial::Broker,
    Trial::Away2,
    Trial::Move,
    Trial::Address,
    Trial::OnlyMail,
];
/// Runs of each in a short run. All together take two minutes.
const SHORT_RUNS: usize = 2;

/// Which trials, and how often.
#[derive(clap::Args)]
pub struct Args {
    /// Runs of each
    #[arg(long, default_value_t = RUNS)]
    runs: usize,
    /// Only this trial. May be given several times
    #[arg(long, value_name = "TRIAL")]
    only: Vec<Trial>,
    /// How many worlds at a time
    #[arg(long, default_value_t = JOBS)]
    jobs: usize,
    /// The short form, as in `cargo xtask test`: two runs of each of the quick trials
    #[arg(long)]
    short: bool,
    /// Write the figures there too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

impl Args {
    fn trials(&self) -> Vec<Trial> {
        match (self.only.is_empty(), self.short) {
            (false, _) => TRIALS.into_iter().filter(|trial| self.only.contains(trial)).collect(),
            (true, true) => SHORT.to_vec(),
            (true, false) => TRIALS.to_vec(),
        }
    }
}

/// One run of one trial: the figures of its promises, in their order.
type Times = Result<Vec<Duration>>;

/// Does them. Returns whether every promise was kept in every run.
pub fn run(setup: &Setup, args: &Args) -> Result<bool> {
    let trials = args.trials();
    let runs = if args.short { SHORT_RUNS } else { args.runs };
    let jobs = if args.short { program::JOBS } else { args.jobs };
    println!("{} trials, {runs} runs of each, {jobs} at a time", trials.len());
    let begun = Instant::now();
    let all: Vec<(Trial, usize)> =
        trials.iter().flat_map(|trial| (1..=runs).map(move |number| (*trial, number))).collect();
    let told = |(trial, number): &(Trial, usize), times: &Times| match times {
        Ok(times) => println!("{trial:?} {number}: {}", seconds(times)),
        Err(error) => println!("{trial:?} {number}: FAILED {error:#}"),
    };
    let done = pool::run(all, jobs, APART, |(trial, _)| trials::run(setup, *trial), told);
    let mut all_figures = Vec::new();
    for trial in &trials {
        let good: Vec<&Vec<Duration>> =
            done.iter().filter(|((one, _), _)| one == trial).filter_map(|(_, times)| times.as_ref().ok()).collect();
        for (index, promise) in promises::of(*trial).enumerate() {
            let times = good.iter().filter_map(|times| times.get(index).copied());
            all_figures.push(Figure::new(promise, times, runs));
        }
    }
    println!("\n{}", Figure::head());
    all_figures.iter().for_each(|figure| println!("{}", figure.line()));
    let failed: Vec<String> = done
        .iter()
        .filter_map(|((trial, number), times)| Some(format!("{trial:?} {number}: {:#}", times.as_ref().err()?)))
        .collect();
    failed.iter().for_each(|failed| println!("FAILED {failed}"));
    println!("took {} s", begun.elapsed().as_secs());
    if let Some(file) = &args.json {
        figures::write(file, &all_figures, json!({"failed": failed, "tookSeconds": begun.elapsed().as_secs()}))?;
    }
    Ok(failed.is_empty() && all_figures.iter().all(Figure::is_kept))
}

fn seconds(times: &[Duration]) -> String {
    times.iter().map(|time| format!("{:.2} s", time.as_secs_f64())).collect::<Vec<_>>().join(", ")
}
