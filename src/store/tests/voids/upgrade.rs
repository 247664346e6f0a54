//! Databases of format 7, in which an outsider's entry was a head like any other.

use std::path::Path;

use super::super::files;
use super::*;
use crate::log::Deletion;
use crate::store::StoreError;

const INTRUDER: usize = 4;

/// The first entry of somebody's log in a group that they have no place in.
fn intrusion(room: &mut Room) -> Entry {
    let body = Text::new("me too").unwrap().to_bytes();
    room.sign(INTRUDER, &Pen::default(), vec![], kind::TEXT, None, body)
}

/// Somebody names the outsider's entry, as an older Kith did, and goes on from there.
fn careless(room: &mut Room, by: usize, intruder: &Entry, kind: u32, body: Vec<u8>) -> Entry {
    let pen = room.pens[by].clone();
    let creation = room.entries[0].id();
    let after: BTreeSet<EntryId> = [creation, intruder.id()].into_iter().filter(|id| Some(*id) != pen.last).collect();
    let after = after.into_iter().collect();
    let entry = room.sign(by, &pen, after, kind, None, body);
    room.pens[by] = Pen { next: pen.next + 1, last: Some(entry.id()) };
    entry
}

/// Writes what is here as format 7 has it, in which these counted.
fn as_format_seven(db: &Db, path: &Path, counted: &[&Entry], did_not: &[&Entry]) {
    db.write_as_format(path, 7).unwrap();
    let old = rusqlite::Connection::open(path).unwrap();
    for (void, entries) in [(0, counted), (2, did_not)] {
        for entry in entries {
            let set = "UPDATE entry SET void = ?2, shown = (kind = 1 AND ?2 = 0) WHERE id = ?1";
            assert_eq!(old.execute(set, rusqlite::params![entry.id().0, void]).unwrap(), 1);
        }
    }
    old.execute("DELETE FROM head", []).unwrap();
    let last = counted.last().unwrap().id();
    old.execute("INSERT INTO head SELECT conversation, local FROM entry WHERE id = ?1", [last.0]).unwrap();
}

/// What stands behind an outsider's entry counts no more after the upgrade, changes and texts alike, as it is for those who get it
/// now; nothing follows it, and the log of ours that ends with such an entry is known for it.
#[test]
fn a_group_is_judged_anew_by_the_upgrade() {
    let mut room = Room::new(2);
    let creation = room.entries[0].clone();
    let fine = room.say(0, "this counts");
    let intruder = intrusion(&mut room);
    let card = Box::new(EVERYBODY[3].1.clone());
    let added = careless(&mut room, 0, &intruder, kind::GROUP, Action::Add { card }.to_bytes());
    room.known[3].insert(added.id());
    let newcomer = room.say(3, "hello");
    let text = careless(&mut room, 2, &intruder, kind::TEXT, Text::new("hi").unwrap().to_bytes());
    let ours = careless(&mut room, 1, &intruder, kind::TEXT, Text::new("what was that?").unwrap().to_bytes());
    let mut new = Db::in_memory().unwrap();
    // What waits for the creation is not refused.
    insert(&mut new, &[&intruder, &fine, &added, &newcomer, &text, &creation]);
    one(&mut new, Op::SaveOwnLog { conversation: room.conversation, log: ours.header().log });
    assert!(matches!(append(&mut new, &ours), Outcome::Appended { .. }));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kith.db");
    as_format_seven(&new, &path, &[&fine, &added, &newcomer, &text, &ours], &[&intruder]);
    let mut db = Db::open(&path).unwrap();
    let expected = room.expected();
    for (id, (void, shown, ..)) in rows(&db) {
        let entry = room.entries.iter().find(|entry| entry.id() == id).unwrap();
        assert_eq!(void, expected[&id] || room.beside.contains(&id), "{:?}", entry.header());
        assert_eq!(shown, !void && entry.header().kind == kind::TEXT, "{:?}", entry.header());
    }
    assert_eq!(rows(&db), rows(&new), "as if it had come today");
    let Outcome::Group(row) = one(&mut db, Op::Group(room.conversation)) else { panic!() };
    assert_eq!((row.heads, row.group.fold().membership().unwrap().members.len()), (vec![fine.id()], 3));
    let Outcome::Loaded(loaded) = one(&mut db, Op::Load) else { panic!() };
    assert_eq!(loaded.logs.iter().map(|log| (log.last, log.beside)).collect::<Vec<_>>(), [(Some(ours.id()), true)]);
    assert_eq!(one(&mut db, Op::CountWaiting), Outcome::Count(0), "it goes to nobody");
}

/// A group that cannot be looked through stops the upgrade: the file stays as it was, and nothing is lost.
#[test]
fn a_group_that_cannot_be_read_stops_the_upgrade() {
    let mut room = Room::new(1);
    let creation = room.entries[0].clone();
    let text = room.say(0, "hello");
    let mut new = Db::in_memory().unwrap();
    insert(&mut new, &[&creation, &text]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kith.db");
    as_format_seven(&new, &path, &[&creation, &text], &[]);
    let old = rusqlite::Connection::open(&path).unwrap();
    let eras = || old.query_row("SELECT count(era) FROM entry", [], |row| row.get::<_, i64>(0)).unwrap();
    let format = || old.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0)).unwrap();
    old.execute("UPDATE entry SET header = x'00' WHERE id = ?1", [text.id().0]).unwrap();
    let error = Db::open(&path).unwrap_err();
    assert!(matches!(&error, StoreError::Damaged(why) if why.contains("the header of entry")), "{error}");
    assert_eq!((eras(), format()), (2, 7));
    old.execute("UPDATE entry SET header = ?2 WHERE id = ?1", rusqlite::params![text.id().0, text.wire().header])
        .unwrap();
    drop(old);
    assert_eq!(visible(&Db::open(&path).unwrap(), &text), (false, true, true, true));
}

/// A deletion that counts by the upgrade erases its text from every file before anything else is done.
#[test]
fn a_deletion_that_counts_by_the_upgrade_erases() {
    const TEXT: &str = "nobody shall find this";
    let mut room = Room::new(2);
    let creation = room.entries[0].clone();
    let intruder = intrusion(&mut room);
    let text = room.say(1, TEXT);
    let cut = room.cut(1, 1);
    let deletion = room.write(1, kind::DELETE, Some(text.id()), Deletion {}.to_bytes());
    let action = Action::Remove { root: root(1), cut };
    let removal = careless(&mut room, 0, &intruder, kind::GROUP, action.to_bytes());
    let mut new = Db::in_memory().unwrap();
    insert(&mut new, &[&intruder, &text, &removal, &deletion, &creation]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kith.db");
    // It came after the removal and did not count.
    as_format_seven(&new, &path, &[&text, &removal], &[&intruder, &deletion]);
    let old = rusqlite::Connection::open(&path).unwrap();
    let wire = text.wire();
    let values = rusqlite::params![text.id().0, wire.salt.map(|salt| salt.0), wire.body];
    assert_eq!(old.execute("UPDATE entry SET salt = ?2, body = ?3 WHERE id = ?1", values).unwrap(), 1);
    drop(old);
    let found = || {
        let files = files::contents(folder.path());
        files.iter().any(|(_, bytes)| bytes.windows(TEXT.len()).any(|window| window == TEXT.as_bytes()))
    };
    assert!(found());
    let db = Db::open(&path).unwrap();
    assert!(!visible(&db, &text).3 && !visible(&db, &deletion).0);
    assert!(!found(), "the text stands in a file");
}
