//! The index of what was said, and what is looked up in it.
//!
//! A row holds the words of one message that is shown ([`crate::log::words`]) as this person would read it; its number is
//! the message's (`entry.local`), so the newest are the last. [`index`] makes the row anew, whatever happened to the
//! message.
//!
//! **Behind.** Who writes does not wait for the index. What is stored gets its row in a later transaction ([`catch_up`]): when the store has
//! nothing else to do, before the next search, or with the next message when many wait. A search itself writes nothing: when there is no room
//! for rows, or too many are to be made, it finds what is in the index and says so. `searched` says how far that is, in the same
//! transaction as the rows. Of entries up to there [`refresh`] brings the row up to date when something about a message finds its
//! place, and what is erased goes from the index with it; of those above nothing is in the index.
//!
//! **Slices.** Every word carries the number of its slice before it: `3_hello` stands in the messages 98,304 to 131,071. So
//! a look into the index never gathers more than a slice has: the beginning of a word that stands in a million messages
//! costs as much as in thirty thousand. A search walks down from the newest slice until it has enough. In each row stands its
//! conversation too, as `3__7`, which no word can be: to search one conversation reads no more than that one.
//!
//! What an older Kith has stored is indexed in small batches after the start ([`index_more`]), the newest first.

use rusqlite::{Connection, OptionalExtension, params};

use super::value::{int, uint};
use super::{MessageRow, Outcome, StoreError, fold, logs, reading};
use crate::log::fold::Content;
use crate::log::{Phrase, Query, words};
use crate::wire::{ConversationId, EntryId, RootKey};

/// Messages found in one answer at most: a screen of a window many times over, an answer that cannot stall a reader.
pub const FOUND_MAX: u32 = 100;
/// How many numbers are a slice, as a power of two: 32,768. Smaller ones make a rare word dearer, larger ones a short beginning.
const SLICE_BITS: u32 = 15;
#[cfg(any(test, feature = "testing"))]
pub(super) const SLICE: i64 = 1 << SLICE_BITS;
/// Slices that one wish looks into: half a million messages, a few milliseconds. Whoever wants more asks again, and writes
/// go between.
const SLICES_MAX: usize = 16;
/// Entries that are indexed at a time: some milliseconds.
const INDEXED_AT_ONCE: usize = 256;
/// Their rows' bytes: of the longest texts fewer are indexed at a time.
const INDEXED_BYTES_MAX: usize = 256 * 1024;
/// So many times rows are made before a search. All that ordinary messages may leave waiting ([`BEHIND_MAX`]) is done in four; of the longest
/// ones in scripts without spaces, of which each makes a row of 60 KiB, some two megabytes are.
pub(super) const BEFORE_SEARCH_MAX: usize = 8;
/// Entries that may wait for the index: a search that comes right then is not felt to wait for them.
const BEHIND_MAX: i64 = 1_024;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Messages, the newest (that was stored last) first.
    pub hits: Vec<Hit>,
    /// Where to go on, when there may be more: also when nothing was found here.
    pub next: Option<u64>,
    /// Something is not in the index yet: of what older versions have stored, or the last of what was stored now.
    pub unfinished: bool,
}

/// A message that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Its number here: where to go on behind it.
    pub local: u64,
    /// Where it belongs.
    pub conversation: ConversationId,
    /// The message.
    pub message: MessageRow,
}

pub(super) const MATCH: &str =
    "SELECT rowid FROM search WHERE search MATCH ?1 AND rowid < ?2 ORDER BY rowid DESC LIMIT ?3";
pub(super) const HIT: &str =
    "SELECT e.id, e.author, e.time, e.kind, e.body, e.progress, e.way, e.target, e.position, c.id, c.key
     FROM entry e JOIN conversation c ON c.id = e.conversation WHERE e.local = ?1";
pub(super) const BEHIND: &str = "SELECT local FROM entry WHERE local > ?1 ORDER BY local LIMIT ?2";
pub(super) const UNSEARCHED: &str = "SELECT local FROM entry WHERE local < ?1 ORDER BY local DESC LIMIT ?2";

/// Looks for messages below a number, the newest first.
pub(super) fn search(
    tx: &Connection,
    query: &Query,
    within: Option<&ConversationId>,
    before: Option<u64>,
    limit: u32,
) -> Result<Outcome, StoreError> {
    let newest = newest(tx)?;
    let unfinished = searched(tx)? < newest || unsearched(tx)?.is_some();
    let mut found = Found { unfinished, ..Found::default() };
    let within = match within {
        None => None,
        Some(key) => match logs::conversation(tx, key)? {
            Some(conversation) => Some(conversation),
            None => return Ok(Outcome::Found(found)),
        },
    };
    let mut below = newest.saturating_add(1);
    below = before.map_or(below, |before| below.min(int(before)));
    let limit = usize::try_from(limit.clamp(1, FOUND_MAX)).unwrap_or(1);
    for _ in 0..SLICES_MAX {
        if query.is_empty() || below <= 0 || found.next.is_some() {
            return Ok(Outcome::Found(found));
        }
        let slice = (below - 1) >> SLICE_BITS;
        // One more than wanted tells that there are more.
        let wanted = limit.saturating_sub(found.hits.len()).saturating_add(1);
        let mut statement = tx.prepare_cached(MATCH)?;
        let rows = statement
            .query_map(params![expression(query, slice, within), below, int(wanted as u64)], |row| row.get(0))?;
        for local in rows {
            let local: i64 = local?;
            if found.hits.len() == limit {
                found.next = found.hits.last().map(|last| last.local);
                break;
            }
            found.hits.push(hit(tx, local)?);
        }
        below = slice << SLICE_BITS;
    }
    if found.next.is_none() && below > 0 {
        found.next = Some(uint(below));
    }
    Ok(Outcome::Found(found))
}

fn hit(tx: &Connection, local: i64) -> Result<Hit, StoreError> {
    let mut statement = tx.prepare_cached(HIT)?;
    let mut rows = statement.query([local])?;
    let row = rows.next()?.ok_or_else(|| StoreError::Damaged(format!("the index knows of entry {local}")))?;
    let (stored, conversation) = (fold::stored(row)?, row.get(9)?);
    let read = reading::others(tx, conversation)?;
    let message = fold::message(tx, conversation, stored, read)?;
    Ok(Hit { local: uint(local), conversation: ConversationId(row.get(10)?), message })
}

/// What FTS5 is asked. Words hold letters and digits only, and each stands in quotes: nothing that was typed is an operator.
fn expression(query: &Query, slice: i64, within: Option<i64>) -> String {
    let slice = tag(slice);
    let phrase = |phrase: &Phrase| {
        let words: Vec<String> = phrase.words.iter().map(|word| format!("{slice}_{word}")).collect();
        format!("\"{}\"{}", words.join(" "), if phrase.prefix { "*" } else { "" })
    };
    let place = within.map(|conversation| format!("\"{slice}__{}\"", tag(conversation)));
    place.into_iter().chain(query.phrases().iter().map(phrase)).collect::<Vec<_>>().join(" AND ")
}

/// The highest number of an entry; 0 when there is none.
fn newest(tx: &Connection) -> Result<i64, StoreError> {
    let newest: Option<i64> = tx.prepare_cached("SELECT max(local) FROM entry")?.query_row([], |row| row.get(0))?;
    Ok(newest.unwrap_or(0))
}

/// Up to which number entries have their rows.
fn searched(tx: &Connection) -> Result<i64, StoreError> {
    let up_to = tx.prepare_cached("SELECT up_to FROM searched")?.query_row([], |row| row.get(0)).optional()?;
    Ok(up_to.unwrap_or(0))
}

/// Does something in a database of a format that made every row at once, and has no place to say otherwise, nor which texts were told of.
pub(super) fn at_once<T>(
    tx: &Connection,
    what: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    tx.execute_batch(
        "CREATE TEMP TABLE searched AS SELECT 1 AS id, coalesce(max(local), 0) AS up_to FROM entry;
         CREATE TEMP TABLE told (entry INTEGER PRIMARY KEY)",
    )?;
    let done = what(tx)?;
    tx.execute_batch("DROP TABLE temp.searched; DROP TABLE temp.told")?;
    Ok(done)
}

/// A message reads differently: its row does too, if it is not still to be made.
pub(super) fn refresh(tx: &Connection, local: i64) -> Result<(), StoreError> {
    if local <= searched(tx)? {
        index(tx, local)?;
    }
    Ok(())
}

/// Makes some of the rows that are still to be made, in the order of arrival; says whether there are more.
pub(super) fn catch_up(tx: &Connection) -> Result<bool, StoreError> {
    let last = index_each(tx, BEHIND, searched(tx)?)?;
    if let Some(last) = last {
        tx.prepare_cached(
            "INSERT INTO searched (id, up_to) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET up_to = excluded.up_to",
        )?
        .execute([last])?;
    }
    let newest = newest(tx)?;
    Ok(last.is_some_and(|last| last < newest))
}

/// Keeps those few that wait for the index.
pub(super) fn keep_up(tx: &Connection) -> Result<(), StoreError> {
    while newest(tx)?.saturating_sub(searched(tx)?) > BEHIND_MAX {
        catch_up(tx)?;
    }
    Ok(())
}

/// Indexes some of the entries that a statement names, behind a number; says which was the last.
fn index_each(tx: &Connection, statement: &str, behind: i64) -> Result<Option<i64>, StoreError> {
    let locals: Vec<i64> = tx
        .prepare_cached(statement)?
        .query_map([behind, int(INDEXED_AT_ONCE as u64)], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let (mut last, mut bytes) = (None, 0);
    for local in &locals {
        bytes += index(tx, *local)?;
        last = Some(*local);
        if bytes >= INDEXED_BYTES_MAX {
            break;
        }
    }
    Ok(last)
}

/// Brings the row of a message up to date; says how many bytes it has.
pub(super) fn index(tx: &Connection, local: i64) -> Result<usize, StoreError> {
    let row = text(tx, local)?.map(|(conversation, text)| row(local, conversation, &text));
    let before: Option<String> = tx
        .prepare_cached("SELECT words FROM search WHERE rowid = ?1")?
        .query_row([local], |row| row.get(0))
        .optional()?;
    if before != row {
        if before.is_some() {
            tx.prepare_cached("DELETE FROM search WHERE rowid = ?1")?.execute([local])?;
        }
        if let Some(row) = &row {
            tx.prepare_cached("INSERT INTO search (rowid, words) VALUES (?1, ?2)")?.execute(params![local, row])?;
        }
    }
    Ok(row.map_or(0, |row| row.len()))
}

/// What of an entry can be found, and where it belongs: the text of a message as it reads now, nothing of one that is not shown.
fn text(tx: &Connection, local: i64) -> Result<Option<(i64, String)>, StoreError> {
    let found = tx
        .prepare_cached(
            "SELECT conversation, id, author, kind, body FROM entry
             WHERE local = ?1 AND shown = 1 AND position IS NOT NULL",
        )?
        .query_row([local], |row| {
            let (id, author, kind) = (EntryId(row.get(1)?), RootKey(row.get(2)?), row.get(3)?);
            Ok((row.get(0)?, id, author, kind, row.get::<_, Option<Vec<u8>>>(4)?))
        })
        .optional()?;
    let Some((conversation, id, author, kind, body)) = found else { return Ok(None) };
    let folded = fold::folded(tx, conversation, &id, author, kind, body.as_deref())?;
    Ok(match folded.content {
        Content::Text(text) => Some((conversation, text)),
        Content::Deleted | Content::Newer => None,
    })
}

fn row(local: i64, conversation: i64, text: &str) -> String {
    let slice = tag(local >> SLICE_BITS);
    let mut row = format!("{slice}__{}", tag(conversation));
    for word in words(text) {
        row.push(' ');
        row.push_str(&slice);
        row.push('_');
        row.push_str(&word.text);
    }
    row
}

/// A number of this database in few letters.
fn tag(number: i64) -> String {
    let (mut rest, mut digits) = (number.unsigned_abs(), vec![]);
    loop {
        let digit = u32::try_from(rest % 36).ok().and_then(|digit| char::from_digit(digit, 36));
        digits.extend(digit);
        rest /= 36;
        if rest == 0 {
            return digits.into_iter().rev().collect();
        }
    }
}

/// Below which number nothing is indexed that was stored before there was an index.
pub(super) fn unsearched(tx: &Connection) -> Result<Option<i64>, StoreError> {
    let below = tx.prepare_cached("SELECT below FROM unsearched")?.query_row([], |row| row.get(0)).optional()?;
    Ok(below)
}

/// Indexes some of what was stored before there was an index; says whether there is more.
pub(super) fn index_more(tx: &Connection) -> Result<Outcome, StoreError> {
    let Some(below) = unsearched(tx)? else { return Ok(Outcome::Indexed { more: false }) };
    let last = index_each(tx, UNSEARCHED, below)?;
    match last {
        Some(last) => tx.prepare_cached("UPDATE unsearched SET below = ?1")?.execute([last])?,
        None => tx.prepare_cached("DELETE FROM unsearched")?.execute([])?,
    };
    Ok(Outcome::Indexed { more: last.is_some() })
}
