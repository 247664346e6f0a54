//! What the probes saw: plain values, without a judgement and without a secret.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::nat::Behaviour;

/// Everything that a checkup saw.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// Each broker.
    pub brokers: Vec<BrokerFinding>,
    /// Each server that was asked for our address: STUN servers, and TURN servers too.
    pub stun: Vec<StunFinding>,
    /// Each TURN server, asked for a relay.
    pub relays: Vec<RelayFinding>,
    /// Whether UDP passes at all.
    pub udp: UdpFinding,
    /// What stands between this device and the world, for IPv4.
    pub nat: NatFinding,
    /// Whether there is IPv6.
    pub ipv6: Ipv6Finding,
    /// This device's clock.
    pub clock: ClockFinding,
}

/// The steps of a connection to a broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Its name becomes an address.
    Resolve,
    /// Somebody takes the connection.
    Reach,
    /// TLS: it is whom we mean.
    Secure,
    /// It lets us in.
    Login,
    /// It lets us listen to an inbox.
    Listen,
    /// It takes a message (QoS 1) and confirms it.
    Publish,
    /// It delivers the message.
    Deliver,
}

/// Where a connection to a broker ended, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepFault {
    /// The step that failed.
    pub step: Step,
    /// In words, without a secret.
    pub reason: String,
    /// The broker said no: to user and password (if it was told any), or to listening. Otherwise it said nothing, or nonsense.
    pub refused: bool,
}

/// What one broker did.
#[derive(Clone, Debug, PartialEq)]
pub struct BrokerFinding {
    /// Its address, without user and password.
    pub broker: String,
    /// Whether it is this computer's own one.
    pub own: bool,
    /// What did not work; none when everything did.
    pub fault: Option<StepFault>,
    /// How long until it let us in: name, connection, TLS, login.
    pub connect: Option<Duration>,
    /// From a publish to its confirmation.
    pub round_trip: Option<Duration>,
    /// Whether a certificate of its was checked against its dates, and held.
    pub dated: bool,
}

/// What a server said of our address.
#[derive(Clone, Debug, PartialEq)]
pub struct StunFinding {
    /// Its name, without a login.
    pub server: String,
    /// Whether its name has an address.
    pub resolved: bool,
    /// Where it saw us over IPv4, and how long that took.
    pub ipv4: Option<(SocketAddr, Duration)>,
    /// Where it saw us over IPv6.
    pub ipv6: Option<(SocketAddr, Duration)>,
}

impl StunFinding {
    /// Whether it answered at all.
    #[must_use]
    pub fn answered(&self) -> bool {
        self.ipv4.is_some() || self.ipv6.is_some()
    }
}

/// Why there is no relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelayFault {
    /// Its name has no address.
    NoAddress,
    /// It does not answer.
    Silent,
    /// It does not know user and password, or they have run out.
    Login,
    /// It has no room: for this user, or for anybody.
    Full,
    /// Another refusal, with its number.
    Refused(u16),
    /// It answers, but not as TURN asks.
    Strange,
}

/// What one TURN server did.
#[derive(Clone, Debug, PartialEq)]
pub struct RelayFinding {
    /// Its name, without the login.
    pub server: String,
    /// The relay's address and how long it took to get it, or why there is none.
    pub relay: Result<(SocketAddr, Duration), RelayFault>,
}

/// Whether UDP passes at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UdpFinding {
    /// Nobody could be asked.
    #[default]
    NotChecked,
    /// Somebody answered.
    Passes,
    /// Nobody did, of several.
    NoAnswer,
}

impl UdpFinding {
    /// From whom answered. One server that is silent says nothing of the network.
    #[must_use]
    pub fn of(stun: &[StunFinding], relays: &[RelayFinding]) -> Self {
        let relay = |finding: &RelayFinding| !matches!(finding.relay, Err(RelayFault::Silent | RelayFault::NoAddress));
        if stun.iter().any(StunFinding::answered) || relays.iter().any(relay) {
            return Self::Passes;
        }
        // A relay is asked for our address too, and may be named as both.
        let place = |server: &StunFinding| server.server.split_once(':').map(|(_, place)| place.to_owned());
        let silent: BTreeSet<_> = stun.iter().filter(|server| server.resolved).map(place).collect();
        if silent.len() > 1 { Self::NoAnswer } else { Self::NotChecked }
    }
}

/// What stands between this device and the world, for IPv4.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NatFinding {
    /// This device's address in its own network.
    pub local: Option<IpAddr>,
    /// Where the world sees it; of several answers the first.
    pub public: Option<IpAddr>,
    /// Whether the two are the same, port included.
    pub untranslated: bool,
    /// How outgoing packets get their address; none when too few servers could be asked.
    pub mapping: Option<Behaviour>,
    /// Whose packets are let in; none when no server can tell (it takes one with two addresses).
    pub filtering: Option<Behaviour>,
}

/// Whether there is IPv6.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ipv6Finding {
    /// This device has no address that the world could reach.
    #[default]
    None,
    /// It has one; too few servers could be asked whether packets pass.
    Unproven(IpAddr),
    /// It has one, and the servers that were asked over it did not answer.
    Broken(IpAddr),
    /// Packets pass, from this address.
    Works(IpAddr),
}

impl Ipv6Finding {
    /// From this device's own address, if the world could reach it, from how many servers were asked over IPv6, and from where
    /// one of them saw us.
    #[must_use]
    pub fn of(own: Option<IpAddr>, asked: usize, seen: Option<IpAddr>) -> Self {
        match (own, seen) {
            (_, Some(seen)) => Self::Works(seen),
            (None, None) => Self::None,
            // One server that is silent says nothing of the network, here as over IPv4.
            (Some(own), None) if asked < 2 => Self::Unproven(own),
            (Some(own), None) => Self::Broken(own),
        }
    }
}

/// This device's clock. No broker and no STUN server tells the time, so little can be known of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClockFinding {
    /// Nothing could be compared with it.
    #[default]
    NotChecked,
    /// A broker's certificate is valid at the time that it shows.
    Plausible,
    /// It shows a time before this Kith was made.
    Impossible,
}

/// The first of January 2026, in Unix seconds: Kith is younger.
const KITH_IS_YOUNGER: u64 = 1_767_225_600;

impl ClockFinding {
    /// From the time that it shows, in Unix seconds, and what is known of brokers' certificates.
    #[must_use]
    pub fn of(shows: u64, brokers: &[BrokerFinding]) -> Self {
        if shows < KITH_IS_YOUNGER {
            return Self::Impossible;
        }
        if brokers.iter().any(|broker| broker.dated) { Self::Plausible } else { Self::NotChecked }
    }
}
