//! What an edit, a deletion or a reaction does when it finds its place: who is told of it, and what a deletion erases.
//!
//! A deletion that takes effect erases salt and body of its message, and of that message's edits, in the transaction in which it
//! finds its place; the headers stay, and the chain still verifies. What arrives with a body after that is stored without.
//! SQLite overwrites what is erased (`secure_delete`), and [`super::Db`] empties the WAL after the commit.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};

use super::value::{int, uint};
use super::{Fresh, Happened, Outcome, Refusal, StoreError, fold, groups, logs, order, search};
use crate::log::fold::{Content, is_shown};
use crate::log::{Entry, Reaction};
use crate::wire::{ConversationId, EntryId, Header, RootKey, cbor, kind};

/// Headers were checked when they came; this only bounds what a damaged row makes us read.
const HEADER_BYTES_MAX: usize = 4096;

/// The text of a shown message may read differently than before, or the message is shown for the first time or no more. Called
/// for each such message once it has its place, in the same transaction.
pub(super) fn reads_differently(tx: &Connection, local: i64) -> Result<(), StoreError> {
    search::refresh(tx, local)
}

/// Whether a message is shown: not when it was deleted for this device only, counts for nothing in its group, or came without
/// its body though nobody has deleted it. That one is on its way, or was not meant for us.
pub(super) fn look_again(tx: &Connection, local: i64) -> Result<(), StoreError> {
    let (kind, has_target): (u32, bool) = tx
        .prepare_cached("SELECT kind, target IS NOT NULL FROM entry WHERE local = ?1")?
        .query_row([local], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if is_shown(kind, has_target) {
        tx.prepare_cached("UPDATE entry SET shown = (hidden = 0 AND void = 0 AND bare = 0) WHERE local = ?1")?
            .execute([local])?;
    }
    Ok(())
}

/// Whether an entry's body is not wanted any more: its author has deleted it, or the message that it edits.
pub(super) fn is_erased(tx: &Connection, conversation: i64, id: &EntryId, header: &Header) -> Result<bool, StoreError> {
    let deleted = match header.kind {
        kind::EDIT => header.target,
        kind if is_shown(kind, header.target.is_some()) => Some(*id),
        _ => None,
    };
    match deleted {
        Some(target) => is_deleted(tx, conversation, &target, &header.author),
        None => Ok(false),
    }
}

fn is_deleted(tx: &Connection, conversation: i64, id: &EntryId, author: &RootKey) -> Result<bool, StoreError> {
    let deleted = tx
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM entry INDEXED BY entry_deletion
             WHERE target = ?1 AND author = ?2 AND kind = 3 AND position IS NOT NULL AND conversation = ?3 AND void = 0)",
        )?
        .query_row(params![id.0, author.0, conversation], |row| row.get(0))?;
    Ok(deleted)
}

/// A known entry has come once more, and this time with its body; tells whether that is news. Adds the group of which it is to be found out
/// anew who is in it ([`groups::look_again`]).
pub(super) fn fill_in(
    tx: &Connection,
    local: i64,
    entry: &Entry,
    unclear: &mut BTreeSet<i64>,
) -> Result<bool, StoreError> {
    let (Some(salt), Some(body)) = (&entry.wire().salt, &entry.wire().body) else { return Ok(false) };
    let (conversation, erased, placed): (i64, bool, bool) = tx
        .prepare_cached("SELECT conversation, body IS NULL, position IS NOT NULL FROM entry WHERE local = ?1")?
        .query_row([local], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    if !erased || is_erased(tx, conversation, &entry.id(), entry.header())? {
        return Ok(false);
    }
    tx.prepare_cached("UPDATE entry SET salt = ?2, body = ?3, bare = 0, forged = ?4 WHERE local = ?1")?
        .execute(params![local, salt.0, body, groups::is_forged(entry.header().kind, Some(body))])?;
    look_again(tx, local)?;
    tx.prepare_cached("UPDATE entry SET unread = (progress = 4 AND shown = 1) WHERE local = ?1")?.execute([local])?;
    if placed && entry.header().kind == kind::GROUP {
        unclear.insert(conversation);
    }
    if !placed {
        order::count_waiting(tx, conversation, 0, int(body.len() as u64))?;
    }
    Ok(placed)
}

/// What an entry is, for its effect.
struct Placed {
    local: i64,
    conversation: i64,
    position: i64,
    target: Option<EntryId>,
    /// It is in a group, and does not count there.
    void: bool,
    fresh: Fresh,
}

/// These have found their place just now, or their bodies (`filled`): does what follows from that, and tells it in the order of their
/// conversations.
pub(super) fn take_effect(tx: &Connection, locals: &[i64], filled: &BTreeSet<i64>) -> Result<Vec<Fresh>, StoreError> {
    let mut placed = vec![];
    for local in locals {
        placed.push(read(tx, *local)?);
    }
    // Erased first, so that nobody is told of a text that was deleted in the same batch.
    let mut deletes = false;
    for entry in placed.iter_mut().filter(|entry| !entry.void) {
        if entry.fresh.kind == kind::DELETE {
            entry.fresh.happened = delete(tx, entry, true)?;
            deletes = true;
        }
    }
    for entry in placed.iter_mut().filter(|entry| deletes && entry.fresh.bare.is_some()) {
        if !is_bare(tx, entry.local)? {
            entry.fresh.bare = None;
        }
    }
    for entry in placed.iter_mut().filter(|entry| !entry.void) {
        match entry.fresh.kind {
            kind::DELETE => {}
            kind::EDIT | kind::REACTION => entry.fresh.happened = operate(tx, entry)?,
            _ => entry.fresh.happened = show(tx, entry, filled.contains(&entry.local))?,
        }
    }
    placed.sort_by_key(|entry| (entry.fresh.conversation, entry.position));
    Ok(placed.into_iter().map(|entry| entry.fresh).collect())
}

fn read(tx: &Connection, local: i64) -> Result<Placed, StoreError> {
    let number = uint(local);
    let placed = tx
        .prepare_cached(
            "SELECT e.position, c.key, e.id, e.author, e.kind, e.body, e.conversation, e.target, e.void <> 0, e.bare
             FROM entry e JOIN conversation c ON c.id = e.conversation WHERE e.local = ?1",
        )?
        .query_row([local], |row| {
            let fresh = Fresh {
                conversation: ConversationId(row.get(1)?),
                id: EntryId(row.get(2)?),
                author: RootKey(row.get(3)?),
                kind: row.get(4)?,
                body: row.get(5)?,
                bare: row.get::<_, bool>(9)?.then_some(number),
                happened: Happened::Nothing,
            };
            let target = row.get::<_, Option<_>>(7)?.map(EntryId);
            let (conversation, position, void) = (row.get(6)?, row.get(0)?, row.get(8)?);
            Ok(Placed { local, conversation, position, target, void, fresh })
        })?;
    Ok(placed)
}

fn is_bare(tx: &Connection, local: i64) -> Result<bool, StoreError> {
    Ok(tx.prepare_cached("SELECT bare FROM entry WHERE local = ?1")?.query_row([local], |row| row.get(0))?)
}

/// A message has its place, or its body.
fn show(tx: &Connection, entry: &Placed, filled: bool) -> Result<Happened, StoreError> {
    let Fresh { id, author, kind, body, .. } = &entry.fresh;
    if !is_shown(*kind, entry.target.is_some()) {
        return Ok(Happened::Nothing);
    }
    reads_differently(tx, entry.local)?;
    // Not before it is known to count: who was put out of a group does not move it up anybody's list.
    tx.prepare_cached("UPDATE conversation SET activity = max(activity, ?2) WHERE id = ?1")?
        .execute([entry.conversation, entry.local])?;
    let folded = fold::folded(tx, entry.conversation, id, *author, *kind, body.as_deref())?;
    Ok(match folded.content {
        // An edit that is here says what it reads like; it is shown and told when its own body comes.
        Content::Text(_) if body.is_none() => Happened::Nothing,
        Content::Text(text) if filled && was_told(tx, entry.local)? => Happened::Edited { target: *id, text },
        Content::Text(text) => Happened::Said(text),
        Content::Deleted | Content::Newer => Happened::Nothing,
    })
}

/// Whether a message was told of before it was deleted, or by that, which came to nothing.
fn was_told(tx: &Connection, local: i64) -> Result<bool, StoreError> {
    Ok(tx.prepare_cached("SELECT 1 FROM told WHERE entry = ?1")?.exists([local])?)
}

/// An edit or a reaction has its place: does it change what is seen?
fn operate(tx: &Connection, entry: &Placed) -> Result<Happened, StoreError> {
    let Some(target) = entry.target else { return Ok(Happened::Nothing) };
    let Some(message) = message(tx, entry.conversation, &target)? else { return Ok(Happened::Nothing) };
    let body = message.body.as_deref();
    let folded = fold::folded(tx, entry.conversation, &target, message.author, message.kind, body)?;
    if entry.fresh.kind == kind::EDIT {
        if message.shown {
            reads_differently(tx, message.local)?;
        }
        let wins = folded.edit == Some(entry.fresh.id);
        return Ok(match folded.content {
            // One whose own body is not here is told of when that comes.
            Content::Text(text) if wins && body.is_some() => Happened::Edited { target, text },
            _ => Happened::Nothing,
        });
    }
    let Some(Ok(reaction)) = entry.fresh.body.as_deref().map(Reaction::parse) else { return Ok(Happened::Nothing) };
    let seen = folded.reactions.iter().find(|reacted| reacted.emoji == reaction.emoji);
    let theirs = seen.and_then(|reacted| reacted.by.iter().find(|(who, _)| *who == entry.fresh.author));
    // One that is set is told by whoever set it last; one that is taken back, when it is not set any more.
    let changes = match theirs {
        Some((_, id)) => *id == entry.fresh.id,
        None => !reaction.on && folded.content != Content::Deleted,
    };
    let Reaction { emoji, on } = reaction;
    Ok(if changes { Happened::Reacted { target, emoji, on } } else { Happened::Nothing })
}

/// A deletion has its place, which is told (`tells`), or counts again: erases what its author wrote there.
fn delete(tx: &Connection, entry: &Placed, tells: bool) -> Result<Happened, StoreError> {
    let Some(target) = entry.target else { return Ok(Happened::Nothing) };
    let author = entry.fresh.author;
    let edits: Vec<i64> = tx
        .prepare_cached(
            "SELECT local FROM entry INDEXED BY entry_operation
             WHERE target = ?1 AND kind BETWEEN 2 AND 4 AND kind = 2 AND author = ?2 AND conversation = ?3",
        )?
        .query_map(params![target.0, author.0, entry.conversation], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for edit in edits {
        erase(tx, edit)?;
    }
    let Some(message) = message(tx, entry.conversation, &target)? else { return Ok(Happened::Nothing) };
    if message.author != author {
        return Ok(Happened::Nothing);
    }
    let news = message.body.is_some() || is_first_deletion(tx, entry, &target)?;
    if message.placed && (message.body.is_some() || (news && tells)) {
        tx.prepare_cached("INSERT OR IGNORE INTO told (entry) VALUES (?1)")?.execute([message.local])?;
    }
    erase(tx, message.local)?;
    if message.placed {
        reads_differently(tx, message.local)?;
    }
    Ok(if news && message.placed { Happened::Deleted { target } } else { Happened::Nothing })
}

/// An edit, a deletion or a reaction counts no more, or again: its message reads differently. What it has erased is asked for, for
/// others may have it; what it should have erased is.
pub(super) fn count_again(tx: &Connection, local: i64) -> Result<(), StoreError> {
    let entry = read(tx, local)?;
    let Some(target) = entry.target else { return Ok(()) };
    if entry.fresh.kind == kind::DELETE {
        if !entry.void {
            return delete(tx, &entry, false).map(drop);
        }
        let author = entry.fresh.author;
        if !is_deleted(tx, entry.conversation, &target, &author)? {
            tx.prepare_cached(
                "UPDATE entry SET bare = 1 WHERE conversation = ?1 AND author = ?2 AND body IS NULL
                 AND (id = ?3 OR local IN (SELECT local FROM entry INDEXED BY entry_operation
                      WHERE target = ?3 AND kind BETWEEN 2 AND 4 AND kind = 2))",
            )?
            .execute(params![entry.conversation, author.0, target.0])?;
            if let Some(message) = message(tx, entry.conversation, &target)? {
                look_again(tx, message.local)?;
                reads_differently(tx, message.local)?;
            }
        }
    }
    match message(tx, entry.conversation, &target)? {
        Some(message) if message.shown => reads_differently(tx, message.local),
        _ => Ok(()),
    }
}

/// A message that is known to have been deleted because it came without its body is told of once.
fn is_first_deletion(tx: &Connection, entry: &Placed, target: &EntryId) -> Result<bool, StoreError> {
    let another = tx
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM entry INDEXED BY entry_deletion WHERE target = ?1 AND author = ?2 AND kind = 3
             AND position IS NOT NULL AND conversation = ?3 AND local <> ?4 AND void = 0)",
        )?
        .query_row(params![target.0, entry.fresh.author.0, entry.conversation, entry.local], |row| {
            row.get::<_, bool>(0)
        })?;
    Ok(!another)
}

/// A message that an operation is about. It may wait for its place.
struct Message {
    local: i64,
    author: RootKey,
    kind: u32,
    body: Option<Vec<u8>>,
    shown: bool,
    placed: bool,
}

fn message(tx: &Connection, conversation: i64, id: &EntryId) -> Result<Option<Message>, StoreError> {
    let found = tx
        .prepare_cached(
            "SELECT local, author, kind, body, shown, position IS NOT NULL, target IS NOT NULL FROM entry
             WHERE id = ?1 AND conversation = ?2",
        )?
        .query_row(params![id.0, conversation], |row| {
            let message = Message {
                local: row.get(0)?,
                author: RootKey(row.get(1)?),
                kind: row.get(2)?,
                body: row.get(3)?,
                shown: row.get(4)?,
                placed: row.get(5)?,
            };
            Ok((message, row.get::<_, bool>(6)?))
        })
        .optional()?;
    Ok(found.filter(|(message, has_target)| is_shown(message.kind, *has_target)).map(|(message, _)| message))
}

fn erase(tx: &Connection, local: i64) -> Result<(), StoreError> {
    let (conversation, bytes, placed): (i64, i64, bool) = tx
        .prepare_cached(
            "SELECT conversation, coalesce(length(body), 0), position IS NOT NULL FROM entry WHERE local = ?1",
        )?
        .query_row([local], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    tx.prepare_cached("UPDATE entry SET salt = NULL, body = NULL, bare = 0, unread = 0 WHERE local = ?1")?
        .execute([local])?;
    look_again(tx, local)?;
    if !placed {
        order::count_waiting(tx, conversation, 0, -bytes)?;
    }
    Ok(())
}

/// Deletes a message on this device only: it is not shown any more. Its text stays, since others may need it from here.
pub(super) fn hide(tx: &Connection, key: &ConversationId, id: &EntryId) -> Result<Outcome, StoreError> {
    let unknown = Ok(Outcome::Refused(Refusal::UnknownMessage));
    let Some(conversation) = logs::conversation(tx, key)? else { return unknown };
    let hidden: Option<i64> = tx
        .prepare_cached(
            "UPDATE entry SET shown = 0, hidden = 1, unread = 0
             WHERE id = ?1 AND conversation = ?2 AND shown = 1 AND position IS NOT NULL RETURNING local",
        )?
        .query_row(params![id.0, conversation], |row| row.get(0))
        .optional()?;
    let Some(local) = hidden else { return unknown };
    reads_differently(tx, local)?;
    Ok(Outcome::Done)
}

/// What the fifth migration cannot say in SQL: which entries of an older Kith are about others, and which of the kinds that it did
/// not know are rows. A text with as many fields as one of its own has no target; only the others are read.
pub(super) fn fill(tx: &Connection) -> Result<(), rusqlite::Error> {
    let mut select = tx.prepare(
        "SELECT local, kind, header FROM entry
         WHERE kind <> 1 OR substr(header, 1, 1) <> CASE sequence WHEN 0 THEN x'aa' ELSE x'ab' END",
    )?;
    let mut update = tx.prepare("UPDATE entry SET target = ?2, shown = ?3 WHERE local = ?1")?;
    let mut rows = select.query([])?;
    let mut found = vec![];
    while let Some(row) = rows.next()? {
        let (local, kind, header): (i64, u32, Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        // One that cannot be read is shown as nothing, as before.
        let Ok(header) = cbor::decode::<Header>(&header, HEADER_BYTES_MAX) else { continue };
        found.push((local, header.target, is_shown(kind, header.target.is_some())));
    }
    for (local, target, shown) in found {
        update.execute(params![local, target.map(|id| id.0), shown])?;
    }
    Ok(())
}
