//! In the place of this computer's own broker, in a build that has none: nothing can be started, and it says so.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::wire::broker_url::BrokerUrl;

/// There is no value of it.
#[derive(Debug)]
pub enum LocalBroker {}

/// Why there is no broker of this computer's own.
#[derive(Debug, thiserror::Error)]
pub enum LocalBrokerError {
    /// This build has none.
    #[error(
        "This Kith has no broker of its own. A broker introduces people to each other and keeps sealed mail while they \
         are away.\nRun one (Mosquitto, for example) and name it:  --broker mqtt://host:1883"
    )]
    Absent,
}

impl LocalBrokerError {
    /// The same for somebody who looks at a window.
    #[must_use]
    pub fn for_a_person(&self) -> String {
        "This Kith has no broker of its own. Choose another way to be reached.".to_owned()
    }
}

impl LocalBroker {
    /// Cannot be started.
    ///
    /// # Errors
    /// Always.
    pub async fn start(_: Option<SocketAddr>, _: bool, _: Option<PathBuf>) -> Result<Self, LocalBrokerError> {
        Err(LocalBrokerError::Absent)
    }

    /// Has no URL.
    ///
    /// # Errors
    /// Always.
    pub fn url_of(_: Option<SocketAddr>, _: bool) -> Result<BrokerUrl, LocalBrokerError> {
        Err(LocalBrokerError::Absent)
    }

    /// Never called.
    #[must_use]
    pub fn url(&self) -> BrokerUrl {
        match *self {}
    }

    /// Never called.
    pub async fn shutdown(self) {
        match self {}
    }
}
