//! The index comes behind what is stored.

use super::*;
use crate::log::TEXT_BYTES_MAX;

/// How many rows the index has.
fn rows(db: &Db) -> i64 {
    db.connection().query_row("SELECT count(*) FROM search_content", [], |row| row.get(0)).unwrap()
}

pub fn catch_up(db: &mut Db) {
    while db.is_behind() {
        db.index(|| (), || ()).unwrap();
    }
}

/// What is stored does not wait for the index, and a search waits for what was stored. Between the two the process may die: the next one
/// goes on where the index ends.
#[test]
fn the_index_comes_behind_and_is_not_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kith.db");
    let lines: Vec<String> = (0..300).map(|n| format!("needle number{n}")).collect();
    let mut db = Db::open(&path).unwrap();
    say(&mut db, &lines.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(rows(&db) == 0 && db.is_behind());
    // It dies before any row, and after some.
    for rows_then in [0, 256] {
        drop(db);
        db = Db::open(&path).unwrap();
        assert!(rows(&db) == rows_then && db.is_behind());
        db.index(|| (), || ()).unwrap();
    }
    assert!(rows(&db) == 300 && !db.is_behind());
    append(&mut db, &Writer::new(1, 1).write(9_000, &[], "needle of today"));
    assert!(rows(&db) == 300 && db.is_behind());
    drop(db);
    let mut db = Db::open(&path).unwrap();
    assert_eq!(texts(&mut db, "today"), ["needle of today"]);
    assert_eq!(rows(&db), 301);
}

/// However much comes, few wait.
#[test]
fn the_index_does_not_stay_far_behind() {
    let mut db = Db::in_memory().unwrap();
    let mut bob = Writer::new(PEER, 2);
    for batch in 0..12 {
        let entries: Vec<Entry> = (0..250).map(|at| bob.write(batch * 250 + at, &[], "needle")).collect();
        insert(&mut db, device(PEER), &entries);
        let stored: i64 = db.connection().query_row("SELECT count(*) FROM entry", [], |row| row.get(0)).unwrap();
        let behind = stored - rows(&db);
        assert!(behind <= 1_024 && (batch > 3 || rows(&db) == 0), "{behind} wait");
    }
}

/// What is about a message that waits for the index counts when its turn comes, and what finds its place after its turn is indexed then.
/// Nothing of a message that was deleted before gets there.
#[test]
fn what_happens_before_its_turn_counts() {
    let body = |text: &str| Text::new(text).unwrap().to_bytes();
    for in_time in [false, true] {
        let mut db = Db::in_memory().unwrap();
        let mut bob = Writer::new(PEER, 2);
        let (first, second, third) = (bob.write(1, &[], "old"), bob.write(2, &[], "erased"), bob.write(3, &[], "late"));
        let edit = bob.write_on(4, first.id(), kind::EDIT, body("changed"));
        let deletion = bob.write_on(5, second.id(), kind::DELETE, Deletion {}.to_bytes());
        // The last two wait for the third.
        for (entries, then) in [(vec![first, second], 0), (vec![edit, deletion], 2), (vec![third], 1)] {
            insert(&mut db, device(PEER), &entries);
            assert_eq!(rows(&db), if in_time { then } else { 0 });
            if in_time {
                catch_up(&mut db);
            }
        }
        catch_up(&mut db);
        assert_eq!(rows(&db), 2);
        let found = ["old", "erased", "changed", "late"].map(|typed| texts(&mut db, typed).len());
        assert_eq!(found, [0, 0, 1, 1]);
    }
}

/// A disk without room for the index keeps nobody from finding what is in it, nor whoever else wished for something at the same time from
/// getting it; what is missing is said.
#[test]
fn a_full_disk_does_not_keep_from_searching() {
    let folder = tempfile::tempdir().unwrap();
    let mut db = Db::open(&folder.path().join("kith.db")).unwrap();
    let mut bob = Writer::new(PEER, 2);
    let mut write = |at: u64| bob.write(at, &[], &format!("needle {at} {}", "hay ".repeat(2_000)));
    insert(&mut db, device(PEER), &[write(1), write(2)]);
    catch_up(&mut db);
    let entries: Vec<Entry> = (3..40).map(&mut write).collect();
    insert(&mut db, device(PEER), &entries);
    let pages: i64 = db.connection().query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    db.connection().pragma_update(None, "max_page_count", pages).unwrap();
    let search = Op::Search { query: Query::parse("needle").unwrap(), within: None, before: None, limit: FOUND_MAX };
    let outcomes = db.apply(vec![Op::CountWaiting, search, Op::Have(entries[0].conversation())]);
    assert!(
        matches!(&outcomes[..], [Ok(_), Ok(Outcome::Found(found)), Ok(_)] if found.hits.len() == 2 && found.unfinished)
    );
    db.connection().pragma_update(None, "max_page_count", 1_000_000).unwrap();
    let found = look(&mut db, "needle", None, None, FOUND_MAX);
    assert!(found.hits.len() == 39 && !found.unfinished);
}

/// Before a search only so much is put into the index: of the longest messages in a script without spaces a few at a time, each in a
/// transaction of its own. The next search goes on.
#[test]
fn a_search_does_not_wait_for_very_much() {
    let mut db = Db::in_memory().unwrap();
    let mut bob = Writer::new(PEER, 2);
    let long: String = "東京駅前大通横断歩道".chars().cycle().take(TEXT_BYTES_MAX / 3).collect();
    let entries: Vec<Entry> = (0..80).map(|at| bob.write(at, &[], &long)).collect();
    insert(&mut db, device(PEER), &entries);
    let mut before = 0;
    while look(&mut db, "東京", None, None, 1).unfinished {
        let more = rows(&db) - before;
        assert!(more > 0 && more < 60, "{more} at once");
        before = rows(&db);
    }
    assert!(before > 0 && rows(&db) == 80);
}
