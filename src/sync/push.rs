//! Pushing over an open link.
//!
//! ```text
//! up ──► say have ──► peer's have ──► ask the outbox from its beginning ──► send ──► acks make room ──► ask on
//! ```
//! Nothing of a conversation is pushed before the peer has said what it has of it, so that a new link repeats nothing. A first
//! frame can be lost (the peer's channel may not be open yet), so `have` is said again until the peer was heard.

use std::collections::BTreeSet;
use std::time::Duration;

use super::ASK_AGAIN;
use super::need::{Need, Of};
use super::window::{Turn, UnderWay};
use crate::wire::{ConversationId, EntryId};

/// The first `have` is repeated after this long without an answer: longer than SCTP's first retransmission (1 s).
const HAVE_AGAIN: Duration = Duration::from_secs(2);
/// What somebody else most likely brings is pushed after this, unless the peer has said by then that it has it: some round trips of a
/// slow link, and no time for people.
const LAZY: Duration = Duration::from_secs(1);
/// What was passed over is sent again so long after everything behind it: it may be that the peer's disk was full for a moment.
const AGAIN_AFTER: Duration = Duration::from_secs(60);

/// So many entries are known that had no ack when their time was over: ten windows, and more than anybody has to say to somebody who does not
/// take it (1,000 entries of a group that count for nothing). What is beyond is as if it were fresh when pushing begins anew.
const PASSED_MAX: usize = 2_048;

/// The push side of one link: everything that the peer shares with us goes over it, in the order of its arrival here.
#[derive(Clone, Debug, Default)]
pub struct Push {
    up: bool,
    /// What the peer has said to have something of, or nothing. No more than it shares with us.
    heard: BTreeSet<ConversationId>,
    have_at: Option<Duration>,
    /// One of ours is still to be said because the store could not tell it, and so all are.
    unsaid: bool,
    /// The link looks for other paths.
    doubtful: bool,
    /// The question whose answer counts, and of which turn that is.
    asking: Option<(u64, Turn)>,
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
    again: Again,
    /// What was passed over on this link: when pushing begins anew it comes after everything else. At most [`PASSED_MAX`].
    passed: BTreeSet<EntryId>,
    under_way: UnderWay,
    /// Confirmed while the outbox was asked: its answer may still hold them. No more than the window.
    confirmed: BTreeSet<EntryId>,
}

/// What had no ack when its time was over is sent again, beside what is fresh.
#[derive(Clone, Debug, Default)]
struct Again {
    /// There is something.
    passed: bool,
    /// There was, since pushing began.
    ever: bool,
    /// Pushing has begun anew since: it comes as soon as everything else is out.
    soon: bool,
    /// When that begins; not before the outbox is through.
    at: Option<Duration>,
    /// How far it has come, and where it ends.
    round: Option<(u64, u64)>,
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
                && !self.again.passed
                && self.again.round.is_none()
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

    /// Whether an entry was sent and has no answer yet.
    #[must_use]
    pub fn has_under_way(&self, id: &EntryId) -> bool {
        self.under_way.contains(id)
    }

    /// What the peer has spoken of on this link.
    #[must_use]
    pub fn heard(&self) -> &BTreeSet<ConversationId> {
        &self.heard
    }

    /// A conversation is shared no more: nothing of it is pushed. With the last one the question goes too; pushing begins anew when the peer
    /// speaks again.
    pub fn unshared(&mut self, conversation: &ConversationId) {
        self.heard.remove(conversation);
        if self.heard.is_empty() {
            self.asking = None;
        }
    }

    /// Whether the outbox is asked although there is nothing of which the peer has spoken.
    #[must_use]
    pub fn asks_in_vain(&self) -> bool {
        self.asking.is_some() && self.heard.is_empty()
    }

    /// The store could not answer a question: it is asked again later.
    pub fn unanswered(&mut self, number: u64, now: Duration) {
        if self.is_asking(number) {
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

    /// The paths are in doubt: mail comes beside the link from now on.
    pub fn doubtful(&mut self) {
        self.doubtful = self.up;
    }

    /// The same connection goes on. Late mail may have come meanwhile and said what is true no more, so all that we have is said once more: not at
    /// once, for there may be more doubt.
    pub fn settled(&mut self, now: Duration) {
        if std::mem::take(&mut self.doubtful) {
            self.unsaid(now);
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
        // What the peer did not take before keeps nothing waiting now.
        let ever = self.again.ever && !self.passed.is_empty();
        self.again = Again { ever, soon: ever, ..Again::default() };
        self.more = true;
        self.asking = None;
        self.ask(now)
    }

    /// What is under way may have gone nowhere.
    fn forget(&mut self) {
        self.under_way = UnderWay::default();
    }

    fn is_asking(&self, number: u64) -> bool {
        self.asking.is_some_and(|(asking, _)| asking == number)
    }

    /// Nothing of what is under way in this turn was acknowledged for too long: makes room for what lies behind it. Where nothing ever did
    /// it begins again.
    fn pass_over(&mut self, turn: Turn, now: Duration) -> Vec<Need> {
        self.again.ever |= self.more;
        if !self.again.ever {
            return self.restart(now);
        }
        self.again.passed = true;
        for id in self.under_way.forget(turn) {
            if self.passed.len() < PASSED_MAX {
                self.passed.insert(id);
            }
        }
        self.come_back(now);
        self.ask(now)
    }

    /// Once the outbox is through, what was passed over is sent again after a while.
    fn come_back(&mut self, now: Duration) {
        if self.again.passed && !self.more && self.again.round.is_none() {
            let wait = if std::mem::take(&mut self.again.soon) { Duration::ZERO } else { AGAIN_AFTER };
            self.again.at.get_or_insert(now + wait);
        }
    }

    /// A conversation has a new entry.
    pub fn wrote(&mut self, now: Duration) -> Vec<Need> {
        self.more = true;
        self.ask(now)
    }

    /// What came here long ago has found its place only now: it may go where it could not when the outbox was looked through.
    pub fn look_back(&mut self) {
        self.cursor = 0;
        // What is being looked for begins behind that.
        self.more |= self.asking.take().is_some();
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
        let Some((_, turn)) = self.asking.filter(|(asking, _)| *asking == number) else {
            return vec![]; // An answer to a question from before a restart.
        };
        self.asking = None;
        let (mut at, end) = match turn {
            Turn::First => (self.cursor, u64::MAX),
            Turn::Again => self.again.round.unwrap_or_default(),
        };
        let (mut more, mut send) = (more, Vec::with_capacity(found.len()));
        for (cursor, id, size) in found {
            // What is beyond its end has had its first turn later, or is to have it.
            let is_over = *cursor > end;
            if turn == Turn::First && self.passed.contains(id) {
                (at, self.again.passed) = (at.max(*cursor), true);
                continue;
            }
            if is_over || self.under_way.room(turn).is_none() {
                more = !is_over;
                break;
            }
            at = at.max(*cursor);
            if !self.confirmed.contains(id) && self.under_way.add(*id, *size, turn, now) {
                send.push(*id);
            }
        }
        match turn {
            Turn::First => (self.cursor, self.more) = (at, self.more || more),
            Turn::Again => self.again.round = more.then_some((at, end)),
        }
        self.come_back(now);
        send
    }

    /// The peer has these on its disk.
    pub fn acked(&mut self, ids: &[EntryId], now: Duration) -> Vec<Need> {
        for id in ids {
            self.passed.remove(id);
            if self.under_way.acked(id, now) && self.asking.is_some() {
                self.confirmed.insert(*id);
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
        if !self.up || self.heard.is_empty() || self.full || self.asking.is_some() {
            return vec![];
        }
        let (turn, after) = match self.again.round {
            _ if self.more => (Turn::First, self.cursor),
            Some((at, _)) => (Turn::Again, at),
            None => return vec![],
        };
        let Some(bytes) = self.under_way.room(turn) else { return vec![] };
        self.asked += 1;
        self.asking = Some((self.asked, turn));
        self.confirmed.clear();
        if turn == Turn::First {
            self.more = false;
            self.later = None;
        }
        vec![Need::Outbox { number: self.asked, after, bytes }]
    }

    /// Entries that are under way, and their bytes.
    #[must_use]
    pub fn under_way(&self) -> (usize, usize) {
        self.under_way.size()
    }

    /// When [`Push::tick`] has something to do.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let stuck = [Turn::First, Turn::Again].map(|turn| self.under_way.stuck_at(turn));
        let own = [self.have_at, self.ask_at, self.later, self.again.at];
        stuck.into_iter().chain(own).flatten().min()
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Duration) -> Vec<Need> {
        for turn in [Turn::First, Turn::Again] {
            if self.under_way.stuck_at(turn).is_some_and(|at| now >= at) {
                return self.pass_over(turn, now);
            }
        }
        if self.again.at.is_some_and(|at| now >= at) {
            (self.again.at, self.again.passed, self.again.round) = (None, false, Some((0, self.cursor)));
            return self.ask(now);
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
