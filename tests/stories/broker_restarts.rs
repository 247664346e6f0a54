//! The broker goes away in the middle.

use std::time::Duration;

use crate::support::{World, befriend, link_up, same_history};

/// An open link needs no broker; when both lose the link too, they find each other through the broker that came back.
pub fn an_open_link_outlives_the_broker_and_both_find_each_other_again(world: &mut World) {
    let mut alice = world.person("Alice");
    let mut bob = world.person("Bob");
    befriend(&alice, &bob);
    link_up(&alice, &bob);

    // The broker goes; it is said, and the link goes on.
    world.broker().stop();
    alice.waits_until_offline();
    bob.waits_until_offline();
    for (one, other) in [(&alice, &bob), (&bob, &alice)] {
        let id = one.writes(other, "Who needs a broker?");
        other.receives(one, &id);
        one.waits_until_delivered(other, &id);
        assert_eq!(one.open_links_to(other).len(), 1);
    }

    // It comes back; both connect again by themselves.
    world.broker().up();
    let long = Duration::from_secs(60);
    for node in [&alice, &bob] {
        node.until_within(long, "the broker is connected again", |node| {
            node.status().brokers.iter().any(|broker| broker.state == "connected").then_some(())
        });
    }

    // First one starts again, then both: they find each other.
    bob.restart();
    link_up(&alice, &bob);
    alice.restart();
    bob.restart();
    link_up(&alice, &bob);
    let id = alice.writes(&bob, "Found you.");
    bob.receives(&alice, &id);
    alice.waits_until_delivered(&bob, &id);
    assert_eq!(same_history(&alice, &bob).len(), 3);
}

/// A broker that dies may lose mail that it had acknowledged; the author has kept it, and sends it again.
pub fn mail_that_a_broker_lost_is_sent_again(world: &mut World) {
    let alice = world.person("Alice");
    let mut bob = world.person("Bob");
    befriend(&alice, &bob);
    link_up(&alice, &bob);
    bob.shutdown();
    let written: Vec<String> = (0..5).map(|number| alice.writes(&bob, &format!("letter {number}"))).collect();
    alice.until("the mail is taken", |node| {
        node.reads(&bob).iter().all(|message| message.state == "sent").then_some(())
    });

    world.broker().kill();
    alice.waits_until_offline();
    world.broker().up();
    bob.starts();
    let read = bob.waits_for_history(&alice, 5);
    assert_eq!(read.into_iter().map(|message| message.id).collect::<Vec<_>>(), written);
    alice.waits_until_all_delivered();
    bob.was_told_of_nothing_twice();
}
