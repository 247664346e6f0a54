mod behind;

use proptest::prelude::*;
use rusqlite::Connection;

use super::super::schema::{self, FORMAT, migrations};
use super::*;
use crate::log::fold::Content;
use crate::log::{Deletion, Query};
use crate::store::{FOUND_MAX, Found, Hit, Place};

const PEER: u8 = 2;
/// The format before the index.
const BEFORE: usize = 5;

fn look(db: &mut Db, typed: &str, within: Option<ConversationId>, before: Option<u64>, limit: u32) -> Found {
    let query = Query::parse(typed).unwrap();
    match one(db, Op::Search { query, within, before, limit }) {
        Outcome::Found(found) => found,
        other => panic!("{other:?}"),
    }
}

/// The texts that are found, newest first.
fn texts(db: &mut Db, typed: &str) -> Vec<String> {
    let found = look(db, typed, None, None, FOUND_MAX);
    assert_eq!(found.next, None);
    let text = |hit: Hit| match hit.message.folded.content {
        Content::Text(text) => text,
        other => panic!("{other:?}"),
    };
    found.hits.into_iter().map(text).collect()
}

fn say(db: &mut Db, lines: &[&str]) -> Vec<EntryId> {
    let mut bob = Writer::new(PEER, 2);
    let entries: Vec<Entry> = (1..).zip(lines).map(|(time, text)| bob.write(time, &[], text)).collect();
    insert(db, device(PEER), &entries);
    ids(&entries)
}

/// Every word, the beginning of the last one, words side by side, and two characters of a Japanese sentence find a message;
/// what is not there does not.
#[test]
fn a_message_is_found_by_its_words() {
    let mut db = Db::in_memory().unwrap();
    let lines =
        ["Good morning, Café!", "Did the new keys arrive?", "昨日は東京タワーに行きました", "мир 🎉", "good keys"];
    say(&mut db, &lines);
    let cases: [(&str, &[&str]); 14] = [
        ("morning", &[lines[0]]),
        ("CAFE", &[lines[0]]),
        ("good", &[lines[4], lines[0]]),
        ("keys", &[lines[4], lines[1]]),
        ("ke", &[lines[4], lines[1]]),
        ("keys arr", &[lines[1]]),
        ("arrive keys", &[lines[1]]),
        ("\"new keys\"", &[lines[1]]),
        ("\"keys new\"", &[]),
        ("東京", &[lines[2]]),
        ("京都", &[]),
        ("た 東", &[lines[2]]),
        ("🎉", &[lines[3]]),
        ("ke arrive", &[]),
    ];
    for (typed, expected) in cases {
        assert_eq!(texts(&mut db, typed), expected, "{typed}");
    }
    let own = Writer::new(1, 1).write(9, &[], "my own needle");
    append(&mut db, &own);
    assert_eq!(texts(&mut db, "needle"), ["my own needle"]);
}

/// What waits for another entry, or cannot be shown, is not found until it can.
#[test]
fn what_is_not_shown_is_not_found() {
    let mut db = Db::in_memory().unwrap();
    let mut bob = Writer::new(PEER, 2);
    let (first, second) = (bob.write(1, &[], "first"), bob.write(2, &[], "second"));
    let junk = bob.write_raw(3, 77, Text::new("third").unwrap().to_bytes());
    insert(&mut db, device(PEER), &[second, junk]);
    assert_eq!(texts(&mut db, "second"), [""; 0]);
    insert(&mut db, device(PEER), &[first]);
    assert_eq!(texts(&mut db, "second"), ["second"]);
    assert_eq!(texts(&mut db, "third"), [""; 0]);
}

/// What is found is the text as it reads now: the last edit, nothing of what was deleted for everyone or here, in whichever order
/// that arrived.
#[test]
fn what_is_found_is_what_is_read() {
    let mut bob = Writer::new(PEER, 2);
    let body = |text: &str| Text::new(text).unwrap().to_bytes();
    let (first, second) = (bob.write(1, &[], "old words"), bob.write(2, &[], "other words"));
    let edit = bob.write_on(3, first.id(), kind::EDIT, body("new phrase"));
    let deletion = bob.write_on(4, second.id(), kind::DELETE, Deletion {}.to_bytes());
    // Of somebody else.
    let early = Writer::new(3, 3).write_on(0, first.id(), kind::EDIT, body("not his"));
    let all = [first.clone(), second, edit, deletion, early];
    for order in [[0, 1, 2, 3, 4], [4, 0, 1, 2, 3], [0, 1, 4, 2, 3]] {
        let mut db = Db::in_memory().unwrap();
        for at in order {
            insert(&mut db, device(PEER), std::slice::from_ref(&all[at]));
        }
        assert_eq!(texts(&mut db, "phrase"), ["new phrase"]);
        for gone in ["old", "words", "other", "his"] {
            assert_eq!(texts(&mut db, gone), [""; 0], "{gone} in {order:?}");
        }
        one(&mut db, Op::Hide { conversation: conversation(), id: first.id() });
        assert_eq!(texts(&mut db, "phrase"), [""; 0]);
    }
}

/// Pages go down without a gap, over the borders of slices too, and stay in one conversation when they should.
#[test]
fn pages_of_what_was_found_go_down() {
    let mut db = Db::in_memory().unwrap();
    let all = say(&mut db, &["hay one", "needle two", "hay three", "needle four", "needle five"]);
    // As if years lay between them.
    for (local, far) in [(5, 90_000), (4, 32_768), (3, 32_767)] {
        db.connection().execute("DELETE FROM search WHERE rowid = ?1", [local]).unwrap();
        db.connection().execute("DELETE FROM head WHERE entry = ?1", [local]).unwrap();
        db.connection().execute("UPDATE entry SET local = ?2 WHERE local = ?1", [local, far]).unwrap();
        super::super::search::index(db.connection(), far).unwrap();
    }
    let ids = |found: &Found| found.hits.iter().map(|hit| hit.message.id).collect::<Vec<_>>();
    let whole = look(&mut db, "needle", None, None, 10);
    assert_eq!((ids(&whole), whole.next), (vec![all[4], all[3], all[1]], None));
    let (mut paged, mut before) = (vec![], None);
    loop {
        let page = look(&mut db, "needle", Some(conversation()), before, 1);
        paged.extend(ids(&page));
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(paged, ids(&whole));
    let elsewhere = direct_conversation(&RootKey([1; 32]), &RootKey([3; 32]));
    assert_eq!(look(&mut db, "needle", Some(elsewhere), None, 10), Found::default());
    one(&mut db, Op::SaveDraft { conversation: elsewhere, text: "x".into() });
    assert_eq!(look(&mut db, "needle", Some(elsewhere), None, 10), Found::default());
}

/// One look goes through some slices only, and says where the next goes on.
#[test]
fn a_look_has_an_end() {
    let mut db = Db::in_memory().unwrap();
    say(&mut db, &["needle", "hay"]);
    db.connection().execute("DELETE FROM head WHERE entry = 2", []).unwrap();
    db.connection().execute("UPDATE entry SET local = 3000000 WHERE local = 2", []).unwrap();
    let (mut looks, mut before, mut found) = (0, None, vec![]);
    loop {
        looks += 1;
        let page = look(&mut db, "needle", None, before, 10);
        found.extend(page.hits);
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!((looks, found.len()), (6, 1));
}

/// A database that was written before there was an index opens as it is; what it holds is indexed in pieces, the newest
/// first, and what comes meanwhile is found at once.
#[test]
fn what_was_there_before_is_indexed_in_pieces() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kith.db");
    let mut now = Db::open(&path).unwrap();
    let lines: Vec<String> = (0..600).map(|n| format!("needle number{n}")).collect();
    say(&mut now, &lines.iter().map(String::as_str).collect::<Vec<_>>());
    // As an older Kith would have left it.
    let sql = "DROP TABLE search; DROP TABLE unsearched; DROP TABLE searched; DROP TABLE told; DROP TABLE chat; DROP TABLE judged; DROP TABLE recipient;
         DROP INDEX entry_change; DROP INDEX entry_author; ALTER TABLE entry DROP COLUMN era; DROP TABLE era;
         DROP INDEX entry_void; ALTER TABLE entry DROP COLUMN void; ALTER TABLE entry DROP COLUMN forged;
         ALTER TABLE entry DROP COLUMN beside; ALTER TABLE own_log DROP COLUMN seat;";
    now.connection().execute_batch(sql).unwrap();
    now.connection().pragma_update(None, "user_version", i64::try_from(BEFORE).unwrap()).unwrap();
    drop(now);
    let mut db = Db::open(&path).unwrap();
    let Outcome::Loaded(loaded) = one(&mut db, Op::Load) else { panic!() };
    assert!(loaded.unsearched);
    assert_eq!(look(&mut db, "needle", None, None, 10), Found { unfinished: true, ..Found::default() });
    let mut writer = Writer::new(1, 1);
    append(&mut db, &writer.write(9_000, &[], "needle of today"));
    assert_eq!(look(&mut db, "needle", None, None, 10).hits.len(), 1);
    assert_eq!(one(&mut db, Op::IndexMore), Outcome::Indexed { more: true });
    assert_eq!(look(&mut db, "number599", None, None, 10).hits.len(), 1);
    assert_eq!(look(&mut db, "number0", None, None, 10).hits.len(), 0);
    drop(db);
    let mut db = Db::open(&path).unwrap();
    let mut steps = 0;
    while one(&mut db, Op::IndexMore) == (Outcome::Indexed { more: true }) {
        steps += 1;
    }
    assert_eq!(steps, 2);
    let found = look(&mut db, "number0", None, None, 10);
    assert_eq!((found.hits.len(), found.unfinished), (1, false));
    assert_eq!(one(&mut db, Op::IndexMore), Outcome::Indexed { more: false });
    let Outcome::Loaded(loaded) = one(&mut db, Op::Load) else { panic!() };
    assert!(!loaded.unsearched && FORMAT > i64::try_from(BEFORE).unwrap());
}

/// A new database has nothing to make up for.
#[test]
fn a_new_database_is_indexed() {
    let mut connection = Connection::open_in_memory().unwrap();
    migrations().to_latest(&mut connection).unwrap();
    let mut db = Db::from(schema::prepare(connection).unwrap());
    say(&mut db, &["hello"]);
    assert!(!look(&mut db, "hello", None, None, 1).unfinished);
}

/// What is taken out of the index is on no page of the file any more, however often the index was rewritten since it came in.
#[test]
fn what_is_taken_out_leaves_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kith.db");
    let mut db = Db::open(&path).unwrap();
    let mut bob = Writer::new(PEER, 2);
    let secrets: Vec<Entry> = (0..20).map(|n| bob.write(n, &[], &format!("xyzzyplugh{n} quuxfrob{n} said"))).collect();
    for (n, secret) in secrets.iter().enumerate() {
        insert(&mut db, device(PEER), std::slice::from_ref(secret));
        let others: Vec<Entry> = (0..30).map(|m| bob.write(100, &[], &format!("word{m} said{n} {}", n * m))).collect();
        insert(&mut db, device(PEER), &others);
        behind::catch_up(&mut db);
    }
    let holds = |db: &Db, word: &str| {
        db.connection().pragma_update(None, "wal_checkpoint", "truncate").unwrap();
        let bytes = std::fs::read(&path).unwrap();
        bytes.windows(word.len()).any(|window| window == word.as_bytes())
    };
    assert!(holds(&db, "xyzzyplugh") && holds(&db, "quuxfrob"));
    let deletions: Vec<Entry> =
        secrets.iter().map(|secret| bob.write_on(200, secret.id(), kind::DELETE, Deletion {}.to_bytes())).collect();
    insert(&mut db, device(PEER), &deletions);
    assert!(!holds(&db, "xyzzyplugh") && !holds(&db, "quuxfrob"));
    assert_eq!(look(&mut db, "xyzzyplugh1", None, None, 10).hits.len(), 0);
    assert_eq!(look(&mut db, "\"said\"", None, None, FOUND_MAX).hits.len(), 0);
    assert_eq!(look(&mut db, "word7", None, None, FOUND_MAX).hits.len(), 20);
    db.connection().execute("INSERT INTO search (search) VALUES ('integrity-check')", []).unwrap();
}

/// The longest query, and whatever FTS5 takes for an operator, is words and nothing else.
#[test]
fn nothing_that_is_typed_is_an_operator() {
    let mut db = Db::in_memory().unwrap();
    say(&mut db, &["a or b and near not", "words column minus"]);
    for typed in [
        "words : column",
        "search MATCH",
        "-minus",
        "NEAR(words minus)",
        "a OR",
        "^words",
        "{words}: column",
        "1_a",
        "0__1",
    ] {
        drop(texts(&mut db, typed));
    }
    assert_eq!(texts(&mut db, "NOT"), ["a or b and near not"]);
    assert_eq!(texts(&mut db, "minus words"), ["words column minus"]);
    assert_eq!(texts(&mut db, "0__1"), [""; 0], "what stands for a conversation is no word");
    let pairs: String = "東京".repeat(crate::log::QUERY_CHARS_MAX / 2);
    let many: String = "ab ".repeat(crate::log::QUERY_CHARS_MAX / 3);
    for typed in [pairs, many] {
        assert_eq!(texts(&mut db, &typed), [""; 0]);
    }
}

/// A page around a message has it, and as much before it as behind it where there is so much.
#[test]
fn a_page_lies_around_what_was_found() {
    let mut db = Db::in_memory().unwrap();
    let lines: Vec<String> = (0..30).map(|n| n.to_string()).collect();
    let all = say(&mut db, &lines.iter().map(String::as_str).collect::<Vec<_>>());
    let mut around =
        |id, limit| match one(&mut db, Op::Page { conversation: conversation(), at: Place::Around(id), limit }) {
            Outcome::Page(page) => (page.rows.iter().map(|row| row.id).collect::<Vec<_>>(), page.earlier, page.later),
            other => panic!("{other:?}"),
        };
    assert_eq!(around(all[15], 10), (all[10..20].to_vec(), true, true));
    assert_eq!(around(all[1], 10), (all[..10].to_vec(), false, true));
    assert_eq!(around(all[29], 10), (all[20..].to_vec(), true, false));
}

/// Every question goes to the index or to a row by its number; none sorts or reads a table from end to end.
#[test]
fn searches_come_from_the_index() {
    use crate::store::search;
    let db = Db::in_memory().unwrap();
    for (sql, expected) in [
        (search::MATCH, "SCAN search VIRTUAL TABLE INDEX"),
        (search::HIT, "SEARCH e USING INTEGER PRIMARY KEY"),
        (search::UNSEARCHED, "SEARCH entry USING INTEGER PRIMARY KEY"),
        (search::BEHIND, "SEARCH entry USING INTEGER PRIMARY KEY"),
    ] {
        let mut statement = db.connection().prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let parameters = vec![1; statement.parameter_count()];
        let rows = statement.query_map(rusqlite::params_from_iter(parameters), |row| row.get(3)).unwrap();
        let plan: Vec<String> = rows.collect::<Result<_, _>>().unwrap();
        assert!(plan.iter().any(|line| line.contains(expected)), "{sql}: {plan:?}");
        assert!(plan.iter().all(|line| !line.contains("TEMP B-TREE") && !line.contains("SCAN e")), "{sql}: {plan:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// SQLite finds exactly what the pure layer says is in a text, whatever was written and typed.
    #[test]
    fn the_index_agrees_with_the_words(
        lines in prop::collection::vec("[a-cäß東京都_'. ]{1,12}|\\PC{1,12}", 1..8),
        typed in "[a-cä東京都_'\" ]{1,6}|\\PC{1,6}",
    ) {
        let mut db = Db::in_memory().unwrap();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        say(&mut db, &lines);
        let query = Query::parse(&typed).unwrap();
        let mut expected: Vec<&str> = lines.iter().copied().filter(|line| query.is_in(line)).collect();
        expected.reverse();
        prop_assert_eq!(texts(&mut db, &typed), expected, "{:?}", typed);
    }
}
