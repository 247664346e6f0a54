//! How fast frames go one way over a link when there are always more.

use std::time::Instant;

use anyhow::Result;
use bytes::Bytes;
use kith::link::driver::SendError;
use kith::link::{DriverEvent, FRAME_BYTES_MAX};
use kith::wire::ConnectionId;
use serde_json::{Value, json};

use crate::link_pair::Pair;

pub async fn run(bytes: usize) -> Result<Value> {
    let connection = ConnectionId([1; 16]);
    let mut pair = Pair::new();
    pair.open(connection).await;
    let frame = Bytes::from(vec![7; FRAME_BYTES_MAX]);
    let count = bytes.div_ceil(FRAME_BYTES_MAX);
    let (mut sent, mut arrived, mut room) = (0, 0, true);
    let begun = Instant::now();
    while arrived < count {
        while room && sent < count {
            match pair.handles[0].send(connection, frame.clone()) {
                Ok(_) => sent += 1,
                Err(SendError::Full) => room = false,
                Err(error) => return Err(error.into()),
            }
        }
        match pair.event().await {
            (0, DriverEvent::Writable { .. }) => room = true,
            (1, DriverEvent::Frame { .. }) => arrived += 1,
            _ => {}
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    pair.end().await;
    Ok(json!({"megabytesPerSecond": (count * FRAME_BYTES_MAX) as f64 / 1e6 / seconds}))
}
