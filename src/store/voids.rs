//! Which entries of a group do not count ([`crate::log::group`]): they keep their place and their bytes, are forwarded, and are not
//! shown; an edit, a deletion or a reaction that does not count changes nothing.
//!
//! Each entry is judged when it finds its place. When a change of the group finds its place, the other changes are judged again, and
//! of the rest the entries of those for whom it makes a difference. So what is kept here depends on the set of entries alone, and
//! can be computed anew at any time.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::value::uint;
use super::{StoreError, groups, live};
use crate::log::fold::is_shown;
use crate::log::group::{Fold, Last, Void, Written};
use crate::wire::{ConversationId, DeviceKey, EntryId, LogId, RootKey, kind};

/// Entries of one branch that are followed down to see whether another stands on it. A log is forked by a fault or by somebody who
/// cheats; who is so far below the cut stays.
const BRANCH_MAX: usize = 4_096;

/// How a reason is stored; 0 is none. The numbers are in databases.
fn number(void: &Void) -> i64 {
    match void {
        Void::Device => 1,
        Void::Outsider => 2,
        Void::Cut(_) => 3,
        Void::Full => 4,
        Void::NoAdmin => 5,
        Void::Overruled => 6,
        Void::Senior => 7,
        Void::Unreadable => 8,
        Void::Misplaced => 9,
    }
}

/// An entry of a group as it is judged.
struct Judged {
    local: i64,
    conversation: i64,
    id: EntryId,
    author: RootKey,
    device: DeviceKey,
    log: i64,
    name: LogId,
    forks: i64,
    sequence: u64,
    fork: bool,
    kind: u32,
    seen: Vec<EntryId>,
    has_target: bool,
    void: i64,
    beside: bool,
}

const COLUMNS: &str =
    "SELECT e.local, e.conversation, e.id, e.author, d.key, l.id, l.name, l.forks, e.sequence, e.fork, e.kind,
         r.seen, e.target IS NOT NULL, e.void, e.beside
     FROM entry e JOIN era r ON r.id = e.era JOIN log l ON l.id = e.log JOIN device d ON d.id = l.device";

fn judged(row: &Row<'_>) -> Result<Judged, rusqlite::Error> {
    let seen: Vec<u8> = row.get(11)?;
    Ok(Judged {
        local: row.get(0)?,
        conversation: row.get(1)?,
        id: EntryId(row.get(2)?),
        author: RootKey(row.get(3)?),
        device: DeviceKey(row.get(4)?),
        log: row.get(5)?,
        name: LogId(row.get(6)?),
        forks: row.get(7)?,
        sequence: uint(row.get(8)?),
        fork: row.get(9)?,
        kind: row.get(10)?,
        seen: groups::ids(&seen),
        has_target: row.get(12)?,
        void: row.get(13)?,
        beside: row.get(14)?,
    })
}

/// These have found their place: judges those that are in groups, and whoever else they make a difference for. Called before
/// anything follows from them.
pub(super) fn settle(tx: &Connection, placed: &[i64]) -> Result<(), StoreError> {
    let mut touched: BTreeMap<i64, Vec<Judged>> = BTreeMap::new();
    for local in placed {
        let found = tx
            .prepare_cached(&format!("{COLUMNS} WHERE e.local = ?1 AND e.position IS NOT NULL"))?
            .query_row([local], judged)
            .optional()?;
        if let Some(entry) = found {
            touched.entry(entry.conversation).or_default().push(entry);
        }
    }
    for (conversation, fresh) in touched {
        in_group(tx, conversation, fresh)?;
    }
    Ok(())
}

fn in_group(tx: &Connection, conversation: i64, fresh: Vec<Judged>) -> Result<(), StoreError> {
    let key = tx
        .prepare_cached("SELECT key FROM conversation WHERE id = ?1")?
        .query_row([conversation], |row| row.get(0).map(ConversationId))?;
    let group = groups::group(tx, conversation, &key)?;
    let fold = group.fold();
    // What stands on which branch may be known only now.
    let mut authors: BTreeSet<RootKey> =
        fresh.iter().filter(|entry| entry.forks > 0).map(|entry| entry.author).collect();
    let is_new: BTreeSet<i64> = fresh.iter().map(|entry| entry.local).collect();
    if fresh.iter().any(|entry| entry.kind == kind::GROUP) {
        let changes = tx
            .prepare_cached(&format!("{COLUMNS} WHERE e.conversation = ?1 AND e.kind = 16 AND e.position IS NOT NULL"))?
            .query_map([conversation], judged)?
            .collect::<Result<Vec<_>, _>>()?;
        for change in changes {
            // What is not in the group stands beside it.
            let verdict = fold.verdict(&change.id).unwrap_or(Err(Void::Outsider));
            note(tx, &change, verdict, true)?;
        }
        authors.extend(judged_otherwise(tx, conversation, &fold)?);
    }
    // What came before the group did was not judged.
    if fresh.iter().any(|entry| entry.id.0 == key.0) {
        let early = tx
            .prepare_cached(&format!(
                "{COLUMNS} WHERE e.conversation = ?1 AND e.position IS NOT NULL AND e.kind <> 16"
            ))?
            .query_map([conversation], judged)?
            .collect::<Result<Vec<_>, _>>()?;
        for entry in early {
            judge(tx, &fold, &entry, is_new.contains(&entry.local))?;
        }
        return Ok(());
    }
    for author in &authors {
        let theirs = tx
            .prepare_cached(&format!(
                "{COLUMNS} WHERE e.conversation = ?1 AND e.author = ?2 AND e.era IS NOT NULL AND e.position IS NOT NULL
                 AND e.kind <> 16"
            ))?
            .query_map(params![conversation, author.0], judged)?
            .collect::<Result<Vec<_>, _>>()?;
        for entry in theirs {
            judge(tx, &fold, &entry, is_new.contains(&entry.local))?;
        }
    }
    for entry in fresh.iter().filter(|entry| entry.kind != kind::GROUP && !authors.contains(&entry.author)) {
        judge(tx, &fold, entry, true)?;
    }
    Ok(())
}

/// Those about whose entries something else decides than when they were last judged.
fn judged_otherwise(tx: &Connection, conversation: i64, fold: &Fold<'_>) -> Result<Vec<RootKey>, StoreError> {
    let mut known: BTreeMap<[u8; 32], [u8; 32]> = tx
        .prepare_cached("SELECT author, standing FROM judged WHERE conversation = ?1")?
        .query_map([conversation], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let mut changed = vec![];
    for (root, standing) in fold.standings() {
        if known.remove(&root.0) != Some(standing) {
            tx.prepare_cached("INSERT OR REPLACE INTO judged (conversation, author, standing) VALUES (?1, ?2, ?3)")?
                .execute(params![conversation, root.0, standing])?;
            changed.push(root);
        }
    }
    // What brought them in counts no more.
    for root in known.into_keys() {
        tx.prepare_cached("DELETE FROM judged WHERE conversation = ?1 AND author = ?2")?
            .execute(params![conversation, root])?;
        changed.push(RootKey(root));
    }
    Ok(changed)
}

fn judge(tx: &Connection, fold: &Fold<'_>, entry: &Judged, is_new: bool) -> Result<(), StoreError> {
    let written = Written {
        id: entry.id,
        author: entry.author,
        device: entry.device,
        log: entry.name,
        sequence: entry.sequence,
        seen: &entry.seen,
    };
    if entry.beside {
        return note(tx, entry, Err(Void::Outsider), is_new);
    }
    let failed = RefCell::new(None);
    let verdict = fold.judge(&written, |last| {
        is_before(tx, entry, last).unwrap_or_else(|error| {
            *failed.borrow_mut() = Some(error);
            true
        })
    });
    match failed.into_inner() {
        Some(error) => Err(error),
        None => note(tx, entry, verdict, is_new),
    }
}

/// Whether an entry is on the branch that ends with this one, as far as that is known here.
fn is_before(tx: &Connection, entry: &Judged, last: &Last) -> Result<bool, StoreError> {
    if entry.forks == 0 {
        return Ok(true);
    }
    let mut select = tx.prepare_cached("SELECT id, previous, fork, sequence FROM entry WHERE id = ?1 AND log = ?2")?;
    let mut next = Some(last.id.0);
    for _ in 0..BRANCH_MAX {
        let Some(id) = next else { return Ok(false) };
        let found: Option<(Option<[u8; 32]>, bool, i64)> =
            select.query_row(params![id, entry.log], |row| Ok((row.get(1)?, row.get(2)?, row.get(3)?))).optional()?;
        let Some((previous, fork, sequence)) = found else { return Ok(true) };
        if id == entry.id.0 || (!fork && !entry.fork) {
            return Ok(true);
        }
        if uint(sequence) <= entry.sequence {
            return Ok(false);
        }
        next = previous;
    }
    Ok(true)
}

fn note(tx: &Connection, entry: &Judged, verdict: Result<(), Void>, is_new: bool) -> Result<(), StoreError> {
    let void = verdict.err().as_ref().map_or(0, number);
    if void == entry.void {
        return Ok(());
    }
    tx.prepare_cached("UPDATE entry SET void = ?2 WHERE local = ?1")?.execute([entry.local, void])?;
    if (void == 0) == (entry.void == 0) {
        return Ok(());
    }
    if is_shown(entry.kind, entry.has_target) {
        tx.prepare_cached(
            "UPDATE entry SET unread = (?2 = 0 AND hidden = 0 AND progress = 4 AND body IS NOT NULL) WHERE local = ?1",
        )?
        .execute([entry.local, void])?;
        live::look_again(tx, entry.local)?;
        return live::reads_differently(tx, entry.local);
    }
    // What is new has had no effect yet.
    if !is_new && matches!(entry.kind, kind::EDIT | kind::DELETE | kind::REACTION) {
        live::count_again(tx, entry.local)?;
    }
    Ok(())
}
