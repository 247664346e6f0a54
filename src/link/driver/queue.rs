//! The queues of frames and of bulk on their way to the driver: bounded in bytes and in number, and they say when there is room again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::SendError;
use crate::wire::ConnectionId;

/// Bytes that may wait for the driver: several of the longest frames, so that the library never runs dry meanwhile.
pub const QUEUE_BYTES_MAX: usize = 256 * 1024;
/// Down to here the queue must drain before a refused sender is told: half, so that it is not woken for every frame.
pub const QUEUE_BYTES_LOW: usize = QUEUE_BYTES_MAX / 2;
/// Frames that may wait, since small ones cost more than their bytes.
pub const QUEUE_FRAMES_MAX: usize = 256;

/// Bytes of bulk that may wait for the driver: a few of the longest pieces, so that it never runs dry meanwhile.
pub const BULK_QUEUE_BYTES_MAX: usize = 256 * 1024;
/// Pieces that may wait: of the shortest that the driver asks for, as many as fit.
const BULK_QUEUE_PIECES_MAX: usize = 64;

/// How much a queue takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    bytes: usize,
    items: usize,
}

/// Of the frames' queue.
pub(super) const FRAMES: Limits = Limits { bytes: QUEUE_BYTES_MAX, items: QUEUE_FRAMES_MAX };
/// Of the bulk's queue.
pub(super) const BULK: Limits = Limits { bytes: BULK_QUEUE_BYTES_MAX, items: BULK_QUEUE_PIECES_MAX };

#[derive(Debug)]
struct Shared {
    limits: Limits,
    bytes: AtomicUsize,
    refused: AtomicBool,
}

#[derive(Debug)]
pub(super) struct Sender {
    frames: mpsc::Sender<(ConnectionId, Bytes)>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
pub(super) struct Receiver {
    frames: mpsc::Receiver<(ConnectionId, Bytes)>,
    shared: Arc<Shared>,
}

pub(super) fn new(limits: Limits) -> (Sender, Receiver) {
    let (sender, receiver) = mpsc::channel(limits.items);
    let shared = Arc::new(Shared { limits, bytes: AtomicUsize::new(0), refused: AtomicBool::new(false) });
    (Sender { frames: sender, shared: Arc::clone(&shared) }, Receiver { frames: receiver, shared })
}

impl Sender {
    pub(super) fn send(&self, connection: ConnectionId, frame: Bytes) -> Result<usize, SendError> {
        if !self.has_room(frame.len()) {
            self.shared.refused.store(true, Ordering::SeqCst);
            // The driver may have drained everything between the two lines above and would then never say so.
            if !self.has_room(frame.len()) {
                return Err(SendError::Full);
            }
        }
        let length = frame.len();
        let before = self.shared.bytes.fetch_add(length, Ordering::SeqCst);
        if self.frames.try_send((connection, frame)).is_err() {
            self.shared.bytes.fetch_sub(length, Ordering::SeqCst);
            return Err(SendError::Ended);
        }
        Ok(self.shared.limits.bytes.saturating_sub(before + length))
    }

    /// There is one sender, so what this sees can only become better. A closed queue has room; sending then says so.
    fn has_room(&self, length: usize) -> bool {
        let bytes = self.shared.bytes.load(Ordering::SeqCst);
        self.frames.is_closed() || (bytes + length <= self.shared.limits.bytes && self.frames.capacity() > 0)
    }
}

impl Receiver {
    /// Waits for a frame. Cancel safe.
    pub(super) async fn recv(&mut self) -> Option<(ConnectionId, Bytes)> {
        let (connection, frame) = self.frames.recv().await?;
        self.shared.bytes.fetch_sub(frame.len(), Ordering::SeqCst);
        Some((connection, frame))
    }

    /// Whether a sender was refused and there is room again. True once for each time.
    pub(super) fn has_room_again(&self) -> bool {
        let Limits { bytes, items } = self.shared.limits;
        let drained = self.shared.bytes.load(Ordering::SeqCst) <= bytes / 2 && self.frames.len() <= items / 2;
        drained && self.shared.refused.swap(false, Ordering::SeqCst)
    }
}
