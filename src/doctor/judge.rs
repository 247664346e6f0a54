//! From what was seen to what is wrong. Pure, and the only place that decides it.

use super::findings::{
    BrokerFinding, ClockFinding, Findings, Ipv6Finding, Name, NetworkFinding, RelayFault, RelayFinding, Step,
    StepFault, UdpFinding,
};
use super::problem::Problem;
use super::words::duration;

/// What needs attention, the most important first.
#[must_use]
pub fn judge(findings: &Findings) -> Vec<Problem> {
    let mut problems = Vec::new();
    if findings.clock == ClockFinding::Impossible {
        problems.push(Problem::Clock);
    }
    if findings.network == NetworkFinding::Silent {
        // Whoever is not reached is not reached because of that, and without a network nobody can be chosen to be met at. What is
        // wrong on this computer itself is another matter.
        problems.push(Problem::NoNetwork);
        problems.extend(findings.brokers.iter().filter(|broker| broker.own).filter_map(broker));
        return problems;
    }
    if findings.brokers.is_empty() {
        problems.push(Problem::NoBroker);
    }
    problems.extend(findings.brokers.iter().filter_map(broker));
    problems.extend(paths(findings));
    problems
}

fn broker(finding: &BrokerFinding) -> Option<Problem> {
    let name = finding.broker.clone();
    let Some(StepFault { step, reason, refused }) = finding.fault.clone() else {
        let took = finding.round_trip.filter(|_| finding.is_slow())?;
        return Some(Problem::BrokerSlow(name, duration(took)));
    };
    Some(match step {
        // It runs while a Kith does.
        Step::Reach if finding.own => return None,
        Step::Resolve if refused => Problem::BrokerUnknown(name),
        Step::Resolve => Problem::NameLate(name),
        Step::Reach => Problem::BrokerUnreachable(name, reason),
        Step::Secure => Problem::BrokerNotSecure(name, reason),
        Step::Login if refused => Problem::BrokerLogin(name),
        Step::Login => Problem::BrokerRefuses(name, reason),
        Step::Listen if refused => Problem::BrokerDeaf(name),
        Step::Listen | Step::Publish => Problem::BrokerMute(name),
        Step::Deliver => Problem::BrokerLoses(name),
        Step::Large => Problem::BrokerSmall(name, reason),
    })
}

fn paths(findings: &Findings) -> Vec<Problem> {
    let mut problems = Vec::new();
    if findings.udp == UdpFinding::NoAnswer {
        let broker_works = findings.brokers.iter().any(|broker| broker.fault.is_none());
        problems.push(if broker_works { Problem::UdpBlocked } else { Problem::UdpSilent });
    }
    for server in &findings.stun {
        let relay = findings.relays.iter().any(|relay| relay.server == server.server);
        let name = server.server.clone();
        match (server.name, server.answered()) {
            // What is wrong with a relay is said once, below.
            _ if relay => {}
            (_, true) => {}
            (Name::Unknown, _) => problems.push(Problem::StunUnknown(name)),
            (Name::Late, _) => problems.push(Problem::NameLate(name)),
            // Where nobody answers, that is said already.
            (Name::Found, false) if findings.udp == UdpFinding::NoAnswer => {}
            (Name::Found, false) => problems.push(Problem::StunSilent(name)),
        }
    }
    problems.extend(findings.relays.iter().filter_map(|finding| relay(finding, findings.udp)));
    if findings.is_strict() && !findings.has_relay() {
        problems.push(Problem::StrictNat);
    }
    if let Ipv6Finding::Broken(_) = findings.ipv6 {
        problems.push(Problem::Ipv6Broken);
    }
    problems
}

fn relay(finding: &RelayFinding, udp: UdpFinding) -> Option<Problem> {
    let name = finding.server.clone();
    Some(match finding.relay {
        Ok(_) => return None,
        Err(RelayFault::NoAddress) => Problem::RelayUnknown(name),
        Err(RelayFault::Late) => Problem::NameLate(name),
        Err(RelayFault::Silent) if udp == UdpFinding::NoAnswer => return None,
        Err(RelayFault::Silent) => Problem::RelaySilent(name),
        Err(RelayFault::Login) => Problem::RelayLogin(name),
        Err(RelayFault::Secret) => Problem::RelaySecret(name),
        Err(RelayFault::Open) => Problem::RelayOpen(name),
        Err(RelayFault::Full) => Problem::RelayFull(name),
        Err(RelayFault::Refused(number)) => Problem::RelayRefuses(name, number),
        Err(RelayFault::Strange) => Problem::RelayStrange(name),
    })
}
