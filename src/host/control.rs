//! What everybody outside holds of the host: the settings as they are, and a way to change them.

use std::sync::Arc;

use thiserror::Error;
use tokio::sync::{mpsc, oneshot, watch};

use super::{Choice, Place, Settings};
use crate::doctor::Report;

/// Orders that may wait: a person changes one setting at a time.
const ORDERS_MAX: usize = 16;

/// Why settings could not be changed; nothing is changed then.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum SettingsError {
    /// An address is no broker's.
    #[error("“{0}” is no broker's address: {1}")]
    Broker(String, String),
    /// No broker was named.
    #[error("Name at least one broker.")]
    NoBroker,
    /// More brokers were named than there can be.
    #[error("There can be {0} brokers at most.")]
    TooManyBrokers(usize),
    /// An address is no STUN or TURN server's.
    #[error(
        "“{0}” is no address of a STUN or TURN server: they look like stun:host:port, turn:user:password@host:port or \
         turn:secret@host:port, without spaces"
    )]
    Server(String),
    /// A server is named twice.
    #[error("“{0}” is there already.")]
    ServerTwice(String),
    /// More servers were named than there can be.
    #[error("There can be {0} servers at most.")]
    TooManyServers(usize),
    /// This computer's own broker cannot run.
    #[error("{0}")]
    OwnBroker(String),
    /// The settings could not be written.
    #[error("The settings could not be saved: {0}")]
    Storage(String),
    /// The address is hidden from everybody, which could not be written: it holds until Kith ends.
    #[error("The address is hidden until Kith ends; that could not be saved: {0}")]
    HiddenForNow(String),
    /// Kith is shutting down.
    #[error("Kith is shutting down.")]
    Ended,
}

/// A wish to the host, and where its answer goes.
#[derive(Debug)]
pub struct Order {
    /// What was chosen.
    pub choice: Choice,
    /// Told when it is on disk and in effect.
    pub answer: oneshot::Sender<Result<(), SettingsError>>,
}

/// The settings as they are, and a way to change them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Control {
    settings: watch::Receiver<Settings>,
    orders: mpsc::Sender<Order>,
    fixed: Arc<[String]>,
    place: Arc<Place>,
    pretended: Option<Arc<Report>>,
}

impl Control {
    /// A control and the host's end of it. `fixed` are the brokers of the command line: when there are any, they hold
    /// whatever the settings say.
    #[must_use]
    pub fn new(settings: Settings, fixed: Vec<String>) -> (Self, watch::Sender<Settings>, mpsc::Receiver<Order>) {
        let (told, settings) = watch::channel(settings);
        let (orders, asked) = mpsc::channel(ORDERS_MAX);
        (Self { settings, orders, fixed: fixed.into(), place: Arc::default(), pretended: None }, told, asked)
    }

    /// The settings now.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.settings.borrow().clone()
    }

    /// Waits for other settings than were seen last.
    ///
    /// # Errors
    /// [`SettingsError::Ended`] when the host is gone.
    pub async fn changed(&mut self) -> Result<Settings, SettingsError> {
        self.settings.changed().await.map_err(|_| SettingsError::Ended)?;
        Ok(self.settings.borrow_and_update().clone())
    }

    /// Brokers that the command line named: they hold, whatever the settings say.
    #[must_use]
    pub fn fixed_brokers(&self) -> &[String] {
        &self.fixed
    }

    /// The same for a Kith that the command line put there.
    #[must_use]
    pub fn with_place(self, place: Place) -> Self {
        Self { place: Arc::new(place), ..self }
    }

    /// The same, whose checkups find this and ask nobody: for windows that are only shown.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub fn pretending(self, report: Report) -> Self {
        Self { pretended: Some(Arc::new(report)), ..self }
    }

    pub(super) fn pretended(&self) -> Option<&Report> {
        self.pretended.as_deref()
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// Whether the command line says which ICE servers are asked: then that holds, whatever the settings say.
    #[must_use]
    pub fn is_ice_fixed(&self) -> bool {
        self.place.is_ice_fixed()
    }

    /// Changes one setting: returns when it is on disk and in effect.
    ///
    /// # Errors
    /// Why nothing was changed; with [`SettingsError::HiddenForNow`] it was, and will not last.
    pub async fn change(&self, choice: Choice) -> Result<(), SettingsError> {
        let (answer, done) = oneshot::channel();
        self.orders.send(Order { choice, answer }).await.map_err(|_| SettingsError::Ended)?;
        done.await.map_err(|_| SettingsError::Ended)?
    }
}
