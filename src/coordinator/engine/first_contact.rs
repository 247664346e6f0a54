//! Requests and acceptances. Both are repeated until they are answered end to end; a broker's PUBACK is no receipt.
//!
//! ```text
//! Alice                                       Bob
//! holds her mailbox for Bob, then asks ──────► his door: the request waits for him to decide
//! her mailbox ◄────────────────────────────── accepts, and repeats it until …
//! is a contact, confirms ────────────────────► his mailbox
//! ```
//! Crossing requests are acceptance. Declining and blocking send nothing.

use super::Engine;
use super::io::{BrokerConn, Output};
use super::pending::{Pending, Publishing};
use super::state::{ASKING_MAX, COURIER_ONCE, PEOPLE_MAX, UNINVITED_MAX};
use super::telling::next_number;
use crate::identity::Card;
use crate::signaling::envelope::{self, Recipient};
use crate::signaling::{Leaf, Topic, Turn};
use crate::store::{Op, Standing};
use crate::wire::{Accept, DeviceKey, KeyKind, Mail, Message, Nonce, Request, RootKey};

type Delivery = Option<(BrokerConn, u64)>;

impl Engine {
    /// Something lies at our door.
    pub(super) fn at_the_door(&mut self, topic: &Topic, payload: &[u8], delivery: Delivery) {
        match self.read_request(topic, payload) {
            Ok((request, card)) => self.asked_by(&request, &card, delivery),
            Err(reason) => {
                self.drop_counted(reason);
                self.acknowledge(delivery);
            }
        }
    }

    fn read_request(&mut self, topic: &Topic, payload: &[u8]) -> Result<(Request, Card), &'static str> {
        let me = self.me.as_ref().ok_or("a request before there is an identity")?;
        if *topic != Topic::door(me.card.user()) {
            return Err("a request at another door");
        }
        let opened = envelope::open(payload, topic, &me.keyring()).map_err(|_| "junk at the door")?;
        let Message::Request(request) = opened.message else { return Err("junk at the door") };
        let card = Card::verify(&request.card).map_err(|_| "a request with a bad card")?;
        if card.device().device != opened.device {
            return Err("a request that its card's device did not seal");
        }
        if card.root() == me.card.root() {
            return Err("a request of our own");
        }
        Ok((request, card))
    }

    fn asked_by(&mut self, request: &Request, card: &Card, delivery: Delivery) {
        let root = card.root();
        let standing = self.people.get(&root).map(|contact| contact.person.standing);
        match standing {
            Some(Standing::Blocked) => {
                self.drop_counted("a request of somebody blocked");
                self.acknowledge(delivery);
            }
            // Crossing requests: both want it.
            Some(Standing::Asked) => {
                self.renew_card(card);
                self.learn_key(&card.device().device, request.key);
                self.befriend(&root, Some(request.id), None, delivery);
            }
            // They have lost our acceptance, or have forgotten us and ask again.
            Some(Standing::Contact) => {
                self.renew_card(card);
                self.learn_key(&card.device().device, request.key);
                let now = self.now.mono;
                if !self.peers.get_mut(&card.device().device).is_some_and(|peer| peer.answers.allow(now)) {
                    self.drop_counted("a request of a contact that was answered just now");
                    return self.acknowledge(delivery);
                }
                if let Some(contact) = self.people.get_mut(&root) {
                    contact.person.asking = Some(request.id);
                    contact.person.accepting = true;
                }
                self.save_person(&root, Pending::Asking { root, announce: false, delivery });
                self.hurry(&root);
            }
            Some(Standing::Asking | Standing::Uninvited) => {
                if self.says_nothing_new(request, card) {
                    self.drop_counted("a request that waits already");
                    return self.acknowledge_later(delivery);
                }
                let now = self.now.mono;
                // By the device that we know of them: the one in this card may be new.
                let known = self.people.get(&root).map(|contact| contact.card.device().device);
                let known = known.and_then(|device| self.peers.get_mut(&device));
                if !known.is_some_and(|peer| peer.answers.allow(now)) {
                    self.drop_counted("a request of somebody who asked just now");
                    return self.acknowledge_later(delivery);
                }
                self.renew_card(card);
                self.learn_key(&card.device().device, request.key);
                if let Some(contact) = self.people.get_mut(&root) {
                    contact.person.asking = Some(request.id);
                }
                self.save_person(&root, Pending::Asking { root, announce: false, delivery });
            }
            // Once declined, they may ask again, and do not interrupt again.
            Some(Standing::Declined) => {
                let same = self.people.get(&root).is_some_and(|contact| contact.person.asking == Some(request.id));
                if same {
                    self.drop_counted("a request that was declined");
                    return self.acknowledge(delivery);
                }
                self.admit(request, card, Standing::Uninvited, delivery);
            }
            None | Some(Standing::Member) => {
                let invited = self.use_invitation(request.token);
                let standing = if invited { Standing::Asking } else { Standing::Uninvited };
                self.admit(request, card, standing, delivery);
            }
        }
    }

    /// Whether a request of somebody who waits repeats what we have: their request, their card and their key.
    fn says_nothing_new(&self, request: &Request, card: &Card) -> bool {
        let Some(contact) = self.people.get(&card.root()) else { return false };
        let known = self.peers.get(&card.device().device).and_then(|peer| peer.row.key);
        contact.person.asking == Some(request.id)
            && !card.is_newer_than(&contact.card)
            && known.is_some_and(|known| known.counter >= request.key.counter)
    }

    /// Acknowledges a delivery that changes nothing, when what came before it is on disk: it may be the same one again.
    pub(super) fn acknowledge_later(&mut self, delivery: Delivery) {
        if let Some((conn, number)) = delivery {
            self.ask(Pending::Delivery(conn, number), Op::Barrier);
        }
    }

    fn admit(&mut self, request: &Request, card: &Card, standing: Standing, delivery: Delivery) {
        let root = card.root();
        let waiting = self.people.values().filter(|contact| contact.person.standing == standing).count();
        let limit = if standing == Standing::Asking { ASKING_MAX } else { UNINVITED_MAX };
        if waiting >= limit || self.people.len() >= PEOPLE_MAX {
            self.drop_counted("a request beyond the limit");
            return self.acknowledge(delivery);
        }
        let mut person = Self::stranger(card, standing);
        person.asking = Some(request.id);
        self.know(person, card.clone(), &[]);
        self.save_person(&root, Pending::Asking { root, announce: standing == Standing::Asking, delivery });
        self.learn_key(&card.device().device, request.key);
    }

    /// Whether a token lets somebody in; each stranger uses it once.
    fn use_invitation(&mut self, token: Option<Nonce>) -> bool {
        let Some(me) = &mut self.me else { return false };
        let Some(invitation) =
            me.invitations.iter_mut().find(|invitation| Some(invitation.token) == token && invitation.uses > 0)
        else {
            return false;
        };
        invitation.uses -= 1;
        let op = Op::SaveInvitation(invitation.clone());
        self.ask(Pending::Nothing, op);
        self.mark_identity();
        true
    }

    /// Somebody becomes a contact: we accepted, or our requests crossed, or they accepted.
    pub(super) fn befriend(&mut self, root: &RootKey, asking: Option<Nonce>, call: Option<u64>, delivery: Delivery) {
        self.befriend_and_confirm(root, asking, call, delivery, None);
    }

    fn befriend_and_confirm(
        &mut self,
        root: &RootKey,
        asking: Option<Nonce>,
        call: Option<u64>,
        delivery: Delivery,
        accepted: Option<(DeviceKey, Nonce)>,
    ) {
        let Some(contact) = self.people.get_mut(root) else { return self.acknowledge(delivery) };
        contact.person.standing = Standing::Contact;
        if asking.is_some() {
            contact.person.asking = asking;
            contact.person.accepting = true;
        }
        self.open_conversation(root);
        self.share(root);
        self.save_person(root, Pending::Befriended { root: *root, call, delivery, accepted });
    }

    /// The contact is on disk: now we may say so.
    pub(super) fn befriended(&mut self, root: &RootKey) {
        self.reach(root);
        self.listen(root);
        self.hurry(root);
        for device in self.devices_of(root) {
            self.link(&device, crate::link::Input::Wanted(true));
        }
    }

    /// An acceptance arrived in the mail of a device.
    pub(super) fn accepted_by(&mut self, device: &DeviceKey, accept: &Accept, delivery: Delivery) {
        let Some(root) = self.peers.get(device).map(|peer| peer.row.root) else { return self.acknowledge(delivery) };
        let valid = Card::verify(&accept.card).ok().filter(|card| card.root() == root);
        let Some(card) = valid else {
            self.drop_counted("an acceptance with a bad card");
            return self.acknowledge(delivery);
        };
        let Some(contact) = self.people.get(&root) else { return self.acknowledge(delivery) };
        let (standing, asked) = (contact.person.standing, contact.person.asked);
        if asked != Some(accept.request) || !matches!(standing, Standing::Asked | Standing::Contact) {
            self.drop_counted("an acceptance of nothing that we asked");
            return self.acknowledge(delivery);
        }
        self.renew_card(&card);
        let accepted = (*device, accept.request);
        if standing == Standing::Asked {
            self.befriend_and_confirm(&root, None, None, delivery, Some(accepted));
        } else {
            self.save_person(&root, Pending::AcceptedAgain { root, accepted, delivery });
        }
    }

    /// What an acceptance says is on disk: who sent it need not repeat it.
    pub(super) fn confirm(&mut self, (device, request): (DeviceKey, Nonce)) {
        self.send_mail(&device, vec![], None, Some(request));
    }

    /// Our acceptance has arrived.
    pub(super) fn acceptance_confirmed(&mut self, device: &DeviceKey, request: Nonce) {
        let Some(root) = self.peers.get(device).map(|peer| peer.row.root) else { return };
        let Some(contact) = self.people.get_mut(&root) else { return };
        if !contact.person.accepting || contact.person.asking != Some(request) {
            return;
        }
        contact.person.accepting = false;
        contact.courier.at = None;
        self.save_person(&root, Pending::Nothing);
    }

    pub(super) fn tick_couriers(&mut self) {
        let now = self.now.mono;
        let due: Vec<RootKey> = self
            .people
            .iter()
            .filter(|(_, contact)| contact.courier.at.is_some_and(|at| now >= at))
            .map(|(root, _)| *root)
            .collect();
        for root in due {
            self.run_courier(&root);
        }
    }

    /// Sends what is due to somebody, or waits until a broker makes it possible.
    fn run_courier(&mut self, root: &RootKey) {
        let Some(contact) = self.people.get_mut(root) else { return };
        contact.courier.at = None;
        let (standing, accepting) = (contact.person.standing, contact.person.accepting);
        let device = contact.card.device().device;
        let sent = match standing {
            Standing::Asked => self.send_request(root, &device),
            Standing::Contact if accepting => self.send_acceptance(root, &device),
            _ => return,
        };
        if sent {
            let now = self.now.mono;
            if let Some(contact) = self.people.get_mut(root) {
                contact.courier.sent_at = Some(now);
                contact.courier.at = Some(now + contact.courier.backoff.next_delay(&mut self.rng));
            }
        }
    }

    fn send_request(&mut self, root: &RootKey, device: &DeviceKey) -> bool {
        if !self.hears_mail(device) {
            return false;
        }
        let Some(conn) = self.next_mail_route(root, Turn::say) else { return false };
        let (Some(contact), Some(me)) = (self.people.get(root), &self.me) else { return false };
        let Some(id) = contact.person.asked else { return false };
        let message = Message::Request(Request {
            id,
            card: me.card.bytes().to_vec(),
            token: contact.person.token,
            key: me.working,
        });
        let topic = Topic::door(contact.card.user());
        let to = Recipient { device: *device, kind: KeyKind::Card, key: contact.card.fields().sealing };
        match envelope::seal(&mut self.rng, &me.secrets.device, &to, &topic, &message) {
            Ok(payload) => {
                self.publish(conn, &topic, payload, Some(Publishing::Courier(*root)));
                true
            }
            Err(error) => {
                tracing::warn!(%error, "a request could not be sealed");
                false
            }
        }
    }

    fn send_acceptance(&mut self, root: &RootKey, device: &DeviceKey) -> bool {
        let (Some(contact), Some(me)) = (self.people.get(root), &self.me) else { return false };
        let Some(request) = contact.person.asking else { return false };
        let accept = Accept { request, card: me.card.bytes().to_vec() };
        let Some((topic, payload)) = self.seal_mail(device, vec![], Some(accept), None) else { return false };
        let Some(conn) = self.next_mail_route(root, Turn::say) else { return false };
        self.publish(conn, &topic, payload, Some(Publishing::Courier(*root)));
        true
    }

    /// Seals one mail; the peer's mail number grows.
    pub(super) fn seal_mail(
        &mut self,
        device: &DeviceKey,
        frames: Vec<Vec<u8>>,
        accept: Option<Accept>,
        accepted: Option<Nonce>,
    ) -> Option<(Topic, Vec<u8>)> {
        let older = self.is_older();
        let peer = self.peers.get_mut(device)?;
        let me = self.me.as_ref()?;
        let key = peer.row.key?;
        peer.row.mail_sent = next_number(peer.row.mail_sent, &mut self.rng);
        let topic = Topic::inbox(peer.outbox, Leaf::Mailbox);
        let frames = frames.into_iter().map(Into::into).collect();
        let seen = Some(peer.mail_counted).filter(|number| *number > 0 && !older);
        let mail = Mail { number: peer.row.mail_sent, key: me.working, frames, accept, accepted, seen };
        let to = Recipient { device: *device, kind: KeyKind::Working, key: key.key };
        let sealed = envelope::seal(&mut self.rng, &me.secrets.device, &to, &topic, &Message::Mail(mail));
        self.save_peer(device);
        match sealed {
            Ok(payload) => Some((topic, payload)),
            Err(error) => {
                tracing::warn!(%error, "a mail could not be sealed");
                None
            }
        }
    }

    pub(super) fn courier_published(&mut self, root: &RootKey) {
        if let Some(contact) = self.people.get_mut(root) {
            contact.courier.taken = true;
        }
    }

    /// Whether somebody waits for a request or an acceptance of ours that no broker has taken since the start.
    pub(super) fn owes(&self, root: &RootKey) -> bool {
        self.people.get(root).is_some_and(|contact| {
            let due = contact.person.standing == Standing::Asked
                || (contact.person.standing == Standing::Contact && contact.person.accepting);
            due && !contact.courier.taken
        })
    }

    /// A broker holds our mailboxes, or lets us publish: whoever waits for that goes on.
    pub(super) fn hurry_everybody(&mut self) {
        for root in self.people.keys().copied().collect::<Vec<_>>() {
            self.hurry_if_waiting(&root);
        }
    }

    pub(super) fn hurry_unsent(&mut self, device: &DeviceKey) {
        if let Some(root) = self.peers.get(device).map(|peer| peer.row.root) {
            self.hurry_if_waiting(&root);
        }
    }

    pub(super) fn hurry_if_waiting(&mut self, root: &RootKey) {
        let now = self.now.mono;
        let sent_at = self.people.get(root).and_then(|contact| contact.courier.sent_at);
        if self.owes(root) && sent_at.is_none_or(|at| now >= at.saturating_add(COURIER_ONCE)) {
            self.run_courier(root);
        }
    }

    /// Forgets the person on disk as well; who is in a group with us stays known for that, and for nothing else.
    pub(super) fn remove(&mut self, root: &RootKey, call: u64) {
        if self.is_needed(root) {
            return self.keep_as_member(root, call);
        }
        self.forget(root);
        self.leave_brokers();
        self.ask(Pending::Reply(call), Op::DeletePerson(*root));
    }

    /// Tells the subscribers of a contact.
    pub(super) fn tell_contact(&mut self, root: &RootKey) {
        if let Some(contact) = self.people.get(root) {
            let user_id = contact.card.user().0;
            self.emit(Output::Event(crate::coordinator::Event::ContactAdded { user_id }));
        }
    }
}
