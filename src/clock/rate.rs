//! A token bucket: how often something may happen.

use std::time::Duration;

/// Allows `burst` events at once and one more every `every`.
#[derive(Clone, Debug)]
pub struct RateLimit {
    burst: u32,
    every: Duration,
    tokens: u32,
    since: Duration,
}

impl RateLimit {
    /// A full bucket at time zero.
    #[must_use]
    pub fn new(burst: u32, every: Duration) -> Self {
        Self { burst, every, tokens: burst, since: Duration::ZERO }
    }

    /// Takes one token if there is one.
    pub fn allow(&mut self, now: Duration) -> bool {
        self.refill(now);
        if self.tokens == 0 {
            return false;
        }
        if self.tokens == self.burst {
            self.since = now;
        }
        self.tokens -= 1;
        true
    }

    /// When there is a token, if none is taken before: zero when there is one now.
    #[must_use]
    pub fn free_at(&self) -> Duration {
        if self.tokens > 0 { Duration::ZERO } else { self.since.saturating_add(self.every) }
    }

    fn refill(&mut self, now: Duration) {
        let every = self.every.as_nanos().max(1);
        let gained = now.saturating_sub(self.since).as_nanos() / every;
        if gained == 0 {
            return;
        }
        let gained = u32::try_from(gained).unwrap_or(u32::MAX);
        self.tokens = self.tokens.saturating_add(gained).min(self.burst);
        self.since = self.since.saturating_add(self.every.saturating_mul(gained));
    }
}
