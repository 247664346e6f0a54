//! Where this person's data is and where they can be reached, and what follows from both: which brokers. Pure.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::{BROKERS_MAX, ICE_SERVER_BYTES_MAX, ICE_SERVERS_MAX, Ice, PUBLIC_BROKERS, Reach, Settings, SettingsError};
use crate::link::IceServer;
use crate::wire::broker_url::{BrokerUrl, without_login};

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
    /// ICE servers (`stun:` and `turn:` URLs). With any, those of the settings do not count.
    pub ice: Vec<String>,
    /// Ask none of [`DEFAULT_ICE`], whatever the settings say.
    pub no_default_ice: bool,
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

    /// Whether the settings cannot change the ICE servers.
    pub(super) fn is_ice_fixed(&self) -> bool {
        self.no_default_ice || !self.ice.is_empty()
    }

    /// The ICE servers, the person's own first.
    pub(super) fn ice(&self, settings: &Ice) -> Vec<String> {
        if self.is_ice_fixed() {
            return addresses(&Ice { public: !self.no_default_ice, servers: self.ice.clone() });
        }
        addresses(settings)
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

/// All servers of a choice.
pub(super) fn addresses(ice: &Ice) -> Vec<String> {
    let public = DEFAULT_ICE.into_iter().filter(|_| ice.public).map(str::to_owned);
    ice.servers.iter().cloned().chain(public).collect()
}

/// Whether these settings can be in effect.
pub(super) fn check(settings: &Settings) -> Result<(), SettingsError> {
    check_ice(&settings.ice)?;
    let Some(Reach::Brokers(brokers)) = &settings.reach else { return Ok(()) };
    let refused = |url: &str, why: String| SettingsError::Broker(without_login(url), why);
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

fn check_ice(ice: &Ice) -> Result<(), SettingsError> {
    if ice.servers.len() > ICE_SERVERS_MAX {
        return Err(SettingsError::TooManyServers(ICE_SERVERS_MAX));
    }
    for (index, url) in ice.servers.iter().enumerate() {
        let known = url.len() <= ICE_SERVER_BYTES_MAX && url.parse::<IceServer>().is_ok();
        if !known {
            return Err(SettingsError::Server(without_login(url)));
        }
        if ice.servers.iter().take(index).any(|other| other == url) {
            return Err(SettingsError::ServerTwice(without_login(url)));
        }
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
        let refused = check(&named(&["mqtt://alice:secret@b:0"])).unwrap_err().to_string();
        assert!(refused.contains("mqtt:…@b:0") && !refused.contains("secret"), "{refused}");
    }

    fn helped(servers: &[&str]) -> Settings {
        let servers = servers.iter().map(ToString::to_string).collect();
        Settings { ice: Ice { public: true, servers }, ..Settings::default() }
    }

    /// The servers of the command line win over those of the settings; the public ones are asked unless somebody says no.
    #[test]
    fn servers_of_the_command_line_win() {
        let chosen = helped(&["stun:mine"]).ice;
        let quiet = Place::default();
        assert_eq!(quiet.ice(&chosen), ["stun:mine", DEFAULT_ICE[0], DEFAULT_ICE[1]]);
        assert_eq!(quiet.ice(&Ice { public: false, ..chosen.clone() }), ["stun:mine"]);
        let told = Place { ice: vec!["stun:told".to_owned()], ..Place::default() };
        assert_eq!(told.ice(&chosen), ["stun:told", DEFAULT_ICE[0], DEFAULT_ICE[1]]);
        let none = Place { no_default_ice: true, ..Place::default() };
        assert_eq!(none.ice(&chosen), [""; 0]);
        assert!(told.is_ice_fixed() && none.is_ice_fixed() && !quiet.is_ice_fixed());
    }

    /// A wrong server is named without its password, and one that is there already is not taken twice.
    #[test]
    fn a_wrong_server_is_named_without_its_password() {
        assert_eq!(check(&helped(&["stun:a", "turn:u:p@b:3478", "turn:u:p@[::1]"])), Ok(()));
        for wrong in
            ["a", "http://a", "stun:a:port", "stun:", "turn:b", "turns:u:p@b", "turn:user:hush@b:0", "stun:a b"]
        {
            let refused = check(&helped(&["stun:a", wrong])).unwrap_err();
            assert!(matches!(refused, SettingsError::Server(_)), "{wrong}");
            assert!(!refused.to_string().contains("hush"), "{refused}");
        }
        assert!(matches!(check(&helped(&["stun:a", "stun:a"])), Err(SettingsError::ServerTwice(_))));
        let many: Vec<String> = (0..=ICE_SERVERS_MAX).map(|number| format!("stun:a{number}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(check(&helped(&many)), Err(SettingsError::TooManyServers(ICE_SERVERS_MAX)));
        assert_eq!(check(&helped(&DEFAULT_ICE)), Ok(()));
    }

    /// What is built in would be taken by the check.
    #[test]
    fn the_public_brokers_are_brokers() {
        assert_eq!(check(&named(PUBLIC_BROKERS)), Ok(()));
    }
}
