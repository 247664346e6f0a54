//! Strangers who fill doors and inboxes with rubbish.

use std::thread;
use std::time::Duration;

use kith::signaling::inbox;

use crate::broker_sees::secrets_of;
use crate::support::mqtt::{Watch, flood};
use crate::support::{Node, World, befriend, link_up};

const JUNK_MESSAGES: usize = 5_000;
/// How much a node may grow by being thrown at, in KiB.
const GROWTH_KIB: u64 = 30 * 1024;
/// The flood shares two cores with everybody.
const PATIENCE: Duration = Duration::from_secs(180);

/// Over its WebSocket listener, Mosquitto 2.0.11 slows down to about two packets a second once larger ones have filled a
/// socket (any client sees it: the same flood, read by a Python client, took minutes there and a second over TCP). So over
/// `ws` the rubbish is no longer than this; the longer sizes are thrown over `mqtt`.
const WEBSOCKET_JUNK_MAX: usize = 16_384;

/// Rubbish of many sizes: empty, small, each size class of real envelopes, one more and one less, and far too long.
struct Junk {
    state: u64,
    longest: usize,
}

impl Junk {
    fn new(longest: usize) -> Self {
        Self { state: 0x9e37_79b9_7f4a_7c15, longest }
    }

    /// xorshift64*: the same rubbish every time.
    fn next(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn payload(&mut self, number: usize) -> Vec<u8> {
        let size = match number % 50 {
            0 => 0,
            1 => 1,
            2 => 100 * 1024,
            3 => 65_536,
            4 => 65_535,
            5 => 65_537,
            6..10 => 16_384,
            10..20 => 4_096,
            20..25 => 1_025,
            25..40 => 1_024,
            _ => (self.next() % 600) as usize,
        };
        let size = size.min(self.longest);
        let mut payload = Vec::with_capacity(size + 8);
        while payload.len() < size {
            payload.extend_from_slice(&self.next().to_le_bytes());
        }
        payload.truncate(size);
        payload
    }
}

/// The longest rubbish for a world's broker.
fn longest(world: &World) -> usize {
    if world.is_over_websocket() { WEBSOCKET_JUNK_MAX } else { usize::MAX }
}

/// Messages go both ways.
fn talk(one: &Node, other: &Node, text: &str) {
    for (from, to) in [(one, other), (other, one)] {
        let id = from.writes(to, text);
        from.until_within(PATIENCE, "it is delivered", |node| (node.state_of(to, &id) == "delivered").then_some(()));
    }
}

/// Five thousand junk messages at a door are dropped and counted: conversations go on, memory stays, and the next
/// genuine request arrives.
pub fn five_thousand_junk_messages_at_the_door_stop_nobody(world: &mut World) {
    let alice = world.person("Alice");
    let bob = world.person("Bob");
    let carol = world.person("Carol");
    befriend(&alice, &bob);
    link_up(&alice, &bob);
    talk(&alice, &bob, "before the flood");
    let (resident, dropped) = (bob.resident_kib(), bob.status().dropped_in_all());

    let longest = longest(world);
    let door = format!("user/{}/contactRequest", bob.user_id());
    let port = world.tcp_port();
    let taken = thread::scope(|scope| {
        let flood = scope.spawn(|| {
            let mut junk = Junk::new(longest);
            flood(port, 20, (0..JUNK_MESSAGES).map(|number| (door.as_str(), junk.payload(number))))
        });
        talk(&alice, &bob, "during the flood");
        flood.join().unwrap()
    });
    println!("the broker took {taken} of {JUNK_MESSAGES}");
    assert!(taken >= JUNK_MESSAGES * 9 / 10, "the broker took only {taken}");

    carol.asks(&bob);
    bob.event_within(PATIENCE, "requestReceived", |event| event["userId"] == carol.user_id());
    bob.accepts(&carol);
    carol.gains(&bob);
    talk(&carol, &bob, "after the flood");
    talk(&alice, &bob, "after the flood");

    let counted = bob.status().dropped_in_all() - dropped;
    let grown = bob.resident_kib().saturating_sub(resident);
    println!("{counted} counted as dropped, {grown} KiB more resident: {:?}", bob.status().dropped);
    // What a broker drops before it reaches the node, the node cannot count.
    assert!(counted >= 1_000, "only {counted} were counted: {:?}", bob.status().dropped);
    assert!(grown < GROWTH_KIB, "grew by {grown} KiB");
    assert_eq!(bob.times_asked_by(&alice) + bob.times_asked_by(&carol), 2);
    assert!(bob.requests().is_empty());
}

/// Both inboxes of two people, as their secrets name them: the broker sees them, whether or not it shows them to others.
fn inboxes(one: &Node, other: &Node) -> Vec<String> {
    let [ours, theirs] = [one, other].map(secrets_of);
    let (one, other) = (ours.certificate(), theirs.certificate());
    let directions = [(&one.device, &other.device), (&other.device, &one.device)];
    let name = |(from, to)| format!("user/{}", inbox(&ours.rendezvous, &other.rendezvous, from, to).unwrap().0);
    let mut inboxes: Vec<String> = directions.map(name).into();
    inboxes.sort();
    inboxes
}

/// Who can name an inbox (it is the broker, or watches one that shows everything) can fill it, and still stops nobody.
pub fn five_thousand_junk_messages_in_inboxes_stop_nobody(world: &mut World) {
    let watch = world.allows_wildcards().then(|| Watch::new(world.tcp_port()));
    let mut alice = world.person("Alice");
    let bob = world.person("Bob");
    let carol = world.person("Carol");
    befriend(&alice, &bob);
    link_up(&alice, &bob);
    talk(&alice, &bob, "before the flood");
    let inboxes = inboxes(&alice, &bob);
    if let Some(watch) = watch {
        assert_eq!(watch.inboxes(), inboxes, "a watcher sees these");
    }
    let places = ["mailbox", "offer", "answer", "iceCandidate", "presence"];
    let topics: Vec<String> = inboxes.iter().flat_map(|inbox| places.map(|place| format!("{inbox}/{place}"))).collect();
    let counted = |node: &Node| node.status().dropped_in_all();
    let resident = [alice.resident_kib(), bob.resident_kib()];
    let dropped = counted(&alice) + counted(&bob);

    let longest = longest(world);
    let port = world.tcp_port();
    let taken = thread::scope(|scope| {
        let flood = scope.spawn(|| {
            let mut junk = Junk::new(longest);
            let rounds =
                (0..JUNK_MESSAGES).map(|number| (topics[number % topics.len()].as_str(), junk.payload(number)));
            flood(port, 20, rounds)
        });
        talk(&alice, &bob, "during the flood");
        flood.join().unwrap()
    });
    assert!(taken >= JUNK_MESSAGES * 9 / 10, "the broker took only {taken}");
    talk(&alice, &bob, "after the flood");
    let grown = [alice.resident_kib().saturating_sub(resident[0]), bob.resident_kib().saturating_sub(resident[1])];

    // A third person can still come, and mail still passes through the filled mailbox.
    carol.asks(&bob);
    bob.event_within(PATIENCE, "requestReceived", |event| event["userId"] == carol.user_id());
    bob.accepts(&carol);
    carol.gains(&bob);
    let counted = counted(&alice) + counted(&bob) - dropped;
    println!("{counted} counted as dropped, {grown:?} KiB more resident");
    assert!(counted >= 1_000, "only {counted} were counted");
    assert!(grown.iter().all(|grown| *grown < GROWTH_KIB), "grew by {grown:?} KiB");
    alice.shutdown();
    let id = bob.writes(&alice, "mail after the flood");
    alice.starts();
    bob.until_within(PATIENCE, "it is delivered", |node| (node.state_of(&alice, &id) == "delivered").then_some(()));
    link_up(&alice, &bob);
}

/// Packets that are sent again by a watcher, at their own topic and at others, change nothing.
pub fn replayed_packets_change_nothing(world: &mut World) {
    let watch = Watch::new(world.tcp_port());
    let alice = world.person("Alice");
    let mut bob = world.person("Bob");
    befriend(&alice, &bob);
    link_up(&alice, &bob);
    talk(&alice, &bob, "over the link");
    bob.shutdown();
    alice.writes(&bob, "by mail");
    alice.until("it is taken", |node| node.reads(&bob).iter().all(|m| m.state != "queued").then_some(()));
    bob.starts();
    bob.waits_for_history(&alice, 3);
    link_up(&alice, &bob);
    alice.waits_until_all_delivered();
    let before = same(&alice, &bob);

    let seen = watch.publishes();
    let topics: Vec<String> = {
        let mut topics: Vec<String> = seen.iter().map(|publish| publish.topic.clone()).collect();
        topics.sort();
        topics.dedup();
        topics
    };
    // Each packet several times where it came from, and once everywhere else.
    let replays = seen.iter().flat_map(|publish| {
        let own = std::iter::repeat_n(publish.topic.as_str(), 5);
        own.chain(topics.iter().map(String::as_str)).map(|topic| (topic, publish.payload.clone()))
    });
    flood(world.tcp_port(), 20, replays);

    talk(&alice, &bob, "after the replay");
    let after = same(&alice, &bob);
    assert_eq!(after[..before.len()], before);
    assert_eq!(after.len(), before.len() + 2);
    for (one, other) in [(&alice, &bob), (&bob, &alice)] {
        one.was_told_of_nothing_twice();
        assert_eq!(one.contacts().len(), 1);
        assert!(one.times_asked_by(other) <= 1);
        assert_eq!(one.events_of("contactAdded").len(), 1);
    }
    link_up(&alice, &bob);
}

fn same(one: &Node, other: &Node) -> Vec<String> {
    crate::support::same_history(one, other)
}
