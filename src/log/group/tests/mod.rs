//! Groups: stories of each rule, and random histories against a model that was written from the rules alone.

mod beside;
mod body;
mod model;
mod random;
mod said;
pub(super) mod steps;
mod stories;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use rand::{SeedableRng, rngs::StdRng};

use super::*;
use crate::identity::{Card, Name, Secrets};
use crate::log::group_conversation;
use crate::wire::broker_url::BrokerUrl;

/// As many people as there are names in the stories, and some more.
const PEOPLE: usize = 8;

pub(super) struct Person {
    pub secrets: Secrets,
    pub card: Card,
}

pub(super) fn person(seed: u64) -> Person {
    let (secrets, card) = crate::identity::tests::person(seed);
    Person { secrets, card }
}

static EVERYBODY: LazyLock<Vec<Person>> = LazyLock::new(|| (0..PEOPLE as u64).map(person).collect());

pub(super) fn root(who: usize) -> RootKey {
    EVERYBODY[who].secrets.root_key()
}

pub(super) fn card(who: usize) -> Card {
    EVERYBODY[who].card.clone()
}

pub(super) fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

pub(super) fn add(who: usize) -> Action {
    Action::Add { card: Box::new(card(who)) }
}

pub(super) fn remove(who: usize) -> Action {
    Action::Remove { root: root(who), cut: vec![] }
}

pub(super) fn promote(who: usize) -> Action {
    Action::Promote { root: root(who) }
}

pub(super) fn demote(who: usize) -> Action {
    Action::Demote { root: root(who) }
}

pub(super) fn rename(text: &str) -> Action {
    Action::Rename { name: name(text), hue: None }
}

/// A set of facts, with whole pasts.
#[derive(Clone)]
pub(super) struct Room {
    pub conversation: ConversationId,
    pub facts: Vec<Fact>,
    pub past: BTreeMap<EntryId, BTreeSet<EntryId>>,
    /// What nobody honest takes (rule 10).
    pub beside: BTreeSet<EntryId>,
    salt: u64,
}

impl Room {
    /// A group that person 0 has made with these others.
    pub fn new(salt: u64, others: &[usize], history: bool) -> (Self, EntryId) {
        let (facts, past, beside) = (vec![], BTreeMap::new(), BTreeSet::new());
        let mut room = Self { conversation: ConversationId([0; 32]), facts, past, beside, salt };
        let cards = std::iter::once(0).chain(others.iter().copied()).map(card).collect();
        let creation = room.write(0, &[], Some(Action::Create { name: name("Created"), hue: 7, history, cards }));
        room.conversation = group_conversation(&creation);
        (room, creation)
    }

    /// Somebody writes what has seen these and their pasts.
    pub fn write(&mut self, by: usize, seen: &[EntryId], action: Option<Action>) -> EntryId {
        self.write_with(by, EVERYBODY[by].secrets.device_key(), seen, action)
    }

    pub fn write_with(&mut self, by: usize, device: DeviceKey, seen: &[EntryId], action: Option<Action>) -> EntryId {
        let number = self.facts.len() as u64;
        let seed = [self.salt.to_be_bytes(), number.to_be_bytes()].concat();
        let id = EntryId(blake3::derive_key("kith test entry", &seed));
        let mut past = BTreeSet::new();
        for entry in seen {
            past.insert(*entry);
            past.extend(&self.past[entry]);
        }
        // Clocks are wrong: the later, the earlier.
        let time = 1_000_000 - number;
        let has_card = |fact: &Fact| fact.cards().iter().any(|card| card.root() == root(by));
        let introduced = self.facts.iter().any(|fact| past.contains(&fact.id) && has_card(fact));
        if number > 0 && (!introduced || past.iter().any(|id| self.beside.contains(id))) {
            self.beside.insert(id);
        }
        self.past.insert(id, past);
        self.facts.push(Fact { id, author: root(by), device, time, seen: seen.to_vec(), action });
        id
    }

    /// The group from these facts in this order; who must wait for somebody waits.
    pub fn arrive(&self, order: impl IntoIterator<Item = usize>) -> Group {
        let mut group = Group::new(self.conversation);
        let mut waiting: Vec<&Fact> = vec![];
        for number in order {
            waiting.push(&self.facts[number]);
            let mut moved = true;
            while std::mem::take(&mut moved) {
                waiting.retain(|fact| {
                    let taken = group.add((*fact).clone()).is_ok();
                    moved |= taken;
                    !taken
                });
            }
        }
        group
    }

    pub fn group(&self) -> Group {
        self.arrive(0..self.facts.len())
    }

    pub fn membership(&self) -> Membership {
        self.group().fold().membership().unwrap()
    }

    /// Who is in, by number, and whether an admin, the longest first.
    pub fn people(&self) -> Vec<(usize, bool)> {
        let number = |wanted: &RootKey| (0..PEOPLE).find(|who| root(*who) == *wanted).unwrap();
        self.membership().members.iter().map(|member| (number(&member.root), member.admin.is_some())).collect()
    }

    pub fn verdict(&self, id: &EntryId) -> Result<(), Void> {
        self.group().fold().verdict(id).unwrap()
    }
}
