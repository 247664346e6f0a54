//! Strangers in a group learn each other's key, whatever is lost.

use super::groups::{MINUTE, SECOND, joined, linked, people};
use crate::coordinator::world::World;
use crate::coordinator::{Command, Event};

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

/// Whose database was put back from before they knew a stranger cannot greet them, nor mail them anything, and their own key is no news
/// there: they are told what they lack all the same, over links and by mail alone.
#[test]
fn who_has_forgotten_a_key_is_told_it_again() {
    for links in [true, false] {
        let mut world = World::new(2);
        world.links_work = links;
        let ids = people(&mut world, &["Alice", "Bob", "Carol"]);
        let group = world.group(ALICE, "Us", &ids[1..2]);
        world.until("Bob is in", 2 * MINUTE, |world| joined(world, BOB, group));
        world.pass(MINUTE);
        let before = world.back_up(BOB);
        world.run(ALICE, Command::AddToGroup { group, user: ids[CAROL] }).unwrap();
        world.until("Carol is in", 2 * MINUTE, |world| joined(world, CAROL, group));
        world.pass(5 * MINUTE);
        assert_eq!(linked(&world, BOB, CAROL), links);
        world.kill(BOB);
        world.restore(BOB, &before, true);
        // Nobody who is there looks for Bob any more.
        world.pass(10 * MINUTE);
        world.start(BOB);
        let members = |world: &World| world.group_now(BOB, group).map_or(0, |(_, view)| view.members.len());
        world.until("Bob knows of Carol again", 5 * MINUTE, |world| members(world) == 3);
        let said = world.write(BOB, group, "Carol?");
        let confirmed = |event: &Event| matches!(event, Event::MessageDelivered { id, .. } if *id == said);
        world.until("both have it", 5 * MINUTE, |world| world.events(BOB).iter().any(confirmed));
        if links {
            world.until("a link", MINUTE, |world| linked(world, BOB, CAROL));
        }
    }
}
