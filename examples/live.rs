//! The window in the browser preview over a real Kith, which also says when the engine announced what. For benches.
//!
//! `live DATA BROKER` prints the window's address, then a line `received UNIX-MS ID` for each message that the engine says to
//! have come. Ends with its input.
#![allow(clippy::print_stdout, reason = "a program: its output is what it is for")]

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use kith::coordinator::{Event, Handle, Update};
use kith::host::{Front, Host, Place};
use kith::ui::Clock;
use tokio::io::AsyncReadExt;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut words = std::env::args().skip(1);
    let (data, broker) = (words.next().context("no data directory")?, words.next().context("no broker's address")?);
    let place = Place {
        data: Some(data.into()),
        local_broker: Some(broker.parse().context("an address")?),
        no_default_ice: true,
        ..Place::default()
    };
    let host = Host::open(place, Front::Window).await?;
    let (core, control) = (host.core().clone(), host.control().clone());
    let told = tokio::spawn(tell(core.clone()));
    let dom = move || kith::ui::dom(core.clone(), control.clone(), kith::ui::Shell::alone(), Clock::system());
    let end = async {
        // Any end of it will do.
        let _ = tokio::io::stdin().read_to_end(&mut Vec::new()).await;
    };
    let served = kith::ui::browser::serve(dom, None, |address| println!("{address}"), end).await;
    told.abort();
    host.shutdown().await;
    Ok(served?)
}

/// The engine's announcements, each with the time at which it reaches its first reader.
async fn tell(core: Handle) {
    let Ok(mut subscription) = core.subscribe().await else { return };
    loop {
        match subscription.next().await {
            Update::Events(events) => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() * 1e3;
                for event in events.iter() {
                    if let Event::MessageReceived { id, .. } = event {
                        println!("received {now:.3} {id}");
                    }
                }
            }
            Update::Missed => println!("missed"),
            Update::Ended => return,
        }
    }
}
