use std::time::Duration;

use bytes::Bytes;

use crate::coordinator::world::World;
use crate::coordinator::{Command, Event};

const MINUTE: Duration = Duration::from_secs(60);

fn added(world: &World, device: usize) -> usize {
    world.events(device).iter().filter(|event| matches!(event, Event::ContactAdded { .. })).count()
}

fn mailboxes(world: &World) -> usize {
    let topics = world.published.iter().map(|(topic, _)| topic).filter(|topic| topic.ends_with("mailbox"));
    topics.collect::<std::collections::BTreeSet<_>>().len()
}

/// Who asked confirms an acceptance once the contact is on disk: who dies before that hears it again at the next start.
#[test]
fn an_acceptance_is_confirmed_once_it_is_on_disk() {
    let mut world = World::new(1);
    let (alice, bob) = (world.person("Alice"), world.person("Bob"));
    world.add(alice, bob);
    world.until("the request", MINUTE, |world| !world.events(bob).is_empty());
    world.pass(Duration::from_secs(1));
    let alice_id = world.requests(bob)[0].user_id;
    world.stall(alice);
    world.run(bob, Command::AcceptContact(alice_id)).unwrap();
    world.pass(5 * MINUTE);
    assert_eq!(mailboxes(&world), 1, "only Bob's acceptance is in a mailbox");
    world.kill(alice);
    world.start(alice);
    world.until("both are contacts", 5 * MINUTE, |world| added(world, alice) == 1 && added(world, bob) == 1);
    world.until("the confirmation", MINUTE, |world| mailboxes(world) == 2);
}

/// A stranger who waits costs a write when something about them changes, and not for each repetition.
#[test]
fn a_repeated_request_is_written_once() {
    let mut world = World::new(2);
    let (alice, bob) = (world.person("Alice"), world.person("Bob"));
    world.add(alice, bob);
    world.until("the request", MINUTE, |world| !world.events(bob).is_empty());
    world.pass(MINUTE);
    let door = |(topic, _): &&(String, Bytes)| topic.ends_with("contactRequest");
    let (topic, payload) = world.published.iter().find(door).cloned().unwrap();
    let before = world.writes(bob);
    for _ in 0..500 {
        world.publish(topic.clone(), payload.clone());
        world.pass(Duration::from_millis(10));
    }
    assert_eq!(world.writes(bob), before, "a repetition was written");
    assert_eq!(world.requests(bob).len(), 1);
}

/// However often a stranger asks anew, it is written at a bounded rate, and the last request is the one that is accepted.
#[test]
fn a_stranger_who_asks_anew_is_written_at_a_bounded_rate() {
    let mut world = World::new(3);
    let (alice, bob) = (world.person("Alice"), world.person("Bob"));
    let link = world.identity(bob).link;
    let before = world.writes(bob);
    for _ in 0..100 {
        let bob_id = world.add_link(alice, link.clone());
        world.pass(Duration::from_millis(100));
        world.run(alice, Command::RemoveContact(bob_id)).unwrap();
    }
    world.add_link(alice, link);
    world.pass(Duration::from_millis(100));
    assert!(world.writes(bob) - before < 12, "{} writes", world.writes(bob) - before);
    let alice_id = world.requests(bob)[0].user_id;
    world.pass(10 * MINUTE);
    world.run(bob, Command::AcceptContact(alice_id)).unwrap();
    world.until("both are contacts", 10 * MINUTE, |world| added(world, alice) == 1);
}

/// Requests are listed in the order of their arrival, also after a restart.
#[test]
fn requests_are_listed_oldest_first() {
    let mut world = World::new(4);
    let bob = world.person("Bob");
    let names: Vec<String> = (0..8).map(|n| format!("Stranger {n}")).collect();
    for name in &names {
        let stranger = world.person(name);
        world.add(stranger, bob);
        world.pass(Duration::from_secs(1));
    }
    let listed = |world: &mut World| world.requests(bob).into_iter().map(|request| request.name).collect::<Vec<_>>();
    assert_eq!(listed(&mut world), names);
    world.kill(bob);
    world.start(bob);
    assert_eq!(listed(&mut world), names);
}
