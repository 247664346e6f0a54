//! What goes into the engine and what comes out: values only.

use std::time::Duration;

use bytes::Bytes;
use zeroize::Zeroizing;

use crate::coordinator::{Command, CommandError, Delta, Event, Reply};
use crate::link::{DriverCommand, DriverEvent, Policy};
use crate::signaling::SessionKind;
use crate::store::{Op, Outcome};
use crate::wire::broker_url::BrokerUrl;
use crate::wire::{ConnectionId, DeviceKey};

/// Both clocks, as the driver read them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Since an arbitrary origin; never goes backwards. Everything is decided by this one.
    pub mono: Duration,
    /// Unix milliseconds; goes into entries and nowhere else.
    pub wall: u64,
}

/// Names a command's caller.
pub type CallId = u64;
/// Names one wish to the store.
pub type StoreToken = u64;
/// Names one MQTT connection.
pub type BrokerConn = u32;

/// What the engine is told.
#[derive(Debug)]
pub enum Input {
    /// A command of a person or a script.
    Command(CallId, Command),
    /// The key file is written, or could not be.
    SecretsKept(Result<(), String>),
    /// The store has answered.
    Stored(StoreToken, Result<Outcome, String>),
    /// A broker connection speaks.
    Broker(BrokerConn, BrokerInput),
    /// A link's driver speaks.
    Link(DeviceKey, DriverEvent),
    /// A link's driver could not take a frame: it is dropped.
    FrameDropped(DeviceKey),
    /// The rest of the world is reached by another way than before.
    NetworkChanged,
    /// Addresses of this device beside its way out came or went.
    AddressesChanged,
    /// This process was stopped or the device slept.
    Woke,
    /// A deadline has come.
    Tick,
    /// Finish.
    Shutdown,
}

/// What a broker connection says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrokerInput {
    /// Let in.
    Connected,
    /// One subscription was answered.
    Subscribed {
        /// The topic as text.
        topic: String,
        /// Whether it was granted.
        granted: bool,
    },
    /// The broker has answered a probe.
    Alive,
    /// The broker has taken a publish.
    Published(u64),
    /// A packet arrived.
    Received {
        /// To be given back when it may be acknowledged (persistent sessions only).
        delivery: Option<u64>,
        /// The topic as text.
        topic: String,
        /// What it carries.
        payload: Bytes,
    },
    /// A packet was over the limit and was dropped by the driver.
    Oversize,
    /// The broker answered and said no.
    Refused(String),
    /// The connection is gone.
    Lost(String),
}

/// What the engine wants done. Outputs are carried out in order.
#[derive(Debug)]
pub enum Output {
    /// Answer a command.
    Reply(CallId, Result<Reply, CommandError>),
    /// Tell the subscribers.
    Event(Event),
    /// Tell the watchers.
    Deltas(Vec<Delta>),
    /// Ask the store.
    Store(StoreToken, Op),
    /// Write the key file; answered by [`Input::SecretsKept`].
    KeepSecrets(Zeroizing<Vec<u8>>),
    /// Make a broker connection; it waits for [`BrokerOutput::Connect`].
    OpenBroker {
        /// Its name from now on.
        conn: BrokerConn,
        /// Where.
        url: BrokerUrl,
        /// Which session.
        kind: SessionKind,
        /// The MQTT client id.
        client: String,
    },
    /// End a broker connection.
    CloseBroker(BrokerConn),
    /// Ask a broker connection.
    Broker(BrokerConn, BrokerOutput),
    /// Ask a link's driver. One that was made for another policy ends first; one is made when there is none.
    Link(DeviceKey, Policy, DriverCommand),
    /// Send a frame on an open link.
    Frame(DeviceKey, ConnectionId, Bytes),
    /// New connections ask these STUN and TURN servers.
    UseIce(Vec<String>),
    /// End a link's driver.
    CloseLink(DeviceKey),
    /// Everything that could be handed over is handed over.
    Finished,
}

/// What a broker connection is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrokerOutput {
    /// Try to connect.
    Connect,
    /// Ask for a sign of life.
    Probe,
    /// Subscribe.
    Subscribe(Vec<String>),
    /// Unsubscribe.
    Unsubscribe(Vec<String>),
    /// Publish (QoS 1).
    Publish {
        /// Comes back in [`BrokerInput::Published`].
        token: u64,
        /// Where.
        topic: String,
        /// What.
        payload: Vec<u8>,
    },
    /// Acknowledge a delivery: it is on disk, or not wanted.
    Ack(u64),
}
