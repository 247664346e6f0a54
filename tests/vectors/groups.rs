//! Groups: random lives of some, every entry of them, and what is in force in the end.

use std::collections::{BTreeMap, BTreeSet};

use kith::identity::{Card, GroupId, Name};
use kith::log::group::{Action, Fact, Group, Last, Written};
use kith::log::{Draft, Entry, Text};
use kith::wire::{ConversationId, EntryId, LogId, OWN_CONVERSATION, RootKey, Salt, cbor, kind};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use crate::{Person, hex, person};

const PEOPLE: usize = 4;
const ENTRIES: usize = 22;
const CASES: u64 = 8;

struct Life {
    people: Vec<Person>,
    conversation: ConversationId,
    entries: Vec<Entry>,
    past: BTreeMap<EntryId, BTreeSet<EntryId>>,
    /// Where each log stands.
    pens: Vec<(u64, Option<EntryId>)>,
    known: Vec<BTreeSet<EntryId>>,
    /// What stands beside the group: nobody builds on it.
    beside: BTreeSet<EntryId>,
    /// Whose card each change brings.
    cards: BTreeMap<EntryId, BTreeSet<RootKey>>,
}

impl Life {
    fn root(&self, who: usize) -> RootKey {
        self.people[who].secrets.root_key()
    }

    fn card(&self, who: usize) -> Card {
        self.people[who].card.clone()
    }

    fn write(&mut self, by: usize, kind: u32, body: Vec<u8>, time: u64, brings: &[usize]) -> EntryId {
        let below: BTreeSet<EntryId> = self.known[by].iter().flat_map(|id| self.past[id].iter().copied()).collect();
        let introduced = self.known[by].iter().any(|id| self.cards[id].contains(&self.root(by)));
        let beside = !self.entries.is_empty() && !introduced;
        // It has a log of its own, and the next one begins anew.
        let (sequence, previous) = if beside { (0, None) } else { self.pens[by] };
        let log = if beside { 100 + self.entries.len() } else { by };
        let after = self.known[by].difference(&below).copied().filter(|id| Some(*id) != previous).collect();
        let draft = Draft {
            author: self.root(by),
            conversation: self.conversation,
            log: LogId([u8::try_from(log).unwrap(); 16]),
            sequence,
            previous,
            after,
            time,
            kind,
            target: None,
            body,
            salt: Salt([u8::try_from(self.entries.len()).unwrap(); 32]),
        };
        let entry = Entry::write(&self.people[by].secrets.device, draft);
        let mut past = BTreeSet::new();
        for parent in entry.parents() {
            past.insert(*parent);
            past.extend(&self.past[parent]);
        }
        self.past.insert(entry.id(), past);
        self.cards.insert(entry.id(), brings.iter().map(|who| self.root(*who)).collect());
        if beside {
            self.beside.insert(entry.id());
        } else {
            self.pens[by] = (sequence + 1, Some(entry.id()));
            self.known[by].insert(entry.id());
        }
        self.entries.push(entry.clone());
        entry.id()
    }

    fn cut(&self, by: usize, of: usize) -> Vec<Last> {
        let theirs = self.entries.iter().filter(|entry| entry.header().author == self.root(of));
        let known = theirs.filter(|entry| self.known[by].contains(&entry.id()));
        let last = known.max_by_key(|entry| entry.header().sequence).map(|entry| {
            let header = entry.header();
            Last { device: header.device, log: header.log, sequence: header.sequence, id: entry.id() }
        });
        last.into_iter().collect()
    }
}

fn life(seed: u64) -> Life {
    let mut rng = StdRng::seed_from_u64(seed);
    let people: Vec<Person> = (0..PEOPLE as u64).map(|who| person(10 + who, &format!("Person {who}"))).collect();
    let mut life = Life {
        people,
        conversation: OWN_CONVERSATION,
        entries: vec![],
        past: BTreeMap::new(),
        pens: vec![(0, None); PEOPLE],
        known: vec![BTreeSet::new(); PEOPLE],
        beside: BTreeSet::new(),
        cards: BTreeMap::new(),
    };
    let first: Vec<usize> = (0..=rng.random_range(1..PEOPLE)).collect();
    let cards = first.iter().map(|who| life.card(*who)).collect();
    let create =
        Action::Create { name: Name::parse("Created").unwrap(), hue: 7, history: seed.is_multiple_of(2), cards };
    let creation = life.write(0, kind::GROUP, create.to_bytes(), 50, &first);
    life.conversation = life.entries[0].conversation();
    life.known.iter_mut().for_each(|known| {
        known.insert(creation);
    });
    while life.entries.len() < ENTRIES {
        let by = rng.random_range(0..PEOPLE).min(rng.random_range(0..PEOPLE));
        let (who, time) = (rng.random_range(0..PEOPLE), rng.random_range(0..100));
        let root = life.root(who);
        let action = match rng.random_range(0..20) {
            0..6 => {
                let told: Vec<EntryId> = life.known[who].iter().copied().collect();
                life.known[by].extend(told);
                continue;
            }
            6..10 => {
                life.write(by, kind::TEXT, Text::new("hello").unwrap().to_bytes(), time, &[]);
                continue;
            }
            10..12 => Action::Add { card: Box::new(life.card(who)) },
            12..14 => Action::Remove { root, cut: life.cut(by, who) },
            14..17 => Action::Promote { root },
            17 => Action::Demote { root },
            18 if who == by => Action::Leave { cut: life.cut(by, by) },
            18 => Action::History { shared: rng.random_bool(0.5) },
            _ => Action::Rename {
                name: Name::parse(&format!("Name {time}")).unwrap(),
                hue: rng.random_bool(0.5).then_some(u16::try_from(time).unwrap()),
            },
        };
        let brings: &[usize] = if matches!(action, Action::Add { .. }) { &[who] } else { &[] };
        life.write(by, kind::GROUP, action.to_bytes(), time, brings);
    }
    life
}

fn show(life: &Life) -> Value {
    let changes: BTreeSet<EntryId> =
        life.entries.iter().filter(|entry| entry.header().kind == kind::GROUP).map(Entry::id).collect();
    let seen = |id: &EntryId| life.past[id].intersection(&changes).copied().collect::<Vec<_>>();
    let mut group = Group::new(life.conversation);
    for entry in life.entries.iter().filter(|entry| changes.contains(&entry.id())) {
        group.add(Fact::new(entry, seen(&entry.id()))).unwrap();
    }
    let fold = group.fold();
    let counts = |entry: &Entry| {
        let (header, seen) = (entry.header(), seen(&entry.id()));
        let written = Written {
            id: entry.id(),
            author: header.author,
            device: header.device,
            log: header.log,
            sequence: header.sequence,
            seen: &seen,
        };
        match fold.verdict(&entry.id()) {
            _ if life.beside.contains(&entry.id()) => false,
            Some(verdict) => verdict.is_ok(),
            None => fold.judge(&written, |_| true).is_ok(),
        }
    };
    let membership = fold.membership().unwrap();
    let members = membership.members.iter().map(|member| {
        json!({
            "root": hex(member.root.0), "since": hex(member.since.0),
            "admin": member.admin.map(|id| hex(id.0)),
        })
    });
    let entries = life.entries.iter().map(
        |entry| json!({ "entry": hex(cbor::encode(entry.wire())), "id": hex(entry.id().0), "counts": counts(entry) }),
    );
    json!({
        "conversation": hex(life.conversation.0), "groupId": GroupId::from(&life.conversation).0.to_string(),
        "entries": entries.collect::<Vec<_>>(), "members": members.collect::<Vec<_>>(),
        "name": membership.name.to_string(), "hue": membership.hue, "history": membership.history,
    })
}

pub fn groups() -> Value {
    json!((0..CASES).map(|seed| show(&life(seed))).collect::<Vec<_>>())
}
