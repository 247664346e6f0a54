//! Links are made and end, again and again: what the process holds after the first fifty, and at the end.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::link_pair::{Held, cycle, memory};

/// Pools and caches are filled by then.
const FIRST: usize = 50;

pub async fn run(count: usize) -> Result<Value> {
    let tasks = Held::now().tasks;
    let mut before = None;
    for number in 0..FIRST + count {
        if number == FIRST {
            before = Some((Held::at_rest(tasks).await, memory()));
        }
        cycle(number).await;
    }
    let (before, memory_before) = before.context("no cycle")?;
    let after = Held::again(&before).await;
    let told = |held: &Held, memory: Option<u64>| json!({"tasks": held.tasks, "files": held.files, "threads": held.threads, "memoryPages": memory});
    Ok(json!({"before": told(&before, memory_before), "after": told(&after, memory())}))
}
