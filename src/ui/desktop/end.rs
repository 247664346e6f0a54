//! The end, once, whoever asks for it first: the window that closes, or the system.

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
pub(super) struct Ending {
    host: Mutex<Option<Host>>,
    tasks: TaskTracker,
    watchers: TaskTracker,
    cancel: CancellationToken,
}

impl Ending {
    pub(super) fn new(host: Host) -> Self {
        Self {
            host: Mutex::new(Some(host)),
            tasks: TaskTracker::new(),
            watchers: TaskTracker::new(),
            cancel: CancellationToken::new(),
        }
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
        let mut host = self.host.lock().await;
        let Some(host) = host.take() else { return };
        let orderly = async {
            // Outside first: no second start finds a window that is about to go.
            self.tasks.close();
            self.cancel.cancel();
            if timeout(TASKS_PATIENCE, self.tasks.wait()).await.is_err() {
                tracing::debug!("a notification is still under way");
            }
            host.shutdown().await;
        };
        if timeout(END_PATIENCE, orderly).await.is_err() {
            tracing::warn!("Kith did not end in time");
        }
    }
}
