//! The people and devices that the engine knows, and the indices over them.

use std::collections::{BTreeMap, BTreeSet};

use rand::RngExt;

use super::Engine;
use super::keys::KeyOffer;
use super::misses::Misses;
use super::pending::Pending;
use super::questions::Questions;
use super::state::{BODIES_AGAIN, BODIES_ASKED, Contact, Conversation, Courier, PeerState, With};
use crate::clock::RateLimit;
use crate::coordinator::{CommandError, ErrorCode, LinkState, Path};
use crate::identity::{Card, UserId};
use crate::link;
use crate::log::direct_conversation;
use crate::signaling::{Hello, Rendezvous, Turn};
use crate::store::{self, Op, Person, Standing};
use crate::sync::{Acks, Mailer, Push, Sent, Telling};
use crate::wire::{DeviceKey, LogId, RootKey, WorkingKey};

impl Engine {
    /// Takes somebody into memory, with their devices. The store is not told.
    pub(super) fn know(&mut self, person: Person, card: Card, rows: &[store::Peer]) {
        let root = person.root;
        self.users.insert(card.user(), root);
        for certificate in card.devices().devices().to_vec() {
            let row = rows.iter().find(|row| row.device == certificate.device).cloned().unwrap_or(store::Peer {
                device: certificate.device,
                root,
                rendezvous: certificate.rendezvous,
                key: None,
                mail_sent: 0,
                mail_seen: 0,
            });
            self.know_device(row);
        }
        let courier = self.people.remove(&root).map(|contact| contact.courier).unwrap_or_default();
        let arrival = self.token();
        let (turn, mail_turn) = (Turn::default(), Turn::default());
        self.people.insert(root, Contact { person, arrival, card, courier, turn, mail_turn });
        self.share(&root);
    }

    fn know_device(&mut self, row: store::Peer) {
        let Some(me) = &self.me else { return };
        if self.peers.contains_key(&row.device) {
            return;
        }
        let own = me.secrets.device_key();
        // One exchange of keys for both: half of what a start with many contacts takes.
        let rendezvous = Rendezvous::between(&me.secrets.rendezvous, &row.rendezvous);
        let derive = |from, to| rendezvous.as_ref()?.inbox(from, to);
        let (Some(inward), Some(outward)) = (derive(&row.device, &own), derive(&own, &row.device)) else {
            self.drop_counted("a rendezvous key of small order");
            return;
        };
        let role = if own < row.device { link::Role::Polite } else { link::Role::Impolite };
        let peer = PeerState {
            shared: BTreeSet::new(),
            said: None,
            told: BTreeSet::new(),
            answered: BTreeMap::new(),
            misses: Misses::default(),
            questions: Questions::default(),
            inbox: inward,
            outbox: outward,
            hello: Hello::default(),
            link: link::Machine::new(role, self.settings.link.clone()),
            open: None,
            push: Push::default(),
            sent: Sent::default(),
            arrived: None,
            written: false,
            mailer: Mailer::default(),
            mail_heard: row.mail_seen,
            mail_counted: row.mail_seen,
            seen_due: false,
            seens: RateLimit::new(2, std::time::Duration::from_secs(60)),
            mail_lacked: row.mail_seen,
            telling: Telling::default(),
            acks: Acks::default(),
            answers: RateLimit::new(2, std::time::Duration::from_secs(60)),
            key_offer: KeyOffer::default(),
            lacks: RateLimit::new(4, std::time::Duration::from_secs(15)),
            bodies: RateLimit::new(BODIES_ASKED, BODIES_AGAIN),
            unasked: BTreeMap::new(),
            card_due: me.card_changed,
            card_unsaid: false,
            active_until: None,
            shown: (LinkState::Idle, Path::None),
            row,
        };
        let device = peer.row.device;
        self.inboxes.insert(inward, device);
        self.peers.insert(device, peer);
        self.apply_policy(&device);
    }

    /// Forgets somebody, closes their links and stops listening to them. The store is not told.
    pub(super) fn forget(&mut self, root: &RootKey) {
        self.deafen(root);
        for device in self.devices_of(root) {
            self.link(&device, link::Input::Wanted(false));
            if let Some(peer) = self.peers.remove(&device) {
                self.inboxes.remove(&peer.inbox);
                self.emit(super::Output::CloseLink(device));
            }
        }
        if let Some(contact) = self.people.remove(root) {
            self.users.remove(&contact.card.user());
        }
        self.nicknames.remove(root);
    }

    /// Devices of a person.
    pub(super) fn devices_of(&self, root: &RootKey) -> Vec<DeviceKey> {
        self.peers.iter().filter(|(_, peer)| peer.row.root == *root).map(|(device, _)| *device).collect()
    }

    /// Keeps somebody's row.
    pub(super) fn save_person(&mut self, root: &RootKey, pending: Pending) {
        if let Some(contact) = self.people.get(root) {
            let op = Op::SavePerson(Box::new(contact.person.clone()));
            self.ask(pending, op);
        }
    }

    /// Keeps a device's row. Which mail of theirs has counted is kept when what that says is on disk: should we end before, it comes again and
    /// counts then.
    pub(super) fn save_peer(&mut self, device: &DeviceKey) {
        if let Some(peer) = self.peers.get(device) {
            let op = Op::SavePeer(Box::new(store::Peer { mail_seen: peer.mail_counted, ..peer.row.clone() }));
            self.ask(Pending::Nothing, op);
        }
    }

    /// A working key of a peer, wherever it was said. The highest counter wins.
    pub(super) fn learn_key(&mut self, device: &DeviceKey, key: WorkingKey) -> bool {
        let now = self.now.mono;
        let Some(peer) = self.peers.get_mut(device) else { return false };
        if peer.row.key.is_some_and(|known| known.counter >= key.counter) {
            return false;
        }
        peer.row.key = Some(key);
        peer.key_offer.answered(now);
        let root = peer.row.root;
        self.mark_person(&root);
        self.save_peer(device);
        true
    }

    /// Makes sure that there is a conversation with an own log to write in.
    pub(super) fn open_conversation(&mut self, root: &RootKey) {
        let Some(me) = &self.me else { return };
        let id = direct_conversation(&me.secrets.root_key(), root);
        if let Some(conversation) = self.conversations.get_mut(&id) {
            conversation.with = With::Person(*root);
            return;
        }
        let log = LogId(self.rng.random());
        let with = With::Person(*root);
        self.conversations.insert(id, Conversation::fresh(with, log, vec![]));
        self.ask(Pending::Nothing, Op::SaveOwnLog { conversation: id, log });
    }

    /// A newer card of somebody we know; says whether it is one.
    pub(super) fn renew_card(&mut self, card: &Card) -> bool {
        let root = card.root();
        let Some(contact) = self.people.get_mut(&root) else { return false };
        if !card.is_newer_than(&contact.card) {
            return false;
        }
        contact.card = card.clone();
        contact.person.card = card.bytes().to_vec();
        let standing = contact.person.standing;
        self.mark_person(&root);
        for certificate in card.devices().devices() {
            let row = store::Peer {
                device: certificate.device,
                root,
                rendezvous: certificate.rendezvous,
                key: None,
                mail_sent: 0,
                mail_seen: 0,
            };
            self.know_device(row);
        }
        self.share(&root);
        self.mark_groups_of(&root);
        if matches!(standing, Standing::Contact | Standing::Asked) || self.shares(&root) {
            self.reach(&root);
            self.listen(&root);
            self.leave_brokers();
        }
        true
    }

    /// Somebody by their id, for a command.
    pub(super) fn person(&self, user: uuid::Uuid) -> Result<(RootKey, &Contact), CommandError> {
        let unknown =
            || CommandError::new(ErrorCode::UnknownUser, "There is no contact, request or group with this id.");
        let root = self.users.get(&UserId(user)).ok_or_else(unknown)?;
        let contact = self.people.get(root).ok_or_else(unknown)?;
        Ok((*root, contact))
    }

    /// Whether this device belongs to a contact.
    pub(super) fn is_contact(&self, device: &DeviceKey) -> bool {
        self.peers
            .get(device)
            .and_then(|peer| self.people.get(&peer.row.root))
            .is_some_and(|contact| contact.person.standing == Standing::Contact)
    }

    /// Somebody new, with nothing said yet.
    pub(super) fn stranger(card: &Card, standing: Standing) -> Person {
        Person {
            root: card.root(),
            standing,
            card: card.bytes().to_vec(),
            asked: None,
            token: None,
            asking: None,
            accepting: false,
        }
    }

    /// The courier begins anew.
    pub(super) fn hurry(&mut self, root: &RootKey) {
        let now = self.now.mono;
        if let Some(contact) = self.people.get_mut(root) {
            contact.courier = Courier { at: Some(now), ..Courier::default() };
        }
    }
}
