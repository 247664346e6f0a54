//! The loop between a script and the coordinator.
//!
//! One future does everything, so that what is true stays in order: commands reach the coordinator in the order of their
//! lines, and a reply is written before the events that follow from it. It waits while the queue to the writer is full,
//! so a script that does not read is not read either.
//!
//! At the end: the coordinator shuts down (everything is on disk), what is still due is said, and last comes the answer
//! to `shutdown`.

use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use super::answer::{Answer, Notice};
use super::due::{Due, Said, Work};
use super::line::Lines;
use super::output::{Closed, Output, write_lines};
use super::{LINE_BYTES_MAX, REQUESTS_MAX};
use crate::coordinator::{Handle, Subscription, Update};
use crate::host::Control;

/// How long a script may take to read what is still due at the end. Everything is on disk by then.
const FAREWELL: Duration = Duration::from_secs(5);

/// Why [`serve`] came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The script asked for it.
    Asked,
    /// There is no more input.
    EndOfInput,
    /// The caller asked for it.
    Stopped,
    /// Nobody reads the output any more.
    OutputClosed,
    /// The coordinator ended by itself, which it never should.
    CoreStopped,
}

/// Serves one script, from its first line to the end: its `shutdown`, the end of its input or output, or `stop`. Shuts
/// the coordinator down, and returns when everything is on disk and said.
pub async fn serve<R, W>(core: &Handle, control: &Control, input: R, output: W, stop: impl Future<Output = ()>) -> End
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    serve_within(FAREWELL, core, control, input, output, stop).await
}

/// The same, with another farewell: a test has no five seconds.
pub(super) async fn serve_within<R, W>(
    farewell: Duration,
    core: &Handle,
    control: &Control,
    input: R,
    output: W,
    stop: impl Future<Output = ()>,
) -> End
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let (sender, queue) = Output::new();
    let (closed, on_disk) = (CancellationToken::new(), CancellationToken::new());
    let writing = write_lines(output, queue, sender.bytes(), closed.clone());
    let ended = OnceLock::new();
    let talking = async {
        // Before the first line is read: no event that follows from it may be lost.
        let events = core.subscribe().await.ok();
        let mut talk = Talk { core, control, output: sender, events, due: FuturesUnordered::new(), weight: 0 };
        let (end, last) = tokio::select! {
            biased;
            () = stop => (End::Stopped, None),
            () = closed.cancelled() => (End::OutputClosed, None),
            ended = talk.run(input) => ended.unwrap_or((End::OutputClosed, None)),
        };
        tracing::debug!(?end, "this node ends");
        let _ = ended.set(end);
        let shutting_down = async {
            core.shutdown().await;
            on_disk.cancel();
        };
        // Both at once: a script that does not read must not keep anything from the disk.
        let ((), said) = tokio::join!(shutting_down, talk.say_the_rest());
        if let (Ok(()), Some(last)) = (said, last) {
            let last = last.finish().await;
            // A script that has gone needs no farewell.
            let _ = talk.say(last).await;
        }
    };
    tokio::select! {
        biased;
        ((), ()) = async { tokio::join!(writing, talking) } => {}
        () = async {
            on_disk.cancelled().await;
            tokio::time::sleep(farewell).await;
        } => tracing::warn!("nobody read what was left to say"),
    }
    ended.get().copied().unwrap_or(End::CoreStopped)
}

struct Talk<'a> {
    core: &'a Handle,
    control: &'a Control,
    output: Output,
    /// None once the coordinator has stopped.
    events: Option<Subscription>,
    due: FuturesUnordered<Pin<Box<dyn Future<Output = Said> + Send>>>,
    /// What is under way.
    weight: usize,
}

impl Talk<'_> {
    /// Reads until the end; with what is to be said last.
    async fn run(&mut self, input: impl AsyncRead + Unpin) -> Result<(End, Option<Due>), Closed> {
        let mut lines = Lines::new(input, LINE_BYTES_MAX);
        // A line that waits until enough of those before it are done.
        let mut held: Option<Work> = None;
        loop {
            if let Some(work) = held.take_if(|work| self.weight + work.weight <= REQUESTS_MAX) {
                let due = work.begin(self.core, self.control).await;
                if due.ends {
                    return Ok((End::Asked, Some(due)));
                }
                self.weight += due.weight;
                self.due.push(Box::pin(due.finish()));
            }
            tokio::select! {
                biased;
                Some(said) = self.due.next() => self.say(said).await?,
                update = next(&mut self.events) => {
                    self.tell(update).await?;
                    if self.events.is_none() {
                        return Ok((End::CoreStopped, None));
                    }
                }
                line = lines.next(), if held.is_none() => match line {
                    Ok(Some(line)) => held = Work::of(line),
                    Ok(None) => return Ok((End::EndOfInput, None)),
                    Err(error) => {
                        tracing::warn!(%error, "standard input cannot be read: this node ends");
                        return Ok((End::EndOfInput, None));
                    }
                },
            }
        }
    }

    /// Says what is still due, until the coordinator has stopped.
    async fn say_the_rest(&mut self) -> Result<(), Closed> {
        while self.events.is_some() || !self.due.is_empty() {
            tokio::select! {
                biased;
                Some(said) = self.due.next() => self.say(said).await?,
                update = next(&mut self.events) => self.tell(update).await?,
            }
        }
        Ok(())
    }

    async fn say(&mut self, said: Said) -> Result<(), Closed> {
        self.weight = self.weight.saturating_sub(said.weight);
        match said.answers.as_slice() {
            [] => Ok(()),
            [answer] if !said.is_batch => self.output.line(answer).await,
            answers => self.output.line::<[Answer]>(answers).await,
        }
    }

    async fn tell(&mut self, update: Update) -> Result<(), Closed> {
        match update {
            Update::Events(batch) => {
                for event in batch.iter() {
                    self.output.line(&Notice::event(event)).await?;
                }
            }
            Update::Missed => {
                // A fresh subscription begins with the present, so that a slow reader does not stay behind for ever.
                self.events = self.core.subscribe().await.ok();
                self.output.line(&Notice::missed()).await?;
            }
            Update::Ended => self.events = None,
        }
        Ok(())
    }
}

async fn next(events: &mut Option<Subscription>) -> Update {
    match events {
        Some(events) => events.next().await,
        None => std::future::pending().await,
    }
}
