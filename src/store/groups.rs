//! Groups: their changes as the fold wants them, and what of a group's conversation somebody may be given.
//!
//! Of each entry of a group that has its place it is kept which changes of the group it has seen (its era): those of its parents,
//! and the parents themselves that are changes. Most entries share one with the entry before them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, params};

use super::value::uint;
use super::{GroupRow, Outcome, StoreError, logs, order};
use crate::log::group::{Action, CUT_LOGS_MAX, Fact, Group, Last, Share};
use crate::wire::{ConversationId, DeviceKey, EntryId, LogId, RootKey, kind};

/// Changes that one era names at most. They are told apart only while people change a group at the same time.
const SEEN_MAX: usize = 256;

/// Notes which changes of its group an entry has seen, when it gets its place. `parents` are those that are in a group, with their
/// kinds and eras; an entry without any may create one.
pub(super) fn note(
    tx: &Connection,
    conversation: i64,
    local: i64,
    id: &EntryId,
    parents: &[(EntryId, u32, i64)],
) -> Result<(), StoreError> {
    if parents.is_empty() {
        let creates: bool = tx
            .prepare_cached("SELECT key = ?2 FROM conversation WHERE id = ?1")?
            .query_row(params![conversation, id.0], |row| row.get(0))?;
        if !creates && !is_group(tx, conversation)? {
            return Ok(());
        }
        if creates {
            enter(tx, conversation, local, BTreeSet::new())?;
            return adopt(tx, conversation);
        }
    }
    let mut seen = BTreeSet::new();
    for (parent, parent_kind, era) in parents {
        if *parent_kind == kind::GROUP {
            seen.insert(*parent);
        } else {
            seen.extend(seen_in(tx, *era)?);
        }
    }
    enter(tx, conversation, local, newest(tx, seen)?)
}

fn enter(tx: &Connection, conversation: i64, local: i64, seen: BTreeSet<EntryId>) -> Result<(), StoreError> {
    let blob: Vec<u8> = seen.into_iter().flat_map(|id| id.0).collect();
    tx.prepare_cached("INSERT OR IGNORE INTO era (conversation, seen) VALUES (?1, ?2)")?
        .execute(params![conversation, blob])?;
    tx.prepare_cached(
        "UPDATE entry SET era = (SELECT id FROM era WHERE conversation = ?1 AND seen = ?2) WHERE local = ?3",
    )?
    .execute(params![conversation, blob, local])?;
    Ok(())
}

/// What got its place in a group before the entry that creates it: nobody who has seen that entry has written it.
fn adopt(tx: &Connection, conversation: i64) -> Result<(), StoreError> {
    let early: Vec<i64> = tx
        .prepare_cached(
            "SELECT local FROM entry INDEXED BY entry_position
             WHERE conversation = ?1 AND position IS NOT NULL AND era IS NULL ORDER BY position",
        )?
        .query_map([conversation], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for local in early {
        let parents = order::parents(tx, conversation, local)?;
        note(tx, conversation, local, &EntryId([0; 32]), &parents)?;
    }
    Ok(())
}

fn is_group(tx: &Connection, conversation: i64) -> Result<bool, StoreError> {
    let is = tx
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM era WHERE conversation = ?1)")?
        .query_row([conversation], |row| row.get(0))?;
    Ok(is)
}

/// Without those that another of them names as seen.
fn newest(tx: &Connection, seen: BTreeSet<EntryId>) -> Result<BTreeSet<EntryId>, StoreError> {
    if seen.len() < 2 {
        return Ok(seen);
    }
    let mut older = BTreeSet::new();
    for id in &seen {
        let era: Option<i64> = tx
            .prepare_cached("SELECT era FROM entry WHERE id = ?1")?
            .query_row([id.0], |row| row.get(0))
            .optional()?
            .flatten();
        if let Some(era) = era {
            older.extend(seen_in(tx, era)?);
        }
    }
    Ok(seen.difference(&older).take(SEEN_MAX).copied().collect())
}

fn seen_in(tx: &Connection, era: i64) -> Result<Vec<EntryId>, StoreError> {
    let blob: Vec<u8> = tx.prepare_cached("SELECT seen FROM era WHERE id = ?1")?.query_row([era], |row| row.get(0))?;
    Ok(ids(&blob))
}

pub(super) fn ids(blob: &[u8]) -> Vec<EntryId> {
    blob.as_chunks::<32>().0.iter().map(|id| EntryId(*id)).collect()
}

/// One group, or nothing when no entry creates it.
pub(super) fn read(tx: &Connection, key: &ConversationId) -> Result<Outcome, StoreError> {
    let row = match logs::conversation(tx, key)? {
        Some(conversation) => row(tx, conversation, key)?,
        None => None,
    };
    Ok(row.map_or(Outcome::Done, |row| Outcome::Group(Box::new(row))))
}

/// Every group of which anything is here.
pub(super) fn all(tx: &Connection) -> Result<Vec<GroupRow>, StoreError> {
    let keys: Vec<(i64, [u8; 32])> = tx
        .prepare_cached("SELECT id, key FROM conversation WHERE id IN (SELECT conversation FROM era) ORDER BY id")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let mut rows = vec![];
    for (id, key) in keys {
        rows.extend(row(tx, id, &ConversationId(key))?);
    }
    Ok(rows)
}

fn row(tx: &Connection, conversation: i64, key: &ConversationId) -> Result<Option<GroupRow>, StoreError> {
    let group = group(tx, conversation, key)?;
    if group.is_empty() {
        return Ok(None);
    }
    Ok(Some(GroupRow { conversation: *key, group, heads: order::heads(tx, conversation)? }))
}

/// The changes of a group that have their place.
pub(super) fn group(tx: &Connection, conversation: i64, key: &ConversationId) -> Result<Group, StoreError> {
    let mut group = Group::new(*key);
    let mut statement = tx.prepare_cached(
        "SELECT e.id, e.author, d.key, e.time, r.seen, e.body
         FROM entry e INDEXED BY entry_change JOIN log l ON l.id = e.log JOIN device d ON d.id = l.device
         JOIN era r ON r.id = e.era
         WHERE e.conversation = ?1 AND e.kind = 16 AND e.position IS NOT NULL ORDER BY e.position",
    )?;
    let mut rows = statement.query([conversation])?;
    while let Some(row) = rows.next()? {
        let (seen, body): (Vec<u8>, Option<Vec<u8>>) = (row.get(4)?, row.get(5)?);
        let fact = Fact {
            id: EntryId(row.get(0)?),
            author: RootKey(row.get(1)?),
            device: DeviceKey(row.get(2)?),
            time: uint(row.get(3)?),
            seen: ids(&seen),
            action: body.and_then(|body| Action::known(&body).ok()),
        };
        group.add(fact).map_err(|error| StoreError::Damaged(error.to_string()))?;
    }
    Ok(group)
}

/// The last entry of each log that somebody has written in, as far as it is whole here: by the devices that their cards name, for
/// anybody can put another's name on an entry of their own.
pub(super) fn cut(tx: &Connection, key: &ConversationId, author: &RootKey) -> Result<Vec<Last>, StoreError> {
    let Some(conversation) = logs::conversation(tx, key)? else { return Ok(vec![]) };
    let group = group(tx, conversation, key)?;
    let mut statement = tx.prepare_cached(
        "SELECT d.key, l.name, l.count, l.head FROM log l JOIN device d ON d.id = l.device
         JOIN entry e ON e.id = l.head WHERE l.conversation = ?1 AND e.author = ?2
         ORDER BY l.latest DESC",
    )?;
    let mut rows = statement.query(params![conversation, author.0])?;
    let mut cut = vec![];
    while cut.len() < CUT_LOGS_MAX
        && let Some(row) = rows.next()?
    {
        let (device, count): (_, i64) = (DeviceKey(row.get(0)?), row.get(2)?);
        if group.is_known_device(author, &device) {
            let (log, id) = (LogId(row.get(1)?), EntryId(row.get(3)?));
            cut.push(Last { device, log, sequence: uint(count - 1), id });
        }
    }
    cut.sort_unstable_by_key(|last| (last.device, last.log));
    Ok(cut)
}

/// What of a group somebody may be given.
pub(super) struct Sharing {
    group: Group,
    to: RootKey,
    /// What was asked already: most entries have seen the same.
    known: RefCell<BTreeMap<(Vec<u8>, bool), Share>>,
}

impl Sharing {
    /// `None` when this is no group: between two people everything is shared.
    pub(super) fn with(tx: &Connection, key: &ConversationId, to: Option<RootKey>) -> Result<Option<Self>, StoreError> {
        let (Some(to), Some(conversation)) = (to, logs::conversation(tx, key)?) else { return Ok(None) };
        Ok(Some(Self { group: group(tx, conversation, key)?, to, known: RefCell::default() }))
    }

    /// How much of an entry with these changes before it they may be given. What has no place yet is given to nobody: it is not known
    /// what it has seen.
    pub(super) fn of(&self, seen: Option<&[u8]>, is_change: bool) -> Share {
        let Some(seen) = seen else { return Share::Nothing };
        let mut known = self.known.borrow_mut();
        let asked = (seen.to_vec(), is_change);
        *known.entry(asked).or_insert_with(|| self.group.fold().share(&self.to, &ids(seen), is_change))
    }
}
