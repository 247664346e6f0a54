use std::path::Path;

use rusqlite::Connection;

use super::super::schema::{FORMAT, migrations};
use super::*;
use crate::store::StoreError;

/// What a folder holds, byte for byte.
pub(super) fn contents(folder: &Path) -> Vec<(std::ffi::OsString, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap())
        .map(|file| (file.file_name(), std::fs::read(file.path()).unwrap()))
        .collect();
    files.sort();
    files
}

/// Asserts that a file is refused, and that nothing in its folder has changed.
fn refused(path: &Path) -> StoreError {
    refused_as(path, crate::store::sound::WHOLE_BYTES_MAX)
}

/// The same, where files up to another size are read whole.
pub(super) fn refused_as(path: &Path, whole_max: u64) -> StoreError {
    let before = contents(path.parent().unwrap());
    let error = Db::open_as(path, whole_max).unwrap_err();
    assert!(contents(path.parent().unwrap()) == before, "{error}: the file has changed");
    error
}

/// What was acknowledged is there after closing and opening.
#[test]
fn a_database_can_be_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kith.db");
    let entries = Writer::new(1, 1).run(3);
    let mut db = Db::open(&path).unwrap();
    entries.iter().for_each(|entry| drop(append(&mut db, entry)));
    drop(db);
    assert_eq!(shown(&mut Db::open(&path).unwrap()), ids(&entries));
}

/// Every connection waits for the disk and overwrites what it deletes, and the file says whose it is.
#[test]
fn every_connection_is_set_for_safety() {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(&folder.path().join("kith.db")).unwrap();
    let pragma = |name: &str| -> String {
        let value: rusqlite::types::Value = db.connection().pragma_query_value(None, name, |row| row.get(0)).unwrap();
        match value {
            rusqlite::types::Value::Text(text) => text,
            rusqlite::types::Value::Integer(number) => number.to_string(),
            other => panic!("{other:?}"),
        }
    };
    let expected = [
        ("journal_mode", "wal"),
        ("synchronous", "2"),
        ("foreign_keys", "1"),
        ("secure_delete", "1"),
        ("busy_timeout", "5000"),
        ("trusted_schema", "0"),
        ("application_id", "1265202280"),
    ];
    for (name, value) in expected {
        assert_eq!(pragma(name), value, "{name}");
    }
    assert_eq!(pragma("user_version"), FORMAT.to_string());
}

/// Nobody else on the machine can read the database or what SQLite puts beside it.
#[cfg(unix)]
#[test]
fn files_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kith.db");
    let db = Db::open(&path).unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.file_name());
    }
    drop(db);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    drop(Db::open(&path).unwrap());
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

/// A database of every older format opens and is brought up to date.
#[test]
fn every_migration_opens() {
    migrations().validate().unwrap();
    for format in 0..=usize::try_from(FORMAT).unwrap() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kith.db");
        let mut connection = Connection::open(&path).unwrap();
        migrations().to_version(&mut connection, format).unwrap();
        drop(connection);
        let mut db = Db::open(&path).unwrap();
        append(&mut db, &Writer::new(1, 1).run(1)[0]);
    }
}

/// A database of a newer program is refused and not changed, also when only its WAL tells.
#[test]
fn a_newer_database_is_refused_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kith.db");
    drop(Db::open(&path).unwrap());
    let connection = Connection::open(&path).unwrap();
    connection.pragma_update(None, "user_version", FORMAT + 1).unwrap();
    drop(connection);
    let error = refused(&path);
    assert_eq!(error, StoreError::Newer { found: FORMAT + 1, known: FORMAT });
    assert!(error.to_string().contains("newer Kith"));

    let folder = tempfile::tempdir().unwrap();
    let killed = folder.path().join("kith.db");
    drop(Db::open(&killed).unwrap());
    let main = std::fs::read(&killed).unwrap();
    let connection = Connection::open(&killed).unwrap();
    connection.pragma_update(None, "user_version", FORMAT + 1).unwrap();
    let wal = std::fs::read(folder.path().join("kith.db-wal")).unwrap();
    drop(connection);
    std::fs::write(&killed, &main).unwrap();
    std::fs::write(folder.path().join("kith.db-wal"), &wal).unwrap();
    assert_eq!(Db::open(&killed).unwrap_err(), StoreError::Newer { found: FORMAT + 1, known: FORMAT });
    assert!(std::fs::read(&killed).unwrap() == main, "the file has changed");
    assert!(std::fs::read(folder.path().join("kith.db-wal")).unwrap() == wal, "its WAL has changed");
}

/// No database, another program's, or one with broken pages: each is refused with its reason and not changed.
#[test]
fn damaged_and_foreign_files_are_refused_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kith.db");
    std::fs::write(&path, "this is a letter").unwrap();
    assert!(matches!(refused(&path), StoreError::Damaged(_)));
    std::fs::write(&path, vec![b'x'; 10_000]).unwrap();
    assert!(matches!(refused(&path), StoreError::Damaged(_)));

    let foreign = folder.path().join("foreign.db");
    let connection = Connection::open(&foreign).unwrap();
    connection.execute_batch("CREATE TABLE cookies (name TEXT)").unwrap();
    drop(connection);
    assert_eq!(refused(&foreign), StoreError::Foreign);
    let connection = Connection::open(&foreign).unwrap();
    connection.pragma_update(None, "application_id", 7).unwrap();
    drop(connection);
    assert_eq!(refused(&foreign), StoreError::Foreign);

    let broken = folder.path().join("broken.db");
    let mut db = Db::open(&broken).unwrap();
    db.apply(Writer::new(1, 1).run(200).into_iter().map(|entry| Op::Append(Box::new(entry))).collect());
    drop(db);
    let whole = std::fs::read(&broken).unwrap();
    let mut bytes = whole.clone();
    bytes[4096 * 3..4096 * 20].fill(0xaa);
    std::fs::write(&broken, &bytes).unwrap();
    assert!(matches!(refused(&broken), StoreError::Damaged(_)));
    std::fs::write(&broken, &whole[..whole.len() / 2]).unwrap();
    assert!(matches!(refused(&broken), StoreError::Damaged(_)));
}

/// A folder that is not there or a path that is one is an error with the system's words.
#[test]
fn a_file_that_cannot_be_made_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(Db::open(&folder.path().join("missing").join("kith.db")), Err(StoreError::Io(_))));
    assert!(Db::open(folder.path()).is_err());
}
