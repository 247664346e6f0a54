//! What a bench of links needs to have inside one process: `cargo xtask bench link` starts it, once for each figure, and reads
//! the JSON object that it prints.
//!
//! | word | what it does |
//! |---|---|
//! | `echo BROKER` | round trips of a bare data channel, of a frame over a link, and of a message over a broker, in turn |
//! | `bulk BYTES` | how fast a blob goes one way, and how long messages beside it take |
//! | `cycles COUNT` | links are made and end; what the process holds before and after |
//! | `crowd BROKER FOLDER COUNT` | that many people, each with a device of their own, who accept whoever asks |
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod bare;
mod bulk;
mod crowd;
mod cycles;
mod echo;
#[path = "../../tests/support/link_pair.rs"]
mod link_pair;
mod mqtt;

use anyhow::{Context, Result, bail};

#[tokio::main]
async fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let at = |number: usize| args.get(number).with_context(|| format!("argument {number} is missing"));
    match at(0)?.as_str() {
        // As in Kith, where who sends is a task beside the library's, and no thread of its own that has to be woken.
        "echo" => println!("{}", tokio::spawn(echo::run(at(1)?.clone())).await??),
        "bulk" => println!("{}", tokio::spawn(bulk::run(at(1)?.parse()?)).await??),
        "cycles" => println!("{}", cycles::run(at(1)?.parse()?).await?),
        "crowd" => Box::pin(crowd::run(at(1)?, at(2)?.as_ref(), at(3)?.parse()?)).await?,
        other => bail!("nobody knows {other}"),
    }
    Ok(())
}
