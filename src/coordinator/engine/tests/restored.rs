//! Databases that were put back from a copy, where no link is possible.

use std::time::Duration;

use uuid::Uuid;

use super::stories::friends;
use crate::coordinator::world::{BROKER, Backup, World};
use crate::coordinator::{Command, LinkState, MessageView};
use crate::store::Op;
use crate::wire::EntryId;

const MINUTE: Duration = Duration::from_secs(60);

fn texts(history: Vec<MessageView>) -> Vec<String> {
    history.into_iter().map(|message| message.text).collect()
}

/// Alice and Bob, who talk to each other and in a group, by mail alone; and a copy of Bob's database.
struct Two {
    world: World,
    alice: usize,
    bob: usize,
    alice_id: Uuid,
    bob_id: Uuid,
    group: Uuid,
    backup: Backup,
}

impl Two {
    fn new(seed: u64) -> Self {
        let mut world = World::new(seed);
        world.links_work = false;
        let (alice, bob, alice_id, bob_id) = friends(&mut world);
        let group = world.group(alice, "Us", &[bob_id]);
        world.pass(MINUTE);
        let backup = world.back_up(bob);
        Self { world, alice, bob, alice_id, bob_id, group, backup }
    }

    /// Bob has heard this in both conversations, and then the copy takes the place of his database. He does not run.
    fn loses_what_he_heard(seed: u64) -> Self {
        let mut two = Self::new(seed);
        two.world.write(two.alice, two.bob_id, "to Bob");
        two.world.write(two.alice, two.group, "to both");
        two.world.pass(MINUTE);
        two.put_back();
        two
    }

    /// The mail with one message is lost, and the next one shows Bob that.
    fn asks_for_a_lost_one(&mut self) {
        let Self { world, alice, bob, bob_id, .. } = self;
        world.unplug(*bob);
        world.pass(MINUTE / 4);
        let lost = world.write(*alice, *bob_id, "lost");
        world.pass(MINUTE / 12);
        world.lose_mail();
        world.plug_in(*bob);
        world.pass(MINUTE / 12);
        let id = EntryId::from_hex(&lost).unwrap();
        assert!(!world.kept(*bob).contains(&id));
        world.write(*alice, *bob_id, "behind it");
        world.until("the lost one", MINUTE / 6, |world| world.kept(*bob).contains(&id));
    }

    fn put_back(&mut self) {
        self.world.kill(self.bob);
        self.world.restore(self.bob, &self.backup, true);
    }
}

/// By mail alone somebody whose database was put back gets again what it had acknowledged and what it had written, also when
/// the broker loses what it says first, and when its numbers are lower than those that its contact has seen.
#[test]
fn by_mail_alone_a_restored_database_gets_back_what_it_had() {
    for (lost, told_since) in [(false, false), (true, false), (false, true), (true, true)] {
        let mut world = World::new(1);
        world.links_work = false;
        let (alice, bob, alice_id, bob_id) = friends(&mut world);
        world.write(alice, bob_id, "before");
        world.pass(MINUTE);
        let backup = world.back_up(bob);
        if told_since {
            // A statement of this life has counted, with a number that the copy does not know.
            world.shut_down(bob);
            world.start(bob);
            world.pass(2 * MINUTE);
        }
        world.write(alice, bob_id, "acknowledged");
        world.write(bob, alice_id, "written");
        world.pass(MINUTE);
        assert_eq!(world.kept_by_brokers(), 0);
        world.kill(alice);
        world.kill(bob);
        world.restore(bob, &backup, true);
        world.start(bob);
        world.pass(2 * MINUTE);
        assert!(world.kept_by_brokers() > 0, "Bob says what he has");
        if lost {
            world.lose_mail();
        }
        world.start(alice);
        let limit = if lost { 70 * MINUTE } else { 3 * MINUTE };
        world.until("everything", limit, |world| world.kept(alice).len() == 3 && world.kept(alice) == world.kept(bob));
        let (hers, his) = (texts(world.history(alice, bob_id)), texts(world.history(bob, alice_id)));
        assert_eq!(hers.len(), 3);
        assert_eq!(his, hers, "lost: {lost}, told since: {told_since}");
    }
}

/// Two whose databases were both put back, one after the other, end with what either of them had.
#[test]
fn by_mail_alone_two_restored_databases_get_back_what_they_had() {
    let mut world = World::new(3);
    world.links_work = false;
    let (alice, bob, alice_id, bob_id) = friends(&mut world);
    world.pass(MINUTE);
    let before = world.back_up(bob);
    world.write(alice, bob_id, "acknowledged");
    world.pass(MINUTE);
    let after = world.back_up(alice);
    // Alice hears what Bob has, and forgets it.
    world.kill(bob);
    world.restore(bob, &before, true);
    world.refuse(bob, u32::MAX, |op| matches!(op, Op::Insert { .. }));
    world.start(bob);
    world.pass(3 * MINUTE);
    world.kill(alice);
    world.lose_mail();
    world.restore(alice, &after, true);
    world.start(alice);
    world.refuse(bob, 0, |_| false);
    world.until("the message again", 70 * MINUTE, |world| world.kept(bob).len() == 1);
    assert_eq!(texts(world.history(bob, alice_id)), texts(world.history(alice, bob_id)));
}

/// What somebody says by mail to have counts when it is on the other's disk, and not before: who dies in between hears it again.
#[test]
fn what_was_said_by_mail_and_not_stored_is_heard_again() {
    let mut world = World::new(6);
    world.links_work = false;
    let (alice, bob, alice_id, bob_id) = friends(&mut world);
    world.pass(MINUTE);
    let backup = world.back_up(bob);
    world.write(alice, bob_id, "acknowledged");
    world.pass(MINUTE);
    world.kill(bob);
    world.restore(bob, &backup, true);
    world.refuse(alice, u32::MAX, |op| matches!(op, Op::Believe { .. }));
    world.start(bob);
    world.pass(2 * MINUTE);
    world.kill(alice);
    world.refuse(alice, 0, |_| false);
    world.start(alice);
    world.until("the message again", 70 * MINUTE, |world| world.kept(bob).len() == 1);
    assert_eq!(texts(world.history(bob, alice_id)), ["acknowledged"]);
}

/// What a device has is said by mail once in a run: it is confirmed, and then nothing more is said.
#[test]
fn what_is_there_is_said_by_mail_once_in_a_run() {
    let mut world = World::new(2);
    world.links_work = false;
    let (alice, bob, _, bob_id) = friends(&mut world);
    world.write(alice, bob_id, "hello");
    world.pass(MINUTE);
    let mails = |world: &World| world.published.iter().filter(|(topic, _)| topic.ends_with("mailbox")).count();
    world.shut_down(bob);
    let before = mails(&world);
    world.start(bob);
    world.pass(70 * MINUTE);
    assert_eq!(mails(&world) - before, 3, "a statement, the other's, and its confirmation");
}

/// Of two conversations too: what there is of both goes in one mail, and each gets back what it had.
#[test]
fn what_is_there_of_two_conversations_is_said_at_once() {
    let Two { mut world, bob, alice_id, group, .. } = Two::loses_what_he_heard(4);
    let mails = |world: &World| world.published.iter().filter(|(topic, _)| topic.ends_with("mailbox")).count();
    world.start(bob);
    world.pass(3 * MINUTE);
    assert_eq!(texts(world.history(bob, alice_id)), ["to Bob"]);
    assert_eq!(texts(world.history(bob, group)), ["to both"]);
    world.shut_down(bob);
    let before = mails(&world);
    world.start(bob);
    world.pass(70 * MINUTE);
    assert_eq!(mails(&world) - before, 2, "one statement of both, and its confirmation");
}

/// Who asks for what is missing of a group has not said with that what they have of other conversations.
#[test]
fn a_question_of_one_conversation_is_not_taken_for_what_is_there_of_all() {
    let Two { mut world, alice, bob, alice_id, group, .. } = Two::loses_what_he_heard(7);
    // It waits on his disk for what he had, and he asks for that at once.
    world.write(alice, group, "to both again");
    world.pass(MINUTE);
    world.start(bob);
    world.pass(3 * MINUTE);
    assert_eq!(texts(world.history(bob, group)), ["to both", "to both again"]);
    assert_eq!(texts(world.history(bob, alice_id)), ["to Bob"]);
}

/// Mail of somebody whose database was put back since may come when they have said what they have: the other must not take them to have
/// what it brings. Whose number is higher is chance.
#[test]
fn late_mail_of_a_database_that_was_put_back_comes_back_to_who_wrote_it() {
    for seed in 10..18 {
        let mut world = World::new(seed);
        world.links_work = false;
        let (alice, bob, alice_id, bob_id) = friends(&mut world);
        world.pass(MINUTE);
        let backup = world.back_up(alice);
        world.refuse(bob, u32::MAX, |op| matches!(op, Op::Insert { .. }));
        world.write(alice, bob_id, "late");
        world.pass(MINUTE);
        world.kill(alice);
        world.restore(alice, &backup, true);
        world.start(alice);
        world.pass(2 * MINUTE);
        world.refuse(bob, 0, |_| false);
        world.pass(3 * MINUTE);
        assert_eq!(texts(world.history(bob, alice_id)), ["late"]);
        assert_eq!(texts(world.history(alice, bob_id)), ["late"], "seed {seed}");
    }
}

/// The same when a link has opened meanwhile, over which both have said what they have, and which just finds its paths anew.
#[test]
fn late_mail_of_a_database_that_was_put_back_comes_back_over_a_link() {
    for seed in 10..14 {
        let mut world = World::new(seed);
        let (alice, bob, alice_id, bob_id) = friends(&mut world);
        world.pass(MINUTE);
        let backup = world.back_up(alice);
        world.unplug(bob);
        world.pass(MINUTE);
        let late = EntryId::from_hex(&world.write(alice, bob_id, "late")).unwrap();
        world.pass(MINUTE);
        world.kill(alice);
        world.restore(alice, &backup, true);
        world.mail_takes = MINUTE / 6;
        world.start(alice);
        world.plug_in(bob);
        world.until("a link", MINUTE, |world| world.link_state(bob) == Some(LinkState::Open));
        let end = world.now + MINUTE;
        while !world.kept(bob).contains(&late) {
            assert!(world.now < end, "the mail never comes");
            world.only_tell_of_a_change(bob);
            world.pass(Duration::from_millis(20));
        }
        world.pass(MINUTE);
        assert_eq!(texts(world.history(bob, alice_id)), ["late"]);
        assert_eq!(texts(world.history(alice, bob_id)), ["late"], "seed {seed}");
    }
}

/// Of a mail that says what there is of two conversations one may find its place on disk and the other not: it does not count before both have.
#[test]
fn half_of_what_was_said_by_mail_is_not_all_of_it() {
    let Two { mut world, alice, bob, alice_id, .. } = Two::loses_what_he_heard(8);
    // He has nothing left of what is between the two.
    world.refuse(alice, u32::MAX, |op| matches!(op, Op::Believe { have, .. } if have.logs.is_empty()));
    world.start(bob);
    world.pass(2 * MINUTE);
    world.kill(alice);
    world.refuse(alice, 0, |_| false);
    world.start(alice);
    world.until("the message again", 70 * MINUTE, |world| world.kept(bob).len() == world.kept(alice).len());
    assert_eq!(texts(world.history(bob, alice_id)), ["to Bob"]);
}

/// Who was put out of a group, and knew it, forgets that with a disk: they are told again, though they were to hear nothing more of it.
#[test]
fn who_forgets_that_they_are_out_of_a_group_is_told_again() {
    for links_work in [true, false] {
        for since in 0..3 {
            let mut two = Two::new(9);
            two.world.links_work = links_work;
            two.world.run(two.alice, Command::RemoveFromGroup { group: two.group, user: two.bob_id }).unwrap();
            two.world.pass(3 * MINUTE);
            assert!(!is_in(&mut two.world, two.bob, two.group), "he knows it");
            match since {
                0 => {}
                1 => drop(two.world.write(two.alice, two.group, "said to who is in")),
                // What is between the two has come further than what put him out.
                _ => drop(two.world.write(two.alice, two.bob_id, "said to Bob")),
            }
            two.world.pass(MINUTE);
            two.put_back();
            two.world.start(two.bob);
            two.world.pass(3 * MINUTE);
            assert!(!is_in(&mut two.world, two.bob, two.group), "links: {links_work}, {since}");
            assert_eq!(texts(two.world.history(two.bob, two.group)), [""; 0], "and hears nothing else");
        }
    }
}

/// A contact who knows that they are out of a group may forget that with a disk, and may take us to be out too, so that they say nothing of it:
/// what there is is said to them by mail as well, once in a run.
#[test]
fn what_is_there_is_said_to_who_knows_that_they_are_out() {
    let Two { mut world, alice, bob, alice_id, bob_id, group, .. } = Two::new(12);
    world.run(alice, Command::RemoveFromGroup { group, user: bob_id }).unwrap();
    world.pass(3 * MINUTE);
    for device in [alice, bob] {
        world.shut_down(device);
        world.start(device);
    }
    // With this he says what he has, and so that he knows it. She could not say hers before she has heard that.
    world.refuse(alice, 2, |op| matches!(op, Op::HaveFor { .. }));
    world.write(bob, alice_id, "a pity");
    world.until("it is looked up", 2 * MINUTE, |world| world.left_to_refuse(alice) == 0);
    // Of the group there are several entries, between the two there is one.
    world.refuse(bob, 1, |op| matches!(op, Op::Believe { have, .. } if have.logs.iter().any(|log| log.count > 1)));
    world.until("he hears it", MINUTE, |world| world.left_to_refuse(bob) == 0);
}

/// Bob asks with lower numbers than before his database was put back, when he has said by mail or over a link what he has: that counts.
#[test]
fn what_is_asked_after_a_restore_is_answered() {
    for over_a_link in [false, true] {
        let mut two = Two::new(11);
        // Each answer of his has a number.
        for _ in 0..10 {
            two.world.write(two.alice, two.bob_id, "acknowledged");
            two.world.pass(MINUTE / 4);
        }
        two.asks_for_a_lost_one();
        two.put_back();
        two.world.links_work = over_a_link;
        two.world.start(two.bob);
        two.world.pass(3 * MINUTE);
        two.world.links_work = false;
        two.world.cut_links();
        two.world.pass(MINUTE);
        two.asks_for_a_lost_one();
    }
}

fn is_in(world: &mut World, device: usize, group: Uuid) -> bool {
    world.group_view(device, group).is_some_and(|view| view.inside)
}

/// A card that somebody signs after their database was put back has a higher number than the last that others have of them:
/// otherwise nobody would take it, and nobody find them where it says.
#[test]
fn after_a_restore_others_take_the_next_card() {
    let mut world = World::new(5);
    let (alice, bob, _, _) = friends(&mut world);
    world.pass(MINUTE);
    let backup = world.back_up(bob);
    let second = "mqtt://second.example";
    for brokers in [&[second, BROKER][..], &[BROKER, second], &[BROKER]] {
        world.use_brokers(bob, brokers);
        world.pass(MINUTE);
    }
    world.kill(bob);
    world.restore(bob, &backup, true);
    world.start(bob);
    world.pass(MINUTE);
    // Alice has heard of three cards, and this is his second.
    world.use_brokers(bob, &[second]);
    world.pass(MINUTE);
    assert!(world.is_connected(alice, second), "she has not taken his card");
}
