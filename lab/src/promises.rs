//! What `docs/reconnect.md` promises, with the figures that it is measured by. Pure.

use crate::roam::Trial;

/// One promise. It is kept when no run takes longer.
pub struct Promise {
    /// A short name that stays.
    pub name: &'static str,
    /// What happens in a run.
    pub trial: Trial,
    /// Until what, in plain words.
    pub what: &'static str,
    /// At most so long.
    pub seconds: f64,
}

const fn promise(name: &'static str, trial: Trial, seconds: f64, what: &'static str) -> Promise {
    Promise { name, trial, what, seconds }
}

/// All of them. A trial's figures are in the order of its promises here.
#[rustfmt::skip] // One promise a line reads as the table that it is.
pub const PROMISES: &[Promise] = &[
    promise("move", Trial::Move, 3.0, "delivered, after a move to another network"),
    promise("address", Trial::Address, 3.0, "delivered, after the own address has changed"),
    promise("away-2", Trial::Away2, 3.0, "delivered, after 2 s without a network"),
    promise("away-20", Trial::Away20, 3.0, "delivered, after 20 s without a network"),
    promise("away-120", Trial::Away120, 3.0, "delivered, after 120 s without a network"),
    promise("frozen", Trial::Frozen, 3.0, "delivered, after a sleep of 60 s"),
    promise("nap", Trial::Nap, 3.0, "delivered, after a sleep of 8 s"),
    // "Do not notice" as a number: what an undisturbed link never needs, and a broken one always does.
    promise("broker-links", Trial::Broker, 1.0, "delivered on an open link while the broker is down"),
    promise("broker-signaling", Trial::Broker, 5.0, "both are connected to a broker that is back"),
    promise("cluster-links", Trial::Cluster, 1.0, "delivered on an open link after the death of a cluster's node"),
    promise("cluster-signaling", Trial::Cluster, 12.0, "a peer who comes is found, and all are let in, after it"),
    promise("second-broker-links", Trial::SecondBroker, 1.0, "delivered on an open link, with a second broker"),
    promise("second-broker-signaling", Trial::SecondBroker, 5.0, "a peer who comes is found after it, with a second broker"),
    promise("killed-noticed", Trial::Killed, 12.0, "a peer that died is missed, while both are active"),
    promise("killed-delivered", Trial::Killed, 3.0, "delivered, after the start of a peer that had died"),
    promise("only-mail", Trial::OnlyMail, 4.0, "the first message is there, after both are online, with no path but the broker"),
];

/// The promises of one trial, in order.
pub fn of(trial: Trial) -> impl Iterator<Item = &'static Promise> {
    PROMISES.iter().filter(move |promise| promise.trial == trial)
}
