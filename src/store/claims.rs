//! What a peer says to have, weighed against what is provable.
//!
//! A `have` names hashes: `head` and the `tips`. Each claims the entry **and everything below it on its chain** (that is
//! how [`super::have`] states them), so a hash that is known here proves a whole branch. What else it says is sequence
//! numbers, which mean the same only where both have the same branch:
//!
//! - **No fork in sight** (none of the log is here, and the entry at the head's place is the same, or absent here because
//!   the peer is ahead or because of a gap): the numbers are believed, for the entries that are here. Being ahead proves
//!   nothing, but an honest peer that is ahead has ours, and a fork shows itself as soon as we have caught up.
//! - **A fork**: only the hashes count. What they do not prove is sent again; the peer acknowledges what it knew.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};

use super::belief::Belief;
use super::logs::{self, Log};
use super::progress::DELIVERED;
use super::value::int;
use super::{Delivery, StoreError, recipients};
use crate::wire::{ConversationId, DeviceKey, EntryId, HAVE_LOGS_MAX, Have, LogHave};

/// Takes over a peer's statement. Tells which own entries it has delivered for the first time.
pub(super) fn believe(tx: &Connection, peer: &DeviceKey, have: &Have) -> Result<Vec<Delivery>, StoreError> {
    let Some(conversation) = logs::conversation(tx, &have.conversation)? else { return Ok(vec![]) };
    let peer = logs::intern_device(tx, peer)?;
    let (mut named, mut delivered) = (BTreeSet::new(), vec![]);
    for said in have.logs.iter().take(HAVE_LOGS_MAX) {
        let Some(log) = logs::find(tx, conversation, &said.device, &said.log)? else { continue };
        named.insert(log.id);
        replace(tx, peer, &log, said)?;
        if log.is_ours() {
            delivered.extend(deliver(tx, peer, log.id, have.conversation)?);
        }
    }
    if have.all {
        forget_others(tx, peer, conversation, &named)?;
    }
    Ok(delivered)
}

fn replace(tx: &Connection, peer: i64, log: &Log, said: &LogHave) -> Result<(), StoreError> {
    let mut belief = Belief::load(tx, peer, log.id)?;
    if belief.any_single(tx)? {
        belief.clear(tx)?;
    }
    belief.count = 0;
    let mut single = BTreeSet::new();
    if forked(tx, log, said)? {
        claim(tx, log, said.head.as_ref(), &mut belief.count, &mut single)?;
    } else {
        belief.count = int(said.count).min(log.count);
        between(tx, log, log.count, int(said.count), &mut single)?;
        for range in &said.ranges {
            between(tx, log, int(range.from), int(range.end()), &mut single)?;
        }
    }
    for tip in &said.tips {
        claim(tx, log, Some(tip), &mut belief.count, &mut single)?;
    }
    let any = !single.is_empty();
    for (sequence, fork, local) in single {
        belief.add(tx, sequence, fork, local)?;
    }
    if any {
        belief.fold(tx)?;
    }
    belief.save(tx)
}

/// Whether this log has more than one branch, as far as both together can tell.
fn forked(tx: &Connection, log: &Log, said: &LogHave) -> Result<bool, StoreError> {
    let Some(head) = said.head.filter(|_| said.count > 0 && log.forks == 0) else { return Ok(log.forks > 0) };
    // Mostly both have the same.
    if int(said.count) == log.count && Some(head.0) == log.head {
        return Ok(false);
    }
    let ours = logs::main_at(tx, log.id, int(said.count) - 1)?;
    Ok(ours.is_some_and(|ours| ours.id != head.0))
}

/// Sequence, whether a fork entry, number: what one belief beside `count` is about.
type Single = (i64, bool, i64);

/// Our entries of the main branch in a range. Those below `count` are proven and need no rows; above it are few.
fn between(tx: &Connection, log: &Log, from: i64, end: i64, single: &mut BTreeSet<Single>) -> Result<(), StoreError> {
    if from >= end {
        return Ok(());
    }
    let mut statement = tx.prepare_cached(
        "SELECT sequence, local FROM entry WHERE log = ?1 AND fork = 0 AND sequence >= ?2 AND sequence < ?3",
    )?;
    let mut rows = statement.query([log.id, from, end])?;
    while let Some(row) = rows.next()? {
        single.insert((row.get(0)?, false, row.get(1)?));
    }
    Ok(())
}

/// Follows the chain down from an entry that the peer has, if it is here, to the proven part.
fn claim(
    tx: &Connection,
    log: &Log,
    id: Option<&EntryId>,
    count: &mut i64,
    single: &mut BTreeSet<Single>,
) -> Result<(), StoreError> {
    let mut next = id.map(|id| (id.0, None));
    while let Some((id, expected)) = next {
        let found = tx
            .prepare_cached("SELECT sequence, fork, local, previous FROM entry WHERE id = ?1 AND log = ?2")?
            .query_row(params![id, log.id], |row| {
                Ok((row.get(0)?, row.get::<_, bool>(1)?, row.get(2)?, row.get::<_, Option<[u8; 32]>>(3)?))
            })
            .optional()?;
        let Some((sequence, fork, local, previous)) = found else { return Ok(()) };
        if expected.is_some_and(|expected: i64| expected != sequence) {
            return Ok(());
        }
        if !fork && sequence < log.count {
            *count = (*count).max(sequence + 1);
            return Ok(());
        }
        if !single.insert((sequence, fork, local)) {
            return Ok(());
        }
        next = previous.map(|previous| (previous, Some(sequence - 1)));
    }
    Ok(())
}

/// Own entries that are believed now and were not delivered yet.
fn deliver(tx: &Connection, peer: i64, log: i64, conversation: ConversationId) -> Result<Vec<Delivery>, StoreError> {
    let mut found: Vec<(i64, [u8; 32], bool, i64)> = tx
        .prepare_cached(
            "SELECT e.sequence, e.id, e.shown, e.local FROM entry e INDEXED BY entry_unconfirmed
             WHERE e.log = ?2 AND e.progress < 3
             AND (e.fork = 0 AND e.sequence < (SELECT count FROM belief WHERE device = ?1 AND log = ?2)
                 OR EXISTS (SELECT 1 FROM belief_entry r WHERE r.device = ?1 AND r.log = ?2 AND r.entry = e.local))",
        )?
        .query_map([peer, log], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
        .collect::<Result<_, _>>()?;
    found.sort_unstable();
    let mut delivered = vec![];
    for (_, id, shown, local) in found {
        if !recipients::all_have(tx, local)? {
            continue;
        }
        delivered.push(Delivery { conversation, id: EntryId(id), shown });
        tx.prepare_cached("UPDATE entry SET progress = ?2 WHERE local = ?1")?.execute([local, DELIVERED])?;
    }
    Ok(delivered)
}

/// Of the logs that it does not name, a peer that named all has nothing.
fn forget_others(tx: &Connection, peer: i64, conversation: i64, named: &BTreeSet<i64>) -> Result<(), StoreError> {
    let logs: Vec<i64> = tx
        .prepare_cached("SELECT id FROM log WHERE conversation = ?1")?
        .query_map([conversation], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for log in logs.into_iter().filter(|log| !named.contains(log)) {
        let mut belief = Belief::load(tx, peer, log)?;
        belief.clear(tx)?;
        belief.count = 0;
        belief.save(tx)?;
    }
    Ok(())
}
