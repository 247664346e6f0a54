//! `cargo xtask lab crash`: three people who write to each other, and whose processes are killed two hundred times. It needs no
//! network of its own, only the test target `kills`, whose output says what was lost or doubled.

use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Parser;

use crate::{process, workspace};

/// Two hundred kills take some minutes; any number may be asked for.
const LIMIT: Duration = Duration::from_secs(3 * 3600);
/// The test that does it.
const TEST: &str = "whoever_is_killed_nothing_acknowledged_is_lost";

/// How often, and when.
#[derive(Parser)]
#[command(
    name = "cargo xtask lab crash",
    bin_name = "cargo xtask lab crash",
    about = "Three people write to each other, and their nodes are killed with -9 at random moments; nothing acknowledged may be lost or doubled"
)]
struct Args {
    /// Kills in all
    #[arg(long, value_name = "N", default_value_t = 200)]
    kills: u64,
    /// What the moments follow from (printed at each run); the processes' own pace is never twice the same
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

/// Does it. Returns whether all ended well.
pub fn run(words: &[std::ffi::OsString]) -> Result<bool> {
    let args = Args::parse_from(words);
    let mut cargo = workspace::cargo();
    cargo.args(["test", "--locked", "-p=kith", "--no-default-features", "--features", workspace::TEST_FEATURES]);
    cargo.args(["--test=kills", "--", "--exact", "--nocapture", TEST]).env("KITH_KILLS", args.kills.to_string());
    if let Some(seed) = args.seed {
        cargo.env("KITH_SEED", seed.to_string());
    }
    let ended = process::run(&mut cargo, Instant::now() + LIMIT, |line| {
        if let Some(line) = line {
            println!("{line}");
        }
    })?;
    Ok(ended.success())
}
