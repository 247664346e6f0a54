//! What the broker sees: a proxy before it records every byte of a whole conversation.

use std::collections::{BTreeMap, HashSet};
use std::net::UdpSocket;

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use uuid::Uuid;

use kith::identity::{Link, Secrets};
use kith::signaling::inbox;
use x25519_dalek::StaticSecret;

use crate::support::mqtt::{self, Packet, Publish};
use crate::support::{Node, Recorder, Transport, World, befriend, link_up};

/// Envelopes are padded to these lengths, and to no other.
const SIZE_CLASSES: [usize; 4] = [1_024, 4_096, 16_384, 65_536];
/// Every place that a topic may name.
const PLACES: [&str; 6] = ["contactRequest", "offer", "answer", "iceCandidate", "presence", "mailbox"];

const ALICE: &str = "Alicia Underhill-Quartermaine";
const BOB: &str = "Bartholomew Featherstonehaugh";
const TEXTS: [&str; 4] = [
    "the heron waits beside the frozen weir",
    "eleven lanterns hang above the ferry",
    "a letter for nobody under the third stone",
    "bring the green umbrella to platform nine",
];

/// A whole conversation through a recording proxy: first contact, a link, mail both ways, restarts.
struct Recorded {
    packets: Vec<(bool, Packet)>,
    streams: Vec<Vec<u8>>,
    people: Vec<crate::support::Identity>,
    /// What each device keeps to itself.
    secrets: Vec<Secrets>,
}

fn record() -> Recorded {
    let world = World::new(Transport::Embedded).unwrap();
    let recorder = Recorder::before(world.tcp_port());
    let mut alice = world.person_at(ALICE, &recorder.url());
    let mut bob = world.person_at(BOB, &recorder.url());
    befriend(&alice, &bob);
    link_up(&alice, &bob);
    let says = |one: &Node, other: &Node, text: &str| {
        let id = one.writes(other, text);
        one.waits_until_delivered(other, &id);
    };
    says(&alice, &bob, TEXTS[0]);
    says(&bob, &alice, TEXTS[1]);

    // By mail, a short one and a long one, with nobody there to take it.
    bob.shutdown();
    alice.writes(&bob, TEXTS[2]);
    alice.writes(&bob, &TEXTS[2].repeat(300));
    alice.shutdown();
    bob.starts();
    bob.waits_for_history(&alice, 4);
    bob.writes(&alice, TEXTS[3]);
    bob.shutdown();
    alice.starts();
    alice.waits_for_history(&bob, 5);

    // And once more together.
    bob.starts();
    link_up(&alice, &bob);
    alice.waits_until_all_delivered();
    bob.waits_until_all_delivered();
    alice.shutdown();
    bob.shutdown();
    let people = vec![alice.identity().clone(), bob.identity().clone()];
    let secrets = [&alice, &bob].map(secrets_of).into();
    Recorded { packets: recorder.packets(), streams: recorder.streams(), people, secrets }
}

/// Reads the key file, whatever its name in the data directory.
pub fn secrets_of(node: &Node) -> Secrets {
    let files = std::fs::read_dir(node.data_dir()).unwrap().map(|entry| entry.unwrap().path());
    let mut read =
        files.filter_map(|file| std::fs::read(file).ok()).filter_map(|bytes| Secrets::from_bytes(&bytes).ok());
    read.next().expect("a key file in the data directory")
}

/// No name, text, network address, key or id of either side passes through the broker, except the user id in the topic
/// of the public door; lengths fall into the size classes; topics name inboxes and nothing else.
#[test]
fn the_broker_learns_no_name_text_address_key_or_id() {
    let recorded = record();
    topics_are_doors_and_inboxes(&recorded);
    lengths_are_size_classes(&recorded);
    nothing_of_the_cards_is_there(&recorded);
    nothing_readable_is_there(&recorded);
    no_inbox_follows_from_the_cards(&recorded);
    no_session_speaks_for_a_node(&recorded);
}

fn publishes(recorded: &Recorded) -> Vec<Publish> {
    recorded.packets.iter().filter_map(|(_, packet)| packet.publish()).collect()
}

/// `user/{uuid}/{place}`, taken apart.
fn parts(topic: &str) -> Option<(Uuid, &str)> {
    let (id, place) = topic.strip_prefix("user/")?.split_once('/')?;
    let uuid: Uuid = id.parse().ok()?;
    (uuid.hyphenated().to_string() == id && PLACES.contains(&place)).then_some((uuid, place))
}

fn topics_are_doors_and_inboxes(recorded: &Recorded) {
    let doors: Vec<Uuid> = recorded.people.iter().map(|person| person.user_id.parse().unwrap()).collect();
    let devices: Vec<Uuid> = recorded.people.iter().map(|person| person.device_id.parse().unwrap()).collect();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut inboxes = HashSet::new();
    let published = publishes(recorded).into_iter().map(|publish| (true, publish.topic));
    let subscribed = recorded.packets.iter().flat_map(|(_, packet)| packet.filters()).map(|filter| (false, filter));
    for (publish, topic) in published.chain(subscribed) {
        let (id, place) = parts(&topic).unwrap_or_else(|| panic!("a topic that is not ours: {topic}"));
        assert_eq!(id.get_version_num(), 8, "{topic}");
        assert_eq!(doors.contains(&id), place == "contactRequest", "a door is a person's, an inbox is not: {topic}");
        assert!(!devices.contains(&id), "{topic} names a device");
        if place != "contactRequest" {
            inboxes.insert(id);
        }
        if publish {
            *places.entry(place.to_owned()).or_default() += 1;
        }
    }
    // The record is of a whole conversation, and each direction has an inbox of its own.
    for place in PLACES {
        assert!(places.contains_key(place), "no {place} in the record: {places:?}");
    }
    assert_eq!(inboxes.len(), 2, "one inbox per direction: {inboxes:?}");
}

fn lengths_are_size_classes(recorded: &Recorded) {
    for publish in publishes(recorded) {
        let length = publish.payload.len();
        assert!(SIZE_CLASSES.contains(&length), "{length} bytes at {}", publish.topic);
        assert!(!publish.retain, "{} is to be kept", publish.topic);
    }
    // The broker delivers live topics with QoS 0; nodes publish nothing so.
    let by_nodes = recorded.packets.iter().filter(|(from_node, _)| *from_node);
    for publish in by_nodes.filter_map(|(_, packet)| packet.publish()) {
        assert_eq!(publish.qos, 1, "{}", publish.topic);
    }
}

/// Everything that passed, without the topics of doors.
fn searchable(recorded: &Recorded) -> Vec<Vec<u8>> {
    let doors: Vec<String> =
        recorded.people.iter().map(|person| format!("user/{}/contactRequest", person.user_id)).collect();
    let blank = |bytes: &[u8]| -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for door in &doors {
            let mut from = 0;
            while let Some(at) = find(&bytes[from..], door.as_bytes()) {
                bytes[from + at..from + at + door.len()].fill(b'-');
                from += at + door.len();
            }
        }
        bytes
    };
    recorded.streams.iter().map(|stream| blank(stream)).collect()
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// No sixteen bytes in a row of either card are in the record: no key, no signature, no invitation, no name, no broker.
/// The same for sixteen characters of the link.
fn nothing_of_the_cards_is_there(recorded: &Recorded) {
    let streams = searchable(recorded);
    let seen: HashSet<&[u8]> = streams.iter().flat_map(|stream| stream.windows(16)).collect();
    assert!(seen.len() > 20_000, "the record is too small to show anything: {}", seen.len());
    for person in &recorded.people {
        let text = person.link.strip_prefix("kith:").unwrap();
        let card = BASE64URL_NOPAD.decode(text.as_bytes()).expect("base64url");
        for window in card.windows(16).chain(text.as_bytes().windows(16)) {
            assert!(!seen.contains(window), "a part of {}'s card: {}", person.name, HEXLOWER.encode(window));
        }
    }
}

fn nothing_readable_is_there(recorded: &Recorded) {
    let mut needles: Vec<(String, Vec<u8>)> = Vec::new();
    let mut add = |what: &str, bytes: &[u8]| needles.push((what.to_owned(), bytes.to_vec()));
    for person in &recorded.people {
        for word in person.name.split(' ') {
            add("a name", word.as_bytes());
        }
        for id in [&person.user_id, &person.device_id] {
            let id: Uuid = id.parse().unwrap();
            let bytes = id.as_bytes();
            add("an id, raw", bytes);
            add("an id", id.hyphenated().to_string().as_bytes());
            add("an id", id.hyphenated().to_string().to_uppercase().as_bytes());
            add("an id, hex", HEXLOWER.encode(bytes).as_bytes());
            add("an id, hex", HEXUPPER.encode(bytes).as_bytes());
            add("an id, base64url", BASE64URL_NOPAD.encode(bytes).as_bytes());
            add("an id, base64", &BASE64.encode(bytes).as_bytes()[..22]);
        }
    }
    for text in TEXTS {
        add("a text", text.as_bytes());
        // Also a piece of it, wherever it was cut.
        add("a piece of a text", &text.as_bytes()[10..26]);
    }
    for address in addresses() {
        add("an address", address.as_bytes());
    }
    // What session descriptions and candidates are made of.
    for mark in
        ["candidate:", "ice-ufrag", "ice-pwd", "fingerprint", "typ host", "IN IP4", "a=setup", "v=0\r\n", ".local"]
    {
        add("a session description", mark.as_bytes());
    }
    for stream in searchable(recorded) {
        for (what, needle) in &needles {
            let found = find(&stream, needle);
            assert!(found.is_none(), "{what} passed the broker: {}", String::from_utf8_lossy(needle));
        }
    }
}

/// No inbox can be derived by the code from the two cards: not with any 32 bytes of either card in the place of a secret.
/// With the secrets, both can, so the derivation is the one in use. And no secret is in the record.
fn no_inbox_follows_from_the_cards(recorded: &Recorded) {
    let inboxes: HashSet<Uuid> = publishes(recorded)
        .iter()
        .filter_map(|publish| parts(&publish.topic))
        .filter(|(_, place)| *place != "contactRequest")
        .map(|(id, _)| id)
        .collect();
    let links: Vec<Link> = recorded.people.iter().map(|person| Link::parse(&person.link, None).unwrap()).collect();
    let certificates = [links[0].card.device(), links[1].card.device()];
    let directions = [[0, 1], [1, 0]].map(|[from, to]| (&certificates[from].device, &certificates[to].device));
    let derived = |secret: &StaticSecret| -> Vec<Uuid> {
        let of = |certificate: &&kith::identity::Certificate| {
            directions.map(|(from, to)| inbox(secret, &certificate.rendezvous, from, to).map(|id| id.0))
        };
        certificates.iter().flat_map(of).flatten().collect()
    };

    for window in links.iter().flat_map(|link| link.card.bytes().windows(32)) {
        let guess: [u8; 32] = window.try_into().unwrap();
        let hit = derived(&StaticSecret::from(guess)).into_iter().find(|id| inboxes.contains(id));
        assert!(hit.is_none(), "an inbox follows from {}", HEXLOWER.encode(window));
    }
    for secrets in &recorded.secrets {
        let ours: HashSet<Uuid> = derived(&secrets.rendezvous).into_iter().collect();
        assert!(inboxes.is_subset(&ours), "{inboxes:?} are not derived as the code says");
    }

    let streams = searchable(recorded);
    let seen: HashSet<&[u8]> = streams.iter().flat_map(|stream| stream.windows(16)).collect();
    for secrets in &recorded.secrets {
        let keys = [secrets.root.to_bytes(), secrets.device.to_bytes(), secrets.client];
        let exchange =
            [&secrets.rendezvous, &secrets.card_sealing, &secrets.working_sealing].map(StaticSecret::to_bytes);
        for window in keys.iter().chain(&exchange).flat_map(|key| key.windows(16)) {
            assert!(!seen.contains(window), "a part of a secret key passed the broker");
        }
    }
}

/// The addresses of this machine, as text. Connecting a UDP socket sends nothing.
fn addresses() -> Vec<String> {
    let mut addresses = vec!["127.0.0.1".to_owned()];
    let outward = UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
        socket.connect("192.0.2.1:9")?;
        socket.local_addr()
    });
    if let Ok(outward) = outward {
        addresses.push(outward.ip().to_string());
    }
    addresses
}

/// No will, no name and no password: the broker learns a client id that says nothing, and has nothing to say for us.
fn no_session_speaks_for_a_node(recorded: &Recorded) {
    let connects: Vec<&Packet> =
        recorded.packets.iter().map(|(_, packet)| packet).filter(|packet| packet.kind == mqtt::CONNECT).collect();
    assert!(!connects.is_empty());
    for connect in connects {
        assert!(!connect.has_will());
        assert_eq!(connect.body[7] & 0b1100_0000, 0, "no user name and no password");
    }
}

/// A stranger who is not accepted is sent nothing, by any way: all that passes is what she says at the door.
#[test]
fn an_unaccepted_stranger_is_sent_nothing() {
    let world = World::new(Transport::Embedded).unwrap();
    let recorder = Recorder::before(world.tcp_port());
    let mut alice = world.person_at(ALICE, &recorder.url());
    let mut bob = world.person_at(BOB, &recorder.url());
    alice.asks(&bob);
    bob.is_asked_by(&alice);
    bob.blocks(&alice);
    bob.shutdown();
    bob.starts();
    bob.waits_until_online();
    alice.restart();
    alice.waits_until_online();
    bob.shutdown();
    alice.shutdown();
    let door = format!("user/{}/contactRequest", bob.user_id());
    let mut asked = 0;
    for (_, packet) in recorder.packets() {
        if let Some(publish) = packet.publish() {
            assert_eq!(publish.topic, door, "somebody answered a stranger");
            asked += 1;
        }
    }
    assert!(asked >= 2, "the request passed to the broker and on to Bob");
}
