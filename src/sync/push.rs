//! Pushing over an open link.
//!
//! ```text
//! up ──► say have ──► peer's have ──► ask the outbox from its beginning ──► send ──► acks make room ──► ask on
//! ```
//! Nothing of a conversation is pushed before the peer has said what it has of it, so that a new link repeats nothing. A first
//! frame can be lost (the peer's channel may not be open yet), so `have` is said again until the peer was heard.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::ASK_AGAIN;
use crate::wire::{ConversationId, EntryId};

/// Entries that may be under way on one link: enough to keep a disk busy that commits in batches, and fewer than the
/// frames that a link's driver queues (256), so that what a peer is slow to take waits on our disk and not there.
pub const PUSH_WINDOW_ENTRIES: usize = 192;
/// Bytes that may be under way on one link: half of what a driver queues (256 KiB). The other half is for one more entry
/// than fits (the last one may exceed the window) and for statements.
pub const PUSH_WINDOW_BYTES: usize = 128 * 1024;
/// The first `have` is repeated after this long without an answer: longer than SCTP's first retransmission (1 s).
const HAVE_AGAIN: Duration = Duration::from_secs(2);
/// What somebody else most likely brings is pushed after this, unless the peer has said by then that it has it: some round trips of a
/// slow link, and no time for people.
const LAZY: Duration = Duration::from_secs(1);
/// When nothing of what is under way was acknowledged for so long, either an ack was lost in a restart of the peer's store, or the peer
/// does not take these entries. So what lies behind them goes on, and then all is sent again that has no ack.
const ACK_PATIENCE: Duration = Duration::from_secs(20);
/// What was passed over is sent again so long after everything behind it. What a peer does not take fills the window each time, and
/// what is written then waits; but it may also be that the peer's disk was full for a moment.
const AGAIN_AFTER: Duration = Duration::from_secs(60);

/// What a machine of this layer needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Ask the store what we have of these conversations and say it.
    Have(Of),
    /// Ask the outbox of the conversations that the peer has spoken of ([`Push::heard`]) for entries after this cursor; a mailer
    /// asks that of all that the peer shares.
    Outbox {
        /// Which question this is: the answer to an earlier one comes too late to count.
        number: u64,
        /// Exclusive.
        after: u64,
        /// About this many bytes.
        bytes: usize,
    },
}

/// Which of the conversations that a peer shares with us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// All.
    All,
    /// Those of which the peer has not said yet, on this link, what it has.
    Unheard,
    /// This one.
    One(ConversationId),
}

/// The push side of one link: everything that the peer shares with us goes over it, in the order of its arrival here.
#[derive(Clone, Debug, Default)]
pub struct Push {
    up: bool,
    /// What the peer has said to have something of, or nothing. No more than it shares with us.
    heard: BTreeSet<ConversationId>,
    have_at: Option<Duration>,
    /// One of ours is still to be said because the store could not tell it, and so all are.
    unsaid: bool,
    /// The question whose answer counts.
    asking: Option<u64>,
    /// Questions asked so far, by all links: a number never comes twice.
    asked: u64,
    /// The store could not answer: it is not asked before this.
    ask_at: Option<Duration>,
    /// The driver's queue is full: nothing is asked for until it has room.
    full: bool,
    /// Something may lie behind the cursor.
    more: bool,
    /// When it may, unless others have brought it by then.
    later: Option<Duration>,
    cursor: u64,
    /// Something before the cursor had no ack when its time was over.
    passed: bool,
    /// When that is sent again; not before the outbox is through.
    again_at: Option<Duration>,
    under_way: BTreeMap<EntryId, usize>,
    bytes: usize,
    /// Confirmed while the outbox was asked: its answer may still hold them. No more than the window.
    confirmed: BTreeSet<EntryId>,
    progress_at: Duration,
}

impl Push {
    /// The link is open.
    pub fn up(&mut self, now: Duration) -> Vec<Need> {
        *self = Self { up: true, have_at: Some(now + HAVE_AGAIN), asked: self.asked, ..Self::default() };
        vec![Need::Have(Of::All)]
    }

    /// The link is gone; what was under way may or may not have arrived.
    pub fn down(&mut self) {
        *self = Self { asked: self.asked, ..Self::default() };
    }

    /// Whether everything that was pushed has been acknowledged and nothing more waits.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        !self.up
            || (!self.heard.is_empty()
                && self.asking.is_none()
                && !self.more
                && self.later.is_none()
                && !self.passed
                && self.under_way.is_empty())
    }

    /// The peer said what it has of a conversation, and the belief in the store is that. Pushing begins anew, but for what is
    /// under way.
    pub fn peer_has(&mut self, conversation: ConversationId, now: Duration) -> Vec<Need> {
        if !self.up {
            return vec![];
        }
        let first = self.heard.insert(conversation);
        // What is under way still is: the peer may have said this before it arrived. It only is no longer beyond doubt what
        // lies before the cursor.
        let mut needs = self.begin(now);
        if first {
            // The peer was heard, so it hears us: this one arrives.
            needs.insert(0, Need::Have(Of::One(conversation)));
        }
        needs
    }

    /// What the peer has spoken of on this link.
    #[must_use]
    pub fn heard(&self) -> &BTreeSet<ConversationId> {
        &self.heard
    }

    /// A conversation is shared no more: nothing of it is pushed.
    pub fn unshared(&mut self, conversation: &ConversationId) {
        self.heard.remove(conversation);
    }

    /// The store could not answer a question: it is asked again later.
    pub fn unanswered(&mut self, number: u64, now: Duration) {
        if self.asking == Some(number) {
            self.asking = None;
            self.more = true;
            self.ask_at = Some(now + ASK_AGAIN);
        }
    }

    /// The store could not tell what we have: it is asked again later.
    pub fn unsaid(&mut self, now: Duration) {
        if self.up {
            self.unsaid = true;
            self.have_at = Some(now + HAVE_AGAIN);
        }
    }

    /// Not everything was said at once: it is gone on with when the peer speaks, or after a while.
    pub fn say_on(&mut self, now: Duration) {
        if self.up {
            self.have_at = self.have_at.or(Some(now + HAVE_AGAIN));
        }
    }

    /// The driver had no room for a frame. What it was is found in the outbox again, once there is room.
    pub fn full(&mut self) {
        self.full = self.up;
    }

    /// The driver has room again after it had none. What it dropped may have been a statement, so that is said again too.
    pub fn writable(&mut self, now: Duration) -> Vec<Need> {
        if !std::mem::take(&mut self.full) {
            return vec![];
        }
        let mut needs = self.restart(now);
        needs.insert(0, Need::Have(Of::All));
        needs
    }

    /// Begins again at the start of the outbox: the belief changed, or frames were dropped.
    pub fn restart(&mut self, now: Duration) -> Vec<Need> {
        self.forget();
        self.begin(now)
    }

    fn begin(&mut self, now: Duration) -> Vec<Need> {
        self.cursor = 0;
        (self.passed, self.again_at) = (false, None);
        self.more = true;
        self.asking = None;
        self.ask(now)
    }

    /// What is under way may have gone nowhere.
    fn forget(&mut self) {
        self.under_way.clear();
        self.bytes = 0;
    }

    /// Nothing of what is under way was acknowledged for too long: makes room for what lies behind it. Where nothing does it begins again.
    fn pass_over(&mut self, now: Duration) -> Vec<Need> {
        self.passed |= self.more;
        if !self.passed {
            return self.restart(now);
        }
        self.forget();
        self.ask(now)
    }

    /// A conversation has a new entry.
    pub fn wrote(&mut self, now: Duration) -> Vec<Need> {
        self.more = true;
        self.ask(now)
    }

    /// A conversation has a new entry that somebody else most likely brings.
    pub fn wrote_later(&mut self, now: Duration) {
        if self.up {
            self.later.get_or_insert(now + LAZY);
        }
    }

    /// The outbox has answered a question; returns the entries that are to be sent now. What is beyond the window is left
    /// in the outbox.
    pub fn outbox(&mut self, number: u64, found: &[(u64, EntryId, usize)], more: bool, now: Duration) -> Vec<EntryId> {
        if self.asking != Some(number) {
            return vec![]; // An answer to a question from before a restart.
        }
        self.asking = None;
        self.more |= more;
        let mut send = Vec::with_capacity(found.len());
        for (cursor, id, size) in found {
            if !self.has_room() {
                self.more = true;
                break;
            }
            self.cursor = self.cursor.max(*cursor);
            if !self.confirmed.contains(id) && self.under_way.insert(*id, *size).is_none() {
                self.bytes += size;
                send.push(*id);
            }
        }
        if !send.is_empty() {
            self.progress_at = now;
        }
        if self.passed && !self.more {
            self.again_at.get_or_insert(now + AGAIN_AFTER);
        }
        send
    }

    /// The peer has these on its disk.
    pub fn acked(&mut self, ids: &[EntryId], now: Duration) -> Vec<Need> {
        for id in ids {
            if let Some(size) = self.under_way.remove(id) {
                self.bytes -= size;
                self.progress_at = now;
                if self.asking.is_some() {
                    self.confirmed.insert(*id);
                }
            }
        }
        self.ask(now)
    }

    /// Asks on when something may be waiting and there is room. To be called after [`Push::outbox`] as well.
    pub fn ask(&mut self, now: Duration) -> Vec<Need> {
        if self.ask_at.is_some_and(|at| now < at) {
            return vec![];
        }
        self.ask_at = None;
        if !self.up || self.heard.is_empty() || self.full || self.asking.is_some() || !self.more || !self.has_room() {
            return vec![];
        }
        self.asked += 1;
        self.asking = Some(self.asked);
        self.confirmed.clear();
        self.more = false;
        self.later = None;
        if self.under_way.is_empty() {
            self.progress_at = now;
        }
        vec![Need::Outbox { number: self.asked, after: self.cursor, bytes: PUSH_WINDOW_BYTES - self.bytes }]
    }

    /// Entries that are under way, and their bytes.
    #[must_use]
    pub fn under_way(&self) -> (usize, usize) {
        (self.under_way.len(), self.bytes)
    }

    fn has_room(&self) -> bool {
        self.under_way.len() < PUSH_WINDOW_ENTRIES && self.bytes < PUSH_WINDOW_BYTES
    }

    /// When [`Push::tick`] has something to do.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let stuck = (!self.under_way.is_empty()).then(|| self.progress_at + ACK_PATIENCE);
        [self.have_at, stuck, self.ask_at, self.later, self.again_at].into_iter().flatten().min()
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Duration) -> Vec<Need> {
        if !self.under_way.is_empty() && now >= self.progress_at + ACK_PATIENCE {
            return self.pass_over(now);
        }
        if self.again_at.is_some_and(|at| now >= at) {
            return self.restart(now);
        }
        if self.have_at.is_some_and(|at| now >= at) {
            self.have_at = self.heard.is_empty().then(|| now + HAVE_AGAIN);
            let of = if std::mem::take(&mut self.unsaid) { Of::All } else { Of::Unheard };
            return vec![Need::Have(of)];
        }
        if self.ask_at.is_some_and(|at| now >= at) {
            return self.ask(now);
        }
        if self.later.is_some_and(|at| now >= at) {
            self.later = None;
            self.more = true;
            return self.ask(now);
        }
        vec![]
    }
}
