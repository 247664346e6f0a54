//! The task of one connection.
//!
//! rumqttc's poll must not be dropped half-way (it can lose a packet that it was writing), so it is pinned, and commands
//! are handed over beside it.

use std::collections::VecDeque;
use std::pin::pin;
use std::time::Duration;

use rumqttc::{AsyncClient, Event, EventLoop, Outgoing, Packet, Publish, QoS, SubscribeFilter, SubscribeReasonCode};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::flight::{Flight, Publishing};
use super::reason::{End, end};
use super::setup::{self, READ_BYTES_FIRST, READ_BYTES_LAST};
use super::{Config, MqttCommand, MqttEvent, PACE_BURST, PACE_UNITS, PAYLOAD_BYTES_MAX, REQUESTS_MAX, SessionKind};
use crate::clock::Pace;
use crate::platform::crash;

/// How long a connection that is told to end may take to send what is pending.
const GOODBYE_DEADLINE: Duration = Duration::from_millis(500);

/// The reason when a connection ended because it was told to.
const DISCONNECTED: &str = "disconnected";

/// rumqttc sends a PINGREQ by its own clock only. To take back a subscription that nobody has asks as little of a broker, and
/// every one answers it (MQTT 3.1.1 §3.10.4), whatever its access rules are.
const PROBE_TOPIC: &str = "user/nobody/presence";

/// Why a task ends: it was cancelled, or nobody is left to talk to.
struct Stopped;

type Events<T> = mpsc::Sender<(T, MqttEvent)>;

pub(super) async fn run<T: Copy + Send + 'static>(
    config: Config<T>,
    commands: mpsc::Receiver<MqttCommand>,
    cancel: CancellationToken,
    events: Events<T>,
) {
    let started = Instant::now();
    let pace = Pace::new(PACE_BURST, Duration::from_secs(1) / PACE_UNITS);
    let read_max = READ_BYTES_FIRST;
    let mut driver =
        Driver { config, commands, cancel, events, connections: 0, read_max, emptying: false, pace, started };
    while driver.wait_for_connect().await.is_ok() {
        let event = match driver.connection().await {
            Ok(End::Refused(reason)) => MqttEvent::Refused { reason },
            Ok(End::Lost(reason)) => MqttEvent::Lost { reason },
            Ok(End::Oversize(bytes)) => {
                driver.read_max = bytes.clamp(READ_BYTES_FIRST, READ_BYTES_LAST);
                driver.emptying = bytes > READ_BYTES_LAST;
                MqttEvent::Lost { reason: format!("the broker sent a packet of {bytes} bytes") }
            }
            Err(Stopped) => return,
        };
        if driver.tell(event).await.is_err() {
            return;
        }
    }
}

struct Driver<T> {
    config: Config<T>,
    commands: mpsc::Receiver<MqttCommand>,
    cancel: CancellationToken,
    events: Events<T>,
    /// Attempts so far; numbers deliveries.
    connections: u64,
    /// What the next attempt reads of one packet.
    read_max: usize,
    /// Whether the next attempt makes the broker forget the session: a packet in it is too large to be taken off.
    emptying: bool,
    pace: Pace,
    /// The pace's time zero.
    started: Instant,
}

impl<T: Copy> Driver<T> {
    async fn wait_for_connect(&mut self) -> Result<(), Stopped> {
        loop {
            let command = tokio::select! {
                biased;
                () = self.cancel.cancelled() => return Err(Stopped),
                command = self.commands.recv() => command,
            };
            match command {
                Some(MqttCommand::Connect) => return Ok(()),
                // Sent before the sender knew that the connection was lost: it says it again on Connected.
                Some(_) => {}
                None => return Err(Stopped),
            }
        }
    }

    async fn tell(&mut self, event: MqttEvent) -> Result<(), Stopped> {
        tell(&self.cancel, &self.events, self.config.tag, event).await
    }

    /// One connection from CONNECT to its end.
    async fn connection(&mut self) -> Result<End, Stopped> {
        let deadline = tokio::time::sleep(self.config.deadline);
        let mut deadline = pin!(deadline);
        let Config { url, client_id, session, .. } = &self.config;
        let session = if self.emptying { SessionKind::Clean } else { *session };
        let options = tokio::select! {
            biased;
            () = self.cancel.cancelled() => return Err(Stopped),
            () = &mut deadline => return Ok(silent()),
            options = setup::options(url, client_id, session, self.read_max) => options,
        };
        let options = match options {
            Ok(options) => options,
            Err(reason) => return Ok(End::Lost(reason)),
        };
        let (client, mut polled) = AsyncClient::new(options, REQUESTS_MAX);
        polled.set_network_options(setup::network());
        let first = tokio::select! {
            biased;
            () = self.cancel.cancelled() => return Err(Stopped),
            () = &mut deadline => return Ok(silent()),
            // Nothing is written but CONNECT, so dropping this poll loses nothing.
            first = polled.poll() => first,
        };
        let session_present = match first {
            Ok(Event::Incoming(Packet::ConnAck(ack))) => ack.session_present,
            Ok(_) => return Ok(End::Lost("not an MQTT broker".to_owned())),
            Err(error) => return Ok(end(error)),
        };
        if std::mem::take(&mut self.emptying) {
            self.read_max = READ_BYTES_FIRST;
            // Nothing has been subscribed, so nothing more can come: dropping the connection is a clean end.
            return Ok(End::Lost("the broker's queue was emptied: a packet in it was too large".to_owned()));
        }
        self.connections += 1;
        self.tell(MqttEvent::Connected { session_present }).await?;
        Box::pin(self.serve(client, polled)).await
    }

    async fn serve(&mut self, client: AsyncClient, mut polled: EventLoop) -> Result<End, Stopped> {
        let Self { config, commands, cancel, events, connections, read_max, pace, started, .. } = self;
        let persistent = config.session == SessionKind::Persistent;
        // What a clean session misses is said again anyway. And some brokers (NATS) keep a queue, on every node of a cluster,
        // for each subscription with QoS 1: half a second for each on a busy one, against nothing.
        let listens_with = if persistent { QoS::AtLeastOnce } else { QoS::AtMostOnce };
        let mut requests = Requests::new(client, *connections, listens_with);
        let mut stopping = false;
        let mut goodbye = pin!(tokio::time::sleep(GOODBYE_DEADLINE));
        loop {
            let event = {
                let mut poll = pin!(polled.poll());
                loop {
                    let command = tokio::select! {
                        biased;
                        () = cancel.cancelled(), if !stopping => {
                            stopping = true;
                            Some(MqttCommand::Disconnect)
                        }
                        () = &mut goodbye, if requests.leaving => return stopped_or(stopping, DISCONNECTED),
                        event = &mut poll => break event,
                        command = commands.recv(), if requests.has_room() => command,
                    };
                    // Nobody can say anything any more: leave as if told to.
                    let command = command.unwrap_or(MqttCommand::Disconnect);
                    if command == MqttCommand::Disconnect {
                        goodbye.as_mut().reset(Instant::now() + GOODBYE_DEADLINE);
                    }
                    requests.take(command);
                }
            };
            // Every poll may have made room.
            requests.retry();
            let event = match event {
                Err(_) if requests.leaving => return stopped_or(stopping, DISCONNECTED),
                Err(error) => return Ok(end(error)),
                Ok(Event::Outgoing(Outgoing::Disconnect)) => return stopped_or(stopping, DISCONNECTED),
                Ok(_) if stopping => continue,
                Ok(event) => event,
            };
            if let Event::Incoming(packet) = &event {
                let wait = pace.charge(units(packet), started.elapsed());
                if !wait.is_zero() && cancel.run_until_cancelled(tokio::time::sleep(wait)).await.is_none() {
                    return Err(Stopped);
                }
            }
            match event {
                Event::Outgoing(Outgoing::Publish(packet)) => requests.flight.publish_sent(packet),
                // Clean sessions acknowledge by themselves, before anything is committed: that is no point of ours.
                Event::Outgoing(Outgoing::PubAck(_)) if persistent => crash::point("broker.after_ack"),
                Event::Outgoing(Outgoing::Subscribe(packet)) => requests.flight.subscribe_sent(packet),
                Event::Incoming(Packet::PubAck(ack)) => {
                    if let Some(Publishing { token, crash_point }) = requests.flight.publish_confirmed(ack.pkid) {
                        crash::point(crash_point);
                        tell(cancel, events, config.tag, MqttEvent::Published { token }).await?;
                    }
                }
                Event::Incoming(Packet::SubAck(ack)) => {
                    let topics = requests.flight.subscribe_answered(ack.pkid);
                    for (topic, code) in topics.into_iter().zip(ack.return_codes) {
                        let granted = matches!(code, SubscribeReasonCode::Success(_));
                        tell(cancel, events, config.tag, MqttEvent::Subscribed { topic, granted }).await?;
                    }
                }
                // That to an unsubscription of ours is a sign of life too.
                Event::Incoming(Packet::UnsubAck(_)) if std::mem::take(&mut requests.probing) => {
                    tell(cancel, events, config.tag, MqttEvent::Alive).await?;
                }
                Event::Incoming(Packet::Publish(publish)) => {
                    let owed = persistent && publish.qos != QoS::AtMostOnce;
                    let delivery = owed.then(|| requests.flight.received(publish.pkid));
                    let event = received(publish, delivery);
                    if matches!(event, MqttEvent::Oversize { .. }) {
                        *read_max = READ_BYTES_FIRST;
                        if let Some(delivery) = delivery {
                            requests.take(MqttCommand::Ack { delivery });
                        }
                    }
                    tell(cancel, events, config.tag, event).await?;
                }
                Event::Outgoing(_) | Event::Incoming(_) => {}
            }
        }
    }
}

/// What an incoming packet costs.
fn units(packet: &Packet) -> u32 {
    let bytes = match packet {
        Packet::Publish(publish) => publish.payload.len(),
        _ => 0,
    };
    1 + u32::try_from(bytes / 4_096).unwrap_or(u32::MAX - 1)
}

async fn tell<T: Copy>(
    cancel: &CancellationToken,
    events: &Events<T>,
    tag: T,
    event: MqttEvent,
) -> Result<(), Stopped> {
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(Stopped),
        sent = events.send((tag, event)) => sent.map_err(|_| Stopped),
    }
}

fn stopped_or(stopping: bool, reason: &str) -> Result<End, Stopped> {
    if stopping { Err(Stopped) } else { Ok(End::Lost(reason.to_owned())) }
}

fn silent() -> End {
    End::Lost("the broker does not answer".to_owned())
}

fn received(publish: Publish, delivery: Option<u64>) -> MqttEvent {
    let Publish { topic, payload, dup: duplicate, .. } = publish;
    match payload.len() {
        0..=PAYLOAD_BYTES_MAX => MqttEvent::Received { delivery, topic, payload, duplicate },
        bytes => MqttEvent::Oversize { topic, bytes },
    }
}

/// Commands on their way into rumqttc.
struct Requests {
    client: AsyncClient,
    flight: Flight,
    /// The quality of service of subscriptions.
    listens_with: QoS,
    /// What rumqttc had no room for, oldest first: at most one command and the acks of dropped packets.
    held: VecDeque<MqttCommand>,
    leaving: bool,
    /// A sign of life was asked for and has not come.
    probing: bool,
}

impl Requests {
    fn new(client: AsyncClient, connection: u64, listens_with: QoS) -> Self {
        let (flight, held) = (Flight::new(connection), VecDeque::new());
        Self { client, flight, listens_with, held, leaving: false, probing: false }
    }

    fn has_room(&self) -> bool {
        self.held.is_empty() && !self.leaving
    }

    fn take(&mut self, command: MqttCommand) {
        self.leaving |= command == MqttCommand::Disconnect;
        self.held.push_back(command);
        self.retry();
    }

    fn retry(&mut self) {
        while let Some(command) = self.held.pop_front() {
            if let Err(command) = self.hand_over(command) {
                self.held.push_front(command);
                return;
            }
        }
    }

    /// Gives a command to rumqttc, or gives it back when there is no room. The channel is open as long as the poll is.
    fn hand_over(&mut self, command: MqttCommand) -> Result<(), MqttCommand> {
        let given = match &command {
            MqttCommand::Connect => Ok(()),
            MqttCommand::Probe => self.client.try_unsubscribe(PROBE_TOPIC),
            MqttCommand::Publish { topic, payload, .. } => {
                self.client.try_publish(topic, QoS::AtLeastOnce, false, payload.clone())
            }
            MqttCommand::Subscribe { topics } => {
                let filter = |topic: &String| SubscribeFilter::new(topic.clone(), self.listens_with);
                self.client.try_subscribe_many(topics.iter().map(filter))
            }
            MqttCommand::Unsubscribe { topics } => return self.unsubscribe(topics.clone()),
            MqttCommand::Ack { delivery } => {
                let Some(packet) = self.flight.owed(*delivery) else { return Ok(()) };
                let mut publish = Publish::new("", QoS::AtLeastOnce, Vec::new());
                publish.pkid = packet;
                self.client.try_ack(&publish)
            }
            MqttCommand::Disconnect => self.client.try_disconnect(),
        };
        if given.is_err() {
            return Err(command);
        }
        match command {
            MqttCommand::Publish { token, topic, .. } => {
                self.flight.publish_requested(Publishing { token, crash_point: crash::after_publish(&topic) });
            }
            MqttCommand::Subscribe { topics } => self.flight.subscribe_requested(topics),
            MqttCommand::Ack { delivery } => self.flight.acknowledged(delivery),
            MqttCommand::Probe => self.probing = true,
            MqttCommand::Connect | MqttCommand::Unsubscribe { .. } | MqttCommand::Disconnect => {}
        }
        Ok(())
    }

    /// rumqttc takes one topic at a time; what is left when there is no more room is given back.
    fn unsubscribe(&mut self, mut topics: Vec<String>) -> Result<(), MqttCommand> {
        while let Some(topic) = topics.last() {
            if self.client.try_unsubscribe(topic).is_err() {
                return Err(MqttCommand::Unsubscribe { topics });
            }
            topics.pop();
        }
        Ok(())
    }
}
