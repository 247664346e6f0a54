//! The broker goes away in the middle.

use std::time::Duration;

use crate::support::{World, befriend, link_up, same_history};

/// The first repetition comes a minute after the mail was deposited, the second two minutes later.
const REPEATED: Duration = Duration::from_secs(240);

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

/// A broker that dies may lose mail that it had acknowledged; the author has kept it, and sends it again. No link can be
/// made here, and the author runs on: nothing but a mail that is repeated can bring what was lost.
pub fn mail_that_a_broker_lost_is_sent_again(world: &mut World) {
    let linkless = [("KITH_TEST_NO_LINKS", "1")];
    let alice = world.person_with("Alice", &linkless);
    let mut bob = world.person_with("Bob", &linkless);
    befriend(&alice, &bob);
    let id = bob.writes(&alice, "Write to me.");
    bob.waits_until_delivered(&alice, &id);
    bob.shutdown();
    let mut written: Vec<String> = (0..5).map(|number| alice.writes(&bob, &format!("letter {number}"))).collect();
    alice.until("the mail is taken", |node| {
        node.reads(&bob).iter().filter(|message| message.state == "sent").count().eq(&written.len()).then_some(())
    });

    world.broker().dies_with_its_disk();
    alice.waits_until_offline();
    world.broker().up();
    bob.starts();
    let read = bob.until_within(REPEATED, "what was lost is sent again", |node| {
        let messages = node.reads(&alice);
        (messages.len() > written.len()).then_some(messages)
    });
    written.insert(0, id);
    assert_eq!(read.into_iter().map(|message| message.id).collect::<Vec<_>>(), written);
    alice.waits_until_all_delivered();
    bob.was_told_of_nothing_twice();
    for node in [&alice, &bob] {
        assert!(node.lines_with("-> Connecting") > 0, "{} did not try, or does not tell", node.name());
        assert_eq!(node.lines_with("-> Open"), 0, "{} had a link", node.name());
    }
}
