use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::doctor::*;

const TOOK: Duration = Duration::from_millis(20);

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn broker() -> BrokerFinding {
    BrokerFinding {
        broker: "mqtts://broker.example".to_owned(),
        own: false,
        fault: None,
        connect: Some(TOOK),
        round_trip: Some(TOOK),
        dated: true,
    }
}

fn stun(name: &str) -> StunFinding {
    StunFinding { server: name.to_owned(), resolved: true, ipv4: Some((at("198.51.100.7:4000"), TOOK)), ipv6: None }
}

fn silent(name: &str) -> StunFinding {
    StunFinding { ipv4: None, ..stun(name) }
}

fn relay(fault: Option<RelayFault>) -> RelayFinding {
    let relay = match fault {
        None => Ok((at("203.0.113.9:50000"), TOOK)),
        Some(fault) => Err(fault),
    };
    RelayFinding { server: "turn:relay.example".to_owned(), relay }
}

/// A device at home, with which all is well.
fn well() -> Findings {
    Findings {
        brokers: vec![broker()],
        stun: vec![stun("stun:one"), stun("stun:two")],
        relays: vec![],
        udp: UdpFinding::Passes,
        nat: NatFinding {
            local: Some(ip("192.168.1.2")),
            public: Some(ip("198.51.100.7")),
            untranslated: false,
            mapping: Some(Behaviour::Same),
            filtering: None,
        },
        ipv6: Ipv6Finding::None,
        clock: ClockFinding::Plausible,
    }
}

fn codes(findings: &Findings) -> Vec<&'static str> {
    judge(findings).iter().map(Problem::code).collect()
}

fn with_step(step: Step) -> Vec<&'static str> {
    let fault = StepFault { step, reason: "why".to_owned(), refused: false };
    codes(&Findings { brokers: vec![BrokerFinding { fault: Some(fault), ..broker() }], ..well() })
}

/// At home, without IPv6 and without a relay, nothing needs attention: direct links work from there.
#[test]
fn a_usual_home_is_well() {
    let report = Report::of(well());
    assert!(report.is_well());
    let text = report.to_string();
    assert!(text.contains("✓ The broker mqtts://broker.example lets you in"), "{text}");
    assert!(text.contains("✓ Your router shows one address to everybody"), "{text}");
    assert!(text.ends_with("All is well.\n"), "{text}");
    assert_eq!(report.json()["ok"], true);
}

/// Each step at which a broker can fail is a problem of its own.
#[test]
fn every_step_of_a_broker_is_a_problem_of_its_own() {
    assert_eq!(with_step(Step::Resolve), ["broker-unknown"]);
    assert_eq!(with_step(Step::Reach), ["broker-unreachable"]);
    assert_eq!(with_step(Step::Secure), ["broker-not-secure"]);
    assert_eq!(with_step(Step::Login), ["broker-refuses"]);
    assert_eq!(with_step(Step::Listen), ["broker-mute"]);
    assert_eq!(with_step(Step::Publish), ["broker-mute"]);
    assert_eq!(with_step(Step::Deliver), ["broker-loses"]);
    let fault = StepFault { step: Step::Login, reason: String::new(), refused: true };
    assert_eq!(
        codes(&Findings { brokers: vec![BrokerFinding { fault: Some(fault), ..broker() }], ..well() }),
        ["broker-login"]
    );
    let fault = StepFault { step: Step::Listen, reason: String::new(), refused: true };
    assert_eq!(
        codes(&Findings { brokers: vec![BrokerFinding { fault: Some(fault), ..broker() }], ..well() }),
        ["broker-deaf"]
    );
    let slow = BrokerFinding { round_trip: Some(Duration::from_secs(2)), ..broker() };
    assert_eq!(codes(&Findings { brokers: vec![slow], ..well() }), ["broker-slow"]);
    assert_eq!(codes(&Findings { brokers: vec![], ..well() }), ["no-broker"]);
}

/// This computer's own broker runs while a Kith does: that nobody listens when none does is no fault, and is said.
#[test]
fn the_own_broker_may_rest() {
    let fault = |step| Some(StepFault { step, reason: String::new(), refused: false });
    let own = |step| Findings { brokers: vec![BrokerFinding { own: true, fault: fault(step), ..broker() }], ..well() };
    let report = Report::of(own(Step::Reach));
    assert!(report.is_well());
    assert!(report.to_string().contains("· This computer's own broker"), "{report}");
    assert_eq!(codes(&own(Step::Login)), ["broker-refuses"]);
}

/// One silent server among others is named; when several are asked and none answers, UDP is the matter, and said once.
#[test]
fn silence_is_told_once() {
    let one = Findings { stun: vec![stun("stun:one"), silent("stun:two")], ..well() };
    assert_eq!(judge(&one), [Problem::StunSilent("stun:two".to_owned())]);
    let servers = vec![silent("stun:one"), silent("stun:two")];
    let relays = vec![relay(Some(RelayFault::Silent))];
    assert_eq!(UdpFinding::of(&servers, &relays), UdpFinding::NoAnswer);
    let none = Findings { stun: servers, relays, udp: UdpFinding::NoAnswer, nat: NatFinding::default(), ..well() };
    assert_eq!(codes(&none), ["udp-blocked"]);
    // One server that is silent says nothing of the network.
    assert_eq!(UdpFinding::of(&[silent("stun:one")], &[]), UdpFinding::NotChecked);
    assert_eq!(UdpFinding::of(&[silent("stun:one")], &[relay(Some(RelayFault::Login))]), UdpFinding::Passes);
    let gone = StunFinding { resolved: false, ..silent("stun:gone") };
    assert_eq!(codes(&Findings { stun: vec![stun("stun:one"), gone], ..well() }), ["stun-unknown"]);
}

/// A strict NAT needs attention only while no relay helps.
#[test]
fn a_relay_makes_a_strict_nat_bearable() {
    let nat = NatFinding { mapping: Some(Behaviour::ByAddressAtLeast), ..well().nat };
    let strict = Findings { nat, ..well() };
    assert_eq!(codes(&strict), ["strict-nat"]);
    let helped = Findings { relays: vec![relay(None)], ..strict.clone() };
    assert!(judge(&helped).is_empty());
    assert!(Report::of(helped).to_string().contains("· Your router shows another address to everybody"));
    let refused = Findings { relays: vec![relay(Some(RelayFault::Login))], ..strict };
    assert_eq!(codes(&refused), ["relay-login", "strict-nat"]);
}

/// Every way in which a relay refuses has its own words.
#[test]
fn a_relay_says_why() {
    for (fault, code) in [
        (RelayFault::NoAddress, "relay-unknown"),
        (RelayFault::Silent, "relay-silent"),
        (RelayFault::Login, "relay-login"),
        (RelayFault::Full, "relay-full"),
        (RelayFault::Refused(403), "relay-refuses"),
        (RelayFault::Strange, "relay-strange"),
    ] {
        assert_eq!(codes(&Findings { relays: vec![relay(Some(fault))], ..well() }), [code]);
    }
}

/// IPv6 and the clock are judged by what can be known, and by no more.
#[test]
fn what_cannot_be_known_is_not_claimed() {
    let own = Some(ip("2001:db8::5"));
    assert_eq!(Ipv6Finding::of(None, 0, None), Ipv6Finding::None);
    assert_eq!(Ipv6Finding::of(own, 0, None), Ipv6Finding::Unproven(ip("2001:db8::5")));
    assert_eq!(Ipv6Finding::of(own, 1, None), Ipv6Finding::Unproven(ip("2001:db8::5")), "the server may be away");
    assert_eq!(Ipv6Finding::of(own, 2, None), Ipv6Finding::Broken(ip("2001:db8::5")));
    assert_eq!(Ipv6Finding::of(own, 2, own), Ipv6Finding::Works(ip("2001:db8::5")));
    assert_eq!(codes(&Findings { ipv6: Ipv6Finding::Broken(ip("2001:db8::5")), ..well() }), ["ipv6-broken"]);
    let undated = BrokerFinding { dated: false, ..broker() };
    assert_eq!(ClockFinding::of(1_800_000_000, &[undated]), ClockFinding::NotChecked);
    assert_eq!(ClockFinding::of(1_800_000_000, &[broker()]), ClockFinding::Plausible);
    assert_eq!(ClockFinding::of(0, &[broker()]), ClockFinding::Impossible);
    assert_eq!(codes(&Findings { clock: ClockFinding::Impossible, ..well() }), ["clock"]);
}

/// RFC 5780 §4.3 and §4.4, from what was seen.
#[test]
fn the_kind_of_nat_follows_from_what_was_seen() {
    let seen = |server: &str, seen: &str| Mapped { server: at(server), seen: at(seen) };
    let (one, two) = ("192.0.2.1:3478", "192.0.2.2:3478");
    let (a, b) = ("198.51.100.7:1", "198.51.100.7:2");
    assert_eq!(mapping(&[]), None);
    assert_eq!(mapping(&[seen(one, a)]), None);
    assert_eq!(mapping(&[seen(one, a), seen("192.0.2.1:3479", a)]), None);
    assert_eq!(mapping(&[seen(one, a), seen(two, a)]), Some(Behaviour::Same));
    assert_eq!(mapping(&[seen(one, a), seen(two, b)]), Some(Behaviour::ByAddressAtLeast));
    let other_port = "192.0.2.2:3479";
    assert_eq!(mapping(&[seen(one, a), seen(two, b), seen(other_port, b)]), Some(Behaviour::ByAddress));
    assert_eq!(
        mapping(&[seen(one, a), seen(two, b), seen(other_port, "198.51.100.7:3")]),
        Some(Behaviour::ByAddressAndPort)
    );
    assert_eq!(filtering(true, true), Behaviour::Same);
    assert_eq!(filtering(false, true), Behaviour::ByAddress);
    assert_eq!(filtering(false, false), Behaviour::ByAddressAndPort);
}

/// Every problem has a code of its own, and says what it means and what to do in sentences.
#[test]
fn every_problem_has_its_words() {
    let all = Problem::all();
    let codes: BTreeSet<_> = all.iter().map(Problem::code).collect();
    assert_eq!(codes.len(), all.len());
    for problem in all {
        let words = problem.words();
        for text in [words.what.as_str(), words.means, words.remedy] {
            assert!(text.ends_with('.') && text.len() > 15, "{text}");
        }
        assert!(problem.subject().is_none_or(|name| words.what.contains(name)), "{}", words.what);
        assert!(problem.detail().is_none_or(|detail| words.what.contains(&detail)), "{}", words.what);
    }
}
