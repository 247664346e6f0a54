//! Round trips of the same kilobyte by three ways, in turn: whatever else the machine does is done to all of them.

use std::time::{Duration, Instant};

use anyhow::Result;
use bytes::{Bytes, BytesMut};
use kith::link::DriverEvent;
use kith::wire::ConnectionId;
use serde_json::{Value, json};

use crate::bare::{self, Bare};
use crate::link_pair::Pair;
use crate::mqtt::Mqtt;

/// Turns; in the first one caches fill.
const TURNS: usize = 21;
/// Round trips by each way in a turn.
const ROUNDS: usize = 200;
/// A message of a few lines with what it is signed by.
const BYTES: usize = 1024;

pub async fn run(broker: String) -> Result<Value> {
    let bare = Bare::new().await?;
    let echo = {
        let channel = bare.channels[1].clone();
        tokio::spawn(async move {
            while let Ok(message) = bare::receive(&channel).await {
                if channel.send(message).await.is_err() {
                    break;
                }
            }
        })
    };
    let connection = ConnectionId([1; 16]);
    let mut pair = Pair::new();
    pair.open(connection).await;
    let mut mqtt = Mqtt::new(&broker).await?;
    let payload = Bytes::from(vec![7; BYTES]);
    let (mut of_bare, mut of_frames, mut there, mut of_mqtt) = (vec![], vec![], vec![], vec![]);
    for turn in 0..TURNS {
        let mut times: [Vec<Duration>; 4] = Default::default();
        for _ in 0..ROUNDS {
            let begun = Instant::now();
            bare.channels[0].send(BytesMut::from(&payload[..])).await?;
            bare::receive(&bare.channels[0]).await?;
            times[0].push(begun.elapsed());
        }
        for _ in 0..ROUNDS {
            let begun = Instant::now();
            for side in [0, 1] {
                pair.handles[side].send(connection, payload.clone())?;
                while !matches!(pair.event().await, (at, DriverEvent::Frame { .. }) if at == 1 - side) {}
            }
            times[1].push(begun.elapsed());
        }
        for _ in 0..ROUNDS {
            let (one_way, both) = mqtt.round_trip(&payload).await?;
            times[2].push(one_way);
            times[3].push(both);
        }
        if turn > 0 {
            for (all, some) in [&mut of_bare, &mut of_frames, &mut there, &mut of_mqtt].into_iter().zip(times) {
                all.extend(some);
            }
        }
    }
    mqtt.close().await;
    pair.end().await;
    bare.close().await?;
    echo.abort();
    Ok(json!({
        "bare": micros(&of_bare), "frames": micros(&of_frames), "mqtt": micros(&of_mqtt), "mqttOneWay": micros(&there),
    }))
}

fn micros(times: &[Duration]) -> Vec<f64> {
    times.iter().map(|time| time.as_secs_f64() * 1e6).collect()
}
