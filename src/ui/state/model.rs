//! Everything that is shown outside an open conversation.

use std::collections::HashMap;

use dioxus::prelude::*;
use uuid::Uuid;

use super::Thread;
use crate::coordinator::{
    BrokerState, BrokerStatus, ChatView, ContactView, Delta, GroupView, IdentityView, Path, RequestView, View,
};
use crate::host::Settings;

/// Somebody as the window knows them.
#[derive(Clone, Debug, PartialEq, Store)]
pub struct Person {
    /// Who they are, and whether they are there.
    pub contact: ContactView,
    /// The conversation with them, as a list shows it.
    pub chat: ChatView,
    /// They are a group.
    pub group: Option<GroupView>,
}

impl Person {
    /// What this person calls them.
    #[must_use]
    pub fn name(&self) -> &str {
        self.contact.nickname.as_deref().unwrap_or(&self.contact.name)
    }
}

/// What the window knows.
#[derive(Clone, Debug, Default, PartialEq, Store)]
pub struct Model {
    /// Whether the coordinator has told anything yet.
    pub ready: bool,
    /// The coordinator has stopped.
    pub ended: bool,
    /// This person.
    pub identity: Option<IdentityView>,
    /// Contacts, and those we have asked.
    pub people: HashMap<Uuid, Person>,
    /// The conversations, as they are listed: pinned ones, then those in which nothing was said yet, then the latest.
    pub chats: Vec<Uuid>,
    /// Those that stand apart, in the same order.
    pub archived: Vec<Uuid>,
    /// Those we have asked, by name.
    pub asked: Vec<Uuid>,
    /// Those who ask, oldest first.
    pub requests: Vec<RequestView>,
    /// Brokers in use, our own first.
    pub brokers: Vec<BrokerStatus>,
    /// What this person chose for this device.
    pub settings: Settings,
    /// How things stand, as the status line says it.
    pub standing: Standing,
    /// Whether we are at a meeting point, whatever else holds.
    pub meeting: Meeting,
    /// Who types where: conversation and person, the first one in front.
    pub typing: Vec<(Uuid, Uuid)>,
    /// The conversation on the screen.
    pub thread: Thread,
}

/// A place of the model that is another one now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// All of it.
    Everything,
    /// [`Model::identity`].
    Identity,
    /// One of [`Model::people`]; also when they are gone.
    Person(Uuid),
    /// [`Model::chats`], [`Model::archived`] and [`Model::asked`].
    Lists,
    /// [`Model::requests`].
    Requests,
    /// [`Model::brokers`].
    Brokers,
    /// [`Model::typing`].
    Typing,
    /// The messages with somebody: whoever shows them looks again.
    Messages(Uuid),
}

impl Model {
    /// Begins anew with a fresh view. Settings, and the conversation on the screen, stay.
    pub fn begin(&mut self, view: View) -> Vec<Changed> {
        let mut chats: HashMap<Uuid, ChatView> = view.chats.into_iter().map(|chat| (chat.user_id, chat)).collect();
        self.people = view
            .contacts
            .into_iter()
            .map(|contact| {
                let user = contact.user_id;
                let chat = chats.remove(&user).unwrap_or(ChatView { user_id: user, ..ChatView::default() });
                (user, Person { contact, chat, group: None })
            })
            .collect();
        for group in view.groups {
            let user = group.group_id;
            let chat = chats.remove(&user).unwrap_or(ChatView { user_id: user, ..ChatView::default() });
            self.people.insert(user, Person::of_group(group, chat));
        }
        self.identity = view.identity;
        self.requests = view.requests;
        self.brokers = view.brokers;
        // Who still types says so again.
        self.typing.clear();
        self.ready = true;
        self.list();
        let open = self.thread.with.map(Changed::Messages);
        [Changed::Everything].into_iter().chain(open).collect()
    }

    /// Applies what changed. Applying the same twice is the same as once.
    pub fn apply(&mut self, delta: &Delta) -> Vec<Changed> {
        match delta {
            Delta::Identity(identity) => {
                self.identity = Some(identity.clone());
                vec![Changed::Identity]
            }
            Delta::Contact(contact) => self.contact(contact),
            Delta::ContactGone(user) => {
                self.people.remove(user);
                self.list();
                vec![Changed::Person(*user), Changed::Lists]
            }
            Delta::Request(request) => {
                match self.requests.iter_mut().find(|known| known.user_id == request.user_id) {
                    Some(known) => *known = request.clone(),
                    None => self.requests.push(request.clone()),
                }
                vec![Changed::Requests]
            }
            Delta::RequestGone(user) => {
                self.requests.retain(|request| request.user_id != *user);
                vec![Changed::Requests]
            }
            Delta::Chat(chat) => self.chat(chat),
            Delta::Brokers(brokers) => {
                self.brokers.clone_from(brokers);
                vec![Changed::Brokers]
            }
            Delta::Group(view) => self.group(view),
            Delta::Typing { with, from, on } => {
                let there = (*with, *from);
                match on {
                    true if self.typing.contains(&there) => {}
                    true => self.typing.push(there),
                    false => self.typing.retain(|known| *known != there),
                }
                vec![Changed::Typing]
            }
        }
    }

    fn contact(&mut self, contact: &ContactView) -> Vec<Changed> {
        let user = contact.user_id;
        let listed = |person: &Person| (person.contact.accepted, person.name().to_lowercase());
        let before = self.people.get(&user).map(listed);
        let chat = self.people.remove(&user).map_or(ChatView { user_id: user, ..ChatView::default() }, |old| old.chat);
        let person = Person { contact: contact.clone(), chat, group: None };
        let moved = before != Some(listed(&person));
        self.people.insert(user, person);
        if moved {
            self.list();
            return vec![Changed::Person(user), Changed::Lists];
        }
        vec![Changed::Person(user)]
    }

    fn chat(&mut self, chat: &ChatView) -> Vec<Changed> {
        let user = chat.user_id;
        let Some(person) = self.people.get_mut(&user) else { return vec![] };
        let place = |chat: &ChatView| (chat.activity, chat.pinned, chat.archived);
        let moved = place(&person.chat) != place(chat);
        person.chat = chat.clone();
        if moved {
            self.list();
            return vec![Changed::Person(user), Changed::Lists, Changed::Messages(user)];
        }
        vec![Changed::Person(user), Changed::Messages(user)]
    }

    pub(super) fn list(&mut self) {
        let by_name = |user: &Uuid| self.people.get(user).map(|person| person.name().to_lowercase());
        let said = |user: &Uuid| self.people.get(user).map_or(0, |person| person.chat.activity);
        let (mut chats, mut asked): (Vec<Uuid>, Vec<Uuid>) =
            self.people.keys().partition(|user| self.people.get(*user).is_some_and(|person| person.contact.accepted));
        // 0, nothing said, becomes the highest: somebody new is on top until the first word.
        let chosen = |user: &Uuid| self.people.get(user).map(|person| (!person.chat.pinned, person.chat.archived));
        let pinned = |user: &Uuid| chosen(user).map(|(unpinned, _)| unpinned);
        chats.sort_by_cached_key(|user| {
            (pinned(user), std::cmp::Reverse(said(user).wrapping_sub(1)), by_name(user), *user)
        });
        let (archived, chats) = chats.into_iter().partition(|user| chosen(user).is_some_and(|(_, archived)| archived));
        asked.sort_by_cached_key(|user| (by_name(user), *user));
        self.chats = chats;
        self.archived = archived;
        self.asked = asked;
    }

    /// Brings [`Model::standing`] and [`Model::meeting`] up to date; says whether one of them is another now.
    pub fn settle(&mut self) -> bool {
        let meeting = self.meets();
        let now = (self.stands(meeting), meeting);
        let before = (self.standing, self.meeting);
        (self.standing, self.meeting) = now;
        before != now
    }

    fn stands(&self, meeting: Meeting) -> Standing {
        let linked = |person: &&Person| matches!(person.contact.path, Path::Direct | Path::Relay);
        let linked = self.people.values().filter(linked).count();
        if self.ended {
            Standing::Ended
        } else if !self.ready {
            Standing::Starting
        } else if linked > 0 {
            Standing::Linked(linked)
        } else if meeting == Meeting::Reached && !(self.chats.is_empty() && self.archived.is_empty()) {
            Standing::Ready
        } else {
            Standing::Unlinked
        }
    }

    fn meets(&self) -> Meeting {
        // Where contacts are met does not make us reachable.
        let own = || self.brokers.iter().filter(|broker| broker.own);
        let any = |state| own().any(|broker| broker.state == state);
        if own().next().is_none() {
            Meeting::Nowhere
        } else if any(BrokerState::Connected) {
            Meeting::Reached
        } else if any(BrokerState::Connecting) {
            Meeting::Connecting
        } else if any(BrokerState::Refused) {
            Meeting::Refused
        } else {
            Meeting::Unreachable
        }
    }
}

/// How things stand, for the status line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// Nothing is known yet.
    #[default]
    Starting,
    /// Links to so many people.
    Linked(usize),
    /// A broker has us, and nobody is there.
    Ready,
    /// There is nobody to write to, or no broker has us: [`Meeting`] says which.
    Unlinked,
    /// The coordinator has stopped.
    Ended,
}

/// Whether one of our own brokers has us: how others find this person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Meeting {
    /// There is no broker of ours at all.
    #[default]
    Nowhere,
    /// One has us.
    Reached,
    /// On the way to one.
    Connecting,
    /// They said no.
    Refused,
    /// None answers.
    Unreachable,
}
