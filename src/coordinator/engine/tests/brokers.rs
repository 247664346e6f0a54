use std::time::Duration;

use super::stories::friends_of;
use super::world::{BROKER, World};
use crate::coordinator::{BrokerState, Command, LinkState};

const MINUTE: Duration = Duration::from_secs(60);
const LOGGED_IN: &str = "mqtt://kith:secret@broker.example:1883";
const OTHER: &str = "mqtt://other.example:1883";

fn brokers(world: &mut World, device: usize) -> Vec<(String, BrokerState)> {
    world.status(device).brokers.into_iter().map(|broker| (broker.url, broker.state)).collect()
}

/// Two people who share a broker with a password meet there: cards carry none, so each uses the login it has.
#[test]
fn two_people_on_one_broker_with_a_password_meet() {
    let mut world = World::new(1);
    world.guarded = true;
    let (alice, bob) = (world.person_at("Alice", LOGGED_IN), world.person_at("Bob", LOGGED_IN));
    friends_of(&mut world, alice, bob);
    world.until("a link", MINUTE, |world| world.link_state(alice) == Some(LinkState::Open));
    assert_eq!(brokers(&mut world, alice), [("mqtt://***@broker.example".to_owned(), BrokerState::Connected)]);
}

/// Another login holds at once, also where a contact is met at the same broker; a rename disturbs no session there.
#[test]
fn another_login_holds_at_once() {
    let mut world = World::new(2);
    world.guarded = true;
    let (alice, bob) = (world.person_at("Alice", LOGGED_IN), world.person_at("Bob", LOGGED_IN));
    friends_of(&mut world, alice, bob);
    world.pass(MINUTE);
    world.use_brokers(alice, &[BROKER]);
    world.pass(MINUTE);
    assert_eq!(brokers(&mut world, alice)[0].1, BrokerState::Refused, "without a login nobody comes in");
    world.use_brokers(alice, &[LOGGED_IN]);
    world.pass(MINUTE);
    assert_eq!(brokers(&mut world, alice)[0].1, BrokerState::Connected);
    let before = world.connections(alice);
    world.run(alice, Command::Rename { name: "Alicia".into() }).unwrap();
    world.pass(MINUTE);
    assert_eq!(world.connections(alice), before);
}

/// A broker of somebody else is left when nobody whom we may contact is there any more; the own one never is.
#[test]
fn brokers_of_nobody_are_left() {
    let commands = [Command::BlockContact, Command::RemoveContact];
    for (seed, command) in commands.into_iter().enumerate() {
        let mut world = World::new(seed as u64);
        let (alice, bob, carol) =
            (world.person("Alice"), world.person_at("Bob", OTHER), world.person_at("Carol", OTHER));
        let (_, bob_id) = friends_of(&mut world, alice, bob);
        let (_, carol_id) = friends_of(&mut world, alice, carol);
        world.pass(MINUTE);
        assert_eq!(brokers(&mut world, alice).len(), 2);
        world.run(alice, command(bob_id)).unwrap();
        world.pass(MINUTE);
        assert_eq!(brokers(&mut world, alice).len(), 2, "Carol is there");
        world.run(alice, command(carol_id)).unwrap();
        world.pass(MINUTE);
        let left = brokers(&mut world, alice);
        assert_eq!(left, [(BROKER.trim_end_matches(":1883").to_owned(), BrokerState::Connected)]);
        assert!(!world.is_connected(alice, OTHER), "the connection is still there");
    }
}
