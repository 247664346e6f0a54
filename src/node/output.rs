//! The one writer: lines wait for it in a queue with a bound on their number and on their bytes.

use std::sync::Arc;

use serde::Serialize;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

use super::{OUTPUT_BYTES_MAX, OUTPUT_LINES_MAX};

/// Nobody reads any more.
#[derive(Debug)]
pub(super) struct Closed;

/// Where lines go. The writer ends when this is gone and the queue is empty.
pub(super) struct Output {
    lines: mpsc::Sender<Queued>,
    bytes: Arc<Semaphore>,
}

pub(super) struct Queued {
    line: Vec<u8>,
    _bytes: OwnedSemaphorePermit,
}

impl Output {
    /// An output, and the queue that [`write_lines`] empties.
    pub(super) fn new() -> (Self, mpsc::Receiver<Queued>) {
        let (lines, queue) = mpsc::channel(OUTPUT_LINES_MAX);
        let bytes = usize::try_from(OUTPUT_BYTES_MAX).unwrap_or(Semaphore::MAX_PERMITS);
        (Self { lines, bytes: Arc::new(Semaphore::new(bytes)) }, queue)
    }

    /// What [`write_lines`] needs to free those who wait.
    pub(super) fn bytes(&self) -> Arc<Semaphore> {
        Arc::clone(&self.bytes)
    }

    /// Queues one line; waits while too much waits already.
    pub(super) async fn line<T: Serialize + ?Sized>(&self, value: &T) -> Result<(), Closed> {
        // The place first: a value takes less memory than its JSON while it waits.
        let place = self.lines.reserve().await.map_err(|_| Closed)?;
        let mut line = match serde_json::to_vec(value) {
            Ok(line) => line,
            Err(error) => {
                tracing::error!(%error, "a line could not be written as JSON");
                return Ok(());
            }
        };
        line.push(b'\n');
        let bytes = u32::try_from(line.len()).unwrap_or(u32::MAX).min(OUTPUT_BYTES_MAX);
        let bytes = Arc::clone(&self.bytes).acquire_many_owned(bytes).await.map_err(|_| Closed)?;
        place.send(Queued { line, _bytes: bytes });
        Ok(())
    }
}

/// Writes lines until the [`Output`] is gone, or until nobody reads; says the latter by cancelling `closed`.
pub(super) async fn write_lines<W: AsyncWrite + Unpin>(
    mut output: W,
    mut queue: mpsc::Receiver<Queued>,
    bytes: Arc<Semaphore>,
    closed: CancellationToken,
) {
    while let Some(queued) = queue.recv().await {
        let written = async {
            output.write_all(&queued.line).await?;
            // Only when nothing waits: a burst goes out in large pieces.
            if queue.is_empty() { output.flush().await } else { Ok(()) }
        };
        if let Err(error) = written.await {
            tracing::warn!(%error, "standard output was closed: this node ends");
            // Whoever waits for room must not wait for ever.
            bytes.close();
            closed.cancel();
            return;
        }
    }
}
