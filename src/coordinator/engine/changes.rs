//! What watchers were told, and what of it is another now.
//!
//! Whoever changes something that people see marks it; [`Engine::flush`] looks at what is marked, and tells what is not as
//! it was told last. A person's row is marked when it is on disk. Conversations are read from the store: one question is
//! under way at a time, and what is marked meanwhile is in the next.
//!
//! The promise: a view taken at any moment, and every delta after it, is what a fresh view would be.

use std::collections::{BTreeMap, BTreeSet};

use super::io::{Now, Output, StoreToken};
use super::pending::Pending;
use super::state::{Broker, With};
use super::{Engine, view};
use crate::coordinator::{BrokerStatus, ChatView, ContactView, Delta, GroupView, IdentityView, RequestView, View};
use crate::identity::{GroupId, UserId};
use crate::log::direct_conversation;
use crate::store::{Op, Standing, Summary};
use crate::wire::broker_url::BrokerUrl;
use crate::wire::{ConversationId, RootKey};

/// Conversations in one question to the store: what comes meanwhile waits a few milliseconds, not a second.
const SUMMARISED_MAX: usize = 128;

/// What watchers were told, and what is marked.
#[derive(Default)]
pub(super) struct Watching {
    /// Somebody has watched. Before that only conversations are marked.
    on: bool,
    identity: bool,
    brokers: bool,
    people: BTreeSet<RootKey>,
    groups: BTreeSet<ConversationId>,
    chats: BTreeSet<ConversationId>,
    question: Question,
    /// Rows of people that are on their way to the disk.
    saving: BTreeMap<StoreToken, RootKey>,
    told_identity: Option<IdentityView>,
    told_brokers: Vec<BrokerStatus>,
    told_people: BTreeMap<RootKey, Face>,
    told_groups: BTreeMap<ConversationId, GroupView>,
    /// Each conversation as it was read last.
    summaries: BTreeMap<ConversationId, Summary>,
}

/// How somebody is shown.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Face {
    /// A contact, or somebody we have asked.
    Contact(ContactView),
    /// Somebody who asks.
    Request(RequestView),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Question {
    #[default]
    None,
    UnderWay,
    /// The disk did not answer. Asked again when something else happens, not for ever.
    Failed,
}

impl Engine {
    /// How things are now, for a new watcher. What older watchers do not know yet is told them by the outputs, which are
    /// to be carried out before the new one listens.
    pub fn watch(&mut self, now: Now) -> (View, Vec<Output>) {
        self.now = now;
        let first = !std::mem::replace(&mut self.watching.on, true);
        self.watching.identity = true;
        self.watching.brokers = true;
        let known = self.people.keys().chain(self.watching.told_people.keys()).copied().collect();
        self.watching.people = known;
        self.watching.groups = self.groups.values().copied().collect();
        let deltas = self.changes();
        if !first && !deltas.is_empty() {
            self.emit(Output::Deltas(deltas));
        }
        let chats = self.people.iter().filter(|(_, contact)| contact.person.standing == Standing::Contact);
        let group_chats = self.groups.values().filter_map(|conversation| self.group_chat(conversation));
        let view = View {
            identity: self.watching.told_identity.clone(),
            contacts: self.contacts(),
            requests: self.requests(),
            chats: chats.filter_map(|(root, _)| self.chat(root)).chain(group_chats).collect(),
            brokers: self.watching.told_brokers.clone(),
            groups: self.group_views(),
        };
        self.summarise();
        (view, self.take())
    }

    /// Tells what has changed since the last time.
    pub(super) fn tell_changes(&mut self) {
        if !self.watching.on {
            return;
        }
        let deltas = self.changes();
        if !deltas.is_empty() {
            self.emit(Output::Deltas(deltas));
        }
        self.summarise();
    }

    fn changes(&mut self) -> Vec<Delta> {
        let mut deltas = vec![];
        if std::mem::take(&mut self.watching.identity)
            && let Ok(identity) = self.identity()
            && self.watching.told_identity.as_ref() != Some(&identity)
        {
            self.watching.told_identity = Some(identity.clone());
            deltas.push(Delta::Identity(identity));
        }
        for root in std::mem::take(&mut self.watching.people) {
            self.person_changes(&root, &mut deltas);
        }
        for conversation in std::mem::take(&mut self.watching.groups) {
            self.group_changes(&conversation, &mut deltas);
        }
        if std::mem::take(&mut self.watching.brokers) {
            let brokers = self.broker_list();
            if self.watching.told_brokers != brokers {
                self.watching.told_brokers.clone_from(&brokers);
                deltas.push(Delta::Brokers(brokers));
            }
        }
        deltas
    }

    fn group_changes(&mut self, conversation: &ConversationId, deltas: &mut Vec<Delta>) {
        let Some(view) = self.group_view(conversation) else { return };
        let told = self.watching.told_groups.insert(*conversation, view.clone());
        if told.as_ref() == Some(&view) {
            return;
        }
        deltas.push(Delta::Group(view));
        if told.is_none() {
            deltas.extend(self.group_chat(conversation).map(Delta::Chat));
        }
    }

    fn person_changes(&mut self, root: &RootKey, deltas: &mut Vec<Delta>) {
        let face = self.face(root);
        let told = self.watching.told_people.get(root);
        if told == face.as_ref() {
            return;
        }
        match (told, &face) {
            (Some(Face::Contact(_)), Some(Face::Contact(_))) | (Some(Face::Request(_)), Some(Face::Request(_))) => {}
            (Some(Face::Contact(gone)), _) => deltas.push(Delta::ContactGone(gone.user_id)),
            (Some(Face::Request(gone)), _) => deltas.push(Delta::RequestGone(gone.user_id)),
            (None, _) => {}
        }
        let talked = matches!(told, Some(Face::Contact(contact)) if contact.accepted);
        match face {
            Some(face) => {
                match &face {
                    Face::Contact(contact) => {
                        deltas.push(Delta::Contact(contact.clone()));
                        if contact.accepted && !talked {
                            deltas.extend(self.chat(root).map(Delta::Chat));
                        }
                    }
                    Face::Request(request) => deltas.push(Delta::Request(request.clone())),
                }
                self.watching.told_people.insert(*root, face);
            }
            None => drop(self.watching.told_people.remove(root)),
        }
    }

    /// Asks the store for the conversations that are marked.
    fn summarise(&mut self) {
        if self.watching.question != Question::None || self.watching.chats.is_empty() || self.finishing.is_some() {
            return;
        }
        let mut asked = vec![];
        while asked.len() < SUMMARISED_MAX
            && let Some(id) = self.watching.chats.pop_first()
        {
            asked.push(id);
        }
        self.watching.question = Question::UnderWay;
        self.ask(Pending::Summaries(asked.clone()), Op::Summarise(asked));
    }

    /// The store has read them. Each is told, also when its line is the same: a message further up may be another.
    pub(super) fn summarised(&mut self, summaries: Vec<Summary>) {
        self.watching.question = Question::None;
        let mut deltas = vec![];
        for summary in summaries {
            let conversation = summary.conversation;
            self.watching.summaries.insert(conversation, summary);
            match self.conversations.get(&conversation).map(|known| &known.with) {
                Some(With::Person(root)) => {
                    let told = self.watching.told_people.get(root);
                    if matches!(told, Some(Face::Contact(contact)) if contact.accepted) {
                        deltas.extend(self.chat(root).map(Delta::Chat));
                    }
                }
                Some(With::Group(_)) if self.watching.told_groups.contains_key(&conversation) => {
                    deltas.extend(self.group_chat(&conversation).map(Delta::Chat));
                }
                _ => {}
            }
        }
        if !deltas.is_empty() {
            self.emit(Output::Deltas(deltas));
        }
    }

    pub(super) fn not_summarised(&mut self, asked: Vec<ConversationId>) {
        self.watching.question = Question::Failed;
        self.watching.chats.extend(asked);
    }

    /// What the store knew at the start.
    pub(super) fn remember_summaries(&mut self, summaries: Vec<Summary>) {
        self.watching.summaries = summaries.into_iter().map(|summary| (summary.conversation, summary)).collect();
    }

    /// A conversation as a list shows it.
    fn chat(&self, root: &RootKey) -> Option<ChatView> {
        let me = self.me.as_ref()?.card.root();
        Some(self.chat_of(&me, &direct_conversation(&me, root), UserId::from(root).0))
    }

    /// The same for a group's.
    fn group_chat(&self, conversation: &ConversationId) -> Option<ChatView> {
        self.joined(conversation)?;
        Some(self.chat_of(&self.me.as_ref()?.card.root(), conversation, GroupId::from(conversation).0))
    }

    fn chat_of(&self, me: &RootKey, conversation: &ConversationId, with: uuid::Uuid) -> ChatView {
        let nothing = || ChatView { user_id: with, ..ChatView::default() };
        self.watching.summaries.get(conversation).map_or_else(nothing, |summary| view::chat(me, with, summary))
    }

    /// Each broker in use, our own first and in their order. The next attempt of one that is away is no news.
    fn broker_list(&self) -> Vec<BrokerStatus> {
        let place = |url: &BrokerUrl| {
            let same = |own: &BrokerUrl| own.without_credentials() == url.without_credentials();
            self.settings.brokers.iter().position(same).unwrap_or(usize::MAX)
        };
        let mut brokers: Vec<_> = self.brokers.iter().collect();
        brokers.sort_by_key(|(url, broker)| (!broker.own, place(url)));
        let status = |(url, broker): (&BrokerUrl, &Broker)| {
            let own = broker.own;
            let (state, reason) = Self::broker_state(broker);
            let url = url.redacted();
            let again = |told: &&BrokerStatus| told.url == url && told.own == own && told.is_retried_by(state);
            let told = self.watching.told_brokers.iter().find(again);
            told.cloned().unwrap_or(BrokerStatus { url, own, state, reason })
        };
        brokers.into_iter().map(status).collect()
    }

    /// Whether anybody watches.
    pub(super) fn is_watched(&self) -> bool {
        self.watching.on
    }

    /// Somebody may be shown differently now.
    pub(super) fn mark_person(&mut self, root: &RootKey) {
        if self.watching.on {
            self.watching.people.insert(*root);
        }
    }

    /// A group may be shown differently now.
    pub(super) fn mark_group(&mut self, conversation: &ConversationId) {
        if self.watching.on {
            self.watching.groups.insert(*conversation);
        }
    }

    /// Somebody may be shown differently in the groups that they are in.
    pub(super) fn mark_groups_of(&mut self, root: &RootKey) {
        if self.watching.on {
            let with = |joined: &super::members::Joined| joined.membership.member(root).is_some();
            let groups = self.groups.values().filter(|group| self.joined(group).is_some_and(with));
            self.watching.groups.extend(groups.copied().collect::<Vec<_>>());
        }
    }

    /// Everybody who is reached through this broker may be shown differently now.
    pub(super) fn mark_reached(&mut self, url: &BrokerUrl) {
        if self.watching.on {
            let address = url.without_credentials();
            let through = |broker: &BrokerUrl| broker.without_credentials() == address;
            let reached = self.people.iter().filter(|(_, contact)| contact.card.fields().brokers.iter().any(through));
            let roots: Vec<RootKey> = reached.map(|(root, _)| *root).collect();
            self.watching.people.extend(roots);
        }
    }

    /// A conversation changed on disk.
    pub(super) fn mark_chat(&mut self, conversation: &ConversationId) {
        self.watching.chats.insert(*conversation);
        if self.watching.question == Question::Failed {
            self.watching.question = Question::None;
        }
    }

    /// The own name, link or warning may be another.
    pub(super) fn mark_identity(&mut self) {
        self.watching.identity = true;
    }

    /// A broker may be new, gone, or stand differently.
    pub(super) fn mark_brokers(&mut self) {
        self.watching.brokers = true;
    }

    /// Something is on its way to the disk: whoever it is about is marked when it is there, or could not be.
    pub(super) fn note_asked(&mut self, token: StoreToken, op: &Op) {
        let root = match op {
            Op::SavePerson(person) => person.root,
            Op::DeletePerson(root) => *root,
            _ => return,
        };
        if self.watching.on {
            self.watching.saving.insert(token, root);
        }
    }

    /// The store has answered.
    pub(super) fn note_answered(&mut self, token: StoreToken) {
        if let Some(root) = self.watching.saving.remove(&token) {
            self.watching.people.insert(root);
            self.mark_groups_of(&root);
        }
    }
}
