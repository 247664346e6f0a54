//! A large group in the simulated world: nothing here depends on how busy this computer is.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{Bench, number, samples};
use crate::bench::figures::{Figures, Target};

/// The group that is promised something, and those up to the largest.
const SIZES: [&str; 6] = ["50", "60", "70", "80", "90", "100"];
/// A message reaches everybody within so many round trips of a link.
const ROUND_TRIPS: f64 = 3.0;
/// And costs at most so many times what each of the others getting it once would.
const TRAFFIC: f64 = 3.0;
/// What a device spends on a message in the largest group, against the one of 50: as good as the same.
const FLAT: f64 = 1.2;

pub fn measure(bench: &Bench, figures: &mut Figures) -> Result<()> {
    println!("A message in groups of {} …", SIZES.join(", "));
    let said = bench.run(&[&["group"][..], &SIZES[..]].concat())?;
    let sizes = said.get("sizes").and_then(Value::as_array).context("no sizes")?;
    println!("  members  copies  traffic  bytes a device  most of one  round trips (worst)");
    for size in sizes {
        println!(
            "  {:7}  {:6.2}  {:7.2}  {:14.0}  {:11.0}  {:.2}",
            number(size, "members"),
            number(size, "copies"),
            number(size, "traffic"),
            number(size, "bytesPerDevice"),
            number(size, "mostBytesOfADevice"),
            samples(size, "roundTrips").worst(),
        );
    }
    let (first, last) = (sizes.first().context("no group of 50")?, sizes.last().context("no group of 100")?);
    let trips = samples(first, "roundTrips");
    let what =
        "a group of 50 in the simulation: until a message has reached all, in round trips of a link (worst of 20)";
    figures.add("group_round_trips", what, trips.worst(), "times", Target::AtMost(ROUND_TRIPS), trips.detail());
    let what = "a group of 50: all that is sent for a message, against each of the others getting it once";
    let detail = json!({ "copies": number(first, "copies"), "mailBytes": number(first, "mailBytes").round() });
    figures.add("group_traffic", what, number(first, "traffic"), "times", Target::AtMost(TRAFFIC), detail);
    let bytes = |size: &Value| number(size, "bytesPerDevice");
    let curve: Vec<Value> = sizes.iter().map(|size| json!([number(size, "members"), bytes(size).round()])).collect();
    let what = "what a device sends for a message in a group of 100, against one of 50";
    figures.add(
        "group_flat",
        what,
        bytes(last) / bytes(first),
        "times",
        Target::AtMost(FLAT),
        json!({ "curve": curve }),
    );
    Ok(())
}
