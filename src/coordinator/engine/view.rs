//! How things stand, for people.

use super::changes::Face;
use super::state::Contact;
use super::{Engine, Now, Output};
use crate::coordinator::{
    BrokerState, BrokerStatus, ChatView, ContactView, IdentityView, LAST_LINE_CHARS_MAX, LastMessage, LinkStatus,
    MessageState, MessageView, MissingView, NoLink, Path, QUOTE_CHARS_MAX, Quote, ReactionView, RequestView, Snapshot,
    StatusView,
};
use crate::identity::{Card, UserId, safety_number, visible};
use crate::log::fold::{Content, Reacted};
use crate::store::{Chosen, LastRow, MessageRow, Missing, Progress, QuoteRow, Standing, Summary, Way};
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
        let asking = self.people.values().filter_map(|contact| Some((contact.arrival, self.request_view(contact)?)));
        let mut asking: Vec<(u64, RequestView)> = asking.collect();
        asking.sort_by_key(|(arrival, _)| *arrival);
        asking.into_iter().map(|(_, request)| request).collect()
    }

    fn request_view(&self, contact: &Contact) -> Option<RequestView> {
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
            address_hidden: self.hidden_from.contains(&contact.person.root),
            warning: card_warning(&contact.card),
        })
    }

    /// How somebody is shown, if at all.
    pub(super) fn face(&self, root: &RootKey) -> Option<Face> {
        let contact = self.people.get(root)?;
        let request = || self.request_view(contact).map(Face::Request);
        self.contact_view(contact).map(Face::Contact).or_else(request)
    }

    /// Contacts, and those we have asked, by name.
    pub(super) fn contacts(&self) -> Vec<ContactView> {
        let mut contacts: Vec<ContactView> =
            self.people.values().filter_map(|contact| self.contact_view(contact)).collect();
        contacts.sort_by_cached_key(|contact| (contact.name.to_lowercase(), contact.user_id));
        contacts
    }

    /// Those who are blocked, by name. Of them only the name is shown: nothing of theirs reaches us.
    pub(super) fn blocked(&self) -> Vec<ContactView> {
        let blocked = self.people.values().filter(|contact| contact.person.standing == Standing::Blocked);
        let mut blocked: Vec<ContactView> = blocked
            .map(|contact| ContactView {
                user_id: contact.card.user().0,
                name: contact.card.fields().name.to_string(),
                nickname: self.nicknames.get(&contact.person.root).cloned(),
                online: false,
                path: Path::None,
                reason: None,
                address_hidden: self.hidden_from.contains(&contact.person.root),
                safety_number: self.safety_number(&contact.person.root),
                accepted: false,
                warning: None,
            })
            .collect();
        blocked.sort_by_cached_key(|contact| (contact.name.to_lowercase(), contact.user_id));
        blocked
    }

    fn contact_view(&self, contact: &Contact) -> Option<ContactView> {
        let accepted = match contact.person.standing {
            Standing::Contact => true,
            Standing::Asked => false,
            _ => return None,
        };
        let device = contact.card.device().device;
        Some(ContactView {
            user_id: contact.card.user().0,
            name: contact.card.fields().name.to_string(),
            nickname: self.nicknames.get(&contact.person.root).cloned(),
            online: self.peers.get(&device).is_some_and(|peer| peer.open.is_some()),
            path: if accepted { self.path(&device) } else { Path::None },
            reason: self.no_link(&device).filter(|reason| accepted || *reason == NoLink::NoSharedBroker),
            address_hidden: self.hidden_from.contains(&contact.person.root),
            safety_number: self.safety_number(&contact.person.root),
            accepted,
            warning: card_warning(&contact.card),
        })
    }

    /// Brokers, links, and what waits.
    pub(super) fn status(&self, outbox: u64) -> StatusView {
        let brokers = self.brokers.values().map(|broker| {
            let (state, reason) = Self::broker_state(broker);
            BrokerStatus { url: broker.url.redacted(), own: broker.own, state, reason }
        });
        let links = self.peers.iter().filter(|(device, _)| self.is_contact(device)).filter_map(|(device, peer)| {
            let contact = self.people.get(&peer.row.root)?;
            Some(LinkStatus {
                user_id: contact.card.user().0,
                state: Self::link_state(peer.link.state()),
                path: self.path(device),
                reason: self.no_link(device),
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

/// A conversation as a list shows it.
pub(super) fn chat(me: &RootKey, with: uuid::Uuid, summary: &Summary) -> ChatView {
    let last = |last: &LastRow| LastMessage {
        id: last.id.to_string(),
        from: UserId::from(&last.author).0,
        mine: last.author == *me,
        text: line(&last.text),
        at: last.time,
        state: message_state(last.progress, last.read),
        deleted: last.deleted,
        newer: last.newer,
    };
    ChatView {
        user_id: with,
        last: summary.last.as_ref().map(last),
        unread: summary.unread,
        activity: summary.activity,
        draft: summary.draft.clone(),
        muted_until: muted_until(&summary.chosen),
        pinned: summary.chosen.pinned,
        archived: summary.chosen.archived,
        missing: summary.gaps.missing.iter().map(missing).collect(),
        forked: summary.gaps.forked.iter().map(|author| UserId::from(author).0).collect(),
    }
}

/// What has not arrived, for people.
fn missing(missing: &Missing) -> MissingView {
    let user = |root: &RootKey| UserId::from(root).0;
    MissingView {
        author: missing.author.as_ref().map(user),
        count: missing.count,
        held_by: missing.held_by.iter().map(user).collect(),
    }
}

/// Until when a conversation is silent, for people.
pub(super) fn muted_until(chosen: &Chosen) -> Option<u64> {
    Some(chosen.muted_until).filter(|time| *time > 0)
}

/// The beginning of a text on one line.
fn line(text: &str) -> String {
    let blank = |c: char| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c };
    visible(text).chars().map(blank).take(LAST_LINE_CHARS_MAX).collect()
}

/// A message as people see it.
pub(super) fn message(row: MessageRow) -> MessageView {
    let user = |root: &RootKey| UserId::from(root).0;
    let (text, deleted, newer) = match row.folded.content {
        Content::Text(text) => (visible(&text), false, false),
        Content::Deleted => (String::new(), true, false),
        Content::Newer => (String::new(), false, true),
    };
    let quote = |quote: QuoteRow| Quote {
        id: quote.id.to_string(),
        from: user(&quote.author),
        text: visible(&quote.text).chars().take(QUOTE_CHARS_MAX).collect(),
        deleted: quote.deleted,
    };
    let reaction = |reacted: Reacted| {
        let by = reacted.by.iter().map(|(who, _)| user(who)).collect();
        ReactionView { emoji: reacted.emoji, by }
    };
    MessageView {
        id: row.id.to_string(),
        from: user(&row.author),
        text,
        at: row.time,
        state: message_state(row.progress, row.read),
        path: row.way.map(path_of),
        edited: row.folded.edit.is_some(),
        deleted,
        newer,
        reply_to: row.quote.filter(|_| !deleted).map(quote),
        reactions: row.folded.reactions.into_iter().map(reaction).collect(),
        forwarded: row.folded.forwarded,
    }
}

/// How a message travelled, for people.
pub(super) fn path_of(way: Way) -> Path {
    match way {
        Way::Direct => Path::Direct,
        Way::Relay => Path::Relay,
        Way::Mail => Path::Mail,
    }
}

/// How far a message has come, for people.
pub(super) fn message_state(progress: Progress, read: bool) -> MessageState {
    match progress {
        Progress::Queued | Progress::Sent | Progress::Delivered if read => MessageState::Read,
        Progress::Queued => MessageState::Queued,
        Progress::Sent => MessageState::Sent,
        Progress::Delivered => MessageState::Delivered,
        Progress::Received => MessageState::Received,
    }
}

impl BrokerStatus {
    /// Whether this was away, and is only being tried again.
    pub(super) fn is_retried_by(&self, state: BrokerState) -> bool {
        state == BrokerState::Connecting && matches!(self.state, BrokerState::Unreachable | BrokerState::Refused)
    }
}

fn card_warning(card: &Card) -> Option<String> {
    card.only_loopback().then(|| {
        "Their card names an address of their own computer: you can write to each other on one computer only."
            .to_owned()
    })
}
