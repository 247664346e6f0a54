//! Depositing mail: for a peer that is away, or that no link reaches.
//!
//! A broker's PUBACK is no receipt. A deposit counts until the peer acknowledges every entry in it, end to end; what is
//! not acknowledged is deposited again, with growing patience, for ever.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rand::Rng;

use super::{ASK_AGAIN, Need};
use crate::clock::Backoff;
use crate::wire::{EntryId, MAIL_BYTES_MAX};

/// Deposits for one peer that it has not acknowledged: 16 of 64 KiB fill a megabyte of a broker's queue.
pub const MAIL_WINDOW: usize = 16;
/// The first repetition: a broker that lost its queue is rare, a peer that is away for a minute is not.
const REPEAT_FIRST: Duration = Duration::from_secs(60);
/// The last: a message for somebody who is away for days costs one envelope an hour.
const REPEAT_LAST: Duration = Duration::from_secs(3600);

/// One envelope's worth of entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deposit {
    /// The entries, in the outbox's order.
    pub ids: Vec<EntryId>,
    /// Nothing has been acknowledged since entries were deposited again.
    pub again: bool,
}

/// The mail side of one peer.
#[derive(Clone, Debug)]
pub struct Mailer {
    /// When to begin, or to look again; `None` while nothing new is to be looked for, or a link is open.
    at: Option<Duration>,
    active: bool,
    /// The question whose answer counts.
    asking: Option<u64>,
    /// Questions asked so far: a number never comes twice.
    asked: u64,
    more: bool,
    cursor: u64,
    deposits: BTreeMap<u64, BTreeSet<EntryId>>,
    unpublished: BTreeSet<u64>,
    repeat: Backoff,
    repeat_at: Option<Duration>,
    again: bool,
}

impl Default for Mailer {
    fn default() -> Self {
        Self {
            at: None,
            active: false,
            asking: None,
            asked: 0,
            more: false,
            cursor: 0,
            deposits: BTreeMap::new(),
            unpublished: BTreeSet::new(),
            repeat: Backoff::new(REPEAT_FIRST, REPEAT_LAST),
            repeat_at: None,
            again: false,
        }
    }
}

impl Mailer {
    /// Something waits for the peer and no link is open; gives a link until `patience` has passed. Where mail goes already,
    /// the link has had its time.
    pub fn wake(&mut self, now: Duration, patience: Duration) {
        let at = if self.active { now } else { now + patience };
        self.more = true;
        self.at = Some(self.at.map_or(at, |earlier| earlier.min(at)));
    }

    /// Something waits for a peer whom others most likely reach: it goes by mail only if they have not after this long.
    pub fn wake_later(&mut self, now: Duration, patience: Duration) {
        // What has begun goes on.
        self.active &= !self.deposits.is_empty() || self.asking.is_some();
        self.wake(now, patience);
    }

    /// A link is open: it does better.
    pub fn stop(&mut self) {
        *self = Self { asked: self.asked, ..Self::default() };
    }

    /// Whether anything waits to be deposited or for a broker's confirmation.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.at.is_some()
            || self.asking.is_some()
            || (self.more && self.active && self.has_room())
            || !self.unpublished.is_empty()
    }

    /// Asks the outbox when it is time and there is room.
    pub fn tick(&mut self, now: Duration, rng: &mut impl Rng) -> Option<Need> {
        if self.repeat_at.is_some_and(|at| now >= at) {
            self.repeat(now, rng);
        }
        if self.at.is_some_and(|at| now >= at) {
            self.at = None;
            self.active = true;
        }
        if !self.asks() {
            return None;
        }
        self.asked += 1;
        self.asking = Some(self.asked);
        self.more = false;
        Some(Need::Outbox { number: self.asked, after: self.cursor, bytes: MAIL_BYTES_MAX })
    }

    /// The outbox has answered a question; returns what is to be deposited, at most one envelope's worth.
    pub fn outbox(&mut self, number: u64, found: &[(u64, EntryId)], more: bool) -> Option<Deposit> {
        if self.asking != Some(number) {
            return None; // An answer to a question from before a link opened.
        }
        self.asking = None;
        self.more |= more;
        let known = |id: &EntryId| self.deposits.values().any(|ids| ids.contains(id));
        let ids: Vec<EntryId> = found.iter().map(|(_, id)| *id).filter(|id| !known(id)).collect();
        if let Some((cursor, _)) = found.last() {
            self.cursor = self.cursor.max(*cursor);
        }
        (!ids.is_empty()).then_some(Deposit { ids, again: self.again })
    }

    /// The store could not answer a question: it is asked again later.
    pub fn unanswered(&mut self, number: u64, now: Duration) {
        if self.asking == Some(number) {
            self.asking = None;
            self.more = true;
            self.active = false;
            self.at = Some(now + ASK_AGAIN);
        }
    }

    /// A deposit goes out under this number.
    pub fn depositing(&mut self, number: u64, deposit: &Deposit, now: Duration, rng: &mut impl Rng) {
        self.deposits.insert(number, deposit.ids.iter().copied().collect());
        self.unpublished.insert(number);
        if self.repeat_at.is_none() {
            self.repeat_at = Some(now + self.repeat.next_delay(rng));
        }
    }

    /// A broker has taken a deposit; returns what is in it.
    pub fn published(&mut self, number: u64) -> Vec<EntryId> {
        self.unpublished.remove(&number);
        self.deposits.get(&number).map(|ids| ids.iter().copied().collect()).unwrap_or_default()
    }

    /// The broker is gone and with it what it had not confirmed: deposits everything unconfirmed again.
    pub fn broker_lost(&mut self) {
        if self.unpublished.is_empty() {
            return;
        }
        let lost = std::mem::take(&mut self.unpublished);
        self.deposits.retain(|number, _| !lost.contains(number));
        self.cursor = 0;
        self.more = true;
    }

    /// The peer has said what it has, or lacks: what it was believed to have may be in the outbox again, and what is on its way may
    /// have come and be gone.
    pub fn restart(&mut self) {
        self.deposits.clear();
        self.unpublished.clear();
        self.repeat_at = None;
        self.asking = None;
        self.cursor = 0;
        self.more = true;
    }

    /// There may be something for the peer before what was deposited last.
    pub fn look_through_again(&mut self) {
        // The answer to a question that is under way would go on behind it.
        self.asking = None;
        self.cursor = 0;
        self.more = true;
    }

    /// The peer has these on its disk.
    pub fn acked(&mut self, ids: &[EntryId]) {
        let before = self.deposits.len();
        for deposit in self.deposits.values_mut() {
            deposit.retain(|id| !ids.contains(id));
        }
        self.deposits.retain(|_, ids| !ids.is_empty());
        if self.deposits.len() < before {
            self.repeat.reset();
            self.again = false;
        }
        if self.deposits.is_empty() {
            self.repeat_at = None;
        }
    }

    /// Whether [`Mailer::tick`] has something to do now.
    #[must_use]
    pub fn is_due(&self, now: Duration) -> bool {
        self.asks() || self.deadline().is_some_and(|at| now >= at)
    }

    /// When [`Mailer::tick`] has something to do.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        [self.at, self.repeat_at].into_iter().flatten().min()
    }

    /// Deposits that the peer has not acknowledged.
    #[must_use]
    pub fn deposits(&self) -> usize {
        self.deposits.len()
    }

    fn asks(&self) -> bool {
        self.active && self.asking.is_none() && self.more && self.has_room()
    }

    fn has_room(&self) -> bool {
        self.deposits.len() < MAIL_WINDOW
    }

    fn repeat(&mut self, now: Duration, rng: &mut impl Rng) {
        self.deposits.clear();
        self.unpublished.clear();
        self.asking = None;
        self.cursor = 0;
        self.more = true;
        self.active = true;
        self.again = true;
        self.repeat_at = Some(now + self.repeat.next_delay(rng));
    }
}
