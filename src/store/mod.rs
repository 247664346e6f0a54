//! SQLite: everything that must survive, behind one writer thread.
//!
//! The rest of the program says what it wants as [`Op`]s and gets one [`Outcome`] for each, in order. A batch of them is
//! one transaction; an outcome that has been handed out is on disk (WAL, `synchronous=FULL`). SQL lives here only.

mod belief;
mod claims;
mod db;
mod entries;
mod error;
mod have;
mod history;
mod logs;
mod op;
mod order;
mod outbox;
mod people;
mod schema;
mod stub;
mod value;

pub use db::Db;
pub use error::StoreError;
pub use op::{
    Fresh, Invitation, Loaded, MessageRow, OUTBOX_COUNT_MAX, Op, Outcome, OwnLog, Peer, Person, Profile, Progress,
    Refusal, Standing,
};
pub use stub::Store;
