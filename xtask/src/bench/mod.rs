//! `cargo xtask bench`: how fast it is, against targets that are written down. Never part of the tests: a busy machine would fail
//! them for nothing.

mod figures;
mod link;
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
    /// Links: how fast one opens and what that costs a broker, round trips, bulk, two hundred at a time, a thousand cycles
    Link(LinkOptions),
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

#[derive(clap::Args)]
struct LinkOptions {
    #[command(flatten)]
    options: Options,
    /// Only these: open, publishes, echo, bulk, crowd, cycles
    #[arg(value_name = "PART")]
    parts: Vec<link::Part>,
}

/// Measures. Returns false only when a target was to be checked and is missed.
pub fn run(args: &Args) -> Result<bool> {
    let mut figures = Figures::default();
    let options = match &args.what {
        What::Ui(options) => {
            ui::measure(&mut figures, !options.debug)?;
            options
        }
        What::Link(LinkOptions { options, parts }) => {
            link::measure(&mut figures, !options.debug, parts)?;
            options
        }
    };
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
