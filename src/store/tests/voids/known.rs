//! Whether somebody has what puts them out of a group, with what it stands on.

use super::*;

const CAROL: usize = 2;

/// What was written behind what puts somebody out is not for them: without it they know another thing that puts them out, which has its
/// place behind it. Who is in the group needs it.
#[test]
fn what_is_not_for_somebody_they_need_not_have() {
    let mut room = Room::new(CAROL);
    room.change(0, &Action::Promote { root: root(1) });
    room.tell(1, 0);
    let cut = room.cut(0, CAROL);
    let first = room.change(0, &Action::Remove { root: root(CAROL), cut: cut.clone() });
    let behind = room.say(0, "she is gone");
    let second = room.change(1, &Action::Remove { root: root(CAROL), cut });
    let mut db = Db::in_memory().unwrap();
    super::super::insert(&mut db, device(9), &room.entries);
    let order: Vec<EntryId> = db
        .entries(&room.conversation)
        .unwrap()
        .into_iter()
        .map(|kept| kept.id)
        .filter(|id| room.known[0].contains(id) || *id == second.id())
        .collect();
    assert_eq!(order[order.len() - 3..], [first.id(), behind.id(), second.id()]);
    let told: Vec<EntryId> = ids(&room.entries).into_iter().filter(|id| *id != behind.id()).collect();
    acked(&mut db, device(77), &told);
    let (conversation, ends) = (room.conversation, vec![first.id(), second.id()]);
    let known = |db: &mut Db, to: usize| match one(
        db,
        Op::Knows { conversation, peer: device(77), to: root(to), ids: ends.clone() },
    ) {
        Outcome::Known { has, placed, given } => (has, placed, given),
        other => panic!("{other:?}"),
    };
    assert_eq!(known(&mut db, CAROL), (2, 2, 2));
    assert_eq!(known(&mut db, 1), (2, 1, 1));
    // Without its body it is for others to give.
    let mut db = Db::in_memory().unwrap();
    let entries: Vec<Entry> =
        room.entries.iter().map(|entry| if entry.id() == behind.id() { bare(entry) } else { entry.clone() }).collect();
    super::super::insert(&mut db, device(9), &entries);
    acked(&mut db, device(77), &told);
    assert_eq!(known(&mut db, 1), (2, 1, 2));
}

/// What came without its body is not left to others when its author is out, or has given it up: then its header goes from here, and is
/// what they lack.
#[test]
fn what_nobody_else_gives_is_not_left_to_others() {
    for in_again in [false, true] {
        let mut room = Room::new(3);
        let text = room.say(1, "who gives it?");
        room.tell(0, 1);
        let mut entries = vec![room.entries[0].clone(), text.clone()];
        if in_again {
            entries.push(room.write(1, kind::DELETE, Some(text.id()), Deletion {}.to_bytes()));
        }
        let cut = room.cut(0, 1);
        entries.push(room.change(0, &Action::Remove { root: root(1), cut }));
        if in_again {
            entries.push(room.change(0, &Action::Add { card: Box::new(EVERYBODY[1].1.clone()) }));
        }
        let cut = room.cut(0, 0);
        let leave = room.change(0, &Action::Leave { cut });
        entries.push(leave.clone());
        let told: Vec<EntryId> = ids(&entries).into_iter().filter(|id| *id != text.id()).collect();
        if !in_again {
            entries[1] = bare(&text);
        }
        let mut db = Db::in_memory().unwrap();
        super::super::insert(&mut db, device(9), &entries);
        acked(&mut db, device(77), &told);
        let knows = Op::Knows { conversation: room.conversation, peer: device(77), to: root(2), ids: vec![leave.id()] };
        assert_eq!(one(&mut db, knows), Outcome::Known { has: 1, placed: 0, given: 0 }, "in again: {in_again}");
    }
}
