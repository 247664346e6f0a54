//! People who come into a group and go, while disks fail and others are away.

use super::groups::{MINUTE, SECOND, joined, left, linked, people, told, trio};
use crate::coordinator::world::{Moment, World};
use crate::coordinator::{Command, MessageState};
use crate::store::Op;
use crate::wire::{DeviceKey, EntryId, Frame, LogHave, LogId};

const ALICE: usize = 0;
const BOB: usize = 1;
const CAROL: usize = 2;

fn inside(world: &World, device: usize, group: uuid::Uuid) -> bool {
    world.group_now(device, group).is_some_and(|(_, view)| view.inside)
}

/// Who has to have what is said in a group is noted also when the disk refuses that once, and when the process dies before it is: nobody
/// waits for somebody who is gone.
#[test]
fn nobody_waits_for_somebody_who_is_gone() {
    for dies in [false, true] {
        let mut world = World::new(31);
        let (users, group) = trio(&mut world);
        world.pass(MINUTE);
        world.kill(CAROL);
        let id = world.write(ALICE, group, "for both");
        world.until("Bob has it", MINUTE, |world| told(world, BOB, &id) == 1);
        world.pass(5 * SECOND);
        if dies {
            world.submit(ALICE, Command::RemoveFromGroup { group, user: users[CAROL] });
            // The change itself is the first wish; who has to have what follows from reading it.
            let noted = |world: &World| world.wishes(ALICE).any(|op| matches!(op, Op::SaveRecipients { .. }));
            world.until("it is about to be noted", MINUTE, noted);
            world.crash_at(ALICE, 0, Moment::Before);
            world.until("she dies", MINUTE, |world| !world.is_running(ALICE));
            world.start(ALICE);
        } else {
            world.refuse(ALICE, 1, |op| matches!(op, Op::SaveRecipients { .. }));
            world.run(ALICE, Command::RemoveFromGroup { group, user: users[CAROL] }).unwrap();
        }
        world.pass(MINUTE);
        assert_eq!(world.left_to_refuse(ALICE), 0);
        assert_eq!(world.status(ALICE).outbox, 0, "dies: {dies}");
        assert_eq!(world.history(ALICE, group)[0].state, MessageState::Delivered);
    }
}

/// By which entry somebody is in a group is kept also when the disk refuses that once: the next process knows that they are in, whoever is a
/// contact then.
#[test]
fn who_is_in_stays_in_though_the_disk_refused_once_to_say_why() {
    let mut world = World::new(40);
    let (users, group) = trio(&mut world);
    world.pass(MINUTE);
    world.run(ALICE, Command::RemoveFromGroup { group, user: users[BOB] }).unwrap();
    world.until("Bob is out", 2 * MINUTE, |world| left(world, BOB, group));
    world.pass(MINUTE);
    world.refuse(BOB, 1, |op| matches!(op, Op::SaveSeat { .. }));
    world.run(ALICE, Command::AddToGroup { group, user: users[BOB] }).unwrap();
    world.until("Bob is in again", 2 * MINUTE, |world| inside(world, BOB, group));
    world.pass(MINUTE);
    assert_eq!(world.left_to_refuse(BOB), 0);
    world.run(BOB, Command::RemoveContact(users[ALICE])).unwrap();
    world.pass(MINUTE);
    world.kill(BOB);
    world.start(BOB);
    world.pass(10 * SECOND);
    assert!(inside(&world, BOB, group));
}

/// Who was put out and is in again, while a link is open, gives others what they could not give meanwhile, also when something else has gone
/// over the link since.
#[test]
fn who_is_in_again_carries_again() {
    const DAVE: usize = 3;
    let mut world = World::new(32);
    let users = people(&mut world, &["Alice", "Bob", "Carol", "Dave"]);
    world.befriend(BOB, CAROL);
    world.befriend(BOB, DAVE);
    let group = world.group(ALICE, "Us", &users[1..]);
    world.until("everybody is in", 2 * MINUTE, |world| (0..4).all(|device| joined(world, device, group)));
    world.run(ALICE, Command::Promote { group, user: users[DAVE] }).unwrap();
    world.until("links", 2 * MINUTE, |world| {
        linked(world, BOB, CAROL) && linked(world, ALICE, BOB) && linked(world, BOB, DAVE) && linked(world, ALICE, DAVE)
    });
    world.pass(MINUTE);
    // Carol hears nothing of the others but through Bob.
    world.part(ALICE, CAROL);
    world.part(DAVE, CAROL);
    world.broker(false);
    world.run(ALICE, Command::RemoveFromGroup { group, user: users[BOB] }).unwrap();
    world.until("Bob is out", MINUTE, |world| left(world, BOB, group));
    world.pass(10 * SECOND);
    let aside = world.write(BOB, users[CAROL], "I am out");
    world.until("Carol has that", 10 * SECOND, |world| told(world, CAROL, &aside) == 1);
    // Not by the one who put him out: that one's log would show a gap, and Carol would ask.
    world.run(DAVE, Command::AddToGroup { group, user: users[BOB] }).unwrap();
    world.until("Bob is in again", MINUTE, |world| inside(world, BOB, group));
    let id = world.write(DAVE, group, "welcome back");
    world.until("Carol has it", 30 * SECOND, |world| told(world, CAROL, &id) == 1);
}

/// Who is in a group, as far as they know, and believes that a contact is out of it and knows so, hears from them what they do not know:
/// that the contact is in again, and they are out.
#[test]
fn a_contact_who_is_in_again_tells_who_is_out() {
    let mut world = World::new(33);
    let users = people(&mut world, &["Alice", "Bob", "Carol"]);
    world.befriend(BOB, CAROL);
    let group = world.group(ALICE, "Us", &users[1..]);
    world.until("everybody is in", 2 * MINUTE, |world| (0..3).all(|device| joined(world, device, group)));
    world.pass(MINUTE);
    world.run(ALICE, Command::RemoveFromGroup { group, user: users[BOB] }).unwrap();
    world.until("Bob is out", 2 * MINUTE, |world| left(world, BOB, group));
    world.pass(MINUTE);
    // Not killed: a process that begins does not know who knows what.
    world.unplug(CAROL);
    world.run(ALICE, Command::RemoveFromGroup { group, user: users[CAROL] }).unwrap();
    world.run(ALICE, Command::AddToGroup { group, user: users[BOB] }).unwrap();
    world.until("Bob is in again", 2 * MINUTE, |world| inside(world, BOB, group));
    world.pass(MINUTE);
    world.kill(ALICE);
    world.lose_mail();
    world.plug_in(CAROL);
    world.until("Carol is out", 2 * MINUTE, |world| left(world, CAROL, group));
}

/// A deletion that its author made when they were already out counts for nothing: whoever has honoured it asks the others for the text.
#[test]
fn what_a_deletion_has_erased_that_does_not_count_is_asked_for() {
    for links in [true, false] {
        let mut world = World::new(34);
        world.links_work = links;
        let (users, group) = trio(&mut world);
        world.pass(MINUTE);
        let id = world.write(BOB, group, "said once");
        world.until("both have it", MINUTE, |world| [ALICE, CAROL].iter().all(|device| told(world, *device, &id) == 1));
        world.pass(MINUTE);
        world.unplug(ALICE);
        world.pass(MINUTE);
        world.run(BOB, Command::DeleteMessage { with: group, id, for_everyone: true }).unwrap();
        world.pass(MINUTE);
        assert!(world.history(CAROL, group)[0].deleted, "links: {links}");
        world.kill(BOB);
        world.run(ALICE, Command::RemoveFromGroup { group, user: users[BOB] }).unwrap();
        world.plug_in(ALICE);
        world.pass(5 * MINUTE);
        assert_eq!(world.history(CAROL, group)[0].text, "said once", "links: {links}");
    }
}

/// Who is put out of a group once more, by somebody who did not know that they are out, is told that too.
#[test]
fn who_is_out_is_told_that_they_were_put_out_again() {
    let mut world = World::new(36);
    let (users, group) = trio(&mut world);
    world.run(ALICE, Command::Promote { group, user: users[CAROL] }).unwrap();
    world.pass(MINUTE);
    world.unplug(CAROL);
    world.pass(MINUTE);
    world.run(ALICE, Command::RemoveFromGroup { group, user: users[BOB] }).unwrap();
    world.until("Bob is out", 2 * MINUTE, |world| left(world, BOB, group));
    world.pass(MINUTE);
    let before = world.kept(BOB).len();
    world.run(CAROL, Command::RemoveFromGroup { group, user: users[BOB] }).unwrap();
    world.plug_in(CAROL);
    world.pass(2 * MINUTE);
    assert_eq!(world.kept(ALICE).len(), before + 1);
    assert_eq!(world.kept(BOB), world.kept(ALICE));
}

/// Whoever is out of a group is answered once when they name what is not known here, however often they name it.
#[test]
fn what_somebody_names_who_is_out_is_answered_once() {
    let mut world = World::new(35);
    let (users, group) = trio(&mut world);
    world.pass(MINUTE);
    world.run(ALICE, Command::RemoveFromGroup { group, user: users[CAROL] }).unwrap();
    world.until("Carol is out", 2 * MINUTE, |world| left(world, CAROL, group));
    world.pass(MINUTE);
    let (conversation, _) = world.group_now(ALICE, group).unwrap();
    let said = |bytes: &[u8]| match Frame::parse(bytes) {
        Ok(Frame::Have(said)) if said.conversation == conversation => Some(said),
        _ => None,
    };
    world.shut_down(CAROL);
    world.start(CAROL);
    world.pass(MINUTE);
    let last = world.frames.iter().rev().filter(|(from, _)| *from == CAROL).find_map(|(_, bytes)| said(bytes)).unwrap();
    let log = |number: u8| LogHave {
        device: DeviceKey([number; 32]),
        log: LogId([number; 16]),
        count: 1,
        head: Some(EntryId([number; 32])),
        ranges: vec![],
        tips: vec![],
    };
    let mut answers = |number: u8| {
        let mut have = last.clone();
        have.logs.push(log(number));
        have.logs.sort_unstable_by_key(|log| (log.device, log.log));
        let before = world.frames.len();
        world.say(CAROL, ALICE, Frame::Have(have).to_bytes().into());
        world.pass(10 * SECOND);
        world.frames[before..].iter().filter(|(from, bytes)| *from == ALICE && said(bytes).is_some()).count()
    };
    // What she says herself when she hears of it, once on a link, is something else than what she has named here.
    assert_eq!(answers(3), 1);
    assert_eq!([answers(1), answers(1), answers(1), answers(2)], [1, 0, 0, 1]);
}

/// Who was put out and is added again by somebody who is no admin any more, and does not know that yet, learns that they are out.
#[test]
fn who_was_added_in_vain_learns_that_they_are_out() {
    let mut world = World::new(34);
    let users = people(&mut world, &["Alice", "Bob", "Carol"]);
    world.befriend(BOB, CAROL);
    let group = world.group(ALICE, "Us", &users[1..]);
    world.until("everybody is in", 2 * MINUTE, |world| (0..3).all(|device| joined(world, device, group)));
    world.run(ALICE, Command::Promote { group, user: users[BOB] }).unwrap();
    world.pass(MINUTE);
    world.run(ALICE, Command::RemoveFromGroup { group, user: users[CAROL] }).unwrap();
    world.until("Carol is out", 2 * MINUTE, |world| left(world, CAROL, group));
    world.pass(MINUTE);
    world.kill(BOB);
    // What stands before the demotion was not for Carol.
    world.write(ALICE, group, "without her");
    world.run(ALICE, Command::Demote { group, user: users[BOB] }).unwrap();
    world.pass(MINUTE);
    world.kill(ALICE);
    world.lose_mail();
    world.start(BOB);
    world.run(BOB, Command::AddToGroup { group, user: users[CAROL] }).unwrap();
    world.until("Carol is in again", 2 * MINUTE, |world| inside(world, CAROL, group));
    world.pass(MINUTE);
    world.start(ALICE);
    world.until("Carol learns that she is not", 5 * MINUTE, |world| !inside(world, CAROL, group));
    let texts = world.history(CAROL, group).into_iter().map(|message| message.text);
    assert!(!texts.collect::<Vec<_>>().contains(&"without her".to_owned()));
}
