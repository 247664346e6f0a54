//! Brings a stopped broker's storage to rest: everybody has handed back, and everything is on disk.
//!
//! The library itself gives up early and says nothing about it: its flush waits five seconds for the disk and then
//! answers as if all were written, while a task of its own writes on behind. With thousands of messages on a busy machine
//! that was the usual case. The next broker read the folder as it was then: what was not written yet was lost to it.

use std::sync::Arc;
use std::time::Duration;

use mqtt5::broker::DynamicStorage;
use tokio::time::Instant;

/// How long the library's flush waits for the disk before it answers as if all were written (`mqtt5` 0.49).
const LIBRARY_FLUSH: Duration = Duration::from_secs(5);
/// How long the disk may take. Six thousand messages took between 4 and 53 seconds with eight such brokers at once on two
/// crowded processors, and once more than a minute. What is given up is lost to the next broker, whose files the library
/// would then still write between; so this is for a disk that never answers.
const WRITE_DEADLINE: Duration = Duration::from_secs(300);
/// How long connections may take to hand back; one that writes to somebody who vanished would take minutes.
const RETURN_DEADLINE: Duration = Duration::from_secs(2);
/// How often it is asked who still uses the storage: the library tells nobody.
const RETURN_POLL: Duration = Duration::from_millis(5);

/// Waits for the connections and for the disk, and logs what either did not manage in time.
pub(super) async fn settle(storage: Arc<DynamicStorage>) {
    let deadline = Instant::now() + WRITE_DEADLINE;
    let mut returned = all_returned(&storage).await;
    let mut written = all_written(&storage, deadline).await;
    if !returned {
        // A slow disk holds up connections too. What they handed back since must be written as well.
        returned = all_returned(&storage).await;
        written = all_written(&storage, deadline).await;
    }
    if !returned {
        tracing::warn!("connections of the embedded broker did not end in time");
    }
    if !written {
        tracing::warn!("the embedded broker could not write all of its queues in time");
    }
}

/// Whether every connection has handed back what it had not delivered, and let go of the folder.
async fn all_returned(storage: &Arc<DynamicStorage>) -> bool {
    let returned = async {
        while Arc::strong_count(storage) > 1 {
            tokio::time::sleep(RETURN_POLL).await;
        }
    };
    tokio::time::timeout(RETURN_DEADLINE, returned).await.is_ok()
}

/// Whether everything that was queued is on disk. Only an answer that came before the library would have given up says so.
async fn all_written(storage: &DynamicStorage, deadline: Instant) -> bool {
    loop {
        let asked = Instant::now();
        if let Err(error) = storage.shutdown().await {
            tracing::warn!(%error, "the embedded broker could not write its queues");
            return false;
        }
        if asked.elapsed() < LIBRARY_FLUSH {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
    }
}
