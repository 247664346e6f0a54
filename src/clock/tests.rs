use std::time::Duration;

use proptest::prelude::*;
use rand::{SeedableRng, rngs::StdRng};

use super::{Backoff, RateLimit};

/// Delays double up to the last step and jitter takes at most a quarter of each.
#[test]
fn backoff_doubles_to_its_last_step() {
    let mut rng = StdRng::seed_from_u64(7);
    let mut backoff = Backoff::standard();
    for step in [1, 2, 4, 8, 16, 32, 32, 32] {
        let delay = backoff.next_delay(&mut rng);
        assert!(delay <= Duration::from_secs(step) && delay >= Duration::from_secs(step).mul_f64(0.75));
    }
    backoff.reset();
    assert!(backoff.next_delay(&mut rng) <= Duration::from_secs(1));
}

proptest! {
    /// Whatever the gaps between attempts, no window ever sees more than the burst plus what time has earned.
    #[test]
    fn rate_never_exceeds_burst_plus_elapsed(gaps in prop::collection::vec(0u64..3_000, 1..200)) {
        let mut rate = RateLimit::new(5, Duration::from_secs(1));
        let (mut now, mut passed) = (0, 0);
        for gap in gaps {
            now += gap;
            passed += u64::from(rate.allow(Duration::from_millis(now)));
            prop_assert!(passed <= 5 + now / 1000);
        }
    }
}
