use super::*;
use crate::store::StoreError;

/// On a full disk a whole batch fails and nothing of it is there; what was acknowledged stays, and the next batch works
/// as soon as there is room.
#[test]
fn a_full_disk_loses_nothing_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kith.db");
    let mut db = Db::open(&path).unwrap();
    let mut alice = Writer::new(1, 1);
    let mut acknowledged = vec![];
    let pages: i64 = db.connection().query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    db.connection().pragma_update(None, "max_page_count", pages + 40).unwrap();
    let refused = loop {
        let entries: Vec<Entry> = (0..5).map(|at| alice.write(at, &[], &"x".repeat(2_000))).collect();
        let outcomes = db.apply(entries.iter().map(|entry| Op::Append(Box::new(entry.clone()))).collect());
        if outcomes.iter().all(Result::is_ok) {
            acknowledged.extend(ids(&entries));
            continue;
        }
        assert_eq!(outcomes, vec![Err(StoreError::Full); 5]);
        break entries;
    };
    assert!(!acknowledged.is_empty());
    assert_eq!(shown(&mut db), acknowledged);
    assert_eq!(have(&mut db).logs[0].count, acknowledged.len() as u64);
    db.connection().pragma_update(None, "max_page_count", 1_000_000).unwrap();
    let outcomes = db.apply(refused.iter().map(|entry| Op::Append(Box::new(entry.clone()))).collect());
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(Outcome::Appended { .. }))));
    acknowledged.extend(ids(&refused));
    drop(db);
    assert_eq!(shown(&mut Db::open(&path).unwrap()), acknowledged);
}
