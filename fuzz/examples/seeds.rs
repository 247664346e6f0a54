//! Writes the kept inputs of the fuzz targets from valid values: `cargo run -p kith-fuzz --example seeds`.
//!
//! To be run again when a wire type changes. Every value is the same in every run, so that `git diff` shows what changed.

use std::fs;
use std::path::Path;

use kith::identity::{Card, CardFields, Context, Link, Name, Secrets, sign};
use kith::log::group::{Action, Last};
use kith::log::{Deletion, Draft, Entry, Reaction, Text, direct_conversation};
use kith::signaling::envelope::{Recipient, seal};
use kith::signaling::{InboxId, Leaf, Topic};
use kith::wire::broker_url::BrokerUrl;
use kith::wire::signal::{Candidate, Heartbeat, Signal};
use kith::wire::{
    Accept, Ack, BlobHash, Bulk, ConnectionId, ConversationId, DeviceKey, EntryId, Envelope, Frame, Have, Held, Hello,
    Inner, KeyKind, Lack, LogHave, LogId, Mail, Message, NewKey, Nonce, Range, Reading, Request, Salt, Signalled,
    State, Typing, cbor, kind, state,
};
use kith_fuzz::{card_body, generator, secrets};

fn main() {
    let (alice, bob) = (secrets(1), secrets(2));
    let card = card(&alice);
    frames(&alice, &card);
    pieces();
    let messages = messages(&alice, &card);
    for (name, message) in &messages {
        keep("message", name, &cbor::encode(message));
    }
    envelopes(&alice, &bob, &messages);
    links(&card);
    cards(&alice, &card);
    entries(&alice);
    signals();
    texts();
    answers();
}

/// Keeps one input.
fn keep(target: &str, name: &str, bytes: &[u8]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    fs::create_dir_all(&folder).expect("the folder can be made");
    fs::write(folder.join(name), bytes).expect("the file can be written");
}

/// Keeps one input of a target whose first bytes are choices.
fn keep_chosen(target: &str, name: &str, choice: &[u8], bytes: &[u8]) {
    keep(target, name, &[choice, bytes].concat());
}

fn card(secrets: &Secrets) -> Card {
    let brokers = ["mqtts://broker.example", "ws://127.0.0.1:9001/mqtt"];
    let fields = CardFields {
        sealing: secrets.card_key(),
        counter: 3,
        name: Name::parse("Zoë").expect("a name"),
        brokers: brokers.iter().map(|url| BrokerUrl::parse(url).expect("an address")).collect(),
    };
    Card::sign(&secrets.device, secrets.certificate(), secrets.device_list(), fields)
}

fn entry(secrets: &Secrets, sequence: u64) -> Entry {
    let draft = Draft {
        author: secrets.root_key(),
        conversation: direct_conversation(&secrets.root_key(), &secrets.root_key()),
        log: LogId([4; 16]),
        sequence,
        previous: (sequence > 0).then_some(EntryId([5; 32])),
        after: vec![EntryId([6; 32]), EntryId([7; 32])],
        time: 1_790_000_000_000,
        kind: kind::TEXT,
        target: (sequence > 1).then_some(EntryId([8; 32])),
        body: Text::new("hello").expect("a text").to_bytes(),
        salt: Salt([9; 32]),
    };
    Entry::write(&secrets.device, draft)
}

fn frames(alice: &Secrets, card: &Card) {
    let conversation = ConversationId([1; 32]);
    let ranges = vec![Range { from: 5, count: 2 }, Range { from: 300, count: 70_000 }];
    let log = |log, count| LogHave {
        device: alice.device_key(),
        log: LogId([log; 16]),
        count,
        head: (count > 0).then_some(EntryId([2; 32])),
        ranges: ranges.clone(),
        tips: vec![EntryId([3; 32])],
    };
    let mut erased = entry(alice, 1).wire().clone();
    (erased.salt, erased.body) = (None, None);
    let reading = Reading { conversation, entry: EntryId([2; 32]) };
    let held = Held { ids: vec![EntryId([2; 32])], devices: vec![DeviceKey([3; 32])] };
    let typing = Typing { conversation, on: true };
    let all = [
        (
            "heartbeat",
            Frame::Heartbeat(Heartbeat { interval_ms: 4_000, stamp: 1 << 40, echo: Some(7), relayed: Some(true) }),
        ),
        ("entry", Frame::Entry(entry(alice, 0).wire().clone())),
        ("entry-erased", Frame::Entry(erased)),
        ("have", Frame::Have(Have { conversation, logs: vec![log(1, 0), log(2, 4)], all: true })),
        ("have-nothing", Frame::Have(Have { conversation, logs: vec![], all: true })),
        ("lack", Frame::Lack(Lack { conversation, device: alice.device_key(), log: LogId([1; 16]), ranges })),
        ("ack", Frame::Ack(Ack { ids: vec![EntryId([1; 32]), EntryId([2; 32])] })),
        ("state", Frame::State(State { kind: state::CARD, counter: 3, value: card.bytes().to_vec() })),
        ("state-read", Frame::State(State { kind: state::READ, counter: 4, value: cbor::encode(&reading) })),
        ("state-held", Frame::State(State { kind: state::HELD, counter: 0, value: cbor::encode(&held) })),
        ("state-typing", Frame::State(State { kind: state::TYPING, counter: 0, value: cbor::encode(&typing) })),
    ];
    for (name, frame) in all {
        keep("frame", name, &frame.to_bytes());
    }
    // What a newer version may say: an unknown kind, and an unknown field of a known kind.
    keep("frame", "newer-kind", &[0x82, 0x18, 0x63, 0xa0]);
    keep("frame", "newer-field", &[0x82, 0x04, 0xa2, 0x00, 0x80, 0x18, 0x63, 0x01]);
}

fn pieces() {
    let blob = BlobHash([1; 32]);
    for (name, offset, length) in [("first", 0, 1), ("middle", 70_000, 300), ("last", u64::MAX - 20, 20)] {
        keep("bulk", name, &Bulk { blob, offset, bytes: vec![7; length] }.to_bytes());
    }
    keep("bulk", "nothing", &Bulk { blob, offset: 0, bytes: vec![] }.to_bytes());
    keep("bulk", "beyond", &Bulk { blob, offset: u64::MAX, bytes: vec![7] }.to_bytes());
}

fn messages(alice: &Secrets, card: &Card) -> Vec<(&'static str, Message)> {
    let key = alice.working_key();
    let [one, two, three] = [1, 2, 3].map(|byte| Nonce([byte; 16]));
    let signalled = |signal| Message::Signalled(Signalled { to: one, from: two, signal });
    let [offer, answer, candidates, restart] = signal_values();
    let frames = [Frame::Entry(entry(alice, 0).wire().clone()), Frame::Ack(Ack { ids: vec![EntryId([1; 32])] })];
    let frames = frames.iter().map(|frame| frame.to_bytes().into()).collect();
    let accept = Some(Accept { request: one, card: card.bytes().to_vec() });
    vec![
        ("request", Message::Request(Request { id: one, card: card.bytes().to_vec(), token: Some(two), key })),
        ("hello", Message::Hello(Hello { boot: one, nonce: two, echo: Some(three), key })),
        ("offer", signalled(offer)),
        ("answer", signalled(answer)),
        ("candidates", signalled(candidates)),
        ("restart", signalled(restart)),
        ("mail", Message::Mail(Mail { number: 7, key, frames, accept: None, accepted: None, seen: None })),
        (
            "mail-accept",
            Message::Mail(Mail { number: 8, key, frames: vec![], accept, accepted: Some(three), seen: Some(6) }),
        ),
        ("new-key", Message::NewKey(NewKey { key })),
    ]
}

fn envelopes(alice: &Secrets, bob: &Secrets, messages: &[(&'static str, Message)]) {
    // The order of the target's topics.
    let topic = |name: &str| match name {
        "request" => 0,
        "offer" | "restart" => 1,
        "answer" => 2,
        "hello" | "new-key" => 3,
        "candidates" => 4,
        _ => 5,
    };
    for (name, message) in messages {
        let mode = if matches!(*name, "request" | "new-key") { 3 } else { 2 };
        keep_chosen("envelope", &format!("seal-{name}"), &[mode, topic(name)], &cbor::encode(message));
    }
    let message = &messages.iter().find(|(name, _)| *name == "hello").expect("a hello").1;
    let to = Recipient { device: bob.device_key(), kind: KeyKind::Working, key: bob.working_key().key };
    let place = Topic::inbox(InboxId(Default::default()), Leaf::Presence);
    let sealed = seal(&mut generator(9), &alice.device, &to, &place, message).expect("it fits");
    keep_chosen("envelope", "open-hello", &[0, 0], &sealed);
    let message = cbor::encode(message);
    let inner = Inner {
        device: alice.device_key(),
        signature: sign(&alice.device, Context::Envelope, &message),
        message: message.clone(),
    };
    let inner = cbor::encode(&inner);
    keep_chosen("envelope", "inner", &[1, 0], &inner);
    keep_chosen("envelope", "padded", &[1, 0], &Envelope::pad(&inner).expect("it fits"));
}

fn links(card: &Card) {
    let token = Nonce([1; 16]);
    keep_chosen("link", "text", &[0], Link { card: card.clone(), token }.to_text().as_bytes());
    keep_chosen("link", "foreign", &[0], b"https://example.org");
    let length = u16::try_from(card.bytes().len()).expect("a card is short").to_be_bytes();
    let content = [&[1][..], &length, token.as_bytes(), card.bytes()].concat();
    keep_chosen("link", "content", &[1], &content);
}

fn cards(alice: &Secrets, card: &Card) {
    keep_chosen("card", "card", &[0], card.bytes());
    keep_chosen("card", "body", &[1], &card_body(card.bytes()).expect("our own card"));
    keep_chosen("card", "devices", &[2], alice.device_list().bytes());
}

fn entries(alice: &Secrets) {
    keep_chosen("entry", "first", &[0], &cbor::encode(entry(alice, 0).wire()));
    keep_chosen("entry", "header-first", &[1], &entry(alice, 0).wire().header);
    keep_chosen("entry", "header-target", &[1], &entry(alice, 2).wire().header);
    let written = entry(alice, 0);
    let body = written.body().expect("just written");
    keep_chosen("entry", "write", &[2], &[&[9; 32][..], body].concat());
    keep_chosen("entry", "text", &[3], body);
    let forwarded = Text::new("hello").expect("a text").forward();
    keep_chosen("entry", "text-forwarded", &[3], &forwarded.to_bytes());
    keep_chosen("entry", "reaction", &[4], &Reaction::new("\u{1f44d}", true).expect("an emoji").to_bytes());
    keep_chosen("entry", "deletion", &[5], &Deletion {}.to_bytes());
    changes(alice);
}

/// A change of a group of each kind, and one that a newer version may write.
fn changes(alice: &Secrets) {
    let (name, root) = (Name::parse("Friends").expect("a name"), alice.root_key());
    let last = |log| Last { device: alice.device_key(), log: LogId([log; 16]), sequence: 70_000, id: EntryId([5; 32]) };
    let cards = vec![card(alice), card(&secrets(2))];
    let all = [
        ("create", Action::Create { name: name.clone(), hue: 300, history: true, cards }),
        ("add", Action::Add { card: Box::new(card(alice)) }),
        ("remove", Action::Remove { root, cut: vec![last(1), last(2)] }),
        ("leave", Action::Leave { cut: vec![] }),
        ("promote", Action::Promote { root }),
        ("demote", Action::Demote { root }),
        ("rename", Action::Rename { name: name.clone(), hue: None }),
        ("recolour", Action::Rename { name, hue: Some(359) }),
        ("history", Action::History { shared: false }),
    ];
    for (name, action) in all {
        keep_chosen("entry", &format!("group-{name}"), &[6], &action.to_bytes());
    }
    keep_chosen("entry", "group-newer", &[6], &[0x82, 0x08, 0xa0]);
}

fn signal_values() -> [Signal; 4] {
    let connection = ConnectionId([1; 16]);
    let candidate = |line: &str, mid: Option<&str>| Candidate {
        line: line.to_owned(),
        mid: mid.map(str::to_owned),
        mline: mid.map(|_| 0),
    };
    let candidates = vec![
        candidate("candidate:1 1 udp 2130706431 192.0.2.1 50000 typ host", Some("0")),
        candidate("candidate:2 1 udp 1694498815 2001:db8::1 50001 typ srflx raddr :: rport 9", None),
    ];
    [
        Signal::Offer { connection, number: 1, sdp: description(), generation: 1 },
        Signal::Answer { connection, number: 2, sdp: description(), generation: 1 },
        Signal::Candidates { connection, number: 3, candidates, end: true, generation: 1 },
        Signal::Restart { connection, number: 4, generation: 1 },
    ]
}

fn description() -> String {
    let fingerprint: Vec<String> = (0..32).map(|byte| format!("{:02X}", byte * 7)).collect();
    format!(
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=fingerprint:sha-256 {}\r\na=group:BUNDLE 0\r\n\
         m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=setup:actpass\r\na=mid:0\r\n\
         a=sctp-port:5000\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n",
        fingerprint.join(":")
    )
}

fn signals() {
    let [offer, answer, candidates, restart] = signal_values();
    for (name, signal) in [("offer", offer), ("answer", answer), ("candidates", candidates), ("restart", restart)] {
        keep_chosen("signal", name, &[0], &signal.encode());
    }
    let heartbeat = Heartbeat { interval_ms: 25_000, stamp: 1_234_567, echo: None, relayed: Some(false) };
    keep_chosen("signal", "heartbeat", &[1], &cbor::encode(&heartbeat));
    keep_chosen("signal", "description", &[2], description().as_bytes());
}

/// The targets that read text.
fn texts() {
    for leaf in ["contactRequest", "offer", "answer", "iceCandidate", "presence", "mailbox"] {
        keep("topic", leaf, format!("user/9c5b94b1-35ad-49bb-b118-8e8fc24abf80/{leaf}").as_bytes());
    }
    let urls = [
        ("plain", "mqtt://broker.example"),
        ("port", "mqtts://Broker.Example:8884"),
        ("login", "wss://alice:p%40ss%20word@broker.example/mqtt"),
        ("pin", "mqtts://broker.example#sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"),
        ("v4", "ws://192.0.2.1:9001/a%2fb"),
        ("v6", "mqtt://[2001:DB8::1]:1884"),
        ("loopback", "mqtt://localhost"),
    ];
    for (name, url) in urls {
        keep("broker_url", name, url.as_bytes());
    }
    let lines = [
        (
            "request",
            r#"{"jsonrpc": "2.0", "id": 1, "method": "message.send", "params": {"to": "x", "text": "h\u00e9"}}"#,
        ),
        ("text-id", r#"{"jsonrpc": "2.0", "id": "a", "method": "status"}"#),
        ("notification", r#"{"jsonrpc": "2.0", "method": "shutdown", "params": {}}"#),
        ("no-method", r#"{"jsonrpc": "2.0", "id": null}"#),
        ("list-params", r#"{"jsonrpc": "2.0", "id": 2, "method": "status", "params": [1, 2.5]}"#),
        ("batch", r#"[{"jsonrpc": "2.0", "id": 1, "method": "status"}]"#),
        ("broken", r#"{"jsonrpc": "2.0", "#),
    ];
    for (name, line) in lines {
        keep("rpc", name, line.as_bytes());
    }
}

/// Attributes of STUN answers, behind the number of a type (see the target): an address, an address and another one, a relay,
/// refusals with what a login needs.
fn answers() {
    let attribute = |kind: u16, value: &[u8]| {
        let length = u16::try_from(value.len()).expect("a short value");
        let padding = vec![0; value.len().next_multiple_of(4) - value.len()];
        [&kind.to_be_bytes()[..], &length.to_be_bytes(), value, &padding].concat()
    };
    let (seen, other) = ([0, 1, 0x12, 0x34, 1, 2, 3, 4], [0, 1, 0x0d, 0x97, 192, 0, 2, 2]);
    let six = [&[0, 2, 0x12, 0x34][..], &[9; 16]].concat();
    let who = [attribute(0x09, &[0, 0, 4, 1]), attribute(0x14, b"kith.example"), attribute(0x15, b"nonce")].concat();
    keep_chosen("stun", "address", &[1], &attribute(0x20, &seen));
    keep_chosen("stun", "address6", &[1], &attribute(0x20, &six));
    keep_chosen("stun", "other", &[1], &[attribute(0x20, &seen), attribute(0x802c, &other)].concat());
    keep_chosen("stun", "unauthorised", &[4], &who);
    keep_chosen("stun", "relay", &[3], &[attribute(0x16, &seen), attribute(0x0d, &[0, 0, 2, 0x58])].concat());
    keep_chosen("stun", "refused", &[6], &attribute(0x09, &[0, 0, 4, 38, b'S']));
}
