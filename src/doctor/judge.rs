//! From what was seen to what is wrong. Pure, and the only place that decides it.

use std::time::Duration;

use super::findings::{
    BrokerFinding, ClockFinding, Findings, Ipv6Finding, RelayFault, RelayFinding, Step, StepFault, UdpFinding,
};
use super::nat::Behaviour;
use super::problem::Problem;
use super::words::duration;

/// A confirmation that takes longer is felt: a first connection needs a handful of messages.
const SLOW: Duration = Duration::from_millis(1_500);

/// What needs attention, the most important first.
#[must_use]
pub fn judge(findings: &Findings) -> Vec<Problem> {
    let mut problems = Vec::new();
    if findings.clock == ClockFinding::Impossible {
        problems.push(Problem::Clock);
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
        let took = finding.round_trip.filter(|took| *took > SLOW)?;
        return Some(Problem::BrokerSlow(name, duration(took)));
    };
    Some(match step {
        // It runs while a Kith does.
        Step::Reach if finding.own => return None,
        Step::Resolve => Problem::BrokerUnknown(name),
        Step::Reach => Problem::BrokerUnreachable(name, reason),
        Step::Secure => Problem::BrokerNotSecure(name, reason),
        Step::Login if refused => Problem::BrokerLogin(name),
        Step::Login => Problem::BrokerRefuses(name, reason),
        Step::Listen if refused => Problem::BrokerDeaf(name),
        Step::Listen | Step::Publish => Problem::BrokerMute(name),
        Step::Deliver => Problem::BrokerLoses(name),
    })
}

fn paths(findings: &Findings) -> Vec<Problem> {
    let mut problems = Vec::new();
    if findings.udp == UdpFinding::NoAnswer {
        problems.push(Problem::UdpBlocked);
    }
    for server in &findings.stun {
        let relay = findings.relays.iter().any(|relay| relay.server == server.server);
        match (server.resolved, server.answered()) {
            // What is wrong with a relay is said once, below.
            _ if relay => {}
            (_, true) => {}
            (false, _) => problems.push(Problem::StunUnknown(server.server.clone())),
            // Where nobody answers, that is said already.
            (true, false) if findings.udp == UdpFinding::NoAnswer => {}
            (true, false) => problems.push(Problem::StunSilent(server.server.clone())),
        }
    }
    problems.extend(findings.relays.iter().filter_map(|finding| relay(finding, findings.udp)));
    if is_strict(findings) && !findings.relays.iter().any(|relay| relay.relay.is_ok()) {
        problems.push(Problem::StrictNat);
    }
    if let Ipv6Finding::Broken(_) = findings.ipv6 {
        problems.push(Problem::Ipv6Broken);
    }
    problems
}

fn is_strict(findings: &Findings) -> bool {
    findings.nat.mapping.is_some_and(|mapping| mapping != Behaviour::Same)
}

fn relay(finding: &RelayFinding, udp: UdpFinding) -> Option<Problem> {
    let name = finding.server.clone();
    Some(match finding.relay {
        Ok(_) => return None,
        Err(RelayFault::NoAddress) => Problem::RelayUnknown(name),
        Err(RelayFault::Silent) if udp == UdpFinding::NoAnswer => return None,
        Err(RelayFault::Silent) => Problem::RelaySilent(name),
        Err(RelayFault::Login) => Problem::RelayLogin(name),
        Err(RelayFault::Full) => Problem::RelayFull(name),
        Err(RelayFault::Refused(number)) => Problem::RelayRefuses(name, number),
        Err(RelayFault::Strange) => Problem::RelayStrange(name),
    })
}
