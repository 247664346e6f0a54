//! A steady pace: how long to wait so that work does not come faster than it may.

use std::time::Duration;

/// Lets a burst of work pass at once, and after it one unit every `every` (the "leaky bucket" of ITU-T I.371, as a schedule).
#[derive(Clone, Debug)]
pub struct Pace {
    every: Duration,
    burst: Duration,
    /// When everything so far is worked off at that pace.
    worked_off: Duration,
}

impl Pace {
    /// `burst` units at once, then one every `every`.
    #[must_use]
    pub fn new(burst: u32, every: Duration) -> Self {
        Self { every, burst: every.saturating_mul(burst), worked_off: Duration::ZERO }
    }

    /// Counts `units` of work, and says how long to wait before the next.
    #[must_use]
    pub fn charge(&mut self, units: u32, now: Duration) -> Duration {
        self.worked_off = self.worked_off.max(now).saturating_add(self.every.saturating_mul(units));
        self.worked_off.saturating_sub(now.saturating_add(self.burst))
    }
}
