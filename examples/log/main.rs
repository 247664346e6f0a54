//! What a bench of conversations needs to have inside one process: `cargo xtask bench log` starts it, once for each figure, and
//! reads the JSON object that it prints.
//!
//! | word | what it does |
//! |---|---|
//! | `burst BROKER FOLDER` | two people with databases in that folder and a link: messages as fast as they go, and one at a time |
//! | `queue BROKER FOLDER COUNT` | that many messages written while the other was away, and what a command takes meanwhile |
//! | `build FOLDER MESSAGES CONVERSATIONS` | the data directory of somebody with so long a past |
//! | `group SIZE…` | a group of so many in the simulated world: how a message spreads, and what it costs |
//! | `open FOLDER BROKER` | starts on it, and reads every conversation: what a window would ask for |
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod build;
mod burst;
mod disk;
mod group;
#[allow(dead_code, reason = "shared with the test of leaks")]
#[path = "../../tests/support/link_pair.rs"]
mod link_pair;
mod open;
mod person;
mod queue;

use std::time::Instant;

use anyhow::{Context, Result, bail};

#[tokio::main]
async fn main() -> Result<()> {
    let begun = Instant::now();
    let args: Vec<String> = std::env::args().skip(1).collect();
    let at = |number: usize| args.get(number).with_context(|| format!("argument {number} is missing"));
    match at(0)?.as_str() {
        "burst" => println!("{}", Box::pin(burst::run(at(1)?, at(2)?.as_ref())).await?),
        "queue" => println!("{}", Box::pin(queue::run(at(1)?, at(2)?.as_ref(), at(3)?.parse()?)).await?),
        "build" => build::run(at(1)?.as_ref(), at(2)?.parse()?, at(3)?.parse()?)?,
        "group" => {
            let sizes = args[1..].iter().map(|size| size.parse()).collect::<Result<Vec<usize>, _>>()?;
            println!("{}", group::run(&sizes));
        }
        "open" => println!("{}", Box::pin(open::run(begun, at(1)?.as_ref(), at(2)?)).await?),
        other => bail!("nobody knows {other}"),
    }
    Ok(())
}

/// Milliseconds since a moment.
fn millis(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}
