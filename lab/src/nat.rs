//! `lab nat`: every pair of networks, the path that was found between them, and how long it took.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::deliver::{Two, Ways, in_a_world, named};
use crate::kinds::{self, KINDS, Kind, Pair};
use crate::pool;
use crate::world::Setup;

/// The best path is taken by then. Longer than an attempt's whole budget (15 s) and a second one's beginning.
const CLIMB_LIMIT: Duration = Duration::from_secs(40);
/// Messages each way, once the path is settled.
const MESSAGES: usize = 5;
/// The median of them takes no longer, whatever the path: here a way takes no time, and what takes more waits for a timer of the
/// library, of which the shortest is 200 ms.
const DELIVER_LIMIT: Duration = Duration::from_millis(100);
/// Worlds do not begin at the same moment: making identities and contacts is what keeps the processor busy.
const APART: Duration = Duration::from_millis(1500);

/// What was found in one cell.
struct Found {
    ways: Ways,
    /// From being contacts until both had the other's first message.
    first: Duration,
    /// From a message's being written to its being on the other's disk: the median of many.
    deliver: Duration,
}

/// What is wrong with a cell, if anything.
fn fault(pair: Pair, found: &Result<Found>) -> Option<String> {
    match found {
        Err(error) => Some(format!("{error:#}")),
        Ok(found) => judge(pair, found),
    }
}

/// Whether each side's path is the best one, and neither worse nor better than can be, and messages do not wait on it.
fn judge(pair: Pair, found: &Found) -> Option<String> {
    let (best, why) = kinds::best(pair);
    if found.deliver > DELIVER_LIMIT {
        return Some(format!("a message takes {} ms over {best}", found.deliver.as_millis()));
    }
    let sides = [pair.0, pair.1].into_iter().zip(found.ways);
    sides.into_iter().find_map(|(kind, way)| match way {
        None => Some(format!("the {kind} side names no path; there is {best}, since {why}")),
        Some(way) if way > best => Some(format!("the {kind} side takes {way}, but there is {best}: {why}")),
        Some(way) if way < best => Some(format!("the {kind} side says {way}, which cannot be: {why}")),
        Some(_) => None,
    })
}

/// Tries these pairs. Returns whether each took its best path and everything arrived.
pub fn run(setup: &Setup, pairs: Vec<Pair>, jobs: usize, json: Option<&Path>) -> Result<bool> {
    println!("{} pairs of networks, {jobs} at a time", pairs.len());
    let told = |pair: &Pair, found: &Result<Found>| println!("{}", line(*pair, found));
    let cells = pool::run(pairs, jobs, APART, |pair| cell(setup, *pair), told);
    matrix(&cells);
    let mut failed = 0;
    for (pair, found) in &cells {
        if let Some(fault) = fault(*pair, found) {
            failed += 1;
            println!("FAILED {} × {}: {fault}", pair.0, pair.1);
        }
    }
    if let Some(file) = json {
        let cells: Vec<Value> = cells.iter().map(|(pair, found)| told_as_json(*pair, found)).collect();
        let text = serde_json::to_string_pretty(&json!({"cells": cells}))?;
        fs::write(file, text + "\n").with_context(|| format!("cannot write {}", file.display()))?;
    }
    println!("{} of {} pairs took their best path", cells.len() - failed, cells.len());
    Ok(failed == 0)
}

fn cell(setup: &Setup, pair: Pair) -> Result<Found> {
    let is_good = |found: &Found| judge(pair, found).is_none();
    in_a_world(setup, is_good, |world| {
        let mut two = Two::meet(world, pair)?;
        let first = two.both_write("Hello", two.since).context("the first message")?;
        let best = kinds::best(pair).0;
        two.climb_to(best, CLIMB_LIMIT)?;
        let mut times = Vec::new();
        for number in 0..MESSAGES {
            for from_alice in [true, false] {
                times.push(two.one_way(from_alice, &format!("{number}")).context("a later message")?);
            }
        }
        times.sort();
        let ways = two.ways()?;
        two.nothing_lost_nothing_twice()?;
        let deliver = times.get(times.len() / 2).copied().context("nothing was measured")?;
        Ok(Found { ways, first, deliver })
    })
}

fn line(pair: Pair, found: &Result<Found>) -> String {
    let verdict = if fault(pair, found).is_none() { "ok" } else { "FAILED" };
    let head = format!("{:>9} × {:<9} {verdict:<7}", pair.0, pair.1);
    match found {
        Err(error) => format!("{head} {error:#}"),
        Ok(Found { ways, first, deliver }) => {
            let way = named(*ways);
            let (first, deliver) = (first.as_secs_f64(), deliver.as_secs_f64() * 1000.0);
            format!("{head} {way:<8} first message {first:5.2} s, later ones {deliver:5.0} ms")
        }
    }
}

/// The path of each pair, with the time to the first message; in brackets what failed.
fn matrix(cells: &[(Pair, Result<Found>)]) {
    let known = |one: Kind, other: Kind| cells.iter().find(|(pair, _)| *pair == (one, other));
    println!();
    println!("{:>9} {}", "", KINDS.map(|kind| format!("{kind:<14}")).concat());
    for one in KINDS {
        let row = KINDS.map(|other| match known(one, other) {
            None => format!("{:<14}", ""),
            Some((_, Err(_))) => format!("{:<14}", "[nothing]"),
            Some((pair, found @ Ok(Found { ways, first, .. }))) => {
                let text = format!("{} {:.2} s", named(*ways), first.as_secs_f64());
                format!("{:<14}", if fault(*pair, found).is_some() { format!("[{text}]") } else { text })
            }
        });
        println!("{one:>9} {}", row.concat());
    }
    println!();
}

fn told_as_json(pair: Pair, found: &Result<Found>) -> Value {
    let (best, why) = kinds::best(pair);
    let mut cell = json!({
        "one": pair.0.to_string(), "other": pair.1.to_string(), "best": best.to_string(), "why": why,
        "fault": fault(pair, found),
    });
    if let (Ok(found), Some(cell)) = (found, cell.as_object_mut()) {
        cell.insert("path".to_owned(), json!(named(found.ways)));
        cell.insert("firstSeconds".to_owned(), json!(found.first.as_secs_f64()));
        cell.insert("deliverSeconds".to_owned(), json!(found.deliver.as_secs_f64()));
    }
    cell
}

/// `moderate-strict`, in either order.
pub fn parse(text: &str) -> Result<Pair> {
    let wanted = |pair: &Pair| text == format!("{}-{}", pair.0, pair.1) || text == format!("{}-{}", pair.1, pair.0);
    match kinds::pairs().into_iter().find(wanted) {
        Some(pair) => Ok(pair),
        None => {
            bail!("no pair is called {text}; two of {}, with - between", KINDS.map(|kind| kind.to_string()).join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::Way;

    fn found(ways: Ways) -> Result<Found> {
        Ok(Found { ways, first: Duration::ZERO, deliver: Duration::ZERO })
    }

    /// A cell fails when the path of either side is worse than there is, or better than there can be, or none, or nothing arrives.
    #[test]
    fn only_the_best_path_will_do() {
        let relay = (Kind::Strict, Kind::Strict);
        let good = Some(Way::Relay);
        assert!(fault(relay, &found([good, good])).is_none());
        for wrong in [Some(Way::Mail), Some(Way::Direct), None] {
            assert!(fault(relay, &found([wrong, good])).is_some());
            assert!(fault(relay, &found([good, wrong])).is_some());
        }
        assert!(fault(relay, &Err(anyhow::anyhow!("nothing came"))).is_some());
    }

    /// A pair is named in either order.
    #[test]
    fn a_pair_is_named_in_either_order() {
        assert_eq!(parse("strict-open").ok(), Some((Kind::Open, Kind::Strict)));
        assert_eq!(parse("open-strict").ok(), Some((Kind::Open, Kind::Strict)));
        assert!(parse("open").is_err());
    }
}
