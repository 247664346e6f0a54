//! What is taken of entries that people write into a group who are not in it.
//!
//! They can write as much as they like, in any number of names, and say that entries stand where they want. So nothing here rests on
//! what they say: only on who is in the group, and on what those have signed who are.

use rusqlite::{Connection, params};

use super::entries::{STRANGERS_WAITING_BYTES_MAX, STRANGERS_WAITING_MAX, VOID_MAX};
use super::value::int;
use super::{StoreError, groups, order};
use crate::log::Entry;
use crate::wire::EntryId;

/// Why an entry of a group is not taken, if it is not; `missing` are its parents without a place, `outside` says that no member brings it.
pub(super) fn refuses(
    tx: &Connection,
    conversation: i64,
    entry: &Entry,
    missing: &[EntryId],
    outside: bool,
) -> Result<Option<&'static str>, StoreError> {
    let (header, key) = (entry.header(), entry.conversation());
    if entry.id().0 == key.0 || !groups::is_group(tx, conversation)? {
        return Ok(None);
    }
    if missing.is_empty() {
        let parents: Vec<EntryId> = entry.parents().copied().collect();
        let parents = order::among(tx, conversation, &parents)?;
        let seen = groups::seen_by(tx, &parents)?;
        if groups::is_beside(tx, conversation, &header.author, &parents, &seen)? && !is_incomplete(tx, conversation)? {
            return Ok(Some("an entry beside a group, by somebody whom nobody has let in"));
        }
    }
    let crowded = !missing.is_empty() && is_crowded(tx, conversation)?;
    if !crowded && !outside {
        return Ok(None);
    }
    let group = groups::group(tx, conversation, &key)?;
    let fold = group.fold();
    if fold.is_of_member(&header.author, &header.device) {
        return Ok(None);
    }
    if crowded {
        return Ok(Some("too many entries of people outside a group wait for others here"));
    }
    // What a member's entry waits for is no flood.
    let waiters = order::waiters(tx, conversation, &entry.id())?;
    if waiters.iter().any(|(author, device)| fold.is_of_member(author, device)) {
        return Ok(None);
    }
    let changes = int(u64::try_from(fold.changes_by_outsiders()).unwrap_or(u64::MAX));
    if voids(tx, conversation)?.saturating_add(changes) >= VOID_MAX {
        return Ok(Some("more that does not count than people outside a group may write"));
    }
    Ok(None)
}

/// Whether as much waits for other entries as may that is of people outside.
fn is_crowded(tx: &Connection, conversation: i64) -> Result<bool, StoreError> {
    let (entries, bytes) = order::waiting(tx, conversation)?;
    Ok(entries >= STRANGERS_WAITING_MAX || bytes >= STRANGERS_WAITING_BYTES_MAX)
}

/// How much of a group does not count, whoever wrote it: no further than [`VOID_MAX`].
fn voids(tx: &Connection, conversation: i64) -> Result<i64, StoreError> {
    let count = tx
        .prepare_cached(
            "SELECT count(*) FROM (SELECT 1 FROM entry INDEXED BY entry_void
                 WHERE conversation = ?1 AND void <> 0 LIMIT ?2)",
        )?
        .query_row(params![conversation, VOID_MAX], |row| row.get(0))?;
    Ok(count)
}

/// Whether the body of some change is missing: somebody whom it brings in may be taken for a stranger.
fn is_incomplete(tx: &Connection, conversation: i64) -> Result<bool, StoreError> {
    let incomplete = tx
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM entry INDEXED BY entry_bare
             WHERE conversation = ?1 AND bare = 1 AND kind = 16)",
        )?
        .query_row([conversation], |row| row.get(0))?;
    Ok(incomplete)
}
