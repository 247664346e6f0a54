//! 200 links of one device at a time: one `kith node`, whose memory is measured, and 200 others who share a process. They meet
//! over Mosquitto, since the embedded broker is made for fewer.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::Bench;
use super::mosquitto::Mosquitto;
use super::pair::{STEP_LIMIT, connected, of_process};
use crate::bench::figures::{Figures, Target};
use crate::node::{Node, Talker};

/// The device's links.
const LINKS: usize = 200;
/// Resident memory of the device, in megabytes.
const MEMORY_MB: f64 = 400.0;
/// What all of them may take to meet, on two slow cores.
const LIMIT: std::time::Duration = std::time::Duration::from_secs(300);

pub fn measure(bench: &Bench, figures: &mut Figures) -> Result<()> {
    println!("One device and {LINKS} others …");
    let place = bench.folder("crowd")?;
    let mosquitto = Mosquitto::start(&place)?;
    let folder = place.join("others").display().to_string();
    let args = ["crowd", &mosquitto.url, &folder, &LINKS.to_string()];
    let mut crowd = Talker::start(&bench.link, args, &place.join("others.log"))?;
    let mut node = Node::start("hub", &bench.kith, &place.join("hub"), &mosquitto.url, &place.join("hub.log"))?;
    node.ask("identity.create", json!({"name": "Hub"}))?;
    connected(&mut node)?;
    let idle = resident(&node)?;
    let begun = Instant::now();
    let mut others = Vec::new();
    for _ in 0..LINKS {
        let link = crowd.line(Instant::now() + STEP_LIMIT).context("the others do not come")?;
        others.push(node.ask_text("contact.add", json!({"link": link}), "userId")?);
    }
    let deadline = begun + LIMIT;
    let open = loop {
        let open = open_links(&mut node)?;
        if open == LINKS || Instant::now() >= deadline {
            break open;
        }
        node.forget_events();
        std::thread::sleep(std::time::Duration::from_millis(200));
    };
    ensure!(open == LINKS, "only {open} of {LINKS} links opened within {} s", LIMIT.as_secs());
    let opened = begun.elapsed().as_secs_f64();
    let with_links = resident(&node)?;
    node.forget_events();
    for other in &others {
        node.ask("message.send", json!({"to": other, "text": "To each of you, over a link of your own."}))?;
    }
    for other in &others {
        node.event("messageDelivered", &json!({"with": other}), STEP_LIMIT)?;
    }
    let still_open = open_links(&mut node)?;
    let memory = resident(&node)?;
    let detail = json!({
        "links": still_open, "idleMegabytes": idle, "withLinksMegabytes": with_links, "afterMessagesMegabytes": memory,
        "peakMegabytes": megabytes(of_process(node.id(), "status", "VmHWM")?), "threads": of_process(node.id(), "status", "Threads")?,
        "files": files(&node), "secondsUntilAllWereOpen": opened,
    });
    ensure!(still_open == LINKS, "{still_open} of {LINKS} links are still open");
    let what = "resident memory of a node with 200 open links, after a message over each";
    figures.add("crowd_memory", what, memory, "MB", Target::AtMost(MEMORY_MB), detail);
    node.shut_down()
}

fn open_links(node: &mut Node) -> Result<usize> {
    let status = node.ask("status", json!({}))?;
    let links = status.get("links").and_then(Value::as_array).into_iter().flatten();
    Ok(links.filter(|link| link.get("state").and_then(Value::as_str) == Some("open")).count())
}

fn resident(node: &Node) -> Result<f64> {
    Ok(megabytes(of_process(node.id(), "status", "VmRSS")?))
}

fn files(node: &Node) -> Option<usize> {
    std::fs::read_dir(format!("/proc/{}/fd", node.id())).ok().map(Iterator::count)
}

fn megabytes(kibibytes: u64) -> f64 {
    (kibibytes * 1024) as f64 / 1e6
}
