//! Over a cluster of three NATS servers with the file of `deploy/nats`, over TLS.

use std::time::{Duration, Instant};

use crate::first_contact;
use crate::support::{Cluster, Node, Skip, Transport, World, befriend, link_up, report_skip};

/// The page about reconnecting promises 12 s after the death of a node, which `cargo xtask lab roam` holds Kith to. This story is about
/// what happens and not how fast; whoever needs longer than this has not come back, however busy the machine is with other tests.
const BACK_WITHIN: Duration = Duration::from_secs(30);

/// Tells a story over a cluster, or says that it is skipped.
fn tell(name: &str, story: impl FnOnce(&mut World, &mut Cluster)) {
    // Its directory and its own broker; people are told of the cluster.
    let mut world = World::new(Transport::Embedded).unwrap();
    match Cluster::start(&world.dir().join("cluster")) {
        Ok(mut cluster) => story(&mut world, &mut cluster),
        Err(Skip(reason)) => report_skip(name, &reason),
    }
}

fn is_connected(node: &Node, url: &str) -> bool {
    let place = url.rsplit_once('@').map_or(url, |(_, place)| place);
    node.status().brokers.iter().any(|broker| broker.url.ends_with(place) && broker.state == "connected")
}

/// They write to each other, and both know that it arrived.
fn talk(one: &Node, other: &Node) {
    for (from, to) in [(one, other), (other, one)] {
        let id = from.writes(to, "Still there?");
        from.waits_until_delivered(to, &id);
    }
}

/// Two people who are never online together become contacts and get each other's mail, one by MQTT and one by WebSocket.
#[test]
fn two_who_are_never_online_together_meet_over_a_cluster() {
    tell("nats::two_who_are_never_online_together_meet_over_a_cluster", |world, cluster| {
        world.use_broker(&cluster.websocket_url([0, 1, 2]));
        first_contact::two_who_are_never_online_together_become_contacts_and_talk(world);
    });
}

/// A node dies while people talk: the open link does not notice; the one who was connected there is let in by another node,
/// and then finds the other who was away, by link and by mail.
#[test]
fn a_node_of_the_cluster_dies_while_people_talk() {
    tell("nats::a_node_of_the_cluster_dies_while_people_talk", |world, cluster| {
        let (first, second) = (cluster.url([0, 1, 2]), cluster.url([1, 2, 0]));
        let (alice, mut bob) = (world.person_at("Alice", &first), world.person_at("Bob", &second));
        befriend(&alice, &bob);
        link_up(&alice, &bob);

        cluster.kill(0);
        let dead = Instant::now();
        talk(&alice, &bob);
        assert_eq!(alice.open_links_to(&bob).len(), 1, "the link noticed");
        bob.restart();
        for (node, url) in [(&alice, &first), (&bob, &second)] {
            node.until_within(BACK_WITHIN, "a living node lets them in", |node| is_connected(node, url).then_some(()));
            println!("{} was connected {:?} after the node was killed", node.name(), dead.elapsed());
        }
        alice.until_within(BACK_WITHIN, "they are linked again", |node| node.open_links_to(&bob).pop());
        bob.until_within(BACK_WITHIN, "they are linked again", |node| node.open_links_to(&alice).pop());
        println!("signaling was back {:?} after the node was killed", dead.elapsed());
        talk(&alice, &bob);

        bob.shutdown();
        let id = alice.writes(&bob, "While you were away.");
        alice.until_within(BACK_WITHIN, "the mail is taken", |node| (node.state_of(&bob, &id) == "sent").then_some(()));
        bob.starts();
        bob.until_within(BACK_WITHIN, "the mail arrives", |node| {
            node.reads(&alice).iter().any(|message| message.id == id).then_some(())
        });
    });
}

/// When the card names a second broker, a dead node costs seconds at most.
#[test]
fn a_second_broker_bridges_the_death_of_a_node() {
    tell("nats::a_second_broker_bridges_the_death_of_a_node", |world, cluster| {
        let url = cluster.url([0, 1, 2]);
        let other = world.url().to_owned();
        let brokers = [url.as_str(), other.as_str()];
        let (alice, mut bob) = (world.person_at_each("Alice", &brokers), world.person_at_each("Bob", &brokers));
        befriend(&alice, &bob);
        link_up(&alice, &bob);
        alice.until("the cluster is connected", |node| is_connected(node, &url).then_some(()));

        cluster.kill(0);
        let dead = Instant::now();
        bob.restart();
        link_up(&alice, &bob);
        println!("signaling was back {:?} after the node was killed", dead.elapsed());
        talk(&alice, &bob);
    });
}
