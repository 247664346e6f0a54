//! SQLite: everything that must survive, behind one writer thread.
//!
//! The rest of the program says what it wants as [`Op`]s and gets one [`Outcome`] for each, in order. A batch of them is
//! one transaction; an outcome that has been handed out is on disk (WAL, `synchronous=FULL`). SQL lives here only.
//!
//! | file | what |
//! |---|---|
//! | `op` | what can be asked, and the answers |
//! | `writer` | the thread: queue in, outcomes out, one transaction for what has gathered |
//! | `db` | a batch as one transaction |
//! | `schema` | opening, refusing, migrating |
//! | `sound` | whether every page is in order, without reading all of a large file at each start |
//! | `people` | profile, invitations, people, devices, own logs |
//! | `entries` | entries come in, with their limits |
//! | `progress` | how far an entry has come, and by which way |
//! | `logs` | which branch of a log is the main one, and how far it is whole |
//! | `order` | positions and heads |
//! | `belief`, `claims` | what a peer has: by acks and lacks, and by its own full statement |
//! | `have`, `outbox`, `history` | what is asked about entries |
//! | `fold` | a message as it reads now: its row and the operations on it |
//! | `live` | what an edit, a deletion, a reaction does when it finds its place; erasing, hiding |
//! | `reading` | how far somebody has read, as they say |
//! | `missing` | what is known to exist and is not here, and whose logs have branches |
//! | `page` | pages for a window, and what was read |
//! | `summary` | a conversation in a line; drafts, nicknames, and who may learn no address |
//! | `search` | the index of what was said, and what is looked up in it |
//! | `chat` | what was chosen for a conversation: silence, a place on top, a place out of sight |
//! | `groups` | changes of groups, and which of them each entry has seen |
//! | `sharing` | what of a group somebody may be given, and by whom |
//! | `bare` | what came without its body and is to be asked for |
//! | `recipients` | who has to have an own message of a group |
//! | `voids` | which entries of a group do not count, and that they are not shown |
//! | `inspect`, `fault` | for tests: what is there, and copies of it; a disk that fails |

mod bare;
mod belief;
mod chat;
mod claims;
mod db;
mod entries;
mod error;
#[cfg(test)]
mod fault;
mod fold;
mod groups;
mod have;
mod history;
#[cfg(any(test, feature = "testing"))]
mod inspect;
mod live;
mod logs;
mod missing;
mod op;
mod order;
mod outbox;
mod outsiders;
mod page;
mod people;
mod progress;
mod reading;
mod recipients;
mod row;
mod schema;
mod search;
mod sharing;
mod sound;
mod summary;
mod value;
mod voids;
mod writer;

pub use chat::{Choice, Chosen};
pub use db::Db;
pub use entries::VOID_MAX;
pub use error::StoreError;
pub use fold::QUOTE_TEXT_CHARS_MAX;
#[cfg(any(test, feature = "testing"))]
pub use inspect::Kept;
pub use missing::{Gaps, MISSING_COUNT_MAX, Missing};
pub use op::{OUTBOX_COUNT_MAX, Op, Outcome, Refusal};
pub use outbox::{Left, Wanted};
pub use page::{Page, Place};
pub use row::{
    Delivery, Fresh, GroupRow, Happened, Invitation, Loaded, Mark, MessageRow, OwnLog, Peer, Person, Profile, Progress,
    QuoteRow, Standing, Way,
};
pub use search::{FOUND_MAX, Found, Hit};
pub use summary::{LAST_TEXT_CHARS_MAX, LastRow, Summary, UNREAD_COUNT_MAX};
pub use writer::{Done, Store};

#[cfg(test)]
mod tests;
