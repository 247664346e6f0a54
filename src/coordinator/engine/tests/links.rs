use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use super::stories::friends;
use super::world::World;
use crate::coordinator::{Command, Event, LinkState};
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
        world.submit(alice, Command::SendMessage { to: bob_id, text });
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
