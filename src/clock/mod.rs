//! Time as values: backoff, rate limits, pace, and whether the world went on without us.
//!
//! Nothing here reads a clock. "Now" is a [`Duration`](std::time::Duration) since an arbitrary origin that never
//! goes backwards (a driver uses its start; a test uses zero), so that one seed replays a whole world.

mod backoff;
mod pace;
mod rate;
mod watchman;

pub use backoff::Backoff;
pub use pace::Pace;
pub use rate::RateLimit;
pub use watchman::{ROUND, Watchman};

#[cfg(test)]
mod tests;
