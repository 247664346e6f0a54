//! Messages to somebody who is not there.

use crate::support::{World, befriend, link_up, same_history};

/// Fifty messages, written while the other's device is dead and the author's is killed in between, arrive once and in
/// order.
pub fn offline_messages_arrive_once_and_in_order(world: &mut World) {
    let mut alice = world.person("Alice");
    let mut bob = world.person("Bob");
    befriend(&alice, &bob);
    link_up(&alice, &bob);

    // Bob's device dies; Alice writes, and hers dies too.
    bob.kill();
    let mut written: Vec<String> = (0..25).map(|number| alice.writes(&bob, &format!("message {number}"))).collect();
    alice.restart();
    written.extend((25..50).map(|number| alice.writes(&bob, &format!("message {number}"))));

    // Bob returns.
    bob.restart();
    let read = bob.waits_for_history(&alice, 50);
    assert_eq!(read.iter().map(|message| message.id.clone()).collect::<Vec<_>>(), written);
    for (number, message) in read.iter().enumerate() {
        assert_eq!(message.text, format!("message {number}"));
        assert_eq!((message.from.as_str(), message.state.as_str()), (alice.user_id(), "received"));
    }
    alice.waits_until_all_delivered();
    assert!(alice.reads(&bob).iter().all(|message| message.state == "delivered"));
    assert_eq!(same_history(&alice, &bob), written);
    bob.was_told_of_nothing_twice();
}

/// Who writes and leaves at once need not be there when it is read: the mail lies at the broker.
pub fn what_is_written_before_leaving_arrives_without_the_author(world: &mut World) {
    let mut alice = world.person("Alice");
    let mut bob = world.person("Bob");
    befriend(&alice, &bob);
    link_up(&alice, &bob);
    bob.shutdown();

    // Alice starts, writes, and leaves: by a call, and by the end of her input.
    alice.restart();
    alice.waits_until_online();
    let first = alice.writes(&bob, "I must go.");
    alice.shutdown();
    alice.starts();
    alice.waits_until_online();
    let second = alice.writes(&bob, "Now I really must.");
    alice.ends_its_input();

    bob.starts();
    bob.receives(&alice, &first);
    bob.receives(&alice, &second);
    bob.shutdown();

    alice.starts();
    alice.waits_until_delivered(&bob, &first);
    alice.waits_until_delivered(&bob, &second);
    bob.was_told_of_nothing_twice();
}
