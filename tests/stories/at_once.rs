//! Two sides that do the same thing at the same moment.

use std::thread;

use crate::support::{Node, World, befriend, link_up, same_history};

/// Two people who write a hundred messages each at the same time read one order.
pub fn both_write_at_once_and_read_the_same_order(world: &mut World) {
    let alice = world.person("Alice");
    let bob = world.person("Bob");
    befriend(&alice, &bob);
    link_up(&alice, &bob);

    let write = |one: &Node, other: &Node| -> Vec<String> {
        (0..100).map(|number| one.writes(other, &format!("{} {number}", one.name()))).collect()
    };
    let (from_alice, from_bob) = thread::scope(|scope| {
        let alices = scope.spawn(|| write(&alice, &bob));
        let bobs = scope.spawn(|| write(&bob, &alice));
        (alices.join().unwrap(), bobs.join().unwrap())
    });
    alice.waits_until_all_delivered();
    bob.waits_until_all_delivered();

    let order = same_history(&alice, &bob);
    assert_eq!(order.len(), 200);
    let of = |ids: &[String]| -> Vec<String> { order.iter().filter(|id| ids.contains(id)).cloned().collect() };
    assert_eq!(of(&from_alice), from_alice, "an author's own messages keep their order");
    assert_eq!(of(&from_bob), from_bob, "an author's own messages keep their order");
    alice.was_told_of_nothing_twice();
    bob.was_told_of_nothing_twice();
}

/// Rounds that are always told, and rounds after which offers must have crossed often enough.
const ROUNDS: (usize, usize) = (5, 25);
/// Whether two offers cross in a round is decided by milliseconds: so often they must have.
const CROSSINGS: usize = 2;

/// However often both offer at the same time, they get one link each, and messages flow.
///
/// Test builds wait for nothing before the polite side offers too (`KITH_TEST_POLITE_GRACE_MS=0`), so that glare is
/// the rule. It is seen in what the polite side says, and the story goes on until it has been.
pub fn both_offer_at_once_and_get_one_link(world: &mut World) {
    let eager = [("KITH_TEST_POLITE_GRACE_MS", "0")];
    let mut alice = world.person_with("Alice", &eager);
    let mut bob = world.person_with("Bob", &eager);
    befriend(&alice, &bob);
    link_up(&alice, &bob);

    let crossings = |alice: &Node, bob: &Node| {
        [alice, bob].map(|node| node.lines_with("two offers cross: ours gives way")).iter().sum::<usize>()
    };
    let mut rounds = 0;
    while rounds < ROUNDS.0 || crossings(&alice, &bob) < CROSSINGS {
        let round = rounds;
        rounds += 1;
        assert!(rounds <= ROUNDS.1, "in {} rounds offers crossed {} times", ROUNDS.1, crossings(&alice, &bob));
        thread::scope(|scope| {
            scope.spawn(|| alice.restart());
            scope.spawn(|| bob.restart());
        });
        link_up(&alice, &bob);
        for (one, other) in [(&alice, &bob), (&bob, &alice)] {
            let id = one.writes(other, &format!("{} in round {round}", one.name()));
            other.receives(one, &id);
            one.waits_until_delivered(other, &id);
            let links: Vec<_> = one.status().links.into_iter().filter(|link| link.user_id == other.user_id()).collect();
            assert_eq!(links.len(), 1, "{links:?}");
        }
        link_up(&alice, &bob);
    }
    println!("in {rounds} rounds offers crossed {} times", crossings(&alice, &bob));
    assert_eq!(same_history(&alice, &bob).len(), 2 * rounds);
}
