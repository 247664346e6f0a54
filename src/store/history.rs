//! What a person reads: pages of messages in the conversation's order.

use rusqlite::{Connection, params};

use super::page::{message, position};
use super::{Outcome, Refusal, StoreError, logs};
use crate::wire::{ConversationId, EntryId, kind};

/// Messages in one page: as many as `message.history` may ask for, about 16 MiB of the longest texts.
pub(super) const PAGE_MAX: u32 = 1_000;

/// The last messages before one, or the last of all.
pub(super) fn page(
    tx: &Connection,
    conversation: &ConversationId,
    before: Option<&EntryId>,
    limit: u32,
) -> Result<Outcome, StoreError> {
    let conversation = logs::conversation(tx, conversation)?;
    let before = match (before, conversation) {
        (None, _) => i64::MAX,
        (Some(_), None) => return Ok(Outcome::Refused(Refusal::UnknownMessage)),
        (Some(id), Some(conversation)) => match position(tx, conversation, id)? {
            Some(position) => position,
            None => return Ok(Outcome::Refused(Refusal::UnknownMessage)),
        },
    };
    let Some(conversation) = conversation else { return Ok(Outcome::History(vec![])) };
    let mut statement = tx.prepare_cached(
        "SELECT id, author, time, kind, body, progress, way FROM entry INDEXED BY entry_position
         WHERE conversation = ?1 AND position < ?2 AND kind = ?3 ORDER BY position DESC LIMIT ?4",
    )?;
    let mut rows = statement.query(params![conversation, before, kind::TEXT, limit.min(PAGE_MAX)])?;
    let mut page = vec![];
    while let Some(row) = rows.next()? {
        page.push(message(row)?);
    }
    page.reverse();
    Ok(Outcome::History(page))
}
