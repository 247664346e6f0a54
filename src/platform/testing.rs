//! Doors that tests need and people must not have: they exist in `testing` builds only.

use std::time::Duration;

/// Where links are made. With `KITH_TEST_NO_LINKS` in `testing` builds only at an address that no machine has (RFC 5737),
/// so that no link ever opens and a story can show what mail alone does.
#[must_use]
pub fn link_addresses(usual: Vec<String>) -> Vec<String> {
    let forbidden = cfg!(feature = "testing") && std::env::var_os("KITH_TEST_NO_LINKS").is_some();
    if forbidden { vec!["192.0.2.1:0".to_owned()] } else { usual }
}

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
