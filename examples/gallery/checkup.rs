//! What checkups find in the gallery.

use std::time::Duration;

use kith::doctor::{
    Behaviour, BrokerFinding, ClockFinding, Findings, Ipv6Finding, Name, NatFinding, NetworkFinding, RelayFault,
    RelayFinding, Report, Step, StepFault, StunFinding, UdpFinding,
};

/// At home, with a broker of one's own, all is well.
pub fn home() -> Report {
    Report::of(Findings {
        brokers: vec![broker("mqtt://192.168.1.20:18183", None)],
        stun: vec![server("stun:stun.l.google.com:19302")],
        udp: UdpFinding::Passes,
        nat: NatFinding {
            public: "198.51.100.7".parse().ok(),
            mapping: Some(Behaviour::Same),
            filtering: Some(Behaviour::ByAddressAndPort),
            ..NatFinding::default()
        },
        ipv6: Ipv6Finding::None,
        clock: ClockFinding::NotChecked,
        ..Findings::default()
    })
}

/// In a hotel, with a wrong password, a strict NAT and a relay whose password has run out.
pub fn away() -> Report {
    let refused = StepFault { step: Step::Login, reason: String::new(), refused: true };
    let unknown = StepFault { step: Step::Resolve, reason: String::new(), refused: true };
    let relay = RelayFinding { server: "turn:relay.example:3478".to_owned(), relay: Err(RelayFault::Login) };
    Report::of(Findings {
        brokers: vec![
            broker("mqtts://broker.example:8883", Some(unknown)),
            broker("wss://***@second.example/mqtt", Some(refused)),
        ],
        stun: vec![server("stun:stun.l.google.com:19302")],
        relays: vec![relay],
        udp: UdpFinding::Passes,
        nat: NatFinding {
            public: "203.0.113.80".parse().ok(),
            mapping: Some(Behaviour::ByAddressAtLeast),
            ..NatFinding::default()
        },
        ipv6: "2001:db8::7".parse().map_or(Ipv6Finding::None, Ipv6Finding::Works),
        clock: ClockFinding::NotChecked,
        network: NetworkFinding::Answers,
    })
}

fn broker(url: &str, fault: Option<StepFault>) -> BrokerFinding {
    let took = fault.is_none().then(|| Duration::from_micros(2_400));
    BrokerFinding { broker: url.to_owned(), own: false, fault, connect: took, round_trip: took, dated: false }
}

fn server(name: &str) -> StunFinding {
    let seen = "198.51.100.7:41000".parse().ok().map(|seen| (seen, Duration::from_millis(21)));
    StunFinding { server: name.to_owned(), name: Name::Found, ipv4: seen, ipv6: None }
}
