//! People with several brokers: one takes over from another, and a bad one harms nothing but itself.

use std::time::{Duration, Instant};

use crate::support::{Bad, BadBroker, Broker, Node, Transport, World, befriend, link_up};

/// How much a node may grow by a bad broker, in KiB.
const GROWTH_KIB: u64 = 30 * 1024;
/// What a person who uses a node would call prompt, on two cores that others use too.
const PROMPT: Duration = Duration::from_secs(3);

/// Two contacts with these brokers, linked.
fn friends(world: &World, brokers: &[&str]) -> (Node, Node) {
    let (alice, bob) = (world.person_at_each("Alice", brokers), world.person_at_each("Bob", brokers));
    befriend(&alice, &bob);
    link_up(&alice, &bob);
    (alice, bob)
}

/// They find each other again when one of them was away, and write to each other.
fn find_each_other_again(alice: &Node, bob: &mut Node) {
    bob.restart();
    let start = Instant::now();
    link_up(alice, bob);
    println!("found each other after {:?}", start.elapsed());
    for (one, other) in [(alice, &*bob), (&*bob, alice)] {
        let id = one.writes(other, "Found you.");
        one.waits_until_delivered(other, &id);
    }
}

/// The first broker of two people goes bad; each of its ways leaves their link, their finding each other again, their node's
/// memory and its answers to the one who uses it as they are.
fn harms_nothing_but_itself(way: Bad) {
    let world = World::new(Transport::Embedded).unwrap();
    let bad = BadBroker::start(Bad::Refuses);
    let good = world.url().to_owned();
    let (alice, mut bob) = friends(&world, &[&bad.url(), &good]);
    let resident = alice.resident_kib();

    bad.turns(way);
    if !matches!(way, Bad::Refuses | Bad::Hangs) {
        alice.until("the bad broker has let somebody in", |_| (bad.let_in() >= 2).then_some(()));
    }
    if way == Bad::Floods {
        alice.until("the flood has reached somebody", |_| (bad.rubbish() > 10 << 20).then_some(()));
    }
    find_each_other_again(&alice, &mut bob);
    let asked = Instant::now();
    let brokers = alice.status().brokers;
    assert!(asked.elapsed() < PROMPT, "{way:?}: an answer took {:?}", asked.elapsed());
    assert!(brokers.iter().any(|broker| broker.url == good && broker.state == "connected"), "{brokers:?}");
    find_each_other_again(&alice, &mut bob);
    let grown = alice.resident_kib().saturating_sub(resident);
    println!("{way:?}: {grown} KiB more resident, {} bytes of rubbish", bad.rubbish());
    assert!(grown < GROWTH_KIB, "{way:?}: grew by {grown} KiB");
}

/// A broker that lets nobody in.
#[test]
fn a_broker_that_refuses_harms_nothing_but_itself() {
    harms_nothing_but_itself(Bad::Refuses);
}

/// A broker that accepts connections and says nothing.
#[test]
fn a_broker_that_hangs_harms_nothing_but_itself() {
    harms_nothing_but_itself(Bad::Hangs);
}

/// A broker that lets people in and then answers nothing.
#[test]
fn a_broker_that_is_mute_harms_nothing_but_itself() {
    harms_nothing_but_itself(Bad::Mute);
}

/// A broker that speaks something else.
#[test]
fn a_broker_that_babbles_harms_nothing_but_itself() {
    harms_nothing_but_itself(Bad::Babbles);
}

/// A broker that confirms everything and delivers nothing.
#[test]
fn a_broker_that_lies_harms_nothing_but_itself() {
    harms_nothing_but_itself(Bad::Lies);
}

/// A broker that sends rubbish as fast as it can.
#[test]
fn a_broker_that_floods_harms_nothing_but_itself() {
    harms_nothing_but_itself(Bad::Floods);
}

/// A broker that lets people in and hangs up.
#[test]
fn a_broker_that_hangs_up_harms_nothing_but_itself() {
    harms_nothing_but_itself(Bad::HangsUp);
}

/// Of two brokers either may die: the open link does not notice, and who was away is found over the other one.
#[test]
fn either_of_two_brokers_may_die() {
    let world = World::new(Transport::Embedded).unwrap();
    let mut brokers =
        ["first", "second"].map(|name| Broker::start(Transport::Embedded, &world.dir().join(name)).unwrap());
    let urls = [brokers[0].url(), brokers[1].url()];
    let (alice, mut bob) = friends(&world, &[&urls[0], &urls[1]]);
    for dies in [0, 1, 0] {
        brokers[dies].kill();
        alice.until("the death is noticed", |node| {
            let brokers = node.status().brokers;
            brokers.iter().any(|broker| broker.url == urls[dies] && broker.state != "connected").then_some(())
        });
        assert_eq!(alice.open_links_to(&bob).len(), 1, "the link noticed");
        find_each_other_again(&alice, &mut bob);
        brokers[dies].up();
        let up = Instant::now();
        alice.until("the broker is used again", |node| {
            node.status().brokers.iter().all(|broker| broker.state == "connected").then_some(())
        });
        println!("used again {:?} after it was up", up.elapsed());
    }
}

/// Mail that one broker holds for somebody who is away does not keep them from what another one holds.
#[test]
fn mail_waits_at_whichever_broker_was_there() {
    let world = World::new(Transport::Embedded).unwrap();
    let mut brokers =
        ["first", "second"].map(|name| Broker::start(Transport::Embedded, &world.dir().join(name)).unwrap());
    let urls = [brokers[0].url(), brokers[1].url()];
    let (mut alice, mut bob) = friends(&world, &[&urls[0], &urls[1]]);
    bob.shutdown();
    let mut written = vec![];
    for dies in [0, 1] {
        brokers[dies].stop();
        alice.until("the other broker is connected alone", |node| {
            let connected = |broker: &crate::support::BrokerView| broker.state == "connected";
            let brokers = node.status().brokers;
            (brokers.iter().filter(|broker| connected(broker)).count() == 1
                && brokers.iter().any(|broker| broker.url == urls[1 - dies] && connected(broker)))
            .then_some(())
        });
        let id = alice.writes(&bob, &format!("while broker {dies} was away"));
        alice.until("the mail is taken", |node| (node.state_of(&bob, &id) == "sent").then_some(()));
        written.push(id);
        brokers[dies].up();
    }
    alice.shutdown();
    bob.starts();
    let read = bob.waits_for_history(&alice, 2);
    assert_eq!(read.into_iter().map(|message| message.id).collect::<Vec<_>>(), written);
    bob.was_told_of_nothing_twice();
}
