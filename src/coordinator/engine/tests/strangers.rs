//! What somebody who is a contact, or was one, cannot do by way of groups.

use std::time::Duration;

use bytes::Bytes;
use ed25519_dalek::SigningKey;

use super::groups::trio;
use crate::coordinator::engine::reach::MEMBERS_BROKERS_MAX;
use crate::coordinator::world::{BROKER, World};
use crate::coordinator::{Command, ErrorCode, Event, LinkState};
use crate::identity::Secrets;
use crate::log::{Draft, Entry, Text};
use crate::wire::{EntryId, Frame, Have, LogId, Reading, Salt, State, Typing, cbor, kind, state};

const MINUTE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);
const ALICE: usize = 0;
const BOB: usize = 1;
const CAROL: usize = 2;

/// A contact cannot put words into a conversation that we will have with somebody else one day.
#[test]
fn nobody_writes_into_a_conversation_of_two_others() {
    let mut world = World::new(1);
    for name in ["Alice", "Bob", "Carol"] {
        world.person(name);
    }
    world.befriend(ALICE, BOB);
    world.until("a link", MINUTE, |world| world.link_with(ALICE, world.user(BOB)) == Some(LinkState::Open));
    world.pass(10 * SECOND);
    let conversation = world.conversation(ALICE, CAROL);
    for author in [ALICE, CAROL] {
        let draft = Draft {
            author: Secrets::from_bytes(&world.key_file(author)).unwrap().root_key(),
            conversation,
            log: LogId([7; 16]),
            sequence: 0,
            previous: None,
            after: vec![],
            time: 1_700_000_100_000,
            kind: kind::TEXT,
            target: None,
            body: Text::new("planted").unwrap().to_bytes(),
            salt: Salt([9; 32]),
        };
        let entry = Entry::write(&SigningKey::from_bytes(&[u8::try_from(author).unwrap() + 1; 32]), draft);
        let said = [Frame::Have(Have { conversation, logs: vec![], all: true }), Frame::Entry(entry.wire().clone())];
        said.iter().for_each(|frame| world.say(BOB, ALICE, Bytes::from(frame.to_bytes())));
    }
    world.pass(MINUTE);
    let (carol, _) = world.befriend(CAROL, ALICE);
    world.pass(MINUTE);
    assert!(world.history(ALICE, carol).is_empty(), "Bob has written what Carol and Alice say to each other");
}

/// Who has left a group is put back by contacts only: not by somebody whom they have blocked since, whichever process it is.
#[test]
fn who_has_left_is_put_back_by_contacts_only() {
    let mut world = World::new(2);
    let (users, group) = trio(&mut world);
    world.befriend(BOB, CAROL);
    world.run(CAROL, Command::LeaveGroup(group)).unwrap();
    world.run(CAROL, Command::BlockContact(users[ALICE])).unwrap();
    world.until("Alice knows", 2 * MINUTE, |world| {
        let changed = |event: &&Event| matches!(event, Event::GroupChanged { group_id } if *group_id == group);
        world.events(ALICE).iter().any(|event| changed(&event))
    });
    world.pass(MINUTE);
    world.run(ALICE, Command::AddToGroup { group, user: users[CAROL] }).unwrap();
    world.pass(5 * MINUTE);
    assert_eq!(world.group_view(BOB, group).unwrap().members.len(), 3, "Alice has not added her");
    for _ in 0..2 {
        assert!(!world.group_view(CAROL, group).unwrap().inside, "somebody blocked has put her back");
        let joined = |event: &&Event| matches!(event, Event::GroupJoined { group_id, .. } if *group_id == group);
        assert_eq!(world.events(CAROL).iter().filter(joined).count(), 1);
        let text = Command::SendMessage { to: group, text: "hello?".into(), reply_to: None };
        assert_eq!(world.run(CAROL, text).unwrap_err().code, ErrorCode::NotInGroup);
        world.kill(CAROL);
        world.start(CAROL);
        world.pass(MINUTE);
    }
}

/// A group of people who are nobody to us makes this device connect to a few more brokers, and to none that is near.
#[test]
fn strangers_bring_few_brokers_and_none_that_is_near() {
    let mut world = World::new(3);
    let (mallory, bob) = (world.person("Mallory"), world.person("Bob"));
    let (_, bob_id) = world.befriend(mallory, bob);
    let near = ["mqtt://10.0.0.7", "mqtt://127.0.0.1:1884", "mqtt://localhost:1885"];
    let mut members = vec![bob_id];
    for n in 0..7 {
        let far = ["a", "b", "c"].map(|part| format!("mqtt://{part}{n}.example"));
        let far: Vec<&str> = far.iter().map(String::as_str).collect();
        let theirs = if n == 0 { &near[..] } else { &far[..] };
        let device = world.person_at_each(&format!("Nobody {n}"), &[&[BROKER], theirs].concat());
        members.push(world.befriend(mallory, device).1);
    }
    let group = world.group(mallory, "Crowd", &members);
    world.until("Bob is in", 2 * MINUTE, |world| {
        world.events(bob).iter().any(|event| matches!(event, Event::GroupJoined { group_id, .. } if *group_id == group))
    });
    for _ in 0..2 {
        world.pass(MINUTE);
        let brokers: Vec<String> = world.status(bob).brokers.into_iter().map(|broker| broker.url).collect();
        assert_eq!(brokers.len(), 1 + MEMBERS_BROKERS_MAX, "{brokers:?}");
        assert!(!brokers.iter().any(|url| near.iter().any(|near| url.contains(near))), "{brokers:?}");
        world.kill(bob);
        world.start(bob);
    }
    world.pass(MINUTE);
    world.run(bob, Command::LeaveGroup(group)).unwrap();
    world.pass(MINUTE);
    assert_eq!(world.status(bob).brokers.len(), 1, "a broker of nobody is kept");
}

/// Who was removed neither hears who reads and types in the group, nor is heard, contact or not.
#[test]
fn who_is_out_neither_hears_who_reads_and_types_nor_is_heard() {
    let mut world = World::new(4);
    let (users, group) = trio(&mut world);
    world.pass(MINUTE);
    world.run(ALICE, Command::RemoveFromGroup { group, user: users[CAROL] }).unwrap();
    world.until("Carol knows", 2 * MINUTE, |world| {
        world.events(CAROL).iter().any(|event| matches!(event, Event::GroupLeft { .. }))
    });
    world.pass(10 * SECOND);
    let id = world.write(BOB, group, "she is gone");
    world.pass(10 * SECOND);
    let about = |world: &World, device: usize, from: usize| {
        let from = world.user(from);
        let about = |event: &&Event| match event {
            Event::MessageRead { with, from: who, .. } | Event::TypingChanged { with, from: who, .. } => {
                *with == group && *who == from
            }
            _ => false,
        };
        world.events(device).iter().filter(about).count()
    };
    world.run(ALICE, Command::MarkRead { with: group, up_to: id.clone() }).unwrap();
    world.run(ALICE, Command::SetTyping { with: group, on: true }).unwrap();
    let conversation = world.engine(ALICE).groups[&group];
    let entry = EntryId::from_hex(&id).unwrap();
    let value = cbor::encode(&Reading { conversation, entry });
    let read = Frame::State(State { kind: state::READ, counter: 1, value });
    let value = cbor::encode(&Typing { conversation, on: true });
    let types = Frame::State(State { kind: state::TYPING, counter: 0, value });
    [read, types].iter().for_each(|frame| world.say(CAROL, ALICE, Bytes::from(frame.to_bytes())));
    world.pass(MINUTE);
    // What was typed has ended too.
    assert_eq!(about(&world, BOB, ALICE), 3, "who is in does not hear it");
    assert_eq!((about(&world, CAROL, ALICE), about(&world, ALICE, CAROL)), (0, 0));
    // A new link and a start say nothing either.
    world.kill(ALICE);
    world.start(ALICE);
    world.pass(MINUTE);
    assert_eq!(about(&world, CAROL, ALICE), 0);
}
