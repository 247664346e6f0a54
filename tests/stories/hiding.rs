//! Hiding where one is: from somebody, from all, with a relay and without.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::time::Duration;

use kith::link::driver::{self, Policy, Settings};
use kith::link::{DriverCommand, DriverEvent, IceServer};
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

/// So many packets are looked at each time: the library has begun to try every pair long before.
const LOOKED_AT: usize = 40;
/// The device that is watched, and the one to which it was told that it connects.
const OWN: usize = 0;
const PEER: usize = 1;

/// What is done with a connection that is being made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Making {
    /// The device offers it.
    Offer,
    /// Its paths are made anew, while those of an offer are still looked for.
    Restart,
    /// The device takes its own offer back and answers the peer's.
    Rollback,
    /// The device offers it while it does not hide, and then begins to hide.
    Change,
}

/// Whoever watches the addresses that they told a device which hides sees packets of its relay, and of nothing else: no
/// connectivity check, and no connection over TCP, comes from an address of its own. However the connection is made, and also when
/// the device begins to hide in the middle of that. A device that does not hide is seen.
#[test]
fn a_peer_sees_packets_of_the_relay_only() {
    with_a_relay("hiding::a_peer_sees_packets_of_the_relay_only", |_, relay| {
        let server = relay.url(RELAY_PASSWORD).parse::<IceServer>().expect("a relay's address");
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        for (policy, making) in [
            (Policy::RelayOnly, Making::Offer),
            (Policy::RelayOnly, Making::Restart),
            (Policy::RelayOnly, Making::Rollback),
            (Policy::RelayOnly, Making::Change),
            (Policy::Everything, Making::Offer),
            (Policy::Everything, Making::Restart),
        ] {
            let (relays, seen) = runtime.block_on(watch(policy, making, &server));
            assert!(!relays.is_empty(), "no relay was found");
            let others: Vec<_> = seen.iter().filter(|from| !relays.contains(from)).collect();
            let hides = policy == Policy::RelayOnly;
            assert_eq!(others.is_empty(), hides, "{policy:?}, {making:?}: {others:?}, and the relay is {relays:?}");
        }
    });
}

/// Connects a driver with this policy to a peer whose addresses are only watched. What it told of relays, and from where
/// packets came at the end.
async fn watch(policy: Policy, making: Making, server: &IceServer) -> (Vec<SocketAddr>, Vec<SocketAddr>) {
    let before = if making == Making::Change { Policy::Everything } else { policy };
    let mut watched = Watched::new(before, making == Making::Rollback, server);
    watched.offer(ConnectionId([1; 16]));
    watched.look().await;
    match making {
        Making::Offer | Making::Rollback => {}
        Making::Restart => {
            let restart = DriverCommand::Restart { connection: watched.connection, generation: 1 };
            watched.own.0.command(restart).unwrap();
            watched.look().await;
        }
        Making::Change => {
            watched.hide(server).await;
            watched.offer(ConnectionId([2; 16]));
            watched.look().await;
        }
    }
    watched.end().await
}

/// A driver, what watches it, and the peer that answers what it says without ever sending it a packet.
struct Watched {
    policy: Policy,
    own: (driver::Handle, TaskTracker),
    peer: (driver::Handle, TaskTracker),
    sender: mpsc::Sender<(usize, DriverEvent)>,
    events: mpsc::Receiver<(usize, DriverEvent)>,
    udp: tokio::net::UdpSocket,
    tcp: TcpListener,
    connection: ConnectionId,
    /// The peer's own offer meets ours.
    glare: bool,
    relays: Vec<SocketAddr>,
    seen: Vec<SocketAddr>,
}

impl Watched {
    fn new(policy: Policy, glare: bool, server: &IceServer) -> Self {
        let (sender, events) = mpsc::channel(64);
        let (udp, tcp) = (UdpSocket::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
        udp.set_nonblocking(true).unwrap();
        tcp.set_nonblocking(true).unwrap();
        Self {
            policy,
            own: start(OWN, vec![server.clone()], policy, &sender),
            peer: start(PEER, vec![], Policy::Everything, &sender),
            sender,
            events,
            udp: tokio::net::UdpSocket::from_std(udp).unwrap(),
            tcp,
            connection: ConnectionId([0; 16]),
            glare,
            relays: vec![],
            seen: vec![],
        }
    }

    fn offer(&mut self, connection: ConnectionId) {
        self.connection = connection;
        self.own.0.command(DriverCommand::Offer { connection }).unwrap();
    }

    /// Does to the driver what Kith does when one begins to hide: it is dropped, and another takes its place.
    async fn hide(&mut self, server: &IceServer) {
        self.policy = Policy::RelayOnly;
        let another = start(OWN, vec![server.clone()], self.policy, &self.sender);
        let (handle, tracker) = std::mem::replace(&mut self.own, another);
        drop(handle);
        let ended = async {
            // Its last words must find room.
            tokio::select! {
                () = tracker.wait() => {}
                () = async { while self.events.recv().await.is_some() {} } => {}
            }
        };
        tokio::time::timeout(deadline(), ended).await.expect("the driver ends");
        while self.events.try_recv().is_ok() {}
        // What it sent before that has arrived: this is one computer. Only its relay may still send on what it was given.
        let mut packet = [0; 2_048];
        while self.udp.try_recv_from(&mut packet).is_ok() {}
    }

    /// Waits until enough packets have come since now, and it is known where a relay sends from.
    async fn look(&mut self) {
        self.seen.clear();
        let looking = async {
            let (mut told, mut packet) = (false, [0; 2_048]);
            // Until it is known where the relay sends from, every packet is kept.
            while self.seen.len() < LOOKED_AT || !told {
                tokio::select! {
                    event = self.events.recv() => told |= self.happened(event.expect("drivers")),
                    Ok((_, from)) = self.udp.recv_from(&mut packet) => self.seen.push(from),
                }
            }
        };
        tokio::time::timeout(deadline(), looking).await.expect("packets in time");
    }

    /// Carries what one side says to the other. True when a relay was told of.
    fn happened(&mut self, (side, event): (usize, DriverEvent)) -> bool {
        let hides = self.policy == Policy::RelayOnly;
        match (side, event) {
            (OWN, DriverEvent::OfferReady { connection, generation, sdp }) => {
                assert!(!hides || !sdp.contains("candidate"), "{sdp}");
                let command = match generation {
                    // The peer does not give way, and offers its own.
                    0 if self.glare => DriverCommand::Offer { connection: ConnectionId([9; 16]) },
                    0 => DriverCommand::AcceptOffer { connection, sdp, instead_of: None },
                    _ => DriverCommand::AcceptRestart { connection, generation, sdp },
                };
                self.peer.0.command(command).unwrap();
            }
            (PEER, DriverEvent::OfferReady { connection, sdp, .. }) => {
                let instead_of = Some(std::mem::replace(&mut self.connection, connection));
                self.own.0.command(DriverCommand::AcceptOffer { connection, sdp, instead_of }).unwrap();
                self.told_of_addresses();
            }
            (OWN, DriverEvent::AnswerReady { connection, sdp, .. }) => {
                assert!(!hides || !sdp.contains("candidate"), "{sdp}");
                self.peer.0.command(DriverCommand::AcceptAnswer { connection, sdp }).unwrap();
            }
            (PEER, DriverEvent::AnswerReady { connection, sdp, .. }) => {
                self.own.0.command(DriverCommand::AcceptAnswer { connection, sdp }).unwrap();
                self.told_of_addresses();
            }
            (OWN, DriverEvent::CandidatesReady { candidates, .. }) => {
                let mut told = false;
                for line in candidates.iter().map(|candidate| &candidate.line) {
                    let words: Vec<&str> = line.split(' ').collect();
                    let relay = line.contains("typ relay");
                    assert!(!hides || relay && line.contains("raddr 0.0.0.0 rport 9"), "{line}");
                    if relay {
                        self.relays.push(format!("{}:{}", words[4], words[5]).parse::<SocketAddr>().unwrap());
                        told = true;
                    }
                }
                return told;
            }
            _ => {}
        }
        false
    }

    /// The device is told that the peer is where we watch.
    fn told_of_addresses(&self) {
        let (udp, tcp) = (self.udp.local_addr().unwrap().port(), self.tcp.local_addr().unwrap().port());
        let candidates = vec![
            candidate(&format!("udp 2130706431 127.0.0.1 {udp} typ host")),
            candidate(&format!("tcp 2130706431 127.0.0.1 {tcp} typ host tcptype passive")),
        ];
        self.own.0.command(DriverCommand::AddCandidates { connection: self.connection, candidates }).unwrap();
    }

    async fn end(self) -> (Vec<SocketAddr>, Vec<SocketAddr>) {
        assert_eq!(self.tcp.accept().map(|_| ()).map_err(|error| error.kind()), Err(ErrorKind::WouldBlock), "over TCP");
        drop(self.events);
        for (handle, tracker) in [self.own, self.peer] {
            drop(handle);
            tokio::time::timeout(Duration::from_secs(30), tracker.wait()).await.expect("the drivers end");
        }
        (self.relays, self.seen)
    }
}

/// A driver, and what tells when it has ended.
fn start(
    side: usize,
    ice_servers: Vec<IceServer>,
    policy: Policy,
    sender: &mpsc::Sender<(usize, DriverEvent)>,
) -> (driver::Handle, TaskTracker) {
    let settings = Settings { ice_servers, bind: vec!["127.0.0.1:0".to_owned()], policy, ..Settings::default() };
    let tracker = TaskTracker::new();
    let handle = driver::spawn(side, settings, &tracker, CancellationToken::new(), sender.clone());
    tracker.close();
    (handle, tracker)
}

fn candidate(words: &str) -> Candidate {
    Candidate { line: format!("candidate:1 1 {words}"), mid: Some("0".to_owned()), mline: Some(0) }
}
