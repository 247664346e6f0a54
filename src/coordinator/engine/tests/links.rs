use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use super::stories::friends;
use crate::coordinator::world::{BROKER, World};
use crate::coordinator::{BrokerState, Command, Event, LinkState, Path};
use crate::wire::Frame;

const MINUTE: Duration = Duration::from_secs(60);

fn told(world: &World, device: usize) -> usize {
    world.events(device).iter().filter(|event| matches!(event, Event::MessageReceived { .. })).count()
}

fn both_open(world: &World, alice: usize, bob: usize) -> bool {
    [alice, bob].iter().all(|device| world.link_state(*device) == Some(LinkState::Open))
}

/// How often a device has sent each entry over a link.
fn sent(world: &World, device: usize) -> BTreeMap<Vec<u8>, usize> {
    let mut sent = BTreeMap::new();
    for (_, bytes) in world.frames.iter().filter(|(from, _)| *from == device) {
        if let Ok(Frame::Entry(entry)) = Frame::parse(bytes) {
            *sent.entry(entry.header).or_default() += 1;
        }
    }
    sent
}

/// However much waits when a link opens, each message is sent over it once, and no frame is too many for it.
#[test]
fn a_large_backlog_is_sent_once() {
    const COUNT: usize = 100;
    let mut world = World::new(1);
    let (alice, bob, _, bob_id) = friends(&mut world);
    for n in 0..COUNT {
        let text = format!("{n:05}").repeat(16 * 1024 / 5);
        world.submit(alice, Command::SendMessage { to: bob_id, text, reply_to: None });
    }
    assert!(!both_open(&world, alice, bob), "they were to wait for the link");
    world.until("all messages", MINUTE, |world| told(world, bob) == COUNT);
    world.pass(MINUTE);
    assert_eq!(told(&world, bob), COUNT);
    assert_eq!(world.status(alice).dropped.get("a frame that a link had no room for"), None);
    let sent = sent(&world, alice);
    assert_eq!(sent.len(), COUNT, "all of them travel over the link");
    assert!(sent.values().all(|times| *times == 1), "{:?}", sent.values().collect::<Vec<_>>());
    assert_eq!(world.status(alice).outbox, 0);
}

/// Old signals, said again and again by a broker, neither keep two people apart nor make a noise.
#[test]
fn replayed_signals_keep_nobody_apart() {
    let mut world = World::new(2);
    let (alice, bob, ..) = friends(&mut world);
    world.until("a link", MINUTE, |world| both_open(world, alice, bob));
    let signals = |topic: &str| ["offer", "answer", "iceCandidate"].iter().any(|leaf| topic.ends_with(leaf));
    let old: Vec<(String, Bytes)> = world.published.iter().filter(|(topic, _)| signals(topic)).cloned().collect();
    for device in [alice, bob] {
        world.kill(device);
        world.start(device);
    }
    let before = world.published.len();
    // Faster than a hello can be answered.
    for _ in 0..5_000 {
        for (topic, payload) in &old {
            world.publish(topic.clone(), payload.clone());
        }
        world.pass(Duration::from_millis(3));
    }
    assert!(both_open(&world, alice, bob), "they are apart");
    let replayed = old.len() * 5_000;
    let said = world.published.len() - before - replayed;
    assert!(said < 100, "{said} answers to what was replayed");
}

const SECOND: Duration = Duration::from_secs(1);

/// Two people over an open link that was used a while ago.
fn linked(seed: u64) -> (World, usize, usize, uuid::Uuid, uuid::Uuid) {
    let mut world = World::new(seed);
    let (alice, bob, alice_id, bob_id) = friends(&mut world);
    world.until("a link", MINUTE, |world| both_open(world, alice, bob));
    world.pass(10 * SECOND);
    (world, alice, bob, alice_id, bob_id)
}

/// When the network of either changes, the next message is there within 3 s, over the same link.
#[test]
fn a_change_of_network_delays_a_message_by_less_than_three_seconds() {
    for mover in [0, 1] {
        let (mut world, alice, bob, alice_id, bob_id) = linked(3);
        world.change_network([alice, bob][mover]);
        world.write(alice, bob_id, "are you there?");
        world.write(bob, alice_id, "are you?");
        world.until("both", 3 * SECOND, |world| told(world, alice) == 1 && told(world, bob) == 1);
        world.until("open", SECOND, |world| both_open(world, alice, bob));
        world.pass(MINUTE);
        assert_eq!((told(&world, alice), told(&world, bob)), (1, 1));
        let downs = |device| {
            world.events(device).iter().filter(|e| matches!(e, Event::LinkChanged { path: Path::Mail, .. })).count()
        };
        assert_eq!((downs(alice), downs(bob)), (2, 2), "only from the beginning: waiting and connecting");
    }
}

/// Also where no link can be had any more, by mail: what is written after a change of the network or a sleep is there within 3 s,
/// and what the other writes, who knows nothing of a change, too.
#[test]
fn mail_keeps_the_promise_where_no_link_is_found_again() {
    for (change, both) in [(World::change_network as fn(&mut World, usize), true), (World::wake, false)] {
        for mover in [0, 1] {
            let (mut world, alice, bob, alice_id, bob_id) = linked(14);
            let (moved, other, moved_id, other_id) =
                if mover == 0 { (alice, bob, alice_id, bob_id) } else { (bob, alice, bob_id, alice_id) };
            world.links_work = false;
            change(&mut world, moved);
            world.write(moved, other_id, "are you there?");
            if both {
                world.write(other, moved_id, "are you?");
            }
            let wanted = usize::from(both);
            world.until("all", 3 * SECOND, |world| told(world, other) == 1 && told(world, moved) == wanted);
        }
    }
}

/// After a change of the network, or a sleep, signaling is back within two seconds, although no connection was told that it leads
/// nowhere; a broker that can still be reached keeps its connections.
#[test]
fn signaling_is_back_within_two_seconds_of_a_change_or_a_sleep() {
    for change in [World::change_network, World::wake] {
        let (mut world, alice, bob, _, bob_id) = linked(12);
        let (before, alices) = (world.connections(bob), world.connections(alice));
        change(&mut world, alice);
        let fresh = |world: &World| {
            world.connections(alice).iter().all(|conn| !alices.contains(conn))
                && world.sessions_at(alice, BROKER) == (1, 2)
        };
        world.until("new connections", 2 * SECOND, fresh);
        world.pass(SECOND / 2);
        assert!(world.status(alice).brokers.iter().all(|broker| broker.state == BrokerState::Connected));
        world.write(alice, bob_id, "still here");
        world.until("a message", 3 * SECOND, |world| told(world, bob) == 1);
        assert_eq!(world.connections(bob), before, "Bob's connections were not in doubt");
    }
}

/// Who is told of a change and has lost nothing keeps the connections with brokers.
#[test]
fn a_change_that_breaks_nothing_costs_no_connection() {
    let (mut world, alice, ..) = linked(13);
    let before = world.connections(alice);
    world.only_tell_of_a_change(alice);
    world.pass(MINUTE);
    assert_eq!(world.connections(alice), before);
}

/// Containers that come and go cost neither a connection with a broker nor a link its state.
#[test]
fn a_change_beside_the_way_out_is_not_seen() {
    let (mut world, alice, bob, ..) = linked(14);
    world.pass(MINUTE);
    let before = (world.connections(alice), world.link_state(alice), world.link_state(bob));
    world.tell_of_containers(alice);
    for _ in 0..100 {
        world.pass(SECOND / 50);
        assert_eq!((world.connections(alice), world.link_state(alice), world.link_state(bob)), before);
    }
}

/// A link whose paths end for good is noticed and yields to mail; when links work again the conversation moves to one,
/// and nothing is lost or comes twice.
#[test]
fn a_link_without_a_path_yields_to_mail_and_comes_back() {
    let (mut world, alice, bob, _, bob_id) = linked(4);
    world.links_work = false;
    world.cut_links();
    world.write(alice, bob_id, "by the link that is dead");
    world.until("the first", 10 * SECOND, |world| told(world, bob) == 1);
    world.until("the end of the link", 4 * SECOND, |world| world.link_state(alice) != Some(LinkState::Suspect));
    world.write(alice, bob_id, "by mail");
    world.until("the second", 4 * SECOND, |world| told(world, bob) == 2);
    world.links_work = true;
    world.until("a link", MINUTE, |world| both_open(world, alice, bob));
    world.write(alice, bob_id, "by the new link");
    world.until("the third", SECOND, |world| told(world, bob) == 3);
    world.pass(2 * MINUTE);
    assert_eq!(told(&world, bob), 3);
    assert_eq!(world.status(alice).outbox, 0);
}

/// A peer that is killed and started again has the message within 3 s of its start, whoever is the polite one.
#[test]
fn who_is_killed_and_started_again_is_reached_at_once() {
    for seed in 5..9 {
        for apart in [SECOND, 30 * SECOND, 10 * MINUTE] {
            let (mut world, alice, bob, _, bob_id) = linked(seed);
            world.kill(bob);
            world.write(alice, bob_id, "still there?");
            world.pass(apart);
            world.start(bob);
            world.until("the message", 3 * SECOND, |world| told(world, bob) == 1);
            world.until("a link", 3 * SECOND, |world| both_open(world, alice, bob));
        }
    }
}

/// Where no link can be had at all, a message is there within 4 s of the moment at which both are online.
#[test]
fn without_a_path_the_first_message_comes_by_mail_within_four_seconds() {
    let (mut world, alice, bob, _, bob_id) = linked(10);
    world.links_work = false;
    world.kill(bob);
    world.pass(MINUTE);
    world.shut_down(alice);
    world.start(alice);
    world.start(bob);
    world.write(alice, bob_id, "hello");
    world.until("the message", 4 * SECOND, |world| told(world, bob) == 1);
}

/// While a link is in doubt its acks cost no envelope for each message that came by mail: they wait for it to recover, and
/// otherwise go by mail together.
#[test]
fn acks_of_a_doubtful_link_cost_few_envelopes() {
    let (mut world, alice, bob, _, bob_id) = linked(11);
    // The first mail of all was Bob's acceptance.
    let bobs = world.published.iter().map(|(topic, _)| topic.clone()).find(|topic| topic.ends_with("mailbox")).unwrap();
    let mailed = |world: &World, topic: &str| world.published.iter().filter(|(at, _)| at == topic).count();
    world.links_work = false;
    world.cut_links();
    world.write(alice, bob_id, "the first");
    world.until("doubt", 6 * SECOND, |world| world.link_state(bob) == Some(LinkState::Suspect));
    world.until("mail", 4 * SECOND, |world| told(world, bob) == 1);
    let before = mailed(&world, &bobs);
    let mut written = 1;
    while world.link_state(bob) == Some(LinkState::Suspect) {
        world.write(alice, bob_id, "and another");
        written += 1;
        world.pass(Duration::from_millis(100));
    }
    let (arrived, envelopes) = (told(&world, bob), mailed(&world, &bobs) - before);
    assert!(arrived > 4, "{written} written, {arrived} arrived");
    assert!(envelopes <= 1, "{envelopes} envelopes for the acks of {arrived} messages");
    let delivered = |world: &World| {
        world.events(alice).iter().filter(|event| matches!(event, Event::MessageDelivered { .. })).count()
    };
    world.until("all acks", 5 * SECOND, |world| delivered(world) == written);
}
