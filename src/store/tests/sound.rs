use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use super::files::{contents, refused_as};
use super::*;
use crate::store::StoreError;

/// Enough for twice as many pages.
const MESSAGES: u64 = 600;
/// Pages that hold where each table and index begins, and some more.
const ROOTS: usize = 70;
/// Nothing here should take this long.
const DEADLINE: Duration = Duration::from_secs(30);

/// Opens a file as if it were too large to be read whole each time.
fn open(path: &Path) -> Result<Db, StoreError> {
    Db::open_as(path, 0)
}

/// A database with some pages, closed in order.
fn closed(path: &Path) {
    let mut db = open(path).unwrap();
    db.apply(Writer::new(1, 1).run(MESSAGES).into_iter().map(|entry| Op::Append(Box::new(entry))).collect());
}

/// Spoils all pages of a file but the first ones, where every table begins.
fn spoil(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    bytes[4096 * ROOTS..].fill(0xaa);
    fs::write(path, bytes).unwrap();
}

fn changed(path: &Path) -> SystemTime {
    fs::metadata(path).unwrap().modified().unwrap()
}

fn set_changed(path: &Path, to: SystemTime) {
    File::options().write(true).open(path).unwrap().set_modified(to).unwrap();
}

/// A large file that is as it was left is opened without reading all of it: that is what makes a long history start at once.
/// Damage that leaves no trace is an error when it is met.
#[test]
fn a_file_that_nobody_has_touched_is_not_read_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kith.db");
    closed(&path);
    let left = changed(&path);
    spoil(&path);
    set_changed(&path, left);
    let mut db = open(&path).unwrap();
    let ops = vec![Op::History { conversation: conversation(), before: None, limit: 1_000 }, Op::CountWaiting];
    assert!(matches!(db.apply(ops).remove(0), Err(StoreError::Damaged(_))));
}

/// Whatever else has changed a file, all of it is read first, and damage leaves it as it is.
#[test]
fn a_file_that_was_changed_is_read_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kith.db");
    closed(&path);
    let (left, whole) = (changed(&path), fs::read(&path).unwrap());
    spoil(&path);
    set_changed(&path, left + Duration::from_secs(1));
    assert!(matches!(refused_as(&path, 0), StoreError::Damaged(_)));

    fs::write(&path, &whole[..whole.len() - 4096]).unwrap();
    set_changed(&path, left);
    assert!(matches!(refused_as(&path, 0), StoreError::Damaged(_)), "its size tells");

    fs::write(&path, &whole).unwrap();
    set_changed(&path, left + Duration::from_secs(1));
    assert_eq!(
        shown(&mut open(&path).unwrap()).len() as u64,
        MESSAGES,
        "a whole one is opened, whoever has changed it"
    );
}

/// Without the note, or with one that says nothing, all of the file is read.
#[test]
fn a_file_without_a_note_is_read_whole() {
    for note in [None, Some("kith-sound-1"), Some("kith-sound-1 1 2 3"), Some("a letter"), Some("")] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kith.db");
        closed(&path);
        let left = changed(&path);
        spoil(&path);
        set_changed(&path, left);
        let beside = folder.path().join("kith.db-sound");
        match note {
            Some(note) => fs::write(beside, note).unwrap(),
            None => fs::remove_file(beside).unwrap(),
        }
        assert!(matches!(refused_as(&path, 0), StoreError::Damaged(_)), "{note:?}");
    }
}

/// After a process was killed its file is opened at once and read whole in the background. Damage ends all use of it: nothing
/// more is written, not even at the end.
#[test]
fn a_file_of_a_killed_process_is_read_in_the_background() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kith.db");
    let db = {
        closed(&path);
        let mut db = open(&path).unwrap();
        append(&mut db, &Writer::new(2, 2).run(1)[0]);
        db
    };
    // As a killed process leaves it.
    let killed = folder.path().join("killed.db");
    fs::copy(&path, &killed).unwrap();
    fs::copy(folder.path().join("kith.db-wal"), folder.path().join("killed.db-wal")).unwrap();
    drop(db);
    assert_eq!(shown(&mut open(&killed).unwrap()).len() as u64, MESSAGES + 1, "a whole one stays in use");

    fs::copy(&path, &killed).unwrap();
    let mut db = open(&path).unwrap();
    append(&mut db, &Writer::new(3, 3).run(1)[0]);
    fs::copy(folder.path().join("kith.db-wal"), folder.path().join("killed.db-wal")).unwrap();
    drop(db);
    spoil(&killed);
    let mut db = open(&killed).unwrap();
    let begun = Instant::now();
    while db.damage().is_none() {
        assert!(begun.elapsed() < DEADLINE, "the damage is not found");
        std::thread::yield_now();
    }
    let before = contents(folder.path());
    let entry = Writer::new(4, 4).run(1).remove(0);
    assert!(matches!(db.apply(vec![Op::Append(Box::new(entry))]).remove(0), Err(StoreError::Damaged(_))));
    drop(db);
    let content = |files: Vec<(std::ffi::OsString, Vec<u8>)>| -> Vec<_> {
        files.into_iter().filter(|(name, _)| !name.to_string_lossy().ends_with("-shm")).collect()
    };
    assert!(content(contents(folder.path())) == content(before), "a damaged file was written to");
}

/// A file that is to be brought to a newer format is read whole first, whatever was noted of it.
#[test]
fn a_file_of_an_older_format_is_read_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kith.db");
    closed(&path);
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.pragma_update(None, "user_version", 1).unwrap();
    drop(connection);
    let left = changed(&path);
    drop(fs::remove_file(folder.path().join("kith.db-sound")));
    spoil(&path);
    let size = fs::metadata(&path).unwrap().len();
    set_changed(&path, left);
    let nanos = left.duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
    let now = SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    fs::write(folder.path().join("kith.db-sound"), format!("kith-sound-1 {size} {nanos} {now}\n")).unwrap();
    assert!(matches!(refused_as(&path, 0), StoreError::Damaged(_)));
}

/// Closing does not wait for the look in the background, and the next start goes on with it.
#[test]
fn a_look_that_was_stopped_is_begun_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kith.db");
    closed(&path);
    let beside = folder.path().join("kith.db-sound");
    let noted = fs::read_to_string(&beside).unwrap();
    // As if nothing had been found yet.
    let words: Vec<&str> = noted.split_whitespace().take(3).collect();
    fs::write(&beside, words.join(" ")).unwrap();
    drop(open(&path).unwrap());
    let mut db = open(&path).unwrap();
    assert_eq!(shown(&mut db).len() as u64, MESSAGES);
    let begun = Instant::now();
    // The note is complete once a look has ended.
    loop {
        drop(db);
        let noted = fs::read_to_string(&beside).unwrap();
        if noted.split_whitespace().count() == 4 {
            break;
        }
        assert!(begun.elapsed() < DEADLINE, "no look ends: {noted}");
        db = open(&path).unwrap();
        std::thread::sleep(Duration::from_millis(20));
    }
}
