//! A broker that lets in only whom it knows, and lets nobody listen to what they cannot name.

use crate::support::mqtt::Client;
use crate::support::{PASSWORD, Transport, USER, World, befriend};

const TOPICS: [&str; 6] = ["contactRequest", "offer", "answer", "iceCandidate", "presence", "mailbox"];

/// An inbox id is a capability: with the rules of `deploy/mosquitto` members listen to topics that they can name and to no
/// wildcard; guests only deliver.
#[test]
fn with_its_rules_mosquitto_shows_nobody_what_they_cannot_name() {
    let name = "passwords::with_its_rules_mosquitto_shows_nobody_what_they_cannot_name";
    World::tell(Transport::MosquittoGuarded, name, |world| {
        let port = world.tcp_port();
        let inbox = "user/9c5b94b1-35ad-89bb-b118-8e8fc24abf80";
        let mut member = Client::connect_as(port, USER, PASSWORD).expect("a member");
        let mut guest = Client::connect(port).expect("a guest");
        for place in TOPICS {
            let topic = format!("{inbox}/{place}");
            member.subscribe(&topic).expect("a topic that they can name");
            assert!(guest.subscribe(&topic).is_err(), "a guest listens to {topic}");
            guest.publish(&topic, b"from a guest").expect("guests deliver");
            let heard = member.receives().expect("what a guest delivers");
            assert_eq!((heard.topic, heard.payload), (topic, b"from a guest".to_vec()));
        }
        let wildcards = ["#", "user/#", "+/+/+", "user/+/+", "$SYS/#", "$CONTROL/#", "user/+/offer/#"];
        let here = ["#", "+", "mailbox/#"].map(|end| format!("{inbox}/{end}"));
        let everywhere = TOPICS.map(|place| format!("user/+/{place}"));
        let shared = TOPICS.map(|place| format!("$share/all/user/+/{place}"));
        let filters = wildcards.iter().map(ToString::to_string).chain(here).chain(everywhere).chain(shared);
        for filter in filters {
            assert!(member.subscribe(&filter).is_err(), "a member listens to {filter}");
            assert!(guest.subscribe(&filter).is_err(), "a guest listens to {filter}");
        }
        assert!(Client::connect_as(port, USER, "wrong").is_err(), "a wrong password lets somebody in");
        assert!(Client::connect_as(port, "nobody", PASSWORD).is_err(), "a stranger's name lets somebody in");
    });
}

/// Somebody whose own broker is another reaches a member as a guest, and the member reaches them.
#[test]
fn people_of_two_brokers_meet_and_neither_needs_a_login_at_the_others() {
    let name = "passwords::people_of_two_brokers_meet_and_neither_needs_a_login_at_the_others";
    World::tell(Transport::MosquittoTls, name, |world| {
        let other = World::new(Transport::Embedded).unwrap();
        let (alice, bob) = (world.person("Alice"), world.person_at("Bob", other.url()));
        befriend(&alice, &bob);
        for (one, other) in [(&alice, &bob), (&bob, &alice)] {
            one.waits_until_linked(other);
            let id = one.writes(other, "From broker to broker.");
            one.waits_until_delivered(other, &id);
            let brokers = one.status().brokers;
            assert_eq!(brokers.len(), 2, "{brokers:?}");
            assert!(brokers.iter().all(|broker| broker.state == "connected"), "{brokers:?}");
        }
    });
}
