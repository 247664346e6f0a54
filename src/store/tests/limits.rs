use super::super::entries::{FORKS_MAX, LOGS_MAX, WAITING_MAX};
use super::*;
use crate::wire::{FRAME_BYTES_MAX, Frame, HAVE_LOGS_MAX, RANGES_MAX, Range, TIPS_MAX};

const PEER: u8 = 9;

/// A device with more logs than it can need is refused the next one, and nobody else is.
#[test]
fn logs_per_device_are_limited() {
    let mut db = Db::in_memory().unwrap();
    for log in 0..LOGS_MAX as u8 {
        insert(&mut db, device(PEER), &Writer::new(1, log).run(1));
    }
    let one_more = Writer::new(1, 200).run(1);
    let inserted = insert(&mut db, device(PEER), &one_more);
    assert_eq!((inserted.stored.len(), inserted.refused[0].0), (0, one_more[0].id()));
    assert_eq!(insert(&mut db, device(PEER), &Writer::new(3, 200).run(1)).stored.len(), 1);
    assert_eq!(insert(&mut db, device(PEER), &one_more).refused.len(), 1);
}

/// Fork entries are kept up to the limit; what is refused is neither stored nor acknowledged.
#[test]
fn forks_are_limited() {
    let mut db = Db::in_memory().unwrap();
    let mut writer = Writer::new(1, 1);
    let mut branch = writer.clone();
    insert(&mut db, device(PEER), &writer.run(3));
    let fork: Vec<Entry> = (0..FORKS_MAX as u64 + 4).map(|at| branch.write(at, &[], "fork")).collect();
    let inserted = insert(&mut db, device(PEER), &fork[..3]);
    assert_eq!(inserted.stored.len(), 3);
    let inserted = insert(&mut db, device(PEER), &fork[3..]);
    assert_eq!((inserted.stored.len(), inserted.refused.len()), (FORKS_MAX as usize - 3, 4));
    assert_eq!(shown(&mut db).len(), 3 + FORKS_MAX as usize);
    assert!(have(&mut db).logs[0].tips.len() <= TIPS_MAX);
    assert_eq!(insert(&mut db, device(PEER), &writer.run(1)).refused, vec![], "the main branch goes on");
}

/// Entries that wait for a parent are limited; what waits for nobody is still taken, and frees the others.
#[test]
fn waiting_entries_are_limited() {
    let mut db = Db::in_memory().unwrap();
    let mut writer = Writer::new(1, 1);
    let first = writer.write(0, &[], "first");
    let waiting: Vec<Entry> = (0..20).map(|at| writer.write(at, &[], "waits")).collect();
    insert(&mut db, device(PEER), &waiting[..10]);
    db.connection().execute("UPDATE conversation SET waiting = ?1", [WAITING_MAX]).unwrap();
    let inserted = insert(&mut db, device(PEER), &waiting[10..]);
    assert_eq!((inserted.stored.len(), inserted.refused.len()), (0, 10));
    let inserted = insert(&mut db, device(PEER), &[first]);
    assert_eq!((inserted.stored.len(), inserted.fresh.len()), (1, 11));
    let (entries, bytes): (i64, i64) = db
        .connection()
        .query_row("SELECT waiting, waiting_bytes FROM conversation", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert_eq!((entries, bytes), (WAITING_MAX - 10, 0));
}

/// A log full of holes is said in as many ranges as the wire takes, and so are its gaps.
#[test]
fn a_statement_stays_within_the_wire_s_limits() {
    let mut db = Db::in_memory().unwrap();
    let entries = Writer::new(1, 1).run(200);
    let odd: Vec<Entry> = entries.iter().skip(1).step_by(2).cloned().collect();
    let inserted = insert(&mut db, device(PEER), &odd);
    let said = have(&mut db).logs.remove(0);
    assert_eq!((said.count, said.ranges.len(), inserted.gaps[0].ranges.len()), (0, RANGES_MAX, RANGES_MAX));
    assert_eq!(said.ranges[1], Range { from: 3, count: 1 });
    assert_eq!(inserted.gaps[0].ranges[1], Range { from: 2, count: 1 });
    let many: Vec<Entry> = (1..=220u8)
        .flat_map(|seed| {
            let mut entries = Writer::new(seed, 100 + (seed & 1)).run(80);
            entries.retain(|entry| entry.header().sequence % 2 == 1);
            entries
        })
        .collect();
    for chunk in many.chunks(500) {
        insert(&mut db, device(PEER), chunk);
    }
    let said = have(&mut db);
    assert!(!said.all && said.logs.len() < HAVE_LOGS_MAX && said.logs.len() > 50);
    let last = Writer::new(220, 100).device();
    assert!(said.logs.iter().any(|log| log.device == last), "the logs that changed last are named");
    let bytes = Frame::Have(said.clone()).to_bytes();
    assert!(bytes.len() < FRAME_BYTES_MAX);
    assert_eq!(Frame::parse(&bytes), Ok(Frame::Have(said)));
}
