//! What the window knows, and how it changes. Pure: deltas and pages in, changed places out.
//!
//! [`Model`] is the whole of it as a plain value; the bridge holds one, applies what comes from the coordinator, and copies
//! the places that changed into the [`Store`](struct@dioxus::prelude::Store) that the components read. Nobody else writes there.

mod acts;
mod groups;
mod model;
mod rows;
mod thread;
mod writing;

pub use acts::{Ask, MORE, QUICK, excerpt, offers, reacted};
pub use groups::{member, rights};
pub use model::{Changed, Meeting, Model, ModelStoreExt, Person, PersonStoreExt, Standing};
pub use rows::{Row, rows};
pub use thread::{Phase, Reading, Thread, ThreadStoreExt};
pub use writing::{Writing, Writings};

#[cfg(test)]
mod tests;
