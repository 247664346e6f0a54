//! What a person chooses at run time: their own name, where they can be reached, and their names for others.
//!
//! Name and brokers stand in the own card. A card is signed only once its counter is on disk: a counter that was used for
//! two cards would leave contacts with different ones. Then contacts are told, and only then are brokers given up.

use uuid::Uuid;

use super::Engine;
use super::io::{BrokerConn, CallId, Output};
use super::pending::Pending;
use super::state::Me;
use crate::coordinator::{BROKERS_MAX, CommandError, ErrorCode, NICKNAME_BYTES_MAX, Reply};
use crate::identity::{Card, CardFields, Name, NameError};
use crate::signaling::{Leaf, Readiness, SessionKind, Topic};
use crate::store::{Op, Profile, Standing};
use crate::wire::broker_url::BrokerUrl;
use crate::wire::{DeviceKey, Frame, RootKey, State, state};

/// The own card as it shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    name: Name,
    brokers: Vec<BrokerUrl>,
    counter: u64,
}

impl Plan {
    fn profile(&self) -> Profile {
        let brokers = self.brokers.iter().map(|url| url.without_credentials().to_string()).collect();
        Profile { name: self.name.to_string(), counter: self.counter, brokers }
    }
}

impl Engine {
    pub(super) fn rename(&mut self, call: CallId, name: &str) -> Result<(), CommandError> {
        self.need_identity()?;
        let name = Name::parse(name).map_err(|error| CommandError::new(ErrorCode::InvalidName, error.to_string()))?;
        match self.newest_plan() {
            Some(plan) if plan.name != name || self.planned.is_some() => {
                self.change_card(Some(call), true, Plan { name, ..plan });
            }
            _ => {
                let reply = self.identity().map(Reply::Identity);
                self.reply(call, reply);
            }
        }
        Ok(())
    }

    pub(super) fn set_nickname(&mut self, call: CallId, user: Uuid, nickname: &str) -> Result<(), CommandError> {
        self.need_identity()?;
        let (root, _) = self.person(user)?;
        let nickname = match Name::parse(nickname) {
            Ok(name) => name.to_string(),
            Err(NameError::Empty) => String::new(),
            Err(NameError::TooLong(_)) => {
                let message = format!("A nickname has at most {NICKNAME_BYTES_MAX} bytes.");
                return Err(CommandError::new(ErrorCode::InvalidName, message));
            }
        };
        let op = Op::SaveNickname { root, nickname: nickname.clone() };
        self.ask(Pending::Nicknamed { call, root, nickname }, op);
        Ok(())
    }

    /// A nickname is on disk.
    pub(super) fn nicknamed(&mut self, call: CallId, root: &RootKey, nickname: String) {
        self.reply(call, Ok(Reply::Done));
        if nickname.is_empty() {
            self.nicknames.remove(root);
        } else if self.people.contains_key(root) {
            self.nicknames.insert(*root, nickname);
        }
        self.mark_person(root);
    }

    pub(super) fn use_brokers(&mut self, call: CallId, addresses: &[String]) -> Result<(), CommandError> {
        let brokers = parse(addresses)?;
        match self.newest_plan() {
            Some(plan) => {
                let next = Plan { brokers, ..plan.clone() };
                if next.profile() != plan.profile() || self.planned.is_some() {
                    self.change_card(Some(call), false, next);
                    return Ok(());
                }
                // Only a login is another, or nothing: contacts need not know.
                self.settings.brokers = next.brokers;
                self.reply(call, Ok(Reply::Done));
                self.change_brokers();
            }
            // The card is made with the identity.
            None => {
                self.settings.brokers = brokers;
                self.reply(call, Ok(Reply::Done));
            }
        }
        Ok(())
    }

    /// The card as it will be when everything that is under way is on disk.
    fn newest_plan(&self) -> Option<Plan> {
        let now = |me: &Me| Plan {
            name: me.name.clone(),
            brokers: self.settings.brokers.clone(),
            counter: me.profile.counter,
        };
        self.planned.clone().or_else(|| self.me.as_ref().map(now))
    }

    fn change_card(&mut self, call: Option<CallId>, renamed: bool, mut plan: Plan) {
        plan.counter = plan.counter.saturating_add(1);
        self.planned = Some(plan.clone());
        let op = Op::SaveProfile(plan.profile());
        self.ask(Pending::CardKept { call, renamed, plan }, op);
    }

    /// The next card's counter is on disk.
    pub(super) fn card_kept(&mut self, call: Option<CallId>, renamed: bool, plan: Plan) {
        if self.planned.as_ref() == Some(&plan) {
            self.planned = None;
        }
        self.settings.brokers.clone_from(&plan.brokers);
        let Some(me) = &mut self.me else { return };
        me.profile = plan.profile();
        me.name = plan.name.clone();
        let fields = CardFields {
            sealing: me.secrets.card_key(),
            counter: plan.counter,
            name: plan.name,
            brokers: plan.brokers.iter().map(|url| url.without_credentials().into_owned()).collect(),
        };
        me.card = Card::sign(&me.secrets.device, me.secrets.certificate(), me.secrets.device_list(), fields);
        if let Some(call) = call {
            let reply = if renamed { self.identity().map(Reply::Identity) } else { Ok(Reply::Done) };
            self.reply(call, reply);
        }
        self.mark_identity();
        self.spread_card();
        self.change_brokers();
    }

    pub(super) fn card_not_kept(&mut self, plan: &Plan) {
        if self.planned.as_ref() == Some(plan) {
            self.planned = None;
        }
    }

    /// Somebody says their card; or says ours, because they know a newer one than they have heard from us.
    pub(super) fn hear_card(&mut self, device: &DeviceKey, root: &RootKey, bytes: &[u8]) {
        let own = self.me.as_ref().map(|me| me.card.root());
        match Card::verify(bytes) {
            Ok(card) if card.root() == *root => {
                if self.renew_card(&card) {
                    self.save_person(root, Pending::Nothing);
                } else {
                    self.remind_of_card(device, &card);
                }
            }
            Ok(card) if Some(card.root()) == own => self.catch_up_with(&card),
            _ => self.drop_counted("a card that does not verify"),
        }
    }

    /// What somebody says is their card is another than the last that we have of them: their database was put back. They are told
    /// the last one, since nobody takes what they sign while it has a lower number.
    fn remind_of_card(&mut self, device: &DeviceKey, said: &Card) {
        let now = self.now.mono;
        let Some(contact) = self.people.get(&said.root()) else { return };
        if contact.card.bytes() == said.bytes() {
            return;
        }
        let (counter, value) = (contact.card.fields().counter, contact.card.bytes().to_vec());
        let frame = Frame::State(State { kind: state::CARD, counter, value });
        let Some(peer) = self.peers.get_mut(device) else { return };
        if peer.open.is_some() {
            self.send_frame(device, &frame);
        } else if peer.seens.allow(now) {
            self.send_mail(device, vec![frame.to_bytes()], None, None);
        }
    }

    /// Somebody has a card of ours that this database does not know: it was put back since. Ours gets a higher number than that one.
    fn catch_up_with(&mut self, seen: &Card) {
        let Some(me) = &self.me else { return };
        let (known, ours) = (me.card.bytes() == seen.bytes(), seen.device().device == me.secrets.device_key());
        let Some(plan) = self.newest_plan().filter(|_| ours && !known) else { return };
        let counter = seen.fields().counter;
        if counter >= plan.counter {
            self.change_card(None, false, Plan { counter, ..plan });
        }
    }

    /// Tells everybody who knows our card of the new one: now, or when they can be reached.
    fn spread_card(&mut self) {
        let frame = self.card_frame();
        for device in self.peers.keys().copied().collect::<Vec<_>>() {
            let Some(peer) = self.peers.get_mut(&device) else { continue };
            // Stays due on an open link: should it break under the card, it goes by mail or over the next one.
            peer.card_due = true;
            let open = peer.open.is_some();
            let reached = self.peers.get(&device).is_some_and(|peer| self.mail_route(peer).is_some());
            if let Some(frame) = frame.as_ref().filter(|_| open) {
                self.send_frame(&device, frame);
            } else if reached {
                self.mail_card(&device);
            }
        }
        // Requests and acceptances carry the card, and the answer goes where it says.
        let waits = |standing, accepting| standing == Standing::Asked || (standing == Standing::Contact && accepting);
        let waiting =
            self.people.iter().filter(|(_, contact)| waits(contact.person.standing, contact.person.accepting));
        for root in waiting.map(|(root, _)| *root).collect::<Vec<_>>() {
            self.hurry(&root);
        }
        self.tick_couriers();
    }

    /// Opens what the settings name, and gives up what they do not name any more.
    fn change_brokers(&mut self) {
        let named = |url: &BrokerUrl| self.settings.brokers.iter().any(|own| *own.without_credentials() == *url);
        let gone = self.brokers.iter().filter(|(url, broker)| broker.own && !named(url));
        let gone: Vec<BrokerUrl> = gone.map(|(url, _)| url.clone()).collect();
        gone.iter().for_each(|url| self.disown(url));
        for login in self.settings.brokers.clone() {
            self.log_in(login);
        }
        self.start_brokers();
        self.mark_brokers();
    }

    /// Where we have sessions already, they begin anew when the login is another one.
    fn log_in(&mut self, login: BrokerUrl) {
        let broker = self.brokers.get_mut(&login.without_credentials());
        let Some(broker) = broker.filter(|broker| broker.url != login) else { return };
        broker.url = login;
        let conns: Vec<BrokerConn> = broker.sessions.values().map(|session| session.conn).collect();
        conns.into_iter().for_each(|conn| self.reopen(conn, Readiness::Connecting));
    }

    /// From now on we do not listen at this broker. When a contact listens there, we still publish.
    fn disown(&mut self, url: &BrokerUrl) {
        let live: Vec<Topic> =
            self.inboxes.keys().flat_map(|inbox| Leaf::LIVE.map(|leaf| Topic::inbox(*inbox, leaf))).collect();
        let needed = self
            .people
            .values()
            .any(|contact| self.may_bring_brokers(contact) && contact.card.fields().brokers.contains(url));
        let Some(broker) = self.brokers.get_mut(url) else { return };
        broker.own = false;
        let sessions = broker.sessions.iter().map(|(kind, session)| (*kind, session.conn));
        let sessions: Vec<(SessionKind, BrokerConn)> = sessions.collect();
        for (kind, conn) in sessions {
            if kind == SessionKind::Live && needed {
                self.change_session(conn, |session| session.mute(live.iter().copied()));
            } else {
                self.close_session(url, kind, conn);
            }
        }
        if !needed {
            self.brokers.remove(url);
            self.mark_reached(url);
        }
    }

    fn close_session(&mut self, url: &BrokerUrl, kind: SessionKind, conn: BrokerConn) {
        // Whatever waits for an answer of this connection must not wait for ever.
        self.session_lost(conn, Readiness::Lost("it is not used any more".to_owned()));
        self.conns.remove(&conn);
        if let Some(broker) = self.brokers.get_mut(url) {
            broker.sessions.remove(&kind);
        }
        self.emit(Output::CloseBroker(conn));
    }
}

/// Reads addresses; one that is named twice counts once. A message never repeats an address: it may hold a password.
fn parse(addresses: &[String]) -> Result<Vec<BrokerUrl>, CommandError> {
    let refused = |message| CommandError::new(ErrorCode::InvalidBroker, message);
    if addresses.len() > BROKERS_MAX {
        return Err(refused(format!("At most {BROKERS_MAX} brokers can be used; these are {}.", addresses.len())));
    }
    let mut brokers: Vec<BrokerUrl> = vec![];
    for (at, address) in addresses.iter().enumerate() {
        let url = BrokerUrl::parse(address)
            .map_err(|error| refused(format!("Address {} is no broker's: {error}.", at.saturating_add(1))))?;
        let same = |other: &BrokerUrl| other.without_credentials() == url.without_credentials();
        if !brokers.iter().any(same) {
            brokers.push(url);
        }
    }
    Ok(brokers)
}
