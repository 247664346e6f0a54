//! `kith node`: the same core with no window, JSON-RPC 2.0 over standard input and output, one object a line.
//!
//! It translates lines into commands, and replies and events into lines; it decides nothing. Nothing else is written to
//! standard output. `docs/node-api.md` is the contract.
//!
//! | file | what it does |
//! |---|---|
//! | `rpc` | a line as a request, an answer as a line (pure) |
//! | `method` | a request as a command, a reply as a result (pure) |
//! | `lines` | lines of bounded length out of a stream |
//! | `serve` | the loop |

mod lines;
#[cfg(feature = "embedded-broker")]
mod local_broker;
mod method;
pub mod rpc;
mod serve;

#[cfg(feature = "embedded-broker")]
pub use local_broker::{LocalBroker, LocalBrokerError};
pub use serve::{Core, serve};

#[cfg(test)]
mod tests;
