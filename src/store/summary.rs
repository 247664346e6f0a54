//! A conversation as a list shows it: its last message, how many are unread, when something last happened, what was typed.
//! And the small things that only this device knows: drafts, nicknames, and who may learn no address of ours.
//!
//! Everything comes from the end of an index, so that the longest conversation costs as much as a short one.

use rusqlite::{Connection, OptionalExtension, params};

use super::value::uint;
use super::{Gaps, Progress, StoreError, entries, logs, missing};
use crate::log::Text;
use crate::wire::{ConversationId, EntryId, RootKey, kind};

/// Unread messages are counted up to here; a list shows "999+" beyond.
pub const UNREAD_COUNT_MAX: u32 = 1_000;
/// Characters of a last message: more than any list shows, so that thousands of conversations fit in memory.
pub const LAST_TEXT_CHARS_MAX: usize = 512;
/// Entries from the end that are looked through for one that can be shown. Beyond them there is none, or a peer that
/// writes what nobody can read.
const LOOKED_AT_MAX: i64 = 256;

/// A conversation in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Which.
    pub conversation: ConversationId,
    /// The last message in its order.
    pub last: Option<LastRow>,
    /// Unread messages, at most [`UNREAD_COUNT_MAX`].
    pub unread: u32,
    /// The number of the entry that was stored last, counted over all conversations; 0 when there is none.
    pub activity: u64,
    /// What was typed and not sent.
    pub draft: String,
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
    /// Its beginning, as written: at most [`LAST_TEXT_CHARS_MAX`] characters.
    pub text: String,
    /// How far it has come.
    pub progress: Progress,
}

pub(super) const LAST: &str = "SELECT id, author, time, kind, body, progress FROM entry INDEXED BY entry_position
     WHERE conversation = ?1 AND position IS NOT NULL ORDER BY position DESC LIMIT ?2";
pub(super) const UNREAD: &str = "SELECT count(*) FROM (SELECT 1 FROM entry INDEXED BY entry_unread
     WHERE conversation = ?1 AND unread = 1 AND position IS NOT NULL LIMIT ?2)";
pub(super) const ACTIVITY: &str = "SELECT max(local) FROM entry INDEXED BY entry_arrival WHERE conversation = ?1";

pub(super) fn summarise(tx: &Connection, keys: &[ConversationId]) -> Result<Vec<Summary>, StoreError> {
    keys.iter().map(|key| one(tx, key)).collect()
}

fn one(tx: &Connection, key: &ConversationId) -> Result<Summary, StoreError> {
    let nothing =
        Summary { conversation: *key, last: None, unread: 0, activity: 0, draft: String::new(), gaps: Gaps::default() };
    let Some(conversation) = logs::conversation(tx, key)? else { return Ok(nothing) };
    let unread = tx
        .prepare_cached(UNREAD)?
        .query_row([conversation, i64::from(UNREAD_COUNT_MAX)], |row| row.get::<_, u32>(0))?;
    let activity =
        tx.prepare_cached(ACTIVITY)?.query_row([conversation], |row| row.get::<_, Option<i64>>(0))?.map_or(0, uint);
    let draft = tx
        .prepare_cached("SELECT text FROM draft WHERE conversation = ?1")?
        .query_row([conversation], |row| row.get(0))
        .optional()?
        .unwrap_or_default();
    let gaps = missing::gaps(tx, conversation)?;
    Ok(Summary { last: last(tx, conversation)?, unread, activity, draft, gaps, ..nothing })
}

fn last(tx: &Connection, conversation: i64) -> Result<Option<LastRow>, StoreError> {
    let mut statement = tx.prepare_cached(LAST)?;
    let mut rows = statement.query([conversation, LOOKED_AT_MAX])?;
    while let Some(row) = rows.next()? {
        let body: Option<Vec<u8>> = row.get(4)?;
        if row.get::<_, u32>(3)? == kind::TEXT
            && let Some(text) = body.and_then(|body| Text::parse(&body).ok())
        {
            return Ok(Some(LastRow {
                id: EntryId(row.get(0)?),
                author: RootKey(row.get(1)?),
                time: uint(row.get(2)?),
                text: text.text.chars().take(LAST_TEXT_CHARS_MAX).collect(),
                progress: entries::progress(row.get(5)?)?,
            }));
        }
    }
    Ok(None)
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
