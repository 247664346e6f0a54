//! The modelled drivers of links, and the networks that devices are in.

use std::time::Duration;

use bytes::Bytes;

use super::{Part, RECENT_MAX, World};
use crate::coordinator::engine::Input;
use crate::link::driver::{QUEUE_BYTES_MAX, QUEUE_FRAMES_MAX};
use crate::link::{CloseReason, DriverCommand, DriverEvent, Path, Policy};
use crate::wire::signal::Candidate;
use crate::wire::{ConnectionId, DeviceKey, Frame};

/// What a link takes a second: 16 KiB take a millisecond.
const LINK_BYTES_A_SECOND: usize = 16 * 1024 * 1000;

/// `[77, {0: 1}]`, a state of kind 99, and an ack of nothing with a field 23.
const NEWER: [&[u8]; 3] = [
    &[0x82, 0x18, 0x4d, 0xa1, 0x00, 0x01],
    &[0x82, 0x05, 0xa3, 0x00, 0x18, 0x63, 0x01, 0x01, 0x02, 0x40],
    &[0x82, 0x04, 0xa2, 0x00, 0x80, 0x17, 0x01],
];

impl World {
    /// The paths of all open links are cut: nothing arrives, and the libraries notice after a while.
    pub fn cut_links(&mut self) {
        self.cut_links_where(|_, _| true);
    }

    fn cut_links_where(&mut self, which: impl Fn(usize, usize) -> bool) {
        for device in 0..self.devices.len() {
            for (peer, connection) in self.devices[device].links.clone() {
                if self.other(device, peer).is_some_and(|(other, _)| which(device, other)) {
                    self.silent.insert(connection);
                    self.later(device, 5_000, Input::Link(peer, DriverEvent::Disconnected { connection }));
                }
            }
        }
    }

    /// From now on there is no path between two devices but the broker, until [`World::heal`].
    pub fn part(&mut self, one: usize, other: usize) {
        let pair = (one.min(other), one.max(other));
        self.parted.insert(pair);
        self.cut_links_where(|one, other| (one.min(other), one.max(other)) == pair);
    }

    /// There is a path again.
    pub fn heal(&mut self, one: usize, other: usize) {
        self.parted.remove(&(one.min(other), one.max(other)));
    }

    /// A device loses its network altogether, and is told.
    pub fn unplug(&mut self, device: usize) {
        self.devices[device].unplugged = true;
        self.cut_links_where(|one, other| one == device || other == device);
        self.change_network(device);
    }

    /// It has one again, and is told.
    pub fn plug_in(&mut self, device: usize) {
        self.devices[device].unplugged = false;
        self.later(device, 0, Input::NetworkChanged);
    }

    /// The link between two devices ends from one moment to the next, and what was on its way is lost.
    pub fn break_link(&mut self, one: usize, other: usize) {
        let Some(peer) = self.devices[other].key else { return };
        let Some(connection) = self.devices[one].links.get(&peer).copied() else { return };
        self.broken.insert(connection);
        for (device, other) in [(one, other), (other, one)] {
            let Some(peer) = self.devices[other].key else { continue };
            if self.devices[device].links.get(&peer) == Some(&connection) {
                self.devices[device].links.remove(&peer);
                self.devices[device].queues.remove(&peer);
                let event = DriverEvent::Closed { connection, reason: CloseReason::NoPath };
                self.later(device, 1, Input::Link(peer, event));
            }
        }
    }

    /// One of the last frames arrives again, counted from the last.
    pub fn repeat_frame(&mut self, back: usize) {
        let last = self.recent.len().saturating_sub(1);
        if let Some((to, from, connection, bytes)) = self.recent.get(last.saturating_sub(back)).cloned()
            && self.devices[to].links.get(&from) == Some(&connection)
        {
            self.later(to, 1, Input::Link(from, DriverEvent::Frame { connection, bytes }));
        }
    }

    /// Over the link between two devices one says what only a newer version knows: a kind of frame, a kind of state, a field.
    pub fn say_something_newer(&mut self, one: usize, other: usize) {
        let (Some(from), Some(to)) = (self.devices[one].key, self.devices[other].key) else { return };
        let Some(connection) = self.devices[one].links.get(&to).copied() else { return };
        if self.devices[other].links.get(&from) != Some(&connection) || self.silent.contains(&connection) {
            return;
        }
        for bytes in NEWER {
            let event = DriverEvent::Frame { connection, bytes: Bytes::from_static(bytes) };
            self.later(other, 1, Input::Link(from, event));
        }
    }

    /// A device says something over its link that its engine does not know to say, as a newer one might.
    pub fn say(&mut self, from: usize, to: usize, bytes: Bytes) {
        let (Some(from), Some(peer)) = (self.devices[from].key, self.devices[to].key) else { panic!("nobody") };
        let Some(connection) = self.devices[to].links.get(&from).copied() else { panic!("{peer:?} has no link") };
        self.later(to, 1, Input::Link(from, DriverEvent::Frame { connection, bytes }));
    }

    /// Before the next entry that goes from one to the other over their link goes a copy of it, of which a part is not what was written.
    pub fn forge(&mut self, from: usize, to: usize, part: Part) {
        self.forges.insert((from, to), part);
    }

    /// The copy that goes first, if there is to be one.
    fn forged(&mut self, between: (usize, usize), bytes: &Bytes) -> Option<Bytes> {
        let part = *self.forges.get(&between)?;
        let Ok(Frame::Entry(mut entry)) = Frame::parse(bytes) else { return None };
        let byte = match part {
            Part::Body => entry.body.as_mut()?.last_mut()?,
            Part::Signature => entry.signature.0.last_mut()?,
        };
        *byte ^= 1;
        self.forges.remove(&between);
        self.forged += 1;
        Some(Frame::Entry(entry).to_bytes().into())
    }

    fn is_path(&self, one: usize, other: usize) -> bool {
        let unplugged = self.devices[one].unplugged || self.devices[other].unplugged;
        self.links_work && !unplugged && !self.parted.contains(&(one.min(other), one.max(other)))
    }

    /// A device's addresses change: its links and its connections with brokers carry nothing any more, and it is told.
    pub fn change_network(&mut self, device: usize) {
        self.lose_everything(device);
        self.later(device, 0, Input::NetworkChanged);
    }

    /// A device has slept: nothing of what it had open leads anywhere, and it is told.
    pub fn wake(&mut self, device: usize) {
        self.lose_everything(device);
        self.later(device, 0, Input::Woke);
    }

    /// A device is told that its network has changed, and all goes on as before.
    pub fn only_tell_of_a_change(&mut self, device: usize) {
        self.later(device, 0, Input::NetworkChanged);
    }

    /// A device is told that addresses beside its way out came or went, and all goes on as before.
    pub fn tell_of_containers(&mut self, device: usize) {
        self.later(device, 0, Input::AddressesChanged);
    }

    fn lose_everything(&mut self, device: usize) {
        self.silent.extend(self.devices[device].links.values().copied());
        self.deaden(device);
    }

    pub(super) fn other(&self, device: usize, peer: DeviceKey) -> Option<(usize, DeviceKey)> {
        let own = self.devices[device].key?;
        Some((self.devices.iter().position(|other| other.key == Some(peer))?, own))
    }

    /// Nobody learns an address of a device, from its next start on; a relay is among its servers, or not.
    pub fn at_the_next_start(&mut self, device: usize, hide_address: bool, relay: bool) {
        (self.devices[device].hide_address, self.devices[device].relay) = (hide_address, relay);
    }

    /// As the hands do: a driver that was made for another policy ends first.
    pub(super) fn link_by(&mut self, device: usize, peer: DeviceKey, policy: Policy, command: DriverCommand) {
        let before = self.devices[device].policies.insert(peer, policy);
        if before.is_some_and(|before| before != policy) {
            self.link(device, peer, DriverCommand::Close, None);
        }
        assert!(policy != Policy::Never || command == DriverCommand::Close, "a link that may not be: {command:?}");
        self.link(device, peer, command, None);
    }

    pub(super) fn link(
        &mut self,
        device: usize,
        peer: DeviceKey,
        command: DriverCommand,
        closed: Option<ConnectionId>,
    ) {
        let Some((other, own)) = self.other(device, peer) else { return };
        match command {
            DriverCommand::Offer { connection } => {
                self.replace(device, peer, Some(connection));
                let event = DriverEvent::OfferReady { connection, generation: 0, sdp: sdp(0) };
                self.later(device, 5, Input::Link(peer, event));
                self.candidates(device, peer, connection);
            }
            DriverCommand::AcceptOffer { connection, .. } => {
                self.replace(device, peer, Some(connection));
                let event = DriverEvent::AnswerReady { connection, generation: 0, sdp: sdp(0) };
                self.later(device, 5, Input::Link(peer, event));
                self.candidates(device, peer, connection);
            }
            DriverCommand::AcceptAnswer { connection, sdp } => {
                let both = self.devices[other].links.get(&own) == Some(&connection)
                    && self.devices[device].links.get(&peer) == Some(&connection);
                if both && self.is_path(device, other) {
                    self.silent.remove(&connection);
                    let (again, others): (Vec<_>, Vec<_>) =
                        std::mem::take(&mut self.unsent).into_iter().partition(|(.., of, _)| *of == connection);
                    self.unsent = others;
                    for (to, from, connection, bytes) in again {
                        self.later(to, 1_000, Input::Link(from, DriverEvent::Frame { connection, bytes }));
                    }
                    let generation = generation_of(&sdp);
                    let shows = |at: usize, peer| self.devices[at].policies.get(&peer) == Some(&Policy::Everything);
                    let path = if shows(device, peer) && shows(other, own) { Path::Direct } else { Path::Relay };
                    for (device, peer, after) in [(device, peer, 20), (other, own, 25)] {
                        let event = match self.opened.insert((device, connection)) {
                            true => DriverEvent::Opened { connection, path },
                            false => DriverEvent::Reconnected { connection, generation, path },
                        };
                        self.later(device, after, Input::Link(peer, event));
                    }
                }
            }
            DriverCommand::Restart { connection, generation } => {
                self.silent.insert(connection);
                self.later(
                    device,
                    5,
                    Input::Link(peer, DriverEvent::OfferReady { connection, generation, sdp: sdp(generation) }),
                );
            }
            DriverCommand::AcceptRestart { connection, generation, .. } => {
                self.silent.insert(connection);
                self.later(
                    device,
                    5,
                    Input::Link(peer, DriverEvent::AnswerReady { connection, generation, sdp: sdp(generation) }),
                );
            }
            DriverCommand::AddCandidates { .. } => {}
            DriverCommand::Close => {
                self.devices[device].queues.remove(&peer);
                let connection = closed.or(self.devices[device].links.get(&peer).copied());
                self.devices[device].links.remove(&peer);
                self.closed(other, own, connection);
            }
        }
    }

    fn candidates(&mut self, device: usize, peer: DeviceKey, connection: ConnectionId) {
        let line = "candidate:1 1 udp 2130706431 192.0.2.1 9 typ host".to_owned();
        let candidates = vec![Candidate { line, mid: Some("0".into()), mline: Some(0) }];
        let event = DriverEvent::CandidatesReady { connection, generation: 0, candidates, end: true };
        self.later(device, 8, Input::Link(peer, event));
    }

    pub(super) fn replace(&mut self, device: usize, peer: DeviceKey, connection: Option<ConnectionId>) {
        let Some((other, own)) = self.other(device, peer) else { return };
        let old = match connection {
            Some(connection) => self.devices[device].links.insert(peer, connection),
            None => self.devices[device].links.remove(&peer),
        };
        if old != connection {
            self.devices[device].queues.remove(&peer);
            self.closed(other, own, old);
        }
    }

    pub(super) fn closed(&mut self, device: usize, peer: DeviceKey, connection: Option<ConnectionId>) {
        let Some(connection) = connection else { return };
        if self.devices[device].links.get(&peer) == Some(&connection) {
            let event = DriverEvent::Closed { connection, reason: CloseReason::ByPeer };
            self.later(device, 3, Input::Link(peer, event));
        }
    }

    pub(super) fn frame(&mut self, device: usize, peer: DeviceKey, connection: ConnectionId, bytes: Bytes) {
        let Some((other, own)) = self.other(device, peer) else { return };
        self.judge_frame((device, other), connection, &bytes);
        if tracing::enabled!(tracing::Level::TRACE) {
            Self::trace_frame(device, other, &bytes);
        }
        let now = self.now;
        let queue = self.devices[device].queues.entry(peer).or_default();
        queue.waiting.retain(|(leaves, _)| *leaves > now);
        let waiting: usize = queue.waiting.iter().map(|(_, length)| length).sum();
        if queue.waiting.len() >= QUEUE_FRAMES_MAX || waiting + bytes.len() > QUEUE_BYTES_MAX {
            let again = queue.waiting.get(queue.waiting.len() / 2).map_or(now, |(leaves, _)| *leaves);
            let told = std::mem::replace(&mut queue.refused, true);
            self.later(device, 0, Input::FrameDropped(peer));
            if !told {
                self.at(device, again, Input::Link(peer, DriverEvent::Writable { connection }));
            }
            return;
        }
        let busy_until = queue.waiting.back().map_or(now, |(leaves, _)| *leaves);
        let leaves = busy_until + Duration::from_secs_f64(bytes.len() as f64 / LINK_BYTES_A_SECOND as f64);
        queue.waiting.push_back((leaves, bytes.len()));
        self.frames.push((device, bytes.clone()));
        if self.devices[other].links.get(&own) != Some(&connection) || !self.is_running(other) {
            return;
        }
        if self.silent.contains(&connection) {
            return self.unsent.push((other, own, connection, bytes));
        }
        if self.recent.len() == RECENT_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back((other, own, connection, bytes.clone()));
        let at = leaves + Duration::from_millis(1) + self.delay();
        for bytes in self.forged((device, other), &bytes).into_iter().chain([bytes]) {
            let event = DriverEvent::Frame { connection, bytes };
            self.at(other, at, Input::Link(own, event));
        }
    }
}

/// A description that names its generation as its session's name.
fn sdp(generation: u32) -> String {
    let fingerprint = vec!["AB"; 32].join(":");
    format!(
        "v=0\r\ns={generation}\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=fingerprint:sha-256 {fingerprint}\r\n"
    )
}

fn generation_of(sdp: &str) -> u32 {
    sdp.lines()
        .find_map(|line| line.strip_prefix("s="))
        .and_then(|name| name.parse().ok())
        .expect("a description of ours")
}
