//! A group of five people who know of each other's entries what they were told, and what of all that a store shows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use rand::seq::SliceRandom;
use rand::{RngExt, rngs::StdRng};

use super::super::*;
use crate::identity::tests::person;
use crate::identity::{Card, Name, Secrets};
use crate::log::Deletion;
use crate::log::group::{Action, Fact, Group, Last, Written};
use crate::wire::OWN_CONVERSATION;

pub(super) const PEOPLE: usize = 5;

pub(super) static EVERYBODY: LazyLock<Vec<(Secrets, Card)>> =
    LazyLock::new(|| (0..PEOPLE as u64).map(person).collect());

pub(super) fn root(who: usize) -> RootKey {
    EVERYBODY[who].0.root_key()
}

/// Where somebody's log stands; they may have two branches of it, if they cheat.
#[derive(Clone, Default)]
pub(super) struct Pen {
    pub(super) next: u64,
    pub(super) last: Option<EntryId>,
}

pub(super) struct Room {
    pub(super) conversation: ConversationId,
    pub(super) entries: Vec<Entry>,
    pub(super) past: BTreeMap<EntryId, BTreeSet<EntryId>>,
    pub(super) pens: Vec<Pen>,
    pub(super) known: Vec<BTreeSet<EntryId>>,
    /// What stands beside the group: nobody honest builds on it.
    pub(super) beside: BTreeSet<EntryId>,
    pub(super) salt: u8,
}

impl Room {
    pub(super) fn new(others: usize) -> Self {
        let mut room = Self {
            conversation: OWN_CONVERSATION,
            entries: vec![],
            past: BTreeMap::new(),
            pens: vec![Pen::default(); PEOPLE],
            known: vec![BTreeSet::new(); PEOPLE],
            beside: BTreeSet::new(),
            salt: 0,
        };
        let cards = (0..=others).map(|who| EVERYBODY[who].1.clone()).collect();
        let name = Name::parse("Group").unwrap();
        let creation = room.change(0, &Action::Create { name, hue: 0, history: false, cards });
        room.conversation = creation.conversation();
        for known in &mut room.known {
            known.insert(creation.id());
        }
        room
    }

    pub(super) fn change(&mut self, by: usize, action: &Action) -> Entry {
        self.write(by, kind::GROUP, None, action.to_bytes())
    }

    pub(super) fn say(&mut self, by: usize, text: &str) -> Entry {
        self.write(by, kind::TEXT, None, Text::new(text).unwrap().to_bytes())
    }

    pub(super) fn write(&mut self, by: usize, kind: u32, target: Option<EntryId>, body: Vec<u8>) -> Entry {
        let below: BTreeSet<EntryId> = self.known[by].iter().flat_map(|id| self.past[id].iter().copied()).collect();
        let pen = self.pens[by].clone();
        let after = self.known[by].difference(&below).copied().filter(|id| Some(*id) != pen.last).collect();
        let entry = self.sign(by, &pen, after, kind, target, body);
        if self.beside.contains(&entry.id()) {
            return entry;
        }
        self.pens[by] = Pen { next: pen.next + 1, last: Some(entry.id()) };
        self.known[by].insert(entry.id());
        entry
    }

    pub(super) fn sign(
        &mut self,
        by: usize,
        pen: &Pen,
        after: Vec<EntryId>,
        kind: u32,
        target: Option<EntryId>,
        body: Vec<u8>,
    ) -> Entry {
        let device: &SigningKey = &EVERYBODY[by].0.device;
        self.salt = self.salt.wrapping_add(1);
        let entry = Entry::write(
            device,
            Draft {
                author: root(by),
                conversation: self.conversation,
                log: LogId([u8::try_from(by).unwrap(); 16]),
                sequence: pen.next,
                previous: pen.last,
                after,
                // Clocks are wrong.
                time: u64::from(self.salt.wrapping_mul(37)),
                kind,
                target,
                body,
                salt: Salt([self.salt; 32]),
            },
        );
        let mut past = BTreeSet::new();
        for parent in entry.parents() {
            past.insert(*parent);
            past.extend(&self.past[parent]);
        }
        if self.is_beside(by, &past) {
            self.beside.insert(entry.id());
        }
        self.past.insert(entry.id(), past);
        self.entries.push(entry.clone());
        entry
    }

    pub(super) fn is_beside(&self, by: usize, past: &BTreeSet<EntryId>) -> bool {
        let brings = |entry: &Entry| match Action::known(&entry.wire().body.clone().unwrap_or_default()) {
            Ok(Action::Create { cards, .. }) => cards.iter().any(|card| card.root() == root(by)),
            Ok(Action::Add { card }) => card.root() == root(by),
            _ => false,
        };
        let mut changes = self.entries.iter().filter(|entry| entry.header().kind == kind::GROUP);
        let introduced = changes.any(|entry| past.contains(&entry.id()) && brings(entry));
        !self.entries.is_empty() && (!introduced || !past.is_disjoint(&self.beside))
    }

    pub(super) fn tell(&mut self, to: usize, from: usize) {
        let told: Vec<EntryId> = self.known[from].iter().copied().collect();
        self.known[to].extend(told);
    }

    /// What somebody knows of another's log.
    pub(super) fn cut(&self, by: usize, of: usize) -> Vec<Last> {
        let theirs = self.entries.iter().filter(|entry| entry.header().author == root(of));
        let last =
            theirs.filter(|entry| self.known[by].contains(&entry.id())).max_by_key(|entry| entry.header().sequence);
        last.map(|entry| Last {
            device: entry.header().device,
            log: entry.header().log,
            sequence: entry.header().sequence,
            id: entry.id(),
        })
        .into_iter()
        .collect()
    }

    /// Person 1 deletes what they have said, when person 0, who knows what was said and not that it is deleted, puts them out: the deletion, which
    /// counts for nothing, and the removal.
    pub(super) fn void_deletion(&mut self, said: &Entry) -> (Entry, Entry) {
        self.tell(0, 1);
        let deletion = self.write(1, kind::DELETE, Some(said.id()), Deletion {}.to_bytes());
        let cut = self.cut(0, 1);
        let removal = self.change(0, &Action::Remove { root: root(1), cut });
        (deletion, removal)
    }

    /// What the pure fold says of each entry, asked with whole pasts.
    pub(super) fn expected(&self) -> BTreeMap<EntryId, bool> {
        let changes: BTreeSet<EntryId> =
            self.entries.iter().filter(|entry| entry.header().kind == kind::GROUP).map(Entry::id).collect();
        let seen = |id: &EntryId| self.past[id].intersection(&changes).copied().collect::<Vec<_>>();
        let mut group = Group::new(self.conversation);
        for entry in self.entries.iter().filter(|entry| changes.contains(&entry.id())) {
            group.add(Fact::new(entry, seen(&entry.id()))).unwrap();
        }
        let fold = group.fold();
        let judge = |entry: &Entry| {
            if changes.contains(&entry.id()) {
                return fold.verdict(&entry.id()).unwrap().is_err();
            }
            let header = entry.header();
            let seen = seen(&entry.id());
            let written = Written {
                id: entry.id(),
                author: header.author,
                device: header.device,
                log: header.log,
                sequence: header.sequence,
                seen: &seen,
            };
            fold.judge(&written, |last| self.on_branch(entry, last)).is_err()
        };
        self.entries.iter().map(|entry| (entry.id(), judge(entry))).collect()
    }

    pub(super) fn on_branch(&self, entry: &Entry, last: &Last) -> bool {
        let mut next = Some(last.id);
        while let Some(id) = next {
            if id == entry.id() {
                return true;
            }
            next = self.entries.iter().find(|entry| entry.id() == id).and_then(|entry| entry.header().previous);
        }
        false
    }
}

/// Every entry that has its place: whether it is void, shown, unread, and its body.
type Row = (bool, bool, bool, bool);

pub(super) fn rows(db: &Db) -> BTreeMap<EntryId, Row> {
    let mut select = db
        .connection()
        .prepare("SELECT id, void <> 0, shown, unread, body IS NOT NULL FROM entry WHERE position IS NOT NULL")
        .unwrap();
    let rows =
        select.query_map([], |row| Ok((EntryId(row.get(0)?), (row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))));
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

/// Everything arrives by chance; only what stands beside the group may be refused.
pub(super) fn arrive(room: &Room, rng: &mut StdRng) -> Db {
    let mut db = Db::in_memory().unwrap();
    let mut entries = room.entries.clone();
    entries.shuffle(rng);
    while !entries.is_empty() {
        let count = rng.random_range(1..=entries.len().min(6));
        let batch = entries.drain(..count).collect();
        let op = Op::Insert { from: None, entries: batch, way: Way::Direct, own: vec![], outside: vec![] };
        let Outcome::Inserted { refused, .. } = one(&mut db, op) else { panic!() };
        assert!(refused.iter().all(|(id, _)| room.beside.contains(id)), "{refused:?}");
    }
    db
}

pub(super) fn visible(db: &Db, entry: &Entry) -> Row {
    rows(db)[&entry.id()]
}

pub(super) fn insert(db: &mut Db, entries: &[&Entry]) {
    let entries = entries.iter().map(|entry| (*entry).clone()).collect();
    one(db, Op::Insert { from: None, entries, way: Way::Direct, own: vec![], outside: vec![] });
}
