//! Many people in one process, each with keys, a database and links of their own: company for one real device.

use std::path::Path;

use anyhow::{Context, Result, bail};
use kith::coordinator::{self, Command, Event, Handle, Reply, Update};
use tokio::io::{AsyncReadExt, stdin};
use tokio::task::JoinSet;

/// Makes them, prints their links one a line, and lets them live until the end of standard input.
pub async fn run(broker: &str, folder: &Path, count: usize) -> Result<()> {
    let mut people = Vec::new();
    let mut lives = JoinSet::new();
    for number in 0..count {
        let place = folder.join(number.to_string());
        std::fs::create_dir_all(&place)?;
        let opened = coordinator::open(&place).await?;
        let person = coordinator::start(opened, &[broker.to_owned()], &[], false)?;
        let Reply::Identity(me) = person.run(Command::CreateIdentity { name: format!("Person {number}") }).await?
        else {
            bail!("no identity")
        };
        println!("{}", me.link);
        lives.spawn(accept(person.clone()));
        people.push(person);
    }
    stdin().read_to_end(&mut Vec::new()).await?;
    for person in people {
        person.shutdown().await;
    }
    lives.shutdown().await;
    Ok(())
}

/// Accepts whoever asks.
async fn accept(person: Handle) -> Result<()> {
    let mut events = person.subscribe().await?;
    loop {
        match events.next().await {
            Update::Events(happened) => {
                for event in happened.iter() {
                    if let Event::RequestReceived { user_id, .. } = event {
                        person.run(Command::AcceptContact(*user_id)).await.context("not accepted")?;
                    }
                }
            }
            Update::Missed | Update::Ended => return Ok(()),
        }
    }
}
