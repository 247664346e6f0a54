//! How things stand, for people.

use super::state::Contact;
use super::{Engine, Now, Output};
use crate::coordinator::{
    BrokerStatus, ContactView, IdentityView, LinkStatus, Path, RequestView, Snapshot, StatusView,
};
use crate::identity::{Card, safety_number};
use crate::store::Standing;
use crate::wire::RootKey;

impl Engine {
    /// How things are now, for a new subscriber.
    pub fn snapshot(&mut self, now: Now) -> (Snapshot, Vec<Output>) {
        self.now = now;
        let identity: Option<IdentityView> = self.identity().ok();
        let snapshot = Snapshot {
            identity,
            contacts: self.contacts(),
            requests: self.requests().into_iter().filter(|request| request.invited).collect(),
            status: self.status(0),
        };
        (snapshot, self.take())
    }

    fn safety_number(&self, other: &RootKey) -> String {
        self.me.as_ref().map(|me| safety_number(&me.card.root(), other)).unwrap_or_default()
    }

    /// Everybody who asks, with and without an invitation, oldest first.
    pub(super) fn requests(&self) -> Vec<RequestView> {
        let mut people: Vec<&Contact> = self.people.values().collect();
        people.sort_unstable_by_key(|contact| contact.arrival);
        let asking = people.into_iter().filter_map(|contact| {
            let invited = match contact.person.standing {
                Standing::Asking => true,
                Standing::Uninvited => false,
                _ => return None,
            };
            Some(RequestView {
                user_id: contact.card.user().0,
                name: contact.card.fields().name.to_string(),
                safety_number: self.safety_number(&contact.person.root),
                invited,
                warning: card_warning(&contact.card),
            })
        });
        asking.collect()
    }

    /// Contacts, and those we have asked, by name.
    pub(super) fn contacts(&self) -> Vec<ContactView> {
        let shown = |standing| matches!(standing, Standing::Contact | Standing::Asked);
        let mut contacts: Vec<ContactView> = self
            .people
            .values()
            .filter(|contact| shown(contact.person.standing))
            .map(|contact| {
                let device = contact.card.device().device;
                let accepted = contact.person.standing == Standing::Contact;
                ContactView {
                    user_id: contact.card.user().0,
                    name: contact.card.fields().name.to_string(),
                    online: self.peers.get(&device).is_some_and(|peer| peer.open.is_some()),
                    path: if accepted { self.path(&device) } else { Path::None },
                    safety_number: self.safety_number(&contact.person.root),
                    accepted,
                    warning: card_warning(&contact.card),
                }
            })
            .collect();
        contacts.sort_by_cached_key(|contact| (contact.name.to_lowercase(), contact.user_id));
        contacts
    }

    /// Brokers, links, and what waits.
    pub(super) fn status(&self, outbox: u64) -> StatusView {
        let brokers = self.brokers.values().map(|broker| {
            let (state, reason) = Self::broker_state(broker);
            BrokerStatus { url: broker.url.redacted(), state, reason }
        });
        let links = self.peers.iter().filter(|(device, _)| self.is_contact(device)).filter_map(|(device, peer)| {
            let contact = self.people.get(&peer.row.root)?;
            Some(LinkStatus {
                user_id: contact.card.user().0,
                state: Self::link_state(peer.link.state()),
                path: self.path(device),
                rtt_ms: peer.link.rtt().map(|rtt| rtt.as_secs_f64() * 1000.0),
            })
        });
        StatusView { brokers: brokers.collect(), links: links.collect(), outbox, dropped: self.dropped.clone() }
    }

    /// What its owner should know of a card before giving it away.
    pub(super) fn own_card_warning(card: &Card) -> Option<String> {
        if card.fields().brokers.is_empty() {
            return Some("Your link names no broker: nobody can reach you with it.".to_owned());
        }
        card.only_loopback().then(|| {
            "Your link works on this computer only. Start with --lan for your network, or with --broker for everywhere."
                .to_owned()
        })
    }
}

fn card_warning(card: &Card) -> Option<String> {
    card.only_loopback().then(|| {
        "Their card names an address of their own computer: you can write to each other on one computer only."
            .to_owned()
    })
}
