//! The same round trip through a broker, with QoS 1: one device publishes, the other answers.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use kith::signaling::mqtt::{Config, Connection, ConnectionHandle, MqttCommand, MqttEvent, SessionKind};
use kith::wire::broker_url::BrokerUrl;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A broker on this machine answers in far less.
const DEADLINE: Duration = Duration::from_secs(10);
/// Topics that Kith's rules at a broker allow.
const TOPICS: [&str; 2] =
    ["user/00000000-0000-8000-8000-00000000000a/presence", "user/00000000-0000-8000-8000-00000000000b/presence"];

/// Two devices at a broker.
pub struct Mqtt {
    devices: [ConnectionHandle; 2],
    events: mpsc::Receiver<(usize, MqttEvent)>,
    tracker: TaskTracker,
    cancel: CancellationToken,
    token: u64,
}

impl Mqtt {
    pub async fn new(broker: &str) -> Result<Self> {
        let (tracker, cancel) = (TaskTracker::new(), CancellationToken::new());
        let (sender, events) = mpsc::channel(64);
        let url = BrokerUrl::parse(broker)?;
        let devices = [0, 1].map(|device| {
            let config = Config::new(url.clone(), format!("kith-bench-{device}"), SessionKind::Clean, device);
            Connection::spawn(config, &tracker, cancel.clone(), sender.clone())
        });
        let mut mqtt = Self { devices, events, tracker, cancel, token: 0 };
        for device in [0, 1] {
            mqtt.devices[device].try_send(MqttCommand::Connect)?;
            mqtt.wait(|at, event| at == device && matches!(event, MqttEvent::Connected { .. })).await?;
            mqtt.devices[device].try_send(MqttCommand::Subscribe { topics: vec![TOPICS[device].to_owned()] })?;
            mqtt.wait(|at, event| at == device && matches!(event, MqttEvent::Subscribed { granted: true, .. })).await?;
        }
        Ok(mqtt)
    }

    /// There and back: how long until it was there, and until it was back.
    pub async fn round_trip(&mut self, payload: &Bytes) -> Result<(Duration, Duration)> {
        let begun = Instant::now();
        self.publish(0, payload.clone())?;
        self.wait(|at, event| at == 1 && matches!(event, MqttEvent::Received { .. })).await?;
        let there = begun.elapsed();
        self.publish(1, payload.clone())?;
        self.wait(|at, event| at == 0 && matches!(event, MqttEvent::Received { .. })).await?;
        Ok((there, begun.elapsed()))
    }

    pub async fn close(self) {
        self.cancel.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }

    fn publish(&mut self, from: usize, payload: Bytes) -> Result<()> {
        self.token += 1;
        let topic = TOPICS[1 - from].to_owned();
        Ok(self.devices[from].try_send(MqttCommand::Publish { token: self.token, topic, payload })?)
    }

    async fn wait(&mut self, wanted: impl Fn(usize, &MqttEvent) -> bool) -> Result<()> {
        loop {
            let (at, event) = tokio::time::timeout(DEADLINE, self.events.recv()).await?.context("no connection")?;
            if let MqttEvent::Lost { .. } | MqttEvent::Refused { .. } = event {
                bail!("{event:?}");
            }
            if wanted(at, &event) {
                return Ok(());
            }
        }
    }
}
