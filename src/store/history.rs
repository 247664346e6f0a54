//! What a person reads: pages of messages in the conversation's order.

use rusqlite::{Connection, params};

use super::page::{BELOW, position};
use super::{Outcome, Refusal, StoreError, fold, logs, reading};
use crate::wire::{ConversationId, EntryId};

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
    let read = reading::others(tx, conversation)?;
    let limit = usize::try_from(limit.min(PAGE_MAX)).unwrap_or_default();
    let mut statement = tx.prepare_cached(BELOW)?;
    let mut rows = statement.query(params![conversation, before])?;
    let mut page = vec![];
    while page.len() < limit
        && let Some(row) = rows.next()?
    {
        page.push(fold::message(tx, conversation, fold::stored(row)?, read)?);
    }
    page.reverse();
    Ok(Outcome::History(page))
}
