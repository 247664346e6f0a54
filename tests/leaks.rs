//! What a link takes it gives back: drivers connect and end again and again, and the process is as it was.
//!
//! A target of its own, since it counts what the whole process has. `KITH_CYCLES=1000` asks for more cycles than the usual
//! run. Where the system does not tell (no `/proc`), only tasks are counted.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

#[path = "support/link_pair.rs"]
mod link_pair;

use link_pair::{Held, cycle, memory};

/// Pools and caches are filled by then.
const FIRST: usize = 50;
/// Cycles of the usual run, those included.
const CYCLES: usize = 150;

/// However often links are made and end, and however they end: tasks, files, threads and memory stay as they were after the
/// first fifty.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_give_back_what_they_took() {
    let cycles = std::env::var("KITH_CYCLES").ok().map_or(CYCLES, |cycles| cycles.parse().expect("a number of cycles"));
    let tasks = Held::now().tasks;
    let mut before = None;
    for number in 0..cycles {
        if number == FIRST {
            before = Some((Held::at_rest(tasks).await, memory()));
        }
        cycle(number).await;
    }
    let (before, memory_before) = before.expect("more cycles than the first");
    let now = Held::again(&before).await;
    println!("{cycles} cycles: {now:?}, memory {memory_before:?} -> {:?} pages", memory());
    assert_eq!(now, before);
    if let (Some(before), Some(now)) = (memory_before, memory()) {
        assert!(now * 100 <= before * 105, "{before} pages after {FIRST} cycles, {now} after {cycles}");
    }
}
