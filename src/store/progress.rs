//! How far an entry has come, and by which way: numbers in the database, and what is noted of it.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};

use super::{Progress, StoreError, Way};
use crate::wire::{ConversationId, EntryId};

/// How [`Progress`] is stored.
pub(super) const QUEUED: i64 = 1;
pub(super) const SENT: i64 = 2;
pub(super) const DELIVERED: i64 = 3;
pub(super) const RECEIVED: i64 = 4;

pub(super) fn progress(number: i64) -> Result<Progress, StoreError> {
    match number {
        QUEUED => Ok(Progress::Queued),
        SENT => Ok(Progress::Sent),
        DELIVERED => Ok(Progress::Delivered),
        RECEIVED => Ok(Progress::Received),
        other => Err(StoreError::Damaged(format!("an entry has come as far as {other}"))),
    }
}

/// How [`Way`] is stored.
pub(super) fn way_number(way: Way) -> i64 {
    match way {
        Way::Direct => 1,
        Way::Relay => 2,
        Way::Mail => 3,
    }
}

/// What is added to a link's [`Way`] when the entry was handed to mail after it: whose delivery is not confirmed by then may have
/// gone by either.
const MAIL_TOO: i64 = 3;

pub(super) fn way(number: Option<i64>) -> Result<Option<Way>, StoreError> {
    match number {
        None => Ok(None),
        Some(1) => Ok(Some(Way::Direct)),
        Some(2) => Ok(Some(Way::Relay)),
        // Also a link's with mail after it, as long as only that it was handed to both is known.
        Some(3..=5) => Ok(Some(Way::Mail)),
        Some(other) => Err(StoreError::Damaged(format!("an entry has travelled by {other}"))),
    }
}

/// These were handed to a path. Tells in which conversations own entries are shown differently for it.
pub(super) fn mark_sent(tx: &Connection, ids: &[EntryId], way: Way) -> Result<Vec<ConversationId>, StoreError> {
    let mut update = tx.prepare_cached(
        "UPDATE entry SET progress = ?2,
             way = CASE WHEN ?3 <> ?5 OR way IS NULL OR way = ?5 THEN ?3 WHEN way < ?5 THEN way + ?6 ELSE way END
         WHERE id = ?1 AND progress < ?4 RETURNING conversation",
    )?;
    let mut changed = BTreeSet::new();
    for id in ids {
        let values = params![id.0, SENT, way_number(way), DELIVERED, way_number(Way::Mail), MAIL_TOO];
        changed.extend(update.query_row(values, |row| row.get::<_, i64>(0)).optional()?);
    }
    let mut key = tx.prepare_cached("SELECT key FROM conversation WHERE id = ?1")?;
    changed.into_iter().map(|id| Ok(key.query_row([id], |row| row.get(0).map(ConversationId))?)).collect()
}

/// An own entry is on a peer's disk, and the peer said so this way. Of a link and mail after it the entry went by the one by which
/// that was said: who hears something over a link answers over it.
pub(super) fn mark_delivered(tx: &Connection, local: i64, said: Way) -> Result<(), StoreError> {
    let mail = way_number(Way::Mail);
    tx.prepare_cached(
        "UPDATE entry SET progress = ?2,
             way = CASE WHEN way IS NULL THEN ?3 WHEN way <= ?4 THEN way WHEN ?3 = ?4 THEN ?4 ELSE way - ?5 END
         WHERE local = ?1",
    )?
    .execute([local, DELIVERED, way_number(said), mail, MAIL_TOO])?;
    Ok(())
}
