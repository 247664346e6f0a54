//! Who learns an address of this device: everybody, unless this person hides it from somebody or from all.
//!
//! Hidden means that a link goes through relays only, and without a relay among the ICE servers that there is none:
//! everything goes by mail then. Every command to a link's driver carries what holds at that moment, and a link that was
//! made by another rule is left at once.

use uuid::Uuid;

use super::Engine;
use super::io::{CallId, Output};
use super::state::Pending;
use crate::coordinator::{CommandError, NoLink, Reply};
use crate::link::driver::IceServer;
use crate::link::{self, Policy};
use crate::store::Op;
use crate::wire::{DeviceKey, RootKey};

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

    fn hides_from(&self, root: &RootKey) -> bool {
        self.settings.hide_address || self.hidden_from.contains(root)
    }

    /// Why there is no link to somebody, when the reason is here.
    pub(super) fn no_link(&self, device: &DeviceKey) -> Option<NoLink> {
        (self.policy(device) == Policy::Never).then_some(NoLink::AddressHidden)
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
        let op = Op::SaveAddressHidden { root, hidden: on };
        self.ask(Pending::AddressHidden { call, root, on }, op);
        Ok(())
    }

    /// The choice is on disk: now it holds, and then it is confirmed.
    pub(super) fn address_hidden(&mut self, call: CallId, root: &RootKey, on: bool) {
        if !on {
            self.hidden_from.remove(root);
        } else if self.people.contains_key(root) {
            self.hidden_from.insert(*root);
        }
        for device in self.devices_of(root) {
            self.apply_policy(&device);
        }
        self.mark_person(root);
        self.reply(call, Ok(Reply::Done));
    }

    fn apply_policies(&mut self) {
        for device in self.peers.keys().copied().collect::<Vec<_>>() {
            self.apply_policy(&device);
        }
        for root in self.people.keys().copied().collect::<Vec<_>>() {
            self.mark_person(&root);
        }
    }

    /// Tells the link of a device what holds now.
    pub(super) fn apply_policy(&mut self, device: &DeviceKey) {
        let policy = self.policy(device);
        self.link(device, link::Input::Policy(policy));
    }
}
