//! `cargo xtask demo`: two people on one computer. In two windows, to be tried by hand; without a display in two pages of a
//! browser; and without either as a story that tells itself.

mod check;
mod headless;
mod pair;

use std::env;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

pub use self::pair::choose;
use self::pair::{Form, Pair};
use crate::setup::{self, For};
use crate::workspace;

/// How often the two are looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// How to show it.
#[derive(clap::Args)]
pub struct Args {
    /// Without windows: two nodes meet, write, lose each other and catch up, each step with its time
    #[arg(long)]
    headless: bool,
    /// Use this program instead of building one
    #[arg(long, value_name = "FILE")]
    kith: Option<PathBuf>,
    /// End by itself after so many seconds
    #[arg(long, value_name = "N", hide = true, conflicts_with = "headless")]
    for_seconds: Option<u64>,
    /// Stage of `test`: both forms come up, and the request is there
    #[arg(long, hide = true, conflicts_with_all = ["headless", "for_seconds", "kith"])]
    check: bool,
}

/// Shows it. Returns whether it went as it should.
pub fn run(args: &Args) -> Result<bool> {
    if args.check {
        return check::run();
    }
    let built = |user, features: &[&str]| match &args.kith {
        Some(kith) => Ok(kith.clone()),
        None => build(user, features),
    };
    if args.headless {
        let kith = built(For::Build, &["--no-default-features", "--features=embedded-broker"])?;
        return headless::play(kith);
    }
    let form = form(args.kith.is_some());
    let kith = match form {
        Form::Windows => built(For::Window, &[])?,
        // Without the window's libraries: such a machine seldom has them.
        Form::Pages => built(For::Build, &["--no-default-features", "--features=embedded-broker,browser"])?,
    };
    show(kith, form, args.for_seconds.map(Duration::from_secs))
}

/// Windows where there can be some.
fn form(built: bool) -> Form {
    if !setup::window::has_display() {
        println!("There is no display: Kith is shown in a browser instead.");
        return Form::Pages;
    }
    if !built {
        setup::run(For::Window);
        if !setup::window::builds() {
            println!("The window cannot be built here: Kith is shown in a browser instead.");
            return Form::Pages;
        }
    }
    Form::Windows
}

fn build(user: For, features: &[&str]) -> Result<PathBuf> {
    setup::run(user);
    println!("Building Kith …");
    let mut cargo = workspace::cargo();
    cargo.args(["build", "--locked", "-p=kith", "--bin=kith"]).args(features);
    if !cargo.status().context("cannot run cargo")?.success() {
        bail!("Kith does not build");
    }
    Ok(workspace::target_dir()?.join("debug").join(format!("kith{}", env::consts::EXE_SUFFIX)))
}

/// Shows the two until both were closed, or for a while.
fn show(kith: PathBuf, form: Form, limit: Option<Duration>) -> Result<bool> {
    let mut pair = Pair::prepare(kith)?;
    pair.open(form, None)?;
    match form {
        Form::Windows => {
            pair.say("Close both windows, or press Ctrl-C, to end. Everything of this trial is thrown away then.")
        }
        Form::Pages => {
            pair.say("Open both addresses in a browser. Ctrl-C ends it; everything of this trial is thrown away then.")
        }
    }
    let deadline = limit.map(|limit| Instant::now() + limit);
    while pair.are_open()? {
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            pair.say("The time is up.");
            break;
        }
        thread::sleep(LOOK_AGAIN);
    }
    pair.end()?;
    Ok(true)
}
