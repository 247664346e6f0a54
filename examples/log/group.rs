//! A large group: real engines and databases in the simulated world, in which a link takes a millisecond each way and nothing else
//! takes time. Everything here is counted in virtual time and in bytes; how busy this computer is changes nothing.
//!
//! Nobody in the group is anybody's contact when it is measured: contacts have links anyway, and would hide what the group costs.

use std::collections::BTreeMap;
use std::time::Duration;

use kith::coordinator::world::{World, pretend};
use kith::coordinator::{Command, Event};
use kith::wire::Frame;
use rand::RngExt;
use serde_json::{Value, json};
use uuid::Uuid;

/// Messages that are measured, each by somebody drawn by chance, and so many before them.
const MESSAGES: usize = 20;
/// Between two messages: whatever is said about the last one is said by then.
const PAUSE: Duration = Duration::from_secs(20);
/// Links are made, and everybody has forgotten who was a contact.
const SETTLED: Duration = Duration::from_secs(300);
const JOINED: Duration = Duration::from_secs(1_200);
/// A message that takes longer does not arrive.
const LOST: Duration = Duration::from_secs(120);
const STEP: Duration = Duration::from_millis(1);
/// A text as people write them.
const TEXT: &str = "Shall we meet at the station at nine, or is that too early for the children?";

/// Every size in turn.
pub fn run(sizes: &[usize]) -> Value {
    pretend(true);
    json!({ "sizes": sizes.iter().map(|size| measure(*size)).collect::<Vec<_>>() })
}

fn measure(size: usize) -> Value {
    let mut world = World::new(size as u64);
    let group = gather(&mut world, size);
    for _ in 0..MESSAGES {
        say(&mut world, group, size);
    }
    world.frames.clear();
    world.published.clear();
    let spread: Vec<(Duration, Duration)> = (0..MESSAGES).map(|_| say(&mut world, group, size)).collect();
    let (mut sent, mut entries, mut count): (BTreeMap<usize, usize>, usize, usize) = (BTreeMap::new(), 0, 0);
    for (device, bytes) in &world.frames {
        match Frame::parse(bytes) {
            // An open link says that it lives, whether anybody writes or not.
            Ok(Frame::Heartbeat(_)) => continue,
            Ok(Frame::Entry(_)) => (entries, count) = (entries + bytes.len(), count + 1),
            _ => {}
        }
        *sent.entry(*device).or_default() += bytes.len();
    }
    let mailed: usize = world.published.iter().map(|(_, payload)| payload.len()).sum();
    let linked: usize = sent.values().sum();
    let entry = entries as f64 / count.max(1) as f64;
    let each = |bytes: usize| bytes as f64 / MESSAGES as f64;
    // Twice the time in which the first of the others has it.
    let trips = spread.iter().map(|(first, last)| last.as_secs_f64() / (2.0 * first.as_secs_f64()));
    json!({
        "members": size,
        "roundTrips": trips.collect::<Vec<f64>>(),
        "copies": count as f64 / MESSAGES as f64 / (size - 1) as f64,
        "traffic": each(linked + mailed) / ((size - 1) as f64 * entry),
        "entryBytes": entry,
        "linkBytes": each(linked),
        "mailBytes": each(mailed),
        "bytesPerDevice": each(linked + mailed) / size as f64,
        "mostBytesOfADevice": each(sent.values().copied().max().unwrap_or_default()),
    })
}

/// A group of people who know each other from it only.
fn gather(world: &mut World, size: usize) -> Uuid {
    for number in 0..size {
        world.person(&format!("Person {number}"));
    }
    let users: Vec<Uuid> = (0..size).map(|device| world.user(device)).collect();
    for device in 1..size {
        world.befriend(0, device);
    }
    let group = world.group(0, "Many", &users[1..]);
    let joined = |event: &Event| matches!(event, Event::GroupJoined { group_id, .. } if *group_id == group);
    let begun = world.now;
    while !(0..size).all(|device| world.events(device).iter().any(joined)) {
        assert!(world.now < begun + JOINED, "not everybody has come in");
        world.pass(Duration::from_secs(1));
    }
    for device in 1..size {
        world.run(0, Command::RemoveContact(users[device])).unwrap();
        world.run(device, Command::RemoveContact(users[0])).unwrap();
    }
    world.pass(SETTLED);
    group
}

/// Somebody writes; when the first and the last of the others had it.
fn say(world: &mut World, group: Uuid, size: usize) -> (Duration, Duration) {
    let author = world.rng.random_range(0..size);
    let before: Vec<usize> = (0..size).map(|device| world.events(device).len()).collect();
    let begun = world.now;
    let said = world.write(author, group, TEXT);
    let has = |world: &World, device: usize| {
        let told = |event: &Event| matches!(event, Event::MessageReceived { id, .. } if *id == said);
        world.events(device)[before[device]..].iter().any(told)
    };
    let mut missing: Vec<usize> = (0..size).filter(|device| *device != author).collect();
    let mut first = None;
    while !missing.is_empty() {
        assert!(world.now < begun + LOST, "{} of {size} do not get it", missing.len());
        world.pass(STEP);
        let count = missing.len();
        missing.retain(|device| !has(world, *device));
        if missing.len() < count && first.is_none() {
            first = Some(world.now - begun);
        }
    }
    let last = world.now - begun;
    world.pass(PAUSE);
    (first.unwrap_or(last), last)
}
