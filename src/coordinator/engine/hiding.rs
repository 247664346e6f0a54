//! Who learns an address of this device: everybody, unless this person hides it from somebody or from all.
//!
//! Hidden means that a link goes through relays only, and without a relay among the ICE servers that there is none:
//! everything goes by mail then. Every command to a link's driver carries what holds at that moment, and a link that was
//! made by another rule is left at once.
//!
//! Nor does anybody from whom it is hidden make this device connect to a broker: with a card they could name one of their own.
//! With them we speak at brokers where we are anyway, our own or those of people who may know where we are.

use uuid::Uuid;

use super::Engine;
use super::io::{CallId, Output};
use super::pending::Pending;
use super::state::PEOPLE_MAX;
use crate::coordinator::{CommandError, ErrorCode, NoLink, Reply};
use crate::link::IceServer;
use crate::link::{self, Policy, State};
use crate::store::Op;
use crate::wire::{DeviceKey, RootKey};

/// People from whom the address is hidden, those who were removed among them: as many as are ever known, twice.
const HIDDEN_FROM_MAX: usize = 2 * PEOPLE_MAX;

impl Engine {
    /// Which of our addresses a device may learn.
    pub(super) fn policy(&self, device: &DeviceKey) -> Policy {
        let Some(root) = self.peers.get(device).map(|peer| peer.row.root) else { return Policy::Never };
        match (self.hides_from(&root), self.settings.relay) {
            (false, _) => Policy::Everything,
            (true, true) => Policy::RelayOnly,
            (true, false) => Policy::Never,
        }
    }

    pub(super) fn hides_from(&self, root: &RootKey) -> bool {
        self.settings.hide_address || self.hidden_from.contains(root)
    }

    /// Why there is no link to somebody, when that is known.
    pub(super) fn no_link(&self, device: &DeviceKey) -> Option<NoLink> {
        let peer = self.peers.get(device)?;
        let (policy, linked) = (self.policy(device), peer.link.path().is_some());
        if !linked && self.hides_from(&peer.row.root) && !self.shares_broker(&peer.row.root) {
            return Some(NoLink::NoSharedBroker);
        }
        match (policy, peer.link.state()) {
            (Policy::Never, _) => Some(NoLink::AddressHidden),
            (Policy::RelayOnly, State::Backoff) => Some(NoLink::RelayFails),
            _ if peer.link.waits_for_an_address() => Some(NoLink::TheyTakeNone),
            _ => None,
        }
    }

    /// Whether one of the brokers in somebody's card is in use, reached or not.
    fn shares_broker(&self, root: &RootKey) -> bool {
        let Some(contact) = self.people.get(root) else { return false };
        contact.card.fields().brokers.iter().any(|url| self.brokers.contains_key(&url.without_credentials()))
    }

    /// From now on these ICE servers are asked. A relay that comes or goes makes a difference to those from whom the
    /// address is hidden.
    pub(super) fn use_ice(&mut self, call: CallId, servers: Vec<String>) {
        self.settings.relay =
            servers.iter().any(|server| server.parse::<IceServer>().is_ok_and(|server| server.is_relay()));
        self.emit(Output::UseIce(servers));
        self.apply_policies();
        self.reply(call, Ok(Reply::Done));
    }

    pub(super) fn hide_address_from_all(&mut self, call: CallId, on: bool) {
        self.settings.hide_address = on;
        self.apply_policies();
        self.reply(call, Ok(Reply::Done));
    }

    pub(super) fn hide_address(&mut self, call: CallId, from: Uuid, on: bool) -> Result<(), CommandError> {
        self.need_identity()?;
        let (root, _) = self.person(from)?;
        if on && self.hidden_from.len() >= HIDDEN_FROM_MAX {
            let full = format!("The address is hidden from {HIDDEN_FROM_MAX} people already.");
            return Err(CommandError::new(ErrorCode::Full, full));
        }
        let op = Op::SaveAddressHidden { root, hidden: on };
        self.ask(Pending::AddressHidden { call, root, on }, op);
        Ok(())
    }

    /// The choice is on disk: now it holds, and then it is confirmed.
    pub(super) fn address_hidden(&mut self, call: CallId, root: &RootKey, on: bool) {
        // Also when they have been removed meanwhile: they may come back.
        if on {
            self.hidden_from.insert(*root);
        } else {
            self.hidden_from.remove(root);
        }
        for device in self.devices_of(root) {
            self.apply_policy(&device);
        }
        self.reach(root);
        self.leave_brokers();
        self.mark_person(root);
        self.reply(call, Ok(Reply::Done));
    }

    fn apply_policies(&mut self) {
        for device in self.peers.keys().copied().collect::<Vec<_>>() {
            self.apply_policy(&device);
        }
        for root in self.people.keys().copied().collect::<Vec<_>>() {
            self.reach(&root);
            self.mark_person(&root);
        }
        self.leave_brokers();
    }

    /// Tells the link of a device what holds now.
    pub(super) fn apply_policy(&mut self, device: &DeviceKey) {
        let policy = self.policy(device);
        self.link(device, link::Input::Policy(policy));
    }
}
