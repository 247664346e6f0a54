//! How devices that share a group and have never spoken learn each other's working key, and what is said when an old one was used.

use std::time::Duration;

use super::Engine;
use super::state::PeerState;
use crate::clock::Backoff;
use crate::signaling::envelope::{self, Recipient};
use crate::signaling::{Leaf, Topic};
use crate::wire::{DeviceKey, KeyKind, Message, NewKey, WorkingKey};

/// What was said to somebody who has never answered is said again after this, and then after twice as long each time: it may have been
/// lost. Whoever is away finds it at the broker only if they have listened to that inbox before: until they know of us, nobody keeps it for them.
const AGAIN_FIRST: Duration = Duration::from_secs(10);
/// The longest pause, as of mail.
const AGAIN_LAST: Duration = Duration::from_secs(3600);

/// Who has told us their key may answer ours by that, for so long: whoever says theirs later does not know ours.
const ANSWER_PATIENCE: Duration = Duration::from_secs(5);

/// When our working key is said again to a device that may not know it.
pub(super) struct KeyOffer {
    /// It has not told us theirs: it is said again then.
    pub again: Option<Duration>,
    /// It has told us theirs after that: ours may be on its way to it until then.
    under_way: Option<Duration>,
    pause: Backoff,
}

impl Default for KeyOffer {
    fn default() -> Self {
        Self { again: None, under_way: None, pause: Backoff::new(AGAIN_FIRST, AGAIN_LAST) }
    }
}

impl KeyOffer {
    /// The device has told us its key.
    pub(super) fn answered(&mut self, now: Duration) {
        if self.again.take().is_some() {
            self.under_way = Some(now + ANSWER_PATIENCE);
        }
    }

    /// Whether ours may be on its way to it.
    fn is_under_way(&self, now: Duration) -> bool {
        self.again.is_some() || self.under_way.is_some_and(|until| now < until)
    }
}

impl Engine {
    /// What could not be opened may have been sealed to an old key of ours.
    pub(super) fn offer_new_key(&mut self, device: &DeviceKey) {
        let now = self.now.mono;
        if self.is_peer(device) && self.peers.get_mut(device).is_some_and(|peer| peer.answers.allow(now)) {
            self.say_key(device, Leaf::Presence);
        }
    }

    /// Somebody whom we know through a group only has never told us their working key, nor we them: it is said until they have.
    pub(super) fn offer_key(&mut self, device: &DeviceKey) {
        let now = self.now.mono;
        if !self.lacks_key(device) {
            return;
        }
        let way = self.peers.get(device).is_some_and(|peer| self.route(&peer.row.root).is_some());
        let Some(peer) = self.peers.get_mut(device) else { return };
        if peer.key_offer.again.is_none() {
            peer.key_offer.again = Some(now + peer.key_offer.pause.next_delay(&mut self.rng));
        }
        if way && peer.answers.allow(now) {
            self.say_key(device, Leaf::Mailbox);
        }
    }

    /// It was not answered for a while.
    pub(super) fn tick_key(&mut self, device: &DeviceKey) {
        let now = self.now.mono;
        let lacks = self.lacks_key(device);
        let Some(peer) = self.peers.get_mut(device) else { return };
        if peer.key_offer.again.is_some_and(|at| now >= at) {
            peer.key_offer.again = lacks.then(|| now + peer.key_offer.pause.next_delay(&mut self.rng));
            if lacks {
                self.say_key(device, Leaf::Mailbox);
            }
        }
    }

    /// A device has said its working key. Who says it by mail may not know ours, also when theirs is no news: their database was put back from
    /// before they knew us, and without our key they can say nothing else. A mail tells it to them, which nobody answers with a key again.
    pub(super) fn key_came(&mut self, device: &DeviceKey, key: WorkingKey, leaf: Leaf) {
        let now = self.now.mono;
        if self.learn_key(device, key) {
            self.greet(device);
            if leaf == Leaf::Mailbox {
                self.say_key(device, Leaf::Mailbox);
            }
            return;
        }
        // While ours may be on its way to somebody who was asked, this is the answer.
        let lacks_ours = |peer: &mut PeerState| !peer.key_offer.is_under_way(now) && peer.answers.allow(now);
        if leaf == Leaf::Mailbox && self.peers.get_mut(device).is_some_and(lacks_ours) {
            self.greet(device);
            self.send_mail(device, vec![], None, None);
        }
    }

    /// Whether a device with which we share a group, and nothing else, has not told us its working key.
    fn lacks_key(&self, device: &DeviceKey) -> bool {
        let stranger = self.is_peer(device) && !self.is_contact(device);
        stranger && self.peers.get(device).is_some_and(|peer| peer.row.key.is_none())
    }

    /// Says our working key, sealed to the key in their card.
    pub(super) fn say_key(&mut self, device: &DeviceKey, leaf: Leaf) {
        let (Some(peer), Some(me)) = (self.peers.get(device), &self.me) else { return };
        let Some(contact) = self.people.get(&peer.row.root) else { return };
        let Some(conn) = self.route(&peer.row.root) else { return };
        let topic = Topic::inbox(peer.outbox, leaf);
        let to = Recipient { device: *device, kind: KeyKind::Card, key: contact.card.fields().sealing };
        let message = Message::NewKey(NewKey { key: me.working });
        if let Ok(payload) = envelope::seal(&mut self.rng, &me.secrets.device, &to, &topic, &message) {
            self.publish(conn, &topic, payload, None);
        }
    }
}
