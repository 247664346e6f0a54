//! `cargo xtask pictures`: pictures of the window, made by `tests/e2e/pictures.mjs` from a small world that stands still.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::e2e;
use crate::setup::{self, For};
use crate::workspace::{self, Programs};

/// The pictures in the README: list and conversation, on a phone and on a desktop, in both themes.
const README: &[&str] = &[
    "chats-phone-light.png",
    "conversation-phone-dark.png",
    "conversation-desktop-light.png",
    "conversation-desktop-dark.png",
];
/// Where they are kept.
const README_FOLDER: &str = "docs/pictures";

/// Which pictures.
#[derive(clap::Args)]
pub struct Args {
    /// Where they go [default: docs/pictures; with --all a folder below the target folder]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Every screen, instead of those in the README
    #[arg(long)]
    all: bool,
}

/// Makes the pictures and says where they are.
pub fn run(args: &Args) -> Result<bool> {
    setup::run(For::Preview);
    if let Some(reason) = e2e::missing() {
        println!("No pictures can be made: {reason}.");
        return Ok(false);
    }
    let made = workspace::scratch("pictures")?;
    let programs = Programs::of_the_window()?;
    let mut node = e2e::node(&programs)?;
    node.arg("pictures.mjs").arg(&made);
    if !args.all {
        node.args(README);
    }
    ensure!(node.status().context("cannot run node")?.success(), "the pictures could not be made");
    let out = match &args.out {
        Some(out) => out.clone(),
        None if args.all => made.clone(),
        None => workspace::root().join(README_FOLDER),
    };
    fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    let names = if args.all { all(&made)? } else { README.iter().map(ToString::to_string).collect() };
    for name in names.iter().filter(|_| out != made) {
        // A name that is not there: does tests/e2e/lib/gallery.mjs still know its screen?
        fs::copy(made.join(name), out.join(name)).with_context(|| format!("{name} was not made"))?;
    }
    println!("{} pictures are in {}", names.len(), out.display());
    Ok(true)
}

/// The pictures in a folder.
fn all(folder: &Path) -> Result<Vec<String>> {
    let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let names: Vec<String> = names.collect::<Result<_>>()?;
    Ok(names.into_iter().filter(|name| name.ends_with(".png")).collect())
}
