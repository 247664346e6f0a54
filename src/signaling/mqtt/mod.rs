//! The MQTT driver: translates between the signaling state machine and rumqttc (MQTT 3.1.1), and decides nothing.
//!
//! One [`Connection`] is one broker address with one client id and one kind of session. Commands come in over a bounded
//! channel, events go out over one that all connections share. It tries to connect once per [`MqttCommand::Connect`]
//! and then waits to be told again: backoff is a decision, and decisions are made by the pure layer.
//!
//! ```text
//!            Connect                   CONNACK
//! waiting ───────────▶ connecting ────────────────▶ connected ──┐
//!    ▲                     │ Refused, Lost                      │ Lost
//!    └─────────────────────┴────────────────────────────────────┘
//! ```
//!
//! # What holds
//!
//! - **Nothing is promised over a lost connection.** Every attempt starts with a fresh rumqttc event loop: subscriptions,
//!   publishes without [`MqttEvent::Published`] and unsent acks of the last one are forgotten, whether or not the broker
//!   kept the session. On [`MqttEvent::Connected`] the pure layer subscribes again and says again what must not be lost.
//!   Commands that arrive while there is no connection are dropped.
//! - **The poll never waits for a request.** A command for which rumqttc has no room is kept, no further one is taken, and
//!   the command channel fills until [`SendError::Full`] says so. The poll goes on.
//! - **A slow reader slows the broker, not the program.** While the event channel is full the socket is not read.
//! - Persistent sessions acknowledge by [`MqttCommand::Ack`], after the commit; clean ones listen with QoS 0.
//! - **A fast broker is read at a pace** ([`PACE_UNITS`]): one that floods costs a bounded share of this device.
//! - A packet beyond [`PAYLOAD_BYTES_MAX`] is acknowledged, dropped and reported as [`MqttEvent::Oversize`]. The broker
//!   would repeat it at every reconnect otherwise. What does not even fit the read limit ends the connection; the next
//!   one reads that much, once, or empties the session at the broker when it is too much for any memory.
//! - No reason that leaves this module holds a user name or a password.

mod flight;
mod reason;
mod secure;
mod setup;
mod task;
mod tls;

use std::time::Duration;

use bytes::Bytes;
use thiserror::Error;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::wire::broker_url::BrokerUrl;

pub use reason::{Refusal, in_words as words_of};
pub use secure::try_tls;

/// The largest payload, in and out: the largest envelope is 64 KiB, and twice that leaves room to grow.
pub const PAYLOAD_BYTES_MAX: usize = 128 * 1024;
/// The longest topic: ours have under 80 bytes.
pub const TOPIC_BYTES_MAX: usize = 256;
/// Topics in one [`MqttCommand::Subscribe`] or `Unsubscribe`: each packet has one answer, and a cluster may take half a second
/// for each topic of it.
pub const TOPICS_MAX: usize = 16;
/// What a packet may have besides its payload: fixed header (5), length and text of the topic, packet id.
const HEADER_BYTES_MAX: usize = TOPIC_BYTES_MAX + 16;
/// How long TCP, TLS, WebSocket and CONNACK may take together: several round trips over a bad mobile network.
pub const CONNECT_DEADLINE: Duration = Duration::from_secs(10);
/// Half of the time in which mobile networks begin to forget a silent connection; a dead one is noticed within two.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// Publishes without a PUBACK at a time: fills a 10 MB/s link with a 100 ms round trip with envelopes of 16 KiB.
const IN_FLIGHT_MAX: u16 = 64;
/// Requests inside rumqttc; more would only delay acks behind publishes.
const REQUESTS_MAX: usize = 32;
/// Units of incoming packets per second, one for each packet and one for each 4 KiB of it: 2,000 envelopes or 8 MB. Opening
/// an envelope takes about 0.1 ms.
pub const PACE_UNITS: u32 = 2_000;
/// Units that may come at once: a mailbox after a holiday.
const PACE_BURST: u32 = 2 * PACE_UNITS;
/// Commands that wait for the task: what one burst of the pure layer may hold before it is told to slow down.
const COMMANDS_MAX: usize = 256;

/// Whether the broker keeps the session while we are away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SessionKind {
    /// Nothing is kept, and nothing that arrives is acknowledged.
    Clean,
    /// Subscriptions and queue are kept; what arrives is acknowledged by [`MqttCommand::Ack`].
    Persistent,
}

/// One connection.
#[derive(Clone, Debug)]
pub struct Config<T> {
    /// The broker, with user and password if it wants them.
    pub url: BrokerUrl,
    /// Unique at this broker; who knows it can take the session over.
    pub client_id: String,
    /// Whether the broker keeps the session.
    pub session: SessionKind,
    /// Comes back with every event.
    pub tag: T,
    /// How long one attempt may take: [`CONNECT_DEADLINE`].
    pub deadline: Duration,
}

impl<T> Config<T> {
    /// A connection with the usual deadline.
    #[must_use]
    pub fn new(url: BrokerUrl, client_id: String, session: SessionKind, tag: T) -> Self {
        Self { url, client_id, session, tag, deadline: CONNECT_DEADLINE }
    }
}

/// What a connection is told to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MqttCommand {
    /// Connect now. Ignored while connected.
    Connect,
    /// Subscribe, with QoS 1 in a persistent session and QoS 0 in a clean one; each topic is answered by
    /// [`MqttEvent::Subscribed`].
    Subscribe {
        /// 1 to [`TOPICS_MAX`] topics.
        topics: Vec<String>,
    },
    /// Unsubscribe; not answered.
    Unsubscribe {
        /// 1 to [`TOPICS_MAX`] topics.
        topics: Vec<String>,
    },
    /// Ask for a sign of life; answered by [`MqttEvent::Alive`].
    Probe,
    /// Publish with QoS 1, not retained; answered by [`MqttEvent::Published`].
    Publish {
        /// Comes back in the answer.
        token: u64,
        /// Where to.
        topic: String,
        /// At most [`PAYLOAD_BYTES_MAX`] bytes.
        payload: Bytes,
    },
    /// Tell the broker that a delivery of a persistent session is committed. A delivery of an earlier connection is
    /// ignored: the broker has sent it again, with a new number.
    Ack {
        /// From [`MqttEvent::Received`].
        delivery: u64,
    },
    /// Send what is pending and disconnect; answered by [`MqttEvent::Lost`]. A persistent session stays at the broker.
    Disconnect,
}

/// What a connection tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MqttEvent {
    /// The broker let us in.
    Connected {
        /// Whether it had kept the session.
        session_present: bool,
    },
    /// The broker's answer for one topic.
    Subscribed {
        /// The topic.
        topic: String,
        /// Whether it was granted.
        granted: bool,
    },
    /// The broker has answered a [`MqttCommand::Probe`].
    Alive,
    /// The broker has a publish (its PUBACK): no receipt of the recipient, and after a crash of the broker none at all.
    Published {
        /// From [`MqttCommand::Publish`].
        token: u64,
    },
    /// Something was published to a topic of ours.
    Received {
        /// To be acknowledged; none when it needs no acknowledgement.
        delivery: Option<u64>,
        /// Where to.
        topic: String,
        /// At most [`PAYLOAD_BYTES_MAX`] bytes.
        payload: Bytes,
        /// Whether the broker says it may have sent it before.
        duplicate: bool,
    },
    /// Something larger than [`PAYLOAD_BYTES_MAX`] was published to a topic of ours, and dropped.
    Oversize {
        /// Where to.
        topic: String,
        /// Its size.
        bytes: usize,
    },
    /// The broker does not let us in. Trying again helps only for [`Refusal::Unavailable`].
    Refused {
        /// Why.
        reason: Refusal,
    },
    /// There is no connection, or no longer.
    Lost {
        /// Why, in words.
        reason: String,
    },
}

/// Why a command was not taken.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum SendError {
    /// As many commands wait as may: try again after the next event.
    #[error("the connection to the broker has as much to do as it may")]
    Full,
    /// The connection has ended.
    #[error("the connection to the broker has ended")]
    Closed,
    /// The payload is larger than [`PAYLOAD_BYTES_MAX`].
    #[error("at most {PAYLOAD_BYTES_MAX} bytes can be published")]
    TooLarge,
    /// Not a topic of 1 to [`TOPIC_BYTES_MAX`] bytes that may be published or subscribed to, or too many of them.
    #[error("not a topic")]
    Topic,
}

/// A running connection: its task, which ends when it is cancelled or all handles are dropped.
pub struct Connection;

impl Connection {
    /// Starts the task of a connection. It connects when told to.
    #[must_use]
    pub fn spawn<T: Copy + Send + 'static>(
        config: Config<T>,
        tracker: &TaskTracker,
        cancel: CancellationToken,
        events: mpsc::Sender<(T, MqttEvent)>,
    ) -> ConnectionHandle {
        let (sender, commands) = mpsc::channel(COMMANDS_MAX);
        tracker.spawn(task::run(config, commands, cancel, events));
        ConnectionHandle { commands: sender }
    }
}

/// Commands to a connection.
#[derive(Clone, Debug)]
pub struct ConnectionHandle {
    commands: mpsc::Sender<MqttCommand>,
}

impl ConnectionHandle {
    /// Hands a command over without waiting.
    ///
    /// # Errors
    /// When there is no room, the connection has ended, or the command is not one that MQTT can express.
    pub fn try_send(&self, command: MqttCommand) -> Result<(), SendError> {
        check(&command)?;
        self.commands.try_send(command).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => SendError::Full,
            mpsc::error::TrySendError::Closed(_) => SendError::Closed,
        })
    }
}

/// rumqttc answers a bad topic and a full channel alike, and an oversize payload by ending the connection.
fn check(command: &MqttCommand) -> Result<(), SendError> {
    let fits = |topic: &String| (1..=TOPIC_BYTES_MAX).contains(&topic.len()) && !topic.contains('\0');
    let sound = match command {
        MqttCommand::Publish { payload, .. } if payload.len() > PAYLOAD_BYTES_MAX => return Err(SendError::TooLarge),
        MqttCommand::Publish { topic, .. } => fits(topic) && rumqttc::valid_topic(topic),
        MqttCommand::Subscribe { topics } | MqttCommand::Unsubscribe { topics } => {
            let sound = topics.iter().all(|topic| fits(topic) && rumqttc::valid_filter(topic));
            sound && (1..=TOPICS_MAX).contains(&topics.len())
        }
        MqttCommand::Connect | MqttCommand::Probe | MqttCommand::Ack { .. } | MqttCommand::Disconnect => true,
    };
    if sound { Ok(()) } else { Err(SendError::Topic) }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
