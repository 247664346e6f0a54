//! Launch and command line only.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Args, Parser, Subcommand};
use kith::coordinator::{Command as Wish, Handle, Options, Reply, start};
use kith::platform::{DataDir, default_data_dir};
use tracing_subscriber::EnvFilter;

/// How long threads that cannot be interrupted (reading standard input) are waited for at the end.
const END_PATIENCE: Duration = Duration::from_millis(100);
/// Public STUN servers: they tell a device its own address as the internet sees it, and nothing else passes through them.
const DEFAULT_ICE: [&str; 2] = ["stun:stun.l.google.com:19302", "stun:stun.cloudflare.com:3478"];

/// Kith: a messenger in which two people's devices talk to each other directly.
///
/// The window comes with the next version. What works today is `kith node`, for scripts and bots.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Task>,
}

#[derive(Subcommand)]
enum Task {
    /// Run without a window: JSON-RPC 2.0 on standard input and output, one object a line
    Node(Node),
    /// Run only a broker, for other people's Kiths to meet at
    #[cfg(feature = "embedded-broker")]
    Broker(Broker),
    /// Show your own link, and as a QR code that others can scan
    Qr(Place),
}

/// Where this person's data is, and where they can be reached.
#[derive(Args)]
struct Place {
    /// Where the messages and keys live [default: this user's data directory]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A broker where you can be reached: mqtt://, mqtts://, ws:// or wss://, with user:password@ if it wants one.
    /// May be given several times. Without any, this machine's Kiths share a broker of their own.
    #[arg(long, value_name = "URL")]
    broker: Vec<String>,
    /// Let this machine's own broker serve your whole local network, and put its address into your link
    #[cfg(feature = "embedded-broker")]
    #[arg(long, conflicts_with = "broker")]
    lan: bool,
    /// Where this machine's own broker listens [default: 127.0.0.1:18183]
    #[cfg(feature = "embedded-broker")]
    #[arg(long, value_name = "ADDR", conflicts_with = "broker")]
    local_broker: Option<SocketAddr>,
}

#[derive(Args)]
struct Node {
    #[command(flatten)]
    place: Place,
    /// A STUN or TURN server: stun:host:port or turn:user:password@host:port. May be given several times
    #[arg(long, value_name = "URL")]
    ice: Vec<String>,
    /// Do not use the public STUN servers that are built in
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
    /// Where to keep waiting messages over a restart [default: in memory]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = EnvFilter::try_from_env("KITH_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(arguments) {
        Ok(code) => code,
        Err(error) => {
            say(&format!("kith: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Some(task) = arguments.command else {
        say("The window comes with the next version of Kith.\n\
             What works today:  kith node --help   (for scripts and bots)");
        return Ok(ExitCode::from(2));
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no Tokio runtime")?;
    let result = runtime.block_on(async {
        match task {
            Task::Node(arguments) => node(arguments).await,
            #[cfg(feature = "embedded-broker")]
            Task::Broker(arguments) => broker(arguments).await,
            Task::Qr(place) => qr(place).await,
        }
    });
    runtime.shutdown_timeout(END_PATIENCE);
    result
}

/// A coordinator that runs, and what it stands on.
struct Running {
    core: Handle,
    // Held until the end: the directory is ours.
    _data: DataDir,
    #[cfg(feature = "embedded-broker")]
    broker: Option<kith::node::LocalBroker>,
}

async fn begin(place: Place, ice: Vec<String>) -> anyhow::Result<Option<Running>> {
    let path =
        place.data.clone().or_else(default_data_dir).context("there is no home directory: give one with --data")?;
    let data = DataDir::open(&path)?;
    let mut brokers = place.broker.clone();
    #[cfg(feature = "embedded-broker")]
    let broker = if brokers.is_empty() {
        let broker = kith::node::LocalBroker::start(place.local_broker, None, place.lan).await?;
        brokers.push(broker.url().to_string());
        Some(broker)
    } else {
        None
    };
    #[cfg(not(feature = "embedded-broker"))]
    if brokers.is_empty() {
        say(
            "This Kith has no broker of its own. A broker introduces people to each other and keeps sealed mail while\n\
             they are away. Run one (for example Mosquitto) and name it:  --broker mqtt://host:1883",
        );
        return Ok(None);
    }
    brokers.dedup();
    let core = start(Options { data_dir: data.path().to_owned(), brokers, ice }).await?;
    Ok(Some(Running {
        core,
        _data: data,
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
    }
}

async fn node(arguments: Node) -> anyhow::Result<ExitCode> {
    let mut ice = arguments.ice;
    if !arguments.no_default_ice {
        ice.extend(DEFAULT_ICE.map(str::to_owned));
    }
    let Some(running) = begin(arguments.place, ice).await? else { return Ok(ExitCode::from(2)) };
    let input = tokio::io::BufReader::new(tokio::io::stdin());
    let served = kith::node::serve(&running.core, input, tokio::io::stdout(), asked_to_stop()).await;
    running.end().await;
    served.context("standard output")?;
    Ok(ExitCode::SUCCESS)
}

/// Comes when the system asks this process to end.
async fn asked_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    #[cfg(not(unix))]
    if interrupt.await.is_ok() {
        return;
    }
    std::future::pending().await
}

#[cfg(feature = "embedded-broker")]
async fn broker(arguments: Broker) -> anyhow::Result<ExitCode> {
    use kith::broker::{Broker, Options, WEBSOCKET_PATH};
    let options = Options { websocket: arguments.ws, storage: arguments.data, ..Options::new(arguments.listen) };
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
    let Some(running) = begin(place, vec![]).await? else { return Ok(ExitCode::from(2)) };
    let shown = running.core.run(Wish::ShowIdentity).await;
    running.end().await;
    let Reply::Identity(identity) = shown? else { bail!("the coordinator did not say who you are") };
    let code = fast_qr::QRBuilder::new(identity.link.as_str())
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
