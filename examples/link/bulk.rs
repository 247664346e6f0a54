//! A blob goes one way over the bulk channel as fast as it goes, while messages of both sides go beside it.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use kith::link::DriverEvent;
use kith::link::driver::{BULK_EXPECTED_BYTES_MAX, SendError};
use kith::wire::{BlobHash, Bulk, ConnectionId};
use serde_json::{Value, json};
use tokio::time::{Instant, interval, timeout};

use crate::link_pair::Pair;

/// A message of each side goes so often: some hundred of them in a second or two, each with the path to itself again.
const MESSAGE_EVERY: Duration = Duration::from_millis(5);
/// Messages that are not there by then, after the blob, were lost: the library repeats them after a second.
const LATEST: Duration = Duration::from_secs(10);
/// A message of a few lines with what it is signed by.
const MESSAGE_BYTES: usize = 1024;

pub async fn run(bytes: usize) -> Result<Value> {
    let connection = ConnectionId([1; 16]);
    let mut pair = Pair::new();
    pair.open(connection).await;
    let mut pieces = pair.handles[1].take_bulk().context("bulk that arrives")?;
    pair.handles[1].expect_bulk(BULK_EXPECTED_BYTES_MAX);
    let blob = Blob { hash: BlobHash([3; 32]), bytes };
    let (mut sent, mut arrived) = (0, 0);
    let mut waiting = None;
    let mut messages = interval(MESSAGE_EVERY);
    // When each message was sent, and how long it took.
    let (mut stamps, mut waits) = (Vec::new(), Vec::new());
    let begun = Instant::now();
    while arrived < bytes {
        while waiting.is_none() && sent < bytes {
            let piece = blob.piece(sent, pair.handles[0].bulk_piece_bytes());
            let (length, message) = (piece.bytes.len(), Bytes::from(piece.to_bytes()));
            match pair.handles[0].send_bulk(connection, message) {
                Ok(_) => sent += length,
                Err(SendError::Full) => waiting = Some(()),
                Err(error) => return Err(error.into()),
            }
        }
        tokio::select! {
            biased;
            (side, event) = pair.event() => match event {
                DriverEvent::BulkWritable { .. } if side == 0 => waiting = None,
                DriverEvent::Frame { bytes, .. } => {
                    waits.push(waited(&bytes, &stamps)?);
                }
                DriverEvent::Closed { reason, .. } => anyhow::bail!("the link was closed: {reason}"),
                _ => {}
            },
            _ = messages.tick() => {
                for side in [0, 1] {
                    let mut message = vec![7; MESSAGE_BYTES];
                    message[..4].copy_from_slice(&u32::try_from(stamps.len())?.to_be_bytes());
                    stamps.push(Instant::now());
                    pair.handles[side].send(connection, message.into())?;
                }
            }
            Some((_, message)) = pieces.recv() => {
                pair.handles[1].expect_bulk(message.len());
                let piece = Bulk::parse(&message)?;
                ensure!(piece.blob == blob.hash && piece.offset == arrived as u64, "another piece came");
                arrived += piece.bytes.len();
            }
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    // A message that waits for a packet that was thrown away comes when the blob is long there, and counts like the others.
    timeout(LATEST, async {
        while waits.len() < stamps.len() {
            if let (_, DriverEvent::Frame { bytes, .. }) = pair.event().await {
                waits.push(waited(&bytes, &stamps)?);
            }
        }
        anyhow::Ok(())
    })
    .await
    .context("messages that never came")??;
    let dropped = pair.handles[1].bulk_dropped();
    ensure!(dropped == 0, "{dropped} pieces were dropped");
    pair.end().await;
    Ok(json!({"megabytesPerSecond": bytes as f64 / 1e6 / seconds, "messageMillis": waits}))
}

/// For how many milliseconds a message was under way.
fn waited(message: &[u8], stamps: &[Instant]) -> Result<f64> {
    let number = u32::from_be_bytes(message[..4].try_into()?) as usize;
    let sent = stamps.get(number).context("a message that nobody sent")?;
    Ok(sent.elapsed().as_secs_f64() * 1e3)
}

/// A blob that nobody has to keep.
struct Blob {
    hash: BlobHash,
    bytes: usize,
}

impl Blob {
    fn piece(&self, offset: usize, bytes: usize) -> Bulk {
        let bytes = vec![7; bytes.min(self.bytes - offset)];
        Bulk { blob: self.hash, offset: offset as u64, bytes }
    }
}
