use std::time::Duration;

use rand::RngExt;

use super::stories::friends;
use crate::coordinator::world::World;
use crate::coordinator::{Command, Event, MessageState, Reply};

/// Whatever is killed, lost or cut off meanwhile: what was acknowledged arrives, once, in the same order on both sides.
#[test]
fn nothing_acknowledged_is_lost_whatever_happens() {
    let seeds = std::env::var("KITH_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(40);
    for seed in 0..seeds {
        println!("seed {seed}");
        let mut world = World::new(seed);
        let (alice, bob, alice_id, bob_id) = friends(&mut world);
        let people = [(alice, bob_id), (bob, alice_id)];
        let mut acknowledged: Vec<Vec<String>> = vec![vec![], vec![]];
        let mut calls: Vec<(usize, u64)> = vec![];
        world.loss = 0.3;
        for n in 0..60 {
            let who = world.rng.random_range(0..2usize);
            let (device, to) = people[who];
            match world.rng.random_range(0..12) {
                0 => world.kill(device),
                1 if world.is_running(device) => world.shut_down(device),
                2 => world.broker(false),
                3 => world.broker(true),
                4 => world.links_work = world.rng.random(),
                _ if world.is_running(device) => {
                    let command = Command::SendMessage { to, text: format!("{n} from {who}"), reply_to: None };
                    calls.push((who, world.submit(device, command)));
                }
                _ => world.start(device),
            }
            let pause = [1, 5, 50, 700, 8_000][world.rng.random_range(0..5usize)];
            world.pass(Duration::from_millis(pause));
            calls.retain(|(who, call)| match world.reply(people[*who].0, *call) {
                Some(Ok(Reply::Message(id))) => {
                    acknowledged[*who].push(id.clone());
                    false
                }
                _ => true,
            });
        }
        world.loss = 0.0;
        world.links_work = true;
        world.broker(true);
        for (device, _) in people {
            if !world.is_running(device) {
                world.start(device);
            }
        }
        world.pass(Duration::from_secs(300));
        let (here, there) = (world.history(alice, bob_id), world.history(bob, alice_id));
        let ids =
            |history: &[crate::coordinator::MessageView]| history.iter().map(|m| m.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&here), ids(&there), "seed {seed}");
        for id in acknowledged.iter().flatten() {
            assert_eq!(ids(&here).iter().filter(|other| *other == id).count(), 1, "seed {seed}: lost or doubled");
        }
        assert!(here.iter().all(|m| m.state != MessageState::Queued && m.state != MessageState::Sent), "seed {seed}");
        for (device, _) in people {
            let mut told: Vec<&String> = world
                .events(device)
                .iter()
                .filter_map(|event| match event {
                    Event::MessageReceived { id, .. } => Some(id),
                    _ => None,
                })
                .collect();
            let all = told.len();
            told.sort();
            told.dedup();
            assert_eq!(told.len(), all, "seed {seed}: told twice");
        }
    }
}
