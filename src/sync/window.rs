//! What is under way on one link, within its window.
//!
//! A part of the window is for what was passed over before and is sent again: what a peer never takes fills that part and no more, and
//! nothing that is fresh waits for it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::wire::EntryId;

/// Entries that may be under way on one link: enough to keep a disk busy that commits in batches, and fewer than the
/// frames that a link's driver queues (256), so that what a peer is slow to take waits on our disk and not there.
pub const PUSH_WINDOW_ENTRIES: usize = 192;
/// Bytes that may be under way on one link: half of what a driver queues (256 KiB). The other half is for one more entry
/// than fits (the last one may exceed the window) and for statements.
pub const PUSH_WINDOW_BYTES: usize = 128 * 1024;
/// So much of both is for what is sent again: with one more entry than fits, most of the window stays for what is fresh.
const AGAIN_PART: usize = 4;
/// When nothing of what is under way was acknowledged for so long, either an ack was lost in a restart of the peer's store, or the peer
/// does not take these entries. So what lies behind them goes on, and then all is sent again that has no ack.
pub(super) const ACK_PATIENCE: Duration = Duration::from_secs(20);

/// For the first time, or again after it was passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    First,
    Again,
}

#[derive(Clone, Copy, Debug)]
struct Sent {
    size: usize,
    turn: Turn,
}

/// What of it has the same turn.
#[derive(Clone, Debug, Default)]
struct Part {
    count: usize,
    bytes: usize,
    /// When something was sent or acknowledged last.
    moved_at: Duration,
}

#[derive(Clone, Debug, Default)]
pub(super) struct UnderWay {
    entries: BTreeMap<EntryId, Sent>,
    first: Part,
    again: Part,
}

impl UnderWay {
    fn part(&mut self, turn: Turn) -> &mut Part {
        match turn {
            Turn::First => &mut self.first,
            Turn::Again => &mut self.again,
        }
    }

    pub(super) fn contains(&self, id: &EntryId) -> bool {
        self.entries.contains_key(id)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Entries, and their bytes.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.entries.len(), self.first.bytes + self.again.bytes)
    }

    /// For how many bytes there is room; none where there is none for another entry.
    pub(super) fn room(&self, turn: Turn) -> Option<usize> {
        let (count, bytes) = self.size();
        let left = |count: usize, bytes: usize, part: usize| {
            let room = (PUSH_WINDOW_BYTES / part).saturating_sub(bytes);
            (count < PUSH_WINDOW_ENTRIES / part && room > 0).then_some(room)
        };
        let all = left(count, bytes, 1)?;
        match turn {
            Turn::First => Some(all),
            Turn::Again => left(self.again.count, self.again.bytes, AGAIN_PART).map(|room| room.min(all)),
        }
    }

    /// Whether it is not under way already.
    pub(super) fn add(&mut self, id: EntryId, size: usize, turn: Turn, now: Duration) -> bool {
        if self.entries.contains_key(&id) {
            return false;
        }
        self.entries.insert(id, Sent { size, turn });
        let part = self.part(turn);
        (part.count, part.bytes, part.moved_at) = (part.count + 1, part.bytes + size, now);
        true
    }

    /// Whether it was under way.
    pub(super) fn acked(&mut self, id: &EntryId, now: Duration) -> bool {
        let Some(Sent { size, turn }) = self.entries.remove(id) else { return false };
        let part = self.part(turn);
        (part.count, part.bytes, part.moved_at) = (part.count - 1, part.bytes - size, now);
        true
    }

    /// What has this turn may have gone nowhere: tells what that is.
    pub(super) fn forget(&mut self, turn: Turn) -> Vec<EntryId> {
        *self.part(turn) = Part::default();
        self.entries.extract_if(.., |_, sent| sent.turn == turn).map(|(id, _)| id).collect()
    }

    /// When what has this turn has waited too long for an ack.
    pub(super) fn stuck_at(&self, turn: Turn) -> Option<Duration> {
        let part = match turn {
            Turn::First => &self.first,
            Turn::Again => &self.again,
        };
        (part.count > 0).then(|| part.moved_at + ACK_PATIENCE)
    }
}
