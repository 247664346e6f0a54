//! The embedded MQTT broker, so that nothing needs to be installed (feature `embedded-broker`).
//!
//! Built on the broker of `mqtt5`: this module decides what it may do (MQTT 3.1.1 only, no wildcard subscriptions, no
//! retained messages, bounded everything) and where it keeps its sessions. Clients come in over TCP and WebSocket;
//! nothing goes out by itself. It never looks into a message: envelopes are sealed before they reach any broker.
//!
//! ```text
//! TCP listener ──────────────────────────┐
//! WebSocket listener → websocket::accept ┴→ gate (login, sessions, wildcards) → router → queues in `storage`
//! ```
//!
//! What its PUBACK means: the message is in the subscriber's queue, and the library's writer takes it to disk within a
//! quarter of a second, or when it has written what was queued before. A killed broker loses what was not written; a stopped
//! one ([`Broker::shutdown`]) writes it down first. Kith repeats every message until it is acknowledged end to end, so
//! neither loses mail.

mod gate;
mod lan;
mod lock;
mod probe;
mod settle;
mod shared;
mod websocket;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mqtt5::broker::config::{RateLimitConfig, StorageBackend, StorageConfig};
use mqtt5::broker::{BrokerConfig, BrokerShutdownHandle, DynamicStorage, MqttBroker};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio_util::task::TaskTracker;

pub use gate::Login;
pub use lan::lan_address;
pub use shared::{DEFAULT_ADDRESS, Role, Shared};
pub use websocket::WEBSOCKET_PATH;

use gate::Gate;
use lock::StorageLock;

/// The largest MQTT packet: the largest envelope is 64 KiB, and twice that leaves room for topic, headers and growth.
pub const PACKET_BYTES_MAX: usize = 128 * 1024;
/// Messages that wait for one absent session; the oldest goes first beyond it. Well above the five thousand junk
/// messages that must not displace anything.
pub const QUEUED_MESSAGES_MAX: usize = 10_000;
/// Bytes that wait for one absent session. On disk they take up to ten times as much (the library writes JSON).
pub const QUEUED_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Persistent sessions altogether: two for each of some hundred devices. Who asks for one more is refused.
pub const SESSIONS_MAX: usize = 512;
/// Connections at a time: three for each of some hundred devices, and far below the usual limit of 1,024 descriptors.
pub const CONNECTIONS_MAX: usize = 512;
/// Subscriptions of one session: three inbox topics for each of a thousand contacts, and the door.
pub const SUBSCRIPTIONS_MAX: usize = 4_096;
/// How long an absent session and its queue are kept: mail outlives a holiday.
pub const SESSION_EXPIRY: Duration = Duration::from_secs(30 * 24 * 3600);
/// Messages in memory for one connected session before they go to its queue: a kill loses what is only in memory.
const CHANNEL_MESSAGES: usize = 256;
/// How often expired sessions are looked for.
const CLEANUP_INTERVAL: Duration = Duration::from_secs(3600);
/// How long a broker may take to become ready; reading ten thousand queued messages takes about a second.
const START_DEADLINE: Duration = Duration::from_secs(20);
/// How long a stopping broker waits for its connections; the library itself waits five seconds.
const STOP_DEADLINE: Duration = Duration::from_secs(8);

/// How to run a broker.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where MQTT over TCP listens; port 0 takes a free one.
    pub tcp: SocketAddr,
    /// Where MQTT over WebSocket listens, at the path [`WEBSOCKET_PATH`].
    pub websocket: Option<SocketAddr>,
    /// The folder that keeps sessions and queues over restarts; without one they are in memory.
    pub storage: Option<PathBuf>,
    /// Who may connect; anybody when there is none.
    pub login: Option<Login>,
}

impl Options {
    /// A broker for anybody, over TCP, in memory.
    #[must_use]
    pub fn new(tcp: SocketAddr) -> Self {
        Self { tcp, websocket: None, storage: None, login: None }
    }
}

/// Why a broker could not start.
#[derive(Debug, Error)]
pub enum BrokerError {
    /// Another program listens there.
    #[error("{0} is in use by another program")]
    AddressInUse(SocketAddr),
    /// The address is in use, and who listens there speaks no MQTT 3.1.1.
    #[error("{address} is in use by a program that is not an MQTT broker ({reason}): stop it or choose another port")]
    NotABroker {
        /// Where.
        address: SocketAddr,
        /// What it did instead of answering.
        reason: String,
    },
    /// Another Kith runs a broker there that only this computer can reach, and this one was to serve the network.
    #[error("the broker at {0} serves this computer only: stop the Kith that runs it, or start that one with --lan")]
    ForThisComputerOnly(SocketAddr),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        reason: io::Error,
    },
    /// Another broker uses the folder.
    #[error("another broker uses the folder {0}")]
    StorageInUse(PathBuf),
    /// The folder cannot be used.
    #[error("the broker cannot use its folder {path}: {reason}")]
    Storage {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// The library refused to start.
    #[error("the broker did not start: {0}")]
    Library(String),
}

/// A running broker. Dropping it stops it without waiting; [`Broker::shutdown`] writes everything down first.
pub struct Broker {
    tcp: SocketAddr,
    websocket: Option<SocketAddr>,
    stop: BrokerShutdownHandle,
    stop_websocket: broadcast::Sender<()>,
    storage: Option<Arc<DynamicStorage>>,
    tasks: TaskTracker,
    // Last, so that the folder is free only when the library has let go of it.
    _lock: Option<StorageLock>,
}

impl Broker {
    /// Binds, reads the kept sessions, and answers once clients can connect.
    ///
    /// # Errors
    /// When an address or the folder is in use or cannot be used.
    pub async fn start(options: Options) -> Result<Self, BrokerError> {
        // The library reports a failed bind as text only; asking the kernel first gives the reason.
        if options.tcp.port() != 0 {
            drop(listen(options.tcp).await?);
        }
        let websocket = match options.websocket {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        let lock = options.storage.clone().map(StorageLock::take).transpose()?;
        let broker = MqttBroker::with_config(config(&options)).await.map_err(library)?;
        let gate = Arc::new(Gate::new(options.login, broker.storage()));
        let broker = broker.with_auth_provider(gate);

        let (stop_websocket, _) = broadcast::channel(1);
        let tasks = TaskTracker::new();
        let mut running = Self {
            tcp: broker.local_addr().unwrap_or(options.tcp),
            websocket: websocket.as_ref().and_then(|listener| listener.local_addr().ok()),
            stop: broker.shutdown_handle(),
            stop_websocket,
            storage: broker.storage(),
            tasks,
            _lock: lock,
        };
        running.run(broker, websocket, config(&Options { login: None, ..options })).await?;
        Ok(running)
    }

    async fn run(
        &mut self,
        mut broker: MqttBroker,
        websocket: Option<TcpListener>,
        config: BrokerConfig,
    ) -> Result<(), BrokerError> {
        let mut ready = broker.ready_receiver();
        let websocket = websocket.map(|listener| websocket::Acceptor::new(listener, &broker, config));
        self.tasks.spawn(async move {
            if let Err(error) = broker.run().await {
                tracing::error!(%error, "the embedded broker ended");
            }
        });
        let started = tokio::time::timeout(START_DEADLINE, ready.wait_for(|ready| *ready)).await;
        if !matches!(started, Ok(Ok(_))) {
            self.stop.shutdown();
            return Err(BrokerError::Library("it was not ready in time; see the log".to_owned()));
        }
        if let Some(acceptor) = websocket {
            let tasks = self.tasks.clone();
            self.tasks.spawn(acceptor.run(self.stop_websocket.clone(), tasks));
        }
        tracing::info!(tcp = %self.tcp, websocket = ?self.websocket, "the embedded broker listens");
        Ok(())
    }

    /// Where it listens for MQTT over TCP.
    #[must_use]
    pub fn tcp_addr(&self) -> SocketAddr {
        self.tcp
    }

    /// Where it listens for MQTT over WebSocket, at the path [`WEBSOCKET_PATH`].
    #[must_use]
    pub fn ws_addr(&self) -> Option<SocketAddr> {
        self.websocket
    }

    /// Closes every connection, writes the queues to disk, and lets go of the folder and the addresses. Waits for a slow
    /// disk for up to five minutes; what is not written by then is lost to the next broker, and the log says so.
    pub async fn shutdown(mut self) {
        let _ = self.stop_websocket.send(());
        self.stop.shutdown();
        self.tasks.close();
        if tokio::time::timeout(STOP_DEADLINE, self.tasks.wait()).await.is_err() {
            tracing::warn!("the embedded broker did not stop in time");
        }
        if let Some(storage) = self.storage.take() {
            settle::settle(storage).await;
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.stop_websocket.send(());
        self.stop.shutdown();
    }
}

fn library(error: impl std::fmt::Display) -> BrokerError {
    BrokerError::Library(error.to_string())
}

async fn listen(address: SocketAddr) -> Result<TcpListener, BrokerError> {
    TcpListener::bind(address).await.map_err(|reason| match reason.kind() {
        io::ErrorKind::AddrInUse => BrokerError::AddressInUse(address),
        _ => BrokerError::Listen { address, reason },
    })
}

fn config(options: &Options) -> BrokerConfig {
    let storage = match &options.storage {
        Some(folder) => StorageConfig::new().with_backend(StorageBackend::File).with_base_dir(folder.clone()),
        None => StorageConfig::new().with_backend(StorageBackend::Memory),
    };
    let mut config = BrokerConfig::new()
        .with_bind_address(options.tcp)
        .with_max_clients(CONNECTIONS_MAX)
        .with_session_expiry(SESSION_EXPIRY)
        .with_max_packet_size(PACKET_BYTES_MAX)
        .with_maximum_qos(1)
        .with_retain_available(false)
        .with_max_retained_messages(1)
        .with_max_subscriptions_per_client(SUBSCRIPTIONS_MAX)
        .with_client_channel_capacity(CHANNEL_MESSAGES)
        .with_sys_topics_enabled(false)
        .with_storage(
            storage
                .with_cleanup_interval(CLEANUP_INTERVAL)
                .with_max_queued_messages_per_client(QUEUED_MESSAGES_MAX)
                .with_max_queued_bytes_per_client(QUEUED_BYTES_MAX),
        );
    config.wildcard_subscription_available = false;
    config.shared_subscription_available = false;
    // The gate decides who may log in; the library's own lock-out would let one bad client lock out its neighbours.
    config.auth_config.rate_limit = RateLimitConfig { enabled: false, ..RateLimitConfig::default() };
    config
}

#[cfg(test)]
mod tests;
