//! `cargo xtask bench`: how fast it is, against targets that are written down. Never part of the tests: a busy machine would fail
//! them for nothing.

mod figures;
mod link;
mod log;
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
    /// Conversations: messages a second, one message alone, ten thousand that waited, a million that were kept
    #[command(long_about = LOG_HELP)]
    Log(LogOptions),
}

/// For who has never measured anything here.
const LOG_HELP: &str = "How fast conversations are, with real databases that wait for the disk.

It builds Kith with optimisation (profile `measured`), lets two people write to each other in one process over a real link on
this computer, and once fills a database with a million messages, which takes some minutes and 1 GB; it stays below the target
folder, in `bench-log`, and is used again. Each line of the result is a figure, what it shall be, and below it how it came
about. Figures of a machine that is busy with something else say little: the load is printed first and last.

  burst   messages a second, and one message alone, from the command to \"delivered\": committed on both disks
  queue   10,000 messages that were written while the other was away, once the link is open
  group   a message in groups of 50 to 100 in the simulated world: how soon all have it, and what is sent for it
  large   a million messages in 500 conversations: the start, opening a conversation, an older page, a search, memory";

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

#[derive(clap::Args)]
struct LogOptions {
    #[command(flatten)]
    options: Options,
    /// Only these: burst, queue, group, large
    #[arg(value_name = "PART")]
    parts: Vec<log::Part>,
    /// Messages in the large database, to try the bench itself
    #[arg(long, hide = true, default_value_t = 1_000_000)]
    messages: usize,
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
        What::Log(LogOptions { options, parts, messages }) => {
            log::measure(&mut figures, !options.debug, parts, *messages)?;
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
