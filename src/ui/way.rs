//! How a message to somebody would travel now, in words: short ones for a phone's head line, longer ones for a list.

use crate::coordinator::{ContactView, NoLink, Path};
use crate::host::{Reach, Settings};
use crate::wire::broker_url::{self, BrokerUrl, Host};

/// Keys of the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// At most 30 letters, in English: a phone's head line has no room for more.
    pub short: &'static str,
    /// With the reason.
    pub long: &'static str,
    /// Whether a link is open.
    pub linked: bool,
}

/// The way to somebody.
pub fn way_to(contact: &ContactView) -> Way {
    let (short, long, linked) = match (contact.path, contact.reason) {
        (Path::Direct, _) => ("path-direct", "connection-path-direct", true),
        (Path::Relay, _) => ("path-relay", "connection-path-relay", true),
        (_, Some(NoLink::NoSharedBroker)) => ("path-apart", "connection-path-apart", false),
        (Path::Mail, Some(NoLink::AddressHidden)) => ("path-hidden", "connection-path-hidden", false),
        (Path::Mail, Some(NoLink::RelayFails)) => ("path-relay-fails", "connection-path-relay-fails", false),
        (Path::Mail, Some(NoLink::TheyTakeNone)) => ("path-they-hide", "connection-path-they-hide", false),
        (Path::Mail, None) => ("path-mail", "connection-path-mail", false),
        (Path::None, _) => ("path-none", "connection-path-none", false),
    };
    Way { short, long, linked }
}

/// Whether the own card tells contacts an address of this device or of its network: it names the brokers where this person is
/// met. `own` are those in use. What a name stands for is not known here.
pub fn card_tells(settings: &Settings, own: impl IntoIterator<Item = String>) -> bool {
    settings.reach == Some(Reach::Network)
        || own.into_iter().any(|url| BrokerUrl::parse(&url).is_ok_and(|url| is_in_our_network(&url)))
}

/// Whether a broker is in the same network, by its address.
fn is_in_our_network(url: &BrokerUrl) -> bool {
    match url.host() {
        _ if url.is_loopback() => false,
        Host::Name(name) => name.ends_with(".local") || !name.contains('.'),
        Host::V4(address) => broker_url::is_near((*address).into()),
        Host::V6(address) => broker_url::is_near((*address).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::words::Words;

    /// A card that names an address in the own network tells where this device is; one that names a broker elsewhere does not, nor
    /// one that means another computer everywhere.
    #[test]
    fn a_card_tells_where_a_near_broker_is() {
        let settings = Settings::default();
        let tells = |url: &str| card_tells(&settings, [url.to_owned()]);
        for near in
            ["mqtt://192.168.1.4:1883", "mqtt://[fd00::1]", "mqtt://[fe80::1]", "mqtt://nas", "mqtt://nas.local"]
        {
            assert!(tells(near), "{near}");
        }
        for far in ["mqtt://127.0.0.1:1883", "mqtt://localhost", "mqtts://broker.example", "mqtt://198.51.100.7"] {
            assert!(!tells(far), "{far}");
        }
        assert!(card_tells(&Settings { reach: Some(Reach::Network), ..settings }, []));
    }

    /// What stands in the head line fits on a phone.
    #[test]
    fn the_short_words_fit_on_a_phone() {
        let words = Words::default();
        for key in ["path-hidden", "path-relay-fails", "path-they-hide", "path-apart"] {
            let text = words.say(key);
            assert!(text.chars().count() <= 30 && text != key, "{text}");
        }
    }
}
