//! `lab loss`: conversations over links that lose and delay packets. Nothing is lost, nothing comes twice.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::deliver::{ARRIVE_LIMIT, Two, Ways, in_a_world, named};
use crate::kinds::{Kind, Way};
use crate::pool;
use crate::world::Setup;
use crate::worse_link::Worse;

/// Through the relay or not at all, so that every packet of the link meets what the lab does to it.
const NETWORKS: (Kind, Kind) = (Kind::Strict, Kind::Strict);
/// The relay is reached by then, with a fifth of the packets lost.
const CLIMB_LIMIT: Duration = Duration::from_secs(60);
/// Each side's messages, all written at once: they are several packets under way.
const MESSAGES: usize = 100;
/// Messages written one after the other's arrival, to measure how long one takes.
const SINGLE: usize = 20;
/// See [`crate::nat`].
const APART: Duration = Duration::from_secs(2);

/// What is done to the link.
#[rustfmt::skip] // One a line reads as the table that it is.
const TRIALS: [(&str, Worse); 5] = [
    ("undisturbed", Worse { loss_percent: 0, delay: Duration::ZERO }),
    ("1 % lost", Worse { loss_percent: 1, delay: Duration::ZERO }),
    ("5 % lost", Worse { loss_percent: 5, delay: Duration::ZERO }),
    ("20 % lost", Worse { loss_percent: 20, delay: Duration::ZERO }),
    ("100 ms later", Worse { loss_percent: 0, delay: Duration::from_millis(100) }),
];
/// From so many per cent on a link may be given up for mail.
const GIVEN_UP_AT: u64 = 20;
/// Each side's path, as it shall be.
const RELAYED: Ways = [Some(Way::Relay); 2];
/// The one that a short run keeps.
const SHORT: &str = "5 % lost";

struct Seen {
    single: Vec<Duration>,
    burst: Duration,
    /// At the end. A link over a way this bad may be given up for mail; then that has delivered the rest.
    ways: Ways,
}

/// Tries all, or the short form. Returns whether nothing was lost and nothing came twice.
pub fn run(setup: &Setup, jobs: usize, short: bool) -> Result<bool> {
    let trials = TRIALS.into_iter().filter(|(name, _)| !short || *name == SHORT).collect();
    println!(
        "two strict networks, so that the link goes through the relay; {SINGLE} messages singly, {MESSAGES} at once each way"
    );
    let told = |(name, _): &(&str, Worse), seen: &Result<Seen>| match seen {
        Err(error) => println!("{name:<14} FAILED {error:#}"),
        Ok(Seen { single, burst, ways }) => {
            let way = named(*ways);
            let at = |index: usize| single.get(index).copied().unwrap_or_default().as_secs_f64() * 1000.0;
            let (median, worst, burst) = (at(SINGLE / 2), at(SINGLE - 1), burst.as_secs_f64());
            println!(
                "{name:<14} ok: a message takes {median:.0} ms, at worst {worst:.0} ms; all at once {burst:.2} s; none lost, none twice; at the end by {way}"
            );
        }
    };
    let done = pool::run(trials, jobs, APART, |(_, worse)| trial(setup, *worse), told);
    Ok(done.iter().all(|(_, seen)| seen.is_ok()))
}

fn trial(setup: &Setup, worse: Worse) -> Result<Seen> {
    in_a_world(
        setup,
        |_| true,
        |world| {
            world.worsen(worse)?;
            let mut two = Two::meet(world, NETWORKS)?;
            let ways = two.climb_to(Way::Relay, CLIMB_LIMIT)?;
            ensure!(ways == RELAYED, "the path is {}, not the relay", named(ways));
            let mut single = Vec::new();
            for number in 0..SINGLE {
                single.push(two.one_way(number % 2 == 0, &format!("{number}"))?);
            }
            single.sort();
            let begun = Instant::now();
            let written: Vec<_> =
                (0..MESSAGES).map(|number| two.write(&format!("burst {number}"))).collect::<Result<_>>()?;
            let mut last = Duration::ZERO;
            for pair in &written {
                last = last
                    .max(two.both_hear(pair, begun).with_context(|| format!("within {} s", ARRIVE_LIMIT.as_secs()))?);
            }
            let ways = two.ways()?;
            // What the broker carries loses nothing: only a link that is still there has shown anything.
            let may_end = worse.loss_percent >= GIVEN_UP_AT;
            ensure!(may_end || ways == RELAYED, "at the end the path is {}, not the relay", named(ways));
            let median = single.get(SINGLE / 2).copied().unwrap_or_default();
            ensure!(median >= worse.delay, "a message takes {median:?}, less than the delay: it went around it");
            two.nothing_lost_nothing_twice()?;
            Ok(Seen { single, burst: last, ways })
        },
    )
}
