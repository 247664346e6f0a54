//! What came without its body, and is to be asked for.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::sharing::Sharing;
use super::value::{int, uint};
use super::{Outcome, StoreError, logs};
use crate::log::group::Share;
use crate::wire::{ConversationId, DeviceKey, Lack, LogId, RANGES_MAX, Range, RootKey, kind};

/// Entries without their bodies that are asked for at a time: as many as somebody sends without waiting for an answer, about.
pub(super) const BARE_MAX: usize = 256;
/// Rows that are looked at for one question: who came late into a group has headers by the ten thousand, which are not for them whole.
pub(super) const LOOKED_MAX: usize = 1_024;
/// Logs of which one question asks, each with a frame of its own: a quarter of what a link takes in at once.
pub(super) const ASKED_LOGS_MAX: usize = 64;

/// Entries that came without their bodies though nobody has said that they were deleted: what a peer is to be asked for, in the order of their
/// arrival here. It may have them, when what it had erased came back with an older copy of its database. In a group (`to` is who we are) only what
/// may be given to us whole is asked for, entry by entry: who came later gets only headers of what was before, and of everything else somebody who
/// carries it may have taken the body away. What nobody has any more is asked for like the rest, and keeps none of it from being asked for: the
/// next question goes on behind what was looked at.
pub(super) fn bare(
    tx: &Connection,
    key: &ConversationId,
    to: Option<RootKey>,
    after: u64,
) -> Result<Outcome, StoreError> {
    let mut logs_of = BTreeMap::<(DeviceKey, LogId), Vec<u64>>::new();
    let (mut asked, mut looked, mut last) = (0, 0, None);
    let Some(conversation) = logs::conversation(tx, key)? else {
        return Ok(Outcome::Bare { lacks: vec![], next: None });
    };
    let mut statement = tx.prepare_cached(
        "SELECT d.key, l.name, e.sequence, e.kind, r.seen, e.local, e.author FROM entry e INDEXED BY entry_bare
         JOIN log l ON l.id = e.log JOIN device d ON d.id = l.device LEFT JOIN era r ON r.id = e.era
         WHERE e.conversation = ?1 AND e.bare = 1 AND e.fork = 0 AND e.local > ?2 ORDER BY e.local",
    )?;
    let sharing = Sharing::with(tx, key, to)?;
    let mut rows = statement.query([conversation, int(after)])?;
    while let Some(row) = rows.next()? {
        let log = (DeviceKey(row.get(0)?), LogId(row.get(1)?));
        let is_full = asked == BARE_MAX || (logs_of.len() == ASKED_LOGS_MAX && !logs_of.contains_key(&log));
        if is_full || looked == LOOKED_MAX {
            return Ok(Outcome::Bare { lacks: lacks(key, logs_of), next: last });
        }
        (looked, last) = (looked + 1, Some(uint(row.get(5)?)));
        if let Some(sharing) = &sharing {
            let seen: Option<Vec<u8>> = row.get(4)?;
            let is_own = to == Some(RootKey(row.get(6)?));
            match sharing.of(seen.as_deref(), row.get::<_, u32>(3)? == kind::GROUP) {
                Share::Whole => {}
                Share::Header if is_own => {}
                Share::Header | Share::Nothing => continue,
            }
        }
        logs_of.entry(log).or_default().push(uint(row.get(2)?));
        asked += 1;
    }
    Ok(Outcome::Bare { lacks: lacks(key, logs_of), next: None })
}

/// What is missing of each log, in as many questions as hold it.
fn lacks(key: &ConversationId, logs: BTreeMap<(DeviceKey, LogId), Vec<u64>>) -> Vec<Lack> {
    let mut lacks = vec![];
    for ((device, log), mut sequences) in logs {
        sequences.sort_unstable();
        let mut ranges: Vec<Range> = vec![];
        for from in sequences {
            match ranges.last_mut().filter(|range| range.end() == from) {
                Some(range) => range.count += 1,
                None => ranges.push(Range { from, count: 1 }),
            }
        }
        let few = ranges.chunks(RANGES_MAX);
        lacks.extend(few.map(|ranges| Lack { conversation: *key, device, log, ranges: ranges.to_vec() }));
    }
    lacks
}
