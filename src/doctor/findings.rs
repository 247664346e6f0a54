//! What the probes saw: plain values, without a judgement and without a secret.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::nat::Behaviour;

/// A confirmation that takes longer is felt: a first connection needs a handful of messages.
const SLOW: Duration = Duration::from_millis(1_500);

/// Everything that a checkup saw.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// Each broker.
    pub brokers: Vec<BrokerFinding>,
    /// Each server that was asked for our address: STUN servers, and TURN servers too.
    pub stun: Vec<StunFinding>,
    /// Each TURN server, asked for a relay.
    pub relays: Vec<RelayFinding>,
    /// Whether anything outside this device answers.
    pub network: NetworkFinding,
    /// Whether UDP passes at all.
    pub udp: UdpFinding,
    /// What stands between this device and the world, for IPv4.
    pub nat: NatFinding,
    /// Whether there is IPv6.
    pub ipv6: Ipv6Finding,
    /// This device's clock.
    pub clock: ClockFinding,
}

impl Findings {
    /// Whether others cannot use the address that a server tells: the NAT gives each partner another one.
    #[must_use]
    pub fn is_strict(&self) -> bool {
        !self.nat.untranslated && self.nat.mapping.is_some_and(|mapping| mapping != Behaviour::Same)
    }

    /// Whether a relay works.
    #[must_use]
    pub fn has_relay(&self) -> bool {
        self.relays.iter().any(|relay| relay.relay.is_ok())
    }
}

/// What became of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// It has an address, or is one.
    Found,
    /// It has none, as whoever keeps names says; without a network some systems say so too.
    Unknown,
    /// Nobody said anything in time.
    Late,
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
    /// It does the same with a message of the largest size.
    Large,
}

/// Where a connection to a broker ended, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepFault {
    /// The step that failed.
    pub step: Step,
    /// In words, without a secret.
    pub reason: String,
    /// Somebody answered, and said no: whoever keeps names that there is no such one, the computer that it takes no connection
    /// there, the broker to user and password (if it was told any) or to listening. Otherwise there was no answer, or nonsense.
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
    /// From a small publish to its confirmation.
    pub round_trip: Option<Duration>,
    /// Whether a certificate of its was checked against its dates, and held.
    pub dated: bool,
}

impl BrokerFinding {
    /// Whether it does all that it should, and takes too long for it.
    #[must_use]
    pub fn is_slow(&self) -> bool {
        self.fault.is_none() && self.round_trip.is_some_and(|took| took > SLOW)
    }

    /// Whether anybody answered at its address.
    fn is_heard(&self) -> bool {
        let heard = |fault: &StepFault| fault.step > Step::Reach || (fault.step == Step::Reach && fault.refused);
        self.fault.as_ref().is_none_or(heard)
    }

    fn has_no_address(&self) -> bool {
        self.fault.as_ref().is_some_and(|fault| fault.step == Step::Resolve)
    }
}

/// What a server said of our address.
#[derive(Clone, Debug, PartialEq)]
pub struct StunFinding {
    /// Its name, without a login.
    pub server: String,
    /// What became of its name.
    pub name: Name,
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

    /// A relay is asked for our address too, and may be named as both.
    fn place(&self) -> &str {
        self.server.split_once(':').map_or(self.server.as_str(), |(_, place)| place)
    }
}

/// Why there is no relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelayFault {
    /// Its name has no address.
    NoAddress,
    /// Its address was not found in time.
    Late,
    /// It does not answer.
    Silent,
    /// It does not know user and password, or they have run out.
    Login,
    /// It does not take what this device made of the secret and its clock.
    Secret,
    /// It gives relays to everybody, and says nothing that a login needs: the WebRTC library gives up there.
    Open,
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

impl RelayFinding {
    /// Whether it answered at all.
    #[must_use]
    pub fn answered(&self) -> bool {
        !matches!(self.relay, Err(RelayFault::Silent | RelayFault::NoAddress | RelayFault::Late))
    }
}

/// Whether anything outside this device answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NetworkFinding {
    /// Too little was asked to tell.
    #[default]
    NotChecked,
    /// Somebody does.
    Answers,
    /// Nobody does, of all that were asked.
    Silent,
}

impl NetworkFinding {
    /// From whether the system knows a way out, and from whom was asked. This computer's own broker says nothing of the network.
    #[must_use]
    pub fn of(way_out: bool, brokers: &[BrokerFinding], stun: &[StunFinding], relays: &[RelayFinding]) -> Self {
        let brokers = || brokers.iter().filter(|broker| !broker.own);
        let heard = brokers().any(BrokerFinding::is_heard)
            || stun.iter().any(StunFinding::answered)
            || relays.iter().any(RelayFinding::answered);
        if heard {
            return Self::Answers;
        }
        let servers: BTreeSet<_> = stun.iter().map(StunFinding::place).collect();
        // Where servers' names are found and a broker's is not, the broker's may be misspelled: that is another matter.
        let names =
            stun.iter().any(|server| server.name == Name::Found) && brokers().any(BrokerFinding::has_no_address);
        match brokers().count() + servers.len() {
            0 => Self::NotChecked,
            _ if !way_out => Self::Silent,
            1 => Self::NotChecked,
            _ if names => Self::NotChecked,
            _ => Self::Silent,
        }
    }
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
        if stun.iter().any(StunFinding::answered) || relays.iter().any(RelayFinding::answered) {
            return Self::Passes;
        }
        let silent: BTreeSet<_> =
            stun.iter().filter(|server| server.name == Name::Found).map(StunFinding::place).collect();
        if silent.len() > 1 { Self::NoAnswer } else { Self::NotChecked }
    }
}

/// What stands between this device and the world, for IPv4.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NatFinding {
    /// This device's address in its own network.
    pub local: Option<IpAddr>,
    /// Where the world sees it; of several answers the first. Servers in this device's own network count only without others.
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
    /// It has one; whether packets pass is not known: no server that answers could be asked over it.
    Unproven(IpAddr),
    /// It has one, and servers that answer over IPv4 are silent over it.
    Broken(IpAddr),
    /// Packets pass, from this address.
    Works(IpAddr),
}

impl Ipv6Finding {
    /// From this device's own address, if the world could reach it, from how many servers that answer over IPv4 were silent over
    /// IPv6, and from where one saw us. A server that is silent over both may be down, or UDP blocked: that says nothing of IPv6.
    #[must_use]
    pub fn of(own: Option<IpAddr>, silent: usize, seen: Option<IpAddr>) -> Self {
        match (own, seen) {
            (_, Some(seen)) => Self::Works(seen),
            (None, None) => Self::None,
            (Some(own), None) if silent == 0 => Self::Unproven(own),
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
