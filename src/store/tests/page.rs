use super::*;
use crate::log::fold::Content;
use crate::store::{Page, Place, Refusal};

const PEER: u8 = 2;

fn page(db: &mut Db, at: Place, limit: u32) -> Page {
    match one(db, Op::Page { conversation: conversation(), at, limit }) {
        Outcome::Page(page) => page,
        other => panic!("{other:?}"),
    }
}

/// A page's ids, and whether there are more before and after.
fn seen(db: &mut Db, at: Place, limit: u32) -> (Vec<EntryId>, bool, bool) {
    let page = page(db, at, limit);
    (page.rows.iter().map(|row| row.id).collect(), page.earlier, page.later)
}

fn read(db: &mut Db, up_to: EntryId) -> Outcome {
    one(db, Op::MarkRead { conversation: conversation(), up_to })
}

/// What is said of the reading, if it went further.
fn said(outcome: Outcome) -> Option<(u64, EntryId)> {
    match outcome {
        Outcome::Read(mark) => mark.map(|mark| (mark.counter, mark.entry)),
        other => panic!("{other:?}"),
    }
}

fn unread(db: &mut Db) -> (u32, Option<EntryId>) {
    let count = match one(db, Op::Summarise(vec![conversation()])) {
        Outcome::Summaries(summaries) => summaries[0].unread,
        other => panic!("{other:?}"),
    };
    (count, page(db, Place::Latest, 1).first_unread)
}

/// A page lies where it was asked for, says on which side there is more, and an id that is not shown is refused.
#[test]
fn a_page_lies_where_it_was_asked_for() {
    let mut db = Db::in_memory().unwrap();
    assert_eq!(page(&mut db, Place::Latest, 10), Page::default());
    assert_eq!(page(&mut db, Place::Unread, 10), Page::default());
    let nowhere = EntryId([1; 32]);
    let refused = Outcome::Refused(Refusal::UnknownMessage);
    let places = [Place::Before, Place::After, Place::From];
    let ask = |place: fn(EntryId) -> Place, id| Op::Page { conversation: conversation(), at: place(id), limit: 1 };
    places.iter().for_each(|place| assert_eq!(one(&mut db, ask(*place, nowhere)), refused));
    let entries = Writer::new(PEER, 2).run(25);
    let all = ids(&entries);
    insert(&mut db, device(PEER), &entries[..23]);
    // The last one lacks the one before it and has no place yet.
    insert(&mut db, device(PEER), &entries[24..]);
    for id in [nowhere, all[24]] {
        places.iter().for_each(|place| assert_eq!(one(&mut db, ask(*place, id)), refused));
        assert_eq!(read(&mut db, id), refused);
    }
    assert_eq!(seen(&mut db, Place::Latest, 10), (all[13..23].to_vec(), true, false));
    assert_eq!(seen(&mut db, Place::Latest, 23), (all[..23].to_vec(), false, false));
    assert_eq!(seen(&mut db, Place::Before(all[13]), 10), (all[3..13].to_vec(), true, true));
    assert_eq!(seen(&mut db, Place::Before(all[3]), 10), (all[..3].to_vec(), false, true));
    assert_eq!(seen(&mut db, Place::Before(all[0]), 10), (vec![], false, true));
    assert_eq!(seen(&mut db, Place::After(all[3]), 10), (all[4..14].to_vec(), true, true));
    assert_eq!(seen(&mut db, Place::After(all[12]), 10), (all[13..23].to_vec(), true, false));
    assert_eq!(seen(&mut db, Place::After(all[22]), 10), (vec![], true, false));
    assert_eq!(seen(&mut db, Place::From(all[0]), 10), (all[..10].to_vec(), false, true));
    assert_eq!(seen(&mut db, Place::From(all[22]), 10), (vec![all[22]], true, false));
}

/// The page around the first unread message has half of itself before it, and wastes no room where one side is short.
#[test]
fn the_first_page_shows_where_the_unread_begins() {
    let mut db = Db::in_memory().unwrap();
    let entries = Writer::new(PEER, 2).run(30);
    let all = ids(&entries);
    insert(&mut db, device(PEER), &entries);
    assert_eq!(seen(&mut db, Place::Unread, 10), (all[..10].to_vec(), false, true));
    read(&mut db, all[14]);
    assert_eq!(page(&mut db, Place::Unread, 10).first_unread, Some(all[15]));
    assert_eq!(seen(&mut db, Place::Unread, 10), (all[10..20].to_vec(), true, true));
    assert_eq!(seen(&mut db, Place::Unread, 1), (vec![all[15]], true, true));
    read(&mut db, all[27]);
    assert_eq!(seen(&mut db, Place::Unread, 10), (all[20..].to_vec(), true, false));
    read(&mut db, all[29]);
    assert_eq!(seen(&mut db, Place::Unread, 10), (all[20..].to_vec(), true, false));
    assert_eq!(page(&mut db, Place::Unread, 10).first_unread, None);
}

/// What was read stays read, and reading again what lies before it changes nothing. Own messages are never unread.
#[test]
fn reading_never_goes_back() {
    let mut db = Db::in_memory().unwrap();
    let mut own = Writer::new(1, 1);
    append(&mut db, &own.write(5, &[], "mine"));
    let entries = Writer::new(PEER, 2).run(9);
    let all = ids(&entries);
    insert(&mut db, device(PEER), &entries);
    assert_eq!(unread(&mut db), (9, Some(all[0])));
    assert_eq!(said(read(&mut db, all[5])), Some((1, all[5])));
    assert_eq!(unread(&mut db), (3, Some(all[6])));
    assert_eq!(said(read(&mut db, all[2])), None);
    assert_eq!(unread(&mut db), (3, Some(all[6])));
    insert(&mut db, device(PEER), &entries);
    assert_eq!(unread(&mut db), (3, Some(all[6])), "what comes again is not unread again");
    read(&mut db, all[8]);
    assert_eq!(unread(&mut db), (0, None));
}

/// A message that arrives late is unread although it belongs above what was read; so is one that had waited for another.
#[test]
fn what_arrives_late_is_unread() {
    let mut db = Db::in_memory().unwrap();
    let mut bob = Writer::new(PEER, 2);
    let (first, second) = (bob.write(10, &[], "first"), bob.write(20, &[], "second"));
    insert(&mut db, device(PEER), &[first.clone(), second.clone()]);
    // Written on another device of his, long before, and the second waits for the first.
    let mut other = Writer::new(3, 3);
    let (early, waiting) = (other.write(1, &[], "early"), other.write(2, &[], "waits"));
    insert(&mut db, device(3), std::slice::from_ref(&waiting));
    assert_eq!(unread(&mut db), (2, Some(first.id())), "what has no place yet is not counted");
    read(&mut db, second.id());
    assert_eq!(unread(&mut db), (0, None));
    insert(&mut db, device(3), std::slice::from_ref(&early));
    assert_eq!(shown(&mut db), vec![early.id(), waiting.id(), first.id(), second.id()]);
    assert_eq!(unread(&mut db), (2, Some(early.id())));
    read(&mut db, early.id());
    assert_eq!(unread(&mut db), (1, Some(waiting.id())));
    read(&mut db, second.id());
    assert_eq!(unread(&mut db), (0, None));
}

/// What is no row of the conversation is in no page, is not unread, and does not stop the reading; what a newer version has
/// written as a row is one.
#[test]
fn what_is_no_row_is_passed_over() {
    let mut db = Db::in_memory().unwrap();
    let mut bob = Writer::new(PEER, 2);
    let mut all = vec![];
    for n in 0..40 {
        if n % 4 == 0 {
            all.push(bob.write(n, &[], "hello"));
        } else {
            let kind = [kind::EDIT, kind::REACTION, kind::GROUP][n as usize % 4 - 1];
            all.push(bob.write_raw(n, kind, b"no text".to_vec()));
        }
    }
    let newer = [bob.write_raw(40, 77, b"no text".to_vec()), bob.write_raw(41, kind::TEXT, b"no text".to_vec())];
    insert(&mut db, device(PEER), &all);
    let texts: Vec<EntryId> = all.iter().step_by(4).map(Entry::id).collect();
    assert_eq!(unread(&mut db), (10, Some(texts[0])));
    assert_eq!(seen(&mut db, Place::Latest, 3), (texts[7..].to_vec(), true, false));
    assert_eq!(seen(&mut db, Place::Before(texts[3]), 3), (texts[..3].to_vec(), false, true));
    assert_eq!(seen(&mut db, Place::After(texts[9]), 3), (vec![], true, false));
    assert_eq!(seen(&mut db, Place::From(texts[8]), 3), (texts[8..].to_vec(), true, false));
    insert(&mut db, device(PEER), &newer);
    assert_eq!(seen(&mut db, Place::Latest, 2), (ids(&newer), true, false));
    assert!(page(&mut db, Place::Latest, 2).rows.iter().all(|row| row.folded.content == Content::Newer));
    assert_eq!(unread(&mut db), (12, Some(texts[0])));
}

/// A statement is planned once, whatever its values. With `LIMIT ?` SQLite would plan it anew for each of them, and one such is asked
/// for every message that is read or stored: that was half of what a page costs.
#[test]
fn statements_are_planned_once() {
    use crate::store::{fold, page, summary};
    let db = Db::in_memory().unwrap();
    for sql in [page::BELOW, page::FIRST_UNREAD, summary::LAST, summary::UNREAD, fold::OPERATIONS, fold::REACTIONS] {
        let mut statement = db.connection().prepare(sql).unwrap();
        for value in 1..=3 {
            let values = vec![value; statement.parameter_count()];
            assert!(statement.query(rusqlite::params_from_iter(values)).unwrap().next().is_ok());
        }
        assert_eq!(statement.get_status(rusqlite::StatementStatus::RePrepare), 0, "{sql}");
    }
}

/// Every question about a page goes to an index and stops as soon as it can: none sorts, none reads a whole table.
#[test]
fn pages_come_from_indices() {
    use crate::store::{fold, page, summary};
    let db = Db::in_memory().unwrap();
    let pages = [page::BELOW, page::ABOVE, page::FIRST_UNREAD, page::LAST_UNREAD, page::MARK];
    let folds = [fold::OPERATIONS, fold::DELETION, fold::EDITS, fold::REACTIONS];
    for sql in pages.into_iter().chain([summary::LAST, summary::UNREAD]).chain(folds) {
        let plan: Vec<String> = {
            let mut statement = db.connection().prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let parameters = vec![1; statement.parameter_count()];
            let rows = statement.query_map(rusqlite::params_from_iter(parameters), |row| row.get(3)).unwrap();
            rows.collect::<Result<_, _>>().unwrap()
        };
        assert!(plan.iter().any(|line| line.contains("SEARCH entry USING")), "{sql}: {plan:?}");
        assert!(
            plan.iter().all(|line| !line.contains("TEMP B-TREE") && !line.contains("SCAN entry")),
            "{sql}: {plan:?}"
        );
    }
}
