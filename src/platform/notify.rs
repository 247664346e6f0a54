//! The system's notifications. They never keep anybody waiting: each is shown from a thread for such things, and when the
//! system shows none, the log says so once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

/// Notifications on their way to the system; one that would wait behind them is left out.
const UNDER_WAY_MAX: usize = 4;

/// Shows notifications.
#[derive(Clone, Debug)]
pub struct Notifier {
    tasks: TaskTracker,
    room: Arc<Semaphore>,
    failed: Arc<AtomicBool>,
}

impl Notifier {
    /// One whose threads are waited for with `tasks`.
    #[must_use]
    pub fn new(tasks: TaskTracker) -> Self {
        Self { tasks, room: Arc::new(Semaphore::new(UNDER_WAY_MAX)), failed: Arc::default() }
    }

    /// Shows one, some time soon. Call it on a Tokio runtime.
    pub fn show(&self, title: String, body: String) {
        let Ok(room) = Arc::clone(&self.room).try_acquire_owned() else {
            tracing::debug!("the system is slow to show notifications: one was left out");
            return;
        };
        let failed = Arc::clone(&self.failed);
        self.tasks.spawn_blocking(move || {
            let shown = show(&title, &body);
            if let Err(error) = shown
                && !failed.swap(true, Ordering::Relaxed)
            {
                tracing::warn!(%error, "the system shows no notifications");
            }
            drop(room);
        });
    }
}

fn show(title: &str, body: &str) -> Result<(), notify_rust::error::Error> {
    let mut notification = notify_rust::Notification::new();
    notification.summary(title).appname("Kith");
    #[cfg(all(unix, not(target_os = "macos")))]
    {
        notification.icon("kith").hint(notify_rust::Hint::DesktopEntry("kith".to_owned()));
        // Other people's texts must not become bold, or links, or pictures.
        let markup = notify_rust::get_capabilities().map_or(true, |can| can.iter().any(|what| what == "body-markup"));
        notification.body(&if markup { escape(body) } else { body.to_owned() });
    }
    #[cfg(not(all(unix, not(target_os = "macos"))))]
    notification.body(body);
    notification.show().map(|_| ())
}

#[cfg(all(unix, not(target_os = "macos")))]
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(all(test, unix, not(target_os = "macos")))]
mod tests {
    use super::*;

    /// Nobody can write bold, a link or a picture into somebody else's notification.
    #[test]
    fn texts_are_no_markup() {
        assert_eq!(escape("<b>5 & 6</b>"), "&lt;b&gt;5 &amp; 6&lt;/b&gt;");
    }
}
