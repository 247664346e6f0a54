use std::time::Duration;

use proptest::prelude::*;
use rand::{SeedableRng, rngs::StdRng};

use super::{Backoff, Pace, RateLimit, Watchman};

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
    /// Who waits as told never does more than the burst and what time has earned; who does less never waits.
    #[test]
    fn pace_is_kept(work in prop::collection::vec((1u32..40, 0u64..200), 1..200)) {
        let mut pace = Pace::new(100, Duration::from_millis(10));
        let (mut now, mut done) = (Duration::ZERO, 0u64);
        for (units, gap) in work {
            now += Duration::from_millis(gap);
            let idle = done + u64::from(units) <= 100;
            let wait = pace.charge(units, now);
            prop_assert!(!idle || wait.is_zero());
            now += wait;
            done += u64::from(units);
            prop_assert!(u128::from(done) <= 100 + now.as_millis() / 10, "{done} units in {now:?}");
        }
    }

    /// Whatever the gaps between attempts, no window ever sees more than the burst plus what time has earned.
    #[test]
    fn rate_never_exceeds_burst_plus_elapsed(gaps in prop::collection::vec(0u64..3_000, 1..200)) {
        let mut rate = RateLimit::new(5, Duration::from_secs(1));
        let (mut now, mut passed) = (0, 0);
        for gap in gaps {
            now += gap;
            let at = Duration::from_millis(now);
            let free = at >= rate.free_at();
            let allowed = rate.allow(at);
            prop_assert_eq!(allowed, free);
            passed += u64::from(allowed);
            prop_assert!(passed <= 5 + now / 1000);
        }
    }
}

/// A sleep is noticed at the first round after it, once; being busy is none, nor is a clock that is read out of order.
#[test]
fn a_sleep_is_noticed_once() {
    let at = Duration::from_secs;
    let mut watchman = Watchman::new(at(100));
    for second in 101..200 {
        assert!(!watchman.round(at(second)));
    }
    assert!(!watchman.round(at(204)), "a busy machine");
    assert!(!watchman.round(at(203)), "out of order");
    assert!(watchman.round(at(264)), "a minute away");
    assert!(!watchman.round(at(265)));
    assert!(watchman.round(at(4000)));
    assert!(!watchman.round(at(4000)));
}
