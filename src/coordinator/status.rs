//! How things stand, for people.

use serde::Serialize;
use uuid::Uuid;

use super::event::{BrokerState, LinkState, Path};
use super::person::NoLink;

/// How things stand.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct StatusView {
    /// Each broker in use.
    pub brokers: Vec<BrokerStatus>,
    /// One per contact's device.
    pub links: Vec<LinkStatus>,
    /// Own messages that no device of their recipient has confirmed.
    pub outbox: u64,
    /// What was refused or dropped since the start, by reason.
    pub dropped: std::collections::BTreeMap<&'static str, u64>,
}

/// One broker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BrokerStatus {
    /// Without its password.
    pub url: String,
    /// Whether it is one of our own; the others are where contacts are met.
    pub own: bool,
    /// How it stands.
    pub state: BrokerState,
    /// Why, when it is not connected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// One link.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkStatus {
    /// The contact.
    pub user_id: Uuid,
    /// How it stands.
    pub state: LinkState,
    /// The path in use.
    pub path: Path,
    /// Why there is no link, when the reason is here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<NoLink>,
    /// Last measured round trip in milliseconds; absent before the first.
    pub rtt_ms: Option<f64>,
}
