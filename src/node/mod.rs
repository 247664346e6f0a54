//! The same core with no window: JSON-RPC 2.0 over standard input and output, one object a line, for scripts, bots and
//! tests. `docs/node-api.md` is its reference.
//!
//! ```text
//! input ─▶ line ─▶ rpc, method ─▶ front ══ due ══▶ coordinator     front: one loop, at most 64 requests under way
//! output ◀─ output ◀─ answer ◀────┘ ▲── replies, events ──┘       output: one writer behind a queue with a bound
//! ```
//!
//! It holds no decision about people or messages: it translates. Commands reach the coordinator in the order of their
//! lines; answers may come in any order. A script that does not read its answers is not read either, so nothing grows.
//! No text, key or link is ever logged here.

mod answer;
mod code;
mod due;
mod front;
mod line;
mod method;
mod output;
mod params;
pub mod rpc;

pub use front::{End, serve};

/// The longest line, without its newline: a text of 16 KiB fits many times over, however it is escaped, and a script
/// that forgets its newlines costs no more memory than this.
pub const LINE_BYTES_MAX: usize = 1024 * 1024;
/// What may be under way at a time: more than a person or a bot ever has, and a bound on the answers kept in memory.
pub const REQUESTS_MAX: usize = 64;
/// What `message.history` counts for among [`REQUESTS_MAX`]: its answer may have 16 MiB.
pub const HISTORY_WEIGHT: usize = 8;
/// Lines that wait for standard output; answers and events wait behind them.
const OUTPUT_LINES_MAX: usize = 64;
/// Bytes that wait for standard output: a page of history of ordinary messages. A longer line waits alone.
const OUTPUT_BYTES_MAX: u32 = 1024 * 1024;

#[cfg(test)]
mod tests;
