//! Groups that are too large for links between all.

use uuid::Uuid;

use super::groups::{MINUTE, SECOND, joined, linked, people, told};
use crate::coordinator::world::World;
use crate::coordinator::{Command, MessageState};
use crate::wire::{EntryId, Frame, Held, State, cbor, state};

const SIZE: usize = 13;

/// Many who are in a group together, and no contacts any more.
fn many(seed: u64) -> (World, Uuid) {
    let mut world = World::new(seed);
    let names: Vec<String> = (0..SIZE).map(|number| format!("Person {number}")).collect();
    let users = people(&mut world, &names.iter().map(String::as_str).collect::<Vec<_>>());
    let group = world.group(0, "Many", &users[1..]);
    world.until("all are in", 20 * MINUTE, |world| (0..SIZE).all(|device| joined(world, device, group)));
    for device in 1..SIZE {
        world.run(0, Command::RemoveContact(users[device])).unwrap();
        world.run(device, Command::RemoveContact(users[0])).unwrap();
    }
    world.pass(5 * MINUTE);
    (world, group)
}

/// In a group that is too large for links between all, a word reaches everybody over few links, its author hears that, and nothing goes
/// by mail but to who is away.
#[test]
fn a_large_group_needs_no_mail() {
    let (mut world, group) = many(25);
    world.frames.clear();
    world.published.clear();
    let id = world.write(5, group, "to all");
    let begun = world.now;
    let has = |world: &World, device| device == 5 || told(world, device, &id) == 1;
    world.until("all have it", MINUTE, |world| (0..SIZE).all(|device| has(world, device)));
    assert!(world.now < begun + SECOND / 2, "it took {:?}", world.now - begun);
    world.pass(30 * SECOND);
    let said = |what: fn(&Frame) -> bool| {
        world.frames.iter().filter(|(_, bytes)| Frame::parse(bytes).is_ok_and(|frame| what(&frame))).count()
    };
    assert_eq!(said(|frame| matches!(frame, Frame::Entry(_))), SIZE - 1, "each gets it once");
    // An ack may come before what it acknowledges: that says nothing of who has what.
    assert_eq!(said(|frame| matches!(frame, Frame::Have(_))), 0, "nobody says anew what they have");
    assert_eq!(world.published.len(), 0, "nothing goes by mail");
    let state = |world: &mut World| world.history(5, group).pop().unwrap().state;
    assert_eq!(state(&mut world), MessageState::Delivered);
    // One who is away gets mail, and reads it when they are back, whoever is there then.
    world.kill(9);
    world.pass(2 * MINUTE);
    let second = world.write(5, group, "to all but one");
    world.pass(30 * SECOND);
    (0..SIZE).filter(|device| *device != 9).for_each(|device| world.kill(device));
    world.start(9);
    world.until("it came by mail", MINUTE, |world| told(world, 9, &second) == 1);
}

/// Who has something is believed of those to whom it went by the tree of its author, and not of whoever else is linked: the author
/// would call a message delivered that nobody has.
#[test]
fn not_everybody_is_believed_who_has_what() {
    let (mut world, group) = many(26);
    let neighbour = (0..SIZE).find(|device| *device != 5 && linked(&world, 5, *device)).unwrap();
    let other = (0..SIZE).find(|device| *device != 5 && !linked(&world, 5, *device)).unwrap();
    let away = (0..SIZE).rfind(|device| ![5, neighbour, other].contains(device)).unwrap();
    world.befriend(5, other);
    world.until("a link", 2 * MINUTE, |world| linked(world, 5, other));
    let key = world.engine(away).me.as_ref().unwrap().secrets.device_key();
    world.kill(away);
    world.pass(2 * MINUTE);
    let id = world.write(5, group, "who has it?");
    world.pass(5 * SECOND);
    let devices = vec![key];
    let held = Held { ids: vec![EntryId::from_hex(&id).unwrap()], devices };
    let frame = Frame::State(State { kind: state::HELD, counter: 0, value: cbor::encode(&held) });
    let shown = |world: &mut World| world.history(5, group).pop().unwrap().state;
    world.say(other, 5, frame.to_bytes().into());
    world.pass(SECOND);
    assert_ne!(shown(&mut world), MessageState::Delivered, "of a contact who stands elsewhere");
    world.say(neighbour, 5, frame.to_bytes().into());
    world.pass(SECOND);
    assert_eq!(shown(&mut world), MessageState::Delivered, "of who stands right behind");
}
