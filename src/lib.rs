//! Kith: a messenger in which people's devices talk to each other directly.
//!
//! # The map
//!
//! | layer | what it is | I/O |
//! |---|---|---|
//! | [`clock`] | time as values: backoff, rate limits | pure |
//! | [`wire`] | every type that crosses a network, versioned; the strict codec | pure |
//! | [`identity`] | keys, user and device ids, contact cards, links | pure |
//! | [`log`] | entries, logs, order, what a person sees | pure |
//! | [`sync`] | what a peer lacks, outbox, acks | pure |
//! | [`signaling`] | topics, inboxes, envelopes, hello; the MQTT driver | driver only |
//! | [`link`] | one peer: glare, heartbeat, backoff; the WebRTC driver | driver only |
//! | [`store`] | SQLite: one writer thread, migrations, queries | I/O |
//! | [`coordinator`] | the pure engine, and the one background task that drives it | task only |
//! | [`doctor`] | what the network lets through, what is wrong, and what to do; the probes that ask it | probes only |
//! | [`broker`] | the embedded MQTT broker (feature `embedded-broker`) | I/O |
//! | [`platform`] | data directory, lock, opened links, crash points: what differs by system | I/O |
//! | [`host`] | a Kith that runs on this device: data directory, own broker, settings, coordinator | I/O |
//! | `ui` | the window: components, state, words (feature `ui`); the only place where Dioxus is | I/O |
//! | [`node`] | the same core with no window: JSON-RPC over standard input and output | I/O |
//!
//! Imports point one way: `{ui, node} → host → {coordinator, doctor} → {sync, link, signaling, store} → log → identity → wire → clock`.
//! `tests/architecture` fails when one points back.
//!
//! # The invariants
//!
//! 1. **Acknowledged means committed.** Nothing tells anyone that it has an entry before SQLite has it on disk.
//! 2. **Pure layers do no I/O, read no clock, draw no random number.** They are `handle(input, now) -> outputs`.
//! 3. **Drivers only translate.** A protocol decision in a driver is a defect.
//! 4. **Nothing that was signed is ever encoded again.** It is kept and forwarded as the bytes that arrived.
//! 5. **Every limit is a named constant with its reason.** What exceeds one is refused or dropped and counted.
#![deny(missing_docs)]

#[cfg(feature = "embedded-broker")]
pub mod broker;
pub mod clock;
pub mod coordinator;
pub mod doctor;
pub mod host;
pub mod identity;
pub mod link;
pub mod log;
pub mod node;
pub mod platform;
pub mod signaling;
pub mod store;
pub mod sync;
#[cfg(feature = "ui")]
pub mod ui;
pub mod wire;
