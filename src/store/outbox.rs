//! The outbox is a query: what is here and the peer is not believed to have.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use rusqlite::{Connection, Rows, params};

use super::sharing::{Asked, Goes, Sharing};
use super::value::{int, uint};
use super::{OUTBOX_COUNT_MAX, Outcome, StoreError, logs, people};
use crate::log::direct_conversation;
use crate::wire::{self, ConversationId, DeviceKey, EntryId, RootKey, Salt, Signature, kind};

/// What an entry's encoding adds to its header and body: signature, salt, four keys, four lengths.
const ENTRY_OVERHEAD: usize = 112;
/// Entries of a log that are looked through for the oldest that a peer lacks. Beyond them the search begins at the
/// conversation's beginning, where such a peer lacks something soon.
const FLOOR_MAX: i64 = 4_096;

/// What is wanted of a conversation for a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Which.
    pub conversation: ConversationId,
    /// In a group: whose device it is. They get what the group lets them have.
    pub to: Option<RootKey>,
    /// Only what they have written.
    pub only_by: Option<RootKey>,
    /// And, whoever wrote it, what was here before this one, and this one.
    pub and_up_to: Option<EntryId>,
    /// And these headers of what is here without its body.
    pub left: Left,
}

/// What is here without its body is left to its author to give, but for the headers of this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Left {
    /// Of these, if they are lacking.
    These(BTreeSet<EntryId>),
    /// Of all that is lacking.
    All,
}

impl Default for Left {
    /// Of none.
    fn default() -> Self {
        Self::These(BTreeSet::new())
    }
}

impl Wanted {
    /// Everything.
    #[must_use]
    pub fn all(conversation: ConversationId) -> Self {
        Self { conversation, to: None, only_by: None, and_up_to: None, left: Left::default() }
    }
}

/// An entry to send, with its cursor.
type Found = (i64, EntryId, wire::Entry);

/// Entries to send, in the order of their arrival here: what each conversation holds comes from an index, and the lowest of all
/// goes first.
pub(super) fn outbox(
    tx: &Connection,
    peer: &DeviceKey,
    conversations: &[Wanted],
    after: u64,
    bytes: usize,
) -> Result<Outcome, StoreError> {
    // A device of which nothing is known lacks everything; no row has the number 0.
    let peer = logs::device(tx, peer)?.unwrap_or_default();
    let (mut statements, mut keys) = (vec![], vec![]);
    for wanted in conversations {
        let Some(conversation) = logs::conversation(tx, &wanted.conversation)? else { continue };
        let Some(floor) = floor(tx, peer, conversation)? else { continue };
        let up_to = match &wanted.and_up_to {
            Some(id) => logs::local(tx, id)?,
            None => None,
        };
        statements.push(tx.prepare_cached(LACKING)?);
        let key =
            (conversation, int(after).max(floor - 1), wanted.only_by.map(|root| root.0), up_to.unwrap_or_default());
        let sharing = Sharing::with(tx, &wanted.conversation, wanted.to)?;
        keys.push((key, sharing.map(|sharing| sharing.and_left(wanted.left.clone()))));
    }
    let (mut cursors, mut waiting) = (vec![], BinaryHeap::new());
    for (place, (statement, (key, sharing))) in statements.iter_mut().zip(keys).enumerate() {
        let (conversation, after, only_by, up_to) = key;
        let mut rows = statement.query(params![peer, conversation, after, only_by, up_to])?;
        let first = next(tx, &mut rows, sharing.as_ref())?;
        waiting.extend(first.as_ref().map(|(local, ..)| Reverse((*local, place))));
        cursors.push((rows, sharing, first));
    }
    let (mut entries, mut left) = (vec![], bytes);
    while let Some(Reverse((_, place))) = waiting.pop() {
        let Some((rows, sharing, found)) = cursors.get_mut(place) else { continue };
        let Some((local, id, entry)) = found.take() else { continue };
        let size = ENTRY_OVERHEAD + entry.header.len() + entry.body.as_ref().map_or(0, Vec::len);
        if entries.len() == OUTBOX_COUNT_MAX || (size > left && !entries.is_empty()) {
            return Ok(Outcome::Outbox { entries, more: true });
        }
        left = left.saturating_sub(size);
        entries.push((uint(local), id, entry));
        *found = next(tx, rows, sharing.as_ref())?;
        waiting.extend(found.as_ref().map(|(local, ..)| Reverse((*local, place))));
    }
    Ok(Outcome::Outbox { entries, more: false })
}

/// `?4`: only by this author, and what is not above `?5`.
const LACKING: &str = "
     SELECT e.local, e.id, e.header, e.signature, e.salt, e.body, e.kind, e.bare, r.seen, e.author
     FROM entry e INDEXED BY entry_arrival LEFT JOIN belief b ON b.device = ?1 AND b.log = e.log
         LEFT JOIN era r ON r.id = e.era
     WHERE e.conversation = ?2 AND e.local > ?3 AND (?4 IS NULL OR e.author = ?4 OR e.local <= ?5) AND e.beside = 0
         AND NOT (e.fork = 0 AND e.sequence < coalesce(b.count, 0))
         AND NOT EXISTS (SELECT 1 FROM belief_entry r WHERE r.device = ?1 AND r.log = e.log AND r.entry = e.local)
     ORDER BY e.local";

/// The next one that the peer may be given.
fn next(tx: &Connection, rows: &mut Rows<'_>, sharing: Option<&Sharing>) -> Result<Option<Found>, StoreError> {
    while let Some(row) = rows.next()? {
        let (local, id) = (row.get(0)?, EntryId(row.get(1)?));
        let mut entry = wire::Entry {
            header: row.get(2)?,
            signature: Signature(row.get(3)?),
            salt: row.get::<_, Option<_>>(4)?.map(Salt),
            body: row.get(5)?,
        };
        if let Some(sharing) = sharing {
            let (author, seen, bare) = (RootKey(row.get(9)?), row.get(8)?, row.get(7)?);
            let is_change = row.get::<_, u32>(6)? == kind::GROUP;
            match sharing.goes(tx, &Asked { local, id, author, seen, is_change, bare })? {
                Goes::Whole => {}
                Goes::Header => (entry.salt, entry.body) = (None, None),
                Goes::ByOthers | Goes::Nothing => continue,
            }
        }
        return Ok(Some((local, id, entry)));
    }
    Ok(None)
}

/// Nothing before this number is lacking; `None` when nothing is lacking at all. It reads no more than what is lacking,
/// so that a peer who has nearly everything is answered from the end of a long conversation and not from its beginning.
fn floor(tx: &Connection, peer: i64, conversation: i64) -> Result<Option<i64>, StoreError> {
    let mut statement = tx.prepare_cached(
        "SELECT l.id, l.forks, coalesce(b.count, 0) AS believed
         FROM log l LEFT JOIN belief b ON b.device = ?1 AND b.log = l.id
         WHERE l.conversation = ?2 AND l.entries > coalesce(b.count, 0)
             + (SELECT count(*) FROM belief_entry r WHERE r.device = ?1 AND r.log = l.id)",
    )?;
    let mut rows = statement.query([peer, conversation])?;
    let mut floor = None;
    while let Some(row) = rows.next()? {
        let (log, forks, believed): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (count, mut oldest): (i64, Option<i64>) = tx
            .prepare_cached(
                "SELECT count(*), min(local) FROM
                 (SELECT local FROM entry WHERE log = ?1 AND fork = 0 AND sequence >= ?2 LIMIT ?3)",
            )?
            .query_row([log, believed, FLOOR_MAX], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if count == FLOOR_MAX {
            return Ok(Some(0));
        }
        if forks > 0 {
            let fork: Option<i64> = tx
                .prepare_cached("SELECT min(local) FROM entry WHERE log = ?1 AND fork = 1")?
                .query_row([log], |row| row.get(0))?;
            oldest = oldest.into_iter().chain(fork).min();
        }
        floor = floor.into_iter().chain(oldest).min();
    }
    Ok(floor)
}

/// Own entries that are not delivered, in conversations with contacts and in groups. What stands beside a group goes to nobody.
pub(super) fn count_waiting(tx: &Connection) -> Result<u64, StoreError> {
    let contacts = people::contacts(tx)?;
    let mut statement = tx.prepare_cached(
        "SELECT c.key, e.author, count(*), EXISTS (SELECT 1 FROM recipient r WHERE r.conversation = c.id) FROM log l
         JOIN entry e INDEXED BY entry_unconfirmed ON e.log = l.id AND e.progress < 3 AND e.beside = 0
         JOIN conversation c ON c.id = l.conversation
         WHERE l.own > 0 GROUP BY c.key, e.author",
    )?;
    let mut rows = statement.query(params![])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        let (conversation, author) = (ConversationId(row.get(0)?), RootKey(row.get(1)?));
        let direct = contacts.iter().any(|contact| direct_conversation(&author, contact) == conversation);
        if direct || row.get(3)? {
            count += uint(row.get(2)?);
        }
    }
    Ok(count)
}
