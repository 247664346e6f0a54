//! At which brokers of others we are, and for whose sake.

use std::collections::BTreeSet;

use super::Engine;
use super::state::{Broker, Contact};
use crate::signaling::SessionKind;
use crate::store::Standing;
use crate::wire::RootKey;
use crate::wire::broker_url::{BrokerUrl, Host, is_near};

/// Brokers to which we connect for members of groups who are no contacts: whoever adds us may have invented them all. What reaches
/// nobody there reaches them through other members.
pub(super) const MEMBERS_BROKERS_MAX: usize = 16;

impl Engine {
    /// Makes sure that we can publish to somebody. Only a person whom we asked or accepted, or who is in a group
    /// with us, is ever contacted, and nobody from whom
    /// the address is hidden makes us connect anywhere.
    pub(super) fn reach(&mut self, root: &RootKey) {
        let Some(contact) = self.people.get(root) else { return };
        if !self.may_bring_brokers(contact) {
            return;
        }
        let of_members = !is_asked(contact);
        for url in contact.card.fields().brokers.clone() {
            if of_members && !self.may_open_for_members(&url) {
                self.drop_counted("a broker of somebody in a group that is near, or one too many");
                continue;
            }
            self.open_broker(&url, false, of_members);
            self.open_session(&url, SessionKind::Live, []);
        }
    }

    /// Whether somebody who is no contact can have us speak at this broker: where we are anyway, and at a few others that the
    /// internet knows. What is near may be anything but a broker, and belongs to this computer or its network.
    fn may_open_for_members(&self, url: &BrokerUrl) -> bool {
        let opened = || self.brokers.values().filter(|broker| broker.of_members).count();
        self.brokers.contains_key(&url.without_credentials()) || (!is_near_by(url) && opened() < MEMBERS_BROKERS_MAX)
    }

    /// Whether we connect to the brokers of somebody's card for their sake.
    pub(super) fn may_bring_brokers(&self, contact: &Contact) -> bool {
        (is_asked(contact) || self.is_peer(&contact.card.device().device)) && !self.hides_from(&contact.person.root)
    }

    /// Leaves the brokers of others where nobody is any more whom we asked or accepted and from whom we do not hide: who was
    /// blocked or removed does not see on their broker when we come and go.
    pub(super) fn leave_brokers(&mut self) {
        let people = self.people.values().filter(|contact| self.may_bring_brokers(contact));
        let (asked, members): (Vec<&Contact>, Vec<&Contact>) = people.partition(|contact| is_asked(contact));
        let named = |people: Vec<&Contact>| -> BTreeSet<BrokerUrl> {
            let urls = people.into_iter().flat_map(|contact| &contact.card.fields().brokers);
            urls.map(|url| url.without_credentials().into_owned()).collect()
        };
        let (asked, members) = (named(asked), named(members));
        for (url, broker) in &mut self.brokers {
            broker.of_members = !broker.own && !asked.contains(url);
        }
        let left =
            |(url, broker): &(&BrokerUrl, &Broker)| broker.of_members && (!members.contains(*url) || is_near_by(url));
        let left: Vec<BrokerUrl> = self.brokers.iter().filter(left).map(|(url, _)| url.clone()).collect();
        for url in left {
            self.mark_brokers();
            self.mark_reached(&url);
            for session in self.brokers.remove(&url).into_iter().flat_map(|broker| broker.sessions.into_values()) {
                self.close_conn(session.conn);
            }
        }
    }
}

/// Whether we have asked or accepted somebody: then we have chosen to speak to them.
fn is_asked(contact: &Contact) -> bool {
    matches!(contact.person.standing, Standing::Contact | Standing::Asked)
}

/// Whether a broker is on this computer or in its network, as far as its address tells: what a name leads to is not known here.
fn is_near_by(url: &BrokerUrl) -> bool {
    match url.host() {
        Host::Name(name) => !name.contains('.') || name.ends_with(".local") || name.ends_with(".localhost"),
        Host::V4(ip) => ip.is_unspecified() || is_near((*ip).into()),
        Host::V6(ip) => ip.is_unspecified() || is_near((*ip).into()),
    }
}
