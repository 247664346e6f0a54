//! Groups: their changes as the fold wants them, and which of them each entry has seen.
//!
//! Of each entry of a group that has its place it is kept which changes of the group it has seen (its era): those of its parents,
//! and the parents themselves that are changes. Most entries share one with the entry before them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};

use super::value::uint;
use super::{GroupRow, Outcome, StoreError, logs, order, voids};
use crate::log::group::{Action, CUT_LOGS_MAX, Fact, Group, Last};
use crate::wire::{ConversationId, DeviceKey, EntryId, LogId, RootKey, kind};

/// Groups that a thread keeps as they were read: as many as one batch is about, and the states between which devices of a simulated
/// world stand. Each has at most some hundred cards.
const KNOWN_MAX: usize = 32;

/// A parent that has its place in the same group.
pub(super) struct Parent {
    pub id: EntryId,
    pub author: RootKey,
    /// A change that belongs to the group.
    pub change: bool,
    /// It stands beside the group.
    pub beside: bool,
    pub era: i64,
}

/// Notes which changes of its group an entry has seen, when it gets its place, and whether it belongs to the group. `parents` are
/// those that are in a group; an entry without any may create one.
pub(super) fn note(
    tx: &Connection,
    conversation: i64,
    local: i64,
    id: &EntryId,
    parents: &[Parent],
) -> Result<bool, StoreError> {
    let creates: bool = tx
        .prepare_cached("SELECT key = ?2 FROM conversation WHERE id = ?1")?
        .query_row(params![conversation, id.0], |row| row.get(0))?;
    if creates {
        enter(tx, conversation, local, &BTreeSet::new(), false)?;
        adopt(tx, conversation)?;
        return Ok(false);
    }
    if parents.is_empty() && !is_group(tx, conversation)? {
        return Ok(false);
    }
    let author = tx
        .prepare_cached("SELECT author FROM entry WHERE local = ?1")?
        .query_row([local], |row| row.get(0).map(RootKey))?;
    let seen = seen_by(tx, parents)?;
    let beside = is_beside(tx, conversation, &author, parents, &seen)?;
    enter(tx, conversation, local, &seen, beside)?;
    Ok(beside)
}

/// Whether what somebody writes behind these stands beside the group. Who goes on with what they have written belongs to it.
pub(super) fn is_beside(
    tx: &Connection,
    conversation: i64,
    author: &RootKey,
    parents: &[Parent],
    seen: &BTreeSet<EntryId>,
) -> Result<bool, StoreError> {
    if parents.iter().any(|parent| parent.beside) {
        return Ok(true);
    }
    if parents.iter().any(|parent| parent.author == *author) {
        return Ok(false);
    }
    let key = key(tx, conversation)?;
    let seen: Vec<EntryId> = seen.iter().copied().collect();
    Ok(!group(tx, conversation, &key)?.knows(author, &seen))
}

/// The changes that somebody has seen who writes behind these, but for those that another of them has seen.
pub(super) fn seen_by(tx: &Connection, parents: &[Parent]) -> Result<BTreeSet<EntryId>, StoreError> {
    let mut seen = BTreeSet::new();
    for parent in parents {
        if parent.change {
            seen.insert(parent.id);
        } else {
            seen.extend(seen_in(tx, parent.era)?);
        }
    }
    newest(tx, seen)
}

fn key(tx: &Connection, conversation: i64) -> Result<ConversationId, StoreError> {
    let key = tx
        .prepare_cached("SELECT key FROM conversation WHERE id = ?1")?
        .query_row([conversation], |row| row.get(0).map(ConversationId))?;
    Ok(key)
}

fn enter(
    tx: &Connection,
    conversation: i64,
    local: i64,
    seen: &BTreeSet<EntryId>,
    beside: bool,
) -> Result<(), StoreError> {
    let blob: Vec<u8> = seen.iter().flat_map(|id| id.0).collect();
    tx.prepare_cached("INSERT OR IGNORE INTO era (conversation, seen) VALUES (?1, ?2)")?
        .execute(params![conversation, blob])?;
    tx.prepare_cached(
        "UPDATE entry SET era = (SELECT id FROM era WHERE conversation = ?1 AND seen = ?2), beside = ?4 WHERE local = ?3",
    )?
    .execute(params![conversation, blob, local, beside])?;
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

/// A card that was missing is here now: who belongs to the group and what each entry has seen is found out anew. Who calls this hands
/// the creation, which is told, to [`voids::settle`], so that everybody is judged anew too. Only somebody who takes bodies away makes
/// this happen. It looks at everything in the group, so callers gather: once for all bodies that come together.
pub(super) fn look_again(tx: &Connection, conversation: i64) -> Result<Option<i64>, StoreError> {
    tx.prepare_cached("UPDATE entry SET era = NULL, beside = 0 WHERE conversation = ?1")?.execute([conversation])?;
    tx.prepare_cached("DELETE FROM judged WHERE conversation = ?1")?.execute([conversation])?;
    let key = key(tx, conversation)?;
    let Some(creation) = logs::local(tx, &EntryId(key.0))? else { return Ok(None) };
    note(tx, conversation, creation, &EntryId(key.0), &[])?;
    order::find_heads(tx, conversation)?;
    Ok(Some(creation))
}

/// What the eighth migration cannot say in SQL: which entries stand beside their group, and what counts without them. It reads and
/// writes with the statements of today: a later migration that changes their tables has to run before this.
pub(super) fn fill(tx: &Connection) -> Result<(), StoreError> {
    let groups: Vec<i64> = tx
        .prepare("SELECT DISTINCT conversation FROM era")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for conversation in groups {
        let creation = look_again(tx, conversation)?;
        voids::settle(tx, creation.as_slice())?;
    }
    Ok(())
}

pub(super) fn is_group(tx: &Connection, conversation: i64) -> Result<bool, StoreError> {
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
    Ok(seen.difference(&older).copied().collect())
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

/// Whether a body is a change of a group that must not have an effect: it is none, is newer than this program, or holds a card that
/// does not verify. Looked at once, when the body comes; what is on disk is read without verifying each card again.
pub(super) fn is_forged(kind: u32, body: Option<&[u8]>) -> bool {
    kind == kind::GROUP && body.is_some_and(|body| Action::parse(body).is_err())
}

/// A group as it was read, found again by what it was made of.
struct Read {
    conversation: ConversationId,
    /// The changes that belong to it, and whether their bodies were here.
    made_of: BTreeMap<EntryId, bool>,
    group: Arc<Group>,
}

thread_local! {
    /// The last ones. All that a group says follows from which changes are here, so none of these can be out of date, whatever
    /// became of the transaction in which it was read; and one more change costs as much as one.
    static READ: RefCell<VecDeque<Read>> = const { RefCell::new(VecDeque::new()) };
}

/// The changes of a group that have their place and belong to it.
pub(super) fn group(tx: &Connection, conversation: i64, key: &ConversationId) -> Result<Arc<Group>, StoreError> {
    let made_of: BTreeMap<EntryId, bool> = tx
        .prepare_cached(
            "SELECT id, body IS NOT NULL FROM entry INDEXED BY entry_change
             WHERE conversation = ?1 AND kind = 16 AND position IS NOT NULL AND era IS NOT NULL AND beside = 0",
        )?
        .query_map([conversation], |row| Ok((EntryId(row.get(0)?), row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let known = READ.with_borrow(|read| {
        let of_it = read.iter().filter(|read| read.conversation == *key);
        let parts = of_it.filter(|read| read.made_of.iter().all(|(id, whole)| made_of.get(id) == Some(whole)));
        parts.max_by_key(|read| read.made_of.len()).map(|read| (read.made_of.len(), Arc::clone(&read.group)))
    });
    let group = match known {
        Some((count, group)) if count == made_of.len() => return Ok(group),
        Some((_, group)) => extend(tx, conversation, Arc::unwrap_or_clone(group))?,
        None => extend(tx, conversation, Group::new(*key))?,
    };
    let group = Arc::new(group);
    READ.with_borrow_mut(|read| {
        read.truncate(KNOWN_MAX - 1);
        read.push_front(Read { conversation: *key, made_of, group: Arc::clone(&group) });
    });
    Ok(group)
}

/// Adds the changes that it does not have.
fn extend(tx: &Connection, conversation: i64, mut group: Group) -> Result<Group, StoreError> {
    let mut statement = tx.prepare_cached(
        "SELECT e.id, e.author, d.key, e.time, r.seen, e.forged, e.local
         FROM entry e INDEXED BY entry_change JOIN log l ON l.id = e.log JOIN device d ON d.id = l.device
         JOIN era r ON r.id = e.era
         WHERE e.conversation = ?1 AND e.kind = 16 AND e.position IS NOT NULL AND e.beside = 0 ORDER BY e.position",
    )?;
    let mut body = tx.prepare_cached("SELECT body FROM entry WHERE local = ?1")?;
    let mut rows = statement.query([conversation])?;
    while let Some(row) = rows.next()? {
        let id = EntryId(row.get(0)?);
        if group.belongs(&id) {
            continue;
        }
        let (seen, forged): (Vec<u8>, bool) = (row.get(4)?, row.get(5)?);
        let body: Option<Vec<u8>> = body.query_row([row.get::<_, i64>(6)?], |row| row.get(0))?;
        let fact = Fact {
            id,
            author: RootKey(row.get(1)?),
            device: DeviceKey(row.get(2)?),
            time: uint(row.get(3)?),
            seen: ids(&seen),
            action: body.filter(|_| !forged).and_then(|body| Action::known(&body).ok()),
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
