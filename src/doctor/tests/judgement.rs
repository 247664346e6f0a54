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
    StunFinding { server: name.to_owned(), name: Name::Found, ipv4: Some((at("198.51.100.7:4000"), TOOK)), ipv6: None }
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
        network: NetworkFinding::Answers,
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

fn failed(step: Step, refused: bool) -> BrokerFinding {
    BrokerFinding { fault: Some(StepFault { step, reason: "why".to_owned(), refused }), round_trip: None, ..broker() }
}

fn with_step(step: Step) -> Vec<&'static str> {
    codes(&Findings { brokers: vec![failed(step, false)], ..well() })
}

/// At home, without IPv6 and without a relay, nothing needs attention: direct links work from there.
#[test]
fn a_usual_home_is_well() {
    let report = Report::of(well());
    assert!(report.is_well());
    let text = report.to_string();
    assert!(text.contains("✓ The meeting point mqtts://broker.example lets you in"), "{text}");
    assert!(text.contains("✓ Your router shows one address to everybody"), "{text}");
    assert!(text.ends_with("All is well.\n"), "{text}");
    assert_eq!(report.json()["ok"], true);
}

/// Each step at which a broker can fail is a problem of its own.
#[test]
fn every_step_of_a_broker_is_a_problem_of_its_own() {
    assert_eq!(with_step(Step::Resolve), ["name-late"]);
    assert_eq!(codes(&Findings { brokers: vec![failed(Step::Resolve, true)], ..well() }), ["broker-unknown"]);
    assert_eq!(with_step(Step::Reach), ["broker-unreachable"]);
    assert_eq!(with_step(Step::Secure), ["broker-not-secure"]);
    assert_eq!(with_step(Step::Login), ["broker-refuses"]);
    assert_eq!(with_step(Step::Listen), ["broker-mute"]);
    assert_eq!(with_step(Step::Publish), ["broker-mute"]);
    assert_eq!(with_step(Step::Deliver), ["broker-loses"]);
    assert_eq!(with_step(Step::Large), ["broker-small"]);
    assert_eq!(codes(&Findings { brokers: vec![failed(Step::Login, true)], ..well() }), ["broker-login"]);
    assert_eq!(codes(&Findings { brokers: vec![failed(Step::Listen, true)], ..well() }), ["broker-deaf"]);
    assert_eq!(codes(&Findings { brokers: vec![], ..well() }), ["no-broker"]);
}

/// What is blamed is not praised in the same breath: a slow broker, a strict NAT without a relay.
#[test]
fn nothing_is_praised_and_blamed() {
    let slow = BrokerFinding { round_trip: Some(Duration::from_secs(2)), ..broker() };
    let report = Report::of(Findings { brokers: vec![slow], ..well() });
    assert_eq!(report.problems, [Problem::BrokerSlow("mqtts://broker.example".to_owned(), "2.0 s".to_owned())]);
    assert!(!report.facts.iter().any(|fact| matches!(fact, Fact::BrokerWell(..))), "{report}");
    let nat = NatFinding { mapping: Some(Behaviour::ByAddress), ..well().nat };
    let report = Report::of(Findings { nat, ..well() });
    assert_eq!(report.problems, [Problem::StrictNat]);
    assert!(!report.facts.contains(&Fact::NatStrict), "{report}");
    // One that is its own public address needs nobody's help, whatever another server saw.
    let report = Report::of(Findings { nat: NatFinding { untranslated: true, ..nat }, ..well() });
    assert!(report.is_well() && report.facts.contains(&Fact::NatNone), "{report}");
}

/// This computer's own broker runs while a Kith does: that nobody listens when none does is no fault, and is said.
#[test]
fn the_own_broker_may_rest() {
    let fault = |step| Some(StepFault { step, reason: String::new(), refused: false });
    let own = |step| Findings { brokers: vec![BrokerFinding { own: true, fault: fault(step), ..broker() }], ..well() };
    let report = Report::of(own(Step::Reach));
    assert!(report.is_well());
    assert!(report.to_string().contains("· This computer's own meeting point"), "{report}");
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
    // That messages arrive all the same is promised only where a broker works.
    let refused = Findings { brokers: vec![failed(Step::Login, true)], ..none.clone() };
    assert_eq!(codes(&refused), ["broker-login", "udp-silent"]);
    // Where UDP is blocked, or a single server is silent over both, nothing is known of IPv6.
    let own = ip("2001:db8::5");
    assert_eq!(Ipv6Finding::of(Some(own), 0, None), Ipv6Finding::Unproven(own));
    assert_eq!(codes(&Findings { ipv6: Ipv6Finding::Unproven(own), ..none }), ["udp-blocked"]);
    // One server that is silent says nothing of the network.
    assert_eq!(UdpFinding::of(&[silent("stun:one")], &[]), UdpFinding::NotChecked);
    assert_eq!(UdpFinding::of(&[silent("stun:one")], &[relay(Some(RelayFault::Login))]), UdpFinding::Passes);
    let gone = |name| StunFinding { name, ..silent("stun:gone") };
    assert_eq!(codes(&Findings { stun: vec![stun("stun:one"), gone(Name::Unknown)], ..well() }), ["stun-unknown"]);
    assert_eq!(codes(&Findings { stun: vec![stun("stun:one"), gone(Name::Late)], ..well() }), ["name-late"]);
}

/// Where nobody outside this computer answers, that is said, and nothing else is blamed for it.
#[test]
fn no_network_is_told_alone() {
    let gone = |name: Name| StunFinding { name, ..silent("stun:one") };
    let out = |brokers: Vec<BrokerFinding>, stun: Vec<StunFinding>, relays: Vec<RelayFinding>, way_out: bool| {
        let network = NetworkFinding::of(way_out, &brokers, &stun, &relays);
        let udp = UdpFinding::of(&stun, &relays);
        (network, codes(&Findings { brokers, stun, relays, network, udp, nat: NatFinding::default(), ..well() }))
    };
    let alone = (NetworkFinding::Silent, vec!["no-network"]);
    for (broker, server) in [
        (failed(Step::Resolve, false), gone(Name::Late)),
        (failed(Step::Resolve, true), gone(Name::Unknown)),
        (failed(Step::Reach, false), silent("stun:192.0.2.1")),
    ] {
        assert_eq!(out(vec![broker], vec![server], vec![], true), alone);
    }
    // A relay is asked twice, and is one place. Where the system knows no way out, one is enough.
    let relay_gone = StunFinding { server: "turn:relay.example".to_owned(), ..gone(Name::Late) };
    let own = |broker: BrokerFinding| BrokerFinding { own: true, ..broker };
    let ask_relay =
        |way_out| out(vec![own(broker())], vec![relay_gone.clone()], vec![relay(Some(RelayFault::Late))], way_out);
    assert_eq!(ask_relay(true), (NetworkFinding::NotChecked, vec!["name-late"]));
    assert_eq!(ask_relay(false), alone);
    // Who has named no broker cannot choose one now.
    assert_eq!(out(vec![], vec![silent("stun:a"), silent("stun:b")], vec![], true), alone);
    // This computer's own broker says nothing of the network, and what is wrong with it is said.
    assert_eq!(out(vec![own(broker())], vec![silent("stun:a"), silent("stun:b")], vec![], true), alone);
    let found = out(vec![own(failed(Step::Login, false))], vec![silent("stun:a"), silent("stun:b")], vec![], true);
    assert_eq!(found.1, ["no-network", "broker-refuses"]);
}

/// Whoever refuses is there, and one who is silent alone may be gone: then there is no talk of the network.
#[test]
fn one_who_is_silent_is_no_lost_network() {
    let of = |broker, stun: &[StunFinding]| NetworkFinding::of(true, &[broker], stun, &[]);
    let servers = [silent("stun:one"), silent("stun:two")];
    assert_eq!(of(failed(Step::Reach, false), &[]), NetworkFinding::NotChecked);
    assert_eq!(of(failed(Step::Reach, true), &servers), NetworkFinding::Answers);
    assert_eq!(of(failed(Step::Secure, false), &servers), NetworkFinding::Answers);
    assert_eq!(of(failed(Step::Reach, false), &[stun("stun:one")]), NetworkFinding::Answers);
    // Servers have names that are found, the broker has not: it may be misspelled.
    assert_eq!(of(failed(Step::Resolve, true), &servers), NetworkFinding::NotChecked);
    assert_eq!(NetworkFinding::of(false, &[], &[], &[]), NetworkFinding::NotChecked);
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
        (RelayFault::Late, "name-late"),
        (RelayFault::Silent, "relay-silent"),
        (RelayFault::Login, "relay-login"),
        (RelayFault::Secret, "relay-secret"),
        (RelayFault::Open, "relay-open"),
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

/// A server in one's own network or VPN sees another address than one in the internet: no NAT is to blame for that, and where
/// all are near, only those are compared that are on the same way.
#[test]
fn near_and_far_servers_are_not_compared() {
    let seen = |server: &str, seen: &str| Mapped { server: at(server), seen: at(seen) };
    let kind = |answers: Vec<Mapped>| mapping(&comparable(answers, |mapped| *mapped));
    let (one, two) = (seen("192.0.2.1:3478", "198.51.100.7:1"), seen("192.0.2.2:3478", "198.51.100.7:1"));
    for near in ["10.8.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", "169.254.0.1", "127.0.0.1"] {
        let near = seen(&format!("{near}:3478"), "192.168.1.5:1");
        assert_eq!(kind(vec![near, one]), None, "{near:?}");
        assert_eq!(kind(vec![near, one, two]), Some(Behaviour::Same), "{near:?}");
        assert_eq!(comparable(vec![near, one], |mapped| *mapped), [one]);
    }
    let lan = |server: &str, port: u16| seen(server, &format!("192.168.1.5:{port}"));
    let vpn = seen("10.8.0.1:3478", "10.8.0.2:1");
    assert_eq!(kind(vec![lan("192.168.1.1:3478", 1), vpn]), None);
    assert_eq!(kind(vec![lan("192.168.1.1:3478", 1), vpn, lan("192.168.1.2:3478", 1)]), Some(Behaviour::Same));
    assert_eq!(kind(vec![lan("192.168.1.1:3478", 1), lan("192.168.1.2:3478", 2)]), Some(Behaviour::ByAddressAtLeast));
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
