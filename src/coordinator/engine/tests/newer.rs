//! A peer that runs a newer Kith: what this one does not know is kept and passed on, and talk goes on.

use std::time::Duration;

use bytes::Bytes;
use ed25519_dalek::SigningKey;

use super::stories::friends;
use crate::coordinator::world::{BROKER, World};
use crate::coordinator::{Command, Event, LinkState};
use crate::identity::{Card, CardFields, Link, Name, Secrets};
use crate::identity::{Context, sign};
use crate::log::Entry;
use crate::store::{Kept, Loaded, Op, Outcome, OwnLog};
use crate::wire::broker_url::BrokerUrl;
use crate::wire::{self, BodyHash, ConversationId, Frame, Header, Nonce, Salt, cbor, kind};

const MINUTE: Duration = Duration::from_secs(60);
/// A kind that nobody has invented.
const UNKNOWN_KIND: u32 = 4_711;

fn linked(world: &World, one: usize, other: usize) -> bool {
    [one, other].iter().all(|device| world.link_state(*device) == Some(LinkState::Open))
}

/// Adds a field that no version knows to an encoded map: `{…, 23: [1, "new"]}`.
fn with_a_new_field(mut map: Vec<u8>) -> Vec<u8> {
    assert!((0xa0..0xb7).contains(&map[0]), "a map of fewer than 23 fields");
    map[0] += 1;
    map.extend([0x17, 0x82, 0x01, 0x63]);
    map.extend(b"new");
    map
}

/// An entry as a newer version writes it.
fn entry(device: &SigningKey, author: wire::RootKey, own: &OwnLog, kind: u32, body: Vec<u8>) -> Entry {
    let salt = Salt([9; 32]);
    let mut hasher = blake3::Hasher::new();
    hasher.update(&salt.0);
    hasher.update(&body);
    let header = Header {
        author,
        device: wire::DeviceKey(device.verifying_key().to_bytes()),
        conversation: own.conversation,
        log: own.log,
        sequence: own.next,
        previous: own.last,
        after: own.heads.iter().copied().filter(|head| Some(*head) != own.last).collect(),
        time: 1_700_000_100_000 + own.next,
        kind,
        target: None,
        length: u32::try_from(body.len()).unwrap(),
        hash: BodyHash(*hasher.finalize().as_bytes()),
    };
    let header = with_a_new_field(cbor::encode(&header));
    let signature = sign(device, Context::Entry, &header);
    Entry::verify(wire::Entry { header, signature, salt: Some(salt), body: Some(body) }).unwrap()
}

fn own_log(world: &mut World, device: usize, conversation: ConversationId) -> OwnLog {
    let Some(Ok(Outcome::Loaded(loaded))) = world.db(device).apply(vec![Op::Load]).pop() else { panic!("no logs") };
    let Loaded { logs, .. } = *loaded;
    logs.into_iter().find(|log| log.conversation == conversation).unwrap()
}

/// What a device keeps of a conversation, by its order.
fn kept(world: &mut World, device: usize, conversation: ConversationId) -> Vec<wire::Entry> {
    let rows = world.db(device).entries(&conversation).unwrap();
    rows.into_iter().map(|Kept { entry, .. }| entry).collect()
}

/// Alice has a newer Kith, Bob this one, and Alice's next device again a newer: entries of unknown kinds and with unknown fields
/// pass through Bob byte for byte, and have their place in the order everywhere.
#[test]
fn what_a_newer_version_wrote_passes_through_an_older_one() {
    let mut world = World::new(1);
    let (alice, bob, alice_id, bob_id) = friends(&mut world);
    world.until("a link", MINUTE, |world| linked(world, alice, bob));
    world.write(alice, bob_id, "before");
    world.pass(MINUTE);
    world.kill(alice);
    let backup = world.back_up(alice);
    // Her newer program writes while this one does not run.
    let conversation = world.conversation(alice, bob);
    let secrets = Secrets::from_bytes(&world.key_file(alice)).unwrap();
    let new_body = with_a_new_field(crate::log::Text::new("a text with more in it").unwrap().to_bytes());
    let bodies = [(UNKNOWN_KIND, vec![0xa1, 0x00, 0x18, 0x2a]), (kind::TEXT, new_body), (UNKNOWN_KIND + 1, vec![])];
    let mut written = vec![];
    for (kind, body) in bodies {
        let own = own_log(&mut world, alice, conversation);
        let entry = entry(&secrets.device, secrets.root_key(), &own, kind, body);
        let outcome = world.db(alice).apply(vec![Op::Append(Box::new(entry.clone()))]).remove(0);
        assert!(matches!(outcome, Ok(Outcome::Appended { .. })), "{outcome:?}");
        written.push(entry.wire().clone());
    }
    world.note_kept(alice, conversation);
    world.start(alice);
    world.pass(MINUTE);
    world.write(alice, bob_id, "after");
    world.write(bob, alice_id, "an answer");
    world.pass(MINUTE);
    let (first, middle) = (kept(&mut world, alice, conversation), kept(&mut world, bob, conversation));
    assert!(first == middle, "an older device does not keep what a newer one wrote as it is");
    assert!(written.iter().all(|entry| middle.contains(entry)), "it lacks something");
    let texts: Vec<String> = world.history(bob, alice_id).into_iter().map(|message| message.text).collect();
    assert!(texts.iter().any(|text| text == "a text with more in it"), "what it knows of a text is shown: {texts:?}");
    assert_eq!(world.status(alice).outbox, 0);

    // The third device: hers, from a backup that has none of it. Only Bob can give it.
    world.kill(alice);
    world.restore(alice, &backup, true);
    world.start(alice);
    world.until("a link again", 2 * MINUTE, |world| linked(world, alice, bob));
    world.pass(MINUTE);
    let (third, middle) = (kept(&mut world, alice, conversation), kept(&mut world, bob, conversation));
    assert!(written.iter().all(|entry| third.contains(entry)), "it was not passed on as it came");
    assert!(third == middle, "the third device has another order");
}

/// Frames of unknown kinds, with unknown fields, and latest values of unknown kinds: what is known in them counts, the rest is
/// counted, and the link stays.
#[test]
fn frames_of_a_newer_version_harm_nothing() {
    let mut world = World::new(2);
    let (alice, bob, alice_id, bob_id) = friends(&mut world);
    world.until("a link", MINUTE, |world| linked(world, alice, bob));
    let id = world.write(alice, bob_id, "hello");
    world.pass(Duration::from_secs(10));
    let events = world.events(bob).len();
    // `[6, {0: 1}]`, a kind with a long number, and one that holds no map.
    for bytes in [vec![0x82, 0x06, 0xa1, 0x00, 0x01], vec![0x82, 0x19, 0x12, 0x67, 0xa0], vec![0x82, 0x07, 0x80]] {
        world.say(alice, bob, Bytes::from(bytes));
    }
    // Known frames with a field more: `[4, {0: [ids], 23: …}]`.
    let frames = [
        Frame::Ack(wire::Ack { ids: vec![wire::EntryId::from_hex(&id).unwrap()] }),
        Frame::State(wire::State { kind: UNKNOWN_KIND, counter: 1, value: vec![1, 2, 3] }),
    ];
    for frame in frames {
        let bytes = frame.to_bytes();
        let mut newer = bytes[..2].to_vec();
        newer.extend(with_a_new_field(bytes[2..].to_vec()));
        assert!(Frame::parse(&newer).is_ok(), "a field that is not known is no fault: {newer:?}");
        world.say(alice, bob, Bytes::from(newer));
    }
    world.pass(Duration::from_secs(10));
    assert!(linked(&world, alice, bob), "the link is left");
    assert_eq!(world.events(bob).len(), events, "nothing happens");
    let dropped = world.status(bob).dropped;
    assert_eq!(dropped.get("a frame of a newer version"), Some(&3), "{dropped:?}");
    assert_eq!(dropped.get("a state of a newer version"), Some(&1), "{dropped:?}");
    assert_eq!(dropped.get("a malformed frame"), None, "{dropped:?}");
    world.write(alice, bob_id, "still there?");
    world.write(bob, alice_id, "yes");
    world.pass(Duration::from_secs(10));
    assert_eq!((world.status(alice).outbox, world.status(bob).outbox), (0, 0));
}

/// Two protocol versions talk: somebody whose card says that they speak 1 and 2 is spoken to in 1, which both know; somebody who
/// speaks 2 only is refused at their link, with the reason.
#[test]
fn two_versions_of_the_protocol_talk_in_the_one_that_both_know() {
    let mut world = World::new(3);
    let (alice, bob) = (world.person("Alice"), world.person("Bob"));
    let secrets = Secrets::from_bytes(&world.key_file(bob)).unwrap();
    let link = Link::parse(&world.identity(bob).link, None).unwrap();
    let newer = |oldest, newest| {
        let fields = CardFields {
            sealing: secrets.card_key(),
            counter: link.card.fields().counter,
            name: Name::parse("Bob").unwrap(),
            brokers: vec![BrokerUrl::parse(BROKER).unwrap()],
        };
        let (certificate, devices) = (secrets.certificate(), secrets.device_list());
        let card = Card::sign_speaking((oldest, newest), &secrets.device, certificate, devices, fields);
        Link { card, token: Nonce(link.token.0) }.to_text()
    };
    let refused = world.run(alice, Command::AddContact { link: newer(2, 3) }).unwrap_err();
    assert_eq!(refused.code, crate::coordinator::ErrorCode::LinkNewer);
    let (alice_id, bob_id) = (world.user(alice), world.user(bob));
    assert_eq!(world.add_link(alice, newer(1, 2)), bob_id);
    let asked = |event: &Event| matches!(event, Event::RequestReceived { user_id, .. } if *user_id == alice_id);
    world.until("the request", MINUTE, |world| world.events(bob).iter().any(asked));
    world.run(bob, Command::AcceptContact(alice_id)).unwrap();
    world.until("a link", MINUTE, |world| linked(world, alice, bob));
    // He says more than she knows, and neither minds.
    world.say(bob, alice, Bytes::from(vec![0x82, 0x06, 0xa1, 0x00, 0x01]));
    world.write(alice, bob_id, "in version 1");
    world.write(bob, alice_id, "in version 1 too");
    world.pass(Duration::from_secs(10));
    assert!(linked(&world, alice, bob));
    assert_eq!((world.status(alice).outbox, world.status(bob).outbox), (0, 0));
    // Every envelope that went out says version 1 in its first byte.
    assert!(world.published.iter().all(|(_, payload)| payload.first() == Some(&1)));
}
