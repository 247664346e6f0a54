//! That a message is with the other.

use std::time::Duration;

use super::stories::friends;
use crate::coordinator::world::World;
use crate::coordinator::{Command, Event, LinkState, MessageState};
use crate::store::Op;
use crate::wire::{Ack, EntryId, Frame};

const MINUTE: Duration = Duration::from_secs(60);
const MOMENT: Duration = Duration::from_secs(1);

fn told(world: &World, device: usize) -> usize {
    world.events(device).iter().filter(|event| matches!(event, Event::MessageDelivered { .. })).count()
}

/// Two with an open link; what the first has written is on its way, and from now on its disk takes nothing.
fn one_whose_disk_stalls() -> (World, [usize; 2], uuid::Uuid) {
    let mut world = World::new(1);
    let (alice, bob, _, bob_id) = friends(&mut world);
    let is_open = |world: &World, device| world.link_state(device) == Some(LinkState::Open);
    world.until("a link", MINUTE, |world| is_open(world, alice) && is_open(world, bob));
    world.pass(MOMENT);
    world.write(alice, bob_id, "hello");
    world.stall(alice);
    assert_eq!(told(&world, alice), 0);
    world.until("it is delivered", MOMENT, |world| told(world, alice) == 1);
    assert!(world.wishes(alice).any(|op| matches!(op, Op::Acked { .. })), "it is written down already");
    (world, [alice, bob], bob_id)
}

/// It is told as soon as the other says so, whatever our own disk is doing meanwhile; and once. Whoever asks is told the same.
#[test]
fn a_delivery_is_told_at_once_and_once() {
    let (mut world, [alice, _], bob_id) = one_whose_disk_stalls();
    world.resume(alice);
    assert_eq!(world.history(alice, bob_id)[0].state, MessageState::Delivered);
    world.pass(MINUTE);
    assert_eq!(told(&world, alice), 1);
}

/// What is passed on is told of at once too.
#[test]
fn what_is_passed_on_is_told_at_once() {
    let (mut world, [alice, _], bob_id) = one_whose_disk_stalls();
    world.resume(alice);
    let id = world.history(alice, bob_id)[0].id.clone();
    world.run(alice, Command::ForwardMessage { with: bob_id, id, to: vec![bob_id] }).unwrap();
    world.stall(alice);
    world.until("it is delivered", MOMENT, |world| told(world, alice) == 2);
    world.resume(alice);
    world.pass(MINUTE);
    assert_eq!(told(&world, alice), 2);
}

/// That somebody else says to have a message delivers it to nobody.
#[test]
fn only_the_other_says_that_it_is_delivered() {
    let mut world = World::new(2);
    let (alice, bob, _, bob_id) = friends(&mut world);
    let carol = world.person("Carol");
    let (_, carol_id) = world.befriend(alice, carol);
    let is_open = |world: &World, other| world.link_with(alice, other) == Some(LinkState::Open);
    world.until("links", MINUTE, |world| is_open(world, bob_id) && is_open(world, carol_id));
    world.pass(MOMENT);
    world.stall(bob);
    let id = EntryId::from_hex(&world.write(alice, bob_id, "for Bob")).unwrap();
    world.say(carol, alice, Frame::Ack(Ack { ids: vec![id] }).to_bytes().into());
    world.pass(MOMENT);
    assert_eq!(told(&world, alice), 0);
    assert_ne!(world.history(alice, bob_id)[0].state, MessageState::Delivered);
    world.resume(bob);
    world.until("Bob has it", MOMENT, |world| told(world, alice) == 1);
}

/// It is told once too when the link ends before it is written down.
#[test]
fn a_delivery_is_told_once_when_the_link_ends() {
    let (mut world, [alice, bob], bob_id) = one_whose_disk_stalls();
    world.break_link(alice, bob);
    world.until("the link ends", MOMENT, |world| world.link_state(alice) != Some(LinkState::Open));
    world.resume(alice);
    world.pass(MINUTE);
    assert_eq!(told(&world, alice), 1);
    assert_eq!(world.history(alice, bob_id)[0].state, MessageState::Delivered);
}

/// Who dies before it is written down hears it from the other again.
#[test]
fn a_delivery_that_was_not_written_down_is_heard_again() {
    let (mut world, [alice, _], bob_id) = one_whose_disk_stalls();
    world.kill(alice);
    world.resume(alice);
    world.start(alice);
    world.pass(MINUTE);
    assert_eq!(told(&world, alice), 2);
    assert_eq!(world.history(alice, bob_id)[0].state, MessageState::Delivered);
    assert_eq!(world.status(alice).outbox, 0);
}
