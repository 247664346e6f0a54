//! Declining, blocking and removing: the other side learns nothing.

use crate::support::mqtt::Watch;
use crate::support::{Node, World, befriend, link_up};

/// What a node knows of somebody who has not accepted: nothing but that it asked.
fn knows_nothing_of(stranger: &Node, other: &Node) {
    let of_other = |event: &serde_json::Value| event["userId"] == other.user_id() || event["with"] == other.user_id();
    let told: Vec<_> = stranger.events_so_far().into_iter().filter(of_other).collect();
    assert!(told.is_empty(), "{} was told {told:?}", stranger.name());
    let seen = stranger.contact(other).expect("the one who was asked is listed");
    assert_eq!((seen.online, seen.path.as_str(), seen.accepted), (false, "none", false));
    let links: Vec<_> = stranger.status().links.into_iter().filter(|link| link.user_id == other.user_id()).collect();
    assert!(links.iter().all(|link| link.path == "none" && link.state != "open"), "{links:?}");
    assert_eq!(stranger.tries_to_write(other, "Hello?").unwrap_err().code, "not_a_contact");
    assert!(stranger.reads(other).is_empty());
}

/// A third person becomes a contact of both and talks with both: whatever was under way before has arrived by then.
fn everything_has_arrived(carol: &Node, alice: &Node, bob: &Node) {
    for other in [alice, bob] {
        let id = carol.writes(other, "Has everything arrived?");
        other.receives(carol, &id);
        let id = other.writes(carol, "It has.");
        carol.receives(other, &id);
    }
}

/// Who is declined learns nothing, and whoever asks again with the same request does not interrupt again.
pub fn who_is_declined_learns_nothing_and_does_not_interrupt_again(world: &mut World) {
    let mut alice = world.person("Alice");
    let mut bob = world.person("Bob");
    let carol = world.person("Carol");
    alice.asks(&bob);
    bob.is_asked_by(&alice);
    bob.declines(&alice);
    assert!(bob.requests().is_empty());
    assert!(bob.contacts().is_empty());

    // She asks again, and both start again.
    alice.asks(&bob);
    alice.restart();
    alice.waits_until_online();
    bob.restart();
    bob.waits_until_online();
    alice.asks(&bob);

    befriend(&carol, &alice);
    befriend(&carol, &bob);
    everything_has_arrived(&carol, &alice, &bob);
    knows_nothing_of(&alice, &bob);
    assert_eq!(bob.times_asked_by(&alice), 1);
    assert!(bob.requests().is_empty());
}

/// Who is blocked learns nothing: no presence, no address, no answer, whether the other is there or not.
pub fn who_is_blocked_learns_nothing(world: &mut World) {
    // An open broker shows topics to a watcher; the embedded one does not (broker_sees.rs has its own way).
    let mut alice = world.person("Alice");
    let mut bob = world.person("Bob");
    let watch = world.allows_wildcards().then(|| Watch::new(world.tcp_port()));
    alice.asks(&bob);
    bob.is_asked_by(&alice);
    bob.blocks(&alice);
    assert!(bob.requests().is_empty());
    assert!(bob.contacts().is_empty());

    // Bob goes and comes back, Alice asks again.
    bob.shutdown();
    knows_nothing_of(&alice, &bob);
    bob.starts();
    bob.waits_until_online();
    alice.asks(&bob);
    alice.restart();
    alice.waits_until_online();
    knows_nothing_of(&alice, &bob);
    if let Some(watch) = &watch {
        let doors = format!("user/{}/contactRequest", bob.user_id());
        let others: Vec<String> =
            watch.publishes().into_iter().map(|publish| publish.topic).filter(|topic| *topic != doors).collect();
        assert!(others.is_empty(), "somebody answered at {others:?}");
    }

    let carol = world.person("Carol");
    befriend(&carol, &alice);
    befriend(&carol, &bob);
    everything_has_arrived(&carol, &alice, &bob);
    knows_nothing_of(&alice, &bob);
    assert_eq!(bob.times_asked_by(&alice), 1);
}

/// A contact who is blocked hears nothing more, is not heard, and is not told.
pub fn a_blocked_contact_hears_nothing_more(world: &mut World) {
    let mut alice = world.person("Alice");
    let mut bob = world.person("Bob");
    let carol = world.person("Carol");
    befriend(&alice, &bob);
    befriend(&carol, &alice);
    befriend(&carol, &bob);
    link_up(&alice, &bob);
    let heard = alice.writes(&bob, "Can you hear me?");
    alice.waits_until_delivered(&bob, &heard);

    bob.blocks(&alice);
    assert!(bob.contact(&alice).is_none());
    assert_eq!(bob.tries_to_write(&alice, "I do not hear you.").unwrap_err().code, "blocked");
    let unheard = alice.writes(&bob, "And now?");
    alice.until("the link is gone", |node| node.open_links_to(&bob).is_empty().then_some(()));
    everything_has_arrived(&carol, &alice, &bob);

    // Starting again does not help.
    alice.restart();
    bob.restart();
    alice.waits_until_online();
    bob.waits_until_online();
    everything_has_arrived(&carol, &alice, &bob);
    assert_ne!(alice.state_of(&bob, &unheard), "delivered");
    assert!(!bob.events_of("messageReceived").iter().any(|event| event["id"] == unheard));
    assert!(alice.open_links_to(&bob).is_empty());
    assert!(!alice.contact(&bob).is_some_and(|contact| contact.online));
}

/// A contact who was removed is gone from the list and is not heard; a new request brings them back.
pub fn a_removed_contact_is_gone_and_can_come_back(world: &mut World) {
    let alice = world.person("Alice");
    let mut bob = world.person("Bob");
    let carol = world.person("Carol");
    befriend(&alice, &bob);
    befriend(&carol, &alice);
    befriend(&carol, &bob);
    link_up(&alice, &bob);

    alice.removes(&bob);
    assert!(alice.contact(&bob).is_none());
    let refused = alice.tries_to_write(&bob, "Are you gone?").unwrap_err().code;
    assert!(["not_a_contact", "unknown_user"].contains(&refused.as_str()), "{refused}");
    let unheard = bob.writes(&alice, "Am I gone?");
    bob.restart();
    bob.waits_until_online();
    everything_has_arrived(&carol, &alice, &bob);
    assert!(alice.contact(&bob).is_none());
    assert_ne!(bob.state_of(&alice, &unheard), "delivered");
    assert!(!alice.events_of("messageReceived").iter().any(|event| event["id"] == unheard));

    // Alice asks again. Bob has her as a contact still, so that her request is accepted already.
    alice.asks(&bob);
    alice.until("Bob is a contact again", |node| node.contact(&bob).filter(|contact| contact.accepted));
    link_up(&alice, &bob);
    let id = alice.writes(&bob, "There you are.");
    bob.receives(&alice, &id);
    alice.waits_until_delivered(&bob, &id);
}
