//! Pages for a window, and what of a conversation was read.
//!
//! Whether somebody else's message was read is kept with each, not as one mark: one that arrives late and belongs far
//! above what was read is unread until it is shown, whatever was read below it, and so is one that had waited for another.
//! The index of the unread ones holds only those, so a conversation of any length costs no more than its unread part.

use rusqlite::{Connection, OptionalExtension, params};

use super::history::PAGE_MAX;
use super::value::int;
use super::{MessageRow, Outcome, Refusal, StoreError, fold, logs, reading};
use crate::wire::{ConversationId, EntryId};

/// Where a page lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The last messages.
    Latest,
    /// Around the first unread one: at least half of the page from it on, where there are so many, and the rest before it.
    /// Without an unread one: the last messages.
    Unread,
    /// Before this one (exclusive).
    Before(EntryId),
    /// After this one (exclusive).
    After(EntryId),
    /// This one and those after it.
    From(EntryId),
    /// Around this one: it and at least half of the page from it on, where there are so many, and the rest before it.
    Around(EntryId),
}

/// A page of messages that can be shown, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The messages.
    pub rows: Vec<MessageRow>,
    /// There are more before the first.
    pub earlier: bool,
    /// There are more after the last.
    pub later: bool,
    /// The first unread one of the whole conversation.
    pub first_unread: Option<EntryId>,
    /// In a group: the changes of it that stand between these messages, each with the message right behind it. Those that stand
    /// before the first message belong to the page with it; those behind the last one of all to the last page.
    pub changes: Vec<(EntryId, Option<EntryId>)>,
}

/// Changes in one page: the last ones, when people have changed a group for longer than anybody reads.
const CHANGES_MAX: usize = 200;

pub(super) const BELOW: &str = "SELECT id, author, time, kind, body, progress, way, target, position
     FROM entry INDEXED BY entry_shown WHERE conversation = ?1 AND shown = 1 AND position < ?2 ORDER BY position DESC";
pub(super) const ABOVE: &str = "SELECT id, author, time, kind, body, progress, way, target, position
     FROM entry INDEXED BY entry_shown WHERE conversation = ?1 AND shown = 1 AND position >= ?2 ORDER BY position";
pub(super) const FIRST_UNREAD: &str = "SELECT id, position FROM entry INDEXED BY entry_unread
     WHERE conversation = ?1 AND unread = 1 AND position IS NOT NULL ORDER BY position LIMIT 1";
pub(super) const LAST_UNREAD: &str = "SELECT id FROM entry INDEXED BY entry_unread
     WHERE conversation = ?1 AND unread = 1 AND position IS NOT NULL AND position <= ?2 ORDER BY position DESC LIMIT 1";
pub(super) const MARK: &str = "UPDATE entry INDEXED BY entry_unread SET unread = 0
     WHERE conversation = ?1 AND unread = 1 AND position IS NOT NULL AND position <= ?2";

pub(super) fn page(
    tx: &Connection,
    conversation: &ConversationId,
    at: &Place,
    limit: u32,
) -> Result<Outcome, StoreError> {
    let limit = usize::try_from(limit.clamp(1, PAGE_MAX)).unwrap_or(1);
    let named = match at {
        Place::Latest | Place::Unread => None,
        Place::Before(id) | Place::After(id) | Place::From(id) | Place::Around(id) => Some(id),
    };
    let Some(conversation) = logs::conversation(tx, conversation)? else {
        return Ok(named.map_or_else(|| Outcome::Page(Page::default()), |_| unknown()));
    };
    let place = match named {
        Some(id) => match position(tx, conversation, id)? {
            Some(position) => position,
            None => return Ok(unknown()),
        },
        None => i64::MAX,
    };
    let unread = tx
        .prepare_cached(FIRST_UNREAD)?
        .query_row([conversation], |row| Ok((EntryId(row.get(0)?), row.get(1)?)))
        .optional()?;
    let (before, from) = match (at, unread) {
        (Place::Unread, Some((_, place))) => around(tx, conversation, place, limit)?,
        (Place::Latest | Place::Unread | Place::Before(_), _) => {
            (below(tx, conversation, place, limit)?, above(tx, conversation, place, 0)?)
        }
        (Place::After(_), _) => upwards(tx, conversation, place.saturating_add(1), limit)?,
        (Place::From(_), _) => upwards(tx, conversation, place, limit)?,
        (Place::Around(_), _) => around(tx, conversation, place, limit)?,
    };
    let rows = before.rows.into_iter().rev().chain(from.rows).collect();
    let first_unread = unread.map(|(id, _)| id);
    let mut page = Page { rows, earlier: before.more, later: from.more, first_unread, changes: vec![] };
    page.changes = changes(tx, conversation, &page)?;
    Ok(Outcome::Page(page))
}

/// The changes of a group that stand between the messages of a page.
fn changes(tx: &Connection, conversation: i64, page: &Page) -> Result<Vec<(EntryId, Option<EntryId>)>, StoreError> {
    let place = |row: Option<&MessageRow>| match row {
        Some(row) => position(tx, conversation, &row.id),
        None => Ok(None),
    };
    let above = match place(page.rows.first().filter(|_| page.earlier))? {
        Some(first) => tx
            .prepare_cached(
                "SELECT max(position) FROM entry INDEXED BY entry_shown
                 WHERE conversation = ?1 AND shown = 1 AND position < ?2",
            )?
            .query_row([conversation, first], |row| row.get::<_, Option<i64>>(0))?
            .unwrap_or(i64::MIN),
        // A page of nothing, behind everything.
        None if page.earlier => return Ok(vec![]),
        None => i64::MIN,
    };
    let below = match place(page.rows.last().filter(|_| page.later))? {
        Some(last) => last,
        None if page.later => return Ok(vec![]),
        None => i64::MAX,
    };
    let mut found: Vec<(EntryId, i64)> = tx
        .prepare_cached(
            "SELECT id, position FROM entry INDEXED BY entry_change
             WHERE conversation = ?1 AND kind = 16 AND position > ?2 AND position < ?3 AND beside = 0
             ORDER BY position DESC LIMIT ?4",
        )?
        .query_map(params![conversation, above, below, int(CHANGES_MAX as u64)], |row| {
            Ok((EntryId(row.get(0)?), row.get(1)?))
        })?
        .collect::<Result<_, _>>()?;
    found.reverse();
    let mut next = tx.prepare_cached(
        "SELECT id FROM entry INDEXED BY entry_shown WHERE conversation = ?1 AND shown = 1 AND position > ?2
         ORDER BY position LIMIT 1",
    )?;
    let mut next = |place| next.query_row([conversation, place], |row| row.get(0).map(EntryId)).optional();
    found.into_iter().map(|(id, place)| Ok((id, next(place)?))).collect()
}

pub(super) fn mark_read(
    tx: &Connection,
    conversation: &ConversationId,
    up_to: &EntryId,
) -> Result<Outcome, StoreError> {
    let Some(conversation) = logs::conversation(tx, conversation)? else { return Ok(unknown()) };
    let Some(position) = position(tx, conversation, up_to)? else { return Ok(unknown()) };
    let last = tx
        .prepare_cached(LAST_UNREAD)?
        .query_row([conversation, position], |row| row.get(0).map(EntryId))
        .optional()?;
    let Some(last) = last else { return Ok(Outcome::Read(None)) };
    tx.prepare_cached(MARK)?.execute([conversation, position])?;
    Ok(Outcome::Read(reading::move_own(tx, conversation, last)?))
}

/// One message that has its place.
pub(super) fn one(tx: &Connection, id: &EntryId, only_in: Option<&ConversationId>) -> Result<Outcome, StoreError> {
    let mut statement = tx.prepare_cached(
        "SELECT e.id, e.author, e.time, e.kind, e.body, e.progress, e.way, e.target, e.position, c.id, c.key
         FROM entry e JOIN conversation c ON c.id = e.conversation
         WHERE e.id = ?1 AND e.shown = 1 AND e.position IS NOT NULL",
    )?;
    let mut rows = statement.query([id.0])?;
    let Some(row) = rows.next()? else { return Ok(unknown()) };
    let (stored, conversation, key) = (fold::stored(row)?, row.get(9)?, ConversationId(row.get(10)?));
    if only_in.is_some_and(|only| *only != key) {
        return Ok(unknown());
    }
    let read = reading::others(tx, conversation)?;
    Ok(Outcome::Message(key, Box::new(fold::message(tx, conversation, stored, read)?)))
}

fn unknown() -> Outcome {
    Outcome::Refused(Refusal::UnknownMessage)
}

/// Where a message of a conversation lies; none when it is not there, or waits for another one.
pub(super) fn position(tx: &Connection, conversation: i64, id: &EntryId) -> Result<Option<i64>, StoreError> {
    let found = tx
        .prepare_cached("SELECT position FROM entry WHERE id = ?1 AND conversation = ?2 AND position IS NOT NULL")?
        .query_row(params![id.0, conversation], |row| row.get(0))
        .optional()?;
    Ok(found)
}

/// Messages on one side of a place, the nearest first, and whether there are more.
struct Side {
    rows: Vec<MessageRow>,
    more: bool,
}

impl Side {
    fn cut(&mut self, count: usize) {
        self.more |= self.rows.len() > count;
        self.rows.truncate(count);
    }
}

fn around(tx: &Connection, conversation: i64, place: i64, limit: usize) -> Result<(Side, Side), StoreError> {
    let mut before = below(tx, conversation, place, limit)?;
    let mut from = above(tx, conversation, place, limit)?;
    // Where one side has too few for its half, the other fills the page.
    before.cut((limit / 2).max(limit.saturating_sub(from.rows.len())));
    from.cut(limit.saturating_sub(before.rows.len()));
    Ok((before, from))
}

fn upwards(tx: &Connection, conversation: i64, place: i64, limit: usize) -> Result<(Side, Side), StoreError> {
    Ok((below(tx, conversation, place, 0)?, above(tx, conversation, place, limit)?))
}

fn below(tx: &Connection, conversation: i64, place: i64, limit: usize) -> Result<Side, StoreError> {
    side(tx, BELOW, conversation, place, limit)
}

fn above(tx: &Connection, conversation: i64, place: i64, limit: usize) -> Result<Side, StoreError> {
    side(tx, ABOVE, conversation, place, limit)
}

/// Reads as many as are wanted, and looks whether there is another one.
fn side(tx: &Connection, sql: &str, conversation: i64, place: i64, limit: usize) -> Result<Side, StoreError> {
    let mut statement = tx.prepare_cached(sql)?;
    let mut found = statement.query([conversation, place])?;
    let mut side = Side { rows: vec![], more: false };
    let read = reading::others(tx, conversation)?;
    while let Some(row) = found.next()? {
        if side.rows.len() == limit {
            side.more = true;
            break;
        }
        side.rows.push(fold::message(tx, conversation, fold::stored(row)?, read)?);
    }
    Ok(side)
}
