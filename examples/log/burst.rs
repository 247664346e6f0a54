//! Messages from one to the other: as fast as they go, and one at a time. From the sender's command to the sender's "delivered":
//! signed, committed here, sent, verified and committed there, and acknowledged. In a burst the acknowledgements are committed here beside
//! that; one message is delivered before its own is.

use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use bytes::Bytes;
use kith::coordinator::{Command, Event};
use kith::link::DriverEvent;
use kith::wire::ConnectionId;
use serde_json::{Value, json};

use crate::disk::Disk;
use crate::link_pair::Pair;
use crate::person::{Person, delivered, until, write};

/// Bursts, after one in which caches fill.
const BURSTS: usize = 7;
/// Messages of one.
const BURST: usize = 5_000;
/// Messages one at a time, after some for the caches.
const SINGLES: usize = 400;
const SINGLES_BEFORE: usize = 50;
/// An entry with a short text.
const FRAME_BYTES: usize = 512;

pub async fn run(broker: &str, folder: &Path) -> Result<Value> {
    let (alice, bob) = Person::pair(broker, folder).await?;
    let mut rates = vec![];
    for burst in 0..=BURSTS {
        let mut events = alice.core.subscribe().await?;
        let begun = Instant::now();
        let (core, to) = (alice.core.clone(), bob.id);
        let writing = tokio::spawn(async move { write(&core, to, BURST).await });
        delivered(&mut events, BURST).await?;
        let seconds = begun.elapsed().as_secs_f64();
        writing.await??;
        if burst > 0 {
            rates.push(BURST as f64 / seconds);
        }
    }
    // In turn: whatever else the machine does is done to all three.
    let mut disk = Disk::new(folder)?;
    let connection = ConnectionId([1; 16]);
    let mut pair = Pair::new();
    pair.open(connection).await;
    let payload = Bytes::from(vec![7; FRAME_BYTES]);
    let (mut waits, mut frames, mut singles) = (vec![], vec![], vec![]);
    let mut events = alice.core.subscribe().await?;
    for number in 0..SINGLES_BEFORE + SINGLES {
        let wait = disk.wait()?;
        let begun = Instant::now();
        for side in [0, 1] {
            pair.handles[side].send(connection, payload.clone())?;
            while !matches!(pair.event().await, (at, DriverEvent::Frame { .. }) if at == 1 - side) {}
        }
        let frame = crate::millis(begun);
        let begun = Instant::now();
        let sent = alice
            .core
            .submit(Command::SendMessage { to: bob.id, text: format!("one message, {number}"), reply_to: None })
            .await;
        until(&mut events, |event| matches!(event, Event::MessageDelivered { .. })).await?;
        let single = crate::millis(begun);
        sent.await?;
        if number >= SINGLES_BEFORE {
            waits.push(wait);
            frames.push(frame);
            singles.push(single);
        }
    }
    pair.end().await;
    alice.leave().await;
    bob.leave().await;
    Ok(json!({
        "messagesPerSecond": rates, "fsyncMillis": waits, "frameMillis": frames, "singleMillis": singles,
    }))
}
