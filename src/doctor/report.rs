//! A checkup's result, for people and for programs. `docs/doctor.md` describes the JSON form: it only grows.

use std::fmt::{self, Display};
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};

use super::findings::{
    BrokerFinding, ClockFinding, Findings, Ipv6Finding, Name, NatFinding, NetworkFinding, RelayFault, RelayFinding,
    Step, StunFinding, UdpFinding,
};
use super::nat::Behaviour;
use super::{Fact, Problem, judge};

/// A checkup's result. `Display` writes it for people.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// What was seen.
    pub findings: Findings,
    /// What needs attention, the most important first.
    pub problems: Vec<Problem>,
    /// What is well, or only worth knowing.
    pub facts: Vec<Fact>,
}

impl Report {
    /// The result of what was seen.
    #[must_use]
    pub fn of(findings: Findings) -> Self {
        Self { problems: judge(&findings), facts: Fact::of(&findings), findings }
    }

    /// Whether nothing needs attention.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.problems.is_empty()
    }

    /// For programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let Findings { brokers, stun, relays, network, udp, nat, ipv6, clock } = &self.findings;
        json!({
            "ok": self.is_well(),
            "problems": self.problems.iter().map(problem).collect::<Vec<_>>(),
            "brokers": brokers.iter().map(broker).collect::<Vec<_>>(),
            "stun": stun.iter().map(server).collect::<Vec<_>>(),
            "turn": relays.iter().map(relay).collect::<Vec<_>>(),
            "network": match network {
                NetworkFinding::NotChecked => "notChecked",
                NetworkFinding::Answers => "answers",
                NetworkFinding::Silent => "noAnswer",
            },
            "udp": match udp {
                UdpFinding::NotChecked => "notChecked",
                UdpFinding::Passes => "passes",
                UdpFinding::NoAnswer => "noAnswer",
            },
            "nat": nat_json(nat),
            "ipv6": ipv6_json(*ipv6),
            "clock": match clock {
                ClockFinding::NotChecked => "notChecked",
                ClockFinding::Plausible => "plausible",
                ClockFinding::Impossible => "impossible",
            },
        })
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.problems {
            let words = problem.words();
            writeln!(f, "! {}\n  What it means: {}\n  What to do: {}\n", words.what, words.means, words.remedy)?;
        }
        for fact in &self.facts {
            writeln!(f, "{} {}", if fact.is_good() { '✓' } else { '·' }, fact.words())?;
        }
        match self.problems.len() {
            0 => writeln!(f, "\nAll is well."),
            1 => writeln!(f, "\nOne thing needs attention: it stands first, behind the “!”."),
            number => writeln!(f, "\n{number} things need attention: they stand first, behind a “!”."),
        }
    }
}

fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}

fn problem(problem: &Problem) -> Value {
    let words = problem.words();
    json!({
        "code": problem.code(),
        "subject": problem.subject(),
        "what": words.what,
        "means": words.means,
        "remedy": words.remedy,
    })
}

fn broker(finding: &BrokerFinding) -> Value {
    json!({
        "broker": finding.broker,
        "own": finding.own,
        "ok": finding.fault.is_none(),
        "failedAt": finding.fault.as_ref().map(|fault| step(fault.step)),
        "reason": finding.fault.as_ref().map(|fault| &fault.reason),
        "connectMs": finding.connect.map(millis),
        "roundTripMs": finding.round_trip.map(millis),
    })
}

fn step(step: Step) -> &'static str {
    match step {
        Step::Resolve => "resolve",
        Step::Reach => "reach",
        Step::Secure => "tls",
        Step::Login => "login",
        Step::Listen => "subscribe",
        Step::Publish => "publish",
        Step::Deliver => "deliver",
        Step::Large => "large",
    }
}

fn server(finding: &StunFinding) -> Value {
    let seen = |seen: Option<(SocketAddr, Duration)>| {
        seen.map(|(address, took)| json!({"address": address.to_string(), "ms": millis(took)}))
    };
    json!({
        "server": finding.server,
        "resolved": finding.name == Name::Found,
        "ipv4": seen(finding.ipv4),
        "ipv6": seen(finding.ipv6),
    })
}

fn relay(finding: &RelayFinding) -> Value {
    let fault = match finding.relay {
        Ok(_) => None,
        Err(RelayFault::NoAddress) => Some("noAddress".to_owned()),
        Err(RelayFault::Late) => Some("nameLate".to_owned()),
        Err(RelayFault::Silent) => Some("silent".to_owned()),
        Err(RelayFault::Login) => Some("login".to_owned()),
        Err(RelayFault::Secret) => Some("secret".to_owned()),
        Err(RelayFault::Open) => Some("open".to_owned()),
        Err(RelayFault::Full) => Some("full".to_owned()),
        Err(RelayFault::Refused(number)) => Some(format!("error{number}")),
        Err(RelayFault::Strange) => Some("strange".to_owned()),
    };
    json!({
        "server": finding.server,
        "ok": finding.relay.is_ok(),
        "relay": finding.relay.ok().map(|(address, _)| address.to_string()),
        "ms": finding.relay.ok().map(|(_, took)| millis(took)),
        "fault": fault,
    })
}

fn nat_json(nat: &NatFinding) -> Value {
    let behaviour = |behaviour: Option<Behaviour>| match behaviour {
        None => "notChecked",
        Some(Behaviour::Same) => "endpointIndependent",
        Some(Behaviour::ByAddress) => "addressDependent",
        Some(Behaviour::ByAddressAndPort) => "addressAndPortDependent",
        Some(Behaviour::ByAddressAtLeast) => "addressOrAddressAndPortDependent",
    };
    json!({
        "local": nat.local.map(|address| address.to_string()),
        "public": nat.public.map(|address| address.to_string()),
        "translated": nat.public.map(|_| !nat.untranslated),
        "mapping": behaviour(nat.mapping),
        "filtering": behaviour(nat.filtering),
    })
}

fn ipv6_json(ipv6: Ipv6Finding) -> Value {
    let (state, address) = match ipv6 {
        Ipv6Finding::None => ("none", None),
        Ipv6Finding::Unproven(address) => ("notChecked", Some(address)),
        Ipv6Finding::Broken(address) => ("broken", Some(address)),
        Ipv6Finding::Works(address) => ("works", Some(address)),
    };
    json!({"state": state, "address": address.map(|address| address.to_string())})
}
