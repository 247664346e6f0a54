//! What does not count in a group is not shown, whatever the order of arrival; the pure fold, asked with whole pasts, says the same.

mod beside;
mod floods;
mod forged;
mod late;
mod upgrade;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::*;
use crate::identity::{Card, CardFields, Name, Secrets};
use crate::log::Deletion;
use crate::log::group::{Action, Fact, Group, Last, Written};
use crate::wire::OWN_CONVERSATION;
use crate::wire::broker_url::BrokerUrl;

const PEOPLE: usize = 5;

static EVERYBODY: LazyLock<Vec<(Secrets, Card)>> = LazyLock::new(|| (0..PEOPLE as u64).map(person).collect());

fn person(seed: u64) -> (Secrets, Card) {
    let secrets = Secrets::generate(&mut StdRng::seed_from_u64(seed));
    let fields = CardFields {
        sealing: secrets.card_key(),
        counter: 1,
        name: Name::parse(&format!("Person {seed}")).unwrap(),
        brokers: vec![BrokerUrl::parse("mqtts://broker.example").unwrap()],
    };
    let card = Card::sign(&secrets.device, secrets.certificate(), secrets.device_list(), fields);
    (secrets, card)
}

fn root(who: usize) -> RootKey {
    EVERYBODY[who].0.root_key()
}

/// Where somebody's log stands; they may have two branches of it, if they cheat.
#[derive(Clone, Default)]
struct Pen {
    next: u64,
    last: Option<EntryId>,
}

struct Room {
    conversation: ConversationId,
    entries: Vec<Entry>,
    past: BTreeMap<EntryId, BTreeSet<EntryId>>,
    pens: Vec<Pen>,
    known: Vec<BTreeSet<EntryId>>,
    /// What stands beside the group: nobody honest builds on it.
    beside: BTreeSet<EntryId>,
    salt: u8,
}

impl Room {
    fn new(others: usize) -> Self {
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

    fn change(&mut self, by: usize, action: &Action) -> Entry {
        self.write(by, kind::GROUP, None, action.to_bytes())
    }

    fn say(&mut self, by: usize, text: &str) -> Entry {
        self.write(by, kind::TEXT, None, Text::new(text).unwrap().to_bytes())
    }

    fn write(&mut self, by: usize, kind: u32, target: Option<EntryId>, body: Vec<u8>) -> Entry {
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

    fn sign(
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

    fn is_beside(&self, by: usize, past: &BTreeSet<EntryId>) -> bool {
        let brings = |entry: &Entry| match Action::known(&entry.wire().body.clone().unwrap_or_default()) {
            Ok(Action::Create { cards, .. }) => cards.iter().any(|card| card.root() == root(by)),
            Ok(Action::Add { card }) => card.root() == root(by),
            _ => false,
        };
        let mut changes = self.entries.iter().filter(|entry| entry.header().kind == kind::GROUP);
        let introduced = changes.any(|entry| past.contains(&entry.id()) && brings(entry));
        !self.entries.is_empty() && (!introduced || !past.is_disjoint(&self.beside))
    }

    fn tell(&mut self, to: usize, from: usize) {
        let told: Vec<EntryId> = self.known[from].iter().copied().collect();
        self.known[to].extend(told);
    }

    /// What somebody knows of another's log.
    fn cut(&self, by: usize, of: usize) -> Vec<Last> {
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

    /// What the pure fold says of each entry, asked with whole pasts.
    fn expected(&self) -> BTreeMap<EntryId, bool> {
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

    fn on_branch(&self, entry: &Entry, last: &Last) -> bool {
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

fn rows(db: &Db) -> BTreeMap<EntryId, Row> {
    let mut select = db
        .connection()
        .prepare("SELECT id, void <> 0, shown, unread, body IS NOT NULL FROM entry WHERE position IS NOT NULL")
        .unwrap();
    let rows =
        select.query_map([], |row| Ok((EntryId(row.get(0)?), (row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))));
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

/// Everything arrives by chance; only what stands beside the group may be refused.
fn arrive(room: &Room, rng: &mut StdRng) -> Db {
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

/// A random life of a group: texts, changes, people who know more or less, and some who write on after they were put out.
fn story(seed: u64, size: usize) -> Room {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut room = Room::new(rng.random_range(1..PEOPLE));
    while room.entries.len() < size {
        let by = rng.random_range(0..PEOPLE).min(rng.random_range(0..PEOPLE));
        let who = rng.random_range(0..PEOPLE);
        match rng.random_range(0..100) {
            0..30 => room.tell(by, who),
            30..60 => drop(room.say(by, "hello")),
            60..68 => drop(room.change(by, &Action::Add { card: Box::new(EVERYBODY[who].1.clone()) })),
            68..80 => {
                let cut = room.cut(by, who);
                room.change(by, &Action::Remove { root: root(who), cut });
            }
            80..88 => drop(room.change(by, &Action::Promote { root: root(who) })),
            88..92 => drop(room.change(by, &Action::Demote { root: root(who) })),
            92..94 => {
                let cut = room.cut(by, by);
                room.change(by, &Action::Leave { cut });
            }
            // Another branch of their log, which says to have seen only the beginning.
            _ => {
                let first = room.entries[0].id();
                let pen = Pen::default();
                if by > 0 {
                    let body = Text::new("another first").unwrap().to_bytes();
                    let fork = room.sign(by, &pen, vec![first], kind::TEXT, None, body);
                    if !room.beside.contains(&fork.id()) {
                        room.known[by].insert(fork.id());
                    }
                }
            }
        }
    }
    room
}

/// In whatever order and batches everything arrives, the same is void, and the pure fold says the same.
#[test]
fn what_is_void_depends_on_the_set_alone() {
    let (mut voids, mut cuts) = (0, 0);
    for seed in 0..40 {
        let room = story(seed, 30);
        let expected = room.expected();
        let mut rng = StdRng::seed_from_u64(seed ^ 1);
        for _ in 0..3 {
            let db = arrive(&room, &mut rng);
            let rows = rows(&db);
            for entry in &room.entries {
                let beside = room.beside.contains(&entry.id());
                let Some(&(void, shown, ..)) = rows.get(&entry.id()) else {
                    assert!(beside, "seed {seed}: {:?}", entry.header());
                    continue;
                };
                assert_eq!(void, expected[&entry.id()], "seed {seed}: {:?}", entry.header());
                assert_eq!(shown, !void && entry.header().kind == kind::TEXT, "seed {seed}");
            }
        }
        voids += expected.values().filter(|void| **void).count();
        let texts = room.entries.iter().filter(|entry| entry.header().kind == kind::TEXT);
        cuts += texts.filter(|entry| expected[&entry.id()]).count();
    }
    assert!(voids > 100 && cuts > 50, "{voids} and {cuts}: the stories are too tame");
}

fn visible(db: &Db, entry: &Entry) -> Row {
    rows(db)[&entry.id()]
}

fn insert(db: &mut Db, entries: &[&Entry]) {
    let entries = entries.iter().map(|entry| (*entry).clone()).collect();
    one(db, Op::Insert { from: None, entries, way: Way::Direct, own: vec![], outside: vec![] });
}

/// A text beyond the cut is shown until the removal is known, then not, and again when the removal turns out void.
#[test]
fn a_text_beyond_the_cut_goes_and_comes_back() {
    let mut room = Room::new(3);
    let promoted = room.change(0, &Action::Promote { root: root(1) });
    room.tell(1, 0);
    let early = room.say(2, "early");
    room.tell(1, 2);
    let late = room.say(2, "late");
    let cut = room.cut(1, 2);
    let removal = room.change(1, &Action::Remove { root: root(2), cut });
    // Alice takes the office from Bob before, as far as she knows.
    let demotion = room.change(0, &Action::Demote { root: root(1) });
    let mut db = Db::in_memory().unwrap();
    insert(&mut db, &[&room.entries[0].clone(), &promoted, &early, &late]);
    assert_eq!(visible(&db, &late), (false, true, true, true));
    insert(&mut db, &[&removal]);
    assert_eq!(visible(&db, &late), (true, false, false, true), "beyond the cut");
    assert_eq!(visible(&db, &early), (false, true, true, true), "before it");
    insert(&mut db, &[&demotion]);
    assert!(visible(&db, &removal).0);
    assert_eq!(visible(&db, &late), (false, true, true, true), "the removal is void");
}

/// A deletion beyond the cut erases nothing; one that was obeyed before the removal was known has its body asked for again.
#[test]
fn a_void_deletion_deletes_nothing() {
    let mut room = Room::new(2);
    let text = room.say(1, "said in time");
    room.tell(0, 1);
    let deletion = room.write(1, kind::DELETE, Some(text.id()), Deletion {}.to_bytes());
    let cut = room.cut(0, 1);
    let removal = room.change(0, &Action::Remove { root: root(1), cut });
    let creation = room.entries[0].clone();
    let mut db = Db::in_memory().unwrap();
    insert(&mut db, &[&creation, &text, &removal, &deletion]);
    assert_eq!(visible(&db, &text), (false, true, true, true));
    let mut db = Db::in_memory().unwrap();
    insert(&mut db, &[&creation, &text, &deletion]);
    assert!(!visible(&db, &text).3, "it is obeyed as long as nothing speaks against it");
    insert(&mut db, &[&removal]);
    let Outcome::Bare(lacks) = one(&mut db, Op::Bare { conversation: room.conversation, to: Some(root(0)) }) else {
        panic!()
    };
    assert_eq!(lacks.len(), 1);
    assert_eq!((lacks[0].log, lacks[0].ranges[0].from), (text.header().log, text.header().sequence));
    insert(&mut db, &[&text]);
    assert!(visible(&db, &text).3, "it is taken again");
}

/// A deletion that a change of the group makes count again erases the text from every file, as any other does.
#[test]
fn a_deletion_that_counts_again_erases() {
    const TEXT: &str = "nobody shall find this";
    let mut room = Room::new(3);
    let promoted = room.change(0, &Action::Promote { root: root(1) });
    room.tell(1, 0);
    let text = room.say(2, TEXT);
    room.tell(1, 2);
    let deletion = room.write(2, kind::DELETE, Some(text.id()), Deletion {}.to_bytes());
    let cut = room.cut(1, 2);
    let removal = room.change(1, &Action::Remove { root: root(2), cut });
    let demotion = room.change(0, &Action::Demote { root: root(1) });
    let folder = tempfile::tempdir().unwrap();
    let found = || {
        let files = super::files::contents(folder.path());
        files.iter().any(|(_, bytes)| bytes.windows(TEXT.len()).any(|window| window == TEXT.as_bytes()))
    };
    let mut db = Db::open(&folder.path().join("kith.db")).unwrap();
    insert(&mut db, &[&room.entries[0].clone(), &promoted, &text, &removal, &deletion]);
    assert!(visible(&db, &text).3 && found(), "beyond the cut it deletes nothing");
    insert(&mut db, &[&demotion]);
    assert!(!visible(&db, &text).3, "the removal is void");
    assert!(!found(), "the text stands in a file");
}

/// What somebody outside wrote into a group before the group was known here is judged when it is.
#[test]
fn what_came_before_the_group_is_judged_with_it() {
    let mut room = Room::new(1);
    let creation = room.entries[0].clone();
    let body = Text::new("me too").unwrap().to_bytes();
    let intruder = room.sign(4, &Pen::default(), vec![], kind::TEXT, None, body);
    let mut db = Db::in_memory().unwrap();
    insert(&mut db, &[&intruder]);
    insert(&mut db, &[&creation]);
    assert_eq!(visible(&db, &intruder), (true, false, false, true));
}

/// A card that its owner has not signed makes nobody a member, however it arrives: an admin of a group could name a device of their
/// own as somebody else's.
#[test]
fn a_forged_card_lets_nobody_in() {
    let mut body = Action::Add { card: Box::new(EVERYBODY[2].1.clone()) }.to_bytes();
    let end = body.len() - 1;
    body[end] ^= 1;
    assert!(Action::known(&body).is_ok() && Action::parse(&body).is_err());
    let mut room = Room::new(1);
    let added = room.write(0, kind::GROUP, None, body);
    room.tell(2, 0);
    let text = room.say(2, "let me in");
    let creation = room.entries[0].clone();
    let bare = Entry::verify(wire::Entry { salt: None, body: None, ..added.wire().clone() }).unwrap();
    for first in [None, Some(&bare)] {
        let mut db = Db::in_memory().unwrap();
        insert(&mut db, &[&creation]);
        insert(&mut db, first.as_slice());
        insert(&mut db, &[&added, &text]);
        assert!(!rows(&db).contains_key(&text.id()), "who is let in by nobody stands beside the group");
        let Outcome::Group(row) = one(&mut db, Op::Group(room.conversation)) else { panic!() };
        assert_eq!(row.group.fold().membership().unwrap().members.len(), 2);
    }
}
