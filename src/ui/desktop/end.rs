//! The end, once, whoever asks for it first: the window that closes, or the system.

use std::sync::PoisonError;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::host::Host;

/// How long an orderly end may take. Everything that was acknowledged is on disk at any time: what is cut off here is a
/// farewell.
const END_PATIENCE: Duration = Duration::from_secs(10);
/// How long the tasks beside the host may take: a notification may hang in the system.
const TASKS_PATIENCE: Duration = Duration::from_millis(300);

/// Ends the host and what runs beside it.
#[derive(Default)]
pub(super) struct Ending {
    /// Whether somebody asked for the end; held until it is there.
    ended: Mutex<bool>,
    host: std::sync::Mutex<Option<Host>>,
    opening: TaskTracker,
    tasks: TaskTracker,
    watchers: TaskTracker,
    cancel: CancellationToken,
}

impl Ending {
    /// Those that open the host: the end comes after them.
    pub(super) fn opening(&self) -> TaskTracker {
        self.opening.clone()
    }

    /// Keeps the host, to end it.
    pub(super) fn keep(&self, host: Host) {
        *self.host.lock().unwrap_or_else(PoisonError::into_inner) = Some(host);
    }

    /// Those that are waited for at the end.
    pub(super) fn tasks(&self) -> TaskTracker {
        self.tasks.clone()
    }

    /// Those that may cause the end, and so cannot be waited for by it.
    pub(super) fn watchers(&self) -> TaskTracker {
        self.watchers.clone()
    }

    /// Cancelled when the end begins.
    pub(super) fn cancel(&self) -> CancellationToken {
        self.cancel.clone()
    }

    /// Returns when everything has ended. Who comes second waits for the first.
    pub(super) async fn end(&self) {
        let mut ended = self.ended.lock().await;
        if std::mem::replace(&mut *ended, true) {
            return;
        }
        let orderly = async {
            // What has begun to open is opened, so that it can be closed in order.
            self.opening.close();
            self.opening.wait().await;
            // Outside first: no second start finds a window that is about to go.
            self.tasks.close();
            self.cancel.cancel();
            if timeout(TASKS_PATIENCE, self.tasks.wait()).await.is_err() {
                tracing::debug!("a notification is still under way");
            }
            let host = self.host.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(host) = host {
                host.shutdown().await;
            }
        };
        if timeout(END_PATIENCE, orderly).await.is_err() {
            tracing::warn!("Kith did not end in time");
        }
    }
}
