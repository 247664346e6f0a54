//! A conversation as a list shows it: its last message, how many are unread, when something last happened, what was typed.
//! And the small things that only this device knows: drafts, nicknames, and who may learn no address of ours.
//!
//! Everything comes from the end of an index, so that the longest conversation costs as much as a short one.

use rusqlite::{Connection, OptionalExtension, params};

use super::value::uint;
use super::{Chosen, Gaps, MessageRow, Progress, StoreError, chat, fold, logs, missing, reading};
use crate::log::fold::Content;
use crate::wire::{ConversationId, EntryId, RootKey};

/// Unread messages are counted up to here; a list shows "999+" beyond.
pub const UNREAD_COUNT_MAX: u32 = 1_000;
/// Characters of a last message: more than any list shows, so that thousands of conversations fit in memory.
pub const LAST_TEXT_CHARS_MAX: usize = 512;

/// A conversation in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Which.
    pub conversation: ConversationId,
    /// The last message in its order.
    pub last: Option<LastRow>,
    /// Unread messages, at most [`UNREAD_COUNT_MAX`].
    pub unread: u32,
    /// The number of the message that was stored last, counted over the entries of all conversations; 0 when there is none.
    pub activity: u64,
    /// What was typed and not sent.
    pub draft: String,
    /// What was chosen for it.
    pub chosen: Chosen,
    /// What is known to be incomplete.
    pub gaps: Gaps,
}

/// The last message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastRow {
    /// The entry.
    pub id: EntryId,
    /// Who wrote it.
    pub author: RootKey,
    /// The author's clock, Unix milliseconds.
    pub time: u64,
    /// Its beginning as it reads now: at most [`LAST_TEXT_CHARS_MAX`] characters. Empty when it was deleted or is newer.
    pub text: String,
    /// How far it has come.
    pub progress: Progress,
    /// It was deleted for everyone.
    pub deleted: bool,
    /// Written by a newer version.
    pub newer: bool,
    /// One of our own, and somebody else has read it.
    pub read: bool,
}

pub(super) const LAST: &str = "SELECT id, author, time, kind, body, progress, way, target, position
     FROM entry INDEXED BY entry_shown WHERE conversation = ?1 AND shown = 1 AND position IS NOT NULL
     ORDER BY position DESC LIMIT 1";
pub(super) const UNREAD: &str = "SELECT count(*) FROM (SELECT 1 FROM entry INDEXED BY entry_unread
     WHERE conversation = ?1 AND unread = 1 AND position IS NOT NULL LIMIT ?2)";

pub(super) fn summarise(tx: &Connection, keys: &[ConversationId]) -> Result<Vec<Summary>, StoreError> {
    keys.iter().map(|key| one(tx, key)).collect()
}

fn one(tx: &Connection, key: &ConversationId) -> Result<Summary, StoreError> {
    let nothing = Summary {
        conversation: *key,
        last: None,
        unread: 0,
        activity: 0,
        draft: String::new(),
        chosen: Chosen::default(),
        gaps: Gaps::default(),
    };
    let Some(conversation) = logs::conversation(tx, key)? else { return Ok(nothing) };
    let unread = tx
        .prepare_cached(UNREAD)?
        .query_row([conversation, i64::from(UNREAD_COUNT_MAX)], |row| row.get::<_, u32>(0))?;
    let activity = tx
        .prepare_cached("SELECT activity FROM conversation WHERE id = ?1")?
        .query_row([conversation], |row| row.get(0).map(uint))?;
    let draft = tx
        .prepare_cached("SELECT text FROM draft WHERE conversation = ?1")?
        .query_row([conversation], |row| row.get(0))
        .optional()?
        .unwrap_or_default();
    let (chosen, gaps) = (chat::chosen(tx, conversation)?, missing::gaps(tx, conversation, key)?);
    Ok(Summary { last: last(tx, conversation)?, unread, activity, draft, chosen, gaps, ..nothing })
}

fn last(tx: &Connection, conversation: i64) -> Result<Option<LastRow>, StoreError> {
    let found = tx.prepare_cached(LAST)?.query_row([conversation], fold::stored).optional()?;
    let Some(stored) = found else { return Ok(None) };
    let read = reading::others(tx, conversation)?;
    let MessageRow { id, author, time, folded, progress, read, .. } = fold::message(tx, conversation, stored, read)?;
    let (text, deleted, newer) = match folded.content {
        Content::Text(text) => (text.chars().take(LAST_TEXT_CHARS_MAX).collect(), false, false),
        Content::Deleted => (String::new(), true, false),
        Content::Newer => (String::new(), false, true),
    };
    Ok(Some(LastRow { id, author, time, text, progress, deleted, newer, read }))
}

pub(super) fn save_draft(tx: &Connection, key: &ConversationId, text: &str) -> Result<(), StoreError> {
    let conversation = logs::intern_conversation(tx, key)?;
    if text.is_empty() {
        tx.prepare_cached("DELETE FROM draft WHERE conversation = ?1")?.execute([conversation])?;
        return Ok(());
    }
    tx.prepare_cached(
        "INSERT INTO draft (conversation, text) VALUES (?1, ?2)
         ON CONFLICT (conversation) DO UPDATE SET text = excluded.text",
    )?
    .execute(params![conversation, text])?;
    Ok(())
}

pub(super) fn save_nickname(tx: &Connection, root: &RootKey, nickname: &str) -> Result<(), StoreError> {
    let nickname = Some(nickname).filter(|nickname| !nickname.is_empty());
    tx.prepare_cached("UPDATE person SET nickname = ?2 WHERE root = ?1")?.execute(params![root.0, nickname])?;
    Ok(())
}

pub(super) fn nicknames(tx: &Connection) -> Result<Vec<(RootKey, String)>, StoreError> {
    let rows = tx
        .prepare_cached("SELECT root, nickname FROM person WHERE nickname IS NOT NULL ORDER BY id")?
        .query_map([], |row| Ok((RootKey(row.get(0)?), row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

pub(super) fn save_address_hidden(tx: &Connection, root: &RootKey, hidden: bool) -> Result<(), StoreError> {
    let change = match hidden {
        true => "INSERT INTO hidden (root) VALUES (?1) ON CONFLICT (root) DO NOTHING",
        false => "DELETE FROM hidden WHERE root = ?1",
    };
    tx.prepare_cached(change)?.execute([root.0])?;
    Ok(())
}

pub(super) fn hidden_from(tx: &Connection) -> Result<Vec<RootKey>, StoreError> {
    let rows = tx
        .prepare_cached("SELECT root FROM hidden ORDER BY id")?
        .query_map([], |row| row.get(0).map(RootKey))?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}
