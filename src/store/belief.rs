//! What a peer device is believed to have, and so never needs to be sent.
//!
//! Per (peer, log): `count`, the main branch below it, never more than what is proven here; and single entries above it
//! or on other branches. Acks raise it entry by entry; entries that touch `count` are folded into it. A belief that is too
//! low costs a repetition; one that is too high costs a message. So in doubt it is low.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, params};

use super::bare::BARE_MAX;
use super::logs::{self, Log};
use super::progress::{self, DELIVERED};
use super::sharing::{Asked, Goes, Sharing};
use super::value::{int, uint};
use super::{Delivery, Outcome, StoreError, Way, recipients};
use crate::wire::{ConversationId, DeviceKey, EntryId, Lack, RootKey, kind};

/// Entries above a lack that are still believed, one by one. Beyond that the belief is forgotten and they are sent again:
/// a peer that lost something deep inside a long log is too rare to pay for with rows.
const LOWER_ROWS_MAX: i64 = 4_096;

/// In SQL: whether a device is believed to have an entry `e`.
macro_rules! believed_to_have {
    ($device:literal) => {
        concat!(
            "(EXISTS (SELECT 1 FROM belief_entry x WHERE x.device = ",
            $device,
            " AND x.log = e.log AND x.entry = e.local)
             OR e.fork = 0 AND EXISTS (SELECT 1 FROM belief b WHERE b.device = ",
            $device,
            " AND b.log = e.log AND b.count > e.sequence))"
        )
    };
}
pub(super) use believed_to_have;

/// A peer has these on its disk, as far as they are of these conversations. Tells which own entries that has delivered for the first time, and
/// whether something of it is not here.
pub(super) fn acked(
    tx: &Connection,
    peer: &DeviceKey,
    ids: &[EntryId],
    of: &BTreeSet<ConversationId>,
    way: Way,
) -> Result<Outcome, StoreError> {
    let (mut has, mut waiting, mut delivered, mut unknown) = (vec![], vec![], vec![], false);
    for id in ids {
        let found = tx
            .prepare_cached(
                "SELECT e.local, e.progress, c.key, e.shown FROM entry e JOIN conversation c ON c.id = e.conversation
                 WHERE e.id = ?1",
            )?
            .query_row([id.0], |row| {
                let delivery = Delivery { conversation: ConversationId(row.get(2)?), id: *id, shown: row.get(3)? };
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, delivery))
            })
            .optional()?;
        let found = found.filter(|(.., delivery)| of.contains(&delivery.conversation));
        // What is here of another conversation is none of their business: they learn no more of it than of what is not here.
        unknown |= found.is_none();
        let Some((local, progress, delivery)) = found else { continue };
        has.push(local);
        if progress < DELIVERED {
            waiting.push((local, delivery));
        }
    }
    if !has.is_empty() {
        raise(tx, logs::intern_device(tx, peer)?, &has)?;
    }
    for (local, delivery) in waiting {
        if recipients::all_have(tx, local)? {
            progress::mark_delivered(tx, local, way)?;
            delivered.push(delivery);
        }
    }
    Ok(Outcome::Acked { delivered, unknown })
}

/// How many of these a peer is believed to have, and how many together with everything that has its place before them: without what
/// an entry stands on it has no place there either. What is not for its person they have their place without.
pub(super) fn known(
    tx: &Connection,
    key: &ConversationId,
    peer: &DeviceKey,
    to: RootKey,
    ids: &[EntryId],
) -> Result<Outcome, StoreError> {
    let (mut has, mut placed, mut given) = (0, 0, 0);
    let Some(peer) = logs::device(tx, peer)? else { return Ok(Outcome::Known { has, placed, given }) };
    let sharing = Sharing::with(tx, key, Some(to))?;
    for id in ids {
        let place: Option<(i64, i64)> = tx
            .prepare_cached(concat!(
                "SELECT e.conversation, e.position FROM entry e WHERE e.id = ?2 AND e.position IS NOT NULL AND ",
                believed_to_have!("?1")
            ))?
            .query_row(params![peer, id.0], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        if let Some((conversation, position)) = place {
            let lacks = lacks_before(tx, peer, conversation, position, sharing.as_ref())?;
            has += 1;
            placed += u64::from(lacks == Lacks::Nothing);
            given += u64::from(lacks != Lacks::Ours);
        }
    }
    Ok(Outcome::Known { has, placed, given })
}

/// What a peer lacks before an entry.
#[derive(PartialEq, Eq)]
enum Lacks {
    Nothing,
    /// What was given to us without its body: only others can give it.
    Others,
    /// Something that we can give.
    Ours,
}

/// What a peer is not believed to have before this position of what is for it. A few more than an entry stands on, which is cheaper to
/// find out: of each log only what it is not believed to have is looked at. What is on another branch than the rest of its log is
/// looked at too.
fn lacks_before(
    tx: &Connection,
    peer: i64,
    conversation: i64,
    position: i64,
    sharing: Option<&Sharing>,
) -> Result<Lacks, StoreError> {
    let mut statement = tx.prepare_cached(
        "SELECT e.local, e.id, e.author, r.seen, e.kind, e.bare FROM log l LEFT JOIN belief b ON b.device = ?1 AND b.log = l.id
             JOIN entry e ON e.log = l.id AND (e.fork = 1 OR e.fork = 0 AND e.sequence >= coalesce(b.count, 0))
             LEFT JOIN era r ON r.id = e.era
             WHERE l.conversation = ?2 AND e.position < ?3 AND e.beside = 0
             AND NOT EXISTS (SELECT 1 FROM belief_entry x WHERE x.device = ?1 AND x.log = l.id AND x.entry = e.local)",
    )?;
    let mut rows = statement.query([peer, conversation, position])?;
    let mut lacks = Lacks::Nothing;
    while let Some(row) = rows.next()? {
        let (local, id, author, seen) = (row.get(0)?, EntryId(row.get(1)?), RootKey(row.get(2)?), row.get(3)?);
        let (is_change, bare) = (row.get::<_, u32>(4)? == kind::GROUP, row.get(5)?);
        let goes = match sharing {
            Some(sharing) => sharing.goes(tx, &Asked { local, id, author, seen, is_change, bare })?,
            None => Goes::Whole,
        };
        match goes {
            Goes::Nothing => {}
            Goes::ByOthers => lacks = Lacks::Others,
            Goes::Whole | Goes::Header => return Ok(Lacks::Ours),
        }
    }
    Ok(lacks)
}

/// Believes that a peer has these entries too.
pub(super) fn raise(tx: &Connection, peer: i64, entries: &[i64]) -> Result<(), StoreError> {
    let mut logs: BTreeMap<i64, Vec<(i64, bool, i64)>> = BTreeMap::new();
    for local in entries {
        let (log, entry) = tx
            .prepare_cached("SELECT log, sequence, fork FROM entry WHERE local = ?1")?
            .query_row([local], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?, *local))))?;
        logs.entry(log).or_default().push(entry);
    }
    for (log, mut entries) in logs {
        entries.sort_unstable();
        let mut belief = Belief::load(tx, peer, log)?;
        let mut single = belief.any_single(tx)?;
        for (sequence, fork, local) in entries {
            // The common case, acks in the log's order, writes no rows, and has none to fold.
            if !single && !fork && sequence == belief.count && belief.count < belief.proven {
                belief.count += 1;
            } else {
                belief.add(tx, sequence, fork, local)?;
                single = true;
            }
        }
        if single {
            belief.fold(tx)?;
        }
        belief.save(tx)?;
    }
    Ok(())
}

/// One peer's belief about one log.
pub(super) struct Belief {
    pub peer: i64,
    pub log: i64,
    /// The main branch below this.
    pub count: i64,
    /// What was stored.
    stored: i64,
    /// How far the main branch is proven here.
    pub proven: i64,
}

impl Belief {
    pub(super) fn load(tx: &Connection, peer: i64, log: i64) -> Result<Self, StoreError> {
        let (proven, count) = tx
            .prepare_cached(
                "SELECT l.count, coalesce(b.count, 0) FROM log l LEFT JOIN belief b ON b.device = ?1 AND b.log = l.id
                 WHERE l.id = ?2",
            )?
            .query_row([peer, log], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Self { peer, log, count, stored: count, proven })
    }

    /// A single entry, unless `count` covers it.
    pub(super) fn add(&self, tx: &Connection, sequence: i64, fork: bool, local: i64) -> Result<(), StoreError> {
        if fork || sequence >= self.count {
            tx.prepare_cached("INSERT OR IGNORE INTO belief_entry (device, log, entry) VALUES (?1, ?2, ?3)")?
                .execute([self.peer, self.log, local])?;
        }
        Ok(())
    }

    /// Whether there are single entries.
    pub(super) fn any_single(&self, tx: &Connection) -> Result<bool, StoreError> {
        let any = tx
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM belief_entry WHERE device = ?1 AND log = ?2)")?
            .query_row([self.peer, self.log], |row| row.get(0))?;
        Ok(any)
    }

    /// Forgets the single entries.
    pub(super) fn clear(&self, tx: &Connection) -> Result<(), StoreError> {
        tx.prepare_cached("DELETE FROM belief_entry WHERE device = ?1 AND log = ?2")?.execute([self.peer, self.log])?;
        Ok(())
    }

    /// Folds single entries that touch `count` into it.
    pub(super) fn fold(&mut self, tx: &Connection) -> Result<(), StoreError> {
        let any = self.any_single(tx)?;
        while any && self.count < self.proven {
            let folded = tx
                .prepare_cached(
                    "DELETE FROM belief_entry WHERE device = ?1 AND log = ?2
                     AND entry = (SELECT local FROM entry WHERE log = ?2 AND sequence = ?3 AND fork = 0)",
                )?
                .execute([self.peer, self.log, self.count])?;
            if folded == 0 {
                break;
            }
            self.count += 1;
        }
        Ok(())
    }

    pub(super) fn save(&self, tx: &Connection) -> Result<(), StoreError> {
        if self.count != self.stored {
            tx.prepare_cached(
                "INSERT INTO belief (device, log, count) VALUES (?1, ?2, ?3)
                 ON CONFLICT (device, log) DO UPDATE SET count = excluded.count",
            )?
            .execute([self.peer, self.log, self.count])?;
        }
        Ok(())
    }
}

/// A peer lacks these: they are believed no more, the others still are. Tells which of them have no body here either.
pub(super) fn lower(tx: &Connection, peer: &DeviceKey, lack: &Lack) -> Result<Vec<(EntryId, u64)>, StoreError> {
    let Some(conversation) = logs::conversation(tx, &lack.conversation)? else { return Ok(vec![]) };
    let Some(log) = logs::find(tx, conversation, &lack.device, &lack.log)? else { return Ok(vec![]) };
    if let Some(peer) = logs::device(tx, peer)? {
        believe_less(tx, peer, &log, lack)?;
    }
    let mut statement = tx.prepare_cached(
        "SELECT id, sequence, bare FROM entry INDEXED BY entry_main
         WHERE log = ?1 AND fork = 0 AND sequence >= ?2 AND sequence < ?3 ORDER BY sequence LIMIT ?4",
    )?;
    // Whoever asks for bodies asks for no more at a time; who has lost a log asks for all of it, and for no bodies.
    let (mut bare, mut left) = (vec![], BARE_MAX);
    for range in &lack.ranges {
        let mut rows = statement.query(params![log.id, int(range.from), int(range.end()), int(left as u64)])?;
        while let Some(row) = rows.next()? {
            left = left.saturating_sub(1);
            if row.get(2)? {
                bare.push((EntryId(row.get(0)?), uint(row.get(1)?)));
            }
        }
    }
    Ok(bare)
}

fn believe_less(tx: &Connection, peer: i64, log: &Log, lack: &Lack) -> Result<(), StoreError> {
    let mut belief = Belief::load(tx, peer, log.id)?;
    let Some(lowest) = lack.ranges.iter().filter(|range| range.count > 0).map(|range| int(range.from)).min() else {
        return Ok(());
    };
    let above = belief.count;
    if lowest < above {
        belief.count = lowest;
        let keep = above - lowest <= LOWER_ROWS_MAX;
        if keep {
            tx.prepare_cached(
                "INSERT OR IGNORE INTO belief_entry (device, log, entry)
                 SELECT ?1, ?2, local FROM entry WHERE log = ?2 AND fork = 0 AND sequence >= ?3 AND sequence < ?4",
            )?
            .execute([peer, log.id, lowest, above])?;
        }
    }
    for range in &lack.ranges {
        tx.prepare_cached(
            "DELETE FROM belief_entry WHERE device = ?1 AND log = ?2 AND entry IN
             (SELECT local FROM entry WHERE log = ?2 AND fork = 0 AND sequence >= ?3 AND sequence < ?4)",
        )?
        .execute(params![peer, log.id, int(range.from), int(range.end())])?;
    }
    belief.save(tx)
}
