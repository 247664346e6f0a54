//! Links that the system hands to a Kith that runs: somebody opened one elsewhere.
//!
//! They come when they come, perhaps before there is a window: the few latest wait here until it asks. Nothing is read in
//! them here; a link is what a stranger wrote.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

/// Links that wait. A person opens one at a time; what is older than so many was opened and forgotten.
const WAITING_MAX: usize = 4;
/// Longer than any link of ours; what is longer is none.
const LINK_BYTES_MAX: usize = 16 * 1024;

/// Of the process, because the system hands links to the process.
static OPENED: Opened = Opened::new();

/// Keeps a link for the window. One that is too long is dropped; when too many wait, the oldest is.
pub fn offer(link: String) {
    OPENED.offer(link);
}

/// Waits for a link. Each is given to one caller.
pub async fn next() -> String {
    OPENED.next().await
}

struct Opened {
    waiting: Mutex<VecDeque<String>>,
    more: Notify,
}

impl Opened {
    const fn new() -> Self {
        Self { waiting: Mutex::new(VecDeque::new()), more: Notify::const_new() }
    }

    fn offer(&self, link: String) {
        if link.len() > LINK_BYTES_MAX {
            tracing::warn!(bytes = link.len(), "what was opened is too long for a link of ours");
            return;
        }
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() == WAITING_MAX {
            waiting.pop_front();
        }
        waiting.push_back(link);
        drop(waiting);
        self.more.notify_one();
    }

    async fn next(&self) -> String {
        loop {
            // Asked for before looking: a link that comes in between wakes it.
            let more = self.more.notified();
            if let Some(link) = self.take() {
                return link;
            }
            more.await;
        }
    }

    fn take(&self) -> Option<String> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A link that was opened before there was a window waits for it, and each comes once, in order.
    #[tokio::test]
    async fn a_link_waits_for_the_window() {
        let opened = Opened::new();
        opened.offer("kith:one".to_owned());
        opened.offer("kith:two".to_owned());
        assert_eq!(opened.next().await, "kith:one");
        assert_eq!(opened.next().await, "kith:two");
        let (link, ()) = tokio::join!(opened.next(), async { opened.offer("kith:three".to_owned()) });
        assert_eq!(link, "kith:three");
    }

    /// Only the latest wait, and nothing that is no link of ours by its length alone.
    #[tokio::test]
    async fn only_a_few_wait() {
        let opened = Opened::new();
        opened.offer("x".repeat(LINK_BYTES_MAX + 1));
        for number in 0..=WAITING_MAX {
            opened.offer(number.to_string());
        }
        assert_eq!(opened.next().await, "1");
        assert_eq!(opened.waiting.lock().unwrap().len(), WAITING_MAX - 1);
    }
}
