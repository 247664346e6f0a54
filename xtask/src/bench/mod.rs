//! `cargo xtask bench`: how fast it is, against targets that are written down. Never part of the tests: a busy machine would fail
//! them for nothing.

mod figures;
mod people;
mod ui;

use std::path::PathBuf;

use anyhow::Result;

use self::figures::Figures;

/// What to measure.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// The window: opening a long conversation, a new message on the screen, the start, the engine behind a hidden window
    Ui(Options),
}

/// What to do with what was measured.
#[derive(clap::Args)]
struct Options {
    /// End with an error that names each missed target
    #[arg(long)]
    check: bool,
    /// Write the figures there too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// With a debug build, to try the bench itself; its figures mean nothing
    #[arg(long, hide = true)]
    debug: bool,
}

/// Measures. Returns false only when a target was to be checked and is missed.
pub fn run(args: &Args) -> Result<bool> {
    let What::Ui(options) = &args.what;
    let mut figures = Figures::default();
    ui::measure(&mut figures, !options.debug)?;
    figures.print();
    if let Some(file) = &options.json {
        figures.write(file)?;
    }
    let missed = figures.missed();
    for figure in &missed {
        println!("MISSED {figure}");
    }
    Ok(missed.is_empty() || !options.check)
}
