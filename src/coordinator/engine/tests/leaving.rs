//! Leaving a group where nobody is a contact: somebody there has to hear it, whenever that is.

use std::time::Duration;

use uuid::Uuid;

use super::groups::{MINUTE, SECOND, only_one_gets, told, trio};
use crate::coordinator::world::World;
use crate::coordinator::{Command, ErrorCode};
use crate::store::Op;

const ALICE: usize = 0;
const BOB: usize = 1;
const CAROL: usize = 2;
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Carol has left a group of people none of whom is a contact of hers, where nothing could be heard of it.
fn left_unheard(seed: u64, links_work: bool) -> (World, Vec<Uuid>, Uuid) {
    let mut world = World::new(seed);
    world.links_work = links_work;
    let (users, group) = trio(&mut world);
    world.pass(MINUTE);
    world.run(CAROL, Command::RemoveContact(users[ALICE])).unwrap();
    world.pass(MINUTE);
    world.links_work = false;
    world.cut_links();
    world.broker(false);
    world.pass(SECOND);
    world.run(CAROL, Command::LeaveGroup(group)).unwrap();
    world.pass(10 * SECOND);
    world.links_work = links_work;
    (world, users, group)
}

fn members(world: &mut World, device: usize, group: Uuid) -> usize {
    world.group_view(device, group).unwrap().members.len()
}

fn knows(world: &mut World, device: usize, user: Uuid) -> bool {
    let known = world.run(device, Command::HideAddress { from: user, on: true });
    known.is_ok_and(|_| world.run(device, Command::HideAddress { from: user, on: false }).is_ok())
}

/// It is said when a way opens, also by the next process; then whoever was known for the group's sake is forgotten.
#[test]
fn who_leaves_unheard_is_heard_later() {
    for links_work in [true, false] {
        for killed in [false, true] {
            let (mut world, users, group) = left_unheard(1, links_work);
            if killed {
                world.kill(CAROL);
                world.start(CAROL);
            }
            world.broker(true);
            world.pass(5 * MINUTE);
            assert_eq!((members(&mut world, ALICE, group), members(&mut world, BOB, group)), (2, 2), "{links_work}");
            assert!(!knows(&mut world, CAROL, users[ALICE]) && !knows(&mut world, CAROL, users[BOB]));
            world.kill(CAROL);
            world.start(CAROL);
            let before = world.published.len();
            world.pass(5 * MINUTE);
            let mail = |topic: &str| topic.ends_with("mailbox");
            let mine = world.published[before..].iter().filter(|(topic, _)| mail(topic)).count();
            assert_eq!(mine, 0, "it is not said again");
        }
    }
}

/// What a broker loses is said again, until one of them has it; the other hears it from that one.
#[test]
fn a_leave_that_is_lost_is_said_again() {
    let (mut world, users, group) = left_unheard(2, false);
    world.kill(ALICE);
    world.kill(BOB);
    world.broker(true);
    world.pass(20 * SECOND);
    world.lose_mail();
    world.start(BOB);
    world.pass(3 * MINUTE);
    assert_eq!(members(&mut world, BOB, group), 2);
    assert!(!knows(&mut world, CAROL, users[BOB]));
    world.kill(CAROL);
    world.lose_mail();
    world.links_work = true;
    world.start(ALICE);
    world.pass(3 * MINUTE);
    assert_eq!(members(&mut world, ALICE, group), 2);
}

/// By mail alone: Carol has left a group, and her leave stands on as many words of hers, each a mail, and all on a message of Alice's that
/// nobody else can give Bob, who was away.
fn left_behind_what_bob_lacks(seed: u64, words: usize) -> (World, Vec<Uuid>, Uuid, String) {
    let mut world = World::new(seed);
    world.links_work = false;
    let (users, group) = trio(&mut world);
    world.pass(MINUTE);
    world.run(CAROL, Command::RemoveContact(users[ALICE])).unwrap();
    world.pass(MINUTE);
    let id = only_one_gets(&mut world, group, ALICE, CAROL);
    for _ in 0..words {
        world.write(CAROL, group, "farewell");
        world.pass(SECOND);
    }
    world.run(CAROL, Command::LeaveGroup(group)).unwrap();
    world.pass(5 * SECOND);
    (world, users, group, id)
}

/// Bob has the leave and everything that it stands on, and nobody is known any more for the group's sake.
fn assert_bob_has_heard(world: &mut World, (users, group, id): (&[Uuid], Uuid, &str)) {
    assert_eq!((members(world, BOB, group), told(world, BOB, id)), (2, 1));
    assert!(!knows(world, CAROL, users[BOB]));
}

/// Who lacks what it stands on has not heard it, though they have it: they get the rest, and only then nobody is known any more. Also when
/// it stands on a last word of hers, and that on the rest.
#[test]
fn a_leave_is_heard_with_what_it_stands_on() {
    for words in 0..2 {
        let (mut world, users, group, id) = left_behind_what_bob_lacks(4, words);
        world.start(BOB);
        world.pass(3 * MINUTE);
        assert_bob_has_heard(&mut world, (&users, group, &id));
    }
}

/// The next process does not know that Bob has asked for what it stands on, and does not take him for one who has it.
#[test]
fn who_has_asked_is_not_taken_for_told_after_a_start() {
    let (mut world, users, group, id) = left_behind_what_bob_lacks(6, 0);
    let before = world.kept(BOB).len();
    world.start(BOB);
    world.until("Bob has the leave", MINUTE, |world| world.kept(BOB).len() > before);
    world.stall(CAROL);
    world.pass(SECOND);
    world.kill(BOB);
    world.resume(CAROL);
    world.pass(5 * SECOND);
    world.lose_mail();
    world.kill(CAROL);
    world.start(CAROL);
    world.pass(3 * MINUTE);
    world.start(BOB);
    world.pass(3 * MINUTE);
    assert_bob_has_heard(&mut world, (&users, group, &id));
}

/// Bob asks for all that he lacks at once, with the first mail that waits for something: that this came before he had the leave does not
/// matter.
#[test]
fn a_question_before_the_leave_counts() {
    let (mut world, users, group, id) = left_behind_what_bob_lacks(7, 5);
    // What Bob asks for is not found.
    world.refuse(CAROL, u32::MAX, |op| matches!(op, Op::Outbox { conversations, .. } if conversations.iter().any(|wanted| wanted.only_by.is_none())));
    world.start(BOB);
    world.pass(10 * SECOND);
    assert!(world.left_to_refuse(CAROL) < u32::MAX, "he has asked");
    assert_eq!(told(&world, BOB, &id), 0, "and got nothing");
    world.refuse(CAROL, 0, |_| false);
    world.pass(3 * MINUTE);
    assert_bob_has_heard(&mut world, (&users, group, &id));
}

/// Bob's question is late, and she does not hear it for a while: she has no network, or her device sleeps. That time does not count; nor
/// does what was before, for what waits at a broker takes its time too.
#[test]
fn a_question_is_waited_for_where_it_can_come() {
    for away in [Some(10 * MINUTE), Some(50 * SECOND), None] {
        let (mut world, users, group, id) = left_behind_what_bob_lacks(8, 0);
        let before = world.kept(BOB).len();
        world.start(BOB);
        world.until("Bob has the leave", MINUTE, |world| world.kept(BOB).len() > before);
        world.stall(BOB);
        world.pass(SECOND);
        if let Some(away) = away {
            world.unplug(CAROL);
            world.resume(BOB);
            world.pass(away);
            assert_eq!(told(&world, BOB, &id), 0, "nobody gives it to him");
            world.mail_takes = 30 * SECOND;
            world.plug_in(CAROL);
        } else {
            world.now += 10 * MINUTE;
            world.resume(BOB);
        }
        world.pass(4 * MINUTE);
        assert_bob_has_heard(&mut world, (&users, group, &id));
    }
}

/// By mail nobody says what they have of others. Who does not ask for anything has heard it, also when the process ends before that is
/// sure.
#[test]
fn a_leave_by_mail_is_heard_though_others_wrote_before() {
    for killed in [false, true] {
        let mut world = World::new(5);
        world.links_work = false;
        let (users, group) = trio(&mut world);
        world.pass(2 * MINUTE);
        world.run(CAROL, Command::RemoveContact(users[ALICE])).unwrap();
        let id = world.write(ALICE, group, "everybody gets this");
        world.until("both have it", 2 * MINUTE, |world| told(world, BOB, &id) + told(world, CAROL, &id) == 2);
        world.pass(MINUTE);
        world.run(CAROL, Command::LeaveGroup(group)).unwrap();
        world.pass(10 * SECOND);
        if killed {
            world.kill(CAROL);
            world.start(CAROL);
        }
        world.pass(3 * MINUTE);
        assert_eq!((members(&mut world, ALICE, group), members(&mut world, BOB, group)), (2, 2));
        assert!(!knows(&mut world, CAROL, users[BOB]));
    }
}

/// Where nobody ever comes it is said more and more seldom, and after a month no more.
#[test]
fn a_leave_that_nobody_hears_is_not_said_for_ever() {
    let (mut world, users, _) = left_unheard(3, false);
    world.kill(ALICE);
    world.kill(BOB);
    world.broker(true);
    let mails = |world: &mut World, time: Duration| {
        let before = world.published.len();
        world.pass(time);
        world.published[before..].iter().filter(|(topic, _)| topic.ends_with("mailbox")).count()
    };
    let (first, later) = (mails(&mut world, 2 * HOUR), mails(&mut world, 2 * HOUR));
    assert!(later > 0 && later < first, "{first} and {later}");
    world.set_clock(CAROL, i64::try_from((31 * DAY).as_millis()).unwrap());
    assert_eq!(mails(&mut world, 4 * HOUR), 0);
    assert!(knows(&mut world, CAROL, users[BOB]));
    world.kill(CAROL);
    world.start(CAROL);
    world.pass(MINUTE);
    let unknown = world.run(CAROL, Command::HideAddress { from: users[BOB], on: true }).unwrap_err();
    assert_eq!(unknown.code, ErrorCode::UnknownUser, "nobody is known for the sake of a group that is over");
}
