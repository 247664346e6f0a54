//! Opening: what a file must be before it is touched, how every connection is set, and the numbered migrations.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite_migration::{M, Migrations};

use super::sound::{self, Due};
use super::{StoreError, groups, live, search};

/// One file per format, in order. Their number is the format.
const MIGRATIONS: &[M<'static>] = &[
    M::up(include_str!("migrations/0001.sql")),
    M::up(include_str!("migrations/0002.sql")),
    M::up(include_str!("migrations/0003.sql")),
    M::up(include_str!("migrations/0004.sql")),
    M::up(FIFTH),
    M::up(include_str!("migrations/0006.sql")),
    M::up(include_str!("migrations/0007.sql")),
    M::up(EIGHTH),
    M::up(include_str!("migrations/0009.sql")),
    M::up(include_str!("migrations/0010.sql")),
];
/// It also reads headers, which SQL cannot.
const FIFTH: &str = include_str!("migrations/0005.sql");
/// It also looks through the entries of groups.
const EIGHTH: &str = include_str!("migrations/0008.sql");
/// The highest format that this program knows.
pub(super) const FORMAT: i64 = MIGRATIONS.len() as i64;
/// "Kith", as in the first migration: tells our databases from those of others.
const APPLICATION_ID: i64 = 0x4b69_7468;
/// More than this layer has statements (some 200): each is parsed once.
const STATEMENTS_MAX: usize = 256;
/// Pages that are kept in memory, in KiB: the upper levels of every index of a million messages, which SQLite's own 2 MiB are not.
const CACHE_KIB: i64 = 16 * 1024;
/// Another process (a backup, somebody's `sqlite3`) may hold a lock for a moment.
const BUSY_TIMEOUT_MS: u32 = 5_000;
/// The part of SQLite's header that names it: §1.3 of its file format.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
const HEADER_BYTES: usize = 100;

/// Opens or creates a file that only its owner may read. Says when all of its pages are to be read, which a file larger than
/// `whole_max` may still have before it.
pub(super) fn open(path: &Path, whole_max: u64) -> Result<(Connection, Due), StoreError> {
    create(path)?;
    inspect(path)?;
    let unclean = has_wal(path);
    let due = sound::due(path, unclean, whole_max);
    let connection = Connection::open(path)?;
    // Until it is known to be ours, not even a clean-up at closing may change what a killed process has left.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, unclean)?;
    connection.pragma_update(None, "busy_timeout", BUSY_TIMEOUT_MS)?;
    let current = check(&connection)?;
    // What changes every row must not begin with damaged ones.
    let due = if current { due } else { Due::Now };
    if due == Due::Now {
        sound::look(&connection)?;
    }
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    restrict(path)?;
    let connection = prepare(connection)?;
    if unclean || !current {
        // A process that was killed right after a deletion has left the text in its WAL; a migration may have had one take effect.
        empty_wal(&connection)?;
    }
    Ok((connection, due))
}

/// A database that ends with its connection.
pub(super) fn in_memory() -> Result<Connection, StoreError> {
    prepare(Connection::open_in_memory()?)
}

/// Moves everything into the database and cuts the WAL to nothing; tells whether it could: another process may be reading.
pub(super) fn empty_wal(connection: &Connection) -> Result<bool, StoreError> {
    let busy: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    Ok(busy == 0)
}

pub(super) fn prepare(mut connection: Connection) -> Result<Connection, StoreError> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    // Without it SQLite plans every statement with `LIMIT ?` anew for each value: with each message that is read or stored.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // NORMAL may lose the last commits at a power cut, and what we have committed we have acknowledged.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    migrations().to_latest(&mut connection).map_err(|error| match error {
        rusqlite_migration::Error::RusqliteError { err, .. } => err.into(),
        other => StoreError::Failed(other.to_string()),
    })?;
    Ok(connection)
}

pub(super) fn migrations() -> Migrations<'static> {
    let mut all = MIGRATIONS.to_vec();
    if let Some(fifth) = all.get_mut(4) {
        *fifth = M::up_with_hook(FIFTH, |tx| Ok(live::fill(tx)?));
    }
    if let Some(eighth) = all.get_mut(7) {
        *eighth = M::up_with_hook(EIGHTH, |tx| Ok(search::at_once(tx, groups::fill).map_err(StoreError::into_sqlite)?));
    }
    Migrations::new(all)
}

/// SQLite would create the file readable for others first, and its WAL takes the database's mode.
fn create(path: &Path) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Takes from others what an older system or a copy may have given them.
fn restrict(path: &Path) -> Result<(), StoreError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mut permissions = std::fs::metadata(path)?.permissions();
        if permissions.mode() & 0o077 != 0 {
            permissions.set_mode(0o600);
            std::fs::set_permissions(path, permissions)?;
        }
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Reads the header before SQLite does: opening a file in WAL mode may already write beside it.
fn inspect(path: &Path) -> Result<(), StoreError> {
    let mut header = Vec::with_capacity(HEADER_BYTES);
    File::open(path)?.take(HEADER_BYTES as u64).read_to_end(&mut header)?;
    if header.is_empty() {
        return Ok(());
    }
    if header.len() < HEADER_BYTES || !header.starts_with(MAGIC) {
        return Err(StoreError::Damaged("the file is no SQLite database".to_owned()));
    }
    let field = |at: usize| {
        let bytes = header.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default();
        i64::from(i32::from_be_bytes(bytes))
    };
    refuse(field(68), field(60))
}

/// Whether somebody's last commits stand in the WAL only.
pub(super) fn has_wal(path: &Path) -> bool {
    let mut wal = path.as_os_str().to_owned();
    wal.push("-wal");
    std::fs::metadata(wal).is_ok_and(|wal| wal.len() > 0)
}

fn refuse(application: i64, format: i64) -> Result<(), StoreError> {
    if application != 0 && application != APPLICATION_ID {
        return Err(StoreError::Foreign);
    }
    if format > FORMAT {
        return Err(StoreError::Newer { found: format, known: FORMAT });
    }
    Ok(())
}

/// The same questions to SQLite, which also knows what its WAL says. Tells whether it has the format of this program.
fn check(connection: &Connection) -> Result<bool, StoreError> {
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (application, format) = (pragma("application_id")?, pragma("user_version")?);
    refuse(application, format)?;
    // A process killed between creating the file and the first migration leaves a database without anything in it.
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if (application == 0 || format == 0) && tables > 0 {
        return Err(StoreError::Foreign);
    }
    Ok(format == FORMAT)
}
