//! How two devices find each other through a broker: topics, inboxes, envelopes, hello.
//!
//! Everything here is pure but the MQTT driver. A broker reads nothing and cannot alter, redirect or replay what it
//! carries; it sees topics, sizes, times, and which connection uses which topic (`docs/security.md`).

pub mod envelope;
mod hello;
mod inbox;
pub mod mqtt;
#[cfg(any(test, feature = "testing"))]
mod pretend;
mod session;
mod topic;
mod turn;

pub use hello::{Greeting, Heard, Hello};
pub use inbox::{InboxId, Rendezvous, client_id, inbox};
#[cfg(any(test, feature = "testing"))]
pub use pretend::forget_envelopes;
pub use session::{ANSWER_DEADLINE, Action, Readiness, Session, SessionKind};
pub use topic::{Leaf, Topic, TopicError};
pub use turn::Turn;

#[cfg(test)]
mod tests;
