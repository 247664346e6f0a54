//! A message as it reads now: its row, and the operations on it, folded ([`crate::log::fold`]). Every question that shows a
//! message to somebody comes through here.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::value::{int, uint};
use super::{MessageRow, QuoteRow, StoreError, progress, reading};
use crate::log::fold::{Content, EMOJI_MAX, Folded, Operation, Target, fold, is_shown};
use crate::wire::{EntryId, RootKey};

/// Operations on one message that are read, the last ones in its order: more than a group of a hundred people gives a message
/// in its life. Of a message with more of them, what its author says is read on its own, and of everybody a share.
pub(super) const OPERATIONS_MAX: usize = 1_024;
/// Edits by the author of such a message that are read, the last ones: one that cannot be read does not hide the one before it.
const EDITS_MAX: i64 = 16;
/// Reactions of one person to such a message that are read, the last ones: each emoji that is shown, set and taken back.
const REACTIONS_EACH: usize = 2 * EMOJI_MAX;
/// Reactions that are looked through for those of others, so that somebody who writes many keeps nobody waiting.
const REACTIONS_READ: usize = 16 * OPERATIONS_MAX;
/// Characters of a quoted text: more than any window shows of it.
pub const QUOTE_TEXT_CHARS_MAX: usize = 512;

pub(super) const OPERATIONS: &str = "SELECT id, author, kind, body FROM entry INDEXED BY entry_operation
     WHERE target = ?1 AND kind BETWEEN 2 AND 4 AND position IS NOT NULL AND conversation = ?2 AND void = 0
     ORDER BY position DESC LIMIT ?3";
pub(super) const DELETION: &str = "SELECT id, author, kind, body FROM entry INDEXED BY entry_deletion
     WHERE target = ?1 AND kind = 3 AND position IS NOT NULL AND conversation = ?2 AND void = 0 AND author = ?4 LIMIT ?3";
pub(super) const EDITS: &str = "SELECT id, author, kind, body FROM entry INDEXED BY entry_operation
     WHERE target = ?1 AND kind BETWEEN 2 AND 4 AND position IS NOT NULL AND conversation = ?2 AND void = 0
         AND kind = 2 AND author = ?4
     ORDER BY position DESC LIMIT ?3";
pub(super) const REACTIONS: &str = "SELECT id, author, kind, body FROM entry INDEXED BY entry_operation
     WHERE target = ?1 AND kind BETWEEN 2 AND 4 AND position IS NOT NULL AND conversation = ?2 AND void = 0 AND kind = 4
     ORDER BY position DESC LIMIT ?3";

/// A row of `entry`, before its fold.
pub(super) struct Stored {
    pub id: EntryId,
    pub author: RootKey,
    pub time: u64,
    pub kind: u32,
    pub body: Option<Vec<u8>>,
    progress: i64,
    way: Option<i64>,
    target: Option<EntryId>,
    position: i64,
}

/// Reads a row that begins with id, author, time, kind, body, progress, way, target and position of an entry.
pub(super) fn stored(row: &Row<'_>) -> Result<Stored, rusqlite::Error> {
    Ok(Stored {
        id: EntryId(row.get(0)?),
        author: RootKey(row.get(1)?),
        time: uint(row.get(2)?),
        kind: row.get(3)?,
        body: row.get(4)?,
        progress: row.get(5)?,
        way: row.get(6)?,
        target: row.get::<_, Option<_>>(7)?.map(EntryId),
        position: row.get(8)?,
    })
}

/// A message of a conversation as it reads now.
pub(super) fn message(
    tx: &Connection,
    conversation: i64,
    row: Stored,
    read: reading::UpTo,
) -> Result<MessageRow, StoreError> {
    let folded = folded(tx, conversation, &row.id, row.author, row.kind, row.body.as_deref())?;
    let quote = match row.target {
        Some(target) => quote(tx, conversation, target)?,
        None => None,
    };
    Ok(MessageRow {
        id: row.id,
        author: row.author,
        time: row.time,
        kind: row.kind,
        folded,
        quote,
        progress: progress::progress(row.progress)?,
        way: progress::way(row.way)?,
        read: row.progress != progress::RECEIVED && read.covers(row.position),
    })
}

/// What a message says now.
pub(super) fn folded(
    tx: &Connection,
    conversation: i64,
    id: &EntryId,
    author: RootKey,
    kind: u32,
    body: Option<&[u8]>,
) -> Result<Folded, StoreError> {
    Ok(fold(Target { author, kind, body }, &operations(tx, conversation, id, &author)?))
}

/// The operations on a message that have their place, in their order; of too many the deletion, the edits, and then the reactions.
fn operations(
    tx: &Connection,
    conversation: i64,
    target: &EntryId,
    author: &RootKey,
) -> Result<Vec<Operation>, StoreError> {
    let mut operations: Vec<Operation> = tx
        .prepare_cached(OPERATIONS)?
        .query_map(params![target.0, conversation, int(OPERATIONS_MAX as u64)], operation)?
        .collect::<Result<_, _>>()?;
    if operations.len() == OPERATIONS_MAX {
        operations = reactions(tx, conversation, target)?;
        for (sql, limit) in [(EDITS, EDITS_MAX), (DELETION, 1)] {
            let mut statement = tx.prepare_cached(sql)?;
            for row in statement.query_map(params![target.0, conversation, limit, author.0], operation)? {
                operations.push(row?);
            }
        }
    }
    operations.reverse();
    Ok(operations)
}

/// The last reactions to a message of which there are very many, the last one first: of everybody no more than a share.
fn reactions(tx: &Connection, conversation: i64, target: &EntryId) -> Result<Vec<Operation>, StoreError> {
    let (mut found, mut each) = (vec![], BTreeMap::new());
    let mut statement = tx.prepare_cached(REACTIONS)?;
    let rows = statement.query_map(params![target.0, conversation, int(REACTIONS_READ as u64)], operation)?;
    for row in rows {
        let reaction = row?;
        let count = each.entry(reaction.author).or_insert(0);
        *count += 1;
        if *count <= REACTIONS_EACH {
            found.push(reaction);
        }
        if found.len() == OPERATIONS_MAX {
            break;
        }
    }
    Ok(found)
}

fn operation(row: &Row<'_>) -> Result<Operation, rusqlite::Error> {
    Ok(Operation { id: EntryId(row.get(0)?), author: RootKey(row.get(1)?), kind: row.get(2)?, body: row.get(3)? })
}

/// What a reply quotes; nothing when that is not here, or is no message.
fn quote(tx: &Connection, conversation: i64, id: EntryId) -> Result<Option<QuoteRow>, StoreError> {
    let found = tx
        .prepare_cached(
            "SELECT author, kind, body, target IS NOT NULL, hidden FROM entry
             WHERE id = ?1 AND conversation = ?2 AND position IS NOT NULL",
        )?
        .query_row(params![id.0, conversation], |row| {
            Ok((
                RootKey(row.get(0)?),
                row.get::<_, u32>(1)?,
                row.get::<_, Option<Vec<u8>>>(2)?,
                row.get::<_, bool>(3)?,
                row.get::<_, bool>(4)?,
            ))
        })
        .optional()?;
    let Some((author, kind, body, has_target, hidden)) = found else { return Ok(None) };
    if !is_shown(kind, has_target) {
        return Ok(None);
    }
    let folded: Folded = folded(tx, conversation, &id, author, kind, body.as_deref())?;
    let (text, deleted) = match folded.content {
        Content::Text(text) if !hidden => (text.chars().take(QUOTE_TEXT_CHARS_MAX).collect(), false),
        Content::Newer if !hidden => (String::new(), false),
        _ => (String::new(), true),
    };
    Ok(Some(QuoteRow { id, author, text, deleted }))
}
