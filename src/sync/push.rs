//! Pushing over an open link.
//!
//! ```text
//! up ──► say have ──► peer's have ──► ask the outbox from its beginning ──► send ──► acks make room ──► ask on
//! ```
//! Nothing is pushed before the peer has said what it has, so that a new link repeats nothing. A first frame can be lost
//! (the peer's channel may not be open yet), so `have` is said again until the peer was heard.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::wire::EntryId;

/// Entries that may be under way on one link: enough to keep a disk busy that commits in batches.
pub const PUSH_WINDOW_ENTRIES: usize = 512;
/// Bytes that may be under way on one link: with all links of a person open, still a small part of a phone's memory.
pub const PUSH_WINDOW_BYTES: usize = 512 * 1024;
/// The first `have` is repeated after this long without an answer: longer than SCTP's first retransmission (1 s).
const HAVE_AGAIN: Duration = Duration::from_secs(2);
/// Entries that are under way for longer than this are asked for anew: an ack was lost in a restart of the peer's store.
const ACK_PATIENCE: Duration = Duration::from_secs(20);

/// What a machine of this layer needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Ask the store what we have and say it.
    Have,
    /// Ask the outbox for entries after this cursor.
    Outbox {
        /// Exclusive.
        after: u64,
        /// About this many bytes.
        bytes: usize,
    },
}

/// The push side of one link and one conversation.
#[derive(Clone, Debug, Default)]
pub struct Push {
    up: bool,
    heard: bool,
    have_at: Option<Duration>,
    asking: bool,
    /// Something may lie behind the cursor.
    more: bool,
    cursor: u64,
    under_way: BTreeMap<EntryId, usize>,
    bytes: usize,
    progress_at: Duration,
}

impl Push {
    /// The link is open.
    pub fn up(&mut self, now: Duration) -> Vec<Need> {
        *self = Self { up: true, have_at: Some(now + HAVE_AGAIN), ..Self::default() };
        vec![Need::Have]
    }

    /// The link is gone; what was under way may or may not have arrived.
    pub fn down(&mut self) {
        *self = Self::default();
    }

    /// Whether everything that was pushed has been acknowledged and nothing more waits.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        !self.up || (self.heard && !self.asking && !self.more && self.under_way.is_empty())
    }

    /// The peer said what it has (and the belief in the store follows). Pushing begins anew.
    pub fn peer_has(&mut self, now: Duration) -> Vec<Need> {
        if !self.up {
            return vec![];
        }
        let first = !self.heard;
        self.heard = true;
        self.have_at = None;
        let mut needs = self.restart(now);
        if first {
            // The peer was heard, so it hears us: this one arrives.
            needs.insert(0, Need::Have);
        }
        needs
    }

    /// Begins again at the start of the outbox: the belief changed, or a frame was dropped.
    pub fn restart(&mut self, now: Duration) -> Vec<Need> {
        self.cursor = 0;
        self.under_way.clear();
        self.bytes = 0;
        self.more = true;
        self.asking = false;
        self.ask(now)
    }

    /// The conversation has a new entry.
    pub fn wrote(&mut self, now: Duration) -> Vec<Need> {
        self.more = true;
        self.ask(now)
    }

    /// The outbox has answered; returns the entries that are to be sent now.
    pub fn outbox(&mut self, found: &[(u64, EntryId, usize)], more: bool, now: Duration) -> Vec<EntryId> {
        if !self.asking {
            return vec![]; // An answer to a question from before a restart.
        }
        self.asking = false;
        self.more |= more;
        let mut send = Vec::with_capacity(found.len());
        for (cursor, id, size) in found {
            self.cursor = self.cursor.max(*cursor);
            if self.under_way.insert(*id, *size).is_none() {
                self.bytes += size;
                send.push(*id);
            }
        }
        if !send.is_empty() {
            self.progress_at = now;
        }
        send
    }

    /// The peer has these on its disk.
    pub fn acked(&mut self, ids: &[EntryId], now: Duration) -> Vec<Need> {
        for id in ids {
            if let Some(size) = self.under_way.remove(id) {
                self.bytes -= size;
                self.progress_at = now;
            }
        }
        self.ask(now)
    }

    /// Asks on when something may be waiting and there is room. To be called after [`Push::outbox`] as well.
    pub fn ask(&mut self, now: Duration) -> Vec<Need> {
        let room = self.under_way.len() < PUSH_WINDOW_ENTRIES && self.bytes < PUSH_WINDOW_BYTES;
        if !self.up || !self.heard || self.asking || !self.more || !room {
            return vec![];
        }
        self.asking = true;
        self.more = false;
        if self.under_way.is_empty() {
            self.progress_at = now;
        }
        vec![Need::Outbox { after: self.cursor, bytes: PUSH_WINDOW_BYTES - self.bytes }]
    }

    /// When [`Push::tick`] has something to do.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let stuck = (!self.under_way.is_empty()).then(|| self.progress_at + ACK_PATIENCE);
        [self.have_at, stuck].into_iter().flatten().min()
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Duration) -> Vec<Need> {
        if !self.under_way.is_empty() && now >= self.progress_at + ACK_PATIENCE {
            return self.restart(now);
        }
        if self.have_at.is_some_and(|at| now >= at) {
            self.have_at = Some(now + HAVE_AGAIN);
            return vec![Need::Have];
        }
        vec![]
    }
}
