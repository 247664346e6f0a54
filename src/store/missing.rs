//! What is known to exist and is not here: gaps in logs, and entries that others name. And whose logs have branches.
//!
//! An entry is known to exist when one that is here stands above it in its log, or names it as what its author had seen. Who
//! holds it is who is believed to have what stands above it: nobody has that without it, unless it waits there too. A message that came
//! without its text, which is for us and was not deleted, has not arrived either; who has that nobody says. Read from
//! rows that are there for order and sync, so it is never wrong for longer than they are.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, params};

use super::belief::believed_to_have;
use super::sharing::Sharing;
use super::value::int;
use super::{StoreError, groups};
use crate::log::fold::is_shown;
use crate::log::group::Share;
use crate::wire::{ConversationId, RootKey};

/// Missing entries of one author are counted up to here: nobody reads a larger number as a number.
pub const MISSING_COUNT_MAX: u32 = 1_000;
/// Entries named by others that are looked at: each costs a look into an index.
const NAMED_MAX: u64 = 1_000;

/// Messages without their texts that are looked at: who came late into a group may have headers by the ten thousand that are not for them.
const BARE_MAX: u64 = 1_000;

/// What of a conversation is known to be incomplete.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gaps {
    /// What has not arrived, by author: those who are known first, by key; at last, if any, those of nobody known.
    pub missing: Vec<Missing>,
    /// Authors with a log that has more than one branch, by key: somebody has written two different entries with one number,
    /// which an honest device never does.
    pub forked: Vec<RootKey>,
}

/// Entries of one author that have not arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Who wrote them; absent where only a name is known of them.
    pub author: Option<RootKey>,
    /// At least so many, at most [`MISSING_COUNT_MAX`].
    pub count: u32,
    /// People with a device that is believed to have them, by key.
    pub held_by: Vec<RootKey>,
}

pub(super) const INCOMPLETE: &str = "SELECT id, count, top, forks FROM log
     WHERE conversation = ?1 AND (top > count OR forks > 0)";
pub(super) const NAMED: &str = "SELECT w.parent, max(coalesce(e.previous = w.parent, 0)), min(w.entry)
     FROM wait w JOIN entry e ON e.local = w.entry
     WHERE w.conversation = ?1 AND NOT EXISTS (SELECT 1 FROM entry x WHERE x.id = w.parent)
     GROUP BY w.parent LIMIT ?2";

pub(super) const BARE: &str = "SELECT e.author, e.kind, e.target IS NOT NULL, r.seen
     FROM entry e INDEXED BY entry_bare LEFT JOIN era r ON r.id = e.era
     WHERE e.conversation = ?1 AND e.bare = 1 AND e.void = 0 AND e.position IS NOT NULL ORDER BY e.local DESC LIMIT ?2";

/// Looks at a conversation, by its number here and its name.
pub(super) fn gaps(tx: &Connection, conversation: i64, key: &ConversationId) -> Result<Gaps, StoreError> {
    let mut missing: BTreeMap<RootKey, (u32, BTreeSet<RootKey>)> = BTreeMap::new();
    let mut forked = BTreeSet::new();
    // Missing entries of logs of which not even the hash is known: some of the named ones may be among them.
    let mut nameless: u32 = 0;
    let mut statement = tx.prepare_cached(INCOMPLETE)?;
    let mut rows = statement.query([conversation])?;
    while let Some(row) = rows.next()? {
        let (log, count, top, forks): (i64, i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        let author: Option<[u8; 32]> = tx
            .prepare_cached(
                "SELECT author FROM entry WHERE log = ?1 AND fork = 0
                 UNION ALL SELECT author FROM entry WHERE log = ?1 AND fork = 1 LIMIT 1",
            )?
            .query_row([log], |row| row.get(0))
            .optional()?;
        let Some(author) = author.map(RootKey) else { continue };
        if forks > 0 {
            forked.insert(author);
        }
        if top <= count {
            continue;
        }
        let (here, known): (i64, i64) = tx
            .prepare_cached(
                "SELECT count(*), count(CASE WHEN NOT EXISTS (SELECT 1 FROM entry p WHERE p.log = e.log
                     AND p.sequence = e.sequence - 1 AND p.fork = 0) THEN 1 END)
                 FROM entry e WHERE e.log = ?1 AND e.fork = 0 AND e.sequence >= ?2",
            )?
            .query_row([log, count], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let gone = top.saturating_sub(count).saturating_sub(here);
        if gone <= 0 {
            continue;
        }
        nameless = nameless.saturating_add(bounded(gone.saturating_sub(known).max(0)));
        let found = missing.entry(author).or_default();
        found.0 = found.0.saturating_add(bounded(gone));
        found.1.extend(holders(tx, log, count)?);
    }
    for author in bare(tx, conversation, key)? {
        let found = missing.entry(author).or_default();
        found.0 = found.0.saturating_add(1);
    }
    let named = named(tx, conversation, &mut nameless)?;
    let known = missing.into_iter().map(|(author, (count, held_by))| Missing {
        author: Some(author),
        count: count.min(MISSING_COUNT_MAX),
        held_by: held_by.into_iter().collect(),
    });
    Ok(Gaps { missing: known.chain(named).collect(), forked: forked.into_iter().collect() })
}

/// The authors of messages that are here without their texts, each as often as that is.
fn bare(tx: &Connection, conversation: i64, key: &ConversationId) -> Result<Vec<RootKey>, StoreError> {
    let mut found: Vec<(RootKey, u32, bool, Option<Vec<u8>>)> = tx
        .prepare_cached(BARE)?
        .query_map(params![conversation, int(BARE_MAX)], |row| {
            Ok((RootKey(row.get(0)?), row.get(1)?, row.get(2)?, row.get(3)?))
        })?
        .collect::<Result<_, _>>()?;
    found.retain(|(_, kind, has_target, _)| is_shown(*kind, *has_target));
    if !found.is_empty() && groups::is_group(tx, conversation)? {
        // Whoever has never written anything here is nobody of whom it could be told.
        let own = tx
            .prepare_cached("SELECT e.author FROM log l JOIN entry e ON e.log = l.id WHERE l.own > 0 LIMIT 1")?
            .query_row([], |row| row.get(0).map(RootKey))
            .optional()?;
        let sharing = Sharing::with(tx, key, own)?;
        let is_for_us = |author: &RootKey, seen: Option<&[u8]>| {
            Some(*author) == own || sharing.as_ref().is_some_and(|sharing| sharing.of(seen, false) == Share::Whole)
        };
        found.retain(|(author, _, _, seen)| is_for_us(author, seen.as_deref()));
    }
    Ok(found.into_iter().map(|(author, ..)| author).collect())
}

/// Entries that others had seen and that no gap accounts for. Their authors are not known.
fn named(tx: &Connection, conversation: i64, nameless: &mut u32) -> Result<Option<Missing>, StoreError> {
    let (mut count, mut held_by) = (0, BTreeSet::new());
    let mut statement = tx.prepare_cached(NAMED)?;
    let mut rows = statement.query(params![conversation, int(NAMED_MAX)])?;
    while let Some(row) = rows.next()? {
        // The one before an entry that is here is a gap of its log, and was counted.
        if row.get::<_, bool>(1)? {
            continue;
        }
        if *nameless > 0 {
            *nameless -= 1;
            continue;
        }
        count += 1;
        held_by.extend(having(tx, row.get(2)?)?);
    }
    let found = Missing { author: None, count, held_by: held_by.into_iter().collect() };
    Ok((found.count > 0).then_some(found))
}

/// Whose devices are believed to have something of a log's main branch from a sequence on.
fn holders(tx: &Connection, log: i64, from: i64) -> Result<Vec<RootKey>, StoreError> {
    let roots = tx
        .prepare_cached(
            "SELECT DISTINCT p.root FROM belief_entry b JOIN entry e ON e.local = b.entry
             JOIN device d ON d.id = b.device JOIN peer p ON p.device = d.key
             WHERE b.log = ?1 AND e.fork = 0 AND e.sequence >= ?2",
        )?
        .query_map([log, from], |row| row.get(0).map(RootKey))?
        .collect::<Result<_, _>>()?;
    Ok(roots)
}

/// Whose devices are believed to have one entry.
fn having(tx: &Connection, local: i64) -> Result<Vec<RootKey>, StoreError> {
    let roots = tx
        .prepare_cached(concat!(
            "SELECT DISTINCT p.root FROM entry e JOIN device d JOIN peer p ON p.device = d.key
             WHERE e.local = ?1 AND ",
            believed_to_have!("d.id")
        ))?
        .query_map([local], |row| row.get(0).map(RootKey))?
        .collect::<Result<_, _>>()?;
    Ok(roots)
}

fn bounded(count: i64) -> u32 {
    u32::try_from(count).unwrap_or(MISSING_COUNT_MAX).min(MISSING_COUNT_MAX)
}
