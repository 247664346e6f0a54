//! The embedded broker's figures: round trips over loopback with QoS 1, and resident memory.
//!
//! `cargo bench --bench broker` prints them. They are informative: nothing fails when they are worse.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::time::{Duration, Instant};

use kith::broker::{Broker, Options};
use kith::signaling::mqtt::{Config, Connection, MqttCommand, MqttEvent, SessionKind};
use kith::wire::broker_url::BrokerUrl;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Round trips that are measured, after as many tenths of them that are not.
const ROUNDS: usize = 2_000;

#[tokio::main]
async fn main() {
    let before = resident_kib();
    let broker = Broker::start(Options::new("127.0.0.1:0".parse().unwrap())).await.expect("a broker");
    let idle = resident_kib();
    let (tracker, cancel) = (TaskTracker::new(), CancellationToken::new());
    let (sender, mut events) = mpsc::channel(64);
    let url = BrokerUrl::parse(&format!("mqtt://{}", broker.tcp_addr())).unwrap();
    let config = Config::new(url, "bench".to_owned(), SessionKind::Clean, ());
    let client = Connection::spawn(config, &tracker, cancel.clone(), sender);
    client.try_send(MqttCommand::Connect).unwrap();
    wait(&mut events, |event| matches!(event, MqttEvent::Connected { .. })).await;
    client.try_send(MqttCommand::Subscribe { topics: vec!["bench/echo".to_owned()] }).unwrap();
    wait(&mut events, |event| matches!(event, MqttEvent::Subscribed { .. })).await;

    for (what, topic, echo) in
        [("publish to PUBACK", "bench/none", false), ("publish to subscriber", "bench/echo", true)]
    {
        let mut times: Vec<Duration> = Vec::with_capacity(ROUNDS);
        for round in 0..ROUNDS + ROUNDS / 10 {
            let begin = Instant::now();
            let token = round as u64;
            let payload = vec![7; 1024].into();
            client.try_send(MqttCommand::Publish { token, topic: topic.to_owned(), payload }).unwrap();
            let (mut acked, mut arrived) = (false, !echo);
            let mut done = None;
            while !(acked && arrived) {
                match events.recv().await.expect("the connection").1 {
                    MqttEvent::Published { .. } => acked = true,
                    MqttEvent::Received { .. } => arrived = true,
                    other => panic!("{other:?}"),
                }
                if done.is_none() && (if echo { arrived } else { acked }) {
                    done = Some(begin.elapsed());
                }
            }
            if round >= ROUNDS / 10 {
                times.extend(done);
            }
        }
        times.sort();
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
        println!("{what}: p50 {:?}, p99 {:?} ({} rounds of 1 KiB)", at(0.5), at(0.99), times.len());
    }
    println!("resident: {before} KiB before, {idle} KiB with the idle broker, {} KiB after the rounds", resident_kib());
    cancel.cancel();
    tracker.close();
    tracker.wait().await;
    broker.shutdown().await;
}

async fn wait(events: &mut mpsc::Receiver<((), MqttEvent)>, wanted: impl Fn(&MqttEvent) -> bool) {
    while !wanted(&events.recv().await.expect("the connection").1) {}
}

/// Of this process, where the system says.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or_default()
}
