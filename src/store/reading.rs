//! How far somebody has read: what their devices said, and what this one says. A latest value for each device and conversation.

use rusqlite::{Connection, OptionalExtension, params};

use super::value::{int, uint};
use super::{Mark, Outcome, StoreError, logs};
use crate::wire::{ConversationId, DeviceKey, EntryId};

/// This device in the table: it has no key there.
const OWN: &[u8] = &[];

/// The place up to which somebody else has read, if anybody has.
#[derive(Clone, Copy, Debug)]
pub(super) struct UpTo(Option<i64>);

impl UpTo {
    /// Whether what stands there was read.
    pub(super) fn covers(self, position: i64) -> bool {
        self.0.is_some_and(|read| position <= read)
    }
}

/// How far the one has read who has read furthest.
pub(super) fn others(tx: &Connection, conversation: i64) -> Result<UpTo, StoreError> {
    let read = tx
        .prepare_cached(
            "SELECT max(e.position) FROM reading r JOIN entry e ON e.id = r.entry AND e.conversation = r.conversation
             WHERE r.conversation = ?1 AND length(r.device) > 0",
        )?
        .query_row([conversation], |row| row.get(0))?;
    Ok(UpTo(read))
}

/// What this device has to say of a conversation.
pub(super) fn own(tx: &Connection, conversation: i64) -> Result<Option<Mark>, StoreError> {
    let found = tx
        .prepare_cached("SELECT counter, entry FROM reading WHERE conversation = ?1 AND device = ?2")?
        .query_row(params![conversation, OWN], |row| {
            Ok(Mark { counter: uint(row.get(0)?), entry: EntryId(row.get(1)?) })
        })
        .optional()?;
    Ok(found)
}

/// This device has read up to a message of somebody else; tells what is to be said, if that is further than before.
pub(super) fn move_own(tx: &Connection, conversation: i64, entry: EntryId) -> Result<Option<Mark>, StoreError> {
    let before = own(tx, conversation)?;
    if let Some(before) = before
        && place(tx, conversation, &before.entry)? >= place(tx, conversation, &entry)?
    {
        return Ok(None);
    }
    let mark = Mark { counter: before.map_or(1, |before| before.counter.saturating_add(1)), entry };
    save(tx, conversation, OWN, &mark)?;
    Ok(Some(mark))
}

/// A peer says how far it has read; tells whether that is news, and about something that is here.
pub(super) fn said(
    tx: &Connection,
    key: &ConversationId,
    device: &DeviceKey,
    mark: &Mark,
) -> Result<Outcome, StoreError> {
    let Some(conversation) = logs::conversation(tx, key)? else { return Ok(Outcome::Moved(false)) };
    let known: Option<i64> = tx
        .prepare_cached("SELECT counter FROM reading WHERE conversation = ?1 AND device = ?2")?
        .query_row(params![conversation, device.0], |row| row.get(0))
        .optional()?;
    if known.is_some_and(|known| known >= int(mark.counter)) {
        return Ok(Outcome::Moved(false));
    }
    save(tx, conversation, &device.0, mark)?;
    Ok(Outcome::Moved(place(tx, conversation, &mark.entry)?.is_some()))
}

fn save(tx: &Connection, conversation: i64, device: &[u8], mark: &Mark) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO reading (conversation, device, counter, entry) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (conversation, device) DO UPDATE SET counter = excluded.counter, entry = excluded.entry",
    )?
    .execute(params![conversation, device, int(mark.counter), mark.entry.0])?;
    Ok(())
}

fn place(tx: &Connection, conversation: i64, id: &EntryId) -> Result<Option<i64>, StoreError> {
    super::page::position(tx, conversation, id)
}
