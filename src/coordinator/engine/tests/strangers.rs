//! What somebody who is a contact, or was one, cannot do by way of groups.

use std::time::Duration;

use bytes::Bytes;
use ed25519_dalek::SigningKey;

use super::groups::trio;
use crate::coordinator::world::World;
use crate::coordinator::{Command, ErrorCode, Event, LinkState};
use crate::identity::Secrets;
use crate::log::{Draft, Entry, Text};
use crate::wire::{Frame, Have, LogId, Salt, kind};

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
