//! Launch and command line only.

#[cfg(feature = "embedded-broker")]
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Args, Parser, Subcommand};
use kith::coordinator::{Command as Wish, Handle, Options, Reply, start};
use kith::node::End;
#[cfg(feature = "embedded-broker")]
use kith::node::LocalBroker;
use kith::platform::{DataDir, DataDirError, default_data_dir};
use tracing_subscriber::EnvFilter;

/// How long threads that cannot be interrupted (reading standard input) are waited for at the end.
const END_PATIENCE: Duration = Duration::from_millis(100);
/// Public STUN servers: they tell a device its own address as the internet sees it, and nothing else passes through them.
const DEFAULT_ICE: [&str; 2] = ["stun:stun.l.google.com:19302", "stun:stun.cloudflare.com:3478"];

/// What a shell takes for "ended by Ctrl-C".
const INTERRUPTED: u8 = 130;
/// What `kith` alone says.
const NO_WINDOW: &str = "\
The window comes with the next version of Kith. What works today:

  kith node     a messenger for scripts and bots: one JSON-RPC request a line in, answers and events out
  kith qr       your own link as a QR code, for somebody to scan
  kith broker   a meeting point for other people's Kiths

Each explains itself with --help; docs/node-api.md has every request, and a conversation to try.";
/// What a build without a broker says when it is told of none.
#[cfg(not(feature = "embedded-broker"))]
const NO_BROKER: &str = "\
This Kith has no broker of its own. A broker introduces people to each other and keeps sealed mail while they are away.
Run one (Mosquitto, for example) and name it:  --broker mqtt://host:1883";

/// Kith: a messenger in which two people's devices talk to each other directly
///
/// The window comes with the next version. What works today is `kith node`, for scripts and bots.
#[derive(Parser)]
#[command(version)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Task>,
    #[cfg(feature = "browser")]
    #[command(flatten)]
    preview: Preview,
}

/// The window in a browser.
#[cfg(feature = "browser")]
#[derive(Args)]
struct Preview {
    /// Serve the window to a browser on this computer, and print the address to open
    #[arg(long)]
    browser: bool,
    /// The port of that address [default: a free one]
    #[arg(long, value_name = "N", requires = "browser")]
    port: Option<u16>,
    #[command(flatten)]
    node: Node,
}

#[derive(Subcommand)]
enum Task {
    /// Run without a window: JSON-RPC 2.0 on standard input and output, one object a line
    ///
    /// Type a request, for example {"jsonrpc":"2.0","id":1,"method":"identity.create","params":{"name":"Alice"}} and
    /// press Enter. The end of input (Ctrl-D), or a request "shutdown", ends it. Logs go to standard error; the
    /// environment variable KITH_LOG says how much (error, warn, info, debug). docs/node-api.md has every request.
    Node(Node),
    /// Run only a broker, for other people's Kiths to meet at
    ///
    /// Prints the address that it listens on, then runs until it is stopped (Ctrl-C). It reads no message: all of them
    /// are sealed.
    #[cfg(feature = "embedded-broker")]
    Broker(Broker),
    /// Show your own link, and as a QR code that others can scan
    ///
    /// Name the same brokers as for `kith node`: the link says where you can be reached. While a node runs, ask that
    /// one instead: its request "identity.show" answers with the link. The picture needs a terminal of some 90 columns
    /// (more for a link that names several brokers); below it is the link as text.
    Qr(Place),
}

/// Where this person's data is, and where they can be reached.
#[derive(Args)]
struct Place {
    /// Where the messages and keys live [default: this user's data directory]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A broker where you can be reached: mqtt://, mqtts://, ws:// or wss://, with user:password@ if it wants one. May
    /// be given several times. Without any, this computer's Kiths share a broker of their own
    #[arg(long, value_name = "URL")]
    broker: Vec<String>,
    /// Let this computer's own broker serve your local network, and put that address into your link
    #[cfg(feature = "embedded-broker")]
    #[arg(long, conflicts_with = "broker")]
    lan: bool,
    /// Where this computer's own broker listens [default: 127.0.0.1:18183]
    #[cfg(feature = "embedded-broker")]
    #[arg(long, value_name = "ADDR", conflicts_with = "broker")]
    local_broker: Option<SocketAddr>,
}

#[derive(Args)]
struct Node {
    #[command(flatten)]
    place: Place,
    /// A server that helps devices to find a way to each other: stun:host:port or turn:user:password@host:port. May be
    /// given several times
    #[arg(long, value_name = "URL")]
    ice: Vec<String>,
    /// Ask none of the public STUN servers that are built in (they learn this device's address, and nothing else)
    #[arg(long)]
    no_default_ice: bool,
}

#[cfg(feature = "embedded-broker")]
#[derive(Args)]
struct Broker {
    /// Where to listen for MQTT over TCP; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:18183")]
    listen: SocketAddr,
    /// Where to listen for MQTT over WebSocket (path /mqtt)
    #[arg(long, value_name = "ADDR")]
    ws: Option<SocketAddr>,
    /// Where to keep waiting messages over a restart [default: with this user's data; in memory for port 0]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = EnvFilter::try_from_env("KITH_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    if let Err(error) = kith::platform::crash::check() {
        say(&format!("kith: {error}"));
        return ExitCode::from(2);
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
    #[cfg(feature = "browser")]
    if arguments.preview.browser {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no Tokio runtime")?;
        let result = runtime.block_on(preview(arguments.preview));
        runtime.shutdown_timeout(END_PATIENCE);
        return result;
    }
    let Some(task) = arguments.command else {
        say(NO_WINDOW);
        return Ok(ExitCode::from(2));
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no Tokio runtime")?;
    let result = runtime.block_on(async {
        let done = async {
            match task {
                Task::Node(arguments) => node(arguments).await,
                #[cfg(feature = "embedded-broker")]
                Task::Broker(arguments) => broker(arguments).await,
                Task::Qr(place) => qr(place).await,
            }
        };
        tokio::select! {
            result = done => result,
            // Everything acknowledged is on disk at any time, so an impatient person may have their way.
            () = interrupted_twice() => Ok(ExitCode::from(INTERRUPTED)),
        }
    });
    runtime.shutdown_timeout(END_PATIENCE);
    result
}

/// A coordinator that runs, and what it stands on.
struct Running {
    core: Handle,
    // Held until the end: the directory is ours.
    data: DataDir,
    #[cfg(feature = "embedded-broker")]
    broker: Option<LocalBroker>,
}

/// What a command needs of this computer's own broker.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OwnBroker {
    /// It must run while the command does.
    Run,
    /// Its address is enough.
    Name,
}

/// None when there is no broker, and the person has been told what to do.
async fn begin(place: Place, ice: Vec<String>, own: OwnBroker) -> anyhow::Result<Option<Running>> {
    let path = place.data.or_else(default_data_dir).context("there is no home directory: give one with --data")?;
    let data = DataDir::open(path)?;
    #[cfg(feature = "embedded-broker")]
    let (brokers, broker) = match own {
        _ if !place.broker.is_empty() => (place.broker, None),
        OwnBroker::Name => (vec![LocalBroker::url_of(place.local_broker, place.lan).to_string()], None),
        OwnBroker::Run => {
            let broker = LocalBroker::start(place.local_broker, place.lan).await?;
            (vec![broker.url().to_string()], Some(broker))
        }
    };
    #[cfg(not(feature = "embedded-broker"))]
    let brokers = match own {
        OwnBroker::Name | OwnBroker::Run if place.broker.is_empty() => {
            say(NO_BROKER);
            return Ok(None);
        }
        OwnBroker::Name | OwnBroker::Run => place.broker,
    };
    let core = start(Options { data_dir: data.path().to_owned(), brokers, ice }).await;
    let core = match core {
        Ok(core) => core,
        Err(error) => {
            #[cfg(feature = "embedded-broker")]
            if let Some(broker) = broker {
                broker.shutdown().await;
            }
            return Err(error.into());
        }
    };
    Ok(Some(Running {
        core,
        data,
        #[cfg(feature = "embedded-broker")]
        broker,
    }))
}

impl Running {
    async fn end(self) {
        self.core.shutdown().await;
        #[cfg(feature = "embedded-broker")]
        if let Some(broker) = self.broker {
            broker.shutdown().await;
        }
        drop(self.data);
    }
}

async fn node(arguments: Node) -> anyhow::Result<ExitCode> {
    let mut ice = arguments.ice;
    if !arguments.no_default_ice {
        ice.extend(DEFAULT_ICE.map(str::to_owned));
    }
    let Some(running) = begin(arguments.place, ice, OwnBroker::Run).await? else { return Ok(ExitCode::from(2)) };
    let end = kith::node::serve(&running.core, tokio::io::stdin(), tokio::io::stdout(), asked_to_stop()).await;
    running.end().await;
    match end {
        End::CoreStopped => bail!("the core has stopped by itself; the log (KITH_LOG=info) may say why"),
        End::Asked | End::EndOfInput | End::Stopped | End::OutputClosed => Ok(ExitCode::SUCCESS),
    }
}

#[cfg(feature = "browser")]
async fn preview(arguments: Preview) -> anyhow::Result<ExitCode> {
    use kith::host::{Control, Settings};
    let mut ice = arguments.node.ice;
    if !arguments.node.no_default_ice {
        ice.extend(DEFAULT_ICE.map(str::to_owned));
    }
    let fixed = arguments.node.place.broker.clone();
    let Some(running) = begin(arguments.node.place, ice, OwnBroker::Run).await? else { return Ok(ExitCode::from(2)) };
    let (control, told, mut orders) = Control::new(Settings::default(), fixed);
    let obey = async {
        while let Some(order) = orders.recv().await {
            told.send_replace(order.settings);
            let _ = order.answer.send(Ok(()));
        }
        std::future::pending().await
    };
    let on_url = |url: &str| {
        let _ = print(&format!("{url}\n"));
    };
    let stop = async {
        tokio::select! { () = asked_to_stop() => {} () = obey => {} }
    };
    let core = running.core.clone();
    let dom = move || kith::ui::dom(core.clone(), control.clone(), kith::ui::Clock::system());
    let served = kith::ui::browser::serve(dom, arguments.port, on_url, stop).await;
    running.end().await;
    served?;
    Ok(ExitCode::SUCCESS)
}

/// Comes when the system asks this process to end (Ctrl-C, or a service manager).
async fn asked_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Comes with the second Ctrl-C.
async fn interrupted_twice() {
    for _ in 0..2 {
        if tokio::signal::ctrl_c().await.is_err() {
            return std::future::pending().await;
        }
    }
}

#[cfg(feature = "embedded-broker")]
async fn broker(arguments: Broker) -> anyhow::Result<ExitCode> {
    use kith::broker::{Broker, Options, WEBSOCKET_PATH};
    let storage = match arguments.data {
        Some(data) => Some(data),
        None => LocalBroker::storage(arguments.listen.port())?,
    };
    let options = Options { websocket: arguments.ws, storage, ..Options::new(arguments.listen) };
    let broker = Broker::start(options).await?;
    let mut lines = format!("mqtt://{}\n", broker.tcp_addr());
    if let Some(address) = broker.ws_addr() {
        lines.push_str(&format!("ws://{address}{WEBSOCKET_PATH}\n"));
    }
    print(&lines)?;
    asked_to_stop().await;
    broker.shutdown().await;
    Ok(ExitCode::SUCCESS)
}

async fn qr(place: Place) -> anyhow::Result<ExitCode> {
    let begun = begin(place, vec![], OwnBroker::Name).await;
    let Some(running) = begun.map_err(|error| match error.downcast_ref() {
        Some(DataDirError::InUse(path)) => anyhow::anyhow!(
            "a Kith is running on {}: ask that one for the link (its request \"identity.show\"), or stop it first",
            path.display()
        ),
        _ => error,
    })?
    else {
        return Ok(ExitCode::from(2));
    };
    let shown = running.core.run(Wish::ShowIdentity).await;
    running.end().await;
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(text: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(text.split(' '))
    }

    /// Every command line of the documentation is understood, and what contradicts itself is refused.
    #[test]
    fn command_lines_are_understood() {
        Arguments::command().debug_assert();
        for text in [
            "kith",
            "kith node",
            "kith node --data d --broker mqtt://a --broker wss://u:p@b/mqtt --ice stun:c --ice turn:u:p@d --no-default-ice",
            "kith qr --data d --broker mqtt://a",
        ] {
            assert!(parse(text).is_ok(), "{text}");
        }
        for text in ["kith node stray", "kith talk", "kith node --broker"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    /// The computer's own broker is in the way of no other, and takes socket addresses.
    #[cfg(feature = "embedded-broker")]
    #[test]
    fn command_lines_of_the_own_broker_are_understood() {
        for text in [
            "kith node --lan --local-broker 127.0.0.1:1999",
            "kith broker",
            "kith broker --listen [::1]:0 --ws 0.0.0.0:1",
        ] {
            assert!(parse(text).is_ok(), "{text}");
        }
        for text in ["kith node --lan --broker mqtt://a", "kith broker --listen here", "kith node --local-broker 18183"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
