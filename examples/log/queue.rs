//! Much was written while the other was away: how long it takes to arrive once there is a link, and what a command takes
//! meanwhile, on both sides.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use kith::coordinator::{Command, Handle, PageAt, Reply};
use serde_json::{Value, json};
use tokio::sync::watch;
use uuid::Uuid;

use crate::person::{Person, delivered, is_open, until, write};

/// A window asks at most so often: with each frame that it paints.
const ASK_EVERY: Duration = Duration::from_millis(16);
/// As many messages as a window asks for.
const PAGE: u32 = 60;

pub async fn run(broker: &str, folder: &Path, count: usize) -> Result<Value> {
    let (alice, mut bob) = Person::pair(broker, folder).await?;
    bob.leave().await;
    let begun = Instant::now();
    write(&alice.core, bob.id, count).await?;
    let written = crate::millis(begun);
    let (mut all, mut of_alice) = (alice.core.subscribe().await?, alice.core.subscribe().await?);
    bob.come_back().await?;
    let (end, ended) = watch::channel(false);
    let asking = [(alice.core.clone(), bob.id), (bob.core.clone(), alice.id)]
        .map(|(core, with)| tokio::spawn(ask(core, with, ended.clone())));
    let arrived = tokio::spawn(async move { delivered(&mut all, count).await.map(|()| Instant::now()) });
    let back = Instant::now();
    until(&mut of_alice, is_open).await?;
    let open = Instant::now();
    let arrived = arrived.await??;
    end.send_replace(true);
    let [of_alice, of_bob] = asking;
    let (mut waits, more) = (of_alice.await??, of_bob.await??);
    waits.extend(more);
    // Everything is there, once.
    let mut pages = 0;
    let mut before = None;
    loop {
        let ask = Command::ReadHistory { with: alice.id, before: before.take(), limit: Some(1_000) };
        let Reply::History(page) = bob.core.run(ask).await? else { continue };
        pages += page.len();
        match page.first() {
            Some(first) => before = Some(first.id.clone()),
            None => break,
        }
    }
    ensure!(pages == count, "{pages} of {count} messages are there");
    alice.leave().await;
    bob.leave().await;
    Ok(json!({
        "writtenMillis": written, "linkMillis": (open - back).as_secs_f64() * 1e3,
        "deliveredMillis": arrived.saturating_duration_since(open).as_secs_f64() * 1e3, "answerMillis": waits,
    }))
}

/// Asks what a window asks for, again and again, and notes what each answer takes.
async fn ask(core: Handle, with: Uuid, ended: watch::Receiver<bool>) -> Result<Vec<f64>> {
    let mut waits = vec![];
    let mut due = tokio::time::interval(ASK_EVERY);
    while !*ended.borrow() {
        due.tick().await;
        let begun = Instant::now();
        core.run(Command::ReadPage { with, at: PageAt::Latest, limit: PAGE }).await?;
        waits.push(crate::millis(begun));
    }
    Ok(waits)
}
