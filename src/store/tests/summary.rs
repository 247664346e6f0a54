use rusqlite::Connection;

use super::super::schema::migrations;
use super::*;
use crate::store::{Chosen, LAST_TEXT_CHARS_MAX, Loaded, Person, Standing, Summary, UNREAD_COUNT_MAX};

fn summary(db: &mut Db) -> Summary {
    match one(db, Op::Summarise(vec![conversation()])) {
        Outcome::Summaries(mut summaries) => summaries.remove(0),
        other => panic!("{other:?}"),
    }
}

fn load(db: &mut Db) -> Loaded {
    match one(db, Op::Load) {
        Outcome::Loaded(loaded) => *loaded,
        other => panic!("{other:?}"),
    }
}

fn person(seed: u8) -> Person {
    Person {
        root: RootKey([seed; 32]),
        standing: Standing::Contact,
        card: vec![],
        asked: None,
        token: None,
        asking: None,
        accepting: false,
    }
}

/// A conversation in a line: its last message in the conversation's order, as far as that has come; how many are unread; and
/// a number that grows with everything that arrives, whatever the clocks say.
#[test]
fn a_summary_shows_the_end_of_a_conversation() {
    let mut db = Db::in_memory().unwrap();
    let nothing = Summary {
        conversation: conversation(),
        last: None,
        unread: 0,
        activity: 0,
        draft: String::new(),
        chosen: Chosen::default(),
        gaps: Gaps::default(),
    };
    assert_eq!(summary(&mut db), nothing);
    let (mut alice, mut bob) = (Writer::new(1, 1), Writer::new(2, 2));
    let mine = alice.write(100, &[], "mine");
    append(&mut db, &mine);
    let before = summary(&mut db);
    assert_eq!(before.last.as_ref().map(|last| (last.id, last.progress)), Some((mine.id(), Progress::Queued)));
    assert_eq!(before.last.map(|last| (last.author, last.time, last.text)), Some((alice.author, 100, "mine".into())));
    one(&mut db, Op::MarkSent { ids: vec![mine.id()], way: Way::Direct });
    assert_eq!(summary(&mut db).last.map(|last| last.progress), Some(Progress::Sent));
    insert(&mut db, device(2), &[bob.write(1, &[], "his clock is late")]);
    let after = summary(&mut db);
    assert_eq!(after.last.map(|last| last.id), Some(mine.id()));
    assert_eq!(after.unread, 1);
    assert!(after.activity > before.activity);
    insert(&mut db, device(2), &[bob.write(200, &[], &"long ".repeat(3_000))]);
    assert_eq!(summary(&mut db).last.map(|last| last.text.chars().count()), Some(LAST_TEXT_CHARS_MAX));
    for _ in 0..3 {
        let entries: Vec<Entry> = (0..400).map(|n| bob.write(300 + n, &[], "again")).collect();
        insert(&mut db, device(2), &entries);
    }
    assert_eq!(summary(&mut db).unread, UNREAD_COUNT_MAX);
}

/// However many things somebody writes that are no rows, the last line stays the last row's, and nothing moves up in the list.
#[test]
fn only_rows_are_in_a_summary() {
    let mut db = Db::in_memory().unwrap();
    let mut bob = Writer::new(2, 2);
    let hello = bob.write(0, &[], "hello");
    let others: Vec<Entry> = (1..=300).map(|time| bob.write_raw(time, kind::REACTION, vec![])).collect();
    insert(&mut db, device(2), std::slice::from_ref(&hello));
    let before = summary(&mut db);
    assert_eq!(before.last.as_ref().map(|last| (last.id, last.newer, last.deleted)), Some((hello.id(), false, false)));
    insert(&mut db, device(2), &others);
    assert_eq!(summary(&mut db), before);
    let newer = bob.write_raw(301, kind::TEXT, vec![]);
    insert(&mut db, device(2), std::slice::from_ref(&newer));
    assert_eq!(
        summary(&mut db).last.map(|last| (last.id, last.newer, last.text)),
        Some((newer.id(), true, String::new()))
    );
    assert_eq!(summary(&mut db).unread, 2);
    assert!(summary(&mut db).activity > before.activity);
}

/// Drafts and nicknames are there after a restart, also before anything was said, until they are taken away; a nickname
/// goes with its person.
#[test]
fn drafts_and_nicknames_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kith.db");
    let draft = |text: &str| Op::SaveDraft { conversation: conversation(), text: text.to_owned() };
    let nickname = |name: &str| Op::SaveNickname { root: RootKey([2; 32]), nickname: name.to_owned() };
    let mut db = Db::open(&path).unwrap();
    db.apply(vec![
        Op::SavePerson(Box::new(person(2))),
        Op::SaveOwnLog { conversation: conversation(), log: LogId([1; 16]) },
        draft("typ"),
        draft("typed  \n"),
        nickname("Bobby"),
        Op::SavePerson(Box::new(person(2))),
    ]);
    drop(db);
    let mut db = Db::open(&path).unwrap();
    let loaded = load(&mut db);
    assert_eq!(loaded.nicknames, vec![(RootKey([2; 32]), "Bobby".to_owned())]);
    assert_eq!(loaded.summaries.iter().map(|summary| summary.draft.as_str()).collect::<Vec<_>>(), ["typed  \n"]);
    db.apply(vec![draft(""), nickname("")]);
    assert_eq!((summary(&mut db).draft, load(&mut db).nicknames), (String::new(), vec![]));
    db.apply(vec![nickname("Bobby"), Op::DeletePerson(RootKey([2; 32])), Op::SavePerson(Box::new(person(2)))]);
    assert_eq!(load(&mut db).nicknames, vec![]);
}

/// A database that an older Kith has written opens with all that it held, and what was in it counts as read.
#[test]
fn a_database_of_the_first_format_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kith.db");
    let mut bob = Writer::new(2, 2);
    let old = bob.write(1, &[], "from before");
    let mut connection = Connection::open(&path).unwrap();
    migrations().to_version(&mut connection, 1).unwrap();
    connection
        .execute_batch(
            "INSERT INTO device (id, key) VALUES (1, zeroblob(32));
             INSERT INTO person (root, standing, card) VALUES (zeroblob(32), 4, x'00');",
        )
        .unwrap();
    connection.execute("INSERT INTO conversation (id, key) VALUES (1, ?1)", [conversation().0]).unwrap();
    connection.execute("UPDATE device SET key = ?1", [bob.device().0]).unwrap();
    connection
        .execute(
            "INSERT INTO log (id, conversation, device, name, count, head, top, entries, latest)
             VALUES (1, 1, 1, ?1, 1, ?2, 1, 1, 1)",
            rusqlite::params![bob.log.0, old.id().0],
        )
        .unwrap();
    let wire = old.wire();
    connection
        .execute(
            "INSERT INTO entry (conversation, log, sequence, progress, kind, time, position, id, author, header, signature,
                 salt, body) VALUES (1, 1, 0, 4, 1, 1, 4294967296, ?1, ?2, ?3, ?4, ?5, ?6)",
            rusqlite::params![
                old.id().0,
                bob.author.0,
                wire.header,
                wire.signature.0,
                wire.salt.map(|salt| salt.0),
                wire.body
            ],
        )
        .unwrap();
    connection.execute("INSERT INTO head (conversation, entry) VALUES (1, 1)", []).unwrap();
    drop(connection);
    let mut db = Db::open(&path).unwrap();
    assert_eq!(load(&mut db).people.len(), 1);
    let found = summary(&mut db);
    assert_eq!((found.last.map(|last| last.id), found.unread), (Some(old.id()), 0));
    insert(&mut db, device(2), &[bob.write(2, &[], "from now on")]);
    assert_eq!(summary(&mut db).unread, 1);
    assert_eq!(shown(&mut db).len(), 2);
}
