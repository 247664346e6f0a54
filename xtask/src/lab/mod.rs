//! `cargo xtask lab`: two real nodes in every pair of networks, and what happens to them when networks change; many people
//! in a world that is only simulated ([`world`]); and three whose processes are killed ([`crash`]).
//!
//! The lab itself is the crate `lab/`, which is built only here: what it needs to make networks must not be compiled by
//! whoever works on Kith. This builds it and Kith, gives it a folder, and removes the folder however it ends.

mod crash;
mod world;

use std::ffi::OsString;
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, fs};

use anyhow::{Context, Result, bail};

use crate::process::{self, Ended, keep_at_end, remove_at_end};
use crate::setup::{self, For, find_program, runs};
use crate::test::report_skip;
use crate::workspace;

/// The whole lab, `--runs` of a person's own choice too; `cargo xtask test` has a limit of its own.
const LIMIT: Duration = Duration::from_secs(3 * 3600);
/// To find out whether networks can be made at all.
const POSSIBLE_LIMIT: Duration = Duration::from_secs(60);
/// What the lab runs, beside Kith.
const PROGRAMS: [&str; 4] = ["nft", "setpriv", "mosquitto", "turnserver"];
/// What `roam` runs too, for its cluster.
const CLUSTER_PROGRAMS: [&str; 2] = ["nats-server", "openssl"];

/// What to do in the lab: `nat`, `doctor`, `roam`, `loss`, `crash` or `world`, each with its own options (`cargo xtask lab nat --help`).
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub struct Args {
    /// nat: every pair of networks. doctor: what it says of each. roam: networks go, brokers and peers die. loss: links lose and
    /// delay. crash: three nodes are killed two hundred times. world: random stories of several people, one seed each
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    what: Vec<OsString>,
}

/// Runs it. Returns whether everything was as it shall be, or could not be tried here.
pub fn run(args: &Args) -> Result<bool> {
    if args.what.first().is_some_and(|what| what == "-h" || what == "--help") {
        // Before anything is built. What each of them can do it says itself.
        <Args as clap::Args>::augment_args(clap::Command::new("cargo xtask lab").disable_help_flag(true))
            .print_help()?;
        return Ok(true);
    }
    if args.what.first().is_some_and(|what| what == "world") {
        return world::run(&args.what);
    }
    if args.what.first().is_some_and(|what| what == "crash") {
        return crash::run(&args.what);
    }
    setup::run(For::Lab);
    let name = args.what.first().map(|what| what.to_string_lossy().into_owned()).unwrap_or_default();
    if let Some(reason) = missing(&name) {
        report_skip(&format!("lab::{name}"), &reason)?;
        return Ok(true);
    }
    build()?;
    // Short, because local sockets and namespaces get names below it.
    let place = workspace::place("kith-lab")?;
    remove_at_end(&place);
    let lab = |what: &[OsString]| -> Result<Command> {
        let debug = workspace::target_dir()?.join("debug");
        let mut lab = Command::new(debug.join("kith-lab"));
        lab.arg("--kith").arg(debug.join("kith")).arg("--place").arg(&place);
        lab.arg("--deploy").arg(workspace::root().join("deploy"));
        lab.args(what).env("TMPDIR", &place);
        Ok(lab)
    };
    let mut said = String::new();
    let possible = process::run(&mut lab(&["possible".into()])?, Instant::now() + POSSIBLE_LIMIT, |line| {
        said.extend(line.map(|line| format!("{line}\n")));
    })?;
    if !possible.success() {
        print!("{said}");
        fs::remove_dir_all(&place).ok();
        // Only a system that gives nobody a network of their own is a reason: whatever else went wrong is a fault of the lab.
        if runs("unshare", &["--user", "--map-root-user", "--net", "true"]) {
            println!("networks can be made here, and the lab could not");
            return Ok(false);
        }
        report_skip(&format!("lab::{name}"), "network namespaces cannot be made here")?;
        return Ok(true);
    }
    let ended = process::run(&mut lab(&args.what)?, Instant::now() + LIMIT, |line| {
        if let Some(line) = line {
            println!("{line}");
        }
    })?;
    // No code: somebody ended it, and wants nothing any more.
    let stopped = matches!(ended, Ended::Exit(status) if status.code().is_none());
    if ended.success() || stopped {
        fs::remove_dir_all(&place).ok();
    } else {
        keep_at_end(&place);
        println!("What everybody logged: {}", place.display());
    }
    Ok(ended.success())
}

/// What keeps the lab from running here, as far as can be seen without trying.
fn missing(name: &str) -> Option<String> {
    if env::consts::OS != "linux" {
        return Some("networks are made of namespaces, which only Linux has".to_owned());
    }
    let more = CLUSTER_PROGRAMS.into_iter().filter(|_| name == "roam");
    let missing: Vec<&str> =
        PROGRAMS.into_iter().chain(more).filter(|program| find_program(program).is_none()).collect();
    (!missing.is_empty()).then(|| format!("not installed: {}", missing.join(", ")))
}

fn build() -> Result<()> {
    println!("Building Kith and the lab …");
    let builds: [&[&str]; 2] =
        [&["-p=kith", "--bin=kith", "--no-default-features", "--features", workspace::TEST_FEATURES], &["-p=kith-lab"]];
    for build in builds {
        let mut cargo = workspace::cargo();
        cargo.args(["build", "--locked"]).args(build);
        if !cargo.status().context("cannot run cargo")?.success() {
            bail!("the lab does not build");
        }
    }
    Ok(())
}
