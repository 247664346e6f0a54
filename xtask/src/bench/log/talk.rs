//! Two people who write to each other.

use anyhow::{Context, Result};
use serde_json::json;

use super::{Bench, number, samples};
use crate::bench::figures::{Figures, Target};

/// Durable messages a second, in bursts.
const RATE: f64 = 5_000.0;
/// One message alone, against one wait for the disk and one frame's round trip.
const SINGLE_TIMES: f64 = 3.0;
/// Messages that wait while the other is away.
const WAITING: &str = "10000";
/// All of them are delivered within this of the link's opening.
const WAITING_MS: f64 = 3_000.0;
/// What a person feels as at once; a window asks that often for a page meanwhile.
const ANSWER_MS: f64 = 50.0;

pub fn burst(bench: &Bench, figures: &mut Figures) -> Result<()> {
    println!("Messages as fast as they go, and one at a time …");
    let (_broker, url) = bench.broker()?;
    let folder = bench.folder("burst")?;
    let said = bench.run(&["burst", &url, folder.to_str().context("a path that is text")?])?;
    let rates = samples(&said, "messagesPerSecond");
    let what = "durable messages from one to the other, command to “delivered”, in bursts of 5,000 (median of 7)";
    figures.add("messages_per_second", what, rates.median(), "a second", Target::AtLeast(RATE), rates.detail());
    let (fsync, frame) = (samples(&said, "fsyncMillis"), samples(&said, "frameMillis"));
    let single = samples(&said, "singleMillis");
    let unit = fsync.median() + frame.median();
    let micros = |millis: f64| (millis * 1e3).round();
    let detail = json!({
        "singleMicros": micros(single.median()), "single99": micros(single.at_share(0.99)),
        "fsyncMicros": micros(fsync.median()), "frameMicros": micros(frame.median()), "runs": single.detail()["runs"],
    });
    let what = "one message, command to “delivered”, against one fsync and one frame's round trip (medians)";
    figures.add("single_message", what, single.median() / unit, "times", Target::AtMost(SINGLE_TIMES), detail);
    Ok(())
}

pub fn queue(bench: &Bench, figures: &mut Figures) -> Result<()> {
    println!("{WAITING} messages that wait …");
    let (_broker, url) = bench.broker()?;
    let folder = bench.folder("queue")?;
    let said = bench.run(&["queue", &url, folder.to_str().context("a path that is text")?, WAITING])?;
    let detail = json!({"writtenMillis": number(&said, "writtenMillis").round(), "linkMillis": number(&said, "linkMillis").round()});
    let what = "10,000 messages that were written while the other was away: link open to all delivered";
    figures.add("waiting_delivered", what, number(&said, "deliveredMillis"), "ms", Target::AtMost(WAITING_MS), detail);
    let answers = samples(&said, "answerMillis");
    let what = "meanwhile, on both sides: a page of the conversation is asked for and there (95 of 100)";
    figures.add("answered_meanwhile", what, answers.at_share(0.95), "ms", Target::AtMost(ANSWER_MS), answers.detail());
    Ok(())
}
