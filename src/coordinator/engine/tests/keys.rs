//! Strangers in a group learn each other's key, whatever is lost.

use super::groups::{MINUTE, SECOND, linked, people};
use crate::coordinator::world::World;

const ALICE: usize = 0;
const BOB: usize = 1;
const CAROL: usize = 2;

/// What strangers say of their keys is lost, and nothing happens that could make them say it; they say it again.
#[test]
fn a_key_that_is_lost_is_said_again() {
    let mut world = World::new(1);
    let ids = people(&mut world, &["Alice", "Bob", "Carol"]);
    world.until("links", MINUTE, |world| linked(world, ALICE, BOB) && linked(world, ALICE, CAROL));
    world.mail_is_lost = true;
    world.group(ALICE, "Us", &ids[1..]);
    world.pass(10 * SECOND);
    world.mail_is_lost = false;
    assert!(!linked(&world, BOB, CAROL), "their keys are lost");
    world.until("a link", MINUTE, |world| linked(world, BOB, CAROL));
    world.pass(5 * SECOND);
    let before = world.published.len();
    world.pass(60 * MINUTE);
    let said = world.published[before..].iter().filter(|(topic, _)| topic.ends_with("/mailbox")).count();
    assert_eq!(said, 0, "who knows it is told no more");
}
