use std::time::Duration;

use tokio::sync::mpsc;

use super::*;
use crate::log::Query;
use crate::store::Store;

/// Nothing here should take this long.
const DEADLINE: Duration = Duration::from_secs(30);

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

/// Submits, and tries again while the queue is full: the thread makes room.
fn submit(store: &Store, token: u64, op: Op) {
    let mut next = Some((token, op));
    while let Some((token, op)) = next.take() {
        next = store.try_submit(token, op).err();
        std::thread::yield_now();
    }
}

/// Outcomes come in the order of the wishes, each with its token.
#[test]
fn outcomes_come_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let (events, mut outcomes) = mpsc::channel(4);
    let store = Store::open(&folder.path().join("kith.db"), events).unwrap();
    let entries = Writer::new(1, 1).run(200);
    let wishes: Vec<Op> = entries.iter().map(|entry| Op::Append(Box::new(entry.clone()))).collect();
    let reader = std::thread::spawn(move || {
        runtime().block_on(async {
            let mut seen = vec![];
            for _ in 0..200 {
                seen.push(tokio::time::timeout(DEADLINE, outcomes.recv()).await.unwrap().unwrap());
            }
            seen
        })
    });
    wishes.into_iter().enumerate().for_each(|(token, op)| submit(&store, token as u64, op));
    let seen = reader.join().unwrap();
    for (at, (token, outcome)) in seen.into_iter().enumerate() {
        assert_eq!(token, at as u64);
        assert_eq!(outcome, Ok(Outcome::Appended { heads: vec![entries[at].id()] }));
    }
    store.close();
}

/// Closing commits everything that was submitted, although nobody reads a single outcome and other handles are alive;
/// afterwards wishes are given back.
#[test]
fn closing_commits_everything() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kith.db");
    let (events, outcomes) = mpsc::channel(1);
    let store = Store::open(&path, events).unwrap();
    let other = store.clone();
    let entries = Writer::new(1, 1).run(300);
    let taken = entries
        .iter()
        .enumerate()
        .take_while(|(token, entry)| store.try_submit(*token as u64, Op::Append(Box::new((*entry).clone()))).is_ok())
        .count();
    store.close();
    assert!(taken > 100);
    assert_eq!(other.try_submit(7, Op::Load).map_err(|(token, _)| token), Err(7));
    other.close();
    drop(outcomes);
    assert_eq!(shown(&mut Db::open(&path).unwrap()), ids(&entries[..taken]));
}

/// Who has nothing else to do brings the index up to date, also when somebody asks how things stand all the time.
#[test]
fn what_was_stored_is_indexed_soon() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kith.db");
    let (events, mut outcomes) = mpsc::channel(8);
    let store = Store::open(&path, events).unwrap();
    submit(&store, 1, Op::Append(Box::new(Writer::new(1, 1).write(1, &[], "needle"))));
    let reader = rusqlite::Connection::open(&path).unwrap();
    let rows = || reader.query_row("SELECT count(*) FROM search_content", [], |row| row.get::<_, i64>(0)).unwrap();
    let begun = std::time::Instant::now();
    while rows() == 0 {
        assert!(begun.elapsed() < DEADLINE, "nobody has indexed it");
        submit(&store, 2, Op::CountWaiting);
        while outcomes.try_recv().is_ok() {}
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(reader);
    store.close();
    drop(outcomes);
}

/// A search finds all that was stored before it, also when both wait for the thread together.
#[test]
fn a_search_finds_what_was_wished_for_before_it() {
    let (events, mut outcomes) = mpsc::channel(1);
    let store = Store::start(Db::in_memory().unwrap(), events).unwrap();
    let mut writer = Writer::new(1, 1);
    // Nobody reads, so the thread stands still with the second outcome at the latest, and finds all the rest together.
    for at in 0..30 {
        submit(&store, at, Op::Append(Box::new(writer.write(at, &[], &format!("needle{at}")))));
        let query = Query::parse(&format!("\"needle{at}\"")).unwrap();
        submit(&store, 100 + at, Op::Search { query, within: None, before: None, limit: 1 });
    }
    for token in (0..30).flat_map(|at| [at, 100 + at]) {
        let next = runtime().block_on(async { tokio::time::timeout(DEADLINE, outcomes.recv()).await });
        let (answered, outcome) = next.unwrap().unwrap();
        assert_eq!(answered, token);
        if let Outcome::Found(found) = outcome.unwrap() {
            assert!(found.hits.len() == 1 && !found.unfinished, "{token}: {found:?}");
        }
    }
    store.close();
}

/// A queue that is full gives the wish back and loses none of those it took.
#[test]
fn a_full_queue_gives_back() {
    let (events, outcomes) = mpsc::channel(1);
    let store = Store::start(Db::in_memory().unwrap(), events).unwrap();
    // Nobody reads, so the thread stands still with the second outcome, and the queue fills.
    let given_back = (0u64..).find_map(|token| store.try_submit(token, Op::CountWaiting).err());
    assert!(given_back.is_some_and(|(token, op)| token > 100 && matches!(op, Op::CountWaiting)));
    drop(outcomes);
    store.close();
}

/// A batch that fails is answered with its error, and the thread goes on with the next.
#[test]
fn an_error_does_not_end_the_thread() {
    let db = Db::in_memory().unwrap();
    let pages: i64 = db.connection().query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    db.connection().pragma_update(None, "max_page_count", pages).unwrap();
    let (events, mut outcomes) = mpsc::channel(8);
    let store = Store::start(db, events).unwrap();
    let entry = Entry::write(
        &Writer::new(1, 1).device,
        Draft {
            author: RootKey([1; 32]),
            conversation: conversation(),
            log: LogId([1; 16]),
            sequence: 0,
            previous: None,
            after: vec![],
            time: 1,
            kind: kind::TEXT,
            target: None,
            body: vec![0; 20_000],
            salt: Salt([0; 32]),
        },
    );
    submit(&store, 1, Op::Append(Box::new(entry)));
    runtime().block_on(async {
        let (token, outcome) = tokio::time::timeout(DEADLINE, outcomes.recv()).await.unwrap().unwrap();
        assert_eq!((token, outcome), (1, Err(crate::store::StoreError::Full)));
        submit(&store, 2, Op::CountWaiting);
        let (token, outcome) = tokio::time::timeout(DEADLINE, outcomes.recv()).await.unwrap().unwrap();
        assert_eq!((token, outcome), (2, Ok(Outcome::Count(0))));
    });
    drop(store);
    assert!(outcomes.blocking_recv().is_none(), "dropping the last handle ends the thread");
}
