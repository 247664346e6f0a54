//! A person with a data directory: a real coordinator, as `kith node` and the window have it.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use kith::coordinator::{
    self, BrokerState, Command, CommandError, Event, Handle, LinkState, Reply, Subscription, Update,
};
use uuid::Uuid;

/// Nothing takes so long on an idle machine; this one may be shared by many.
const DEADLINE: Duration = Duration::from_secs(120);

pub struct Person {
    pub core: Handle,
    pub id: Uuid,
    pub link: String,
    place: PathBuf,
    broker: String,
}

impl Person {
    /// A new one, connected to its broker.
    pub async fn born(name: &str, broker: &str, folder: &Path) -> Result<Self> {
        let place = folder.join(name);
        std::fs::create_dir_all(&place)?;
        let core = start(&place, broker).await?;
        let mut events = core.subscribe().await?;
        let made = core.run(Command::CreateIdentity { name: name.to_owned() }).await?;
        let Reply::Identity(me) = made else { bail!("no identity") };
        until(&mut events, |event| matches!(event, Event::BrokerChanged { state: BrokerState::Connected, .. })).await?;
        Ok(Self { core, id: me.user_id, link: me.link, place, broker: broker.to_owned() })
    }

    /// Two who have just become contacts, and have a link.
    pub async fn pair(broker: &str, folder: &Path) -> Result<(Self, Self)> {
        let alice = Self::born("alice", broker, folder).await?;
        let bob = Self::born("bob", broker, folder).await?;
        let (mut of_alice, mut of_bob) = (alice.core.subscribe().await?, bob.core.subscribe().await?);
        bob.core.run(Command::AddContact { link: alice.link.clone() }).await?;
        until(&mut of_alice, |event| matches!(event, Event::RequestReceived { .. })).await?;
        alice.core.run(Command::AcceptContact(bob.id)).await?;
        until(&mut of_alice, is_open).await?;
        until(&mut of_bob, is_open).await?;
        Ok((alice, bob))
    }

    /// Ends in order.
    pub async fn leave(&self) {
        self.core.shutdown().await;
    }

    /// Starts again on the same files.
    pub async fn come_back(&mut self) -> Result<()> {
        self.core = start(&self.place, &self.broker).await?;
        Ok(())
    }
}

/// A coordinator on a data directory.
pub async fn start(place: &Path, broker: &str) -> Result<Handle> {
    let opened = coordinator::open(place).await?;
    Ok(coordinator::start(opened, &[broker.to_owned()], &[], false)?)
}

pub fn is_open(event: &Event) -> bool {
    matches!(event, Event::LinkChanged { state: LinkState::Open, .. })
}

/// Waits for an event, and forgets those before it.
pub async fn until(events: &mut Subscription, wanted: impl Fn(&Event) -> bool) -> Result<()> {
    let look = async {
        loop {
            match events.next().await {
                Update::Events(happened) if happened.iter().any(&wanted) => return Ok(()),
                Update::Events(_) => {}
                Update::Missed => bail!("events were missed"),
                Update::Ended => bail!("it has ended"),
            }
        }
    };
    tokio::time::timeout(DEADLINE, look).await.context("what was waited for did not come")?
}

/// Waits until so many own messages were delivered.
pub async fn delivered(events: &mut Subscription, count: usize) -> Result<()> {
    let mut seen = 0;
    let look = async {
        while seen < count {
            match events.next().await {
                Update::Events(happened) => {
                    seen += happened.iter().filter(|event| matches!(event, Event::MessageDelivered { .. })).count();
                }
                Update::Missed => bail!("events were missed"),
                Update::Ended => bail!("it has ended"),
            }
        }
        Ok(())
    };
    let done = tokio::time::timeout(DEADLINE, look).await;
    done.with_context(|| format!("{seen} of {count} messages were delivered in time"))?
}

/// Writes messages, each handed over as soon as there is room for it, and waits until all are on disk.
pub async fn write(core: &Handle, to: Uuid, count: usize) -> Result<()> {
    // As many as the coordinator's own queue holds.
    let (sender, mut replies) = tokio::sync::mpsc::channel(256);
    let answered = tokio::spawn(async move {
        let mut answered = 0;
        while let Some(reply) = replies.recv().await {
            let reply: Pin<Box<dyn Future<Output = Result<Reply, CommandError>> + Send>> = reply;
            reply.await?;
            answered += 1;
        }
        anyhow::Ok(answered)
    });
    for number in 0..count {
        let text = format!("{number}: a message of some words, as people write them");
        let reply = core.submit(Command::SendMessage { to, text, reply_to: None }).await;
        sender.send(Box::pin(reply)).await.ok().context("a message was refused")?;
    }
    drop(sender);
    let answered: usize = answered.await??;
    anyhow::ensure!(answered == count, "{answered} of {count} messages were answered");
    Ok(())
}
