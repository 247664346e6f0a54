//! Whether the world went on without us: a device that slept, a process that was stopped.

use std::time::Duration;

/// How often the watchman wants to be asked: a sleep is noticed this long after its end at the latest.
pub const ROUND: Duration = Duration::from_secs(1);
/// A busy machine keeps a process waiting for this long; a shorter stop breaks nothing, since the shortest promise to a peer
/// (a heartbeat while active) has 12 s.
const BUSY: Duration = Duration::from_secs(4);

/// Notices that far more time has passed between two rounds than was asked for.
///
/// It is given a clock that goes on in sleep and that nobody sets, so a wall clock that is put right is no sleep. One that is
/// stopped (SIGSTOP), a device that sleeps and one whose process starves all look alike, and want the same.
#[derive(Clone, Copy, Debug)]
pub struct Watchman {
    last: Duration,
}

impl Watchman {
    /// Begins his rounds.
    #[must_use]
    pub fn new(now: Duration) -> Self {
        Self { last: now }
    }

    /// A round; true when we were away since the last one.
    pub fn round(&mut self, now: Duration) -> bool {
        let away = now.saturating_sub(self.last) > ROUND + BUSY;
        self.last = self.last.max(now);
        away
    }
}
