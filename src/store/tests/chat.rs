use super::*;
use crate::store::{Choice, Chosen, Summary};

fn choose(db: &mut Db, choice: Choice) -> Outcome {
    one(db, Op::Choose { conversation: conversation(), choice })
}

fn summary(db: &mut Db) -> Summary {
    match one(db, Op::Summarise(vec![conversation()])) {
        Outcome::Summaries(mut summaries) => summaries.remove(0),
        other => panic!("{other:?}"),
    }
}

/// What was chosen for a conversation is there after a restart, also before anything was said; one choice leaves the others.
#[test]
fn what_was_chosen_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kith.db");
    let mut db = Db::open(&path).unwrap();
    assert_eq!(summary(&mut db).chosen, Chosen::default());
    let muted = Chosen { muted_until: u64::MAX, ..Chosen::default() };
    // As large as the database holds.
    let held = Chosen { muted_until: u64::try_from(i64::MAX).unwrap(), ..muted };
    assert_eq!(choose(&mut db, Choice::MutedUntil(u64::MAX)), Outcome::Chosen(muted));
    assert_eq!(choose(&mut db, Choice::Pinned(true)), Outcome::Chosen(Chosen { pinned: true, ..held }));
    let all = Chosen { pinned: true, archived: true, ..held };
    assert_eq!(choose(&mut db, Choice::Archived(true)), Outcome::Chosen(all));
    drop(db);
    let mut db = Db::open(&path).unwrap();
    assert_eq!(summary(&mut db).chosen, all);
    choose(&mut db, Choice::MutedUntil(0));
    choose(&mut db, Choice::Archived(false));
    assert_eq!(choose(&mut db, Choice::Pinned(false)), Outcome::Chosen(Chosen::default()));
    assert_eq!(summary(&mut db).chosen, Chosen::default());
}
