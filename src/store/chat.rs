//! What this person chose for a conversation on this device: silence, a place on top, a place out of sight.

use rusqlite::{Connection, OptionalExtension, params};

use super::value::{int, uint};
use super::{Outcome, StoreError, logs};
use crate::wire::ConversationId;

/// What was chosen for a conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// Until when nothing of it interrupts, Unix milliseconds; 0 when everything may.
    pub muted_until: u64,
    /// It stands above those that are not.
    pub pinned: bool,
    /// It stands apart.
    pub archived: bool,
}

/// One choice; the others stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// [`Chosen::muted_until`].
    MutedUntil(u64),
    /// [`Chosen::pinned`].
    Pinned(bool),
    /// [`Chosen::archived`].
    Archived(bool),
}

/// Keeps a choice; tells all of them.
pub(super) fn choose(tx: &Connection, key: &ConversationId, choice: Choice) -> Result<Outcome, StoreError> {
    let conversation = logs::intern_conversation(tx, key)?;
    let mut chosen = chosen(tx, conversation)?;
    match choice {
        Choice::MutedUntil(time) => chosen.muted_until = time,
        Choice::Pinned(on) => chosen.pinned = on,
        Choice::Archived(on) => chosen.archived = on,
    }
    if chosen == Chosen::default() {
        tx.prepare_cached("DELETE FROM chat WHERE conversation = ?1")?.execute([conversation])?;
    } else {
        tx.prepare_cached(
            "INSERT INTO chat (conversation, muted_until, pinned, archived) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (conversation) DO UPDATE SET muted_until = excluded.muted_until, pinned = excluded.pinned,
                 archived = excluded.archived",
        )?
        .execute(params![conversation, int(chosen.muted_until), chosen.pinned, chosen.archived])?;
    }
    Ok(Outcome::Chosen(chosen))
}

pub(super) fn chosen(tx: &Connection, conversation: i64) -> Result<Chosen, StoreError> {
    let found = tx
        .prepare_cached("SELECT muted_until, pinned, archived FROM chat WHERE conversation = ?1")?
        .query_row([conversation], |row| {
            Ok(Chosen { muted_until: uint(row.get(0)?), pinned: row.get(1)?, archived: row.get(2)? })
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}
