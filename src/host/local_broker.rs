//! This computer's own broker, so that nothing needs to be installed: the first Kith of an account runs it, the others
//! share it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::broker::{BrokerError, DEFAULT_ADDRESS, Shared, lan_address};
use crate::platform::{self, SecretError};
use crate::wire::broker_url::BrokerUrl;

/// This process's part in the computer's broker, until [`LocalBroker::shutdown`].
#[derive(Debug)]
pub struct LocalBroker {
    shared: Shared,
    tasks: TaskTracker,
    cancel: CancellationToken,
}

/// Why there is no broker of this computer's own.
#[derive(Debug, thiserror::Error)]
pub enum LocalBrokerError {
    /// It cannot run.
    #[error("Kith's own broker cannot run: {0}. Name another one with --broker")]
    Broker(#[from] BrokerError),
    /// There is no place for its queues.
    #[error("there is no home directory for the queues of Kith's own broker. Name a broker with --broker")]
    NoHome,
    /// The folder for its queues cannot be made.
    #[error("there is no folder for the queues of Kith's own broker: {0}")]
    Folder(#[from] SecretError),
    /// Others could not know which port the system chose.
    #[error("the computer's own broker needs a port that its other Kiths know: not 0")]
    NoPort,
}

impl LocalBrokerError {
    /// The same for somebody who looks at a window: what happened, and what to do.
    #[must_use]
    pub fn for_a_person(&self) -> String {
        match self {
            Self::Broker(BrokerError::ForThisComputerOnly(_)) => {
                "Another Kith on this computer runs a broker that only \
                this computer can reach. Close that Kith, or let it serve your network too; then try again."
                    .to_owned()
            }
            Self::Broker(error) => {
                format!("This computer's own broker cannot run: {error}. Choose another way, or try again later.")
            }
            Self::NoHome | Self::Folder(_) | Self::NoPort => {
                format!("This computer's own broker cannot run: {self}.")
            }
        }
    }
}

impl LocalBroker {
    /// Runs the broker or joins the one that runs, with its queues in a folder below `shared`. With `lan` the network can
    /// reach it.
    ///
    /// # Errors
    /// When it can do neither.
    pub async fn start(
        address: Option<SocketAddr>,
        lan: bool,
        shared: Option<PathBuf>,
    ) -> Result<Self, LocalBrokerError> {
        let address = listening(address, lan);
        if address.port() == 0 {
            return Err(LocalBrokerError::NoPort);
        }
        let storage = Self::storage_in(shared, address.port())?.ok_or(LocalBrokerError::NoHome)?;
        Self::join(address, storage).await
    }

    async fn join(address: SocketAddr, storage: PathBuf) -> Result<Self, LocalBrokerError> {
        let (tasks, cancel) = (TaskTracker::new(), CancellationToken::new());
        let shared = Shared::start(address, None, storage, &tasks, cancel.clone()).await?;
        Ok(Self { shared, tasks, cancel })
    }

    /// The folder of the broker at a port: the same for every Kith of this account, whichever of the computer's addresses
    /// it listens on. None without a home, or when the system chooses the port.
    ///
    /// # Errors
    /// When the folder above it cannot be made.
    pub fn storage(port: u16) -> Result<Option<PathBuf>, SecretError> {
        Self::storage_in(platform::shared_dir(), port)
    }

    fn storage_in(shared: Option<PathBuf>, port: u16) -> Result<Option<PathBuf>, SecretError> {
        let Some(shared) = shared.filter(|_| port != 0) else { return Ok(None) };
        // The queues hold sealed mail, and still nobody else's business.
        platform::private_dir(&shared)?;
        Ok(Some(shared.join(format!("broker-{port}"))))
    }

    /// The URL that [`LocalBroker::start`] would end up with, without starting or asking anything.
    ///
    /// # Errors
    /// Never in a build that has a broker.
    pub fn url_of(address: Option<SocketAddr>, lan: bool) -> Result<BrokerUrl, LocalBrokerError> {
        let mut address = listening(address, lan);
        if address.ip().is_unspecified() {
            address.set_ip(lan_address().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        }
        Ok(BrokerUrl::tcp(address))
    }

    /// Where it can be reached: what goes into the card.
    #[must_use]
    pub fn url(&self) -> BrokerUrl {
        self.shared.url()
    }

    /// Leaves it; when this process ran it, its queues are on disk afterwards, and another Kith takes over.
    pub async fn shutdown(self) {
        self.cancel.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// For the network a loopback address becomes "all of this computer's"; a particular one stays.
fn listening(address: Option<SocketAddr>, lan: bool) -> SocketAddr {
    let mut address = address.unwrap_or(DEFAULT_ADDRESS);
    if lan && address.ip().is_loopback() {
        address.set_ip(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    /// With `--lan` the broker listens on all addresses, unless a particular one was given.
    #[test]
    fn the_network_reaches_what_is_for_it() {
        assert_eq!(listening(None, false), at("127.0.0.1:18183"));
        assert_eq!(listening(None, true), at("0.0.0.0:18183"));
        assert_eq!(listening(Some(at("192.168.1.5:1883")), true), at("192.168.1.5:1883"));
        assert_eq!(LocalBroker::url_of(None, false).unwrap().to_string(), "mqtt://127.0.0.1:18183");
        assert!(!LocalBroker::url_of(None, true).unwrap().to_string().contains("0.0.0.0"));
    }

    /// A process that ran the broker leaves, and its address and folder are free for the next one at once.
    #[tokio::test]
    async fn leaving_frees_the_address_and_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        let first = LocalBroker::join(at("127.0.0.1:0"), dir.path().join("broker")).await.unwrap();
        let url = first.url();
        first.shutdown().await;
        let address = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), url.port());
        let second = LocalBroker::join(address, dir.path().join("broker")).await.unwrap();
        assert_eq!(second.url(), url);
        second.shutdown().await;
    }
}
