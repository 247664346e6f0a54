use std::time::Duration;

use uuid::Uuid;

use crate::coordinator::world::{BROKER, Fault, World};
use crate::coordinator::{BrokerState, Command, Event, LinkState};

const MINUTE: Duration = Duration::from_secs(60);
const LOGGED_IN: &str = "mqtt://kith:secret@broker.example:1883";
const OTHER: &str = "mqtt://other.example:1883";

fn brokers(world: &mut World, device: usize) -> Vec<(String, BrokerState)> {
    world.status(device).brokers.into_iter().map(|broker| (broker.url, broker.state)).collect()
}

/// Two people who share a broker with a password meet there: cards carry none, so each uses the login it has.
#[test]
fn two_people_on_one_broker_with_a_password_meet() {
    let mut world = World::new(2);
    world.guarded = true;
    let (alice, bob) = (world.person_at("Alice", LOGGED_IN), world.person_at("Bob", LOGGED_IN));
    world.befriend(alice, bob);
    world.until("a link", MINUTE, |world| world.link_state(alice) == Some(LinkState::Open));
    assert_eq!(brokers(&mut world, alice), [("mqtt://***@broker.example".to_owned(), BrokerState::Connected)]);
}

/// Another login holds at once, also where a contact is met at the same broker; a rename disturbs no session there.
#[test]
fn another_login_holds_at_once() {
    let mut world = World::new(2);
    world.guarded = true;
    let (alice, bob) = (world.person_at("Alice", LOGGED_IN), world.person_at("Bob", LOGGED_IN));
    world.befriend(alice, bob);
    world.pass(MINUTE);
    world.use_brokers(alice, &[BROKER]);
    world.pass(MINUTE);
    assert_eq!(brokers(&mut world, alice)[0].1, BrokerState::Refused, "without a login nobody comes in");
    world.use_brokers(alice, &[LOGGED_IN]);
    world.pass(MINUTE);
    assert_eq!(brokers(&mut world, alice)[0].1, BrokerState::Connected);
    let before = world.connections(alice);
    world.run(alice, Command::Rename { name: "Alicia".into() }).unwrap();
    world.pass(MINUTE);
    assert_eq!(world.connections(alice), before);
}

/// A broker of somebody else is left when nobody whom we may contact is there any more; the own one never is.
#[test]
fn brokers_of_nobody_are_left() {
    let commands = [Command::BlockContact, Command::RemoveContact];
    for (seed, command) in commands.into_iter().enumerate() {
        let mut world = World::new(seed as u64);
        let (alice, bob, carol) =
            (world.person("Alice"), world.person_at("Bob", OTHER), world.person_at("Carol", OTHER));
        let (_, bob_id) = world.befriend(alice, bob);
        let (_, carol_id) = world.befriend(alice, carol);
        world.pass(MINUTE);
        assert_eq!(brokers(&mut world, alice).len(), 2);
        world.run(alice, command(bob_id)).unwrap();
        world.pass(MINUTE);
        assert_eq!(brokers(&mut world, alice).len(), 2, "Carol is there");
        world.run(alice, command(carol_id)).unwrap();
        world.pass(MINUTE);
        let left = brokers(&mut world, alice);
        assert_eq!(left, [(BROKER.trim_end_matches(":1883").to_owned(), BrokerState::Connected)]);
        assert!(!world.is_connected(alice, OTHER), "the connection is still there");
    }
}

const FIRST: &str = "mqtt://first.example";
const SECOND: &str = "mqtt://second.example";
const FAULTS: [Fault; 3] = [Fault::Gone, Fault::Silent, Fault::Lying];

/// Two people with two brokers each become contacts and get a link, whatever is wrong with the first of them; their messages
/// arrive by mail too.
#[test]
fn a_bad_first_broker_delays_people_and_does_not_part_them() {
    for (seed, fault) in FAULTS.into_iter().enumerate() {
        for links_work in [true, false] {
            let mut world = World::new(seed as u64);
            world.faults.insert(FIRST.to_owned(), fault);
            world.links_work = links_work;
            let (alice, bob) =
                (world.person_at_each("Alice", &[FIRST, SECOND]), world.person_at_each("Bob", &[FIRST, SECOND]));
            let (alice_id, bob_id) = world.befriend(alice, bob);
            if links_work {
                world.until("a link", 2 * MINUTE, |world| world.link_state(alice) == Some(LinkState::Open));
            }
            world.write(alice, bob_id, "Which way did this come?");
            let read = |world: &mut World| world.history(bob, alice_id).len();
            for _ in 0..10 {
                world.pass(MINUTE);
            }
            assert_eq!(read(&mut world), 1, "{fault:?}, links: {links_work}");
        }
    }
}

/// When the broker over which two people found each other goes bad, they find each other again over the other one, within
/// seconds unless it says nothing at all.
#[test]
fn the_other_broker_takes_over() {
    for (seed, fault) in FAULTS.into_iter().enumerate() {
        let mut world = World::new(seed as u64);
        let people = ["Alice", "Bob"].map(|name| world.person_at_each(name, &[FIRST, SECOND]));
        let [alice, bob] = people;
        world.befriend(alice, bob);
        world.until("a link", MINUTE, |world| world.link_state(alice) == Some(LinkState::Open));
        world.pass(MINUTE);
        world.faults.insert(FIRST.to_owned(), fault);
        world.kill(bob);
        world.start(bob);
        world.until("a link again", 5 * Duration::from_secs(5), |world| world.link_state(bob) == Some(LinkState::Open));
        world.until("on both sides", MINUTE, |world| world.link_state(alice) == Some(LinkState::Open));
    }
}

/// How many messages of a device were acknowledged.
fn delivered(world: &World, device: usize) -> usize {
    world.events(device).iter().filter(|event| matches!(event, Event::MessageDelivered { .. })).count()
}

/// Writes, and waits for the acknowledgement.
fn write_and_wait(world: &mut World, from: usize, to: Uuid, limit: Duration) {
    let before = delivered(world, from);
    world.write(from, to, "a message");
    world.until("its ack", limit, |world| delivered(world, from) > before);
}

/// Two people between whom only mail goes, and whose first broker takes everything and delivers nothing: once they have found the
/// other one, each message and its acknowledgement takes seconds, whoever writes and however long they were silent.
#[test]
fn mail_stays_with_the_broker_that_delivers() {
    for seed in 0..4 {
        let mut world = World::new(seed);
        world.links_work = false;
        world.faults.insert(FIRST.to_owned(), Fault::Lying);
        let [alice, bob] = ["Alice", "Bob"].map(|name| world.person_at_each(name, &[FIRST, SECOND]));
        let (alice_id, bob_id) = world.befriend(alice, bob);
        write_and_wait(&mut world, alice, bob_id, 10 * MINUTE);
        write_and_wait(&mut world, bob, alice_id, 10 * MINUTE);
        for n in 0..12 {
            world.pass(Duration::from_secs(1 + 7 * n));
            let (from, to) = if n % 3 == 0 { (bob, alice_id) } else { (alice, bob_id) };
            write_and_wait(&mut world, from, to, Duration::from_secs(5));
        }
    }
}

/// A broker that delivers nothing but old envelopes, again and again, does not draw the mail to itself.
#[test]
fn old_mail_proves_nothing_of_a_broker() {
    let mut world = World::new(1);
    world.links_work = false;
    let [alice, bob] = ["Alice", "Bob"].map(|name| world.person_at_each(name, &[FIRST, SECOND]));
    let (_, bob_id) = world.befriend(alice, bob);
    write_and_wait(&mut world, alice, bob_id, 2 * MINUTE);
    world.faults.insert(FIRST.to_owned(), Fault::Lying);
    write_and_wait(&mut world, alice, bob_id, 5 * MINUTE);
    let old: Vec<_> = world.published.iter().filter(|(topic, _)| topic.ends_with("mailbox")).take(6).cloned().collect();
    for _ in 0..5 {
        for (topic, payload) in &old {
            world.publish_at(FIRST, topic.clone(), payload.clone());
        }
        world.pass(Duration::from_secs(10));
        write_and_wait(&mut world, alice, bob_id, Duration::from_secs(5));
    }
}

/// A broker that lets people in and answers nothing is shown as one that cannot be reached, and used again when it answers.
#[test]
fn a_silent_broker_counts_as_lost_until_it_speaks() {
    let mut world = World::new(7);
    world.faults.insert(FIRST.to_owned(), Fault::Silent);
    let alice = world.person_at_each("Alice", &[FIRST, SECOND]);
    let state =
        |world: &mut World, url: &str| brokers(world, alice).into_iter().find(|broker| broker.0 == url).unwrap().1;
    world.pass(Duration::from_millis(20_300));
    assert_eq!(state(&mut world, FIRST), BrokerState::Unreachable);
    assert_eq!(state(&mut world, SECOND), BrokerState::Connected);
    world.faults.clear();
    world.pass(MINUTE);
    assert_eq!(state(&mut world, FIRST), BrokerState::Connected);
}

/// What died with one process is nothing to the next, whose connections have the same numbers.
#[test]
fn a_new_process_has_new_connections() {
    let mut world = World::new(11);
    let alice = world.person("Alice");
    world.pass(MINUTE);
    world.wake(alice);
    world.kill(alice);
    world.start(alice);
    world.pass(Duration::from_secs(2));
    assert_eq!(brokers(&mut world, alice)[0].1, BrokerState::Connected);
}

/// A connection that dies while a sign of life is on its way seems to live, and only receives: it is left all the same.
#[test]
fn a_connection_that_seems_to_live_is_left() {
    let mut world = World::new(12);
    let (alice, bob) = (world.person("Alice"), world.person("Bob"));
    world.pass(MINUTE);
    world.only_tell_of_a_change(alice);
    world.pass(Duration::from_millis(1));
    world.wake(alice);
    world.pass(MINUTE + Duration::from_secs(10));
    world.befriend(bob, alice);
}
