use super::*;
use crate::wire::{Lack, LogHave, Range};

const PEER: u8 = 2;

/// A database in which somebody wrote a log of so many entries.
fn with_log(count: u64) -> (Db, Writer, Vec<Entry>) {
    let mut db = Db::in_memory().unwrap();
    let mut writer = Writer::new(1, 1);
    let entries = writer.run(count);
    db.apply(entries.iter().map(|entry| Op::Append(Box::new(entry.clone()))).collect());
    (db, writer, entries)
}

fn says(writer: &Writer, count: u64, head: Option<EntryId>, ranges: &[(u64, u64)], tips: &[EntryId]) -> Have {
    let ranges = ranges.iter().map(|(from, count)| Range { from: *from, count: *count }).collect();
    let log = LogHave { device: writer.device(), log: writer.log, count, head, ranges, tips: tips.to_vec() };
    Have { conversation: conversation(), logs: vec![log], all: true }
}

fn lack(writer: &Writer, ranges: &[(u64, u64)]) -> Lack {
    let ranges = ranges.iter().map(|(from, count)| Range { from: *from, count: *count }).collect();
    Lack { conversation: conversation(), device: writer.device(), log: writer.log, ranges }
}

/// Rows that stand for single entries: none when acks came without a gap.
fn rows(db: &Db) -> i64 {
    db.connection().query_row("SELECT count(*) FROM belief_entry", [], |row| row.get(0)).unwrap()
}

/// Acks lower the outbox in whatever order they come, and what is contiguous is one number.
#[test]
fn acks_are_folded_into_a_count() {
    let (mut db, _, entries) = with_log(10);
    let all = ids(&entries);
    assert_eq!(queued(&mut db, device(PEER)), all);
    assert_eq!(acked(&mut db, device(PEER), &all[..3]), all[..3]);
    assert_eq!(rows(&db), 0);
    acked(&mut db, device(PEER), &[all[6], all[4], all[5], all[9]]);
    assert_eq!(queued(&mut db, device(PEER)), [all[3], all[7], all[8]]);
    assert_eq!(rows(&db), 4);
    acked(&mut db, device(PEER), &[all[3], all[4]]);
    assert_eq!(queued(&mut db, device(PEER)), [all[7], all[8]]);
    assert_eq!(rows(&db), 1);
    acked(&mut db, device(PEER), &[all[8], all[7]]);
    assert_eq!((queued(&mut db, device(PEER)), rows(&db)), (vec![], 0));
    assert_eq!(queued(&mut db, device(77)), all, "another peer has acknowledged nothing");
}

/// A full statement replaces the belief, upwards and downwards, and delivers each own entry once.
#[test]
fn a_statement_replaces_the_belief() {
    let (mut db, writer, entries) = with_log(10);
    let all = ids(&entries);
    assert_eq!(
        believe(&mut db, device(PEER), says(&writer, 4, Some(all[3]), &[(6, 2)], &[])),
        [0, 1, 2, 3, 6, 7].map(|at: usize| all[at])
    );
    assert_eq!(queued(&mut db, device(PEER)), [4, 5, 8, 9].map(|at: usize| all[at]));
    assert_eq!(believe(&mut db, device(PEER), says(&writer, 10, Some(all[9]), &[], &[])).len(), 4);
    assert_eq!((queued(&mut db, device(PEER)), rows(&db)), (vec![], 0));
    assert_eq!(believe(&mut db, device(PEER), says(&writer, 2, Some(all[1]), &[], &[])), vec![]);
    assert_eq!(queued(&mut db, device(PEER)), all[2..]);
    let nothing = |all| Have { conversation: conversation(), logs: vec![], all };
    believe(&mut db, device(PEER), nothing(false));
    assert_eq!(queued(&mut db, device(PEER)), all[2..]);
    believe(&mut db, device(PEER), nothing(true));
    assert_eq!(queued(&mut db, device(PEER)), all);
}

/// A peer that is ahead of us on the same log has what we have; huge numbers do no harm.
#[test]
fn a_peer_that_is_ahead_has_ours() {
    let (mut db, mut writer, entries) = with_log(5);
    let ahead = writer.run(5);
    believe(&mut db, device(PEER), says(&writer, 10, Some(ahead[4].id()), &[(12, u64::MAX)], &[]));
    assert_eq!(queued(&mut db, device(PEER)), vec![]);
    believe(&mut db, device(PEER), says(&writer, u64::MAX, Some(EntryId([1; 32])), &[(u64::MAX, u64::MAX)], &[]));
    assert_eq!(queued(&mut db, device(PEER)), vec![]);
    one(&mut db, Op::Lower { peer: device(PEER), lack: lack(&writer, &[(0, u64::MAX), (u64::MAX, u64::MAX)]) });
    assert_eq!(queued(&mut db, device(PEER)), ids(&entries));
}

/// A lack lowers the belief for what it names and for nothing else.
#[test]
fn a_lack_lowers_what_it_names() {
    let (mut db, writer, entries) = with_log(10);
    let all = ids(&entries);
    acked(&mut db, device(PEER), &all);
    one(&mut db, Op::Lower { peer: device(PEER), lack: lack(&writer, &[(3, 2), (8, 1)]) });
    assert_eq!(queued(&mut db, device(PEER)), [all[3], all[4], all[8]]);
    acked(&mut db, device(PEER), &[all[3], all[4], all[8]]);
    assert_eq!((queued(&mut db, device(PEER)), rows(&db)), (vec![], 0));
    one(&mut db, Op::Lower { peer: device(PEER), lack: lack(&writer, &[(20, 5)]) });
    assert_eq!(queued(&mut db, device(PEER)), vec![]);
}

/// A peer on another branch is believed to have only what its hashes prove.
#[test]
fn forks_are_believed_by_hash_only() {
    let mut db = Db::in_memory().unwrap();
    let mut writer = Writer::new(1, 1);
    let shared = writer.run(3);
    let mut branch = writer.clone();
    let main: Vec<Entry> = (0..3).map(|_| writer.write(7, &[], "main")).collect();
    let fork: Vec<Entry> = (0..3).map(|_| branch.write(8, &[], "fork")).collect();
    insert(&mut db, device(9), &shared);
    insert(&mut db, device(9), &main);
    let everything = [ids(&shared), ids(&main)].concat();
    // Its head is unknown here and stands where another entry stands: nothing is proven.
    believe(&mut db, device(PEER), says(&writer, 6, Some(fork[2].id()), &[], &[]));
    assert_eq!(queued(&mut db, device(PEER)), everything);
    // A tip that is ours proves our branch.
    believe(&mut db, device(PEER), says(&writer, 6, Some(fork[2].id()), &[], &[main[1].id()]));
    assert_eq!(queued(&mut db, device(PEER)), [main[2].id()]);
    // Once its branch is here too, its head proves it down to where the branches part.
    insert(&mut db, device(9), &fork);
    believe(&mut db, device(PEER), says(&writer, 6, Some(fork[2].id()), &[], &[]));
    assert_eq!(queued(&mut db, device(PEER)), ids(&main));
    believe(&mut db, device(PEER), says(&writer, 4, Some(main[0].id()), &[], &[fork[0].id()]));
    assert_eq!(queued(&mut db, device(PEER)), [main[1].id(), main[2].id(), fork[1].id(), fork[2].id()]);
    let ours = have(&mut db).logs.remove(0);
    assert_eq!((ours.count, ours.head, ours.tips), (6, Some(main[2].id()), vec![fork[2].id()]));
    assert_eq!(queued(&mut db, device(9)), vec![], "who sent them has them");
}

/// A tip is named only when everything below it is here.
#[test]
fn tips_are_whole() {
    let mut db = Db::in_memory().unwrap();
    let mut writer = Writer::new(1, 1);
    let shared = writer.run(2);
    let mut branch = writer.clone();
    let main = writer.run(4);
    let fork: Vec<Entry> = (0..4).map(|_| branch.write(9, &[], "fork")).collect();
    insert(&mut db, device(9), &[shared, main].concat());
    insert(&mut db, device(9), &[fork[3].clone(), fork[0].clone()]);
    assert_eq!(have(&mut db).logs[0].tips, [fork[0].id()]);
    insert(&mut db, device(9), &fork[1..3]);
    assert_eq!(have(&mut db).logs[0].tips, [fork[3].id()]);
}

/// What came above a gap and turns out not to continue the chain gives its place to what does.
#[test]
fn a_gap_that_closes_sorts_out_the_branches() {
    let mut db = Db::in_memory().unwrap();
    let mut writer = Writer::new(1, 1);
    let start = writer.run(3);
    let mut branch = writer.clone();
    let main = writer.run(4);
    let fork: Vec<Entry> = (0..4).map(|_| branch.write(9, &[], "fork")).collect();
    insert(&mut db, device(9), &start);
    // Sequences 4 to 6 of the fork come before anything else: nobody can know yet.
    let inserted = insert(&mut db, device(9), &fork[1..]);
    assert_eq!(inserted.gaps[0].ranges, [Range { from: 3, count: 1 }]);
    assert_eq!(have(&mut db).logs[0].ranges, [Range { from: 4, count: 3 }]);
    insert(&mut db, device(9), &main[1..]);
    assert_eq!(insert(&mut db, device(9), &main[..1]).gaps, vec![]);
    let said = have(&mut db).logs.remove(0);
    assert_eq!((said.count, said.head, said.ranges), (7, Some(main[3].id()), vec![]));
    assert_eq!(said.tips, vec![]);
    insert(&mut db, device(9), &fork[..1]);
    assert_eq!(have(&mut db).logs[0].tips, [fork[3].id()]);
    assert_eq!(queued(&mut db, device(9)), vec![]);
    let (count, forks, entries): (i64, i64, i64) = db
        .connection()
        .query_row("SELECT count, forks, entries FROM log", [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap();
    assert_eq!((count, forks, entries), (7, 4, 11));
}
