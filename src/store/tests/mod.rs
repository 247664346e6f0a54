//! Promises of the store, on databases in memory where no file is needed.

mod bare;
mod belief;
mod chat;
mod entries;
mod every_write;
mod files;
mod full_disk;
mod limits;
mod live;
mod missing;
mod order;
mod page;
mod pool;
mod recipients;
mod search;
mod sound;
mod summary;
mod sync;
mod voids;
mod writer;

use std::collections::BTreeSet;

use ed25519_dalek::SigningKey;

use super::{Db, Gaps, MessageRow, Op, Outcome, Progress, Wanted, Way};
use crate::log::{Draft, Entry, Text, direct_conversation};
use crate::wire::{self, ConversationId, DeviceKey, EntryId, Have, LogId, RootKey, Salt, kind};

/// Somebody who writes one log. Copies of a writer fork it.
#[derive(Clone)]
struct Writer {
    device: SigningKey,
    author: RootKey,
    conversation: ConversationId,
    log: LogId,
    next: u64,
    last: Option<EntryId>,
}

impl Writer {
    fn new(seed: u8, log: u8) -> Self {
        let device = SigningKey::from_bytes(&[seed; 32]);
        let (author, log) = (RootKey([seed; 32]), LogId([log; 16]));
        Self { device, author, conversation: conversation(), log, next: 0, last: None }
    }

    /// Somebody who writes elsewhere.
    fn elsewhere(seed: u8, conversation: ConversationId) -> Self {
        Self { conversation, ..Self::new(seed, 1) }
    }

    fn device(&self) -> DeviceKey {
        DeviceKey(self.device.verifying_key().to_bytes())
    }

    fn write(&mut self, time: u64, after: &[EntryId], text: &str) -> Entry {
        self.draft(time, after, kind::TEXT, Text::new(text).unwrap().to_bytes())
    }

    /// Something that is no text, or of another kind.
    fn write_raw(&mut self, time: u64, kind: u32, body: Vec<u8>) -> Entry {
        self.draft(time, &[], kind, body)
    }

    /// Something about a message.
    fn write_on(&mut self, time: u64, target: EntryId, kind: u32, body: Vec<u8>) -> Entry {
        self.draft_on(time, &[], kind, Some(target), body)
    }

    fn draft(&mut self, time: u64, after: &[EntryId], kind: u32, body: Vec<u8>) -> Entry {
        self.draft_on(time, after, kind, None, body)
    }

    fn draft_on(&mut self, time: u64, after: &[EntryId], kind: u32, target: Option<EntryId>, body: Vec<u8>) -> Entry {
        let entry = Entry::write(
            &self.device,
            Draft {
                author: self.author,
                conversation: self.conversation,
                log: self.log,
                sequence: self.next,
                previous: self.last,
                after: after.to_vec(),
                time,
                kind,
                target,
                body,
                salt: Salt([7; 32]),
            },
        );
        self.next += 1;
        self.last = Some(entry.id());
        entry
    }

    fn run(&mut self, count: u64) -> Vec<Entry> {
        (0..count).map(|time| self.write(time, &[], "hello")).collect()
    }
}

fn conversation() -> ConversationId {
    direct_conversation(&RootKey([1; 32]), &RootKey([2; 32]))
}

fn device(seed: u8) -> DeviceKey {
    Writer::new(seed, 0).device()
}

fn one(db: &mut Db, op: Op) -> Outcome {
    db.apply(vec![op]).remove(0).unwrap()
}

fn append(db: &mut Db, entry: &Entry) -> Outcome {
    one(db, Op::Append(Box::new(entry.clone())))
}

/// What an insertion tells.
#[derive(Debug, Default, PartialEq, Eq)]
struct Inserted {
    stored: Vec<EntryId>,
    fresh: Vec<EntryId>,
    refused: Vec<(EntryId, &'static str)>,
    heads: Vec<EntryId>,
    gaps: Vec<wire::Lack>,
}

fn insert(db: &mut Db, from: DeviceKey, entries: &[Entry]) -> Inserted {
    match one(
        db,
        Op::Insert { from: Some(from), entries: entries.to_vec(), way: Way::Direct, own: vec![], outside: vec![] },
    ) {
        Outcome::Inserted { stored, fresh, refused, heads, gaps, .. } => Inserted {
            stored,
            fresh: fresh.iter().map(|fresh| fresh.id).collect(),
            refused,
            heads: heads.into_iter().flat_map(|(_, heads)| heads).collect(),
            gaps,
        },
        other => panic!("{other:?}"),
    }
}

fn history(db: &mut Db, before: Option<EntryId>, limit: u32) -> Vec<MessageRow> {
    match one(db, Op::History { conversation: conversation(), before, limit }) {
        Outcome::History(rows) => rows,
        other => panic!("{other:?}"),
    }
}

fn shown(db: &mut Db) -> Vec<EntryId> {
    let mut pages = vec![];
    let mut before = None;
    loop {
        let page = history(db, before, 1_000);
        before = page.first().map(|row| row.id);
        if page.is_empty() {
            break;
        }
        pages.push(page);
    }
    pages.into_iter().rev().flatten().map(|row| row.id).collect()
}

fn progress(db: &mut Db, id: EntryId) -> Progress {
    history(db, None, 1_000).into_iter().find(|row| row.id == id).unwrap().progress
}

fn have(db: &mut Db) -> Have {
    match one(db, Op::Have(conversation())) {
        Outcome::Have(have) => have,
        other => panic!("{other:?}"),
    }
}

fn outbox(db: &mut Db, peer: DeviceKey, after: u64, bytes: usize) -> (Vec<(u64, EntryId, wire::Entry)>, bool) {
    match one(db, Op::Outbox { peer, conversations: vec![Wanted::all(conversation())], after, bytes }) {
        Outcome::Outbox { entries, more } => (entries, more),
        other => panic!("{other:?}"),
    }
}

/// Everything that the outbox holds for a peer.
fn queued(db: &mut Db, peer: DeviceKey) -> Vec<EntryId> {
    let (mut all, mut after) = (vec![], 0);
    loop {
        let (entries, more) = outbox(db, peer, after, usize::MAX);
        after = entries.last().map_or(after, |(cursor, ..)| *cursor);
        all.extend(entries.into_iter().map(|(_, id, _)| id));
        if !more {
            return all;
        }
    }
}

/// Every conversation of which something is here.
fn here(db: &Db) -> BTreeSet<ConversationId> {
    let mut select = db.connection().prepare("SELECT key FROM conversation").unwrap();
    let keys = select.query_map([], |row| row.get(0).map(ConversationId)).unwrap();
    keys.collect::<Result<_, _>>().unwrap()
}

fn acked(db: &mut Db, peer: DeviceKey, ids: &[EntryId]) -> Vec<EntryId> {
    match one(db, Op::Acked { peer, ids: ids.to_vec(), of: here(db), way: Way::Direct }) {
        Outcome::Acked { delivered, .. } => delivered.into_iter().map(|delivery| delivery.id).collect(),
        other => panic!("{other:?}"),
    }
}

fn believe(db: &mut Db, peer: DeviceKey, have: Have) -> Vec<EntryId> {
    delivered(one(db, Op::Believe { peer, have }))
}

fn delivered(outcome: Outcome) -> Vec<EntryId> {
    match outcome {
        Outcome::Delivered(delivered) => delivered.into_iter().map(|delivery| delivery.id).collect(),
        other => panic!("{other:?}"),
    }
}

fn ids(entries: &[Entry]) -> Vec<EntryId> {
    entries.iter().map(Entry::id).collect()
}

/// An entry as somebody has it who was not given what it says.
fn bare(entry: &Entry) -> Entry {
    Entry::verify(wire::Entry { salt: None, body: None, ..entry.wire().clone() }).unwrap()
}
