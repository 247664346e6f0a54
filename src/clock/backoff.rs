//! Exponential backoff with jitter.

use std::time::Duration;

use rand::{Rng, RngExt};

/// Delays that double from `first` to `last`, each shortened by up to a quarter so that many peers which lost the
/// same broker do not return in step.
#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    last: Duration,
    failures: u32,
}

/// The share of a delay that chance may take away.
const JITTER: f64 = 0.25;

impl Backoff {
    /// Starts at `first` and never waits longer than `last`.
    #[must_use]
    pub fn new(first: Duration, last: Duration) -> Self {
        Self { first, last, failures: 0 }
    }

    /// The steps that links and brokers use: 1, 2, 4 … 32 s.
    #[must_use]
    pub fn standard() -> Self {
        Self::new(Duration::from_secs(1), Duration::from_secs(32))
    }

    /// How long to wait before the next attempt; each call is one more failure.
    pub fn next_delay(&mut self, rng: &mut impl Rng) -> Duration {
        let full = self.first.saturating_mul(2u32.saturating_pow(self.failures)).min(self.last);
        self.failures = self.failures.saturating_add(1);
        full.mul_f64(1.0 - JITTER * rng.random::<f64>())
    }

    /// Forgets the failures: the peer gave a sign of life.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// Failures since the last reset.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures
    }
}
