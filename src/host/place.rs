//! Where this person's data is and where they can be reached, and what follows from both: which brokers. Pure.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::{BROKERS_MAX, PUBLIC_BROKERS, Reach, Settings, SettingsError};
use crate::wire::broker_url::BrokerUrl;

/// Public STUN servers: they tell a device its own address as the internet sees it, and nothing else passes through them.
pub const DEFAULT_ICE: [&str; 2] = ["stun:stun.l.google.com:19302", "stun:stun.cloudflare.com:3478"];

/// What the command line says. It wins over the settings.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// The data directory; this account's own one when there is none.
    pub data: Option<PathBuf>,
    /// Brokers where this person can be reached.
    pub brokers: Vec<String>,
    /// This computer's own broker serves the local network, whatever the settings say.
    pub lan: bool,
    /// Where this computer's own broker listens, when it is not the usual address.
    pub local_broker: Option<SocketAddr>,
    /// ICE servers (`stun:` and `turn:` URLs).
    pub ice: Vec<String>,
}

/// Who opens a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Front {
    /// A window: nobody can reach a person who has not chosen yet how.
    Window,
    /// A script: without a choice, the Kiths of this computer can.
    Node,
    /// Only to look something up: as a script, but no broker is started; its address is enough.
    Look,
}

/// Which brokers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// None yet.
    Nothing,
    /// This computer's own.
    Own {
        /// Whether it serves the local network.
        lan: bool,
    },
    /// These.
    These(Vec<String>),
}

impl Wanted {
    /// What follows from a choice alone.
    pub(super) fn by(reach: Option<&Reach>) -> Self {
        match reach {
            None => Self::Nothing,
            Some(Reach::ThisComputer) => Self::Own { lan: false },
            Some(Reach::Network) => Self::Own { lan: true },
            Some(Reach::Brokers(brokers)) => Self::These(brokers.clone()),
            Some(Reach::Public) => Self::These(PUBLIC_BROKERS.iter().map(ToString::to_string).collect()),
        }
    }
}

impl Place {
    /// Whether the settings cannot change the brokers.
    pub(super) fn is_fixed(&self) -> bool {
        self.lan || !self.brokers.is_empty()
    }

    pub(super) fn wanted(&self, reach: Option<&Reach>, front: Front) -> Wanted {
        if !self.brokers.is_empty() {
            return Wanted::These(self.brokers.clone());
        }
        if self.lan {
            return Wanted::Own { lan: true };
        }
        match Wanted::by(reach) {
            Wanted::Nothing if front != Front::Window => Wanted::Own { lan: false },
            wanted => wanted,
        }
    }
}

/// Whether these settings can be in effect.
pub(super) fn check(settings: &Settings) -> Result<(), SettingsError> {
    let Some(Reach::Brokers(brokers)) = &settings.reach else { return Ok(()) };
    let refused = |url: &str, why: String| SettingsError::Broker(url.to_owned(), why);
    if brokers.is_empty() {
        return Err(SettingsError::NoBroker);
    }
    if brokers.len() > BROKERS_MAX {
        return Err(SettingsError::TooManyBrokers(BROKERS_MAX));
    }
    for url in brokers {
        BrokerUrl::parse(url).map_err(|error| refused(url, error.to_string()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(brokers: &[&str]) -> Settings {
        let brokers = brokers.iter().map(ToString::to_string).collect();
        Settings { reach: Some(Reach::Brokers(brokers)), ..Settings::default() }
    }

    /// The command line wins over the settings; without either, a window waits for a choice and a script is reached from
    /// this computer.
    #[test]
    fn the_command_line_wins() {
        let brokers = vec!["mqtt://a".to_owned()];
        let told = Place { brokers: brokers.clone(), ..Place::default() };
        let lan = Place { lan: true, ..Place::default() };
        let quiet = Place::default();
        assert_eq!(told.wanted(Some(&Reach::Public), Front::Window), Wanted::These(brokers));
        assert_eq!(lan.wanted(Some(&Reach::ThisComputer), Front::Node), Wanted::Own { lan: true });
        assert_eq!(quiet.wanted(Some(&Reach::Network), Front::Node), Wanted::Own { lan: true });
        assert_eq!(quiet.wanted(None, Front::Node), Wanted::Own { lan: false });
        assert_eq!(quiet.wanted(None, Front::Look), Wanted::Own { lan: false });
        assert_eq!(quiet.wanted(None, Front::Window), Wanted::Nothing);
        assert!(told.is_fixed() && lan.is_fixed() && !quiet.is_fixed());
    }

    /// A list of brokers has at least one, not too many, and each is a broker's address; the error names the culprit.
    #[test]
    fn a_wrong_broker_is_named() {
        assert_eq!(check(&Settings::default()), Ok(()));
        assert_eq!(check(&named(&["mqtt://a", "wss://u:p@b/mqtt"])), Ok(()));
        assert_eq!(check(&named(&[])), Err(SettingsError::NoBroker));
        let many = check(&named(&["mqtt://a"; BROKERS_MAX + 1]));
        assert_eq!(many, Err(SettingsError::TooManyBrokers(BROKERS_MAX)));
        assert!(check(&named(&["mqtt://a", "http://b"])).unwrap_err().to_string().contains("http://b"));
    }

    /// What is built in would be taken by the check.
    #[test]
    fn the_public_brokers_are_brokers() {
        assert_eq!(check(&named(PUBLIC_BROKERS)), Ok(()));
    }
}
