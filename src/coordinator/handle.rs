//! What everybody outside holds of the coordinator: a cheap clonable handle.

use std::sync::Arc;

use tokio::sync::{broadcast, mpsc, oneshot};
use tokio_util::task::TaskTracker;

use super::{
    Command, CommandError, ContactView, ErrorCode, Event, IdentityView, Reply, RequestView, StatusView, Watch,
};

/// Commands that may wait for the coordinator; a sender of more waits with them (back-pressure, not memory).
pub(super) const COMMANDS_MAX: usize = 256;
/// Batches of events that a slow subscriber may be behind before it must ask for a fresh snapshot.
pub(super) const BATCHES_MAX: usize = 256;

/// What reaches the coordinator's task from its handles.
#[derive(Debug)]
pub(super) enum Call {
    /// A command and where its reply goes.
    Command(Command, oneshot::Sender<Result<Reply, CommandError>>),
    /// A new subscriber.
    Subscribe(oneshot::Sender<Subscription>),
    /// A new watcher.
    Watch(oneshot::Sender<Watch>),
    /// Finish what is under way and stop; answered when everything is on disk.
    Shutdown(oneshot::Sender<()>),
}

/// A handle to the coordinator. When the last one is dropped the coordinator shuts down.
#[derive(Clone, Debug)]
pub struct Handle {
    calls: mpsc::Sender<Call>,
    /// The coordinator's task.
    task: TaskTracker,
}

impl Handle {
    pub(super) fn new(calls: mpsc::Sender<Call>, task: TaskTracker) -> Self {
        Self { calls, task }
    }

    /// Runs a command and waits for its reply.
    ///
    /// # Errors
    /// Why the command was refused; [`ErrorCode::ShuttingDown`] when the coordinator has stopped.
    pub async fn run(&self, command: Command) -> Result<Reply, CommandError> {
        self.submit(command).await.await
    }

    /// Hands a command over, and gives back where its reply will come: who submits one command after the other has them
    /// run in that order, without waiting for each.
    pub async fn submit(&self, command: Command) -> impl Future<Output = Result<Reply, CommandError>> + Send + 'static {
        let (reply, answer) = oneshot::channel();
        // When the coordinator has stopped, the reply's sender is dropped here and says so.
        let _ = self.calls.send(Call::Command(command, reply)).await;
        async move { answer.await.map_err(|_| CommandError::new(ErrorCode::ShuttingDown, "Kith is shutting down."))? }
    }

    /// Hands a command over without waiting for anything, for those who cannot: while too many wait, it is left out.
    pub fn hand(&self, command: Command) {
        let (reply, _) = oneshot::channel();
        if self.calls.try_send(Call::Command(command, reply)).is_err() {
            tracing::warn!("a command was left out: the coordinator is busy, or has stopped");
        }
    }

    /// Subscribes: how things are now, and then what happens.
    ///
    /// # Errors
    /// [`ErrorCode::ShuttingDown`] when the coordinator has stopped.
    pub async fn subscribe(&self) -> Result<Subscription, CommandError> {
        let (reply, answer) = oneshot::channel();
        let stopped = || CommandError::new(ErrorCode::ShuttingDown, "Kith is shutting down.");
        self.calls.send(Call::Subscribe(reply)).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())
    }

    /// Watches, for a window: everything that is shown, and then what changes of it.
    ///
    /// # Errors
    /// [`ErrorCode::ShuttingDown`] when the coordinator has stopped.
    pub async fn watch(&self) -> Result<Watch, CommandError> {
        let (reply, answer) = oneshot::channel();
        let stopped = || CommandError::new(ErrorCode::ShuttingDown, "Kith is shutting down.");
        self.calls.send(Call::Watch(reply)).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())
    }

    /// Shuts down: takes no more commands, hands over what it can, and returns when everything is on disk and the
    /// coordinator's task has ended.
    pub async fn shutdown(&self) {
        let (reply, answer) = oneshot::channel();
        if self.calls.send(Call::Shutdown(reply)).await.is_ok() {
            // An error means that the task has ended already, which is what was asked for.
            let _ = answer.await;
        }
        self.task.wait().await;
    }
}

/// How things are at the moment of subscribing.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// This device's identity, once there is one.
    pub identity: Option<IdentityView>,
    /// Contacts, by name.
    pub contacts: Vec<ContactView>,
    /// Requests with a valid invitation, oldest first.
    pub requests: Vec<RequestView>,
    /// Brokers and links. Its outbox is always 0, since counting asks the database: `ShowStatus` does.
    pub status: StatusView,
}

/// What a subscriber is told next.
#[derive(Clone, Debug)]
pub enum Update {
    /// These happened, in this order.
    Events(Arc<[Event]>),
    /// The subscriber was too slow and has missed some; subscribe again for a fresh snapshot.
    Missed,
    /// The coordinator has stopped.
    Ended,
}

/// A subscription: a snapshot and the batches that follow it.
#[derive(Debug)]
pub struct Subscription {
    /// How things were when the subscription began.
    pub snapshot: Snapshot,
    pub(super) updates: broadcast::Receiver<Arc<[Event]>>,
}

impl Subscription {
    /// Waits for what happens next.
    pub async fn next(&mut self) -> Update {
        match self.updates.recv().await {
            Ok(events) => Update::Events(events),
            Err(broadcast::error::RecvError::Lagged(_)) => Update::Missed,
            Err(broadcast::error::RecvError::Closed) => Update::Ended,
        }
    }
}
