//! Test vectors: made by the code, kept in `tests/vectors/`, checked by `tests/vectors/check.py`, which was written from
//! `docs/protocol.md` and knows nothing of the code.
//!
//! The test fails when the code makes others than those that are kept. `KITH_WRITE_VECTORS=1` writes them anew; then
//! the checker says whether page and code still agree.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

#[path = "vectors/entries.rs"]
mod entries;
#[path = "vectors/groups.rs"]
mod groups;

use std::path::Path;

use data_encoding::HEXLOWER;
use kith::identity::{Card, CardFields, Link, Name, Secrets, safety_number};
use kith::log::direct_conversation;
use kith::signaling::envelope::{Recipient, seal};
use kith::signaling::{Leaf, SessionKind, Topic, client_id, inbox};
use kith::wire::broker_url::BrokerUrl;
use kith::wire::signal::{Candidate, Signal};
use kith::wire::{Accept, ConnectionId, Frame, Hello, KeyKind, Mail, Message, NewKey, Nonce, Request, Signalled, cbor};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const BROKER: &str = "mqtts://broker.example";

fn hex(bytes: impl AsRef<[u8]>) -> String {
    HEXLOWER.encode(bytes.as_ref())
}

struct Person {
    secrets: Secrets,
    card: Card,
    link: Link,
}

fn person(seed: u64, name: &str) -> Person {
    let mut rng = StdRng::seed_from_u64(seed);
    let secrets = Secrets::generate(&mut rng);
    let fields = CardFields {
        sealing: secrets.card_key(),
        counter: seed,
        name: Name::parse(name).unwrap(),
        brokers: vec![BrokerUrl::parse(BROKER).unwrap(), BrokerUrl::parse("ws://[2001:db8::1]:8080/mqtt").unwrap()],
    };
    let card = Card::sign(&secrets.device, secrets.certificate(), secrets.device_list(), fields);
    let link = Link { card: card.clone(), token: Nonce(rng.random()) };
    Person { secrets, card, link }
}

fn people() -> (Person, Person) {
    (person(1, "Alice"), person(2, "Zoë 東京"))
}

fn show(person: &Person) -> Value {
    let secrets = &person.secrets;
    let list = person.card.devices();
    json!({
        "rootSecret": hex(secrets.root.to_bytes()), "rootKey": hex(secrets.root_key().0),
        "deviceSecret": hex(secrets.device.to_bytes()), "deviceKey": hex(secrets.device_key().0),
        "rendezvousSecret": hex(secrets.rendezvous.to_bytes()), "rendezvousKey": hex(secrets.certificate().rendezvous.0),
        "cardSecret": hex(secrets.card_sealing.to_bytes()), "cardKey": hex(secrets.card_key().0),
        "workingSecret": hex(secrets.working_sealing.to_bytes()), "workingKey": hex(secrets.working_key().key.0),
        "clientSecret": hex(secrets.client),
        "userId": secrets.user().to_string(), "deviceId": secrets.device_id().to_string(),
        "deviceList": hex(list.bytes()), "deviceListSignature": hex(list.signature().0),
        "card": hex(person.card.bytes()), "name": person.card.fields().name.to_string(), "cardCounter": person.card.fields().counter,
        "brokers": person.card.fields().brokers.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "token": hex(person.link.token.0), "link": person.link.to_text(),
    })
}

/// An address that names a certificate; any bytes will do for one.
fn pinned_broker() -> Value {
    let certificate = b"not really a certificate";
    let typed = format!("wss://Broker.example:443/mqtt#sha256={}", hex(Sha256::digest(certificate)));
    json!({ "certificate": hex(certificate), "typed": typed, "address": BrokerUrl::parse(&typed).unwrap().to_string() })
}

fn identity() -> Value {
    let (alice, bob) = people();
    let text = bob.link.to_text();
    let swapped = format!("{}{}{}", &text[..200], if &text[200..201] == "A" { "B" } else { "A" }, &text[201..]);
    json!({
        "alice": show(&alice), "bob": show(&bob),
        "safetyNumber": safety_number(&alice.secrets.root_key(), &bob.secrets.root_key()),
        "directConversation": hex(direct_conversation(&alice.secrets.root_key(), &bob.secrets.root_key()).0),
        "pinnedBroker": pinned_broker(),
        "badLinks": [
            { "reader": "alice", "link": text[..text.len() - 1].to_owned(), "error": "truncated" },
            { "reader": "alice", "link": text[..50].to_owned(), "error": "truncated" },
            { "reader": "alice", "link": "kith:", "error": "truncated" },
            { "reader": "alice", "link": swapped, "error": "tampered" },
            { "reader": "alice", "link": text.replacen("kith:", "kith:!", 1), "error": "tampered" },
            { "reader": "alice", "link": format!("https://{text}"), "error": "foreign" },
            { "reader": "alice", "link": format!("kith:{}", "A".repeat(4000)), "error": "oversize" },
            { "reader": "bob", "link": text, "error": "own" },
        ],
    })
}

fn signaling() -> Value {
    let (alice, bob) = people();
    let (a, b) = (alice.secrets.certificate(), bob.secrets.certificate());
    let to_bob = inbox(&alice.secrets.rendezvous, &b.rendezvous, &a.device, &b.device).unwrap();
    let to_alice = inbox(&bob.secrets.rendezvous, &a.rendezvous, &b.device, &a.device).unwrap();
    let url = BrokerUrl::parse(BROKER).unwrap();
    let clients: serde_json::Map<String, Value> = [SessionKind::Live, SessionKind::Mail, SessionKind::Door]
        .iter()
        .map(|kind| (kind.as_str().to_owned(), json!(client_id(&alice.secrets.client, &url, *kind))))
        .collect();

    let door = Topic::door(bob.secrets.user());
    let working = Recipient { device: b.device, kind: KeyKind::Working, key: bob.secrets.working_key().key };
    let card = Recipient { kind: KeyKind::Card, key: bob.secrets.card_key(), ..working };
    let key = alice.secrets.working_key();
    let connection = ConnectionId([7; 16]);
    let signalled = |signal| Message::Signalled(Signalled { to: Nonce([1; 16]), from: Nonce([2; 16]), signal });
    let fingerprint = vec!["AB"; 32].join(":");
    let sdp =
        format!("v=0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=fingerprint:sha-256 {fingerprint}\r\n");
    let offer = |number, generation| Signal::Offer { connection, number, sdp: sdp.clone(), generation };
    let line = "candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host".to_owned();
    let mail = |size: usize| {
        let frame = Frame::Entry(entries::entry(&alice, &bob, 0, None, vec![], &"x".repeat(size)).wire().clone());
        Message::Mail(Mail {
            number: 9,
            key,
            frames: vec![frame.to_bytes().into()],
            accept: None,
            accepted: None,
            seen: None,
        })
    };
    let leaf = |leaf| Topic::inbox(to_bob, leaf);
    let hello = |echo| Message::Hello(Hello { boot: Nonce([1; 16]), nonce: Nonce([2; 16]), echo, key });
    let request = Request { id: Nonce([3; 16]), card: alice.card.bytes().to_vec(), token: Some(bob.link.token), key };
    let accept = Accept { request: Nonce([3; 16]), card: alice.card.bytes().to_vec() };
    let cases = [
        ("request", card, door, Message::Request(request.clone())),
        ("request without an invitation", card, door, Message::Request(Request { token: None, ..request })),
        ("announcement", working, leaf(Leaf::Presence), hello(None)),
        ("answer to an announcement", working, leaf(Leaf::Presence), hello(Some(Nonce([4; 16])))),
        ("new key", card, leaf(Leaf::Presence), Message::NewKey(NewKey { key })),
        ("offer", working, leaf(Leaf::Offer), signalled(offer(1, 0))),
        (
            "answer",
            working,
            leaf(Leaf::Answer),
            signalled(Signal::Answer { connection, number: 300, sdp: sdp.clone(), generation: 0 }),
        ),
        (
            "candidates",
            working,
            leaf(Leaf::IceCandidate),
            signalled(Signal::Candidates {
                connection,
                number: 3,
                end: true,
                candidates: vec![Candidate { line, mid: Some("0".to_owned()), mline: Some(0) }],
                generation: 0,
            }),
        ),
        ("restart offer", working, leaf(Leaf::Offer), signalled(offer(4, 1))),
        (
            "wish for a restart",
            working,
            leaf(Leaf::Offer),
            signalled(Signal::Restart { connection, number: 5, generation: 1 }),
        ),
        (
            "acceptance",
            working,
            leaf(Leaf::Mailbox),
            Message::Mail(Mail { number: 1, key, frames: vec![], accept: Some(accept), accepted: None, seen: None }),
        ),
        (
            "confirmation",
            working,
            leaf(Leaf::Mailbox),
            Message::Mail(Mail {
                number: 2,
                key,
                frames: vec![],
                accept: None,
                accepted: Some(Nonce([3; 16])),
                seen: None,
            }),
        ),
        ("mail of 1 KiB", working, leaf(Leaf::Mailbox), mail(10)),
        ("mail of 4 KiB", working, leaf(Leaf::Mailbox), mail(1_000)),
        ("mail of 16 KiB", working, leaf(Leaf::Mailbox), mail(8_000)),
        ("mail of 64 KiB", working, leaf(Leaf::Mailbox), mail(16_384)),
    ];
    let mut rng = StdRng::seed_from_u64(3);
    let envelopes: Vec<Value> = cases
        .iter()
        .map(|(name, to, topic, message)| {
            let bytes = seal(&mut rng, &alice.secrets.device, to, topic, message).unwrap();
            json!({
                "name": name, "from": "alice", "to": "bob", "topic": topic.to_string(), "length": bytes.len(),
                "key": if to.kind == KeyKind::Card { "card" } else { "working" },
                "message": hex(cbor::encode(message)), "envelope": hex(bytes),
            })
        })
        .collect();
    json!({
        "inboxes": { "aliceToBob": to_bob.0.to_string(), "bobToAlice": to_alice.0.to_string() },
        "doorOfBob": door.to_string(), "clientIdsOfAlice": clients, "clientIdBroker": BROKER, "envelopes": envelopes,
    })
}

fn encoding() -> Value {
    let cases = [
        "00",
        "17",
        "1818",
        "18ff",
        "190100",
        "1a00010000",
        "1b0000000100000000",
        "20",
        "40",
        "4100",
        "60",
        "6161",
        "80",
        "820102",
        "a0",
        "a2000101820102",
        "f4",
        "f5",
        "f6",
        "1817",
        "1900ff",
        "1a0000ffff",
        "1b00000000ffffffff",
        "5801",
        "9fff",
        "5f4100ff",
        "bf0000ff",
        "a201000000",
        "a200010002",
        "a1616100",
        "a12000",
        "f90000",
        "fa00000000",
        "fb0000000000000000",
        "f7",
        "f814",
        "c000",
        "61ff",
        "0000",
        "4200",
        "",
        "8181818181818181818181818100",
        "818181818181818181818181818100",
    ];
    let accepted = |text: &str| cbor::check(&HEXLOWER.decode(text.as_bytes()).unwrap()).is_ok();
    json!(cases.iter().map(|text| json!({ "cbor": text, "accepted": accepted(text) })).collect::<Vec<_>>())
}

/// What is kept in `tests/vectors/` is what the code makes.
#[test]
fn the_vectors_are_what_the_code_makes() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    for (name, made) in [
        ("encoding", encoding()),
        ("identity", identity()),
        ("signaling", signaling()),
        ("entries", entries::entries()),
        ("order", entries::order()),
        ("groups", groups::groups()),
    ] {
        let path = dir.join(name).with_extension("json");
        let text = serde_json::to_string_pretty(&made).unwrap() + "\n";
        if std::env::var_os("KITH_WRITE_VECTORS").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == text, "{} is not what the code makes; KITH_WRITE_VECTORS=1 writes it anew", path.display());
    }
}
