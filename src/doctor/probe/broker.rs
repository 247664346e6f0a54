//! Asks a broker for what Kith wants of it, one step after the other, as Kith would: over its own MQTT driver, with a session
//! that leaves nothing behind and an inbox that nobody else knows. So it is not asked whether it keeps what waits for somebody
//! who is away: a session that is kept would stay there.

use std::io::ErrorKind;
use std::time::Duration;

use bytes::Bytes;
use data_encoding::BASE32_NOPAD;
use futures_util::future::select_ok;
use rand::RngExt;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::name;
use crate::doctor::BrokerToCheck;
use crate::doctor::findings::{BrokerFinding, Name, Step, StepFault};
use crate::signaling::mqtt::{
    self, Config, Connection, ConnectionHandle, MqttCommand, MqttEvent, Refusal, SessionKind,
};
use crate::signaling::{InboxId, Leaf, Topic};
use crate::wire::CLASSES;
use crate::wire::broker_url::{BrokerUrl, Host};

/// All steps together: a checkup's limit, less what ending a connection takes.
const ALL_STEPS: Duration = Duration::from_secs(9);
/// The longest that taking a connection may last: two repeated packets of TCP's own.
const REACH_MAX: Duration = Duration::from_secs(4);
/// The longest that a handshake may last: a phone on a bad network, with a chain of certificates.
const SECURE_MAX: Duration = Duration::from_secs(4);
/// The longest that a broker may take for one thing when it has let us in.
const ANSWER_MAX: Duration = Duration::from_secs(3);
/// Events that may wait: nobody else knows the inbox, so there are a handful.
const EVENTS_MAX: usize = 16;
/// Addresses of one name that are tried, all at once: brokers have a few, and a name must not make us call the whole world.
const ADDRESSES_MAX: usize = 8;
/// What comes back from an inbox to who wrote it.
const TOKEN: u64 = 1;
/// A message that says how long a message takes, whatever the network can carry.
const SMALL_BYTES: usize = 16;
/// The broker did nothing within its time.
const SILENT: &str = "it does not answer";

pub(super) async fn check(broker: &BrokerToCheck) -> BrokerFinding {
    let mut finding = BrokerFinding {
        broker: broker.url.redacted(),
        own: broker.own,
        fault: None,
        connect: None,
        round_trip: None,
        dated: false,
    };
    let end = Instant::now() + ALL_STEPS;
    let done = match before_mqtt(&broker.url, end).await {
        Ok(dated) => {
            finding.dated = dated;
            conversation(&broker.url, end, &mut finding).await
        }
        Err(fault) => Err(fault),
    };
    finding.fault = done.err();
    finding
}

fn fault(step: Step, reason: impl Into<String>) -> StepFault {
    StepFault { step, reason: reason.into(), refused: false }
}

/// Name, connection, TLS; whether the dates of a certificate were looked at.
async fn before_mqtt(url: &BrokerUrl, end: Instant) -> Result<bool, StepFault> {
    let host = match url.host() {
        Host::Name(name) => name.clone(),
        Host::V4(address) => address.to_string(),
        Host::V6(address) => address.to_string(),
    };
    let addresses = name::addresses(host, url.port()).await.map_err(|name| match name {
        Name::Late => fault(Step::Resolve, "its address was not found in time"),
        Name::Unknown | Name::Found => StepFault { refused: true, ..fault(Step::Resolve, "its name has no address") },
    })?;
    let attempts = addresses.into_iter().take(ADDRESSES_MAX).map(|address| Box::pin(TcpStream::connect(address)));
    let stream = match timeout(REACH_MAX, select_ok(attempts)).await {
        Err(_) => return Err(fault(Step::Reach, SILENT)),
        Ok(Err(error)) => {
            let refused = matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset);
            return Err(StepFault { refused, ..fault(Step::Reach, mqtt::words_of(&error)) });
        }
        Ok(Ok((stream, _))) => stream,
    };
    if !url.scheme().is_tls() {
        return Ok(false);
    }
    let until = end.min(Instant::now() + SECURE_MAX);
    match timeout_at(until, mqtt::try_tls(url, stream)).await {
        Err(_) => Err(fault(Step::Secure, SILENT)),
        Ok(Err(reason)) => Err(fault(Step::Secure, reason)),
        Ok(Ok(())) => Ok(url.pin().is_none()),
    }
}

/// A client that is known nowhere, and what it hears.
struct Client {
    handle: ConnectionHandle,
    events: mpsc::Receiver<((), MqttEvent)>,
    end: Instant,
    /// Whether it has a user name to say.
    logs_in: bool,
}

async fn conversation(url: &BrokerUrl, end: Instant, finding: &mut BrokerFinding) -> Result<(), StepFault> {
    let (tracker, cancel) = (TaskTracker::new(), CancellationToken::new());
    // Whoever stops waiting for a checkup leaves no connection behind.
    let _guard = cancel.clone().drop_guard();
    let (sender, events) = mpsc::channel(EVENTS_MAX);
    // As long and of the same letters as Kith's own: an operator may allow no others.
    let name = BASE32_NOPAD.encode(&rand::rng().random::<[u8; 13]>()).to_ascii_lowercase();
    let config = Config::new(url.clone(), name, SessionKind::Clean, ());
    let handle = Connection::spawn(config, &tracker, cancel.clone(), sender);
    let mut client = Client { handle, events, end, logs_in: url.credentials().is_some() };
    let result = client.talk(finding).await;
    drop(client);
    cancel.cancel();
    tracker.close();
    tracker.wait().await;
    result
}

impl Client {
    async fn talk(&mut self, finding: &mut BrokerFinding) -> Result<(), StepFault> {
        let started = Instant::now();
        self.send(Step::Login, MqttCommand::Connect)?;
        loop {
            match self.next(Step::Login, self.end).await? {
                MqttEvent::Connected { .. } => break,
                MqttEvent::Refused { reason } => {
                    let refused = matches!(reason, Refusal::Credentials | Refusal::NotAuthorised);
                    let refused = refused && self.logs_in;
                    return Err(StepFault { refused, ..fault(Step::Login, reason.to_string()) });
                }
                _ => {}
            }
        }
        finding.connect = Some(started.elapsed());
        let inbox = InboxId(Uuid::from_bytes(rand::rng().random()));
        let topic = Topic::inbox(inbox, Leaf::Presence).to_string();
        self.send(Step::Listen, MqttCommand::Subscribe { topics: vec![topic.clone()] })?;
        let until = self.soon();
        loop {
            match self.next(Step::Listen, until).await? {
                MqttEvent::Subscribed { granted: true, .. } => break,
                MqttEvent::Subscribed { .. } => {
                    return Err(StepFault { refused: true, ..fault(Step::Listen, "it refuses the subscription") });
                }
                _ => {}
            }
        }
        // What is confirmed and not delivered is another fault than what is not confirmed.
        self.publish(&topic, SMALL_BYTES, self.soon(), (Step::Publish, Step::Deliver), &mut finding.round_trip).await?;
        // A slow network may take all the time that is left for the largest.
        let [.., largest] = CLASSES;
        self.publish(&topic, largest, self.end, (Step::Large, Step::Large), &mut None).await
    }

    /// Publishes that many bytes, and waits for their confirmation and their delivery; `confirmed` is how long the former took.
    /// The steps are what has failed while it is not confirmed, and when it is.
    async fn publish(
        &mut self,
        topic: &str,
        bytes: usize,
        until: Instant,
        (publish, deliver): (Step, Step),
        confirmed: &mut Option<Duration>,
    ) -> Result<(), StepFault> {
        let mut payload = vec![0; bytes];
        rand::rng().fill(payload.as_mut_slice());
        let payload = Bytes::from(payload);
        let started = Instant::now();
        let command = MqttCommand::Publish { token: TOKEN, topic: topic.to_owned(), payload: payload.clone() };
        self.send(publish, command)?;
        let mut delivered = false;
        while confirmed.is_none() || !delivered {
            let step = if confirmed.is_none() { publish } else { deliver };
            match self.next(step, until).await? {
                MqttEvent::Published { token: TOKEN } => *confirmed = Some(started.elapsed()),
                MqttEvent::Received { payload: received, .. } => delivered |= received == payload,
                _ => {}
            }
        }
        Ok(())
    }

    fn soon(&self) -> Instant {
        self.end.min(Instant::now() + ANSWER_MAX)
    }

    fn send(&self, step: Step, command: MqttCommand) -> Result<(), StepFault> {
        self.handle.try_send(command).map_err(|error| fault(step, error.to_string()))
    }

    /// The next event; an end of the connection is a fault of the step that it ends.
    async fn next(&mut self, step: Step, until: Instant) -> Result<MqttEvent, StepFault> {
        match timeout_at(until, self.events.recv()).await {
            Err(_) => Err(fault(step, SILENT)),
            Ok(None) => Err(fault(step, "the connection has ended")),
            Ok(Some((_, MqttEvent::Lost { reason }))) => Err(fault(step, reason)),
            Ok(Some((_, event))) => Ok(event),
        }
    }
}
