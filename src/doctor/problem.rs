//! What can be wrong, and the words for it: what happened, what it means, what to do.
//!
//! The words are English and for the terminal; the window has the same ones in its language file under [`Problem::code`].

/// One thing that needs somebody's attention.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Problem {
    /// No broker is named.
    NoBroker,
    /// Nobody outside this computer answers.
    NoNetwork,
    /// The address of a broker or server was not found in time.
    NameLate(String),
    /// A broker's name has no address.
    BrokerUnknown(String),
    /// Nobody takes a connection at a broker's address; why.
    BrokerUnreachable(String, String),
    /// A broker's address is reached, and it is not secure, or not whom we mean; why.
    BrokerNotSecure(String, String),
    /// A broker refuses user name and password.
    BrokerLogin(String),
    /// A broker does not let us in; why.
    BrokerRefuses(String, String),
    /// A broker does not let us listen.
    BrokerDeaf(String),
    /// A broker does not confirm what it is given.
    BrokerMute(String),
    /// A broker confirms and does not deliver.
    BrokerLoses(String),
    /// A broker does not deliver large messages; why.
    BrokerSmall(String, String),
    /// A broker takes long; how long.
    BrokerSlow(String, String),
    /// A STUN server's name has no address.
    StunUnknown(String),
    /// A STUN server does not answer.
    StunSilent(String),
    /// No server answers over UDP; a broker helps.
    UdpBlocked,
    /// No server answers over UDP, and no broker works.
    UdpSilent,
    /// The NAT gives every partner another address, and there is no relay.
    StrictNat,
    /// A TURN server's name has no address.
    RelayUnknown(String),
    /// A TURN server does not answer.
    RelaySilent(String),
    /// A TURN server refuses user name and password.
    RelayLogin(String),
    /// A TURN server refuses what the shared secret says.
    RelaySecret(String),
    /// A TURN server lets everybody in, and Kith cannot use it.
    RelayOpen(String),
    /// A TURN server has no room.
    RelayFull(String),
    /// A TURN server refuses; its number.
    RelayRefuses(String, u16),
    /// What answers is no TURN server.
    RelayStrange(String),
    /// There are IPv6 addresses, and nothing passes.
    Ipv6Broken,
    /// The clock shows a time that cannot be.
    Clock,
}

/// A problem in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// What is the matter.
    pub what: String,
    /// What it means.
    pub means: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

impl Problem {
    /// A name for programs and language files. Never changes its meaning.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoBroker => "no-broker",
            Self::NoNetwork => "no-network",
            Self::NameLate(_) => "name-late",
            Self::BrokerUnknown(_) => "broker-unknown",
            Self::BrokerUnreachable(..) => "broker-unreachable",
            Self::BrokerNotSecure(..) => "broker-not-secure",
            Self::BrokerLogin(_) => "broker-login",
            Self::BrokerRefuses(..) => "broker-refuses",
            Self::BrokerDeaf(_) => "broker-deaf",
            Self::BrokerMute(_) => "broker-mute",
            Self::BrokerLoses(_) => "broker-loses",
            Self::BrokerSmall(..) => "broker-small",
            Self::BrokerSlow(..) => "broker-slow",
            Self::StunUnknown(_) => "stun-unknown",
            Self::StunSilent(_) => "stun-silent",
            Self::UdpBlocked => "udp-blocked",
            Self::UdpSilent => "udp-silent",
            Self::StrictNat => "strict-nat",
            Self::RelayUnknown(_) => "relay-unknown",
            Self::RelaySilent(_) => "relay-silent",
            Self::RelayLogin(_) => "relay-login",
            Self::RelaySecret(_) => "relay-secret",
            Self::RelayOpen(_) => "relay-open",
            Self::RelayFull(_) => "relay-full",
            Self::RelayRefuses(..) => "relay-refuses",
            Self::RelayStrange(_) => "relay-strange",
            Self::Ipv6Broken => "ipv6-broken",
            Self::Clock => "clock",
        }
    }

    /// The broker or server that it is about.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        match self {
            Self::NoBroker
            | Self::NoNetwork
            | Self::UdpBlocked
            | Self::UdpSilent
            | Self::StrictNat
            | Self::Ipv6Broken
            | Self::Clock => None,
            Self::NameLate(name)
            | Self::BrokerUnknown(name)
            | Self::BrokerUnreachable(name, _)
            | Self::BrokerNotSecure(name, _)
            | Self::BrokerLogin(name)
            | Self::BrokerRefuses(name, _)
            | Self::BrokerDeaf(name)
            | Self::BrokerMute(name)
            | Self::BrokerLoses(name)
            | Self::BrokerSmall(name, _)
            | Self::BrokerSlow(name, _)
            | Self::StunUnknown(name)
            | Self::StunSilent(name)
            | Self::RelayUnknown(name)
            | Self::RelaySilent(name)
            | Self::RelayLogin(name)
            | Self::RelaySecret(name)
            | Self::RelayOpen(name)
            | Self::RelayFull(name)
            | Self::RelayRefuses(name, _)
            | Self::RelayStrange(name) => Some(name),
        }
    }

    /// What else is known: a reason in words, a time, a number.
    #[must_use]
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::BrokerUnreachable(_, reason)
            | Self::BrokerNotSecure(_, reason)
            | Self::BrokerRefuses(_, reason)
            | Self::BrokerSmall(_, reason) => Some(reason.clone()),
            Self::BrokerSlow(_, time) => Some(time.clone()),
            Self::RelayRefuses(_, number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// One of each, for those who must know them all.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let name = || "the server".to_owned();
        let reason = || "a reason".to_owned();
        vec![
            Self::NoBroker,
            Self::NoNetwork,
            Self::NameLate(name()),
            Self::BrokerUnknown(name()),
            Self::BrokerUnreachable(name(), reason()),
            Self::BrokerNotSecure(name(), reason()),
            Self::BrokerLogin(name()),
            Self::BrokerRefuses(name(), reason()),
            Self::BrokerDeaf(name()),
            Self::BrokerMute(name()),
            Self::BrokerLoses(name()),
            Self::BrokerSmall(name(), reason()),
            Self::BrokerSlow(name(), reason()),
            Self::StunUnknown(name()),
            Self::StunSilent(name()),
            Self::UdpBlocked,
            Self::UdpSilent,
            Self::StrictNat,
            Self::RelayUnknown(name()),
            Self::RelaySilent(name()),
            Self::RelayLogin(name()),
            Self::RelaySecret(name()),
            Self::RelayOpen(name()),
            Self::RelayFull(name()),
            Self::RelayRefuses(name(), 403),
            Self::RelayStrange(name()),
            Self::Ipv6Broken,
            Self::Clock,
        ]
    }

    /// In words.
    #[must_use]
    pub fn words(&self) -> Words {
        let (what, means, remedy) = match self {
            Self::NoBroker => (
                "There is no meeting point.".to_owned(),
                "A meeting point is where others find you. Without one nobody can reach you, and you reach nobody.",
                "Choose in Settings under “Meeting points” how others can reach you.",
            ),
            Self::NoNetwork => (
                "Nobody outside this computer answers: no meeting point, and no server that helps to find a way."
                    .to_owned(),
                "This device seems to have no way to the internet at the moment. Nobody there can reach you. Messages wait, and go when it is back.",
                "Check whether other programs reach the internet; in a hotel or café open any web page, perhaps it wants you to sign in. If they do, this network does not let Kith through: try another one.",
            ),
            Self::NameLate(name) => (
                format!("The address of {name} was not found in time."),
                "The network's directory of names (DNS) gave no answer. Whether the name is right is not known.",
                "Check again. If it stays so, start the router anew, or try another network.",
            ),
            Self::BrokerUnknown(name) => (
                format!("The meeting point {name} is not found: its name has no address."),
                "Nobody can reach you there. The name is misspelled, or gone, or this device has no network at the moment.",
                "Check the name, and whether other programs reach the internet.",
            ),
            Self::BrokerUnreachable(name, reason) => (
                format!("The meeting point {name} is not reached: {reason}."),
                "Nobody can reach you there. It may be down, its port wrong, or a firewall in between.",
                "Check address and port. Try another network; if it works there, this one blocks the port: one with wss:// at port 443 passes almost everywhere.",
            ),
            Self::BrokerNotSecure(name, reason) => (
                format!("The meeting point {name} is reached, but not securely: {reason}."),
                "Kith does not use it: somebody else might be listening there.",
                "Ask whoever runs it for its right address. Check this device's date and time, too.",
            ),
            Self::BrokerLogin(name) => (
                format!("The meeting point {name} refuses your user name and password."),
                "Nobody can reach you there until it lets you in.",
                "Correct them in its address: user:password@ before its name, special characters as %XX.",
            ),
            Self::BrokerRefuses(name, reason) => (
                format!("The meeting point {name} is reached and does not let you in: {reason}."),
                "Nobody can reach you there. What answers may be no MQTT broker, or one that wants a user name, or one that is full.",
                "Check the address, above all the port and, for ws:// and wss://, the path. Ask whoever runs it.",
            ),
            Self::BrokerDeaf(name) => (
                format!("The meeting point {name} does not let you listen."),
                "You can leave messages there for others, and receive none: to it you are a guest.",
                "Put the user name and password that its operator gave you into its address, or choose another meeting point as yours.",
            ),
            Self::BrokerMute(name) => (
                format!("The meeting point {name} lets you in, but does not confirm what it is given."),
                "Messages over it may be lost, so Kith keeps sending them again. It is overloaded or does not work as it should.",
                "Try again later. If it stays so, tell whoever runs it, and choose another.",
            ),
            Self::BrokerLoses(name) => (
                format!("The meeting point {name} confirms messages and does not deliver them."),
                "Others believe you are away while you are there. Its access rules may be wrong.",
                "Tell whoever runs it, and choose another meanwhile.",
            ),
            Self::BrokerSmall(name, reason) => (
                format!("The meeting point {name} delivers small messages and no large ones: {reason}."),
                "Short messages arrive. Long ones, and many at once for somebody who is away, do not arrive over it.",
                "Ask whoever runs it to allow packets of 128 KiB, or choose another.",
            ),
            Self::BrokerSlow(name, time) => (
                format!("The meeting point {name} takes {time} for one message."),
                "Everything works, but it takes long until two devices find each other.",
                "Choose one that is nearer, or try another network.",
            ),
            Self::StunUnknown(name) => (
                format!("The server {name} is not found: its name has no address."),
                "It cannot tell this device its own address in the internet, which direct links need.",
                "Check the name in Settings under “Servers that help to find a way”, and whether other programs reach the internet.",
            ),
            Self::StunSilent(name) => (
                format!("The server {name} does not answer."),
                "It cannot tell this device its own address in the internet. While other servers do, links only take a little longer; without any, direct links often fail.",
                "Remove it if it stays silent, or correct its address.",
            ),
            Self::UdpBlocked => (
                "No server answers over UDP.".to_owned(),
                "This network seems to block it, as those of companies and hotels often do. Direct links need UDP; without it messages go by way of the meeting point: they arrive, only slower.",
                "Nothing must be done. To have direct links, use another network, or ask who runs this one to let UDP through.",
            ),
            Self::UdpSilent => (
                "No server answers over UDP.".to_owned(),
                "Direct links need UDP, and this network seems to block it. Without it messages go by way of a meeting point, and none works at the moment: messages wait.",
                "First see to it that a meeting point works. To have direct links too, use another network, or ask who runs this one to let UDP through.",
            ),
            Self::StrictNat => (
                "This network gives you another address for everybody whom you talk to.".to_owned(),
                "Others cannot use the address that you know of yourself. With most people no direct link comes about: only with those whose router lets everybody answer, or who have a public address. Messages then go by way of the meeting point: they arrive, only slower.",
                "Add a TURN server in Settings under “Servers that help to find a way”; some routers can also be set to “full cone”.",
            ),
            Self::RelayUnknown(name) => (
                format!("The relay {name} is not found: its name has no address."),
                "Where no direct way exists there is no relay to help; messages go by way of the meeting point.",
                "Check its name in Settings under “Servers that help to find a way”.",
            ),
            Self::RelaySilent(name) => (
                format!("The relay {name} does not answer."),
                "Where no direct way exists there is no relay to help; messages go by way of the meeting point.",
                "Check address and port (3478 is usual), and whether its firewall lets UDP in.",
            ),
            Self::RelayLogin(name) => (
                format!("The relay {name} refuses your user name and password."),
                "Where no direct way exists there is no relay to help. Passwords of relays often run out after some days.",
                "Ask whoever runs it for new ones, and put them into its address: turn:user:password@host:port.",
            ),
            Self::RelaySecret(name) => (
                format!("The relay {name} refuses what the secret in its address says."),
                "The secret is wrong, or this device's clock is: of both Kith makes a password that holds for a day. Where no direct way exists there is no relay to help.",
                "Check date and time of this device. Ask whoever runs the relay for its secret, and put it into its address: turn:secret@host:port.",
            ),
            Self::RelayOpen(name) => (
                format!("The relay {name} gives relays to everybody, and Kith cannot use it."),
                "Kith logs in at a relay, and this one asks for no user name and no password. Where no direct way exists there is no relay to help.",
                "Ask whoever runs it to demand a login. As it is, anybody can send through it, and many networks soon block such ones.",
            ),
            Self::RelayFull(name) => (
                format!("The relay {name} has no room for you."),
                "It lets each user have only so many links, or is full. Where no direct way exists there is no relay to help.",
                "Try again later, or ask whoever runs it for more room.",
            ),
            Self::RelayRefuses(name, number) => (
                format!("The relay {name} refuses with error {number}."),
                "Where no direct way exists there is no relay to help; messages go by way of the meeting point.",
                "Tell whoever runs it that number.",
            ),
            Self::RelayStrange(name) => (
                format!("What answers as {name} is no relay."),
                "It may be a STUN server only: it tells addresses, and passes nothing on.",
                "Name it with stun: instead of turn:, or correct its address.",
            ),
            Self::Ipv6Broken => (
                "This device has an IPv6 address, but nothing comes back over IPv6.".to_owned(),
                "Links over IPv4 are not touched. Some take a little longer, because IPv6 is tried in vain.",
                "Start the router anew. If it stays so, tell who runs this network.",
            ),
            Self::Clock => (
                "This device's clock shows a time in the past.".to_owned(),
                "Secure connections are refused, because every certificate seems to be from the future, and your messages bear wrong times.",
                "Set date and time, best by themselves over the network.",
            ),
        };
        Words { what, means, remedy }
    }
}
