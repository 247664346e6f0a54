//! What is well, or only worth knowing: one line each.
//!
//! The words are English and for the terminal; the window has the same ones in its language file under [`Fact::code`].

use super::findings::{BrokerFinding, ClockFinding, Findings, Ipv6Finding, Step, UdpFinding};
use super::nat::Behaviour;
use super::words::duration;

/// One line that needs nobody's attention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// A broker does all that it should; how long a message takes.
    BrokerWell(String, String),
    /// This computer's own broker does not run at the moment.
    BrokerIdle(String),
    /// UDP passes.
    UdpPasses,
    /// Nobody could be asked.
    UdpNotChecked,
    /// Where the world sees this device.
    Address(String),
    /// No NAT.
    NatNone,
    /// The same address for everybody.
    NatEasy,
    /// Another address for everybody, and a relay that helps.
    NatStrict,
    /// Too few servers to tell.
    NatUnknown,
    /// Everybody's packets are let in.
    FilterOpen,
    /// Those of whom we wrote to are let in.
    FilterClosed,
    /// No server could tell.
    FilterUnknown,
    /// A relay works; how long it took to get it.
    RelayWell(String, String),
    /// There is none.
    RelayNone,
    /// IPv6 works, from this address.
    Ipv6Works(String),
    /// There is an IPv6 address, and nobody who answers, of one or none.
    Ipv6Unproven,
    /// There is no IPv6.
    Ipv6None,
    /// The clock may be right.
    ClockPlausible,
    /// Nobody tells the time.
    ClockNotChecked,
}

impl Fact {
    /// What these findings have of them, in the order in which they are told.
    #[must_use]
    pub fn of(findings: &Findings) -> Vec<Self> {
        let mut facts: Vec<Self> = findings.brokers.iter().filter_map(broker).collect();
        facts.extend(match findings.udp {
            UdpFinding::Passes => Some(Self::UdpPasses),
            UdpFinding::NotChecked => Some(Self::UdpNotChecked),
            UdpFinding::NoAnswer => None,
        });
        if let Some(public) = findings.nat.public {
            facts.push(Self::Address(public.to_string()));
            facts.extend(match findings.nat.mapping {
                _ if findings.nat.untranslated => Some(Self::NatNone),
                Some(Behaviour::Same) => Some(Self::NatEasy),
                // Without a relay it needs attention, and is said there.
                Some(_) => findings.has_relay().then_some(Self::NatStrict),
                None => Some(Self::NatUnknown),
            });
            facts.push(match findings.nat.filtering {
                Some(Behaviour::Same) => Self::FilterOpen,
                Some(_) => Self::FilterClosed,
                None => Self::FilterUnknown,
            });
        }
        let relays = findings.relays.iter();
        facts.extend(relays.filter_map(|finding| {
            let (_, took) = finding.relay.ok()?;
            Some(Self::RelayWell(finding.server.clone(), duration(took)))
        }));
        if findings.relays.is_empty() {
            facts.push(Self::RelayNone);
        }
        facts.extend(match findings.ipv6 {
            Ipv6Finding::Works(address) => Some(Self::Ipv6Works(address.to_string())),
            Ipv6Finding::Unproven(_) => Some(Self::Ipv6Unproven),
            Ipv6Finding::None => Some(Self::Ipv6None),
            Ipv6Finding::Broken(_) => None,
        });
        facts.extend(match findings.clock {
            ClockFinding::Plausible => Some(Self::ClockPlausible),
            ClockFinding::NotChecked => Some(Self::ClockNotChecked),
            ClockFinding::Impossible => None,
        });
        facts
    }

    /// One of each, for those who must know them all.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let name = || "the server".to_owned();
        let time = || "20 ms".to_owned();
        vec![
            Self::BrokerWell(name(), time()),
            Self::BrokerIdle(name()),
            Self::UdpPasses,
            Self::UdpNotChecked,
            Self::Address(name()),
            Self::NatNone,
            Self::NatEasy,
            Self::NatStrict,
            Self::NatUnknown,
            Self::FilterOpen,
            Self::FilterClosed,
            Self::FilterUnknown,
            Self::RelayWell(name(), time()),
            Self::RelayNone,
            Self::Ipv6Works(name()),
            Self::Ipv6Unproven,
            Self::Ipv6None,
            Self::ClockPlausible,
            Self::ClockNotChecked,
        ]
    }

    /// A name for programs and language files. Never changes its meaning.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::BrokerWell(..) => "broker-well",
            Self::BrokerIdle(_) => "broker-idle",
            Self::UdpPasses => "udp-passes",
            Self::UdpNotChecked => "udp-not-checked",
            Self::Address(_) => "address",
            Self::NatNone => "nat-none",
            Self::NatEasy => "nat-easy",
            Self::NatStrict => "nat-strict",
            Self::NatUnknown => "nat-unknown",
            Self::FilterOpen => "filter-open",
            Self::FilterClosed => "filter-closed",
            Self::FilterUnknown => "filter-unknown",
            Self::RelayWell(..) => "relay-well",
            Self::RelayNone => "relay-none",
            Self::Ipv6Works(_) => "ipv6-works",
            Self::Ipv6Unproven => "ipv6-unproven",
            Self::Ipv6None => "ipv6-none",
            Self::ClockPlausible => "clock-plausible",
            Self::ClockNotChecked => "clock-not-checked",
        }
    }

    /// Whether it says that something works; otherwise it is only worth knowing.
    #[must_use]
    pub fn is_good(&self) -> bool {
        matches!(
            self,
            Self::BrokerWell(..)
                | Self::UdpPasses
                | Self::Address(_)
                | Self::NatNone
                | Self::NatEasy
                | Self::FilterOpen
                | Self::RelayWell(..)
                | Self::Ipv6Works(_)
                | Self::ClockPlausible
        )
    }

    /// The broker, server or address that it is about.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        match self {
            Self::BrokerWell(name, _)
            | Self::BrokerIdle(name)
            | Self::Address(name)
            | Self::RelayWell(name, _)
            | Self::Ipv6Works(name) => Some(name),
            _ => None,
        }
    }

    /// How long it took.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::BrokerWell(_, time) | Self::RelayWell(_, time) => Some(time),
            _ => None,
        }
    }

    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::BrokerWell(name, time) => {
                format!("The meeting point {name} lets you in and delivers. It confirms a message after {time}.")
            }
            Self::BrokerIdle(name) => {
                format!("This computer's own meeting point ({name}) does not run now. It does while a Kith is open.")
            }
            Self::UdpPasses => "UDP passes, which direct links need.".to_owned(),
            Self::UdpNotChecked => "UDP was not checked: it takes a server that answers.".to_owned(),
            Self::Address(address) => format!("Servers see this device at {address}."),
            Self::NatNone => "No router changes your address: direct links work with nearly everybody.".to_owned(),
            Self::NatEasy => {
                "Your router shows one address to everybody: direct links work with most people.".to_owned()
            }
            Self::NatStrict => {
                "Your router shows another address to everybody: direct links come about only with people whose router lets everybody answer, or who have a public address. With all others the relay helps.".to_owned()
            }
            Self::NatUnknown => {
                "How your router treats addresses is not known: it takes two servers that answer.".to_owned()
            }
            Self::FilterOpen => "Packets of everybody are let in.".to_owned(),
            Self::FilterClosed => {
                "Packets are let in only from those to whom this device wrote first. That is usual, and Kith does so."
                    .to_owned()
            }
            Self::FilterUnknown => {
                "Whose packets are let in was not checked: no server here can tell, and few can.".to_owned()
            }
            Self::RelayWell(name, time) => format!("The relay {name} gives you a place, after {time}."),
            Self::RelayNone => {
                "No relay (TURN server) is named. Where no direct way exists, messages go by way of the meeting point."
                    .to_owned()
            }
            Self::Ipv6Works(address) => format!("IPv6 works, from {address}."),
            Self::Ipv6Unproven => {
                "This device has an IPv6 address. Whether packets pass is not known: no server that answers has one too."
                    .to_owned()
            }
            Self::Ipv6None => "There is no IPv6 here. Links use IPv4.".to_owned(),
            Self::ClockPlausible => {
                "The clock may be right: a meeting point's certificate is valid at the time that it shows.".to_owned()
            }
            Self::ClockNotChecked => {
                "The clock was not checked: nobody whom Kith asks tells the time. Kith needs it only to show times."
                    .to_owned()
            }
        }
    }
}

fn broker(finding: &BrokerFinding) -> Option<Fact> {
    match &finding.fault {
        // That is said of it, with what to do.
        None if finding.is_slow() => None,
        None => Some(Fact::BrokerWell(finding.broker.clone(), duration(finding.round_trip.unwrap_or_default()))),
        Some(fault) if finding.own && fault.step == Step::Reach => Some(Fact::BrokerIdle(finding.broker.clone())),
        Some(_) => None,
    }
}
