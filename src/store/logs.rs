//! Logs as rows: which branch of a log is the main one here, and how far it goes without a gap.
//!
//! **The main branch.** At each sequence, the entry that came first is on the main branch, and every other one is a fork
//! entry; so is an entry whose previous one is a fork entry. Below `count` the main branch is a proven chain: each entry
//! names the one before it. Above a gap nothing is proven, and when the gap closes and an entry does not continue the
//! chain, it becomes a fork entry and the one that does takes its place. `count` never falls.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::StoreError;
use crate::wire::{ConversationId, DeviceKey, EntryId, LogId};

/// A log of somebody else.
pub(super) const FOREIGN: i64 = 0;
/// A log that this install writes.
pub(super) const OWN: i64 = 1;
/// A log that this install wrote until a peer showed an entry of it that is not here: the database was restored.
pub(super) const CLOSED: i64 = 2;

/// A row of `log`.
#[derive(Clone, Debug)]
pub(super) struct Log {
    pub id: i64,
    pub own: i64,
    pub count: i64,
    pub head: Option<[u8; 32]>,
    pub top: i64,
    pub entries: i64,
    pub forks: i64,
    pub latest: i64,
}

impl Log {
    /// From the columns that begin with this one, in the order of the fields.
    pub(super) fn read(row: &Row<'_>, first: usize) -> Result<Self, rusqlite::Error> {
        Ok(Self {
            id: row.get(first)?,
            own: row.get(first + 1)?,
            count: row.get(first + 2)?,
            head: row.get(first + 3)?,
            top: row.get(first + 4)?,
            entries: row.get(first + 5)?,
            forks: row.get(first + 6)?,
            latest: row.get(first + 7)?,
        })
    }

    /// Whether this install wrote (a part of) it.
    pub(super) fn is_ours(&self) -> bool {
        self.own != FOREIGN
    }

    /// Whether an entry continues the proven chain.
    pub(super) fn continues(&self, sequence: i64, previous: Option<[u8; 32]>) -> bool {
        sequence == self.count && previous == self.head
    }
}

pub(super) fn conversation(tx: &Connection, key: &ConversationId) -> Result<Option<i64>, StoreError> {
    let id = tx
        .prepare_cached("SELECT id FROM conversation WHERE key = ?1")?
        .query_row([key.0], |row| row.get(0))
        .optional()?;
    Ok(id)
}

pub(super) fn intern_conversation(tx: &Connection, key: &ConversationId) -> Result<i64, StoreError> {
    if let Some(id) = conversation(tx, key)? {
        return Ok(id);
    }
    tx.prepare_cached("INSERT INTO conversation (key) VALUES (?1)")?.execute([key.0])?;
    Ok(tx.last_insert_rowid())
}

pub(super) fn device(tx: &Connection, key: &DeviceKey) -> Result<Option<i64>, StoreError> {
    let id =
        tx.prepare_cached("SELECT id FROM device WHERE key = ?1")?.query_row([key.0], |row| row.get(0)).optional()?;
    Ok(id)
}

pub(super) fn intern_device(tx: &Connection, key: &DeviceKey) -> Result<i64, StoreError> {
    if let Some(id) = device(tx, key)? {
        return Ok(id);
    }
    tx.prepare_cached("INSERT INTO device (key) VALUES (?1)")?.execute([key.0])?;
    Ok(tx.last_insert_rowid())
}

pub(super) fn find(
    tx: &Connection,
    conversation: i64,
    device: &DeviceKey,
    name: &LogId,
) -> Result<Option<Log>, StoreError> {
    let log = tx
        .prepare_cached(
            "SELECT id, own, count, head, top, entries, forks, latest FROM log
             WHERE conversation = ?1 AND device = (SELECT id FROM device WHERE key = ?2) AND name = ?3",
        )?
        .query_row(params![conversation, device.0, name.0], |row| Log::read(row, 0))
        .optional()?;
    Ok(log)
}

/// How many logs a device has in a conversation.
pub(super) fn count_of(tx: &Connection, conversation: i64, device: &DeviceKey) -> Result<i64, StoreError> {
    let count = tx
        .prepare_cached(
            "SELECT count(*) FROM log WHERE conversation = ?1 AND device = (SELECT id FROM device WHERE key = ?2)",
        )?
        .query_row(params![conversation, device.0], |row| row.get(0))?;
    Ok(count)
}

pub(super) fn create(
    tx: &Connection,
    conversation: i64,
    device: &DeviceKey,
    name: &LogId,
    own: i64,
) -> Result<Log, StoreError> {
    let device = intern_device(tx, device)?;
    tx.prepare_cached("INSERT INTO log (conversation, device, name, own) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![conversation, device, name.0, own])?;
    let id = tx.last_insert_rowid();
    Ok(Log { id, own, count: 0, head: None, top: 0, entries: 0, forks: 0, latest: 0 })
}

pub(super) fn save(tx: &Connection, log: &Log) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE log SET count = ?2, head = ?3, top = ?4, entries = ?5, forks = ?6, latest = ?7 WHERE id = ?1",
    )?
    .execute(params![log.id, log.count, log.head, log.top, log.entries, log.forks, log.latest])?;
    Ok(())
}

/// A peer has shown an entry of our own log that is not here: this database is older than what we have sent. Going on
/// would fork the log, so it is closed, and the conversation gets the random name of a new one.
pub(super) fn close_own(tx: &Connection, conversation: i64, log: &mut Log, name: &LogId) -> Result<(), StoreError> {
    if log.own == OWN {
        log.own = CLOSED;
        tx.prepare_cached("UPDATE log SET own = ?2 WHERE id = ?1")?.execute([log.id, CLOSED])?;
    }
    // SQLite's generator is seeded by the system; the name need not be secret, only never used before.
    tx.prepare_cached("UPDATE own_log SET name = randomblob(16) WHERE conversation = ?1 AND name = ?2")?
        .execute(params![conversation, name.0])?;
    Ok(())
}

/// Whether an entry that a peer sent was written by this install, or by the one that it was restored from: its device has
/// written one of our logs, or it is in the log that was named for us, by a device that our own list names (`own`). The name alone
/// says nothing: everybody in a conversation reads it, and in a group anybody may write under it.
pub(super) fn is_ours(
    tx: &Connection,
    conversation: i64,
    device: &DeviceKey,
    name: &LogId,
    own: &[DeviceKey],
) -> Result<bool, StoreError> {
    let ours = tx
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM log WHERE own > 0 AND device = (SELECT id FROM device WHERE key = ?1))
             OR (?4 AND EXISTS (SELECT 1 FROM own_log WHERE conversation = ?2 AND name = ?3)
                 AND NOT EXISTS (SELECT 1 FROM peer WHERE device = ?1))",
        )?
        .query_row(params![device.0, conversation, name.0, own.contains(device)], |row| row.get(0))?;
    Ok(ours)
}

/// How many of these have their place here: one that waits misses something before it.
pub(super) fn here(tx: &Connection, ids: &[EntryId]) -> Result<u64, StoreError> {
    let mut here = 0;
    for id in ids {
        let placed: bool = tx
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM entry WHERE id = ?1 AND position IS NOT NULL)")?
            .query_row([id.0], |row| row.get(0))?;
        here += u64::from(placed);
    }
    Ok(here)
}

/// An entry's number.
pub(super) fn local(tx: &Connection, id: &EntryId) -> Result<Option<i64>, StoreError> {
    let local =
        tx.prepare_cached("SELECT local FROM entry WHERE id = ?1")?.query_row([id.0], |row| row.get(0)).optional()?;
    Ok(local)
}

/// An entry as the chain sees it.
pub(super) struct Linked {
    pub local: i64,
    pub id: [u8; 32],
    pub previous: Option<[u8; 32]>,
}

/// The main branch's entry at a sequence.
pub(super) fn main_at(tx: &Connection, log: i64, sequence: i64) -> Result<Option<Linked>, StoreError> {
    let found = tx
        .prepare_cached("SELECT local, id, previous FROM entry WHERE log = ?1 AND sequence = ?2 AND fork = 0")?
        .query_row([log, sequence], |row| Ok(Linked { local: row.get(0)?, id: row.get(1)?, previous: row.get(2)? }))
        .optional()?;
    Ok(found)
}

/// Goes on along the chain from `count` as far as it reaches, and lets the branch that continues it take its place.
pub(super) fn extend(tx: &Connection, log: &mut Log) -> Result<(), StoreError> {
    loop {
        let next = match main_at(tx, log.id, log.count)? {
            Some(main) if main.previous == log.head => Some(main),
            Some(other) => {
                demote(tx, log, other)?;
                promote(tx, log)?
            }
            None => promote(tx, log)?,
        };
        let Some(next) = next else { return Ok(()) };
        log.count += 1;
        log.head = Some(next.id);
        log.top = log.top.max(log.count);
    }
}

/// Makes an entry and what hangs on it a fork: the chain does not lead to it.
pub(super) fn demote(tx: &Connection, log: &mut Log, entry: Linked) -> Result<(), StoreError> {
    let mut next = Some(entry);
    while let Some(entry) = next {
        let sequence: i64 = tx
            .prepare_cached("UPDATE entry SET fork = 1 WHERE local = ?1 RETURNING sequence")?
            .query_row([entry.local], |row| row.get(0))?;
        log.forks += 1;
        next = main_at(tx, log.id, sequence.saturating_add(1))?.filter(|child| child.previous == Some(entry.id));
    }
    log.top = tx
        .prepare_cached("SELECT coalesce(max(sequence) + 1, 0) FROM entry WHERE log = ?1 AND fork = 0")?
        .query_row([log.id], |row| row.get(0))?;
    Ok(())
}

/// Takes the fork entry that continues the chain into the main branch: of several, the one that came first.
fn promote(tx: &Connection, log: &mut Log) -> Result<Option<Linked>, StoreError> {
    if log.forks == 0 {
        return Ok(None);
    }
    let found = tx
        .prepare_cached(
            "SELECT local, id, previous FROM entry
             WHERE log = ?1 AND sequence = ?2 AND fork = 1 AND previous IS ?3 ORDER BY local LIMIT 1",
        )?
        .query_row(params![log.id, log.count, log.head], |row| {
            Ok(Linked { local: row.get(0)?, id: row.get(1)?, previous: row.get(2)? })
        })
        .optional()?;
    if let Some(entry) = &found {
        tx.prepare_cached("UPDATE entry SET fork = 0 WHERE local = ?1")?.execute([entry.local])?;
        log.forks -= 1;
    }
    Ok(found)
}
