//! Kith processes on one machine share the first one's broker, and take over when it ends.
//!
//! ```text
//!            bind ok                                   cancelled
//! settle ─────────────▶ Owner ──────────────────────────────────────▶ stop
//!   ▲ └─ in use, MQTT answers ─▶ Guest ── connection ends, notify_lost ─┐
//!   └──────────────────── after up to 100 ms by chance ────────────────┘
//! ```
//!
//! Who binds the address runs the broker, on the one folder that all of them name; the folder's kernel lock keeps two
//! from using it at once. A guest holds one idle MQTT connection to the owner, which ends when the owner does, and asks
//! for the address then; nothing polls. Clients notice the change only as a lost connection.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rand::rngs::{StdRng, SysRng};
use rand::{RngExt, SeedableRng};
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::probe::{Answer, ProbeError, ended, probe};
use super::{Broker, BrokerError, Options, lan_address};
use crate::wire::broker_url::BrokerUrl;

/// Where Kith's own broker listens: loopback, and a port that no registered service uses.
pub const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 18183);

/// How long an address may be neither free nor a broker: one owner's end and the next one's start fit into it.
const PATIENCE: Duration = Duration::from_secs(3);
/// The longest pause before a guest asks for the address: guests that lost the same owner do not ask in step.
const JITTER: Duration = Duration::from_millis(100);
/// How often a guest asks that could not keep a connection (the broker wants a password), or after a failed start.
const RETRY: Duration = Duration::from_secs(1);

/// What this process is to the shared broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// It runs the broker.
    Owner {
        /// Where MQTT over TCP listens.
        tcp: SocketAddr,
        /// Where MQTT over WebSocket listens.
        websocket: Option<SocketAddr>,
    },
    /// Another process runs it.
    Guest,
    /// Nobody does, and this process cannot; it keeps trying.
    Failed {
        /// Why, in words.
        reason: String,
    },
}

/// This process's part in the shared broker.
#[derive(Clone, Debug)]
pub struct Shared {
    address: SocketAddr,
    role: watch::Receiver<Role>,
    lost: Arc<Notify>,
}

impl Shared {
    /// Runs the broker at `address` or joins the one that runs there; answers when one of both is settled. The rest is
    /// one task in `tracker`, which stops the broker when `cancel` is cancelled.
    ///
    /// # Errors
    /// When the address is used by something that is no broker, or neither address nor folder can be used.
    pub async fn start(
        address: SocketAddr,
        websocket: Option<SocketAddr>,
        storage: PathBuf,
        tracker: &TaskTracker,
        cancel: CancellationToken,
    ) -> Result<Self, BrokerError> {
        let options = Options { websocket, storage: Some(storage), ..Options::new(address) };
        let place = settle(&options).await?;
        let address = match &place {
            Place::Owner(broker) => broker.tcp_addr(),
            Place::Guest(_) => address,
        };
        let (set_role, role) = watch::channel(place.role());
        let lost = Arc::new(Notify::new());
        tracker.spawn(keep(place, options, set_role, Arc::clone(&lost), cancel));
        Ok(Self { address, role, lost })
    }

    /// Where clients reach it: the network's address of this computer when it listens on all, else the loopback one.
    #[must_use]
    pub fn url(&self) -> BrokerUrl {
        BrokerUrl::tcp(reachable(self.address))
    }

    /// What this process is to the broker now, and when that changes.
    #[must_use]
    pub fn role(&self) -> watch::Receiver<Role> {
        self.role.clone()
    }

    /// Says that a connection to the broker was lost, so that a guest looks at once.
    pub fn notify_lost(&self) {
        self.lost.notify_one();
    }
}

enum Place {
    Owner(Broker),
    Guest(Option<TcpStream>),
}

impl Place {
    fn role(&self) -> Role {
        match self {
            Self::Owner(broker) => Role::Owner { tcp: broker.tcp_addr(), websocket: broker.ws_addr() },
            Self::Guest(_) => Role::Guest,
        }
    }
}

/// An address to connect to when one listens on `address`.
fn reachable(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        let ip = lan_address().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        return SocketAddr::new(ip, address.port());
    }
    address
}

/// Runs the broker, or finds out who does.
async fn settle(options: &Options) -> Result<Place, BrokerError> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let error = match Broker::start(options.clone()).await {
            Ok(broker) => return Ok(Place::Owner(broker)),
            Err(BrokerError::AddressInUse(address)) if address == options.tcp => match join(address).await {
                Ok(place) => return Ok(place),
                Err(error) => error,
            },
            // An owner that just ended frees the address a moment before the folder.
            Err(error @ BrokerError::StorageInUse(_)) => error,
            Err(error) => return Err(error),
        };
        let final_word = matches!(error, BrokerError::ForThisComputerOnly(_));
        if final_word || Instant::now() >= deadline {
            return Err(error);
        }
        tokio::time::sleep(pause()).await;
    }
}

async fn join(address: SocketAddr) -> Result<Place, BrokerError> {
    let target = reachable(address);
    match probe(target).await {
        Ok(Answer::Broker(stream)) => Ok(Place::Guest(Some(stream))),
        Ok(Answer::Guarded) => Ok(Place::Guest(None)),
        Err(ProbeError::Nobody) if target != address => {
            let here = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), address.port());
            match probe(here).await {
                Ok(_) => Err(BrokerError::ForThisComputerOnly(here)),
                Err(_) => Err(BrokerError::AddressInUse(address)),
            }
        }
        Err(ProbeError::Nobody) => Err(BrokerError::AddressInUse(address)),
        Err(error) => Err(BrokerError::NotABroker { address, reason: error.to_string() }),
    }
}

fn pause() -> Duration {
    let share: f64 = StdRng::try_from_rng(&mut SysRng).map_or(1.0, |mut rng| rng.random());
    JITTER.mul_f64(share)
}

async fn keep(
    mut place: Place,
    options: Options,
    role: watch::Sender<Role>,
    lost: Arc<Notify>,
    cancel: CancellationToken,
) {
    loop {
        let connection = match place {
            Place::Owner(broker) => {
                cancel.cancelled().await;
                return broker.shutdown().await;
            }
            Place::Guest(connection) => connection,
        };
        let again = async {
            match connection {
                Some(mut stream) => tokio::select! {
                    () = ended(&mut stream) => {}
                    () = lost.notified() => {}
                },
                None => drop(tokio::time::timeout(RETRY, lost.notified()).await),
            }
            tokio::time::sleep(pause()).await;
            settle(&options).await
        };
        let settled = tokio::select! {
            biased;
            () = cancel.cancelled() => return,
            settled = again => settled,
        };
        let now = match settled {
            Ok(next) => {
                let now = next.role();
                place = next;
                now
            }
            Err(error) => {
                place = Place::Guest(None);
                Role::Failed { reason: error.to_string() }
            }
        };
        role.send_if_modified(|role| {
            let changed = *role != now;
            if changed {
                tracing::info!(?now, "the shared broker has changed hands");
                *role = now;
            }
            changed
        });
    }
}
