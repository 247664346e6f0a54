//! What stories are told with: a [`World`] with a real broker in it, people whose `kith node` runs as a process of its
//! own with files on disk, a raw MQTT client that keeps no rule, and a recording proxy.
//!
//! Nothing here reaches into the product: everything goes through the command line, standard input and output, and
//! the broker's port. Nothing sleeps in order to wait: every wait ends with an event, an end of file, or its deadline.
#![allow(dead_code, unused_imports)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stderr, clippy::print_stdout)]

mod bad_broker;
mod broker;
pub mod deploy;
pub mod display;
mod mosquitto;
pub mod mqtt;
mod nats;
mod node;
mod proxy;
mod relay;
mod verbs;
mod world;

use std::time::Duration;

pub use bad_broker::{Bad, BadBroker};
pub use broker::{Broker, free_port, free_ports};
pub use mosquitto::{PASSWORD, USER};
pub use nats::Cluster;
pub use node::{Node, RpcError};
pub use proxy::Recorder;
pub use relay::{PASSWORD as RELAY_PASSWORD, Relay};
pub use verbs::{BrokerView, Contact, Identity, LinkView, Message, Request, Status, befriend, link_up, same_history};
pub use world::{Skip, Transport, World, report_skip};

/// How long a story waits for something that must happen: generous, since tests share two cores with each other.
/// `KITH_STORY_DEADLINE_S` changes it (shorter while hunting a fault, longer on a slower machine).
pub fn deadline() -> Duration {
    std::env::var("KITH_STORY_DEADLINE_S")
        .ok()
        .and_then(|text| text.parse().ok())
        .map_or(Duration::from_secs(30), Duration::from_secs)
}
