//! The command line, and what must be done before a second thread exists.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use patchbay::LabBuilder;
use rustix::process::{Signal, set_parent_process_death_signal};
use tokio::runtime::Runtime;

use crate::kinds::Kind;
use crate::world::{INTERFACE, Setup};
use crate::{doctor, kinds, loss, nat, roam, spot};

/// The lab of Kith; `cargo xtask lab` starts it.
#[derive(Parser)]
#[command(name = "cargo xtask lab", bin_name = "cargo xtask lab")]
struct Cli {
    /// The program that people run
    #[arg(long, hide = true)]
    kith: PathBuf,
    /// The folder for everything that is written
    #[arg(long, hide = true)]
    place: PathBuf,
    /// What the project gives to operators: the settings of relays and brokers
    #[arg(long, hide = true)]
    deploy: PathBuf,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Say why the lab cannot run here, if it cannot
    #[command(hide = true)]
    Possible,
    /// Every pair of networks: the path that is found, the time to the first message, the time to deliver
    Nat(Nat),
    /// In each kind of network, what `kith doctor` says of it: whether that is so
    Doctor(doctor::Args),
    /// What happens during a conversation: networks go, addresses change, brokers and peers die
    Roam(roam::Args),
    /// Links that lose and delay packets: nothing is lost, nothing comes twice
    Loss(Common),
}

/// Worlds at a time where the processor is what is waited for.
pub const JOBS: usize = 4;

/// What every lab can be told.
#[derive(Args)]
pub struct Common {
    /// How many worlds at a time
    #[arg(long, default_value_t = JOBS)]
    pub jobs: usize,
    /// The short form, as in `cargo xtask test`
    #[arg(long)]
    pub short: bool,
}

#[derive(Args)]
struct Nat {
    /// Only this pair, as in moderate-strict. May be given several times
    #[arg(long, value_name = "PAIR")]
    only: Vec<String>,
    /// Write what was found there too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

/// Runs what was asked for.
pub fn main() -> ExitCode {
    // While there is one thread only: a user namespace, in which networks can be made without privileges.
    let entered = patchbay::init_userns().context("no user namespace can be made here");
    // After that, which would clear it: whoever kills xtask does not leave us behind.
    let bound = set_parent_process_death_signal(Some(Signal::KILL)).context("the parent's death cannot be told");
    match entered.and(bound).and_then(|()| run(Cli::parse())) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<bool> {
    let runtime = Runtime::new()?;
    let Cli { kith, place, deploy, what } = cli;
    let setup = Setup { runtime: runtime.handle().clone(), kith, deploy, place };
    match what {
        What::Possible => setup.runtime.block_on(networks()).map(|()| true),
        What::Nat(Nat { only, json, common }) => {
            let named: Vec<_> = only.iter().map(|text| nat::parse(text)).collect::<Result<_>>()?;
            let pairs = match (named.is_empty(), common.short) {
                (false, _) => named,
                (true, true) => kinds::SHORT.to_vec(),
                (true, false) => kinds::pairs(),
            };
            nat::run(&setup, pairs, common.jobs, json.as_deref())
        }
        What::Doctor(args) => doctor::run(&setup, &args),
        What::Roam(args) => roam::run(&setup, &args),
        What::Loss(common) => loss::run(&setup, common.jobs, common.short),
    }
}

/// Makes a network and a device in it. What else the lab needs is not tried: where that fails, the lab has failed.
async fn networks() -> Result<()> {
    let lab = LabBuilder::default().build().await?;
    let network = spot::build(&lab, "network", Kind::Strict).await?;
    lab.add_device("device").iface(INTERFACE, network.id()).build().await?;
    Ok(())
}
