//! A disk that fails at any one write, and at every write from it on: what was acknowledged stays, what was not is refused in
//! words, and everything goes on as soon as the disk does.

use std::path::Path;
use std::thread;

use super::*;
use crate::store::fault::{Failure, fail_after, heal};
use crate::store::{Invitation, Peer, Person, Place, Profile, Standing, StoreError};
use crate::wire::{ExchangeKey, Nonce, Range};

/// Pages in the WAL after which it goes into the database: few, so that this happens within a story of some writes.
const CHECKPOINT_PAGES: i64 = 12;

/// Everything that is ever written, in batches as the engine makes them.
fn batches() -> Vec<Vec<Op>> {
    let (mut alice, mut bob) = (Writer::new(1, 1), Writer::new(2, 1));
    let contact = |standing| Person {
        root: bob.author,
        standing,
        card: vec![7; 900],
        asked: Some(Nonce([1; 16])),
        token: None,
        asking: None,
        accepting: false,
    };
    let peer = Peer {
        device: bob.device(),
        root: bob.author,
        rendezvous: ExchangeKey([9; 32]),
        key: None,
        mail_sent: 3,
        mail_seen: 4,
    };
    let (asked, befriended) = (contact(Standing::Asked), contact(Standing::Contact));
    let long = "x".repeat(5_000);
    let first: Vec<Entry> = (0..3).map(|at| alice.write(at, &[], "hello")).collect();
    let answers: Vec<Entry> = (3..6).map(|at| bob.write(at, &[first[2].id()], &long)).collect();
    let later: Vec<Entry> = (6..9).map(|at| alice.write(at, &[answers[2].id()], &long)).collect();
    let (peer_key, way) = (bob.device(), Way::Direct);
    let append = |entry: &Entry| Op::Append(Box::new(entry.clone()));
    let insert = |entries: &[Entry]| Op::Insert {
        from: Some(peer_key),
        entries: entries.to_vec(),
        way,
        own: vec![],
        outside: vec![],
    };
    let text = |text: &str| Op::SaveDraft { conversation: conversation(), text: text.to_owned() };
    vec![
        vec![Op::SaveProfile(Profile { name: "Alice".into(), counter: 1, brokers: vec!["mqtt://b".into()] })],
        vec![
            Op::SaveInvitation(Invitation { token: Nonce([2; 16]), uses: 100 }),
            Op::SavePerson(Box::new(asked)),
            Op::SavePeer(Box::new(peer)),
            Op::SaveOwnLog { conversation: conversation(), log: LogId([1; 16]) },
        ],
        vec![Op::SavePerson(Box::new(befriended)), text("hel")],
        first.iter().map(append).chain([text("")]).collect(),
        vec![
            Op::MarkSent { ids: ids(&first), way },
            Op::Acked { peer: peer_key, ids: ids(&first[..1]), of: BTreeSet::from([conversation()]), way },
        ],
        // The last one first: it waits, and then all find their place.
        vec![insert(&answers[2..])],
        vec![insert(&answers[..2]), Op::MarkRead { conversation: conversation(), up_to: answers[0].id() }],
        later.iter().map(append).collect(),
        vec![
            Op::Acked { peer: peer_key, ids: ids(&later), of: BTreeSet::from([conversation()]), way: Way::Mail },
            Op::Lower {
                peer: peer_key,
                lack: wire::Lack {
                    conversation: conversation(),
                    device: alice.device(),
                    log: alice.log,
                    ranges: vec![Range { from: 1, count: 2 }],
                },
            },
            Op::SaveNickname { root: bob.author, nickname: "Bobby".into() },
            Op::SaveAddressHidden { root: bob.author, hidden: true },
        ],
        vec![insert(&[bob.write(9, &[later[2].id()], &long)])],
        vec![Op::DeletePerson(bob.author)],
    ]
}

/// What a database knows, as far as anybody can ask.
type State = (Vec<crate::store::Kept>, Vec<Result<Outcome, StoreError>>);

fn state(db: &mut Db) -> State {
    let questions = vec![
        Op::Load,
        Op::Have(conversation()),
        Op::History { conversation: conversation(), before: None, limit: 1_000 },
        Op::Page { conversation: conversation(), at: Place::Latest, limit: 1_000 },
        Op::Outbox { peer: device(2), conversations: vec![Wanted::all(conversation())], after: 0, bytes: usize::MAX },
        Op::Summarise(vec![conversation()]),
        Op::CountWaiting,
    ];
    (db.entries(&conversation()).unwrap(), db.apply(questions))
}

/// The same without a disk: what must be there when so many batches were acknowledged.
fn expected(all: &[Vec<Op>]) -> Vec<State> {
    let mut db = Db::in_memory().unwrap();
    let mut states = vec![state(&mut db)];
    for batch in all {
        assert!(db.apply(batch.clone()).iter().all(Result::is_ok));
        states.push(state(&mut db));
    }
    states
}

fn open(path: &Path) -> Result<Db, StoreError> {
    let db = Db::open(path)?;
    db.connection().pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    Ok(db)
}

/// What a process that died now would leave behind.
fn left_behind(path: &Path, to: &Path) -> Db {
    for end in ["", "-wal"] {
        let name = |path: &Path| format!("{}{end}", path.display());
        std::fs::remove_file(name(to)).ok();
        std::fs::copy(name(path), name(to)).ok();
    }
    std::fs::remove_file(format!("{}-shm", to.display())).ok();
    Db::open(to).unwrap()
}

fn told(error: &StoreError) {
    assert!(matches!(error, StoreError::Full | StoreError::Io(_)), "a failing disk is called {error:?}");
}

/// One life of a database whose disk fails after so many writes. Tells whether it did.
fn live(all: &[Vec<Op>], expected: &[State], after: u64, failure: Failure, lasting: bool) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (folder.path().join("kith.db"), folder.path().join("copy.db"));
    fail_after(after, failure, lasting);
    let mut refused = 0;
    let mut mend = || refused += heal().1;
    let mut db = open(&path).unwrap_or_else(|error| {
        told(&error);
        mend();
        open(&path).unwrap()
    });
    let what = |at: usize| format!("write {after}, {failure:?}, lasting: {lasting}, batch {at}");
    for (at, batch) in all.iter().enumerate() {
        let outcomes = db.apply(batch.clone());
        if outcomes.iter().all(Result::is_ok) {
            continue;
        }
        // All of a batch or nothing: whoever waits for any of it is told.
        assert_eq!(outcomes.len(), batch.len(), "{}", what(at));
        outcomes.iter().for_each(|outcome| told(outcome.as_ref().unwrap_err()));
        if lasting {
            // As long as the disk fails nothing is taken, and nothing is lost; not even by an end.
            db.apply(batch.clone()).iter().for_each(|outcome| told(outcome.as_ref().unwrap_err()));
            drop(db);
            drop(Db::open(&path).map_err(|error| told(&error)));
            mend();
            db = open(&path).unwrap();
        } else {
            mend();
            assert!(state(&mut db) == expected[at], "{}: something is lost", what(at));
            let found = state(&mut left_behind(&path, &copy));
            // Nobody knows whether what was refused is on the disk all the same; but it is there as a whole, or not.
            let whole = found == expected[at] || found == expected[at + 1];
            assert!(whole, "{}: a killed process has left something else", what(at));
        }
        if state(&mut db) != expected[at + 1] {
            assert!(state(&mut db) == expected[at], "{}: something is lost", what(at));
            assert!(db.apply(batch.clone()).iter().all(Result::is_ok), "{}: nothing goes on", what(at));
        }
    }
    let end = &expected[all.len()];
    assert!(state(&mut db) == *end, "{}: the end is another", what(all.len()));
    drop(db);
    mend();
    assert!(state(&mut Db::open(&path).unwrap()) == *end, "{}: the end is not on disk", what(all.len()));
    refused > 0
}

/// Lives at the same time: each waits for the disk most of its time.
const LANES: usize = 6;

/// Each single write fails in turn, one way after the other: from the making of the file to its closing.
fn every_write_fails(lasting: bool) {
    const WAYS: [Failure; 3] = [Failure::Full, Failure::Error, Failure::Torn];
    let all = batches();
    let expected = expected(&all);
    let way = |after: u64| WAYS[usize::try_from(after).unwrap() % WAYS.len()];
    let lane = |from| {
        let turns = (from..).step_by(LANES);
        turns.take_while(|after| live(&all, &expected, *after, way(*after), lasting)).count()
    };
    let failed: usize = thread::scope(|scope| {
        let lanes: Vec<_> = (0_u64..).take(LANES).map(|from| scope.spawn(move || lane(from))).collect();
        lanes.into_iter().map(|lane| lane.join().unwrap()).sum()
    });
    assert!(failed > 100, "only {failed} writes");
}

#[test]
fn no_failing_write_loses_what_was_acknowledged() {
    every_write_fails(false);
}

#[test]
fn no_disk_that_fails_for_a_while_loses_what_was_acknowledged() {
    every_write_fails(true);
}
