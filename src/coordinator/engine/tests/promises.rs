//! Promises of which each has a kept fault (`tests/mutants/`) that breaks it.

use std::time::Duration;

use bytes::Bytes;
use rand::RngExt;

use super::stories::friends;
use crate::coordinator::engine::state::INVITATION_USES;
use crate::coordinator::world::World;
use crate::coordinator::{Command, Delta, Event, LinkState, MessageState, Reply};
use crate::store::Op;

const MINUTE: Duration = Duration::from_secs(60);

fn told(world: &World, device: usize) -> usize {
    world.events(device).iter().filter(|event| matches!(event, Event::MessageReceived { .. })).count()
}

fn is_open(world: &World, device: usize) -> bool {
    world.link_state(device) == Some(LinkState::Open)
}

/// A link lets in so many strangers and no more; who comes later is kept apart, and the next link shown is another.
#[test]
fn an_invitation_lets_in_only_so_many() {
    let mut world = World::new(1);
    let bob = world.person("Bob");
    let link = world.identity(bob).link;
    world.watch(bob);
    let uses = usize::try_from(INVITATION_USES).unwrap();
    for n in 0..uses + 2 {
        let stranger = world.person("Stranger");
        world.add_link(stranger, link.clone());
        world.pass(Duration::from_secs(1));
        world.kill(stranger);
        assert_eq!(world.requests(bob).len(), n + 1);
    }
    let invited = world.requests(bob).iter().filter(|request| request.invited).count();
    assert_eq!(invited, uses);
    let told = world.events(bob).iter().filter(|event| matches!(event, Event::RequestReceived { .. })).count();
    assert_eq!(told, uses, "who was not invited interrupts nobody");
    assert_ne!(world.identity(bob).link, link);
    let next = world.identity(bob).link;
    let shown = world.deltas(bob).into_iter().rev().find_map(|delta| match delta {
        Delta::Identity(identity) => Some(identity.link),
        _ => None,
    });
    assert_eq!(shown, Some(next), "a window shows the next one");
}

/// What was offered to a process that has ended since is not acted on by the next one.
#[test]
fn signals_for_an_old_boot_are_dropped() {
    let mut world = World::new(2);
    let (alice, bob, ..) = friends(&mut world);
    world.until("a link", MINUTE, |world| is_open(world, alice) && is_open(world, bob));
    let signals = |topic: &str| ["offer", "answer", "iceCandidate"].iter().any(|leaf| topic.ends_with(leaf));
    let old: Vec<(String, Bytes)> = world.published.iter().filter(|(topic, _)| signals(topic)).cloned().collect();
    world.kill(bob);
    world.start(bob);
    world.until("no link", 2 * MINUTE, |world| !is_open(world, alice));
    world.until("a link again", 2 * MINUTE, |world| is_open(world, alice) && is_open(world, bob));
    world.pass(Duration::from_secs(5));
    let before = world.events(bob).len();
    for (topic, payload) in old {
        world.publish(topic, payload);
    }
    world.pass(Duration::from_secs(30));
    assert_eq!(world.events(bob).len(), before, "the link is left alone");
    assert!(world.status(bob).dropped.get("a signal for an old boot").is_some_and(|count| *count > 0));
}

/// Nobody says to have an entry that is not on disk: what a process held in memory when it died is sent again.
#[test]
fn acks_follow_commits() {
    let mut world = World::new(3);
    let (alice, bob, _, bob_id) = friends(&mut world);
    world.until("a link", MINUTE, |world| is_open(world, alice) && is_open(world, bob));
    world.pass(Duration::from_secs(5));
    world.stall(bob);
    world.write(alice, bob_id, "hello");
    world.pass(Duration::from_secs(5));
    assert_ne!(world.history(alice, bob_id)[0].state, MessageState::Delivered, "it is on no disk of Bob's");
    world.kill(bob);
    world.start(bob);
    world.until("the message", 2 * MINUTE, |world| told(world, bob) == 1);
    world.pass(Duration::from_secs(1));
    assert_eq!(world.history(alice, bob_id)[0].state, MessageState::Delivered);
}

/// A broker keeps mail until it is on the recipient's disk: who dies before that gets it at the next start.
#[test]
fn mail_stays_with_the_broker_until_it_is_on_disk() {
    let mut world = World::new(4);
    world.links_work = false;
    let (alice, bob, _, bob_id) = friends(&mut world);
    world.pass(MINUTE);
    world.stall(bob);
    world.write(alice, bob_id, "hello");
    world.pass(Duration::from_secs(10));
    // She is gone too, so that nobody but the broker has it to give.
    world.kill(alice);
    world.kill(bob);
    world.start(bob);
    world.until("the message", MINUTE, |world| told(world, bob) == 1);
}

/// Who is told the id of a message can rely on it: before it is on disk there is no reply.
#[test]
fn a_message_has_an_id_once_it_is_on_disk() {
    let mut world = World::new(5);
    let (alice, _, _, bob_id) = friends(&mut world);
    world.pass(Duration::from_secs(5));
    world.stall(alice);
    let call = world.submit(alice, Command::SendMessage { to: bob_id, text: "hello".into(), reply_to: None });
    world.pass(Duration::from_secs(5));
    assert_eq!(world.reply(alice, call), None);
    world.resume(alice);
    world.until("the reply", Duration::from_secs(1), |world| world.reply(alice, call).is_some());
    assert!(matches!(world.reply(alice, call), Some(Ok(Reply::Message(_)))));
}

/// What somebody writes stands behind what they have read, also when they read it while their last message was still on its
/// way to the disk: a clock that runs ahead does not move the question behind its answer.
#[test]
fn an_answer_follows_what_was_read_while_another_message_was_being_written() {
    for seed in 0..30 {
        let mut world = World::new(seed);
        let (alice, bob, alice_id, bob_id) = friends(&mut world);
        world.until("a link", MINUTE, |world| is_open(world, alice) && is_open(world, bob));
        world.pass(Duration::from_secs(5));
        world.set_clock(bob, 3_600_000);
        let question = world.write(bob, alice_id, "how are you?");
        world.disk_takes = Duration::from_millis(200);
        let pause = world.rng.random_range(0..200);
        world.pass(Duration::from_millis(pause));
        world.submit(alice, Command::SendMessage { to: bob_id, text: "hello".into(), reply_to: None });
        world.until("the question", MINUTE, |world| told(world, alice) == 1);
        let answer = world.write(alice, bob_id, "fine");
        world.pass(Duration::from_secs(5));
        let ids: Vec<String> = world.history(alice, bob_id).into_iter().map(|message| message.id).collect();
        let place = |id: &String| ids.iter().position(|other| other == id).unwrap();
        assert!(place(&question) < place(&answer), "seed {seed}: the answer stands before the question");
    }
}

/// An acknowledgement from before somebody's database was restored, which a broker says again, keeps nothing from them.
#[test]
fn an_old_acknowledgement_keeps_nothing_from_a_restored_peer() {
    let mut world = World::new(6);
    world.links_work = false;
    let (alice, bob, _, bob_id) = friends(&mut world);
    world.pass(MINUTE);
    let (backup, before) = (world.back_up(bob), world.published.len());
    world.write(alice, bob_id, "hello");
    world.until("the message", MINUTE, |world| told(world, bob) == 1);
    world.pass(Duration::from_secs(5));
    let mail: Vec<(String, Bytes)> =
        world.published[before..].iter().filter(|(topic, _)| topic.ends_with("mailbox")).cloned().collect();
    let to_bob = mail[0].0.clone();
    world.kill(bob);
    world.restore(bob, &backup, true);
    world.refuse(bob, 1, |op| matches!(op, Op::Insert { .. }));
    world.links_work = true;
    world.start(bob);
    world.until("a link", 2 * MINUTE, |world| is_open(world, alice) && is_open(world, bob));
    world.until("a message that Bob's disk refuses", MINUTE, |world| world.left_to_refuse(bob) == 0);
    let acks = mail.into_iter().filter(|(topic, _)| *topic != to_bob);
    acks.for_each(|(topic, payload)| world.publish(topic, payload));
    world.until("the message again", MINUTE, |world| told(world, bob) == 2);
}

/// What somebody wrote before their database was restored comes back to them, also when others get it only later, by mail.
#[test]
fn what_somebody_has_lost_comes_back_to_them() {
    let mut world = World::new(7);
    world.links_work = false;
    let (alice, bob, alice_id, _) = friends(&mut world);
    world.pass(MINUTE);
    world.kill(alice);
    let (backup, before) = (world.back_up(bob), world.published.len());
    let id = world.write(bob, alice_id, "hello");
    world.pass(Duration::from_secs(5));
    let mail = world.published[before..].iter().find(|(topic, _)| topic.ends_with("mailbox")).cloned().unwrap();
    world.lose_mail();
    world.kill(bob);
    world.restore(bob, &backup, true);
    world.links_work = true;
    world.start(alice);
    world.start(bob);
    world.until("a link", 2 * MINUTE, |world| is_open(world, alice) && is_open(world, bob));
    world.pass(Duration::from_secs(5));
    world.publish(mail.0, mail.1);
    world.pass(Duration::from_secs(5));
    let ids = |history: Vec<crate::coordinator::MessageView>| history.into_iter().map(|m| m.id).collect::<Vec<_>>();
    assert_eq!(ids(world.history(bob, alice_id)), [id]);
}
