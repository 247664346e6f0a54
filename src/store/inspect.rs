//! For tests: what is in a database, and copies of it. Nothing here changes the database that it looks at.

use std::cell::RefCell;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::backup::Backup;

use super::{Db, StoreError, logs};
use crate::wire::{self, ConversationId, EntryId, Salt, Signature};

thread_local! {
    /// Empty databases in memory.
    static POOL: RefCell<Vec<Connection>> = const { RefCell::new(vec![]) };
}

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

    /// A copy as the database is now, in memory, to be copied again.
    ///
    /// # Errors
    /// When SQLite has no memory.
    pub fn copy(&self) -> Result<Self, StoreError> {
        let mut copy = Connection::open_in_memory()?;
        copy_into(self.connection(), &mut copy)?;
        Ok(Self::from(copy))
    }

    /// Becomes as another one is now; both are in memory.
    ///
    /// # Errors
    /// When SQLite has no memory.
    pub fn become_copy_of(&mut self, other: &Self) -> Result<(), StoreError> {
        copy_into(other.connection(), self.connection_mut())
    }

    /// An empty database in memory, like [`Db::in_memory`]: one that was given back on this thread, or a new one. To make one
    /// and to have all its statements read takes SQLite some milliseconds, and a story of some people takes a hundred.
    ///
    /// # Errors
    /// When SQLite has no memory.
    pub fn borrowed() -> Result<Self, StoreError> {
        POOL.with_borrow_mut(Vec::pop).map_or_else(Self::in_memory, |connection| Ok(Self::from(connection)))
    }

    /// Gives a database in memory back, to be used again without what is in it.
    pub fn give_back(self) {
        let mut connection = self.into_connection();
        if empty(&mut connection).is_ok() {
            POOL.with_borrow_mut(|pool| pool.push(connection));
        }
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

fn copy_into(from: &Connection, to: &mut Connection) -> Result<(), StoreError> {
    // All pages in one step.
    Backup::new(from, to)?.step(-1)?;
    Ok(())
}

/// Takes everything out of a database; its statements stay.
fn empty(connection: &mut Connection) -> Result<(), StoreError> {
    let tables: Vec<(String, String)> = connection
        .prepare_cached("SELECT name, type FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite_%'")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    connection.pragma_update(None, "foreign_keys", false)?;
    let tx = connection.transaction()?;
    for (name, kind) in &tables {
        match kind.as_str() {
            "table" => tx.prepare_cached(&format!("DELETE FROM \"{name}\""))?.execute([])?,
            // Full text: without its contents, its index is made anew of nothing. To take out each row takes much longer.
            "virtual" => {
                tx.prepare_cached(&format!("DELETE FROM \"{name}_content\""))?.execute([])?;
                tx.prepare_cached(&format!("INSERT INTO \"{name}\" (\"{name}\") VALUES ('rebuild')"))?.execute([])?
            }
            // What a virtual table keeps is its own.
            _ => 0,
        };
    }
    tx.prepare_cached("DELETE FROM sqlite_sequence")?.execute([])?;
    tx.commit()?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(())
}
