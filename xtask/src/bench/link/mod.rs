//! Links. Everything that is compared is measured in the same run; two devices are two processes unless it says otherwise.
//!
//! | part | what it measures | how |
//! |---|---|---|
//! | `open` | both brokers connected, contact known → link open | two `kith node`s and `kith broker`, by the nodes' logs |
//! | `publishes` | what a first connection costs a broker | the same, with somebody who counts between them and the broker |
//! | `echo` | round trips: frame, bare data channel, broker | `examples/link` in one process; Mosquitto with `deploy/mosquitto` |
//! | `bulk` | a blob one way as fast as it goes, messages beside it, and libwebrtc | `examples/link`; `tests/peers` |
//! | `crowd` | 200 links of one device at a time | one `kith node`; 200 others in one process; Mosquitto |
//! | `cycles` | what 1,000 links leave behind | `examples/link` |

mod counter;
mod crowd;
mod inside;
mod mosquitto;
mod open;
mod pair;
mod peers;
mod publishes;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

pub use self::pair::of_process;
use super::figures::Figures;
use crate::setup::{self, For};
use crate::{process, workspace};

/// What can be asked for alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// How fast a link opens
    Open,
    /// What a first connection costs a broker
    Publishes,
    /// Round trips
    Echo,
    /// As fast as it goes
    Bulk,
    /// 200 links at a time
    Crowd,
    /// What 1,000 links leave behind
    Cycles,
}

/// What is measured, and a folder for everybody's data.
struct Bench {
    kith: PathBuf,
    link: PathBuf,
    place: PathBuf,
}

impl Bench {
    /// A new folder in it.
    fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.place.join(name);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(folder)
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.place).ok();
    }
}

/// Measures these parts, or all.
pub fn measure(figures: &mut Figures, measured: bool, parts: &[Part]) -> Result<()> {
    setup::run(For::Tests);
    let bench = build(measured)?;
    let wanted = |part| parts.is_empty() || parts.contains(&part);
    println!("Load of this machine, 1, 5 and 15 minutes: {}", load());
    if wanted(Part::Open) {
        open::measure(&bench, figures)?;
    }
    if wanted(Part::Publishes) {
        publishes::measure(&bench, figures)?;
    }
    if wanted(Part::Echo) {
        inside::echo(&bench, figures)?;
    }
    if wanted(Part::Bulk) {
        inside::bulk(&bench, figures)?;
    }
    if wanted(Part::Crowd) {
        crowd::measure(&bench, figures)?;
    }
    if wanted(Part::Cycles) {
        inside::cycles(&bench, figures)?;
    }
    println!("Load afterwards: {}", load());
    Ok(())
}

/// What else the machine does: figures without it say little.
pub fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let words: Vec<&str> = text.split(' ').take(3).collect();
    if words.len() == 3 { words.join(", ") } else { "not known".to_owned() }
}

fn build(measured: bool) -> Result<Bench> {
    let [kith, link] = programs("link", measured)?;
    let place = workspace::place("kith-bench-link")?;
    process::remove_at_end(&place);
    Ok(Bench { kith, link, place })
}

/// Builds Kith and one of its examples.
pub fn programs(example: &str, measured: bool) -> Result<[PathBuf; 2]> {
    println!("Building Kith …");
    let mut cargo = workspace::cargo();
    cargo.args(["build", "--locked", "-p=kith", "--bin=kith", "--no-default-features", "--example", example]);
    // `testing` changes only what a bench needs to be told; what a person runs is otherwise the same.
    cargo.args(["--features", workspace::TEST_FEATURES]);
    let folder = if measured {
        cargo.args(["--profile", "measured"]);
        "measured"
    } else {
        "debug"
    };
    ensure!(cargo.status().context("cannot run cargo")?.success(), "Kith does not build");
    let folder = workspace::target_dir()?.join(folder);
    let program = |path: PathBuf| path.with_extension(std::env::consts::EXE_EXTENSION);
    Ok([program(folder.join("kith")), program(folder.join("examples").join(example))])
}
