//! What a checkup has to ask, from the command line and the settings on disk. It only reads: another Kith may run there.

use thiserror::Error;
use tokio::task::JoinError;
use tokio_util::task::AbortOnDropHandle;

use super::place::Wanted;
use super::settings_file::SettingsFile;
use super::{Control, Front, LocalBroker, LocalBrokerError, Place, Settings};
use crate::doctor::probe::examine;
use crate::doctor::{BrokerToCheck, Checkup, Report};
use crate::link::ice::{IceServer, IceServerError};
use crate::platform::default_data_dir;
use crate::wire::broker_url::{BrokerUrl, without_login};

/// Why nothing can be checked.
#[derive(Debug, Error)]
pub enum CheckupError {
    /// The system names no home, and the command line no data directory.
    #[error("there is no home directory: give one with --data")]
    NoHome,
    /// The settings cannot be read.
    #[error("the settings cannot be read: {0}. Kith would put them aside and begin with the usual ones")]
    Settings(String),
    /// An address is no broker's; it is named without a login.
    #[error("“{0}” is no broker's address: {1}")]
    Broker(String, String),
    /// An address is no ICE server's; it is named without a login.
    #[error("“{0}” is {1}")]
    Server(String, String),
    /// Kith is shutting down.
    #[error("Kith is shutting down")]
    Ended,
    /// The checkup has panicked.
    #[error("the checkup itself has failed. That is a fault of Kith: please report it")]
    Broken,
    /// This build has no broker of its own, and no other is named.
    #[error(transparent)]
    OwnBroker(#[from] LocalBrokerError),
}

/// What `kith node` would use at this place.
///
/// # Errors
/// When the settings cannot be read, or an address of the command line is none.
pub fn checkup(place: &Place) -> Result<Checkup, CheckupError> {
    let data = place.data.clone().or_else(default_data_dir).ok_or(CheckupError::NoHome)?;
    let settings = SettingsFile::of(&data).look().map_err(CheckupError::Settings)?;
    // Nobody may be there to run it.
    of(place, &settings, Front::Look, true)
}

impl Control {
    /// What a checkup of the running Kith has to ask.
    ///
    /// # Errors
    /// Never with what a running Kith uses.
    pub fn checkup(&self) -> Result<Checkup, CheckupError> {
        of(self.place(), &self.settings(), Front::Window, false)
    }

    /// Checks everything of the running Kith. It runs beside whoever asks, and ends when they stop waiting.
    ///
    /// # Errors
    /// As [`Control::checkup`].
    pub async fn examine(&self) -> Result<Report, CheckupError> {
        if let Some(report) = self.pretended() {
            return Ok(report.clone());
        }
        let checkup = self.checkup()?;
        let examined = AbortOnDropHandle::new(tokio::spawn(async move { examine(&checkup).await }));
        examined.await.map_err(|error| why_ended(&error))
    }
}

fn why_ended(error: &JoinError) -> CheckupError {
    if error.is_panic() { CheckupError::Broken } else { CheckupError::Ended }
}

fn of(place: &Place, settings: &Settings, front: Front, own: bool) -> Result<Checkup, CheckupError> {
    let brokers = match place.wanted(settings.reach.as_ref(), front) {
        Wanted::Nothing => vec![],
        Wanted::These(brokers) => brokers.iter().map(|url| broker(url)).collect::<Result<_, _>>()?,
        Wanted::Own { lan } => vec![BrokerToCheck { url: LocalBroker::url_of(place.local_broker, lan)?, own }],
    };
    let servers = place.ice(&settings.ice).iter().map(|url| server(url)).collect::<Result<_, _>>()?;
    Ok(Checkup { brokers, servers })
}

fn broker(url: &str) -> Result<BrokerToCheck, CheckupError> {
    match BrokerUrl::parse(url) {
        Ok(url) => Ok(BrokerToCheck { url, own: false }),
        Err(error) => Err(CheckupError::Broker(without_login(url), error.to_string())),
    }
}

fn server(url: &str) -> Result<IceServer, CheckupError> {
    url.parse().map_err(|error: IceServerError| CheckupError::Server(without_login(url), error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A fault of Kith is not told as its end.
    #[tokio::test]
    async fn a_fault_is_no_end() {
        let broken = tokio::spawn(async { panic!("a fault") }).await.map(|never: ()| never).unwrap_err();
        assert!(matches!(why_ended(&broken), CheckupError::Broken));
        let ended = tokio::spawn(std::future::pending::<()>());
        ended.abort();
        assert!(matches!(why_ended(&ended.await.unwrap_err()), CheckupError::Ended));
    }
}
