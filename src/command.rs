//! What the command line asks for, carried out; what can be said there is in `cli`.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Parser;
use kith::coordinator::{Command as Wish, Reply};
use kith::host::{Front, Host, HostError, Place};
use kith::node::End;
use kith::platform::{DataDirError, asked_to_stop, interrupted_twice};
use tokio::runtime::Runtime;
use tracing_subscriber::EnvFilter;

#[cfg(feature = "embedded-broker")]
use crate::cli::Broker;
use crate::cli::{Arguments, Device, Doctor, Reach, Task, Window};

/// How long threads that cannot be interrupted (reading standard input) are waited for at the end.
const END_PATIENCE: Duration = Duration::from_millis(100);
/// What a shell takes for "ended by Ctrl-C".
const INTERRUPTED: u8 = 130;
/// What a shell takes for "that cannot be asked of this program".
const USAGE: u8 = 2;
/// What `kith` alone says where there is no window.
#[cfg(not(feature = "desktop"))]
const NO_WINDOW: &str = "\
This Kith was built without a window. What it can do:

  kith --browser  the same in a browser on this computer (when it was built with the feature `browser`)
  kith node       a messenger for scripts and bots: one JSON-RPC request a line in, answers and events out
  kith doctor     checks the connection, and says what is wrong and what to do
  kith qr         your own link as a QR code, for somebody to scan
  kith broker     a meeting point for other people's Kiths (when it was built with the feature `embedded-broker`)

Each explains itself with --help; docs/node-api.md has every request, and a conversation to try.";

/// Does what the command line says.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = EnvFilter::try_from_env("KITH_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    if let Err(error) = kith::platform::crash::check() {
        say(&format!("kith: {error}"));
        return ExitCode::from(USAGE);
    }
    match run(arguments) {
        Ok(code) => code,
        Err(error) => {
            say(&format!("kith: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no Tokio runtime")?;
    match arguments.command {
        None => window(runtime, arguments.window),
        Some(Task::Node(device)) => until_interrupted(runtime, node(device)),
        #[cfg(feature = "embedded-broker")]
        Some(Task::Broker(options)) => until_interrupted(runtime, broker(options)),
        Some(Task::Doctor(doctor)) => until_interrupted(runtime, examine(doctor)),
        Some(Task::Qr(reach)) => until_interrupted(runtime, qr(reach)),
        #[cfg(feature = "desktop")]
        Some(Task::Register) => register(),
    }
}

/// Runs a command to its end, or to the second Ctrl-C.
fn until_interrupted(
    runtime: Runtime,
    command: impl Future<Output = anyhow::Result<ExitCode>>,
) -> anyhow::Result<ExitCode> {
    let result = runtime.block_on(async {
        tokio::select! {
            result = command => result,
            // Everything acknowledged is on disk at any time, so an impatient person may have their way.
            () = interrupted_twice() => Ok(ExitCode::from(INTERRUPTED)),
        }
    });
    runtime.shutdown_timeout(END_PATIENCE);
    result
}

/// Opens the window, or what is there in its place.
fn window(runtime: Runtime, window: Window) -> anyhow::Result<ExitCode> {
    #[cfg(feature = "browser")]
    if window.browser {
        return until_interrupted(runtime, browser(window));
    }
    #[cfg(feature = "desktop")]
    {
        let link = window.link.clone();
        Ok(kith::ui::desktop::run(runtime, window.place(), link)?)
    }
    #[cfg(not(feature = "desktop"))]
    {
        drop((runtime, window));
        say(NO_WINDOW);
        Ok(ExitCode::from(USAGE))
    }
}

/// Serves the window to browsers on this computer.
#[cfg(feature = "browser")]
async fn browser(window: Window) -> anyhow::Result<ExitCode> {
    let port = window.port;
    let Some(host) = open(window.place(), Front::Window).await? else { return Ok(ExitCode::from(USAGE)) };
    let tell = |url: &str| {
        if let Err(error) = print(&format!("{url}\n")) {
            tracing::warn!(%error, "nobody can be told the address");
        }
    };
    let (core, control) = (host.core().clone(), host.control().clone());
    let dom = move || kith::ui::dom(core.clone(), control.clone(), kith::ui::Shell::alone(), kith::ui::Clock::system());
    let served = kith::ui::browser::serve(dom, port, tell, asked_to_stop()).await;
    host.shutdown().await;
    served?;
    Ok(ExitCode::SUCCESS)
}

/// None when this build cannot be what was asked for, and the person has been told what to do.
async fn open(place: Place, front: Front) -> Result<Option<Host>, HostError> {
    match Host::open(place, front).await {
        Ok(host) => Ok(Some(host)),
        #[cfg(not(feature = "embedded-broker"))]
        Err(HostError::OwnBroker(error)) => {
            say(&error.to_string());
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

async fn node(device: Device) -> anyhow::Result<ExitCode> {
    let Some(host) = open(device.place(), Front::Node).await? else { return Ok(ExitCode::from(USAGE)) };
    let end =
        kith::node::serve(host.core(), host.control(), tokio::io::stdin(), tokio::io::stdout(), asked_to_stop()).await;
    host.shutdown().await;
    match end {
        End::CoreStopped => bail!("the core has stopped by itself; the log (KITH_LOG=info) may say why"),
        End::Asked | End::EndOfInput | End::Stopped | End::OutputClosed => Ok(ExitCode::SUCCESS),
    }
}

#[cfg(feature = "embedded-broker")]
async fn broker(arguments: Broker) -> anyhow::Result<ExitCode> {
    use kith::broker::{self, Options, WEBSOCKET_PATH};
    use kith::host::LocalBroker;
    let storage = match arguments.data {
        Some(data) => Some(data),
        None => LocalBroker::storage(arguments.listen.port())?,
    };
    let options = Options { websocket: arguments.ws, storage, ..Options::new(arguments.listen) };
    let broker = broker::Broker::start(options).await?;
    let mut lines = format!("mqtt://{}\n", broker.tcp_addr());
    if let Some(address) = broker.ws_addr() {
        lines.push_str(&format!("ws://{address}{WEBSOCKET_PATH}\n"));
    }
    print(&lines)?;
    asked_to_stop().await;
    broker.shutdown().await;
    Ok(ExitCode::SUCCESS)
}

/// Checks the connection. What cannot even be checked is not "something needs attention".
async fn examine(doctor: Doctor) -> anyhow::Result<ExitCode> {
    let as_json = doctor.json;
    let checkup = match kith::host::checkup(&doctor.place()) {
        Ok(checkup) => checkup,
        Err(error) => {
            say(&format!("kith: {error}"));
            return Ok(ExitCode::from(USAGE));
        }
    };
    let report = kith::doctor::probe::examine(&checkup).await;
    print(&if as_json { format!("{:#}\n", report.json()) } else { report.to_string() })?;
    Ok(if report.is_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn qr(reach: Reach) -> anyhow::Result<ExitCode> {
    let opened = open(reach.place(), Front::Look).await.map_err(|error| match error {
        HostError::DataDir(DataDirError::InUse(path)) => anyhow::anyhow!(
            "a Kith is running on {}: ask that one for the link (its request \"identity.show\", or “Add a contact” in its \
             window), or stop it first",
            path.display()
        ),
        error => error.into(),
    })?;
    let Some(host) = opened else { return Ok(ExitCode::from(USAGE)) };
    let shown = host.core().run(Wish::ShowIdentity).await;
    host.shutdown().await;
    let Reply::Identity(identity) = shown? else { bail!("the coordinator did not say who you are") };
    // The least correction: a screen has no stains, and every module fewer is easier to scan.
    let code = fast_qr::QRBuilder::new(identity.link.as_str())
        .ecl(fast_qr::ECL::L)
        .build()
        .map_err(|error| anyhow::anyhow!("your link does not fit a QR code: {error:?}"))?;
    let warning = identity.warning.map(|warning| format!("{warning}\n")).unwrap_or_default();
    print(&format!("{}\n\n{}\n\n{}\n{warning}", identity.name, code.to_str(), identity.link))?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(feature = "desktop")]
fn register() -> anyhow::Result<ExitCode> {
    let written = kith::platform::register::register()?;
    print(&written.iter().map(|path| format!("wrote {}\n", path.display())).collect::<String>())?;
    print("kith: links open this Kith now.\n")?;
    Ok(ExitCode::SUCCESS)
}

fn print(text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

/// A line for people. When standard error is closed there is nobody to tell.
fn say(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{text}");
}
