//! Whoever was put out and never looks at it cannot make others keep more than so much, whatever they write in whose name.

use super::beside::{bring, strangers};
use super::*;
use crate::store::entries::{STRANGERS_WAITING_BYTES_MAX, VOID_MAX};

const MALLORY: usize = 2;

/// A group of Alice, Bob and Mallory, who is put out and has not seen it.
fn without_mallory() -> (Room, Db, Entry) {
    let mut room = Room::new(2);
    let creation = room.entries[0].clone();
    let removal = room.change(0, &Action::Remove { root: root(MALLORY), cut: vec![] });
    let mut db = Db::in_memory().unwrap();
    insert(&mut db, &[&creation, &removal]);
    (room, db, creation)
}

/// So many texts of one log, the first of which has seen this.
fn texts(room: &mut Room, by: usize, seen: EntryId, count: i64) -> Vec<Entry> {
    let (mut pen, mut after, mut written) = (Pen::default(), vec![seen], vec![]);
    for _ in 0..count {
        let body = Text::new("still here").unwrap().to_bytes();
        let entry = room.sign(by, &pen, std::mem::take(&mut after), kind::TEXT, None, body);
        pen = Pen { next: pen.next + 1, last: Some(entry.id()) };
        written.push(entry);
    }
    written
}

/// What one device writes in another's name.
fn in_the_name_of(who: usize, room: &Room, after: &[EntryId]) -> Entry {
    let device = EVERYBODY[MALLORY].0.device.clone();
    let mut writer = Writer { device, author: root(who), ..Writer::elsewhere(1, room.conversation) };
    writer.write(1, after, "I am somebody else")
}

/// A gap in a log is no reason to take all that is below it: anybody can write one entry far above.
#[test]
fn a_gap_lets_nothing_in() {
    let (mut room, mut db, creation) = without_mallory();
    let mut flood = texts(&mut room, MALLORY, creation.id(), VOID_MAX + 60);
    let last = flood.split_off(flood.len() - 1);
    assert_eq!(bring(&mut db, &last, true, &room), 0, "it waits");
    assert_eq!(bring(&mut db, &flood, true, &room), 59, "also the one for which their own entry waits");
}

/// Nor is an entry that waits for theirs and has a member's name on it, unless a device of that member has written it.
#[test]
fn only_what_a_member_waits_for_is_taken() {
    let (mut room, mut db, creation) = without_mallory();
    let flood = texts(&mut room, MALLORY, creation.id(), VOID_MAX + 2);
    let (next, last) = (flood[flood.len() - 2].id(), flood[flood.len() - 1].id());
    let forged = in_the_name_of(1, &room, &[last]);
    room.tell(1, 0);
    room.known[1].insert(next);
    let answer = room.say(1, "who?");
    assert_eq!(bring(&mut db, &[forged], true, &room), 0, "it waits");
    assert_eq!(bring(&mut db, &[answer], false, &room), 0, "and so does Bob's");
    assert_eq!(bring(&mut db, &flood, true, &room), 1, "the one that only the forged entry waits for");
}

/// Whom they bring in by changes that do not count is one more name for the same flood.
#[test]
fn invented_people_share_one_limit() {
    let (mut room, mut db, creation) = without_mallory();
    let mut flood = vec![];
    for puppet in [3, 4] {
        flood.push(room.change(MALLORY, &Action::Add { card: Box::new(EVERYBODY[puppet].1.clone()) }));
        let seen = flood[flood.len() - 1].id();
        flood.extend(texts(&mut room, puppet, seen, VOID_MAX * 6 / 10));
    }
    let over = flood.len() - usize::try_from(VOID_MAX).unwrap();
    assert!(room.beside.is_empty() && room.past[&flood[0].id()].contains(&creation.id()));
    assert_eq!(bring(&mut db, &flood, true, &room), over);
}

/// What somebody says about themselves counts as long as they have not seen that they are out: that has the same limit. What members
/// write comes by anybody.
#[test]
fn words_about_oneself_have_the_limit_too() {
    let (mut room, mut db, creation) = without_mallory();
    let flood = texts(&mut room, MALLORY, creation.id(), VOID_MAX - 10);
    assert_eq!(bring(&mut db, &flood, false, &room), 0);
    room.known[MALLORY].extend(flood.last().map(Entry::id));
    room.pens[MALLORY] = Pen { next: flood.len() as u64, last: flood.last().map(Entry::id) };
    let words: Vec<Entry> = (0..30).map(|_| room.change(MALLORY, &Action::Demote { root: root(MALLORY) })).collect();
    assert_eq!(bring(&mut db, &words, true, &room), 20);
    assert!(!visible(&db, &words[0]).0, "it counts");
    let text = room.say(1, "by whoever is there");
    assert_eq!(bring(&mut db, &[text], true, &room), 0);
}

/// They leave room for the bytes of those who are in the group, also under the names of these.
#[test]
fn large_entries_leave_room_to_wait() {
    let (mut room, mut db, creation) = without_mallory();
    room.tell(1, 0);
    let (first, second) = (room.say(1, "first"), room.say(1, "second"));
    let forged = in_the_name_of(1, &room, &[first.id()]);
    let another = in_the_name_of(1, &room, &[creation.id(), first.id()]);
    assert_eq!(bring(&mut db, &[forged], false, &room), 0, "there is room");
    db.connection().execute("UPDATE conversation SET waiting_bytes = ?1", [STRANGERS_WAITING_BYTES_MAX]).unwrap();
    assert_eq!(bring(&mut db, &strangers(&room, 1, &[first.id()]), false, &room), 1);
    assert_eq!(bring(&mut db, &[another], false, &room), 1, "Bob's name is no seat");
    assert_eq!(bring(&mut db, &[second], false, &room), 0, "who is in the group waits");
}
