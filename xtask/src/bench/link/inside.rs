//! What `examples/link` measures inside one process, beside others.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::mosquitto::Mosquitto;
use super::{Bench, peers};
use crate::bench::figures::{Figures, Samples, Target};

/// A frame's round trip, against the bare channel's.
const FRAME_TIMES_BARE: f64 = 1.5;
/// A frame's round trip, against the one through a broker: below it.
const FRAME_TIMES_MQTT: f64 = 1.0;
/// Bulk, against libwebrtc's.
const BULK_TIMES: f64 = 2.0;
/// A message that is sent during it is delivered within this.
const BULK_MESSAGE_MS: f64 = 50.0;
/// What one run of bulk sends.
const BULK_BYTES: usize = 128 * 1024 * 1024;
/// Runs of each side, in turn.
const BULK_RUNS: usize = 5;
/// Links that are made and end after the first fifty.
const CYCLES: usize = 1000;
/// How much more, or less, of anything there may be afterwards, in percent.
const GROWTH_PERCENT: f64 = 5.0;

pub fn echo(bench: &Bench, figures: &mut Figures) -> Result<()> {
    println!("Round trips …");
    let mosquitto = Mosquitto::start(&bench.folder("echo")?)?;
    let measured = run(bench, &["echo", &mosquitto.url])?;
    let of = |key: &str| {
        let all = measured.get(key).and_then(Value::as_array).into_iter().flatten();
        Samples::new(all.filter_map(Value::as_f64))
    };
    let (bare, frames, mqtt, one_way) = (of("bare"), of("frames"), of("mqtt"), of("mqttOneWay"));
    let detail = json!({
        "frameMicros": frames.detail(), "bareMicros": bare.detail(), "mqttMicros": mqtt.detail(),
        "frameP99": frames.at_share(0.99), "bareP99": bare.at_share(0.99), "mqttP99": mqtt.at_share(0.99),
    });
    let what = "a frame's round trip over an open link, against the bare data channel's (medians)";
    let ratio = frames.median() / bare.median();
    figures.add("frame_against_bare", what, ratio, "times", Target::AtMost(FRAME_TIMES_BARE), detail);
    let what = "a frame's round trip, against one with QoS 1 through Mosquitto (medians)";
    let ratio = frames.median() / mqtt.median();
    let detail = json!({"oneWayThroughMosquittoMicros": one_way.detail()});
    figures.add("frame_against_mqtt", what, ratio, "times", Target::AtMost(FRAME_TIMES_MQTT), detail);
    Ok(())
}

pub fn bulk(bench: &Bench, figures: &mut Figures) -> Result<()> {
    println!("Bulk, {BULK_RUNS} times each …");
    let rate = |measured: &Value| measured.get("megabytesPerSecond").and_then(Value::as_f64);
    let (mut ours, mut theirs, mut waits) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..BULK_RUNS {
        let measured = run(bench, &["bulk", &BULK_BYTES.to_string()])?;
        ours.extend(rate(&measured));
        let messages = measured.get("messageMillis").and_then(Value::as_array).into_iter().flatten();
        waits.extend(messages.filter_map(Value::as_f64));
        theirs.extend(rate(&peers::bulk(BULK_BYTES)?));
    }
    let (ours, theirs, waits) = (Samples::new(ours), Samples::new(theirs), Samples::new(waits));
    let detail = json!({"megabytesPerSecond": ours.detail(), "libwebrtcMegabytesPerSecond": theirs.detail(), "mebibytes": BULK_BYTES >> 20});
    let what = "bulk with messages beside it, against libwebrtc without (medians)";
    figures.add("bulk", what, ours.median() / theirs.median(), "times", Target::AtLeast(BULK_TIMES), detail);
    let what = "a message of either side during bulk, 99 of 100";
    figures.add(
        "message_during_bulk",
        what,
        waits.at_share(0.99),
        "ms",
        Target::AtMost(BULK_MESSAGE_MS),
        waits.detail(),
    );
    Ok(())
}

pub fn cycles(bench: &Bench, figures: &mut Figures) -> Result<()> {
    println!("{CYCLES} links, one after the other …");
    let measured = run(bench, &["cycles", &CYCLES.to_string()])?;
    let number = |when: &str, key: &str| measured.get(when)?.get(key)?.as_f64();
    let mut worst = f64::NAN;
    for key in ["tasks", "files", "threads", "memoryPages"] {
        // What the system does not tell is not judged.
        if let (Some(before), Some(after)) = (number("before", key), number("after", key)) {
            let growth = ((after - before) / before.max(1.0) * 100.0).abs();
            // `max` with what is no number gives the other.
            worst = growth.max(worst);
        }
    }
    let what = "the largest change of tasks, files, threads or memory over 1,000 links, after the first 50";
    figures.add("cycles", what, worst, "%", Target::AtMost(GROWTH_PERCENT), measured);
    Ok(())
}

fn run(bench: &Bench, args: &[&str]) -> Result<Value> {
    let output = Command::new(&bench.link).args(args).stderr(Stdio::inherit()).output().context("examples/link")?;
    ensure!(output.status.success(), "examples/link {} failed", args.first().unwrap_or(&""));
    serde_json::from_slice(&output.stdout).context("examples/link measured nothing")
}
