//! A coordinator for tests of whatever stands before it: the real handle, and a test in place of the task.

mod groups;
mod live;
mod script;
mod talk;
#[cfg(test)]
mod tests;

use tokio::sync::{broadcast, mpsc, oneshot};
use tokio_util::task::TaskTracker;

pub use script::{Happening, Script};

use super::handle::{BATCHES_MAX, Call, Handle, Snapshot, Subscription};
use super::{Command, CommandError, Event, Reply};

/// Where the reply to a command goes.
pub type Answer = oneshot::Sender<Result<Reply, CommandError>>;

/// The test's end of a handle.
pub struct Double {
    calls: mpsc::Receiver<Call>,
    events: broadcast::Sender<std::sync::Arc<[Event]>>,
    deltas: broadcast::Sender<std::sync::Arc<[super::Delta]>>,
    /// What a watcher sees first.
    pub view: super::View,
    /// How often somebody subscribed.
    pub subscribed: usize,
}

impl Double {
    /// A handle and the end that answers it; the handle waits when `calls` are waiting.
    pub fn new(calls: usize) -> (Handle, Self) {
        let (sender, calls) = mpsc::channel(calls);
        let (events, _) = broadcast::channel(BATCHES_MAX);
        let (deltas, _) = broadcast::channel(BATCHES_MAX);
        // There is no task: nobody waits for one.
        let task = TaskTracker::new();
        task.close();
        let view = super::View::default();
        (Handle::new(sender, task), Self { calls, events, deltas, view, subscribed: 0 })
    }

    /// The next command; subscribers before it are served. None once a shutdown was asked for (it is answered) or every
    /// handle is gone.
    pub async fn next(&mut self) -> Option<(Command, Answer)> {
        loop {
            match self.calls.recv().await? {
                Call::Command(command, answer) => return Some((command, answer)),
                Call::Subscribe(answer) => {
                    self.subscribed += 1;
                    let updates = self.events.subscribe();
                    let _ = answer.send(Subscription { snapshot: Snapshot::default(), updates });
                }
                Call::Watch(answer) => {
                    let _ = answer.send(super::Watch { view: self.view.clone(), changes: self.deltas.subscribe() });
                }
                Call::Shutdown(answer) => {
                    let _ = answer.send(());
                    return None;
                }
            }
        }
    }

    /// Tells subscribers what happened, as one batch.
    pub fn tell(&self, events: impl IntoIterator<Item = Event>) {
        let _ = self.events.send(events.into_iter().collect());
    }

    /// Tells watchers what changed, as one batch.
    pub fn change(&self, deltas: impl IntoIterator<Item = super::Delta>) {
        let _ = self.deltas.send(deltas.into_iter().collect());
    }

    /// Answers every command by this rule until the shutdown.
    pub async fn serve(mut self, mut rule: impl FnMut(&Self, Command) -> Result<Reply, CommandError>) {
        while let Some((command, answer)) = self.next().await {
            let reply = rule(&self, command);
            let _ = answer.send(reply);
        }
    }
}
