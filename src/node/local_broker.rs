//! This machine's own broker, so that nothing needs to be installed: the first Kith runs it, the others share it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::broker::{BrokerError, DEFAULT_ADDRESS, Shared};
use crate::platform;
use crate::wire::broker_url::BrokerUrl;

/// This process's part in the machine's broker.
pub struct LocalBroker {
    shared: Shared,
    tracker: TaskTracker,
    cancel: CancellationToken,
}

/// Why there is no broker of this machine's own.
#[derive(Debug, thiserror::Error)]
pub enum LocalBrokerError {
    /// It cannot run.
    #[error("Kith's own broker cannot run: {0}. Name another one with --broker.")]
    Broker(#[from] BrokerError),
    /// There is no place for its queues.
    #[error("there is no home directory for the broker's queues. Name a broker with --broker.")]
    NoHome,
}

impl LocalBroker {
    /// Runs the broker or joins the one that runs. With `lan` it listens on every address of this machine.
    ///
    /// # Errors
    /// When it can do neither.
    pub async fn start(
        address: Option<SocketAddr>,
        storage: Option<PathBuf>,
        lan: bool,
    ) -> Result<Self, LocalBrokerError> {
        let mut address = address.unwrap_or(DEFAULT_ADDRESS);
        if lan {
            address.set_ip(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        }
        let storage = storage.or_else(platform::shared_dir).ok_or(LocalBrokerError::NoHome)?;
        let tracker = TaskTracker::new();
        let cancel = CancellationToken::new();
        let shared = Shared::start(address, None, storage, &tracker, cancel.clone()).await?;
        Ok(Self { shared, tracker, cancel })
    }

    /// Where it can be reached: what goes into the card.
    #[must_use]
    pub fn url(&self) -> BrokerUrl {
        self.shared.url()
    }

    /// Ends this process's part; another Kith takes over within a second.
    pub async fn shutdown(self) {
        self.cancel.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}
