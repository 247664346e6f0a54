//! When many small changes are one: pure, so that it can be tried without a network.

use std::time::Duration;

/// A change is over when nothing else has changed for this long: an interface gets its address and its routes within
/// milliseconds of each other.
pub(super) const QUIET: Duration = Duration::from_millis(150);
/// A network that does not come to rest is told of all the same.
pub(super) const RESTLESS: Duration = Duration::from_secs(1);

/// Collects changes until they have settled.
#[derive(Debug)]
pub(super) struct Settling<T> {
    seen: T,
    /// The first and the last change that were not told yet.
    moving: Option<(Duration, Duration)>,
}

impl<T: PartialEq> Settling<T> {
    pub(super) fn new(seen: T) -> Self {
        Self { seen, moving: None }
    }

    /// What is there now.
    pub(super) fn seen(&mut self, now_there: T, now: Duration) {
        if self.seen != now_there {
            self.seen = now_there;
            self.moved(now);
        }
    }

    /// Something has changed, although the same may be there again.
    pub(super) fn moved(&mut self, now: Duration) {
        let first = self.moving.map_or(now, |(first, _)| first);
        self.moving = Some((first, now));
    }

    /// When to look whether it has settled.
    pub(super) fn due(&self) -> Option<Duration> {
        self.moving.map(|(first, last)| (last + QUIET).min(first + RESTLESS))
    }

    /// Whether a change is to be told now; it counts as told then.
    pub(super) fn is_settled(&mut self, now: Duration) -> bool {
        let settled = self.due().is_some_and(|at| now >= at);
        if settled {
            self.moving = None;
        }
        settled
    }
}
