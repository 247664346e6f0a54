//! What somebody in a group writes under another's name, or without what it should have, changes nothing for others.

use super::*;
use crate::log::group::CUT_LOGS_MAX;

fn own_log(db: &mut Db) -> LogId {
    match one(db, Op::Load) {
        Outcome::Loaded(loaded) => loaded.logs[0].log,
        other => panic!("{other:?}"),
    }
}

/// An entry of somebody's device under the name of our log is not taken for ours; one of our own device is.
#[test]
fn the_name_of_our_log_makes_no_entry_ours() {
    for (by, ours) in [(4, false), (1, true)] {
        let mut room = Room::new(4);
        let creation = room.entries[0].clone();
        let log = LogId([by; 16]);
        let mut db = Db::in_memory().unwrap();
        insert(&mut db, &[&creation]);
        one(&mut db, Op::SaveOwnLog { conversation: room.conversation, log });
        let body = Text::new("yours?").unwrap().to_bytes();
        let entry = room.sign(usize::from(by), &Pen::default(), vec![creation.id()], kind::TEXT, None, body);
        let own = vec![EVERYBODY[1].0.device_key()];
        one(&mut db, Op::Insert { from: None, entries: vec![entry], way: Way::Direct, own, outside: vec![] });
        assert_eq!(own_log(&mut db) != log, ours, "a log of ours that was lost is closed, and no other");
        let closed: i64 = db.connection().query_row("SELECT max(own) FROM log", [], |row| row.get(0)).unwrap();
        assert_eq!(closed > 0, ours);
    }
}

/// Entries of other devices with somebody's name on them do not keep the last of their own from a removal.
#[test]
fn a_cut_names_only_logs_of_devices_that_are_theirs() {
    let mut room = Room::new(1);
    let theirs = room.say(1, "mine");
    let mut entries = vec![room.entries[0].clone(), theirs.clone()];
    for log in 0..u8::try_from(CUT_LOGS_MAX).unwrap() {
        let mut writer = Writer { author: root(1), ..Writer::elsewhere(200 - log % 100, room.conversation) };
        writer.log = LogId([log; 16]);
        entries.push(writer.write(1, &[room.entries[0].id()], "forged"));
    }
    let mut db = Db::in_memory().unwrap();
    insert(&mut db, &entries.iter().collect::<Vec<_>>());
    let Outcome::Cut(cut) = one(&mut db, Op::Cut { conversation: room.conversation, author: root(1) }) else {
        panic!()
    };
    assert_eq!(cut.iter().map(|last| last.id).collect::<Vec<_>>(), [theirs.id()]);
}

/// Of a group whose new members get nothing from before them, what was written since and came without its body is asked for, and
/// every change: so whoever carries an entry cannot take its body away.
#[test]
fn a_body_that_was_taken_away_is_asked_for() {
    let mut room = Room::new(1);
    let creation = room.entries[0].clone();
    let before = room.say(0, "before they came");
    let addition = room.change(0, &Action::Add { card: Box::new(EVERYBODY[2].1.clone()) });
    let since = room.say(0, "since");
    let mut db = Db::in_memory().unwrap();
    insert(&mut db, &[&creation, &bare(&before), &addition, &bare(&since)]);
    let mut asked = |who| -> Vec<(u64, u64)> {
        match one(&mut db, asked_by(&room, who)) {
            Outcome::Bare { lacks, .. } => {
                lacks.iter().flat_map(|lack| &lack.ranges).map(|range| (range.from, range.count)).collect()
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(asked(1), [(1, 1), (3, 1)]);
    assert_eq!(asked(2), [(3, 1)]);
    let removal = room.change(0, &Action::Remove { root: root(2), cut: vec![] });
    insert(&mut db, &[&bare(&removal)]);
    let Outcome::Bare { lacks, .. } = one(&mut db, asked_by(&room, 2)) else { panic!() };
    assert_eq!(lacks[0].ranges, [wire::Range { from: 3, count: 2 }], "the one that puts them out too");
    insert(&mut db, &[&removal]);
    assert!(visible(&db, &removal).3);
}
