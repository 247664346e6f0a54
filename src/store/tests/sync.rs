use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::*;
use crate::log::order::{Node, sort};
use crate::store::OwnLog;

/// One side: its database, and copies of it from earlier.
struct Side {
    db: Db,
    device: SigningKey,
    author: RootKey,
    folder: tempfile::TempDir,
    copies: usize,
}

impl Side {
    fn new(seed: u8) -> Self {
        let writer = Writer::new(seed, seed);
        let mut side = Self {
            db: Db::in_memory().unwrap(),
            device: writer.device.clone(),
            author: writer.author,
            folder: tempfile::tempdir().unwrap(),
            copies: 0,
        };
        side.act(Op::SaveOwnLog { conversation: conversation(), log: writer.log });
        side
    }

    fn key(&self) -> DeviceKey {
        DeviceKey(self.device.verifying_key().to_bytes())
    }

    fn act(&mut self, op: Op) -> Outcome {
        one(&mut self.db, op)
    }

    fn own(&mut self) -> OwnLog {
        match one(&mut self.db, Op::Load) {
            Outcome::Loaded(loaded) => loaded.logs[0].clone(),
            other => panic!("{other:?}"),
        }
    }

    fn write(&mut self, time: u64) {
        let own = self.own();
        let mut writer = Writer {
            device: self.device.clone(),
            author: self.author,
            conversation: conversation(),
            log: own.log,
            next: own.next,
            last: own.last,
        };
        let after: Vec<EntryId> = own.heads.into_iter().filter(|head| Some(*head) != own.last).collect();
        let entry = writer.write(time, &after, "hello");
        let outcome = self.act(Op::Append(Box::new(entry)));
        assert!(matches!(outcome, Outcome::Appended { .. }), "{outcome:?}");
    }

    /// Keeps a copy of the database, as a backup would.
    fn back_up(&mut self) {
        let path = self.folder.path().join(self.copies.to_string());
        self.db.connection().execute("VACUUM INTO ?1", [path.to_str().unwrap()]).unwrap();
        self.copies += 1;
    }

    /// Goes back to a copy.
    fn restore(&mut self, copy: usize) {
        let path = self.folder.path().join("restored");
        self.db = Db::in_memory().unwrap();
        std::fs::copy(self.folder.path().join(copy.to_string()), &path).unwrap();
        self.db = Db::open(&path).unwrap();
    }

    /// Everything here, as somebody who has nothing would be sent it.
    fn everything(&mut self) -> BTreeSet<EntryId> {
        queued(&mut self.db, device(200)).into_iter().collect()
    }
}

/// Sends what the other lacks; each entry and each ack may be lost, or be repeated.
fn send(from: &mut Side, to: &mut Side, loss: f64, rng: &mut StdRng) {
    let mut after = 0;
    loop {
        let (found, more) = outbox(&mut from.db, to.key(), after, rng.random_range(1..20_000));
        after = found.last().map_or(after, |(cursor, ..)| *cursor);
        let arrived: Vec<Entry> = found
            .into_iter()
            .filter(|_| !rng.random_bool(loss))
            .map(|(_, _, entry)| Entry::verify(entry).unwrap())
            .collect();
        if !arrived.is_empty() {
            let outcome = to.act(Op::Insert {
                from: Some(from.key()),
                entries: arrived,
                way: Way::Direct,
                own: vec![to.key()],
                outside: vec![],
            });
            let Outcome::Inserted { stored, refused, gaps, .. } = outcome else { panic!("{outcome:?}") };
            assert_eq!(refused, vec![]);
            if !rng.random_bool(loss) {
                from.act(Op::Acked {
                    peer: to.key(),
                    ids: stored,
                    of: BTreeSet::from([conversation()]),
                    way: Way::Mail,
                });
            }
            for lack in gaps {
                if !rng.random_bool(loss) {
                    from.act(Op::Lower { peer: to.key(), lack });
                }
            }
        }
        if !more {
            return;
        }
    }
}

/// Says what is here, as the other would hear it.
fn state(from: &mut Side, to: &mut Side) {
    let have = have(&mut from.db);
    let bytes = wire::Frame::Have(have.clone()).to_bytes();
    assert_eq!(wire::Frame::parse(&bytes), Ok(wire::Frame::Have(have.clone())), "what we say is within the limits");
    to.act(Op::Believe { peer: from.key(), have });
}

/// Every belief that is stored is a sound one: it names each entry once, and no more than is proven here.
fn check_rows(db: &Db) {
    let query = |sql: &str| -> i64 { db.connection().query_row(sql, [], |row| row.get(0)).unwrap() };
    let beyond = "SELECT count(*) FROM belief b JOIN log l ON l.id = b.log WHERE b.count > l.count";
    assert_eq!(query(beyond), 0, "a belief is beyond what is proven");
    let twice = "SELECT count(*) FROM belief_entry r JOIN entry e ON e.local = r.entry
                 JOIN belief b ON b.device = r.device AND b.log = r.log WHERE e.fork = 0 AND e.sequence < b.count";
    assert_eq!(query(twice), 0, "an entry is believed twice");
    let counted = "SELECT count(*) FROM log l WHERE
        l.entries != (SELECT count(*) FROM entry e WHERE e.log = l.id)
        OR l.forks != (SELECT count(*) FROM entry e WHERE e.log = l.id AND e.fork = 1)
        OR l.top != (SELECT coalesce(max(sequence) + 1, 0) FROM entry e WHERE e.log = l.id AND e.fork = 0)
        OR (l.count > 0 AND l.head != (SELECT id FROM entry e WHERE e.log = l.id AND fork = 0 AND sequence = l.count - 1))
        OR EXISTS (SELECT 1 FROM entry e WHERE e.log = l.id AND e.fork = 0 AND e.sequence = l.count)
        OR EXISTS (SELECT 1 FROM entry e JOIN entry p ON p.id = e.previous WHERE e.log = l.id AND e.fork = 0 AND p.fork = 1)";
    assert_eq!(query(counted), 0, "a log's row does not say what its entries are");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Two who write, lose, repeat, fork and restore end with the same entries in the same order, and with nothing to send.
    #[test]
    fn two_sides_end_with_the_same(seed: u64, rounds in 1usize..10, loss in 0.0f64..0.7) {
        live(seed, rounds, loss);
    }
}

/// A life of two sides, and what must be true at its end.
fn live(seed: u64, rounds: usize, loss: f64) {
    let mut rng = StdRng::seed_from_u64(seed);
    let (mut alice, mut bob) = (Side::new(1), Side::new(2));
    // Somebody whose log forks, and whose branches reach the two by different ways.
    let mut carol = Writer::new(3, 3);
    let mut branch = carol.clone();
    let (mut time, mut second) = (0, vec![]);
    for _ in 0..rounds {
        bob.back_up();
        for _ in 0..rng.random_range(0..8) {
            time += 1;
            let clock = time + rng.random_range(0..50);
            match rng.random_range(0..6) {
                0 | 1 => alice.write(clock),
                2 | 3 => bob.write(clock),
                4 if carol.next < 14 => drop(alice.act(Op::Insert {
                    from: Some(carol.device()),
                    entries: vec![carol.write(clock, &[], "one")],
                    way: Way::Direct,
                    own: vec![],
                    outside: vec![],
                })),
                _ if branch.next < 6 => {
                    second.push(branch.write(clock, &[], "two"));
                    drop(bob.act(Op::Insert {
                        from: Some(branch.device()),
                        entries: vec![second[second.len() - 1].clone()],
                        way: Way::Direct,
                        own: vec![],
                        outside: vec![],
                    }));
                }
                _ => {}
            }
        }
        if rng.random_bool(0.2) {
            // A restored side first hears the other, as on every connection, before its user writes on.
            bob.restore(rng.random_range(0..bob.copies));
            let all = have(&mut bob.db);
            alice.act(Op::Believe { peer: bob.key(), have: all });
            send(&mut alice, &mut bob, 0.0, &mut rng);
            bob.act(Op::Insert {
                from: Some(branch.device()),
                entries: second.clone(),
                way: Way::Direct,
                own: vec![],
                outside: vec![],
            });
        }
        if rng.random_bool(0.5) {
            state(&mut alice, &mut bob);
        }
        if rng.random_bool(0.5) {
            state(&mut bob, &mut alice);
        }
        send(&mut alice, &mut bob, loss, &mut rng);
        send(&mut bob, &mut alice, loss, &mut rng);
        check_rows(&alice.db);
        check_rows(&bob.db);
    }
    // A connection that lasts: with every statement each side sends what the other lacks.
    for _ in 0..4 {
        state(&mut alice, &mut bob);
        state(&mut bob, &mut alice);
        send(&mut alice, &mut bob, 0.0, &mut rng);
        send(&mut bob, &mut alice, 0.0, &mut rng);
    }
    check_rows(&alice.db);
    check_rows(&bob.db);
    let everything = alice.everything();
    assert_eq!(everything, bob.everything());
    assert_eq!(shown(&mut alice.db), shown(&mut bob.db));
    // A statement proves what it names and what hangs below that. What hangs on nothing in a log with branches (a restored
    // side wrote it, and no longer has what came before) is sent once more and acknowledged.
    state(&mut alice, &mut bob);
    state(&mut bob, &mut alice);
    let orphans = orphans(&outbox_entries(&mut alice));
    for again in [queued(&mut alice.db, bob.key()), queued(&mut bob.db, alice.key())] {
        assert!(again.iter().all(|id| orphans.contains(id)), "{again:?} was proven, and is sent again");
    }
    send(&mut alice, &mut bob, 0.0, &mut rng);
    send(&mut bob, &mut alice, 0.0, &mut rng);
    assert_eq!(queued(&mut alice.db, bob.key()), vec![]);
    assert_eq!(queued(&mut bob.db, alice.key()), vec![]);
    let nodes: Vec<Node> = outbox_entries(&mut alice).iter().map(Node::from).collect();
    assert_eq!(shown(&mut alice.db), sort(&nodes));
    for row in history(&mut alice.db, None, 1_000) {
        let expected = if row.author == alice.author { Progress::Delivered } else { Progress::Received };
        assert_eq!(row.progress, expected);
    }
}

/// A branch of which a restored side has lost the beginning: its end hangs on nothing, so no statement proves it, and each
/// statement costs one repetition of it.
#[test]
fn what_hangs_on_nothing_is_repeated_and_acknowledged() {
    live(4_385_755_447_702_783_598, 4, 0.677_456_924_341_350_9);
}

/// Entries with something missing below them on their branch.
fn orphans(entries: &[Entry]) -> BTreeSet<EntryId> {
    let known: BTreeMap<EntryId, &Entry> = entries.iter().map(|entry| (entry.id(), entry)).collect();
    let whole = |entry: &&Entry| {
        let mut next: &Entry = entry;
        loop {
            match next.header().previous.map(|previous| known.get(&previous)) {
                None => return true,
                Some(None) => return false,
                Some(Some(below)) => next = below,
            }
        }
    };
    entries.iter().filter(|entry| !whole(entry)).map(Entry::id).collect()
}

fn outbox_entries(side: &mut Side) -> Vec<Entry> {
    let (mut all, mut after) = (vec![], 0);
    loop {
        let (found, more) = outbox(&mut side.db, device(200), after, usize::MAX);
        after = found.last().map_or(after, |(cursor, ..)| *cursor);
        all.extend(found.into_iter().map(|(_, _, entry)| Entry::verify(entry).unwrap()));
        if !more {
            return all;
        }
    }
}

/// A statement that lags behind by acks that are still on their way costs a repetition, never an entry.
#[test]
fn an_old_statement_costs_a_repetition_only() {
    let mut rng = StdRng::seed_from_u64(1);
    let (mut alice, mut bob) = (Side::new(1), Side::new(2));
    let old = have(&mut bob.db);
    (0..20).for_each(|time| alice.write(time));
    send(&mut alice, &mut bob, 0.0, &mut rng);
    assert_eq!(queued(&mut alice.db, bob.key()), vec![]);
    alice.act(Op::Believe { peer: bob.key(), have: old });
    assert_eq!(queued(&mut alice.db, bob.key()).len(), 20);
    send(&mut alice, &mut bob, 0.0, &mut rng);
    assert_eq!(queued(&mut alice.db, bob.key()), vec![]);
    assert_eq!(shown(&mut bob.db).len(), 20);
}
