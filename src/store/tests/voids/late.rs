//! What a body says that comes late, and what those may know who were in a group twice.

use super::*;

/// A change whose body was taken away may put somebody out who was here: their entries are judged anew too.
#[test]
fn a_body_that_comes_late_can_put_somebody_out() {
    let mut room = Room::new(1);
    let creation = room.entries[0].clone();
    let promoted = room.change(0, &Action::Promote { root: root(1) });
    room.tell(1, 0);
    let added = room.change(1, &Action::Add { card: Box::new(EVERYBODY[2].1.clone()) });
    room.tell(2, 1);
    let text = room.say(2, "hello");
    // At the same time, and senior to the addition.
    let demoted = room.change(0, &Action::Demote { root: root(1) });
    let mut db = Db::in_memory().unwrap();
    insert(&mut db, &[&creation, &promoted, &added, &text, &bare(&demoted)]);
    assert_eq!(visible(&db, &text), (false, true, true, true));
    insert(&mut db, &[&demoted]);
    assert_eq!(visible(&db, &text), (true, false, false, true), "nobody has let them in");
}

/// Bodies that come late together cost one look at the group, and the same comes of them as of one after the other.
#[test]
fn many_late_bodies_cost_one_look() {
    let mut room = Room::new(1);
    let creation = room.entries[0].clone();
    let texts: Vec<Entry> = (0..100).map(|_| room.say(1, "hello")).collect();
    room.tell(0, 1);
    let added = room.change(0, &Action::Add { card: Box::new(EVERYBODY[2].1.clone()) });
    room.tell(2, 0);
    let theirs = room.say(2, "let in");
    let mut changes: Vec<Entry> =
        (0..30).map(|number| room.change(0, &Action::History { shared: number % 2 == 0 })).collect();
    changes.push(added);
    let bares: Vec<Entry> = changes.iter().map(bare).collect();
    let first: Vec<&Entry> = [&creation].into_iter().chain(&texts).chain(&bares).chain([&theirs]).collect();
    let written =
        |db: &Db| db.connection().query_row("SELECT total_changes()", [], |row| row.get::<_, i64>(0)).unwrap();
    let mut outcomes = vec![];
    for together in [true, false] {
        let mut db = Db::in_memory().unwrap();
        insert(&mut db, &first);
        assert!(visible(&db, &theirs).0, "nobody has let them in yet");
        let before = written(&db);
        if together {
            insert(&mut db, &changes.iter().collect::<Vec<_>>());
        } else {
            changes.iter().for_each(|change| insert(&mut db, &[change]));
        }
        assert!(!visible(&db, &theirs).0);
        outcomes.push((rows(&db), written(&db) - before));
    }
    assert_eq!(outcomes[0].0, outcomes[1].0);
    assert!(outcomes[0].1 * 10 < outcomes[1].1, "{} and {} rows are written", outcomes[0].1, outcomes[1].1);
}

/// A body that lets in who was here makes other heads, and they are told: the next own entry names what is shown.
#[test]
fn heads_that_a_late_body_makes_are_told() {
    let mut room = Room::new(1);
    let creation = room.entries[0].clone();
    let added = room.change(0, &Action::Add { card: Box::new(EVERYBODY[2].1.clone()) });
    room.tell(2, 0);
    let text = room.say(2, "hello");
    let mut db = Db::in_memory().unwrap();
    insert(&mut db, &[&creation, &bare(&added), &text]);
    let op = Op::Insert { from: None, entries: vec![added], way: Way::Direct, own: vec![], outside: vec![] };
    let Outcome::Inserted { heads, .. } = one(&mut db, op) else { panic!() };
    assert_eq!(heads, [(room.conversation, vec![text.id()])]);
}

/// Who was put out, came back and was put out again may know what they were given in between: up to the last of it.
#[test]
fn who_was_out_twice_knows_up_to_the_second_time() {
    let mut room = Room::new(2);
    let mut said = vec![room.entries[0].clone(), room.say(0, "with them")];
    for again in [true, false] {
        said.push(room.change(0, &Action::Remove { root: root(2), cut: vec![] }));
        said.push(room.say(0, "without them"));
        if again {
            said.push(room.change(0, &Action::Add { card: Box::new(EVERYBODY[2].1.clone()) }));
            said.push(room.say(0, "with them again"));
        }
    }
    let mut db = Db::in_memory().unwrap();
    insert(&mut db, &said.iter().collect::<Vec<_>>());
    let op = Op::HaveFor { conversation: room.conversation, to: root(2) };
    let Outcome::Have(have) = one(&mut db, op) else { panic!() };
    let known: Vec<(u64, EntryId)> = have.logs.iter().map(|log| (log.count, log.head.unwrap())).collect();
    assert_eq!(known, [(7, said[6].id())], "the entry that puts them out the second time is the last");
}

/// What waits for something before it does not count as here when a contact names it: they may have what is missing.
#[test]
fn what_waits_has_no_place_here() {
    let mut room = Room::new(2);
    let creation = room.entries[0].clone();
    let said = [room.say(0, "first"), room.say(0, "second")];
    let heads = vec![creation.id(), said[1].id()];
    let mut db = Db::in_memory().unwrap();
    insert(&mut db, &[&creation, &said[1]]);
    assert_eq!(one(&mut db, Op::Here(heads.clone())), Outcome::Count(1));
    insert(&mut db, &[&said[0]]);
    assert_eq!(one(&mut db, Op::Here(heads)), Outcome::Count(2));
}
