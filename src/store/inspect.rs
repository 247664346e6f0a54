//! For tests: what is in a database, and copies of it. Nothing here changes the database that it looks at, but for how it goes on numbering.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::OnceLock;

use rusqlite::Connection;
use rusqlite::backup::Backup;

use super::belief::believed_to_have;
use super::{Db, StoreError, logs, schema, search};
use crate::wire::{self, ConversationId, EntryId, Salt, Signature};

thread_local! {
    /// Empty databases in memory.
    static POOL: RefCell<Vec<Db>> = const { RefCell::new(vec![]) };
}

/// What empties one: all of them have the same tables.
static EMPTYING: OnceLock<Vec<String>> = OnceLock::new();

/// Where entries go by chance (their ids are hashes) a large cache saves most of the reading.
const FILL_CACHE_KIB: i64 = 512 * 1024;
/// Pages in the WAL before they are copied: a gigabyte, which writes most pages once and not ten times.
const FILL_WAL_PAGES: i64 = 256 * 1024;

/// An entry as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Which.
    pub id: EntryId,
    /// Where it stands; absent while it waits for a parent.
    pub position: Option<i64>,
    /// Whether it counts as unread.
    pub unread: bool,
    /// Whether it stands beside its group, and so goes to nobody.
    pub beside: bool,
    /// As it travels.
    pub entry: wire::Entry,
}

/// The pages of fixtures, in bytes.
const FIXTURE_PAGE: i64 = 1024;

/// The first column of what a question finds.
fn texts(connection: &Connection, question: &str) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare(question)?;
    let rows = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(rows)
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
            "SELECT id, position, unread, beside, header, signature, salt, body FROM entry WHERE conversation = ?1
             ORDER BY position, local",
        )?;
        let rows = statement.query_map([conversation], |row| {
            let entry = wire::Entry {
                header: row.get(4)?,
                signature: Signature(row.get(5)?),
                salt: row.get::<_, Option<_>>(6)?.map(Salt),
                body: row.get(7)?,
            };
            let (id, position) = (EntryId(row.get(0)?), row.get(1)?);
            Ok(Kept { id, position, unread: row.get(2)?, beside: row.get(3)?, entry })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The ids of every entry of a conversation.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn ids(&self, conversation: &ConversationId) -> Result<BTreeSet<EntryId>, StoreError> {
        let connection = self.connection();
        let Some(conversation) = logs::conversation(connection, conversation)? else { return Ok(BTreeSet::new()) };
        let mut statement = connection.prepare_cached("SELECT id FROM entry WHERE conversation = ?1")?;
        let rows = statement.query_map([conversation], |row| row.get(0).map(EntryId))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The own entries that are not delivered, each in words: where it stands, how far it is, and which devices are not known to have it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn undelivered(&self) -> Result<Vec<String>, StoreError> {
        let question = format!(
            "SELECT format('%s… in %s…, position %d, progress %d, void %d, beside %d; not with %s', substr(hex(e.id), 1, 8),
                 substr(hex(c.key), 1, 8), e.position, e.progress, e.void, e.beside,
                 (SELECT group_concat(substr(hex(d.key), 1, 8)) FROM recipient r JOIN device d ON d.id = r.device
                  WHERE r.conversation = e.conversation AND NOT {}))
             FROM log l JOIN entry e ON e.log = l.id JOIN conversation c ON c.id = l.conversation
             WHERE l.own > 0 AND e.progress < 3 ORDER BY e.local",
            believed_to_have!("r.device")
        );
        texts(self.connection(), &question)
    }

    /// From now on this connection does not wait for the disk: for benches that fill a database, which nobody relies on before it
    /// is whole.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn hurry(&self) -> Result<(), StoreError> {
        let connection = self.connection();
        connection.pragma_update(None, "synchronous", "off")?;
        connection.pragma_update(None, "cache_size", -FILL_CACHE_KIB)?;
        connection.pragma_update(None, "wal_autocheckpoint", FILL_WAL_PAGES)?;
        Ok(())
    }

    /// What SQLite finds when it looks at everything: all pages, and whether every index says what its table does.
    ///
    /// # Errors
    /// When the database is not in order, or cannot be read.
    pub fn check_integrity(&self) -> Result<(), StoreError> {
        let verdict: String = self.connection().query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        if verdict == "ok" { Ok(()) } else { Err(StoreError::Damaged(verdict)) }
    }

    /// Writes what is here into a new file of an older format, as far as that format knows it: for fixtures.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_as_format(&self, path: &Path, format: usize) -> Result<(), StoreError> {
        let mut old = Connection::open(path)?;
        // A fixture is small; the usual pages would be nearly empty.
        old.pragma_update(None, "page_size", FIXTURE_PAGE)?;
        schema::migrations().to_version(&mut old, format).map_err(|error| StoreError::Failed(error.to_string()))?;
        drop(old);
        let connection = self.connection();
        // An older format has no place to say that something waits for the index.
        while search::catch_up(connection)? {}
        connection.pragma_update(None, "foreign_keys", false)?;
        connection.execute("ATTACH ?1 AS old", [path.to_string_lossy()])?;
        // Tables behind a virtual one are written by it.
        let tables = texts(
            connection,
            "SELECT name FROM pragma_table_list
             WHERE schema = 'old' AND type IN ('table', 'virtual') AND name NOT LIKE 'sqlite_%' ORDER BY name",
        )?;
        for table in tables {
            let shared = format!(
                "SELECT o.name FROM pragma_table_info('{table}', 'old') o
                 JOIN pragma_table_info('{table}', 'main') m ON m.name = o.name"
            );
            let mut columns = texts(connection, &shared)?.join(", ");
            if table == "search" {
                columns.push_str(", rowid");
            }
            let copy = format!("INSERT INTO old.{table} ({columns}) SELECT {columns} FROM main.{table}");
            connection.execute(&copy, [])?;
        }
        if format == 3 {
            // Format 3 kept this with the person, later ones keep it in a table of its own.
            let hidden = "UPDATE old.person SET address_hidden = 1 WHERE root IN (SELECT root FROM main.hidden)";
            connection.execute(hidden, [])?;
        }
        connection.execute_batch("DETACH old")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        Ok(())
    }

    /// As if so much had been stored and taken out that after the next `left` entries another slice of the index begins.
    ///
    /// # Errors
    /// When it cannot be written, or when there are entries: these may have been numbered so already.
    pub fn begin_before_next_slice(&self, left: u32) -> Result<(), StoreError> {
        let before = search::SLICE - 1 - i64::from(left);
        let connection = self.connection();
        let put = "INSERT INTO sqlite_sequence (name, seq) SELECT 'entry', ?1 WHERE NOT EXISTS (SELECT 1 FROM entry)";
        connection
            .execute("DELETE FROM sqlite_sequence WHERE name = 'entry' AND NOT EXISTS (SELECT 1 FROM entry)", [])?;
        match connection.execute(put, [before])? {
            0 => Err(StoreError::Failed("there are entries already".to_owned())),
            _ => Ok(()),
        }
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
        POOL.with_borrow_mut(Vec::pop).map_or_else(Self::without_journal, Ok)
    }

    /// A database in memory that keeps no journal. A batch that fails in it leaves it broken, and nothing in a story does: what a disk
    /// refuses there never comes to SQLite.
    fn without_journal() -> Result<Self, StoreError> {
        let db = Self::in_memory()?;
        db.connection().pragma_update(None, "journal_mode", "off")?;
        Ok(db)
    }

    /// Gives a database in memory back, to be used again without what is in it.
    pub fn give_back(mut self) {
        if empty(self.connection_mut()).is_ok() {
            POOL.with_borrow_mut(|pool| pool.push(self));
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

/// Takes everything out of a database; its statements stay. They would not if a setting of the connection were changed for it, for
/// SQLite reads all of them anew then.
fn empty(connection: &mut Connection) -> Result<(), StoreError> {
    let tx = connection.transaction()?;
    for statement in emptying(&tx)? {
        tx.prepare_cached(statement)?.execute([])?;
    }
    tx.commit()?;
    Ok(())
}

/// What empties a database, in an order in which nothing is taken that a row elsewhere still refers to.
fn emptying(connection: &Connection) -> Result<&'static [String], StoreError> {
    if let Some(known) = EMPTYING.get() {
        return Ok(known);
    }
    let pairs = |question: &str| -> Result<Vec<(String, String)>, StoreError> {
        let mut statement = connection.prepare(question)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        Ok(rows)
    };
    let mut left =
        pairs("SELECT name, type FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite_%'")?;
    let refers = pairs(
        "SELECT t.name, k.\"table\" FROM pragma_table_list t JOIN pragma_foreign_key_list(t.name) k WHERE t.schema = 'main'",
    )?;
    let mut statements = vec![];
    while !left.is_empty() {
        let names: Vec<String> = left.iter().map(|(name, _)| name.clone()).collect();
        let needed = |name: &String| refers.iter().any(|(from, to)| to == name && from != name && names.contains(from));
        let (later, now): (Vec<_>, Vec<_>) = left.into_iter().partition(|(name, _)| needed(name));
        if now.is_empty() {
            return Err(StoreError::Failed("tables refer to each other in a circle".to_owned()));
        }
        for (name, kind) in now {
            match kind.as_str() {
                "table" => statements.push(format!("DELETE FROM \"{name}\"")),
                // Full text: without its contents, its index is made anew of nothing. To take out each row takes much longer.
                "virtual" => {
                    statements.push(format!("DELETE FROM \"{name}_content\""));
                    statements.push(format!("INSERT INTO \"{name}\" (\"{name}\") VALUES ('rebuild')"));
                }
                // What a virtual table keeps is its own.
                _ => {}
            }
        }
        left = later;
    }
    statements.push("DELETE FROM sqlite_sequence".to_owned());
    Ok(EMPTYING.get_or_init(|| statements))
}
