//! A checkup: what of the network works for this device, what does not, what that means and what to do about it.
//!
//! ```text
//! Checkup ──▶ probe::examine (I/O, all at once) ──▶ Findings ──▶ judge (pure) ──▶ Problems ──▶ Report: words, JSON
//! ```
//!
//! It needs no identity, no data directory and no coordinator: brokers and ICE servers are told to it, and it asks them as a
//! stranger would. Nothing that it asks for stays anywhere: clean sessions, a topic by chance, a relay that is given back.
//! Findings hold no password and no user name.
//!
//! Nothing here changes a setting or repairs anything.

mod fact;
mod findings;
mod judge;
mod nat;
pub mod probe;
mod problem;
mod report;
pub mod stun;
mod words;

pub use fact::Fact;
pub use findings::{
    BrokerFinding, ClockFinding, Findings, Ipv6Finding, Name, NatFinding, NetworkFinding, RelayFault, RelayFinding,
    Step, StepFault, StunFinding, UdpFinding,
};
pub use judge::judge;
pub use nat::{Behaviour, Mapped, comparable, filtering, mapping};
pub use problem::{Problem, Words};
pub use report::Report;
pub use words::duration as words_of_duration;

use crate::link::IceServer;
use crate::wire::broker_url::BrokerUrl;

/// STUN and TURN servers that are asked, at most: more would say nothing new, and a typing error in a file must not send
/// packets to the whole world.
pub const SERVERS_MAX: usize = 16;
/// Brokers that are asked, at most: a person has four.
pub const BROKERS_MAX: usize = 8;

/// What is to be checked.
#[derive(Clone, Debug, Default)]
pub struct Checkup {
    /// Where this person can be reached.
    pub brokers: Vec<BrokerToCheck>,
    /// Who helps to find a way.
    pub servers: Vec<IceServer>,
}

/// A broker that is to be checked.
#[derive(Clone, Debug)]
pub struct BrokerToCheck {
    /// Its address, with user and password if it wants them.
    pub url: BrokerUrl,
    /// Whether it is this computer's own one, which runs while a Kith does: nobody listening is no fault then.
    pub own: bool,
}

#[cfg(test)]
mod tests;
