//! What a peer lacks, and how it gets there: pushed over an open link, or deposited as mail; and with whom of a group links are
//! kept.
//!
//! Pure. The outbox itself is a query over the store (what we have and the peer has not said to have); `Push` and `Mailer`
//! decide when to ask it and how much may be under way, `Acks` which way acknowledgements go back,
//! `Telling` when mail has to say what we have. All of it is at-least-once:
//! what is repeated is recognised by its entry id. None knows what an entry says.

mod acks;
mod mail;
mod mesh;
mod need;
mod push;
mod sent;
mod telling;
mod window;

pub use acks::{ACKS_PATIENCE, Acks};
pub use mail::{Deposit, MAIL_WINDOW, Mailer};
pub use mesh::{Mesh, NEIGHBOURS_MAX, Place};
/// What the store could not answer is asked again after this long: a full disk is not emptied sooner, and nobody waits for
/// much longer before they look for what is wrong.
const ASK_AGAIN: std::time::Duration = std::time::Duration::from_secs(2);

pub use need::{Need, Of};
pub use push::Push;
pub use sent::{SENT_AFTER, Sent};
pub use telling::Telling;
pub use window::{PUSH_WINDOW_BYTES, PUSH_WINDOW_ENTRIES};

#[cfg(test)]
mod tests;
