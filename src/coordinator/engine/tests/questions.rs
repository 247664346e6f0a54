//! By mail alone: who misses something asks whoever brought what stands on it, and gets it.

use super::groups::{MINUTE, SECOND, joined, only_one_gets, people, told, trio};
use crate::coordinator::Command;
use crate::coordinator::world::World;
use crate::store::Op;
use crate::wire::EntryId;

const ALICE: usize = 0;
const BOB: usize = 1;
const CAROL: usize = 2;
const DAVE: usize = 3;

/// Who is asked and cannot answer now, since their disk refuses that more often than they may answer at once, does it later: nobody asks
/// again.
#[test]
fn a_question_that_cannot_be_answered_now_is_answered_later() {
    for refusals in [1, 4] {
        let mut world = World::new(41);
        world.links_work = false;
        let (_, group) = trio(&mut world);
        world.pass(MINUTE);
        let id = only_one_gets(&mut world, group, ALICE, CAROL);
        let behind = world.write(CAROL, group, "behind it");
        let carries = |op: &Op| matches!(op, Op::Outbox { conversations, .. } if conversations.iter().any(|wanted| wanted.to.is_some() && wanted.only_by.is_none()));
        world.refuse(CAROL, refusals, carries);
        world.start(BOB);
        // Before he says once more what he has.
        world.until("he has both", 25 * SECOND, |world| told(world, BOB, &id) + told(world, BOB, &behind) == 2);
        assert_eq!(world.left_to_refuse(CAROL), 0);
    }
}

/// A question that the own disk does not let go out goes later.
#[test]
fn a_question_that_cannot_be_asked_now_is_asked_later() {
    let mut world = World::new(42);
    world.links_work = false;
    let (_, group) = trio(&mut world);
    world.pass(MINUTE);
    let id = only_one_gets(&mut world, group, ALICE, CAROL);
    world.write(CAROL, group, "behind it");
    world.refuse(BOB, 4, |op| matches!(op, Op::Have(_) | Op::HaveFor { .. }));
    world.start(BOB);
    world.until("he has it", 25 * SECOND, |world| told(world, BOB, &id) == 1);
    assert_eq!(world.left_to_refuse(BOB), 0);
}

/// A text that nobody has any more is asked for, and that comes to an end.
#[test]
fn what_nobody_has_is_not_asked_for_without_end() {
    let mut world = World::new(43);
    world.links_work = false;
    let users = people(&mut world, &["Alice", "Bob", "Carol", "Dave"]);
    let group = world.group(ALICE, "Us", &users[1..]);
    world.until("everybody is in", 2 * MINUTE, |world| (0..4).all(|device| joined(world, device, group)));
    world.pass(MINUTE);
    world.unplug(ALICE);
    world.pass(MINUTE);
    let id = world.write(BOB, group, "said and taken back");
    world.until("two have it", MINUTE, |world| told(world, CAROL, &id) + told(world, DAVE, &id) == 2);
    world.run(BOB, Command::DeleteMessage { with: group, id: id.clone(), for_everyone: true }).unwrap();
    world.pass(MINUTE);
    world.unplug(BOB);
    world.lose_mail();
    // She knows nothing of it: neither the text nor its deletion counts, and nobody has the text any more.
    world.run(ALICE, Command::RemoveFromGroup { group, user: users[BOB] }).unwrap();
    let start = world.published.len();
    world.plug_in(ALICE);
    world.plug_in(BOB);
    world.write(CAROL, group, "who has it?");
    world.write(DAVE, group, "not me");
    world.pass(10 * MINUTE);
    let before = world.published.len();
    world.pass(10 * MINUTE);
    let mails = |some: &[(String, _)]| some.iter().filter(|(topic, _)| topic.ends_with("mailbox")).count();
    let entries = |device: usize| world.kept(device).contains(&EntryId::from_hex(&id).unwrap());
    assert!([ALICE, CAROL, DAVE].into_iter().all(entries), "all have the entry");
    assert!(mails(&world.published[start..before]) > 10);
    assert_eq!(mails(&world.published[before..]), 0);
}
