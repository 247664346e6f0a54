//! What came without its body, and how much of it is asked for at a time.

use super::super::bare::{ASKED_LOGS_MAX, BARE_MAX};
use super::*;
use crate::wire::{Lack, RANGES_MAX, Range};

/// What is asked for with each question, one after the other, as log and sequence.
fn questions(db: &mut Db) -> Vec<Vec<(LogId, u64)>> {
    let (mut asked, mut after) = (vec![], 0);
    loop {
        let Outcome::Bare { lacks, next } = one(db, Op::Bare { conversation: conversation(), to: None, after }) else {
            panic!()
        };
        assert!(lacks.iter().all(|lack| (1..=RANGES_MAX).contains(&lack.ranges.len())));
        let all = lacks.iter().flat_map(|lack| lack.ranges.iter().map(|range| (lack.log, range)));
        asked.push(all.flat_map(|(log, range)| (range.from..range.end()).map(move |at| (log, at))).collect());
        let Some(next) = next else { return asked };
        after = next;
    }
}

/// What nobody has any more keeps nothing from being asked for that came later, however much that is.
#[test]
fn what_nobody_has_keeps_nothing_else_from_being_asked_for() {
    let mut db = Db::in_memory().unwrap();
    let (mut bob, mut eve) = (Writer::new(2, 2), Writer::new(3, 3));
    let gone: Vec<Entry> = bob.run(BARE_MAX as u64 + 10).iter().map(bare).collect();
    let late = eve.write(10, &[], "late");
    insert(&mut db, device(2), &gone);
    insert(&mut db, device(2), &[bare(&late)]);
    let asked = questions(&mut db);
    assert_eq!(asked.iter().map(Vec::len).collect::<Vec<_>>(), [BARE_MAX, 11]);
    assert!(asked[1].contains(&(late.header().log, 0)));
}

/// A log with more gaps than one question names is asked for in several.
#[test]
fn a_log_with_many_gaps_is_asked_for_whole() {
    let mut db = Db::in_memory().unwrap();
    let mut bob = Writer::new(2, 2);
    let all = bob.run(4 * RANGES_MAX as u64);
    let entries: Vec<Entry> =
        all.iter().map(|entry| if entry.header().sequence % 2 == 0 { bare(entry) } else { entry.clone() }).collect();
    insert(&mut db, device(2), &entries);
    let every_other: Vec<(LogId, u64)> = (0..4 * RANGES_MAX as u64).step_by(2).map(|at| (bob.log, at)).collect();
    assert_eq!(questions(&mut db), [every_other]);
}

/// Of many logs a few are asked for at a time, and all in the end.
#[test]
fn many_logs_are_asked_for_in_several_questions() {
    let mut db = Db::in_memory().unwrap();
    for number in 0..u8::try_from(ASKED_LOGS_MAX).unwrap() + 6 {
        let first = Writer::new(2 + number / 40, 100 + number).write(10, &[], "first");
        insert(&mut db, device(2), &[bare(&first)]);
    }
    let asked: Vec<usize> = questions(&mut db).iter().map(Vec::len).collect();
    assert_eq!(asked, [ASKED_LOGS_MAX, 6]);
}

/// Who brings an entry without what it says, which is here, does not have that: it goes to them, as often as they bring it so.
#[test]
fn who_brings_an_entry_without_its_text_gets_it() {
    let mut db = Db::in_memory().unwrap();
    let said = Writer::new(2, 2).write(10, &[], "said");
    insert(&mut db, device(2), std::slice::from_ref(&said));
    assert_eq!(queued(&mut db, device(4)), [said.id()]);
    for _ in 0..2 {
        acked(&mut db, device(4), &[said.id()]);
        assert_eq!(queued(&mut db, device(4)), []);
        let lack = Lack {
            conversation: conversation(),
            device: said.header().device,
            log: said.header().log,
            ranges: vec![Range { from: 0, count: 1 }],
        };
        one(&mut db, Op::Lower { peer: device(4), lack });
        insert(&mut db, device(4), &[bare(&said)]);
        assert_eq!(queued(&mut db, device(4)), [said.id()]);
    }
    insert(&mut db, device(4), std::slice::from_ref(&said));
    assert_eq!(queued(&mut db, device(4)), []);
}
