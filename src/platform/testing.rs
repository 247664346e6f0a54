//! Doors that tests need and people must not have: they exist in `testing` builds only.

use std::time::Duration;

/// How long the polite side of a glare waits. `KITH_TEST_POLITE_GRACE_MS` changes it in `testing` builds, so that a story
/// can make both sides offer at once.
#[must_use]
pub fn polite_grace(usual: Duration) -> Duration {
    if !cfg!(feature = "testing") {
        return usual;
    }
    let asked = std::env::var("KITH_TEST_POLITE_GRACE_MS").ok().and_then(|text| text.parse().ok());
    asked.map_or(usual, Duration::from_millis)
}
