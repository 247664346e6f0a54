//! What people write into a group who are not in it: how much of it is taken, and that it hides nothing.

use super::*;
use crate::store::Wanted;
use crate::store::entries::{STRANGERS_WAITING_MAX, VOID_MAX};

pub(super) fn bring(db: &mut Db, entries: &[Entry], outside: bool, room: &Room) -> usize {
    let outside = if outside { vec![room.conversation] } else { vec![] };
    let mut refused = 0;
    for batch in entries.chunks(40) {
        let (entries, outside) = (batch.to_vec(), outside.clone());
        let op = Op::Insert { from: None, entries, way: Way::Direct, own: vec![], outside };
        let Outcome::Inserted { refused: not, .. } = one(db, op) else { panic!() };
        refused += not.len();
    }
    refused
}

fn group_of(db: &mut Db, room: &Room) -> Vec<RootKey> {
    let Outcome::Group(row) = one(db, Op::Group(room.conversation)) else { panic!() };
    row.group.fold().membership().unwrap().members.iter().map(|member| member.root).collect()
}

fn heads(db: &mut Db, room: &Room) -> Vec<EntryId> {
    let Outcome::Group(row) = one(db, Op::Group(room.conversation)) else { panic!() };
    row.heads
}

/// Logs of invented people under a group's name, each its own first entry.
pub(super) fn strangers(room: &Room, count: u16, after: &[EntryId]) -> Vec<Entry> {
    let stranger = |number: u16| {
        let mut log = [0; 16];
        log[..2].copy_from_slice(&number.to_be_bytes());
        let mut writer = Writer::elsewhere(200 + u8::try_from(number / 60).unwrap(), room.conversation);
        (writer.log, writer.author) = (LogId(log), RootKey([9; 32]));
        writer.write(1, after, "look at me")
    };
    (0..count).map(stranger).collect()
}

/// Nothing that a stranger writes behind a group is taken, and what they had sent before it could be known for that stands beside it:
/// it is no head, goes to nobody, and hides neither entries nor logs.
#[test]
fn what_strangers_write_is_not_taken() {
    let mut room = Room::new(1);
    let creation = room.entries[0].clone();
    let key = room.say(1, "somebody waits for this");
    let mut db = Db::in_memory().unwrap();
    insert(&mut db, &[&creation]);
    assert_eq!(bring(&mut db, &strangers(&room, 300, &[creation.id()]), false, &room), 300);
    assert_eq!(bring(&mut db, &strangers(&room, 300, &[]), false, &room), 300);
    let waiting = strangers(&room, 300, &[key.id()]);
    assert_eq!(bring(&mut db, &waiting, false, &room), 0, "what it has seen is not here yet");
    room.tell(0, 1);
    let answer = room.say(0, "an answer");
    insert(&mut db, &[&key, &answer]);
    assert!(visible(&db, &waiting[0]).0 && !visible(&db, &answer).0);
    assert_eq!(heads(&mut db, &room), [answer.id()]);
    let wanted = Wanted { to: Some(root(1)), ..Wanted::all(room.conversation) };
    let peer = EVERYBODY[1].0.device_key();
    let op = Op::Outbox { peer, conversations: vec![wanted], after: 0, bytes: 1 << 20 };
    let Outcome::Outbox { entries, more } = one(&mut db, op) else { panic!() };
    let sent: Vec<EntryId> = entries.iter().map(|(_, id, _)| *id).collect();
    assert_eq!((sent, more), (vec![creation.id(), key.id(), answer.id()], false));
    let Outcome::Have(have) = one(&mut db, Op::Have(room.conversation)) else { panic!() };
    let named = |entry: &Entry| have.logs.iter().any(|log| log.log == entry.header().log);
    assert!(!have.all && named(&creation) && named(&key), "the logs of members are said first");
    assert_eq!(group_of(&mut db, &room), [root(0), root(1)]);
    // Whoever has seen one of them stands beside the group too, also when they are in it.
    room.past.insert(waiting[0].id(), BTreeSet::new());
    room.beside.insert(waiting[0].id());
    let careless = room.sign(1, &Pen::default(), vec![waiting[0].id()], kind::TEXT, None, vec![]);
    assert_eq!(bring(&mut db, &[careless], false, &room), 1);
}

/// Strangers cannot fill the room in which entries wait for others.
#[test]
fn strangers_leave_room_to_wait() {
    let mut room = Room::new(1);
    let creation = room.entries[0].clone();
    let (first, second) = (room.say(1, "first"), room.say(1, "second"));
    let mut db = Db::in_memory().unwrap();
    insert(&mut db, &[&creation]);
    db.connection().execute("UPDATE conversation SET waiting = ?1", [STRANGERS_WAITING_MAX]).unwrap();
    assert_eq!(bring(&mut db, &strangers(&room, 1, &[first.id()]), false, &room), 1);
    assert_eq!(bring(&mut db, &[second], false, &room), 0, "who is in the group waits");
}

/// Of what somebody writes after they were put out only so much is taken from those who are out; members bring all of it, for others
/// may have answered to it.
#[test]
fn what_the_removed_write_has_a_limit() {
    let mut room = Room::new(2);
    let creation = room.entries[0].clone();
    let removal = room.change(0, &Action::Remove { root: root(2), cut: vec![] });
    let count = usize::try_from(VOID_MAX).unwrap() + 40;
    let (mut pen, mut after, mut late) = (Pen::default(), vec![creation.id()], vec![]);
    while late.len() < count {
        let body = Text::new("still here").unwrap().to_bytes();
        let entry = room.sign(2, &pen, std::mem::take(&mut after), kind::TEXT, None, body);
        pen = Pen { next: pen.next + 1, last: Some(entry.id()) };
        late.push(entry);
    }
    room.known[2].extend(pen.last);
    let mut db = Db::in_memory().unwrap();
    insert(&mut db, &[&creation, &removal]);
    let activity = |db: &mut Db| match one(db, Op::Summarise(vec![room.conversation])) {
        Outcome::Summaries(summaries) => summaries[0].activity,
        other => panic!("{other:?}"),
    };
    let before = activity(&mut db);
    assert_eq!(bring(&mut db, &late, true, &room), 40);
    assert_eq!(activity(&mut db), before, "who was put out moves nothing up anybody's list");
    // Bob did not know of the removal yet, and answers to the last one.
    room.tell(1, 2);
    let answer = room.say(1, "who?");
    let said = room.say(0, "we go on");
    insert(&mut db, &[&said, &answer]);
    assert!(!visible(&db, &said).0 && !rows(&db).contains_key(&answer.id()));
    let last = late.split_off(count - 1);
    assert_eq!(bring(&mut db, &last, true, &room), 0, "somebody else's entry waits for it");
    assert_eq!(bring(&mut db, &late, true, &room), 39, "only theirs waits for what is below it");
    assert!(!rows(&db).contains_key(&answer.id()));
    assert_eq!(bring(&mut db, &late, false, &room), 0, "a member brings it");
    assert!(!visible(&db, &answer).0);
}

/// Who comes in by a change whose body somebody has taken away is taken for nobody until it is here, and then for who they are.
#[test]
fn a_card_that_comes_late_lets_in_who_had_come() {
    let mut room = Room::new(1);
    let creation = room.entries[0].clone();
    let added = room.change(0, &Action::Add { card: Box::new(EVERYBODY[2].1.clone()) });
    room.tell(2, 0);
    let text = room.say(2, "hello");
    let bare = bare(&added);
    let mut db = Db::in_memory().unwrap();
    insert(&mut db, &[&creation, &bare, &text]);
    assert_eq!(visible(&db, &text), (true, false, false, true));
    assert_eq!(heads(&mut db, &room), [added.id()]);
    insert(&mut db, &[&added]);
    assert_eq!(visible(&db, &text), (false, true, true, true));
    assert_eq!(heads(&mut db, &room), [text.id()]);
    assert_eq!(group_of(&mut db, &room).len(), 3);
}

/// Who is out may know what was there before they were, and nothing of what was written since: not even that there is something.
#[test]
fn what_the_removed_may_know_ends_with_the_removal() {
    let mut room = Room::new(2);
    let creation = room.entries[0].clone();
    let (early, theirs) = (room.say(1, "early"), room.say(2, "theirs"));
    room.tell(0, 1);
    room.tell(0, 2);
    let cut = room.cut(0, 2);
    let removal = room.change(0, &Action::Remove { root: root(2), cut });
    let after: Vec<Entry> = (0..5).map(|_| room.say(0, "after")).collect();
    room.tell(1, 0);
    let late = room.say(1, "late");
    let mut db = Db::in_memory().unwrap();
    insert(&mut db, &[&creation, &early, &theirs, &removal]);
    insert(&mut db, &after.iter().chain([&late]).collect::<Vec<_>>());
    let mut said = |to| match one(&mut db, Op::HaveFor { conversation: room.conversation, to: root(to) }) {
        Outcome::Have(have) => {
            have.logs.iter().map(|log| (log.count, log.head.unwrap())).collect::<BTreeSet<(u64, EntryId)>>()
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(said(2), BTreeSet::from([(2, removal.id()), (1, early.id()), (1, theirs.id())]));
    assert_eq!(said(1), BTreeSet::from([(7, after[4].id()), (2, late.id()), (1, theirs.id())]));
}
