//! What is taken of entries that people write into a group who are not in it.

use rusqlite::{Connection, params};

use super::entries::{STRANGERS_WAITING_MAX, VOID_MAX};
use super::logs::Log;
use super::value::int;
use super::{StoreError, groups, order};
use crate::log::Entry;
use crate::wire::{EntryId, RootKey};

/// Why an entry of a group is not taken, if it is not; `missing` are its parents without a place, `outside` says that no member brings it.
pub(super) fn refuses(
    tx: &Connection,
    conversation: i64,
    entry: &Entry,
    missing: &[EntryId],
    log: Option<&Log>,
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
    } else if order::waiting(tx, conversation)?.0 >= STRANGERS_WAITING_MAX
        && !groups::group(tx, conversation, &key)?.fold().is_inside(&header.author)
    {
        return Ok(Some("too many entries of people outside a group wait for others here"));
    }
    // What somebody else's entry waits for is no flood, nor is what fills a gap below it.
    let needed =
        log.is_some_and(|log| int(header.sequence) < log.top) || order::is_waited_for(tx, conversation, entry)?;
    if outside && !needed && is_enough(tx, conversation, &header.author)? {
        return Ok(Some("more that does not count than one outside a group may write"));
    }
    Ok(None)
}

fn is_enough(tx: &Connection, conversation: i64, author: &RootKey) -> Result<bool, StoreError> {
    let count: i64 = tx
        .prepare_cached(
            "SELECT count(*) FROM (SELECT 1 FROM entry INDEXED BY entry_void
                 WHERE conversation = ?1 AND author = ?2 AND void <> 0 LIMIT ?3)",
        )?
        .query_row(params![conversation, author.0, VOID_MAX], |row| row.get(0))?;
    Ok(count >= VOID_MAX)
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
