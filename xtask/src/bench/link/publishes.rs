//! What a first connection costs a broker: everything that both devices publish, counted on its way to the broker.
//!
//! Counted once from the request of a stranger to a link that has been open for a while, and once for two contacts whose
//! devices start. In the second the one that is already there has greeted nobody: that is counted too.

use std::thread;
use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use super::Bench;
use super::counter::{Counter, Counts};
use super::pair::{Pair, broker, connected, end};
use crate::bench::figures::{Figures, Target};

/// Publishes of both devices together.
const PUBLISHES: f64 = 12.0;
/// What is said again is said after a second; after this long nothing more comes.
const QUIET: Duration = Duration::from_secs(4);
/// Runs of each: what happens at once may happen in another order.
const RUNS: usize = 5;

pub fn measure(bench: &Bench, figures: &mut Figures) -> Result<()> {
    println!("Counting what is published, {RUNS} times …");
    let (_broker, url) = broker(bench)?;
    let counter = Counter::before(&url)?;
    let (mut of_strangers, mut of_contacts) = (Vec::new(), Vec::new());
    for run in 0..RUNS {
        let (pair, mut nodes) = Pair::strangers(bench, &format!("publishes-{run}"), &counter.url)?;
        counter.take();
        pair.meet(&mut nodes)?;
        thread::sleep(QUIET);
        of_strangers.push(counter.take());
        end(nodes)?;
        counter.take();
        let mut alice = pair.start(0)?;
        connected(&mut alice)?;
        let mut nodes = [alice, pair.start(1)?];
        pair.open(&mut nodes)?;
        thread::sleep(QUIET);
        of_contacts.push(counter.take());
        end(nodes)?;
    }
    let most =
        |runs: &[Counts]| runs.iter().map(|counts| counts.values().sum::<usize>()).max().unwrap_or_default() as f64;
    let what = "publishes of a first connection, from the stranger's request to the open link (most of 5)";
    figures.add(
        "publishes_first_contact",
        what,
        most(&of_strangers),
        "publishes",
        Target::AtMost(PUBLISHES),
        json!(of_strangers),
    );
    let what = "publishes of a connection between contacts whose devices start (most of 5)";
    figures.add(
        "publishes_of_contacts",
        what,
        most(&of_contacts),
        "publishes",
        Target::AtMost(PUBLISHES),
        json!(of_contacts),
    );
    Ok(())
}
