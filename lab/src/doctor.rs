//! `lab doctor`: in each kind of network, what `kith doctor` says of it, beside what it is.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::deliver::in_this;
use crate::kinds::{KINDS, Kind};
use crate::pool;
use crate::program;
use crate::world::{Setup, World};

/// Worlds do not begin at the same moment.
const APART: Duration = Duration::from_millis(500);

/// What to say, and where.
#[derive(clap::Args)]
pub struct Args {
    /// How many worlds at a time
    #[arg(long, default_value_t = program::JOBS)]
    jobs: usize,
    /// Write what was said there too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// What is looked at, in the table's order: its head, and where it stands in what the doctor says.
const LOOKED_AT: [(&str, &str); 8] = [
    ("udp", "/udp"),
    ("translated", "/nat/translated"),
    ("mapping", "/nat/mapping"),
    ("filtering", "/nat/filtering"),
    ("ipv6", "/ipv6/state"),
    ("relay", "/turn/0/ok"),
    ("broker", "/brokers/0/ok"),
    ("problems", "/codes"),
];

/// The truth about a network, as the doctor has words for it (`docs/doctor.md`), in the same order.
fn truth(kind: Kind) -> [Value; 8] {
    const SAME: &str = "endpointIndependent";
    const EACH: &str = "addressAndPortDependent";
    const UNKNOWN: &str = "notChecked";
    // Mapping and filtering are IPv4's: there is nothing to be known of them where no IPv4 gets out.
    let (udp, translated, mapping, filtering, ipv6) = match kind {
        Kind::Public => ("passes", json!(false), SAME, SAME, "works"),
        Kind::Open => ("passes", json!(true), SAME, SAME, "none"),
        Kind::Moderate | Kind::Carrier => ("passes", json!(true), SAME, EACH, "none"),
        Kind::Strict => ("passes", json!(true), EACH, EACH, "none"),
        Kind::Blocked => ("noAnswer", Value::Null, UNKNOWN, UNKNOWN, "none"),
        Kind::Ipv6 => ("passes", Value::Null, UNKNOWN, UNKNOWN, "works"),
    };
    let relay = kind != Kind::Blocked;
    let problems = if relay { json!([]) } else { json!(["udp-blocked"]) };
    let words = [json!(udp), translated, json!(mapping), json!(filtering), json!(ipv6)];
    let [udp, translated, mapping, filtering, ipv6] = words;
    [udp, translated, mapping, filtering, ipv6, json!(relay), json!(true), problems]
}

/// Asks in each kind of network. Returns whether all that was said is so.
pub fn run(setup: &Setup, args: &Args) -> Result<bool> {
    println!("{} kinds of networks; a relay with two addresses, and a broker, in each world", KINDS.len());
    println!("{:>9} {}", "", LOOKED_AT.map(|(head, _)| format!("{head:<24}")).concat());
    let told = |kind: &Kind, said: &Result<[Value; 8]>| println!("{}", line(*kind, said));
    let done = pool::run(KINDS.to_vec(), args.jobs, APART, |kind| ask(setup, *kind), told);
    let faults: Vec<String> = done.iter().flat_map(|(kind, said)| faults(*kind, said)).collect();
    faults.iter().for_each(|fault| println!("FAILED {fault}"));
    if let Some(file) = &args.json {
        let said = |said: &[Value; 8]| -> serde_json::Map<String, Value> {
            LOOKED_AT.iter().map(|(head, _)| (*head).to_owned()).zip(said.clone()).collect()
        };
        let said =
            done.iter().map(|(kind, all)| json!({"network": kind.to_string(), "said": all.as_ref().ok().map(said)}));
        let text = serde_json::to_string_pretty(&json!({"said": said.collect::<Vec<_>>(), "faults": faults}))?;
        fs::write(file, text + "\n").with_context(|| format!("cannot write {}", file.display()))?;
    }
    println!("{} things of {} kinds of networks are not as the doctor says", faults.len(), done.len());
    Ok(faults.is_empty())
}

fn ask(setup: &Setup, kind: Kind) -> Result<[Value; 8]> {
    let is_good = |said: &[Value; 8]| *said == truth(kind);
    in_this(World::with_two_addresses(setup), is_good, |world| {
        let mut said = world.person("alice", kind)?.asks_the_doctor()?;
        let problems = said.get("problems").and_then(Value::as_array);
        let codes: Vec<Value> =
            problems.into_iter().flatten().filter_map(|problem| problem.get("code").cloned()).collect();
        said.as_object_mut().context("it said no object")?.insert("codes".to_owned(), codes.into());
        Ok(LOOKED_AT.map(|(_, place)| said.pointer(place).cloned().unwrap_or_default()))
    })
}

fn faults(kind: Kind, said: &Result<[Value; 8]>) -> Vec<String> {
    match said {
        Err(error) => vec![format!("{kind}: {error:#}")],
        Ok(said) => LOOKED_AT
            .iter()
            .zip(said.iter().zip(truth(kind)))
            .filter(|(_, (said, truth))| *said != truth)
            .map(|((head, _), (said, truth))| format!("{kind}: {head} is {truth}, and the doctor says {said}"))
            .collect(),
    }
}

fn line(kind: Kind, said: &Result<[Value; 8]>) -> String {
    let Ok(said) = said else { return format!("{kind:>9} nothing") };
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => "–".to_owned(),
        Value::Array(all) if all.is_empty() => "none".to_owned(),
        other => other.to_string(),
    };
    format!("{kind:>9} {}", said.each_ref().map(|value| format!("{:<24}", text(value))).concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One thing that is not so is a fault, and nothing at all is one.
    #[test]
    fn only_the_truth_will_do() {
        for kind in KINDS {
            assert!(faults(kind, &Ok(truth(kind))).is_empty());
            assert_eq!(faults(kind, &Err(anyhow::anyhow!("silence"))).len(), 1);
            for index in 0..LOOKED_AT.len() {
                let mut said = truth(kind);
                said.get_mut(index).into_iter().for_each(|value| *value = json!("something else"));
                assert_eq!(faults(kind, &Ok(said)).len(), 1);
            }
        }
    }
}
