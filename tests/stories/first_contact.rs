//! How two people who have only a link become contacts.

use std::time::Duration;

use crate::support::{World, befriend, link_up, same_history};

/// Two people who are both there become contacts by request and acceptance, see the same safety number, and write to
/// each other over a direct link.
pub fn strangers_become_contacts_and_write_over_a_direct_link(world: &mut World) {
    let alice = world.person("Alice");
    let bob = world.person("Bob");

    // Alice asks; until Bob answers she has no contact to write to.
    alice.asks(&bob);
    let request = bob.is_asked_by(&alice);
    assert_eq!(bob.requests().len(), 1);
    assert_eq!(request.name, "Alice");
    assert_eq!(alice.tries_to_write(&bob, "too early").unwrap_err().code, "not_a_contact");

    // Bob accepts; both are told.
    bob.accepts(&alice);
    alice.gains(&bob);
    bob.gains(&alice);
    assert!(bob.requests().is_empty());

    // The safety number is one number.
    let (theirs, ours) = (bob.contact(&alice).unwrap(), alice.contact(&bob).unwrap());
    assert_eq!(ours.safety_number, theirs.safety_number);
    assert_eq!(request.safety_number, theirs.safety_number);
    assert_eq!(ours.safety_number.split_whitespace().count(), 12, "{}", ours.safety_number);
    assert_eq!((ours.name.as_str(), theirs.name.as_str()), ("Bob", "Alice"));

    // A link opens, and both sides are told so.
    let opens = |other: String| move |event: &serde_json::Value| event["userId"] == other && event["state"] == "open";
    let open = alice.event("linkChanged", opens(bob.user_id().to_owned()));
    assert_eq!(open["path"], "direct");
    let open = bob.event("linkChanged", opens(alice.user_id().to_owned()));
    assert_eq!(open["path"], "direct");
    for (one, other) in [(&alice, &bob), (&bob, &alice)] {
        let contact = one.until("the contact is shown online", |node| node.contact(other).filter(|seen| seen.online));
        assert_eq!(contact.path, "direct");
    }

    // They write to each other.
    let hello = alice.writes(&bob, "Hello, Bob.");
    bob.receives(&alice, &hello);
    alice.waits_until_delivered(&bob, &hello);
    let answer = bob.writes(&alice, "Hello, Alice. “Grüße” 🙂\nand a second line");
    alice.receives(&bob, &answer);
    bob.waits_until_delivered(&alice, &answer);

    assert_eq!(same_history(&alice, &bob), [hello.clone(), answer.clone()]);
    let states = |messages: Vec<crate::support::Message>| messages.into_iter().map(|m| m.state).collect::<Vec<_>>();
    assert_eq!(states(alice.reads(&bob)), ["delivered", "received"]);
    assert_eq!(states(bob.reads(&alice)), ["received", "delivered"]);
    assert_eq!(alice.reads(&bob)[1].text, "Hello, Alice. “Grüße” 🙂\nand a second line");
    for node in [&alice, &bob] {
        assert_eq!(node.status().outbox, 0);
        node.until("a round trip is measured", |node| node.status().links.pop().and_then(|link| link.rtt_ms));
    }
}

/// Two people who are never there at the same time become contacts and have a conversation: only the broker stays.
pub fn two_who_are_never_online_together_become_contacts_and_talk(world: &mut World) {
    // Bob was there once: his door exists.
    let mut bob = world.person("Bob");
    bob.shutdown();

    // Alice asks, and goes.
    let mut alice = world.person("Alice");
    alice.asks(&bob);
    alice.shutdown();

    // Bob accepts, writes, and goes.
    bob.starts();
    bob.is_asked_by(&alice);
    bob.accepts(&alice);
    bob.gains(&alice);
    let first = bob.writes(&alice, "You were out.");
    bob.shutdown();

    // Alice has a contact and a message; she answers, and goes.
    alice.starts();
    alice.gains(&bob);
    alice.receives(&bob, &first);
    assert!(alice.open_links_to(&bob).is_empty());
    let second = alice.writes(&bob, "And so are you.");
    alice.shutdown();

    // Bob sees that his message arrived, reads the answer, and writes again.
    bob.starts();
    bob.receives(&alice, &second);
    bob.waits_until_delivered(&alice, &first);
    let third = bob.writes(&alice, "One of us must stay some day.");
    bob.shutdown();

    // So does Alice.
    alice.starts();
    alice.receives(&bob, &third);
    alice.waits_until_delivered(&bob, &second);
    let read_by_alice = alice.reads(&bob);
    alice.shutdown();

    bob.starts();
    bob.waits_until_delivered(&alice, &third);
    let read_by_bob = bob.reads(&alice);
    let ids = |messages: Vec<crate::support::Message>| messages.into_iter().map(|m| m.id).collect::<Vec<_>>();
    assert_eq!(ids(read_by_alice), [first.clone(), second.clone(), third.clone()]);
    assert_eq!(ids(read_by_bob), [first, second, third]);
    for node in [&alice, &bob] {
        node.was_told_of_nothing_twice();
        let ever_open = node.events_of("linkChanged").iter().any(|event| event["state"] == "open");
        assert!(!ever_open, "{} had a link to somebody who was not there", node.name());
    }
}

/// Two people who ask each other before either has seen the other's request are contacts: nobody need accept, and
/// nobody is interrupted.
pub fn crossing_requests_are_acceptance(world: &mut World) {
    let alice = world.person("Alice");
    let bob = world.person("Bob");

    // While the broker is away, both ask.
    world.broker().stop();
    alice.waits_until_offline();
    bob.waits_until_offline();
    alice.asks(&bob);
    bob.asks(&alice);
    world.broker().up();

    // It comes back, and the requests cross.
    let long = Duration::from_secs(90);
    alice.event_within(long, "contactAdded", |event| event["userId"] == bob.user_id());
    bob.event_within(long, "contactAdded", |event| event["userId"] == alice.user_id());
    for (one, other) in [(&alice, &bob), (&bob, &alice)] {
        assert_eq!(one.times_asked_by(other), 0);
        assert!(one.requests().is_empty());
        assert!(one.contact(other).unwrap().accepted);
        assert_eq!(one.contacts().len(), 1);
    }

    link_up(&alice, &bob);
    let id = alice.writes(&bob, "We had the same thought.");
    bob.receives(&alice, &id);
    alice.waits_until_delivered(&bob, &id);
}

/// Who adds the link of somebody whose request waits has accepted it.
pub fn adding_the_one_who_asks_is_acceptance(world: &mut World) {
    let alice = world.person("Alice");
    let bob = world.person("Bob");
    alice.asks(&bob);
    bob.is_asked_by(&alice);
    bob.asks(&alice);
    alice.gains(&bob);
    bob.gains(&alice);
    assert!(bob.requests().is_empty());
    let id = bob.writes(&alice, "Me too.");
    alice.receives(&bob, &id);

    // Asking again changes nothing.
    alice.asks(&bob);
    assert_eq!(alice.contacts().len(), 1);
    let carol = world.person("Carol");
    befriend(&carol, &bob);
    assert_eq!(bob.times_asked_by(&alice), 1);
    assert_eq!(alice.events_of("contactAdded").len(), 1);
}
