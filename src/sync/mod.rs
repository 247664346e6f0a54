//! What a peer lacks, and how it gets there: pushed over an open link, or deposited as mail.
//!
//! Pure. The outbox itself is a query over the store (what we have and the peer has not said to have); the two machines
//! here decide when to ask it and how much may be under way. Both are at-least-once: what is repeated is recognised by
//! its entry id. Neither knows what an entry says.

mod mail;
mod push;

pub use mail::{Deposit, MAIL_WINDOW, Mailer};
pub use push::{Need, PUSH_WINDOW_BYTES, PUSH_WINDOW_ENTRIES, Push};

#[cfg(test)]
mod tests;
