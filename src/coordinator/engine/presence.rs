//! Hello, signals, and what a link's machine wants.

use std::time::Duration;

use bytes::Bytes;

use super::Engine;
use super::io::{BrokerConn, Output};
use crate::coordinator::{Event, LinkState, Path};
use crate::link::{self, DriverEvent, State};
use crate::signaling::envelope::{self, OpenError, Recipient};
use crate::signaling::{Greeting, Leaf, Topic};
use crate::wire::signal::Signal;
use crate::wire::{self, DeviceKey, Frame, KeyKind, Message, Signalled};

/// A conversation counts as in use for this long after a message: meanwhile a lost link is noticed within 12 s.
const ACTIVE_FOR: Duration = Duration::from_secs(60);

impl Engine {
    /// Something lies in a private inbox.
    pub(super) fn in_an_inbox(
        &mut self,
        device: &DeviceKey,
        topic: &Topic,
        payload: &[u8],
        delivery: Option<(BrokerConn, u64)>,
    ) {
        let Some(me) = &self.me else { return };
        let opened = match envelope::open(payload, topic, &me.keyring()) {
            Ok(opened) if opened.device == *device => opened,
            Ok(_) => {
                self.drop_counted("an envelope of another device");
                return self.acknowledge(delivery);
            }
            Err(error) => {
                self.drop_counted("junk in an inbox");
                self.acknowledge(delivery);
                if error == OpenError::Sealed {
                    self.offer_new_key(device);
                }
                return;
            }
        };
        match opened.message {
            Message::Mail(mail) => return self.mail(device, &mail, delivery),
            Message::Hello(hello) if self.is_peer(device) => self.hello(device, &hello),
            Message::Signalled(signalled) if self.is_peer(device) => self.signalled(device, signalled),
            Message::NewKey(new) if self.is_peer(device) => {
                self.key_came(device, new.key, topic.leaf);
                return self.acknowledge_later(delivery);
            }
            _ => self.drop_counted("a message out of place"),
        }
        self.acknowledge(delivery);
    }

    /// Greets a contact's device, unless a link to it is open: then its heartbeat says more.
    pub(super) fn greet_unless_open(&mut self, device: &DeviceKey) {
        if self.peers.get(device).is_some_and(|peer| peer.open.is_none()) {
            self.greet(device);
        }
    }

    pub(super) fn greet(&mut self, device: &DeviceKey) {
        if !self.is_peer(device) || self.finishing.is_some() || !self.hears_live(device) {
            return;
        }
        let Some(peer) = self.peers.get_mut(device) else { return };
        let greeting = peer.hello.announce(&mut self.rng);
        self.say_hello(device, greeting);
    }

    /// Answers what a process that was not greeted may have said, or a broker that says old envelopes again.
    fn greet_at_a_rate(&mut self, device: &DeviceKey) {
        let now = self.now.mono;
        if self.peers.get_mut(device).is_some_and(|peer| peer.answers.allow(now)) {
            self.greet(device);
        }
    }

    /// A greeting makes sense only when the answer can be heard.
    fn hears_live(&self, device: &DeviceKey) -> bool {
        let Some(peer) = self.peers.get(device) else { return false };
        let topics = Leaf::LIVE.map(|leaf| Topic::inbox(peer.inbox, leaf));
        let live = self.brokers.values().filter(|broker| broker.own);
        live.filter_map(|broker| broker.sessions.get(&crate::signaling::SessionKind::Live))
            .any(|session| topics.iter().all(|topic| session.state.hears(topic)))
    }

    fn say_hello(&mut self, device: &DeviceKey, greeting: Greeting) {
        let Some(me) = &self.me else { return };
        let message = Message::Hello(wire::Hello {
            boot: self.boot,
            nonce: greeting.nonce,
            echo: greeting.echo,
            key: me.working,
        });
        // Few are said, and nobody repeats them soon: one broker that delivers must be enough.
        let Some(root) = self.peers.get(device).map(|peer| peer.row.root) else { return };
        let everywhere = self.every_route(&root);
        self.post(device, Leaf::Presence, &message, &everywhere);
    }

    /// Seals a live message for a device and publishes it at these brokers. Live messages are said again by whoever needs
    /// them, so one that cannot be sent now is dropped.
    fn post(&mut self, device: &DeviceKey, leaf: Leaf, message: &Message, conns: &[BrokerConn]) {
        let (Some(peer), Some(me)) = (self.peers.get(device), &self.me) else { return };
        let Some(key) = peer.row.key.filter(|_| !conns.is_empty()) else { return };
        let topic = Topic::inbox(peer.outbox, leaf);
        let to = Recipient { device: *device, kind: KeyKind::Working, key: key.key };
        match envelope::seal(&mut self.rng, &me.secrets.device, &to, &topic, message) {
            Ok(payload) => conns.iter().for_each(|conn| self.publish(*conn, &topic, payload.clone(), None)),
            Err(error) => tracing::warn!(%error, "a message could not be sealed"),
        }
    }

    fn hello(&mut self, device: &DeviceKey, hello: &wire::Hello) {
        self.learn_key(device, hello.key);
        let now = self.now.mono;
        let Some(peer) = self.peers.get_mut(device) else { return };
        let heard = peer.hello.receive(hello, now, &mut self.rng);
        if let Some(greeting) = heard.answer {
            self.say_hello(device, greeting);
        }
        if heard.adopted.is_some() {
            self.link(device, link::Input::PeerAdopted(hello.boot));
        }
    }

    fn signalled(&mut self, device: &DeviceKey, signalled: Signalled) {
        let Some(peer) = self.peers.get(device) else { return };
        if signalled.to != self.boot {
            self.drop_counted("a signal for an old boot");
            return self.greet_at_a_rate(device);
        }
        if peer.hello.adopted() != Some(signalled.from) {
            self.drop_counted("a signal of a boot that was not adopted");
            return self.greet_at_a_rate(device);
        }
        self.link(device, link::Input::Signal(signalled.signal));
    }

    /// Somebody uses the conversation with this device.
    pub(super) fn in_use(&mut self, device: &DeviceKey) {
        let until = self.now.mono + ACTIVE_FOR;
        let Some(peer) = self.peers.get_mut(device) else { return };
        let was = peer.active_until.replace(until).is_some();
        if !was {
            self.link(device, link::Input::Activity(true));
        }
    }

    /// Nobody has used it for a while.
    pub(super) fn tick_use(&mut self, device: &DeviceKey) {
        let now = self.now.mono;
        let Some(peer) = self.peers.get_mut(device) else { return };
        if peer.active_until.is_some_and(|until| now >= until) {
            peer.active_until = None;
            self.link(device, link::Input::Activity(false));
        }
    }

    /// One input for a link's machine, and what it wants done.
    pub(super) fn link(&mut self, device: &DeviceKey, input: link::Input) {
        let now = self.now.mono;
        let reason = self.no_link(device);
        let Some(peer) = self.peers.get_mut(device) else { return };
        for output in peer.link.handle(input, now, &mut self.rng) {
            match output {
                link::Output::Send(signal) => self.send_signal(device, signal),
                link::Output::Driver(command) => {
                    let policy = self.policy(device);
                    self.emit(Output::Link(*device, policy, command));
                }
                link::Output::SendHeartbeat(heartbeat) => self.send_frame(device, &Frame::Heartbeat(heartbeat)),
                link::Output::Announce => self.greet(device),
                link::Output::Up { connection } => {
                    self.look_anew_who_knows(device);
                    if let Some(peer) = self.peers.get_mut(device) {
                        peer.open = Some(connection);
                    }
                    self.heard_by(device);
                    self.link_up(device);
                }
                link::Output::Down => {
                    if let Some(peer) = self.peers.get_mut(device) {
                        peer.open = None;
                    }
                    self.link_down(device);
                }
                link::Output::StateChanged { state: State::Suspect, .. } => self.link_doubtful(device),
                link::Output::StateChanged { state: State::Open, .. } => {
                    let now = self.now.mono;
                    if let Some(peer) = self.peers.get_mut(device) {
                        peer.push.settled(now);
                        peer.mailer.stop();
                        peer.acks.settled();
                    }
                }
                link::Output::StateChanged { .. } => {}
            }
        }
        if self.no_link(device) != reason
            && let Some(root) = self.peers.get(device).map(|peer| peer.row.root)
        {
            self.mark_person(&root);
        }
        self.show_link(device);
    }

    /// The same input for every link's machine.
    pub(super) fn every_link(&mut self, input: &link::Input) {
        for device in self.peers.keys().copied().collect::<Vec<_>>() {
            self.link(&device, input.clone());
        }
    }

    fn send_signal(&mut self, device: &DeviceKey, signal: Signal) {
        let Some(to) = self.peers.get(device).and_then(|peer| peer.hello.adopted()) else { return };
        let leaf = match &signal {
            Signal::Offer { .. } | Signal::Restart { .. } => Leaf::Offer,
            Signal::Answer { .. } => Leaf::Answer,
            Signal::Candidates { .. } => Leaf::IceCandidate,
        };
        let Some(root) = self.peers.get(device).map(|peer| peer.row.root) else { return };
        let Some(conn) = self.next_route(&root) else { return };
        self.post(device, leaf, &Message::Signalled(Signalled { to, from: self.boot, signal }), &[conn]);
    }

    /// A link's driver speaks.
    pub(super) fn driver(&mut self, device: &DeviceKey, event: DriverEvent) {
        match event {
            DriverEvent::Frame { connection, bytes } => {
                if self.peers.get(device).is_some_and(|peer| peer.open == Some(connection)) {
                    self.frame_from_link(device, connection, &bytes);
                }
            }
            DriverEvent::Writable { connection } => {
                if self.peers.get(device).is_some_and(|peer| peer.open == Some(connection)) {
                    self.frames_go_on(device);
                }
            }
            event => self.link(device, link::Input::Driver(event)),
        }
    }

    /// Sends a frame on the open link, if there is one.
    pub(super) fn send_frame(&mut self, device: &DeviceKey, frame: &Frame) {
        if let Some(connection) = self.peers.get(device).and_then(|peer| peer.open) {
            self.emit(Output::Frame(*device, connection, Bytes::from(frame.to_bytes())));
        }
    }

    /// How a message to this device would travel now.
    pub(super) fn path(&self, device: &DeviceKey) -> Path {
        let Some(peer) = self.peers.get(device) else { return Path::None };
        match peer.link.path() {
            Some(link::Path::Direct) => Path::Direct,
            Some(link::Path::Relay) => Path::Relay,
            None if self.is_peer(device) && self.mail_route(peer).is_some() => Path::Mail,
            None => Path::None,
        }
    }

    pub(super) fn link_state(state: State) -> LinkState {
        match state {
            State::Idle => LinkState::Idle,
            State::Waiting => LinkState::Waiting,
            State::Connecting => LinkState::Connecting,
            State::Open => LinkState::Open,
            State::Suspect => LinkState::Suspect,
            State::Backoff => LinkState::Backoff,
        }
    }

    /// Why there may be no link with somebody, in words: for tests that fail.
    #[cfg(any(test, feature = "testing"))]
    pub(in crate::coordinator) fn link_in_words(&self, user: uuid::Uuid) -> String {
        let root = self.users.get(&crate::identity::UserId(user));
        let peers = self.peers.values().filter(|peer| Some(&peer.row.root) == root);
        let words = peers.map(|peer| {
            let (device, root) = (&peer.row.device, &peer.row.root);
            let brokers =
                self.people.get(root).map(|contact| contact.card.fields().brokers.clone()).unwrap_or_default();
            format!(
                "{:?}, peer {}, adopted {:?}, key {:?}, hears {}, {} of their {} brokers",
                peer.link,
                self.is_peer(device),
                peer.hello.adopted(),
                peer.row.key.map(|key| key.counter),
                self.hears_live(device),
                self.every_route(root).len(),
                brokers.len(),
            )
        });
        words.collect::<Vec<_>>().join("; ")
    }

    fn show_link(&mut self, device: &DeviceKey) {
        let path = self.path(device);
        let Some(peer) = self.peers.get_mut(device) else { return };
        let shown = (Self::link_state(peer.link.state()), path);
        let (root, before) = (peer.row.root, std::mem::replace(&mut peer.shown, shown));
        if before != shown {
            self.mark_person(&root);
        }
        // Between mail and nothing the path changes with the broker, which is told otherwise.
        let rerouted = before.1 != shown.1 && self.peers.get(device).is_some_and(|peer| peer.open.is_some());
        if before.0 == shown.0 && !rerouted {
            return;
        }
        if let Some(contact) = self.people.get(&root) {
            let user_id = contact.card.user().0;
            self.emit(Output::Event(Event::LinkChanged { user_id, state: shown.0, path: shown.1 }));
        }
    }
}

impl super::state::Me {
    /// What opens envelopes for this device.
    pub(super) fn keyring(&self) -> crate::signaling::envelope::Keyring<'_> {
        crate::signaling::envelope::Keyring {
            device: self.secrets.device_key(),
            card: &self.secrets.card_sealing,
            working: &self.secrets.working_sealing,
        }
    }
}
