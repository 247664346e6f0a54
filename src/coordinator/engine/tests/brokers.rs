use std::time::Duration;

use super::stories::friends_of;
use super::world::World;
use crate::coordinator::{BrokerState, LinkState};

const MINUTE: Duration = Duration::from_secs(60);
const LOGGED_IN: &str = "mqtt://kith:secret@broker.example:1883";

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
