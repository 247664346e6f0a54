//! Entries, what stands in them and around them, and their order.

use kith::log::order::{Key, Node, sort};
use kith::log::{Deletion, Draft, Entry, Reaction, Text, direct_conversation};
use kith::wire::signal::Heartbeat;
use kith::wire::{
    Ack, BlobHash, Bulk, EntryId, Frame, Have, Held, Lack, LogHave, LogId, Range, Reading, RootKey, Salt, State,
    Typing, cbor, kind, state,
};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use crate::{Person, hex, people};

pub(super) fn entry(
    from: &Person,
    to: &Person,
    sequence: u64,
    previous: Option<EntryId>,
    after: Vec<EntryId>,
    text: &str,
) -> Entry {
    let conversation = direct_conversation(&from.secrets.root_key(), &to.secrets.root_key());
    let body = Text::new(text).unwrap().to_bytes();
    Entry::write(
        &from.secrets.device,
        Draft {
            author: from.secrets.root_key(),
            conversation,
            log: LogId([5; 16]),
            sequence,
            previous,
            after,
            time: 1_700_000_000_000 + sequence,
            kind: kind::TEXT,
            target: None,
            body,
            salt: Salt([6; 32]),
        },
    )
}

pub(super) fn entries() -> Value {
    let (alice, bob) = people();
    let first = entry(&alice, &bob, 0, None, vec![], "hello");
    let answer = entry(&bob, &alice, 0, None, vec![first.id()], "Grüße, 東京 🙂");
    let second =
        entry(&alice, &bob, 1, Some(first.id()), vec![answer.id(), EntryId([0xff; 32])], &"long ".repeat(3_000));
    let show = |author: &str, entry: &Entry| {
        let text = Text::parse(entry.body().unwrap()).unwrap().text;
        json!({ "author": author, "entry": hex(cbor::encode(entry.wire())), "id": hex(entry.id().0), "text": text })
    };
    let mut erased = first.wire().clone();
    (erased.salt, erased.body) = (None, None);
    let conversation = direct_conversation(&alice.secrets.root_key(), &bob.secrets.root_key());
    let (device, log) = (alice.secrets.device_key(), LogId([5; 16]));
    let range = |from, count| Range { from, count };
    let heartbeat = |relayed| Heartbeat { interval_ms: 4_000, stamp: 1 << 40, echo: Some(7), relayed };
    let frames = [
        ("heartbeat", Frame::Heartbeat(heartbeat(None))),
        ("heartbeat over a relay", Frame::Heartbeat(heartbeat(Some(true)))),
        ("entry", Frame::Entry(first.wire().clone())),
        (
            "have",
            Frame::Have(Have {
                conversation,
                all: true,
                logs: vec![LogHave {
                    device,
                    log,
                    count: 2,
                    head: Some(second.id()),
                    ranges: vec![range(5, 1), range(300, 20)],
                    tips: vec![answer.id()],
                }],
            }),
        ),
        ("have nothing", Frame::Have(Have { conversation, all: true, logs: vec![] })),
        ("lack", Frame::Lack(Lack { conversation, device, log, ranges: vec![range(2, 3)] })),
        ("ack", Frame::Ack(Ack { ids: vec![first.id(), second.id()] })),
        ("state", Frame::State(State { kind: state::CARD, counter: 1, value: alice.card.bytes().to_vec() })),
        (
            "read",
            Frame::State(State {
                kind: state::READ,
                counter: 300,
                value: cbor::encode(&Reading { conversation, entry: answer.id() }),
            }),
        ),
        (
            "held",
            Frame::State(State {
                kind: state::HELD,
                counter: 0,
                value: cbor::encode(&Held { ids: vec![answer.id()], devices: vec![alice.secrets.device_key()] }),
            }),
        ),
        (
            "typing",
            Frame::State(State {
                kind: state::TYPING,
                counter: 0,
                value: cbor::encode(&Typing { conversation, on: true }),
            }),
        ),
    ];
    json!({
        "entries": [show("alice", &first), show("bob", &answer), show("alice", &second)],
        "bodies": bodies(),
        "emoji": emoji(),
        "erased": { "entry": hex(cbor::encode(&erased)), "id": hex(first.id().0) },
        "bulk": bulk(),
        "frames": frames.iter().map(|(name, frame)| json!({ "name": name, "frame": hex(frame.to_bytes()) })).collect::<Vec<_>>(),
    })
}

/// A body of each kind, and what it says.
fn bodies() -> Value {
    let text = Text::new("Grüße, 東京 🙂").unwrap();
    json!([
        { "kind": kind::TEXT, "body": hex(text.to_bytes()), "text": text.text },
        { "kind": kind::TEXT, "body": hex(text.clone().forward().to_bytes()), "text": text.text, "forwarded": true },
        { "kind": kind::EDIT, "body": hex(text.to_bytes()), "text": text.text },
        { "kind": kind::DELETE, "body": hex(Deletion {}.to_bytes()) },
        { "kind": kind::REACTION, "body": hex(Reaction::new("👍🏽", true).unwrap().to_bytes()), "emoji": "👍🏽", "on": true },
        { "kind": kind::REACTION, "body": hex(Reaction::new("❤️", false).unwrap().to_bytes()), "emoji": "❤️", "on": false },
    ])
}

/// What is one emoji, and what is none.
fn emoji() -> Value {
    let cases = [
        "👍",
        "👍🏽",
        "❤️",
        "👨🏿‍👩🏿‍👧🏿‍👦🏿",
        "🇯🇵",
        "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
        "1️⃣",
        "©",
        "",
        "a",
        "1",
        "🇯",
        "👍👍",
        "👍\u{200d}",
        "\u{1f3fd}",
        "👍 ",
        "\u{200d}👍",
    ];
    let long = ["👩\u{200d}".repeat(9).as_str(), "👩"].concat();
    let accepted = |text: &str| Reaction::new(text, true).is_ok();
    let all = cases.iter().copied().chain([long.as_str()]);
    json!(all.map(|text| json!({ "emoji": text, "accepted": accepted(text) })).collect::<Vec<_>>())
}

/// Pieces of a blob: its beginning, and what comes after 64 KiB.
fn bulk() -> Value {
    let blob = BlobHash([6; 32]);
    let pieces = [(0, vec![7; 3]), (65_536, vec![8; 300])].map(|(offset, bytes)| Bulk { blob, offset, bytes });
    let show = |piece: &Bulk| json!({ "piece": hex(piece.to_bytes()), "blob": hex(blob.0), "offset": piece.offset, "bytes": hex(&piece.bytes) });
    json!(pieces.iter().map(show).collect::<Vec<_>>())
}

pub(super) fn order() -> Value {
    let mut rng = StdRng::seed_from_u64(4);
    let cases: Vec<Value> = (0..20).map(|size| {
        let mut nodes: Vec<Node> = vec![];
        for _ in 0..size {
            let parents = (0..rng.random_range(0..3)).filter_map(|_| nodes.get(rng.random_range(0..nodes.len().max(1)))).map(|node| node.key.id).collect();
            let key = Key { time: rng.random_range(0..5), author: RootKey([rng.random_range(0..3u8); 32]), id: EntryId(rng.random()) };
            nodes.push(Node { key, parents });
        }
        // One whose parent nobody has.
        let key = Key { time: 0, author: RootKey([0; 32]), id: EntryId(rng.random()) };
        nodes.push(Node { key, parents: vec![EntryId(rng.random())] });
        let show = |node: &Node| json!({
            "time": node.key.time, "author": hex(node.key.author.0), "id": hex(node.key.id.0),
            "parents": node.parents.iter().map(|id| hex(id.0)).collect::<Vec<_>>(),
        });
        json!({ "entries": nodes.iter().map(show).collect::<Vec<_>>(), "order": sort(&nodes).iter().map(|id| hex(id.0)).collect::<Vec<_>>() })
    }).collect();
    json!(cases)
}
