use super::super::missing::{BARE, INCOMPLETE, NAMED};
use super::*;
use crate::log::Deletion;
use crate::store::{MISSING_COUNT_MAX, Missing, Peer};
use crate::wire::ExchangeKey;

/// Whoever has this device is known.
fn know(db: &mut Db, seed: u8) {
    let peer = Peer {
        device: device(seed),
        root: RootKey([seed; 32]),
        rendezvous: ExchangeKey([seed; 32]),
        key: None,
        mail_sent: 0,
        mail_seen: 0,
    };
    one(db, Op::SavePeer(Box::new(peer)));
}

fn gaps(db: &mut Db) -> Gaps {
    match one(db, Op::Summarise(vec![conversation()])) {
        Outcome::Summaries(mut summaries) => summaries.remove(0).gaps,
        other => panic!("{other:?}"),
    }
}

fn missing(author: Option<u8>, count: u32, held_by: &[u8]) -> Missing {
    let root = |seed: &u8| RootKey([*seed; 32]);
    let mut held_by: Vec<RootKey> = held_by.iter().map(root).collect();
    held_by.sort();
    Missing { author: author.as_ref().map(root), count, held_by }
}

/// A gap in a log is counted, and whoever sent what stands above it has what is missing. When it arrives, nothing is missing.
#[test]
fn gaps_are_counted_and_told_who_holds_them() {
    let mut db = Db::in_memory().unwrap();
    [1, 2, 3].iter().for_each(|seed| know(&mut db, *seed));
    let bob = Writer::new(2, 2).run(8);
    insert(&mut db, device(2), &bob[..2]);
    assert_eq!(gaps(&mut db), Gaps::default());
    insert(&mut db, device(3), &bob[4..5]);
    assert_eq!(gaps(&mut db).missing, [missing(Some(2), 2, &[3])]);
    insert(&mut db, device(2), &bob[6..]);
    assert_eq!(gaps(&mut db).missing, [missing(Some(2), 3, &[2, 3])]);
    insert(&mut db, device(3), &bob[2..3]);
    assert_eq!(gaps(&mut db).missing, [missing(Some(2), 2, &[2, 3])]);
    insert(&mut db, device(2), &[bob[3].clone(), bob[5].clone()]);
    assert_eq!(gaps(&mut db), Gaps::default());
}

/// What an answer names and nobody has sent is missing too, of an author who is not known; once, whoever else names it, and not
/// beside the gap that it is a part of.
#[test]
fn what_others_have_seen_is_missing() {
    let mut db = Db::in_memory().unwrap();
    [1, 2, 3].iter().for_each(|seed| know(&mut db, *seed));
    let mut carol = Writer::new(3, 3);
    let unseen = carol.run(3);
    let mut bob = Writer::new(2, 2);
    let answer = bob.write(10, &[unseen[2].id()], "yes");
    let again = bob.write(11, &[unseen[2].id()], "and yes");
    insert(&mut db, device(2), &[answer, again]);
    assert_eq!(gaps(&mut db).missing, [missing(None, 1, &[2])]);
    // Her next one: the gap below it has three, of which it names the last.
    insert(&mut db, device(2), &[carol.write(12, &[], "well")]);
    assert_eq!(gaps(&mut db).missing, [missing(Some(3), 3, &[2])]);
    insert(&mut db, device(2), &unseen[2..]);
    assert_eq!(gaps(&mut db).missing, [missing(Some(3), 2, &[2])]);
    insert(&mut db, device(2), &unseen[..2]);
    assert_eq!(gaps(&mut db), Gaps::default());
}

/// A log with two branches is flagged, and neither counts as missing.
#[test]
fn forks_are_flagged_and_kept() {
    let mut db = Db::in_memory().unwrap();
    know(&mut db, 2);
    let mut bob = Writer::new(2, 2);
    let first = bob.run(2);
    let mut copy = bob.clone();
    let (one_way, other_way) = (bob.write(5, &[], "one way"), copy.write(6, &[], "the other way"));
    insert(&mut db, device(2), &first);
    insert(&mut db, device(2), std::slice::from_ref(&one_way));
    assert_eq!(gaps(&mut db), Gaps::default());
    insert(&mut db, device(2), std::slice::from_ref(&other_way));
    assert_eq!(gaps(&mut db), Gaps { missing: vec![], forked: vec![RootKey([2; 32])] });
    let order = [first[0].id(), first[1].id(), one_way.id(), other_way.id()];
    assert_eq!(shown(&mut db), order, "both are kept and shown");
}

/// A number that somebody made up is not shown as it is.
#[test]
fn a_count_has_a_limit() {
    let mut db = Db::in_memory().unwrap();
    let mut bob = Writer::new(2, 2);
    bob.next = 4_000_000_000;
    bob.last = Some(EntryId([9; 32]));
    insert(&mut db, device(2), &[bob.write(1, &[], "from far above")]);
    assert_eq!(gaps(&mut db).missing, [missing(Some(2), MISSING_COUNT_MAX, &[])]);
}

/// A message that came without its text has not arrived, until that comes, or its author deletes it.
#[test]
fn messages_without_their_texts_are_missing() {
    let mut db = Db::in_memory().unwrap();
    let mut bob = Writer::new(2, 2);
    let (first, second) = (bob.write(10, &[], "first"), bob.write(11, &[], "second"));
    insert(&mut db, device(2), &[bare(&first), bare(&second)]);
    assert_eq!(gaps(&mut db).missing, [missing(Some(2), 2, &[])]);
    insert(&mut db, device(2), &[first]);
    assert_eq!(gaps(&mut db).missing, [missing(Some(2), 1, &[])]);
    let deletion = bob.draft_on(12, &[], kind::DELETE, Some(second.id()), Deletion {}.to_bytes());
    insert(&mut db, device(2), &[deletion]);
    assert_eq!(gaps(&mut db), Gaps::default());
}

/// What is asked for each conversation of a list costs no look at its entries.
#[test]
fn a_whole_conversation_costs_no_look_at_its_entries() {
    let db = Db::in_memory().unwrap();
    for question in [BARE, INCOMPLETE, NAMED] {
        let mut statement = db.connection().prepare(&format!("EXPLAIN QUERY PLAN {question}")).unwrap();
        let parameters = statement.parameter_count();
        let parameters: Vec<i64> = vec![1; parameters];
        let plan: Vec<String> = statement
            .query_map(rusqlite::params_from_iter(parameters), |row| row.get(3))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert!(plan.iter().all(|step| !step.starts_with("SCAN")), "{plan:?}");
    }
}
