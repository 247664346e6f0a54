//! What we say to have: counts, heads, ranges above gaps, and the tips of other branches, within the wire's limits.
//!
//! Everything named is on disk, also what still waits for its place. A tip is named only when everything below it on its
//! chain is here too, down to the log's first entry: whoever knows its hash may rely on that.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension};

use super::StoreError;
use super::logs::{self, Log};
use super::sharing::Sharing;
use super::value::{int, uint};
use crate::log::group::Share;
use crate::wire::{
    ConversationId, DeviceKey, EntryId, HAVE_LOGS_MAX, Have, Lack, LogHave, LogId, RANGES_MAX, Range, RootKey,
    TIPS_MAX, cbor, kind,
};

/// The statement's logs together: a frame holds 64 KiB and a mail 48 KiB, with room for what goes beside it.
const HAVE_BYTES_MAX: usize = 40 * 1024;
/// Fork entries that are looked at for tips. More than a log takes in; a gap that closes may add some.
const FORKS_READ_MAX: usize = 4 * TIPS_MAX;

/// What we have of a conversation. When it does not fit, the logs that changed last are named; of a group first those in which
/// something stands that belongs to it.
pub(super) fn have(tx: &Connection, conversation: &ConversationId) -> Result<Have, StoreError> {
    let mut have = Have { conversation: *conversation, logs: vec![], all: true };
    let Some(id) = logs::conversation(tx, conversation)? else { return Ok(have) };
    let mut statement = tx.prepare_cached(
        "SELECT d.key, l.name, l.id, l.own, l.count, l.head, l.top, l.entries, l.forks, l.latest
         FROM log l JOIN device d ON d.id = l.device WHERE l.conversation = ?1
         ORDER BY EXISTS (SELECT 1 FROM entry e WHERE e.log = l.id AND e.position IS NOT NULL AND e.beside = 0) DESC,
             l.latest DESC LIMIT ?2",
    )?;
    let mut rows = statement.query([id, int(HAVE_LOGS_MAX as u64 + 1)])?;
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        let log = Log::read(row, 2)?;
        let said = LogHave {
            device: DeviceKey(row.get(0)?),
            log: LogId(row.get(1)?),
            count: uint(log.count),
            head: log.head.map(EntryId),
            ranges: ranges(tx, &log)?,
            tips: tips(tx, &log)?,
        };
        bytes += cbor::encode(&said).len();
        if have.logs.len() == HAVE_LOGS_MAX || bytes > HAVE_BYTES_MAX {
            have.all = false;
            break;
        }
        have.logs.push(said);
    }
    have.logs.sort_unstable_by_key(|log| (log.device, log.log));
    Ok(have)
}

/// What of a group somebody may know that we have who is in it no more: of each log everything up to the last entry that they may be
/// given. Who has seen that they were put out has seen it in all that they have written since, so for most there is one place in a log
/// where that ends. Who was in it twice was given what lies between too, while they were.
pub(super) fn have_for(tx: &Connection, key: &ConversationId, to: RootKey) -> Result<Have, StoreError> {
    let mut said = have(tx, key)?;
    let (Some(sharing), Some(conversation)) = (Sharing::with(tx, key, Some(to))?, logs::conversation(tx, key)?) else {
        return Ok(said);
    };
    let mut known = vec![];
    for mut log in std::mem::take(&mut said.logs) {
        let Some(row) = logs::find(tx, conversation, &log.device, &log.log)? else { continue };
        let count = known_of(tx, row.id, int(log.count), &sharing)?;
        if count == 0 {
            continue;
        }
        log.count = uint(count);
        log.head = logs::main_at(tx, row.id, count - 1)?.map(|head| EntryId(head.id));
        (log.ranges, log.tips) = (vec![], vec![]);
        known.push(log);
    }
    said.logs = known;
    Ok(said)
}

/// How far the last entry of a log is of which they may be given anything.
fn known_of(tx: &Connection, log: i64, count: i64, sharing: &Sharing) -> Result<i64, StoreError> {
    if sharing.is_in_parts() {
        return last_of(tx, log, count, sharing);
    }
    let (mut known, mut beyond) = (0, count);
    while known < beyond {
        let at = known + (beyond - known) / 2;
        if is_for(tx, log, at, sharing)? { known = at + 1 } else { beyond = at }
    }
    Ok(known)
}

/// The same where they may have been given several parts of it: read backwards from its end, as far as nothing is for them.
fn last_of(tx: &Connection, log: i64, count: i64, sharing: &Sharing) -> Result<i64, StoreError> {
    let mut statement = tx.prepare_cached(
        "SELECT r.seen, e.kind, e.sequence FROM entry e LEFT JOIN era r ON r.id = e.era
         WHERE e.log = ?1 AND e.sequence < ?2 AND e.fork = 0 AND e.beside = 0 ORDER BY e.sequence DESC",
    )?;
    let mut rows = statement.query([log, count])?;
    while let Some(row) = rows.next()? {
        let (seen, kind): (Option<Vec<u8>>, u32) = (row.get(0)?, row.get(1)?);
        if sharing.of(seen.as_deref(), kind == kind::GROUP) != Share::Nothing {
            return Ok(row.get::<_, i64>(2)?.saturating_add(1));
        }
    }
    Ok(0)
}

/// Whether anything of this entry of a log may be given to them.
fn is_for(tx: &Connection, log: i64, sequence: i64, sharing: &Sharing) -> Result<bool, StoreError> {
    let found: Option<(Option<Vec<u8>>, u32)> = tx
        .prepare_cached(
            "SELECT r.seen, e.kind FROM entry e LEFT JOIN era r ON r.id = e.era
             WHERE e.log = ?1 AND e.sequence = ?2 AND e.fork = 0 AND e.beside = 0",
        )?
        .query_row([log, sequence], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(found.is_some_and(|(seen, kind)| sharing.of(seen.as_deref(), kind == kind::GROUP) != Share::Nothing))
}

/// What is missing of a log below what has arrived.
pub(super) fn gaps(
    tx: &Connection,
    conversation: ConversationId,
    device: DeviceKey,
    name: LogId,
    log: &Log,
) -> Result<Option<Lack>, StoreError> {
    let mut from = uint(log.count);
    let mut missing = vec![];
    for range in ranges(tx, log)? {
        missing.push(Range { from, count: range.from.saturating_sub(from) });
        from = range.end();
    }
    Ok((!missing.is_empty()).then_some(Lack { conversation, device, log: name, ranges: missing }))
}

/// The main branch above the first gap.
fn ranges(tx: &Connection, log: &Log) -> Result<Vec<Range>, StoreError> {
    let (mut ranges, mut last): (Vec<Range>, Option<Range>) = (vec![], None);
    if log.top <= log.count {
        return Ok(ranges);
    }
    let mut statement = tx.prepare_cached(
        "SELECT sequence FROM entry WHERE log = ?1 AND fork = 0 AND sequence >= ?2 ORDER BY sequence",
    )?;
    let mut rows = statement.query([log.id, log.count])?;
    while let Some(row) = rows.next()? {
        let sequence = uint(row.get(0)?);
        match &mut last {
            Some(last) if last.end() == sequence => last.count += 1,
            _ => {
                ranges.extend(last.replace(Range { from: sequence, count: 1 }));
                if ranges.len() == RANGES_MAX {
                    return Ok(ranges);
                }
            }
        }
    }
    ranges.extend(last);
    Ok(ranges)
}

/// The last entries of other branches that are whole.
fn tips(tx: &Connection, log: &Log) -> Result<Vec<EntryId>, StoreError> {
    if log.forks == 0 {
        return Ok(vec![]);
    }
    let mut statement = tx.prepare_cached(
        "SELECT e.id, e.previous, e.sequence, EXISTS (SELECT 1 FROM entry p WHERE p.log = e.log
             AND p.sequence = e.sequence - 1 AND p.fork = 0 AND p.id = e.previous AND p.sequence < ?2)
         FROM entry e INDEXED BY entry_fork WHERE e.log = ?1 AND e.fork = 1 ORDER BY e.sequence, e.local LIMIT ?3",
    )?;
    let mut rows = statement.query([log.id, log.count, int(FORKS_READ_MAX as u64)])?;
    let (mut whole, mut parents) = (vec![], BTreeSet::new());
    while let Some(row) = rows.next()? {
        let (id, previous): (EntryId, Option<[u8; 32]>) = (EntryId(row.get(0)?), row.get(1)?);
        let (sequence, on_main): (i64, bool) = (row.get(2)?, row.get(3)?);
        let previous = previous.map(EntryId);
        let above = whole.iter().any(|(below, at)| Some(*below) == previous && *at == sequence - 1);
        if sequence == 0 || on_main || above {
            whole.push((id, sequence));
            parents.extend(previous);
        }
    }
    let tips = whole.into_iter().rev().map(|(id, _)| id).filter(|id| !parents.contains(id));
    Ok(tips.take(TIPS_MAX).collect())
}
