//! MQTT 3.1.1 by hand (OASIS standard, chapters 2 and 3): a client that keeps no rule of ours, and a parser for what
//! a proxy has recorded.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::deadline;

/// One control packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// The type, 1 to 14.
    pub kind: u8,
    /// The low four bits of the first byte.
    pub flags: u8,
    /// Variable header and payload.
    pub body: Vec<u8>,
}

/// CONNECT.
pub const CONNECT: u8 = 1;
/// CONNACK.
pub const CONNACK: u8 = 2;
/// PUBLISH.
pub const PUBLISH: u8 = 3;
/// PUBACK.
pub const PUBACK: u8 = 4;
/// SUBSCRIBE.
pub const SUBSCRIBE: u8 = 8;
/// SUBACK.
pub const SUBACK: u8 = 9;
/// UNSUBSCRIBE.
pub const UNSUBSCRIBE: u8 = 10;
/// PINGREQ.
pub const PINGREQ: u8 = 12;
/// PINGRESP.
pub const PINGRESP: u8 = 13;

/// A PUBLISH, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publish {
    /// Where to.
    pub topic: String,
    /// 0, 1 or 2.
    pub qos: u8,
    /// Whether the broker is to keep it for later subscribers.
    pub retain: bool,
    /// Absent at QoS 0.
    pub id: Option<u16>,
    /// What is carried.
    pub payload: Vec<u8>,
}

impl Packet {
    /// The parts of a PUBLISH.
    pub fn publish(&self) -> Option<Publish> {
        if self.kind != PUBLISH {
            return None;
        }
        let (topic, rest) = text(&self.body)?;
        let qos = (self.flags >> 1) & 3;
        let (id, payload) = if qos == 0 { (None, rest) } else { (Some(number(rest)?), rest.get(2..)?) };
        Some(Publish { topic, qos, retain: self.flags & 1 == 1, id, payload: payload.to_vec() })
    }

    /// The filters of a SUBSCRIBE or UNSUBSCRIBE.
    pub fn filters(&self) -> Vec<String> {
        let mut filters = Vec::new();
        if self.kind != SUBSCRIBE && self.kind != UNSUBSCRIBE {
            return filters;
        }
        let mut rest = self.body.get(2..).unwrap_or_default();
        while let Some((filter, after)) = text(rest) {
            filters.push(filter);
            rest = if self.kind == SUBSCRIBE { after.get(1..).unwrap_or_default() } else { after };
        }
        filters
    }

    /// Whether a CONNECT carries a will: a message that the broker would publish in our name.
    pub fn has_will(&self) -> bool {
        // Protocol name (2 + 4 bytes), level, flags.
        self.kind == CONNECT && self.body.get(7).is_some_and(|flags| flags & 4 != 0)
    }
}

fn number(bytes: &[u8]) -> Option<u16> {
    Some(u16::from_be_bytes([*bytes.first()?, *bytes.get(1)?]))
}

fn text(bytes: &[u8]) -> Option<(String, &[u8])> {
    let length = usize::from(number(bytes)?);
    let text = bytes.get(2..2 + length)?;
    Some((String::from_utf8_lossy(text).into_owned(), bytes.get(2 + length..)?))
}

/// Takes whole packets off a recorded stream; an unfinished last one is left out.
pub fn packets(stream: &[u8]) -> Vec<Packet> {
    let mut rest = stream;
    let mut packets = Vec::new();
    while let Ok(packet) = read_packet(&mut rest) {
        packets.push(packet);
    }
    packets
}

pub(super) fn read_packet(input: &mut impl Read) -> io::Result<Packet> {
    let mut byte = [0; 1];
    input.read_exact(&mut byte)?;
    let (kind, flags) = (byte[0] >> 4, byte[0] & 15);
    let mut length = 0;
    for place in 0..4 {
        input.read_exact(&mut byte)?;
        length |= usize::from(byte[0] & 127) << (7 * place);
        if byte[0] & 128 == 0 {
            break;
        }
    }
    let mut body = vec![0; length];
    input.read_exact(&mut body)?;
    Ok(Packet { kind, flags, body })
}

pub(super) fn write_packet(output: &mut impl Write, first: u8, body: &[u8]) -> io::Result<()> {
    let mut bytes = vec![first];
    let mut length = body.len();
    loop {
        let low = (length & 127) as u8;
        length >>= 7;
        bytes.push(if length > 0 { low | 128 } else { low });
        if length == 0 {
            break;
        }
    }
    bytes.extend_from_slice(body);
    output.write_all(&bytes)
}

pub(super) fn put_text(body: &mut Vec<u8>, text: &str) {
    body.extend_from_slice(&(text.len() as u16).to_be_bytes());
    body.extend_from_slice(text.as_bytes());
}

/// A client with a clean session that does as it is told.
pub struct Client {
    stream: TcpStream,
    next: u16,
}

impl Client {
    /// Connects to a broker on this machine, as nobody in particular.
    pub fn connect(port: u16) -> io::Result<Self> {
        Self::log_in(port, None)
    }

    /// As [`Client::connect`], with a user name and a password.
    pub fn connect_as(port: u16, user: &str, password: &str) -> io::Result<Self> {
        Self::log_in(port, Some((user, password)))
    }

    fn log_in(port: u16, login: Option<(&str, &str)>) -> io::Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(deadline()))?;
        stream.set_write_timeout(Some(deadline()))?;
        let mut client = Self { stream, next: 0 };
        let mut body = Vec::new();
        put_text(&mut body, "MQTT");
        // Level 4 is 3.1.1; clean session, perhaps a login; no keep-alive.
        body.extend_from_slice(&[4, if login.is_some() { 0xc2 } else { 2 }, 0, 0]);
        put_text(&mut body, &format!("raw-{}", uuid::Uuid::from_u128(seed())));
        if let Some((user, password)) = login {
            put_text(&mut body, user);
            put_text(&mut body, password);
        }
        write_packet(&mut client.stream, CONNECT << 4, &body)?;
        let answer = read_packet(&mut client.stream)?;
        if answer.kind != CONNACK || answer.body.get(1) != Some(&0) {
            return Err(io::Error::other(format!("the broker answered CONNECT with {answer:?}")));
        }
        Ok(client)
    }

    /// Subscribes at QoS 1; an answer of 0x80 or a closed connection is a refusal.
    pub fn subscribe(&mut self, filter: &str) -> io::Result<()> {
        let mut body = self.id().to_be_bytes().to_vec();
        put_text(&mut body, filter);
        body.push(1);
        write_packet(&mut self.stream, (SUBSCRIBE << 4) | 2, &body)?;
        loop {
            let answer = read_packet(&mut self.stream)?;
            if answer.kind == SUBACK {
                return match answer.body.get(2) {
                    Some(0..=2) => Ok(()),
                    code => Err(io::Error::other(format!("the broker refused {filter} with {code:?}"))),
                };
            }
        }
    }

    /// Publishes at QoS 1 and does not wait.
    fn send(&mut self, topic: &str, payload: &[u8]) -> io::Result<u16> {
        let id = self.id();
        let mut body = Vec::with_capacity(payload.len() + topic.len() + 4);
        put_text(&mut body, topic);
        body.extend_from_slice(&id.to_be_bytes());
        body.extend_from_slice(payload);
        write_packet(&mut self.stream, (PUBLISH << 4) | 2, &body)?;
        Ok(id)
    }

    /// Publishes at QoS 1 and waits until the broker has taken it.
    pub fn publish(&mut self, topic: &str, payload: &[u8]) -> io::Result<()> {
        self.send(topic, payload)?;
        self.acknowledged()
    }

    /// Waits for the next PUBLISH.
    pub fn receives(&mut self) -> io::Result<Publish> {
        loop {
            if let Some(publish) = read_packet(&mut self.stream)?.publish() {
                return Ok(publish);
            }
        }
    }

    fn acknowledged(&mut self) -> io::Result<()> {
        while read_packet(&mut self.stream)?.kind != PUBACK {}
        Ok(())
    }

    fn id(&mut self) -> u16 {
        self.next = if self.next == u16::MAX { 1 } else { self.next + 1 };
        self.next
    }
}

fn seed() -> u128 {
    use std::hash::{BuildHasher, RandomState};
    (u128::from(RandomState::new().hash_one(1)) << 64) | u128::from(RandomState::new().hash_one(2))
}

/// Publishes all of these at QoS 1, at most `window` unacknowledged. A broker that closes the connection gets what was
/// not acknowledged once more, on a new one; what it closes for a second time is given up. Returns how many it took.
pub fn flood<'a>(port: u16, window: usize, messages: impl IntoIterator<Item = (&'a str, Vec<u8>)>) -> usize {
    let mut client = Client::connect(port).expect("a connection for the flood");
    let mut waiting: std::collections::VecDeque<(&str, Vec<u8>)> = std::collections::VecDeque::new();
    let mut taken = 0;
    let mut messages = messages.into_iter().peekable();
    while messages.peek().is_some() || !waiting.is_empty() {
        let step = if waiting.len() < window && messages.peek().is_some() {
            let (topic, payload) = messages.next().expect("peeked");
            waiting.push_back((topic, payload));
            let (topic, payload) = waiting.back().expect("pushed");
            client.send(topic, payload).map(|_| ())
        } else {
            // Brokers acknowledge in order.
            client.acknowledged().map(|()| {
                waiting.pop_front();
                taken += 1;
            })
        };
        if step.is_err() {
            client = Client::connect(port).expect("a connection for the flood");
            for (topic, payload) in waiting.drain(..) {
                match client.publish(topic, &payload) {
                    Ok(()) => taken += 1,
                    Err(_) => client = Client::connect(port).expect("a connection for the flood"),
                }
            }
        }
    }
    taken
}

/// Sees every publish that passes a broker which allows wildcard subscriptions.
pub struct Watch {
    port: u16,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    publishes: Mutex<Vec<Publish>>,
    changed: Condvar,
}

impl Watch {
    /// Subscribes to everything below `user/`.
    pub fn new(port: u16) -> Self {
        let mut client = Client::connect(port).expect("a connection to watch");
        client.subscribe("user/#").expect("a broker that allows wildcards");
        client.stream.set_read_timeout(None).expect("no timeout");
        let seen = Arc::new(Seen::default());
        let watcher = Arc::clone(&seen);
        thread::spawn(move || {
            while let Ok(packet) = read_packet(&mut client.stream) {
                let Some(publish) = packet.publish() else { continue };
                if let Some(id) = publish.id
                    && write_packet(&mut client.stream, PUBACK << 4, &id.to_be_bytes()).is_err()
                {
                    break;
                }
                watcher.publishes.lock().unwrap_or_else(PoisonError::into_inner).push(publish);
                watcher.changed.notify_all();
            }
        });
        Self { port, seen }
    }

    /// The `user/{inbox}` part of every topic that is not a door.
    pub fn inboxes(&self) -> Vec<String> {
        let mut inboxes: Vec<String> = self
            .publishes()
            .into_iter()
            .filter_map(|publish| {
                publish.topic.rsplit_once('/').map(|(inbox, place)| (inbox.to_owned(), place.to_owned()))
            })
            .filter(|(_, place)| place != "contactRequest")
            .map(|(inbox, _)| inbox)
            .collect();
        inboxes.sort();
        inboxes.dedup();
        inboxes
    }

    /// Everything that the broker had taken before this call.
    pub fn publishes(&self) -> Vec<Publish> {
        let marker = format!("user/{}/presence", uuid::Uuid::from_u128(seed()));
        Client::connect(self.port).and_then(|mut client| client.publish(&marker, b"marker")).expect("a marker");
        let end = Instant::now() + deadline();
        let mut publishes = self.seen.publishes.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(at) = publishes.iter().position(|publish| publish.topic == marker) {
                publishes.remove(at);
                return publishes.clone();
            }
            let left = end.saturating_duration_since(Instant::now());
            assert!(left > Duration::ZERO, "the marker did not come back");
            publishes = self.seen.changed.wait_timeout(publishes, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
