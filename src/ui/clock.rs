//! What time it is for the window, and in which zone. Pictures and tests stop it.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// Test builds only: stops the window's clock at these Unix milliseconds, so that pictures can be compared.
#[cfg(feature = "testing")]
pub const FIXED_CLOCK: &str = "KITH_FIXED_CLOCK";

/// A clock on the wall. Cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub struct Clock {
    zone: TimeZone,
    fixed: Option<Timestamp>,
}

impl Clock {
    /// The system's clock and zone; in test builds the one of [`FIXED_CLOCK`], if it is set.
    #[must_use]
    pub fn system() -> Self {
        #[cfg(feature = "testing")]
        if let Some(millis) = std::env::var(FIXED_CLOCK).ok().and_then(|text| text.parse().ok()) {
            return Self::fixed(millis);
        }
        Self { zone: TimeZone::system(), fixed: None }
    }

    /// A clock that stands still, at Unix milliseconds, in UTC.
    #[must_use]
    pub fn fixed(millis: i64) -> Self {
        Self { zone: TimeZone::UTC, fixed: Timestamp::from_millisecond(millis).ok() }
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Zoned {
        self.fixed.unwrap_or_else(Timestamp::now).to_zoned(self.zone.clone())
    }

    /// Somebody's Unix milliseconds in this zone; the end of time for what no calendar holds.
    #[must_use]
    pub fn at(&self, millis: u64) -> Zoned {
        let stamp = i64::try_from(millis).ok().and_then(|millis| Timestamp::from_millisecond(millis).ok());
        stamp.unwrap_or(Timestamp::MAX).to_zoned(self.zone.clone())
    }
}
