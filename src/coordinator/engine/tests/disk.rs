use std::time::Duration;

use super::stories::friends;
use crate::coordinator::world::{Kind, World};
use crate::coordinator::{Command, ErrorCode, Event, LinkState, MessageState};
use crate::store::{Op, Standing};

const MINUTE: Duration = Duration::from_secs(60);

fn told(world: &World, device: usize) -> usize {
    world.events(device).iter().filter(|event| matches!(event, Event::MessageReceived { .. })).count()
}

fn outbox(op: &Op) -> bool {
    matches!(op, Op::Outbox { .. })
}

/// What the disk refuses for a while is only late: messages arrive once and are confirmed, over a link and by mail.
#[test]
fn a_disk_that_fails_for_a_while_delays_and_loses_nothing() {
    let kinds: [(&str, Kind); 6] = [
        ("outbox", outbox),
        ("have", |op| matches!(op, Op::Have(_))),
        ("believe", |op| matches!(op, Op::Believe { .. })),
        ("insert", |op| matches!(op, Op::Insert { .. })),
        ("acked", |op| matches!(op, Op::Acked { .. })),
        ("delivery", |op| matches!(op, Op::Barrier)),
    ];
    for links_work in [true, false] {
        for (name, which) in kinds {
            let mut world = World::new(1);
            world.links_work = links_work;
            let (alice, bob, alice_id, bob_id) = friends(&mut world);
            for device in [alice, bob] {
                world.refuse(device, 3, which);
            }
            for n in 0..3 {
                world.write(alice, bob_id, &format!("{n} to Bob"));
                world.write(bob, alice_id, &format!("{n} to Alice"));
            }
            world.pass(2 * MINUTE);
            let what = format!("{name}, links work: {links_work}");
            assert_eq!((told(&world, alice), told(&world, bob)), (3, 3), "{what}");
            for (device, other) in [(alice, bob_id), (bob, alice_id)] {
                let history = world.history(device, other);
                let states = history.iter().map(|message| message.state);
                assert!(
                    states.clone().all(|state| state != MessageState::Sent && state != MessageState::Queued),
                    "{what}"
                );
            }
        }
    }
}

/// After a message that could not be written, the conversation is read again until that works, and then it can be used.
#[test]
fn a_conversation_is_read_again_until_that_works() {
    let mut world = World::new(2);
    let (alice, bob, _, bob_id) = friends(&mut world);
    world.pass(Duration::from_secs(5));
    world.refuse(alice, 4, |op| matches!(op, Op::Append(_) | Op::Load));
    let command = || Command::SendMessage { to: bob_id, text: "hello".into(), reply_to: None };
    assert_eq!(world.run(alice, command()).unwrap_err().code, ErrorCode::Storage);
    world.pass(MINUTE);
    world.run(alice, command()).unwrap();
    world.until("the message", MINUTE, |world| told(world, bob) == 1);
}

/// A contact that could not be written is written later, and only then told and talked to.
#[test]
fn a_contact_is_written_in_the_end() {
    fn is_contact(op: &Op) -> bool {
        matches!(op, Op::SavePerson(person) if person.standing == Standing::Contact)
    }
    let mut world = World::new(3);
    let (alice, bob) = (world.person("Alice"), world.person("Bob"));
    world.refuse(alice, 3, is_contact);
    world.refuse(bob, 3, is_contact);
    world.add(alice, bob);
    world.until("the request", MINUTE, |world| !world.events(bob).is_empty());
    world.pass(Duration::from_secs(1));
    let alice_id = world.requests(bob)[0].user_id;
    assert_eq!(world.run(bob, Command::AcceptContact(alice_id)).unwrap_err().code, ErrorCode::Storage);
    world.until("a link", 3 * MINUTE, |world| {
        [alice, bob].iter().all(|device| world.link_state(*device) == Some(LinkState::Open))
    });
    for device in [alice, bob] {
        assert_eq!(world.left_to_refuse(device), 0);
        world.kill(device);
        world.start(device);
        assert!(world.contacts(device)[0].accepted, "it was not on disk");
    }
}

/// Who starts with a database that cannot be read is told so, can end, and goes on when it can be read.
#[test]
fn a_database_that_cannot_be_read_is_said_and_tried_again() {
    let mut world = World::new(4);
    let (alice, bob, _, bob_id) = friends(&mut world);
    world.kill(alice);
    world.refuse(alice, 1_000, |op| matches!(op, Op::Load));
    world.start(alice);
    let refused = |world: &mut World, command| world.run(alice, command).unwrap_err().code;
    assert_eq!(refused(&mut world, Command::ShowIdentity), ErrorCode::Storage);
    let create = Command::CreateIdentity { name: "Mallory".into() };
    assert_eq!(refused(&mut world, create), ErrorCode::Storage, "the key file is not written over");
    world.shut_down(alice);
    world.refuse(alice, 3, |op| matches!(op, Op::Load));
    world.start(alice);
    world.pass(MINUTE);
    world.write(alice, bob_id, "here again");
    world.until("the message", 2 * MINUTE, |world| told(world, bob) == 1);
}
