//! For tests: what is in a database, and copies of it. Nothing here changes the database that it looks at.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Connection;

use super::{Db, StoreError, logs, schema};
use crate::wire::{self, ConversationId, EntryId, Salt, Signature};

/// Copies in memory so far.
static COPIES: AtomicU64 = AtomicU64::new(0);

/// An entry as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Which.
    pub id: EntryId,
    /// Where it stands; absent while it waits for a parent.
    pub position: Option<i64>,
    /// Whether it counts as unread.
    pub unread: bool,
    /// As it travels.
    pub entry: wire::Entry,
}

impl Db {
    /// Every entry of a conversation, in its order; those that wait for a parent come first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn entries(&self, conversation: &ConversationId) -> Result<Vec<Kept>, StoreError> {
        let connection = self.connection();
        let Some(conversation) = logs::conversation(connection, conversation)? else { return Ok(vec![]) };
        let mut statement = connection.prepare_cached(
            "SELECT id, position, unread, header, signature, salt, body FROM entry WHERE conversation = ?1
             ORDER BY position, local",
        )?;
        let rows = statement.query_map([conversation], |row| {
            let entry = wire::Entry {
                header: row.get(3)?,
                signature: Signature(row.get(4)?),
                salt: row.get::<_, Option<_>>(5)?.map(Salt),
                body: row.get(6)?,
            };
            Ok(Kept { id: EntryId(row.get(0)?), position: row.get(1)?, unread: row.get(2)?, entry })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A copy as the database is now, in memory.
    ///
    /// # Errors
    /// When SQLite has no memory.
    pub fn copy(&self) -> Result<Self, StoreError> {
        // A name in this process that only this copy has; what it names lives as long as the connection.
        let name = format!("file:/copy-{}?vfs=memdb", COPIES.fetch_add(1, Ordering::Relaxed));
        let copy = Connection::open(&name)?;
        self.connection().execute("VACUUM INTO ?1", [&name])?;
        Ok(Self::from(schema::prepare(copy)?))
    }

    /// A copy as the database is now, in a file that must not exist.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn copy_to(&self, path: &Path) -> Result<(), StoreError> {
        self.connection().execute("VACUUM INTO ?1", [path.to_string_lossy()])?;
        Ok(())
    }
}
