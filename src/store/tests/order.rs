use std::collections::BTreeSet;

use proptest::prelude::*;
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};

use super::*;
use crate::log::order::{Node, sort};

const PEER: u8 = 99;

/// A random conversation: logs that name each other's entries, and clocks that are wrong.
fn talk(seed: u64, size: usize) -> Vec<Entry> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut writers: Vec<Writer> = (1..=4).map(|seed| Writer::new(seed, seed)).collect();
    let mut entries: Vec<Entry> = vec![];
    for _ in 0..size {
        let mut after = vec![];
        for _ in 0..rng.random_range(0..3) {
            after.extend(entries.get(rng.random_range(0..entries.len().max(1))).map(Entry::id));
        }
        let writer = rng.random_range(0..4);
        entries.push(writers[writer].write(rng.random_range(0..20), &after, "hello"));
    }
    entries
}

fn sorted(entries: &[Entry]) -> Vec<EntryId> {
    sort(&entries.iter().map(Node::from).collect::<Vec<_>>())
}

/// Placed entries that no placed entry names.
fn heads_of(entries: &[Entry]) -> Vec<EntryId> {
    let placed: BTreeSet<EntryId> = sorted(entries).into_iter().collect();
    let mut heads = placed.clone();
    entries.iter().filter(|entry| placed.contains(&entry.id())).flat_map(Entry::parents).for_each(|parent| {
        heads.remove(parent);
    });
    heads.into_iter().collect()
}

/// Checks what a database shows against the full sort of what it was given.
fn check(db: &mut Db, given: &[Entry]) {
    assert_eq!(shown(db), sorted(given));
    let (waiting, heads): (i64, Vec<EntryId>) = {
        let connection = db.connection();
        let waiting = connection.query_row("SELECT waiting FROM conversation", [], |row| row.get(0)).unwrap();
        (waiting, super::super::order::heads(connection, 1).unwrap())
    };
    assert_eq!(usize::try_from(waiting).unwrap(), given.len() - sorted(given).len());
    assert_eq!(heads, heads_of(given));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever arrives in whatever order and batches, once or twice: the order is that of the full sort at every step, and
    /// every entry is told once, when it finds its place.
    #[test]
    fn places_agree_with_the_sort(seed: u64, size in 1usize..60, batch in 1usize..8) {
        let mut rng = StdRng::seed_from_u64(seed ^ 1);
        let mut entries = talk(seed, size);
        entries.shuffle(&mut rng);
        let mut db = Db::in_memory().unwrap();
        let mut told = vec![];
        for (at, chunk) in entries.chunks(batch).enumerate() {
            let mut sent = chunk.to_vec();
            sent.push(entries[rng.random_range(0..(at * batch + chunk.len()))].clone());
            let inserted = insert(&mut db, device(PEER), &sent);
            prop_assert_eq!(inserted.stored, ids(&sent));
            told.extend(inserted.fresh);
            check(&mut db, &entries[..at * batch + chunk.len()]);
        }
        told.sort_unstable();
        let mut all = ids(&entries);
        all.sort_unstable();
        prop_assert_eq!(told, all);
    }

    /// What lacks a parent waits, and comes to its place when the parent does.
    #[test]
    fn orphans_wait_for_their_parents(seed: u64, size in 2usize..60) {
        let mut rng = StdRng::seed_from_u64(seed ^ 1);
        let mut entries = talk(seed, size);
        let lost = entries.remove(rng.random_range(0..size));
        entries.shuffle(&mut rng);
        let mut db = Db::in_memory().unwrap();
        insert(&mut db, device(PEER), &entries);
        check(&mut db, &entries);
        entries.push(lost.clone());
        let inserted = insert(&mut db, device(PEER), &[lost]);
        check(&mut db, &entries);
        let order = sorted(&entries);
        let places: Vec<_> = inserted.fresh.iter().map(|id| order.iter().position(|other| other == id)).collect();
        prop_assert!(places.is_sorted(), "what is told comes in the conversation's order");
    }
}

/// Thousands that belong between the same two neighbours find room there, whether each comes after or before the last one.
#[test]
fn there_is_always_room_between_two() {
    let mut db = Db::in_memory().unwrap();
    let (mut first, mut last) = (Writer::new(1, 1), Writer::new(2, 2));
    let mut entries = vec![first.write(0, &[], "first"), last.write(1_000_000, &[], "last")];
    insert(&mut db, device(PEER), &entries);
    let mut upwards = Writer::new(3, 3);
    for chunk in 0..10 {
        let run: Vec<Entry> = (0..200).map(|at| upwards.write(500_000 + chunk * 200 + at, &[], "up")).collect();
        insert(&mut db, device(PEER), &run);
        entries.extend(run);
    }
    for seed in 10..=250u8 {
        let entry = Writer::new(seed, seed).write(400_000 - u64::from(seed), &[], "down");
        insert(&mut db, device(PEER), std::slice::from_ref(&entry));
        entries.push(entry);
    }
    check(&mut db, &entries);
}

/// A parent in another conversation is no parent: the entry waits, and does not disturb that conversation.
#[test]
fn parents_are_sought_in_their_own_conversation_only() {
    let mut db = Db::in_memory().unwrap();
    let mut writer = Writer::new(1, 1);
    let elsewhere = writer.write(1, &[], "here");
    let mut other = Writer::new(2, 2);
    let foreign = Entry::write(
        &other.device,
        Draft {
            author: other.author,
            conversation: ConversationId([9; 32]),
            log: other.log,
            sequence: 0,
            previous: None,
            after: vec![elsewhere.id()],
            time: 1,
            kind: kind::TEXT,
            target: None,
            body: vec![],
            salt: Salt([0; 32]),
        },
    );
    assert_eq!(insert(&mut db, device(PEER), &[foreign]).fresh, vec![]);
    assert_eq!(insert(&mut db, device(PEER), std::slice::from_ref(&elsewhere)).fresh, vec![elsewhere.id()]);
    assert_eq!(insert(&mut db, device(PEER), &[other.write(2, &[], "too")]).fresh.len(), 1);
}
