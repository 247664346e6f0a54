//! Conversations, with real databases that wait for the disk.
//!
//! | part | what it measures | how |
//! |---|---|---|
//! | `burst` | messages a second, and one alone, from the command to "delivered" | two coordinators in one process, a link on the loopback address |
//! | `queue` | 10,000 messages that waited for the other | the same |
//! | `group` | how a message spreads in a group of 50 to 100, and what it costs | engines in the simulated world |
//! | `large` | somebody with 1,000,000 messages in 500 conversations | a coordinator, and a `kith node` |
//!
//! Two coordinators in one process and not two nodes: a command is a command of the window's, and what JSON costs is no part of
//! it. Everything else is as in a node: the coordinator's task, the store's thread, the link's driver, the disk.

mod group;
mod large;
mod talk;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::figures::{Figures, Samples};
use super::link::{load, programs};
use crate::node::Talker;
use crate::{process, workspace};

/// What can be asked for alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// Messages a second, and one alone
    Burst,
    /// Ten thousand messages that waited
    Queue,
    /// A large group
    Group,
    /// A million messages that were kept
    Large,
}

/// What is measured, and a folder for everybody's data.
struct Bench {
    kith: PathBuf,
    log: PathBuf,
    place: PathBuf,
}

impl Drop for Bench {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.place).ok();
    }
}

/// A step of somebody's start takes at most this long.
const STEP_LIMIT: Duration = Duration::from_secs(30);

impl Bench {
    /// What the example says of this, as one JSON object.
    fn run(&self, args: &[&str]) -> Result<Value> {
        let mut command = Command::new(&self.log);
        let output = command.args(args).stderr(Stdio::inherit()).output().context("cannot run the example `log`")?;
        ensure!(output.status.success(), "{} ended with {}", args.join(" "), output.status);
        let text = String::from_utf8_lossy(&output.stdout);
        serde_json::from_str(text.trim()).with_context(|| format!("{} said: {text}", args.join(" ")))
    }

    /// A folder that is on the same disk as everything that is built, which need not be true of the system's temporary ones.
    fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.place.join(name);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(folder)
    }

    /// A broker of Kith's own, in memory, as a process of its own.
    fn broker(&self) -> Result<(Talker, String)> {
        let args = ["broker", "--listen", "127.0.0.1:0"];
        let mut broker = Talker::start(&self.kith, args, &self.place.join("broker.log"))?;
        let url = broker.line(Instant::now() + STEP_LIMIT)?;
        Ok((broker, url))
    }
}

/// Measures these parts, or all.
pub fn measure(figures: &mut Figures, measured: bool, parts: &[Part], messages: usize) -> Result<()> {
    let [kith, log] = programs("log", measured)?;
    // Below the target folder: the system's temporary files may be in memory, where no disk is waited for.
    let place = workspace::target_dir()?.join(format!("bench-log-{}", std::process::id()));
    fs::create_dir_all(&place)?;
    process::remove_at_end(&place);
    let bench = Bench { kith, log, place };
    let wanted = |part| parts.is_empty() || parts.contains(&part);
    println!("Load of this machine, 1, 5 and 15 minutes: {}", load());
    if wanted(Part::Burst) {
        talk::burst(&bench, figures)?;
    }
    if wanted(Part::Queue) {
        talk::queue(&bench, figures)?;
    }
    if wanted(Part::Group) {
        group::measure(&bench, figures)?;
    }
    if wanted(Part::Large) {
        large::measure(&bench, figures, messages)?;
    }
    println!("Load afterwards: {}", load());
    Ok(())
}

/// The numbers of a list in what the example said.
fn samples(said: &Value, key: &str) -> Samples {
    Samples::new(said.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_f64))
}

/// One number in what the example said.
fn number(said: &Value, key: &str) -> f64 {
    said.get(key).and_then(Value::as_f64).unwrap_or(f64::NAN)
}
