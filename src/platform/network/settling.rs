//! When to look, and when many small changes are one: pure, so that it can be tried without a network.

use std::time::Duration;

use super::NetworkChange;
use super::addresses::{Addresses, Gone};

/// A change is over when nothing else has changed for this long: an interface gets its address and its routes within
/// milliseconds of each other.
pub(super) const QUIET: Duration = Duration::from_millis(150);
/// A network that does not come to rest is told of all the same.
pub(super) const RESTLESS: Duration = Duration::from_secs(1);
/// However often the system says something, so much time lies between two looks: whoever looks has other things to do. A third
/// of [`QUIET`], so that nothing is told later for it.
pub(super) const LOOK_PAUSE: Duration = Duration::from_millis(50);
/// How often to look where nobody tells, and again after a look that showed nothing: a change is noticed within the three
/// seconds that are promised.
pub(super) const POLL: Duration = Duration::from_secs(2);

/// Collects changes until they have settled.
#[derive(Debug)]
pub(super) struct Settling {
    /// At the last look that showed something.
    seen: Option<Addresses>,
    /// What was seen when a change was told last: that is what others have believed since.
    told: Option<Addresses>,
    looked_at: Option<Duration>,
    look_at: Option<Duration>,
    /// Nobody tells.
    polls: bool,
    moving: Option<Moving>,
}

/// What was not told yet.
#[derive(Clone, Copy, Debug)]
struct Moving {
    first: Duration,
    last: Duration,
    /// The greatest of them.
    change: NetworkChange,
}

impl Settling {
    /// Wants to look at once. With `polls` it looks again and again, since nobody tells.
    pub(super) fn new(polls: bool) -> Self {
        Self { seen: None, told: None, looked_at: None, look_at: Some(Duration::ZERO), polls, moving: None }
    }

    /// From now on nobody tells.
    pub(super) fn polls(&mut self, now: Duration) {
        self.polls = true;
        self.look_soon(now);
    }

    /// The system says that something is another now, and that this is gone.
    pub(super) fn rung(&mut self, gone: &Gone, now: Duration) {
        self.look_soon(now);
        let nothing = Addresses::default();
        if let Some(change) = self.seen.as_ref().unwrap_or(&nothing).change_without(gone) {
            self.moved(change, now);
        }
    }

    /// Whether to look now. Nothing is told while somebody knows better.
    pub(super) fn wants_look(&self, now: Duration) -> bool {
        self.look_at.is_some_and(|at| now >= at || self.settles_at().is_some_and(|settled| now >= settled))
    }

    /// What a look has shown; `None` when the system could not say, which is no change.
    pub(super) fn looked(&mut self, shown: Option<Addresses>, now: Duration) {
        self.looked_at = Some(now);
        self.look_at = (self.polls || shown.is_none()).then_some(now + POLL);
        let Some(shown) = shown else { return };
        let change = self.seen.as_ref().and_then(|seen| shown.change_since(seen));
        self.told.get_or_insert_with(|| shown.clone());
        self.seen = Some(shown);
        if let Some(change) = change {
            self.moved(change, now);
        }
    }

    /// When to look, or to ask what has settled.
    pub(super) fn due(&self) -> Option<Duration> {
        [self.look_at, self.settles_at()].into_iter().flatten().min()
    }

    /// What is to be told now; it counts as told then. A way out that is exchanged step by step, each of them beside it (a new
    /// address comes and is preferred, then the old one goes), is another in the end.
    pub(super) fn settled(&mut self, now: Duration) -> Option<NetworkChange> {
        self.settles_at().filter(|at| now >= *at)?;
        let in_all = self.seen.as_ref().zip(self.told.as_ref()).and_then(|(seen, told)| seen.change_since(told));
        self.told.clone_from(&self.seen);
        self.moving.take().map(|moving| in_all.map_or(moving.change, |change| change.max(moving.change)))
    }

    fn look_soon(&mut self, now: Duration) {
        let free = self.looked_at.map_or(now, |at| now.max(at + LOOK_PAUSE));
        self.look_at = Some(self.look_at.map_or(free, |at| at.min(free)));
    }

    fn moved(&mut self, change: NetworkChange, now: Duration) {
        let Moving { first, change: before, .. } = self.moving.unwrap_or(Moving { first: now, last: now, change });
        self.moving = Some(Moving { first, last: now, change: change.max(before) });
    }

    fn settles_at(&self) -> Option<Duration> {
        self.moving.map(|moving| (moving.last + QUIET).min(moving.first + RESTLESS))
    }
}
