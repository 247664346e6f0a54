//! Crash points: each side is killed at each named place of the code (`kith::platform::crash::POINTS`), restarted, and
//! goes on. At the end nothing that was acknowledged is lost or doubled.
//!
//! A life passes every place: two identities, a request, its acceptance, a link, messages both ways over it, and mail
//! while the other is away, in turns. Its people repeat what was not answered, as a person would.

mod side;

use std::collections::BTreeSet;
use std::thread;
use std::time::Instant;

use kith::platform::crash::POINTS;
use serde_json::{Value, json};

use self::side::Side;
use crate::support::{Transport, World};

/// Lives at the same time in one test: they mostly wait for each other's processes.
const AT_ONCE: usize = 3;
/// Which side offers and which answers follows from their keys, by chance: so many lives are begun to find one in which the
/// side that is to be killed does it.
const TRIES: usize = 16;

/// Places that a side never comes to in a life, and why.
const NOT_REACHED: &[(&str, &str, &str)] = &[
    ("link.after_lack", "Alice", "nothing is missing below what arrives in order"),
    ("link.after_lack", "Bob", "nothing is missing below what arrives in order"),
    ("link.before_lack", "Alice", "nothing is missing below what arrives in order"),
    ("link.before_lack", "Bob", "nothing is missing below what arrives in order"),
    ("publish.after_request", "Bob", "only who asks sends a request"),
    ("publish.before_request", "Bob", "only who asks sends a request"),
];

/// Places where messages pass often: also killed at the second time.
const OFTEN: &[&str] = &[
    "broker.before_ack",
    "link.after_entry",
    "link.before_ack",
    "publish.after_mail",
    "reply.before",
    "store.append.after_commit",
    "store.append.before_commit",
    "store.insert.after_commit",
    "store.insert.before_commit",
];

/// Which side comes there follows from the two keys.
fn is_by_chance(point: &str) -> bool {
    ["answer", "offer"].iter().any(|signal| point.starts_with("publish.") && point.ends_with(signal))
}

/// One life in which `side` dies at `point` the `count`-th time. False when it never came there.
fn live(point: &str, side: &str, count: usize) -> bool {
    let world = World::new(Transport::Embedded).unwrap();
    let crash = |name| (name == side).then(|| format!("{point}:{count}"));
    let (mut alice, mut bob) = (Side::new("Alice", &world, crash("Alice")), Side::new("Bob", &world, crash("Bob")));
    let (alice, bob) = (&mut alice, &mut bob);
    alice.is_born(bob);
    bob.is_born(alice);
    let (alice_id, bob_id) = (alice.user.clone(), bob.user.clone());
    alice.online(bob);
    bob.online(alice);

    let link = json!({ "link": bob.link });
    alice.until(bob, "that Bob is asked", "contact.add", &link, |_| Some(()));
    bob.until(alice, "the request", "contact.requests", &json!({}), |list| {
        list.as_array()?.iter().any(|request| request["userId"] == alice_id.as_str()).then_some(())
    });
    // Accepting again what was accepted is no mistake.
    bob.until(alice, "that Alice is accepted", "contact.accept", &json!({ "userId": alice_id }), |_| Some(()));
    alice.knows(bob);
    bob.knows(alice);

    let open = |status: &Value| status["links"].as_array()?.iter().any(|link| link["state"] == "open").then_some(());
    alice.until(bob, "a link", "status", &json!({}), open);
    bob.until(alice, "a link", "status", &json!({}), open);
    if is_by_chance(point) && !alice.died && !bob.died {
        return false;
    }
    for number in 0..2 {
        alice.writes(&bob_id, &format!("over the link {number}"));
        bob.writes(&alice_id, &format!("over the link as well {number}"));
        alice.outbox_is_empty(bob);
        bob.outbox_is_empty(alice);
    }

    // Mail, in turns: the other is away.
    bob.leaves();
    for number in 0..2 {
        alice.writes(&bob_id, &format!("while you are away {number}"));
        alice.has_handed_over(bob);
    }
    alice.leaves();
    for number in 0..2 {
        bob.writes(&alice_id, &format!("now it is you who is away {number}"));
        bob.has_handed_over(alice);
    }
    bob.leaves();

    // Together again.
    alice.lives_on_here();
    bob.lives_on_here();
    alice.outbox_is_empty(bob);
    bob.outbox_is_empty(alice);
    alice.outbox_is_empty(bob);
    alice.rests();
    bob.rests();
    let died = alice.died || bob.died;
    let (here, there) = (alice.history(bob), bob.history(alice));
    assert_eq!(here, there, "{point} {side}: two histories");
    for id in alice.acknowledged.iter().chain(&bob.acknowledged) {
        assert_eq!(here.iter().filter(|other| *other == id).count(), 1, "{point} {side}: lost or doubled: {id}");
    }
    alice.knows(bob);
    bob.knows(alice);
    alice.leaves();
    bob.leaves();
    for person in [&*alice, &*bob] {
        let different: BTreeSet<&String> = person.told.iter().collect();
        assert_eq!(different.len(), person.told.len(), "{point} {side}: {} was told twice", person.name);
    }
    died || alice.died || bob.died
}

/// Lives in which one side dies at one place, until one was found in which it comes there.
fn dies_at(point: &str, side: &str, count: usize) {
    let reason = NOT_REACHED.iter().find(|(not, whose, _)| *not == point && *whose == side);
    let tries = if is_by_chance(point) { TRIES } else { 1 };
    let reached = (0..tries).any(|_| live(point, side, count));
    assert_eq!(reached, reason.is_none(), "{side} at {point}: reached {reached}, and the table says {reason:?}");
}

/// A quarter of all places.
fn quarter(which: usize) {
    let mut lives: Vec<(&str, &str, usize)> = vec![];
    for side in ["Alice", "Bob"] {
        lives.extend(POINTS.iter().map(|point| (*point, side, 1)));
        lives.extend(OFTEN.iter().map(|point| (*point, side, 2)));
    }
    let mine: Vec<_> = lives.into_iter().skip(which).step_by(4).collect();
    let failed: Vec<String> = thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE)
            .map(|worker| {
                let mine = &mine;
                scope.spawn(move || {
                    let each = mine.iter().skip(worker).step_by(AT_ONCE);
                    each.filter(|(point, side, count)| {
                        let begin = Instant::now();
                        let result = std::panic::catch_unwind(|| dies_at(point, side, *count));
                        println!("{side} dies at {point}:{count} ({:.1} s)", begin.elapsed().as_secs_f64());
                        result.is_err()
                    })
                    .map(|life| format!("{life:?}"))
                    .collect::<Vec<_>>()
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    assert!(failed.is_empty(), "of {} lives these ended badly: {failed:#?}", mine.len());
}

/// Whoever dies wherever, nothing that was acknowledged is lost or doubled: the first quarter of the places.
#[test]
fn crash_points_first_quarter() {
    quarter(0);
}

/// The second quarter.
#[test]
fn crash_points_second_quarter() {
    quarter(1);
}

/// The third quarter.
#[test]
fn crash_points_third_quarter() {
    quarter(2);
}

/// The last quarter.
#[test]
fn crash_points_last_quarter() {
    quarter(3);
}
