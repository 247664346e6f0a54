use std::time::Duration;

use super::world::World;
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
