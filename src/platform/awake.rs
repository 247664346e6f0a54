//! A clock that goes on while the device sleeps or this process is stopped, and that nobody sets.
//!
//! The usual monotonic clock stands still in a device's sleep on Linux, Android, macOS and iOS. Wall time goes on, and is set
//! by hand and by NTP: a clock that is put right must not be taken for a sleep.

use std::time::Duration;
#[cfg(not(unix))]
use std::time::Instant;

/// Time since an arbitrary origin, sleep included.
#[must_use]
pub fn since_boot() -> Duration {
    #[cfg(unix)]
    {
        use rustix::time::{ClockId, clock_gettime};
        // Apple's CLOCK_MONOTONIC goes on in its sleep.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let clock = ClockId::Boottime;
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let clock = ClockId::Monotonic;
        let time = clock_gettime(clock);
        Duration::new(u64::try_from(time.tv_sec).unwrap_or_default(), u32::try_from(time.tv_nsec).unwrap_or_default())
    }
    #[cfg(not(unix))]
    {
        // Windows' performance counter goes on in its sleep.
        static ORIGIN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        ORIGIN.get_or_init(Instant::now).elapsed()
    }
}
