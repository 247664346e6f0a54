//! `cargo xtask lab world`: random stories of several people in a simulated world, one seed each. It needs no network, only
//! the test target `world`, whose output says what a seed that fails has broken and by how few moves.

use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Parser;

use crate::{process, workspace};

/// Any number of stories; `cargo xtask test` has a limit of its own.
const LIMIT: Duration = Duration::from_secs(12 * 3600);
/// The test that tells them.
const TEST: &str = "every_story_ends_with_the_same_conversations";

/// Which stories.
#[derive(Parser)]
#[command(name = "cargo xtask lab world", bin_name = "cargo xtask lab world")]
struct Args {
    /// Tell the stories of this many seeds
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    seeds: u64,
    /// Tell the story of this seed, step by step
    #[arg(long, value_name = "N", conflicts_with = "seeds")]
    seed: Option<u64>,
}

/// Tells them. Returns whether all ended well.
pub fn run(words: &[std::ffi::OsString]) -> Result<bool> {
    let args = Args::parse_from(words);
    let mut cargo = workspace::cargo();
    cargo.args(["test", "--locked", "-p=kith", "--no-default-features", "--features", workspace::TEST_FEATURES]);
    match args.seed {
        Some(seed) => cargo.env("KITH_SEED", seed.to_string()),
        // Thousands of stories are told four times as fast with optimisation, which is worth the minutes of compiling.
        None => cargo.arg("--profile=measured").env("KITH_SEEDS", args.seeds.to_string()),
    };
    cargo.args(["--test=world", "--", "--exact", "--nocapture", TEST]);
    let ended = process::run(&mut cargo, Instant::now() + LIMIT, |line| {
        if let Some(line) = line {
            println!("{line}");
        }
    })?;
    Ok(ended.success())
}
