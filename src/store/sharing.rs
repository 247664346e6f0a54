//! What of a group's conversation somebody may be given, and by whom.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::Connection;

use super::groups::{group, ids};
use super::{Left, StoreError, logs};
use crate::log::group::{Group, Share};
use crate::wire::{ConversationId, EntryId, RootKey};

/// What of an entry goes to somebody.
pub(super) enum Goes {
    Whole,
    Header,
    /// Nothing from us: others give it.
    ByOthers,
    Nothing,
}

/// An entry of a group that somebody may be given, or not.
pub(super) struct Asked {
    pub local: i64,
    pub id: EntryId,
    pub author: RootKey,
    /// The changes that it has seen, if it has its place.
    pub seen: Option<Vec<u8>>,
    pub is_change: bool,
    /// It was given to us without its body, and not because it was deleted.
    pub bare: bool,
}

/// What of a group somebody may be given.
pub(super) struct Sharing {
    group: Arc<Group>,
    to: RootKey,
    /// Which headers of what its author gives go too ([`super::Wanted::left`]).
    left: Left,
    /// What was asked already: most entries have seen the same.
    known: RefCell<BTreeMap<(Vec<u8>, bool), Share>>,
}

impl Sharing {
    /// `None` when this is no group: between two people everything is shared.
    pub(super) fn with(tx: &Connection, key: &ConversationId, to: Option<RootKey>) -> Result<Option<Self>, StoreError> {
        let (Some(to), Some(conversation)) = (to, logs::conversation(tx, key)?) else { return Ok(None) };
        Ok(Some(Self { group: group(tx, conversation, key)?, to, left: Left::default(), known: RefCell::default() }))
    }

    /// With these headers of what its author gives, for who waits for them and has not got them.
    pub(super) fn and_left(self, left: Left) -> Self {
        Self { left, ..self }
    }

    /// What of an entry goes to them. What was given to us without its body is for others to give: its author has it. When its author is
    /// out of the group, or has given it up, perhaps nobody has it any more; and to who is out, or does not know yet that they are in, its
    /// author says nothing, unless they are contacts. What stands behind it would wait for ever: then the header goes.
    pub(super) fn goes(&self, tx: &Connection, asked: &Asked) -> Result<Goes, StoreError> {
        Ok(match self.of(asked.seen.as_deref(), asked.is_change) {
            Share::Nothing => Goes::Nothing,
            // Their own words they have lost with a disk.
            Share::Header if asked.author == self.to => Goes::Whole,
            Share::Header => Goes::Header,
            Share::Whole if asked.bare && self.is_given_by_its_author(asked) && !is_given_up(tx, asked.local)? => {
                match &self.left {
                    Left::These(ids) if !ids.contains(&asked.id) => Goes::ByOthers,
                    Left::These(_) | Left::All => Goes::Header,
                }
            }
            Share::Whole => Goes::Whole,
        })
    }

    /// Whether its author gives an entry to those whom this is about: both are in the group now, and know that without it. Who lacks their
    /// own words has lost them with a disk.
    fn is_given_by_its_author(&self, asked: &Asked) -> bool {
        let (fold, seen) = (self.group.fold(), ids(asked.seen.as_deref().unwrap_or_default()));
        let is_in = |root: &RootKey| fold.is_inside(root) && !fold.may_come_in_by(root, &seen);
        asked.author != self.to && is_in(&asked.author) && is_in(&self.to)
    }

    /// Whether there may be several parts of a log that they may be given.
    pub(super) fn is_in_parts(&self) -> bool {
        self.group.fold().has_come_back(&self.to)
    }

    /// How much of an entry with these changes before it they may be given. What has no place yet is given to nobody: it is not known
    /// what it has seen.
    pub(super) fn of(&self, seen: Option<&[u8]>, is_change: bool) -> Share {
        let Some(seen) = seen else { return Share::Nothing };
        let mut known = self.known.borrow_mut();
        let asked = (seen.to_vec(), is_change);
        *known.entry(asked).or_insert_with(|| self.group.fold().share(&self.to, &ids(seen), is_change))
    }
}

/// Whether the author of an entry that came without its body does not have it either: they have deleted what it says, whatever that counts
/// for, or it was written here, and is back without its body after the disk was put back.
fn is_given_up(tx: &Connection, local: i64) -> Result<bool, StoreError> {
    let given_up = tx
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM log g JOIN log o ON o.device = g.device AND o.own > 0 WHERE g.id = e.log)
                 OR EXISTS (SELECT 1 FROM entry d INDEXED BY entry_deletion
                     WHERE d.target = CASE e.kind WHEN 2 THEN e.target ELSE e.id END AND d.author = e.author AND d.kind = 3
                         AND d.position IS NOT NULL AND d.conversation = e.conversation)
             FROM entry e WHERE e.local = ?1",
        )?
        .query_row([local], |row| row.get(0))?;
    Ok(given_up)
}
