//! Places: where an entry stands in its conversation. A local index that can be rebuilt from the entries.
//!
//! It follows the insertion rule of [`crate::log::order`]: once all parents are placed, an entry goes right before the
//! first entry behind its last parent whose key is higher than its own, or to the end. Until then it waits, and whoever
//! is placed looks (by index) for those that waited for it. Positions are numbers with gaps between them.

use std::collections::VecDeque;

use rusqlite::{Connection, OptionalExtension, params};

use super::groups::Parent;
use super::value::int;
use super::{StoreError, groups};
use crate::log::Entry;
use crate::log::order::{Key, Node};
use crate::wire::{DeviceKey, EntryId, Header, RootKey, cbor};

/// Between two entries at the end: `i64` has room for two thousand million of them.
const GAP: i64 = 1 << 32;
/// What is inserted between two entries takes this share of their gap from below: entries that arrive late mostly follow
/// each other upwards, and so a thousand fit where halving would stop after 32.
const SHARE: i64 = 64;
/// Entries that are spread anew when a gap is used up; four times as many while they are too dense.
const WINDOW: i64 = 64;
/// The gap that spreading must leave for each of them: five hundred more fit in.
const SPREAD: i64 = 1 << 16;
/// Headers were checked when they came; this only bounds what a damaged row makes us read.
const HEADER_BYTES_MAX: usize = 4096;

/// The entry's parents that have no position in its conversation.
pub(super) fn missing(tx: &Connection, conversation: Option<i64>, entry: &Entry) -> Result<Vec<EntryId>, StoreError> {
    let mut missing = vec![];
    for parent in entry.parents() {
        let placed = match conversation {
            Some(conversation) => placed(tx, conversation, parent)?.is_some(),
            None => false,
        };
        if !placed && !missing.contains(parent) {
            missing.push(*parent);
        }
    }
    Ok(missing)
}

/// An entry's number and position, if it has one in this conversation.
fn placed(tx: &Connection, conversation: i64, id: &EntryId) -> Result<Option<(i64, i64)>, StoreError> {
    let found = tx
        .prepare_cached(
            "SELECT local, position FROM entry WHERE id = ?1 AND conversation = ?2 AND position IS NOT NULL",
        )?
        .query_row(params![id.0, conversation], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(found)
}

/// Lets an entry wait for its parents.
pub(super) fn wait(
    tx: &Connection,
    conversation: i64,
    local: i64,
    bytes: i64,
    parents: &[EntryId],
) -> Result<(), StoreError> {
    let mut insert = tx.prepare_cached("INSERT INTO wait (conversation, parent, entry) VALUES (?1, ?2, ?3)")?;
    for parent in parents {
        insert.execute(params![conversation, parent.0, local])?;
    }
    count_waiting(tx, conversation, 1, bytes)
}

/// Whose entries wait here for this one, and of which devices.
pub(super) fn waiters(
    tx: &Connection,
    conversation: i64,
    id: &EntryId,
) -> Result<Vec<(RootKey, DeviceKey)>, StoreError> {
    let waiters = tx
        .prepare_cached(
            "SELECT DISTINCT e.author, d.key FROM wait w JOIN entry e ON e.local = w.entry
             JOIN log l ON l.id = e.log JOIN device d ON d.id = l.device
             WHERE w.conversation = ?1 AND w.parent = ?2",
        )?
        .query_map(params![conversation, id.0], |row| Ok((RootKey(row.get(0)?), DeviceKey(row.get(1)?))))?
        .collect::<Result<_, _>>()?;
    Ok(waiters)
}

/// Keeps count of what waits.
pub(super) fn count_waiting(tx: &Connection, conversation: i64, entries: i64, bytes: i64) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE conversation SET waiting = waiting + ?2, waiting_bytes = waiting_bytes + ?3 WHERE id = ?1",
    )?
    .execute([conversation, entries, bytes])?;
    Ok(())
}

/// Entries and their bytes that wait in a conversation.
pub(super) fn waiting(tx: &Connection, conversation: i64) -> Result<(i64, i64), StoreError> {
    let found = tx
        .prepare_cached("SELECT waiting, waiting_bytes FROM conversation WHERE id = ?1")?
        .query_row([conversation], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(found)
}

/// Places an entry whose parents are all placed, or keeps the heads for one that was stored at its spot, then everybody who has waited
/// for it, and so on. Tells who was placed.
pub(super) fn settle(
    tx: &Connection,
    conversation: i64,
    local: i64,
    node: Node,
    spot: Option<Spot>,
    settled: &mut Vec<i64>,
) -> Result<(), StoreError> {
    let mut ready = VecDeque::new();
    match spot {
        Some(spot) => become_head(tx, conversation, local, &spot.below)?,
        None => place(tx, conversation, local, &node)?,
    }
    let mut next = Some((local, node));
    while let Some((local, node)) = next {
        settled.push(local);
        for waiter in release(tx, conversation, &node.key.id)? {
            ready.push_back(waiter);
        }
        next = match ready.pop_front() {
            Some(waiter) => {
                let (node, bytes) = load(tx, waiter)?;
                count_waiting(tx, conversation, -1, -bytes)?;
                place(tx, conversation, waiter, &node)?;
                Some((waiter, node))
            }
            None => None,
        };
    }
    Ok(())
}

/// Those that waited for this one and now wait for nobody.
fn release(tx: &Connection, conversation: i64, id: &EntryId) -> Result<Vec<i64>, StoreError> {
    // Nobody, nearly always. `RETURNING` would make a table for the rows each time, and free its pages again.
    let mut waiters: Vec<i64> = tx
        .prepare_cached("SELECT entry FROM wait WHERE conversation = ?1 AND parent = ?2")?
        .query_map(params![conversation, id.0], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    if waiters.is_empty() {
        return Ok(waiters);
    }
    tx.prepare_cached("DELETE FROM wait WHERE conversation = ?1 AND parent = ?2")?
        .execute(params![conversation, id.0])?;
    waiters.sort_unstable();
    let mut free = vec![];
    for waiter in waiters {
        let waits: bool = tx
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM wait WHERE entry = ?1)")?
            .query_row([waiter], |row| row.get(0))?;
        if !waits {
            free.push(waiter);
        }
    }
    Ok(free)
}

fn load(tx: &Connection, local: i64) -> Result<(Node, i64), StoreError> {
    let (id, header, body): ([u8; 32], Vec<u8>, i64) = tx
        .prepare_cached("SELECT id, header, coalesce(length(body), 0) FROM entry WHERE local = ?1")?
        .query_row([local], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let read: Header = cbor::decode(&header, HEADER_BYTES_MAX)
        .map_err(|error| StoreError::Damaged(format!("the header of entry {local}: {error}")))?;
    let bytes = int(header.len() as u64).saturating_add(body);
    let parents = read.previous.into_iter().chain(read.after).collect();
    Ok((Node { key: Key { time: read.time, author: read.author, id: EntryId(id) }, parents }, bytes))
}

/// An entry's number, position and what it is in a group, if it has its place in this conversation.
type InGroup = (i64, i64, Option<Parent>);

fn placed_in_group(tx: &Connection, conversation: i64, id: &EntryId) -> Result<Option<InGroup>, StoreError> {
    let found = tx
        .prepare_cached(
            "SELECT local, position, era, author, kind = 16, beside FROM entry
             WHERE id = ?1 AND conversation = ?2 AND position IS NOT NULL",
        )?
        .query_row(params![id.0, conversation], |row| {
            let beside: bool = row.get(5)?;
            let change = row.get::<_, bool>(4)? && !beside;
            let author = RootKey(row.get(3)?);
            let parent = row.get::<_, Option<_>>(2)?.map(|era| Parent { id: *id, author, change, beside, era });
            Ok((row.get(0)?, row.get(1)?, parent))
        })
        .optional()?;
    Ok(found)
}

/// The parents of an entry that have their place in a group.
pub(super) fn parents(tx: &Connection, conversation: i64, local: i64) -> Result<Vec<Parent>, StoreError> {
    among(tx, conversation, &load(tx, local)?.0.parents)
}

/// Those of these entries that have their place in a group.
pub(super) fn among(tx: &Connection, conversation: i64, ids: &[EntryId]) -> Result<Vec<Parent>, StoreError> {
    let mut parents = vec![];
    for parent in ids {
        if let Some((.., Some(parent))) = placed_in_group(tx, conversation, parent)? {
            parents.push(parent);
        }
    }
    Ok(parents)
}

/// Where an entry between two people goes that is not there yet, right behind its parents. It is stored with its position: to add that
/// later touches its row and every index of positions once more.
pub(super) struct Spot {
    pub position: i64,
    /// Its parents.
    below: Vec<i64>,
}

/// The spot of an entry whose parents are all placed; none where the entry must be there first: in a group, and of the first ones.
pub(super) fn spot(tx: &Connection, conversation: i64, node: &Node) -> Result<Option<Spot>, StoreError> {
    let (mut last, mut below) = (0, vec![]);
    for parent in &node.parents {
        match placed_in_group(tx, conversation, parent)? {
            Some((local, position, None)) => {
                last = last.max(position);
                below.push(local);
            }
            _ => return Ok(None),
        }
    }
    if below.is_empty() {
        return Ok(None);
    }
    Ok(Some(Spot { position: position(tx, conversation, last, &node.key)?, below }))
}

/// Finds the position, and keeps the heads.
fn place(tx: &Connection, conversation: i64, local: i64, node: &Node) -> Result<(), StoreError> {
    let (mut last, mut seen, mut below) = (0, vec![], vec![]);
    for parent in &node.parents {
        if let Some((local, position, parent)) = placed_in_group(tx, conversation, parent)? {
            last = last.max(position);
            seen.extend(parent);
            below.push(local);
        }
    }
    let beside =
        (!seen.is_empty() || node.parents.is_empty()) && groups::note(tx, conversation, local, &node.key.id, &seen)?;
    let position = position(tx, conversation, last, &node.key)?;
    tx.prepare_cached("UPDATE entry SET position = ?2 WHERE local = ?1")?.execute([local, position])?;
    if beside { Ok(()) } else { become_head(tx, conversation, local, &below) }
}

/// A fresh entry has no child, so it is a head, and its parents are none. What stands beside a group is none, and hides none:
/// nothing of ours names it.
fn become_head(tx: &Connection, conversation: i64, local: i64, below: &[i64]) -> Result<(), StoreError> {
    for parent in below {
        tx.prepare_cached("DELETE FROM head WHERE conversation = ?1 AND entry = ?2")?
            .execute([conversation, *parent])?;
    }
    tx.prepare_cached("INSERT INTO head (conversation, entry) VALUES (?1, ?2)")?.execute([conversation, local])?;
    Ok(())
}

/// Finds the heads of a group anew.
pub(super) fn find_heads(tx: &Connection, conversation: i64) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM head WHERE conversation = ?1")?.execute([conversation])?;
    let placed: Vec<i64> = tx
        .prepare_cached(
            "SELECT local FROM entry INDEXED BY entry_position
             WHERE conversation = ?1 AND position IS NOT NULL AND beside = 0 ORDER BY position",
        )?
        .query_map([conversation], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for local in placed {
        let mut below = vec![];
        for parent in load(tx, local)?.0.parents {
            below.extend(placed_in_group(tx, conversation, &parent)?.map(|(local, ..)| local));
        }
        become_head(tx, conversation, local, &below)?;
    }
    Ok(())
}

fn position(tx: &Connection, conversation: i64, last: i64, key: &Key) -> Result<i64, StoreError> {
    let end: i64 = tx
        .prepare_cached(
            "SELECT coalesce(max(position), 0) FROM entry INDEXED BY entry_position
             WHERE conversation = ?1 AND position IS NOT NULL",
        )?
        .query_row([conversation], |row| row.get(0))?;
    let append = || end.checked_add(GAP).ok_or_else(|| StoreError::Failed("a conversation without end".to_owned()));
    // The two common cases read one row each: it answers the last entry, or its time is the highest.
    if last == end || int(key.time) > highest_time(tx, conversation)? {
        return append();
    }
    let Some(behind) = first_higher(tx, conversation, last, key)? else { return append() };
    let before: i64 = tx
        .prepare_cached(
            "SELECT coalesce(max(position), 0) FROM entry INDEXED BY entry_position
             WHERE conversation = ?1 AND position < ?2",
        )?
        .query_row([conversation, behind], |row| row.get(0))?;
    let gap = if behind - before > 1 { behind - before } else { spread(tx, conversation, before)? };
    Ok(before + (gap / SHARE).max(1))
}

fn highest_time(tx: &Connection, conversation: i64) -> Result<i64, StoreError> {
    let time = tx
        .prepare_cached(
            "SELECT coalesce(max(time), -1) FROM entry INDEXED BY entry_time
             WHERE conversation = ?1 AND position IS NOT NULL",
        )?
        .query_row([conversation], |row| row.get(0))?;
    Ok(time)
}

/// Walks from the last parent upwards. A log's entries are placed upwards, so one log walks over a conversation once.
fn first_higher(tx: &Connection, conversation: i64, last: i64, key: &Key) -> Result<Option<i64>, StoreError> {
    let found = tx
        .prepare_cached(
            "SELECT position FROM entry INDEXED BY entry_position
             WHERE conversation = ?1 AND position > ?2 AND (time, author, id) > (?3, ?4, ?5)
             ORDER BY position LIMIT 1",
        )?
        .query_row(params![conversation, last, int(key.time), key.author.0, key.id.0], |row| row.get(0))
        .optional()?;
    Ok(found)
}

/// Makes room behind a position; tells how much. Only as many entries move as are needed to find it.
fn spread(tx: &Connection, conversation: i64, before: i64) -> Result<i64, StoreError> {
    let mut window = WINDOW;
    loop {
        let rows: Vec<(i64, i64)> = tx
            .prepare_cached(
                "SELECT local, position FROM entry INDEXED BY entry_position
                 WHERE conversation = ?1 AND position > ?2 ORDER BY position LIMIT ?3",
            )?
            .query_map([conversation, before, window + 1], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        let beyond = usize::try_from(window).ok().and_then(|window| rows.get(window));
        let step = match beyond {
            Some((_, end)) => (end - before) / (window + 1),
            None => GAP,
        };
        if step < SPREAD {
            window = window.saturating_mul(4);
            continue;
        }
        let moved = rows.len() - usize::from(beyond.is_some());
        let mut update = tx.prepare_cached("UPDATE entry SET position = ?2 WHERE local = ?1")?;
        let mut position = before;
        for (local, _) in rows.iter().take(moved) {
            position = position
                .checked_add(step)
                .ok_or_else(|| StoreError::Failed("a conversation without end".to_owned()))?;
            update.execute([*local, position])?;
        }
        return Ok(step);
    }
}

/// The conversation's heads, by id; first those that count, for an entry names only some when there are many.
pub(super) fn heads(tx: &Connection, conversation: i64) -> Result<Vec<EntryId>, StoreError> {
    let heads = tx
        .prepare_cached(
            "SELECT e.id FROM head h JOIN entry e ON e.local = h.entry WHERE h.conversation = ?1
             ORDER BY e.void <> 0, e.id",
        )?
        .query_map([conversation], |row| row.get(0).map(EntryId))?
        .collect::<Result<_, _>>()?;
    Ok(heads)
}
