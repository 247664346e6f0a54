//! How fast a link opens between two devices that know each other, on this machine, over Kith's own broker.
//!
//! In each run both nodes are started anew, first one and then, when that is connected, the other; who is first changes.
//! Measured is from the moment when the live sessions of both have been let in by the broker (CONNACK, before anything is
//! subscribed) to the moment when both have an open link: subscriptions, hello, offer, answer, candidates, ICE, DTLS, SCTP.
//! Both moments are those of the nodes' own logs.

use anyhow::Result;
use serde_json::json;

use super::Bench;
use super::pair::{Moment, Pair, broker, connected, end};
use crate::bench::figures::{Figures, Samples, Target};

/// Runs, after one that fills caches.
const RUNS: usize = 50;
/// Half of them.
const MEDIAN_MS: f64 = 50.0;
/// All but the slowest twentieth.
const P95_MS: f64 = 80.0;

/// The moments of one run.
struct Run {
    /// Both are let in, to both open.
    open: f64,
    /// Both are let in, to both connecting: hellos are done.
    hello: f64,
    /// Both say `brokerChanged`, to both open.
    from_event: f64,
}

pub fn measure(bench: &Bench, figures: &mut Figures) -> Result<()> {
    println!("Two nodes, {RUNS} times …");
    let (_broker, url) = broker(bench)?;
    let (pair, mut nodes) = Pair::strangers(bench, "open", &url)?;
    pair.meet(&mut nodes)?;
    end(nodes)?;
    let mut runs = Vec::new();
    for number in 0..=RUNS {
        let run = run(&pair, number)?;
        if number > 0 {
            runs.push(run);
        }
    }
    let samples = |of: fn(&Run) -> f64| Samples::new(runs.iter().map(of));
    let open = samples(|run| run.open);
    let detail = json!({
        "open": open.detail(), "p95": open.at_share(0.95), "helloOfIt": samples(|run| run.hello).detail(),
        "fromBrokerChanged": samples(|run| run.from_event).detail(),
    });
    let what = "both brokers connected, contact known, to link open on both sides (median of 50)";
    figures.add("link_open_median", what, open.median(), "ms", Target::AtMost(MEDIAN_MS), detail);
    let what = "the same, 95 of 100 runs";
    figures.add("link_open_p95", what, open.at_share(0.95), "ms", Target::AtMost(P95_MS), open.detail());
    Ok(())
}

fn run(pair: &Pair, number: usize) -> Result<Run> {
    let (first, second) = (number % 2, 1 - number % 2);
    let mut early = pair.start(first)?;
    connected(&mut early)?;
    let late = pair.start(second)?;
    let mut nodes = if first == 0 { [early, late] } else { [late, early] };
    pair.open(&mut nodes)?;
    end(nodes)?;
    let both = |words: &[&str]| -> Result<Moment> { Ok(pair.logged(0, words)?.later(pair.logged(1, words)?)) };
    let let_in = both(&["a session is connected", "Live"])?;
    let open = both(&["Connecting -> Open"])?;
    Ok(Run {
        open: open.since(let_in),
        hello: both(&["-> Connecting"])?.since(let_in),
        from_event: open.since(both(&["to=Connected"])?),
    })
}
