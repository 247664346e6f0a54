//! Hiding where one is: from somebody, from all, with a relay and without.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::time::Duration;

use kith::link::driver::{self, Policy, Settings};
use kith::link::{DriverCommand, DriverEvent};
use kith::wire::ConnectionId;
use kith::wire::signal::Candidate;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::support::{
    Node, RELAY_PASSWORD, Relay, Skip, Transport, World, befriend, deadline, link_up, report_skip, same_history,
};

/// Whether a node has told of an open link by this path since it had told so many things.
fn was_linked_by(node: &Node, path: &str, since: usize) -> bool {
    let linked = |event: &Value| event["type"] == "linkChanged" && event["state"] == "open" && event["path"] == path;
    node.events_so_far().iter().skip(since).any(linked)
}

/// Both write, and everything arrives, once.
fn talk(one: &Node, other: &Node, count: usize, about: &str) -> [String; 2] {
    let mut ids = vec![];
    for number in 0..count {
        ids = [(one, other), (other, one)]
            .map(|(from, to)| (from, to, from.writes(to, &format!("{about} {number}"))))
            .into();
    }
    for (from, to, id) in &ids {
        to.receives(from, id);
        from.waits_until_delivered(to, id);
    }
    let mut ids = ids.into_iter().map(|(.., id)| id);
    std::array::from_fn(|_| ids.next().expect("two last ones"))
}

/// Who hides leaves the direct link at once and writes on by mail, says why, and stays hidden over a restart; shown again, the
/// direct path is back. Nothing is lost, nothing comes twice.
pub fn who_hides_leaves_a_direct_link_at_once(world: &mut World) {
    let ann = world.person("Ann");
    let mut bo = world.person("Bo");
    befriend(&ann, &bo);
    link_up(&ann, &bo);
    for id in talk(&ann, &bo, 3, "directly") {
        assert_eq!([ann.path_of(&id), bo.path_of(&id)], [Some("direct".to_owned()), Some("direct".to_owned())]);
    }

    let under_way: Vec<String> = (0..10).map(|number| ann.writes(&bo, &format!("under way {number}"))).collect();
    let since = bo.events_so_far().len();
    bo.hides_from(&ann, true);
    let contact = bo.contact(&ann).expect("Ann");
    assert_eq!((contact.path.as_str(), contact.reason.as_deref()), ("mail", Some("address_hidden")));
    assert!(contact.address_hidden && !contact.online);
    let links = bo.status().links;
    assert_eq!((links[0].state.as_str(), links[0].reason.as_deref()), ("idle", Some("address_hidden")));
    for id in talk(&ann, &bo, 3, "by mail") {
        assert_eq!([ann.path_of(&id), bo.path_of(&id)], [Some("mail".to_owned()), Some("mail".to_owned())]);
    }
    under_way.iter().for_each(|id| ann.waits_until_delivered(&bo, id));

    bo.restart();
    bo.waits_until_online();
    talk(&ann, &bo, 1, "after a restart");
    assert!(!was_linked_by(&bo, "direct", since), "the address was shown");
    assert!(!ann.contact(&bo).expect("Bo").address_hidden, "Ann's own choice is another");

    bo.hides_from(&ann, false);
    for (one, other) in [(&ann, &bo), (&bo, &ann)] {
        one.waits_until_linked_by(other, "direct");
    }
    for id in talk(&ann, &bo, 2, "directly again") {
        assert_eq!([ann.path_of(&id), bo.path_of(&id)], [Some("direct".to_owned()), Some("direct".to_owned())]);
    }
    assert_eq!(same_history(&ann, &bo).len(), 2 * (3 + 3 + 1 + 2) + 10);
    for node in [&ann, &bo] {
        node.waits_until_all_delivered();
        node.was_told_of_nothing_twice();
    }
}

/// What is chosen for all holds for each, at once and after a restart.
pub fn who_hides_from_all_is_hidden_from_each(world: &mut World) {
    let [ann, cleo] = ["Ann", "Cleo"].map(|name| world.person(name));
    let mut bo = world.person("Bo");
    befriend(&ann, &bo);
    link_up(&ann, &bo);
    let since = bo.events_so_far().len();
    bo.hides_from_all(true);
    assert!(bo.open_links_to(&ann).is_empty());
    befriend(&cleo, &bo);
    bo.restart();
    bo.waits_until_online();
    assert_eq!(bo.does("settings.show", serde_json::json!({})), serde_json::json!({ "hideAddress": true }));
    for other in [&ann, &cleo] {
        talk(other, &bo, 1, "hello");
        let contact = bo.contact(other).expect("a contact");
        assert_eq!((contact.reason.as_deref(), contact.address_hidden), (Some("address_hidden"), false));
    }
    assert!(!was_linked_by(&bo, "direct", since), "the address was shown");
    bo.hides_from_all(false);
    for other in [&ann, &cleo] {
        bo.waits_until_linked_by(other, "direct");
        other.waits_until_linked_by(&bo, "direct");
    }
}

fn with_a_relay(name: &str, story: impl FnOnce(&World, &Relay)) {
    let world = match World::new(Transport::Embedded) {
        Ok(world) => world,
        Err(Skip(reason)) => return report_skip(name, &reason),
    };
    match Relay::start(world.dir()) {
        Ok(relay) => story(&world, &relay),
        Err(Skip(reason)) => report_skip(name, &reason),
    }
}

/// With a relay the link comes back through it, also after a restart, and is never direct until the address is shown again.
#[test]
fn with_a_relay_the_link_comes_back_through_it() {
    with_a_relay("hiding::with_a_relay_the_link_comes_back_through_it", |world, relay| {
        let ann = world.person("Ann");
        let mut bo = world.person_with_ice("Bo", &relay.url(RELAY_PASSWORD));
        befriend(&ann, &bo);
        link_up(&ann, &bo);
        let since = bo.events_so_far().len();
        let under_way: Vec<String> = (0..10).map(|number| bo.writes(&ann, &format!("under way {number}"))).collect();
        bo.hides_from(&ann, true);
        assert!(bo.open_links_to(&ann).iter().all(|link| link.path == "relay"), "the direct link is still there");
        bo.waits_until_linked_by(&ann, "relay");
        ann.waits_until_linked(&bo);
        under_way.iter().for_each(|id| bo.waits_until_delivered(&ann, id));
        for id in talk(&ann, &bo, 3, "through a relay") {
            assert_eq!(bo.path_of(&id), Some("relay".to_owned()));
        }
        assert_eq!(bo.contact(&ann).expect("Ann").reason, None);
        bo.restart();
        bo.waits_until_linked_by(&ann, "relay");
        talk(&ann, &bo, 1, "after a restart");
        assert!(!was_linked_by(&bo, "direct", since), "the address was shown");
        bo.hides_from(&ann, false);
        bo.waits_until_linked_by(&ann, "direct");
        assert_eq!(same_history(&ann, &bo).len(), 10 + 2 * 4);
        for node in [&ann, &bo] {
            node.was_told_of_nothing_twice();
        }
    });
}

/// So many packets are looked at: the library has begun to try every pair long before.
const LOOKED_AT: usize = 40;

/// Whoever watches the addresses that they told a device which hides sees packets of its relay, and of nothing else: no
/// connectivity check, and no connection over TCP, comes from an address of its own. A device that does not hide is seen.
#[test]
fn a_peer_sees_packets_of_the_relay_only() {
    with_a_relay("hiding::a_peer_sees_packets_of_the_relay_only", |_, relay| {
        let server = relay.url(RELAY_PASSWORD).parse::<driver::IceServer>().expect("a relay's address");
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        for (policy, hides) in [(Policy::RelayOnly, true), (Policy::Everything, false)] {
            let (relays, seen) = runtime.block_on(watch(policy, server.clone()));
            assert!(!relays.is_empty(), "no relay was found");
            let others: Vec<_> = seen.iter().filter(|from| !relays.contains(from)).collect();
            assert_eq!(others.is_empty(), hides, "{policy:?}: {others:?}, and the relay is {relays:?}");
        }
    });
}

/// Connects a driver with this policy to a peer whose addresses are only watched. What it told of relays, and from where
/// packets came.
async fn watch(policy: Policy, server: driver::IceServer) -> (Vec<SocketAddr>, Vec<SocketAddr>) {
    let (tracker, cancel) = (TaskTracker::new(), CancellationToken::new());
    let (sender, mut events) = mpsc::channel(64);
    let bind = vec!["127.0.0.1:0".to_owned()];
    let own = Settings { ice_servers: vec![server], bind: bind.clone(), policy };
    let peer = Settings { bind, ..Settings::default() };
    let [own, peer] =
        [(0, own), (1, peer)].map(|(tag, set)| driver::spawn(tag, set, &tracker, cancel.clone(), sender.clone()));
    let (udp, tcp) = (UdpSocket::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
    udp.set_nonblocking(true).unwrap();
    tcp.set_nonblocking(true).unwrap();
    let udp = tokio::net::UdpSocket::from_std(udp).unwrap();
    let connection = ConnectionId([1; 16]);
    own.command(DriverCommand::Offer { connection }).unwrap();

    let (mut relays, mut seen, mut packet) = (vec![], vec![], [0; 2_048]);
    let looking = async {
        // Until it is known where the relay sends from, every packet is kept.
        while seen.len() < LOOKED_AT || relays.is_empty() {
            tokio::select! {
                event = events.recv() => match event.expect("drivers") {
                    (0, DriverEvent::OfferReady { sdp, .. }) => {
                        assert!(policy == Policy::Everything || !sdp.contains("candidate"), "{sdp}");
                        peer.command(DriverCommand::AcceptOffer { connection, sdp, instead_of: None }).unwrap();
                    }
                    (1, DriverEvent::AnswerReady { sdp, .. }) => {
                        own.command(DriverCommand::AcceptAnswer { connection, sdp }).unwrap();
                        let candidates = vec![
                            candidate(&format!("udp 2130706431 127.0.0.1 {} typ host", udp.local_addr().unwrap().port())),
                            candidate(&format!(
                                "tcp 2130706431 127.0.0.1 {} typ host tcptype passive",
                                tcp.local_addr().unwrap().port()
                            )),
                        ];
                        own.command(DriverCommand::AddCandidates { connection, candidates }).unwrap();
                    }
                    (0, DriverEvent::CandidatesReady { candidates, .. }) => {
                        for line in candidates.iter().map(|candidate| &candidate.line) {
                            let words: Vec<&str> = line.split(' ').collect();
                            let relay = line.contains("typ relay");
                            assert!(policy == Policy::Everything || relay && line.contains("raddr 0.0.0.0 rport 9"), "{line}");
                            if relay {
                                relays.push(format!("{}:{}", words[4], words[5]).parse::<SocketAddr>().unwrap());
                            }
                        }
                    }
                    _ => {}
                },
                Ok((_, from)) = udp.recv_from(&mut packet) => seen.push(from),
            }
        }
    };
    tokio::time::timeout(deadline(), looking).await.expect("packets in time");
    assert_eq!(tcp.accept().map(|_| ()).map_err(|error| error.kind()), Err(ErrorKind::WouldBlock), "over TCP");
    cancel.cancel();
    drop((own, peer, events));
    tracker.close();
    tokio::time::timeout(Duration::from_secs(30), tracker.wait()).await.expect("the drivers end");
    (relays, seen)
}

fn candidate(words: &str) -> Candidate {
    Candidate { line: format!("candidate:1 1 {words}"), mid: Some("0".to_owned()), mline: Some(0) }
}
