//! What does not count in a group is not shown, whatever the order of arrival; the pure fold, asked with whole pasts, says the same.

mod back;
mod beside;
mod floods;
mod forged;
mod known;
mod late;
mod room;
mod upgrade;

use std::collections::BTreeSet;

use rand::{RngExt, SeedableRng, rngs::StdRng};

use self::room::{EVERYBODY, PEOPLE, Pen, Room, arrive, insert, root, rows, visible};
use super::super::bare::LOOKED_MAX;
use super::*;
use crate::log::Deletion;
use crate::log::group::Action;

/// Somebody's question what came without its body.
fn asked_by(room: &Room, who: usize) -> Op {
    Op::Bare { conversation: room.conversation, to: Some(root(who)), after: 0 }
}

/// Headers of what was before somebody came, which is not for them whole, are looked through a part at a time, and keep nothing from being
/// asked for.
#[test]
fn headers_of_what_was_before_keep_nothing_from_being_asked_for() {
    let mut room = Room::new(1);
    let creation = room.entries[0].clone();
    let (mut before, mut pen) = (vec![], Pen::default());
    for _ in 0..LOOKED_MAX {
        let after = if pen.next == 0 { vec![creation.id()] } else { vec![] };
        let said = room.sign(1, &pen, after, kind::TEXT, None, Text::new("before").unwrap().to_bytes());
        pen = Pen { next: pen.next + 1, last: Some(said.id()) };
        before.push(bare(&said));
    }
    room.known[0].extend(pen.last);
    let added = room.change(0, &Action::Add { card: Box::new(EVERYBODY[2].1.clone()) });
    let since = room.say(0, "since");
    let mut db = Db::in_memory().unwrap();
    insert(&mut db, &[&creation]);
    before.chunks(100).for_each(|some| insert(&mut db, &some.iter().collect::<Vec<_>>()));
    insert(&mut db, &[&added, &bare(&since)]);
    let (mut asked, mut after): (Vec<Vec<_>>, _) = (vec![], Some(0));
    while let Some(behind) = after {
        let question = Op::Bare { conversation: room.conversation, to: Some(root(2)), after: behind };
        let Outcome::Bare { lacks, next } = one(&mut db, question) else { panic!() };
        asked.push(lacks.iter().map(|lack| (lack.device, lack.ranges[0].from)).collect());
        after = next;
    }
    assert_eq!(asked, [vec![], vec![(since.header().device, since.header().sequence)]]);
}

/// Of what came without its text only what is for us has not arrived: not what was said before we came in.
#[test]
fn what_is_not_for_us_is_not_missing() {
    let mut room = Room::new(1);
    let creation = room.entries[0].clone();
    let before = room.say(1, "before");
    room.tell(0, 1);
    let added = room.change(0, &Action::Add { card: Box::new(EVERYBODY[2].1.clone()) });
    room.tell(2, 0);
    let own = room.say(2, "here I am");
    let since = room.say(0, "since");
    let mut db = Db::in_memory().unwrap();
    insert(&mut db, &[&creation, &bare(&before), &added]);
    one(&mut db, Op::Append(Box::new(own)));
    insert(&mut db, &[&bare(&since)]);
    let Outcome::Summaries(summaries) = one(&mut db, Op::Summarise(vec![room.conversation])) else { panic!() };
    let missing: Vec<_> = summaries[0].gaps.missing.iter().map(|missing| (missing.author, missing.count)).collect();
    assert_eq!(missing, [(Some(root(0)), 1)]);
}

/// Their own words people get back whole, also what they wrote outside before they came in again without what was said before.
#[test]
fn own_words_come_back_whole() {
    let mut room = Room::new(2);
    let cut = room.cut(2, 2);
    let left = room.change(2, &Action::Leave { cut });
    let said = room.say(2, "outside");
    room.tell(0, 2);
    let added = room.change(0, &Action::Add { card: Box::new(EVERYBODY[2].1.clone()) });
    let creation = room.entries[0].clone();
    let (mut theirs, mut ours) = (Db::in_memory().unwrap(), Db::in_memory().unwrap());
    insert(&mut theirs, &[&creation, &left, &bare(&said), &added]);
    insert(&mut ours, &[&creation, &left, &said, &added]);
    let Outcome::Bare { lacks, .. } = one(&mut theirs, asked_by(&room, 2)) else { panic!() };
    assert_eq!(lacks.len(), 1);
    let wanted = |who| Wanted { to: Some(root(who)), ..Wanted::all(room.conversation) };
    let mut whole = |who| {
        let op = Op::Outbox { peer: device(9), conversations: vec![wanted(who)], after: 0, bytes: usize::MAX };
        let Outcome::Outbox { entries, .. } = one(&mut ours, op) else { panic!() };
        entries.into_iter().find(|(_, id, _)| *id == said.id()).map(|(.., entry)| entry.body.is_some())
    };
    assert_eq!((whole(2), whole(1)), (Some(true), Some(true)));
}

/// A random life of a group: texts, changes, people who know more or less, and some who write on after they were put out.
fn story(seed: u64, size: usize) -> Room {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut room = Room::new(rng.random_range(1..PEOPLE));
    while room.entries.len() < size {
        let by = rng.random_range(0..PEOPLE).min(rng.random_range(0..PEOPLE));
        let who = rng.random_range(0..PEOPLE);
        match rng.random_range(0..100) {
            0..30 => room.tell(by, who),
            30..60 => drop(room.say(by, "hello")),
            60..68 => drop(room.change(by, &Action::Add { card: Box::new(EVERYBODY[who].1.clone()) })),
            68..80 => {
                let cut = room.cut(by, who);
                room.change(by, &Action::Remove { root: root(who), cut });
            }
            80..88 => drop(room.change(by, &Action::Promote { root: root(who) })),
            88..92 => drop(room.change(by, &Action::Demote { root: root(who) })),
            92..94 => {
                let cut = room.cut(by, by);
                room.change(by, &Action::Leave { cut });
            }
            // Another branch of their log, which says to have seen only the beginning.
            _ => {
                let first = room.entries[0].id();
                let pen = Pen::default();
                if by > 0 {
                    let body = Text::new("another first").unwrap().to_bytes();
                    let fork = room.sign(by, &pen, vec![first], kind::TEXT, None, body);
                    if !room.beside.contains(&fork.id()) {
                        room.known[by].insert(fork.id());
                    }
                }
            }
        }
    }
    room
}

/// In whatever order and batches everything arrives, the same is void, and the pure fold says the same.
#[test]
fn what_is_void_depends_on_the_set_alone() {
    let (mut voids, mut cuts) = (0, 0);
    for seed in 0..40 {
        let room = story(seed, 30);
        let expected = room.expected();
        let mut rng = StdRng::seed_from_u64(seed ^ 1);
        for _ in 0..3 {
            let db = arrive(&room, &mut rng);
            let rows = rows(&db);
            for entry in &room.entries {
                let beside = room.beside.contains(&entry.id());
                let Some(&(void, shown, ..)) = rows.get(&entry.id()) else {
                    assert!(beside, "seed {seed}: {:?}", entry.header());
                    continue;
                };
                assert_eq!(void, expected[&entry.id()], "seed {seed}: {:?}", entry.header());
                assert_eq!(shown, !void && entry.header().kind == kind::TEXT, "seed {seed}");
            }
        }
        voids += expected.values().filter(|void| **void).count();
        let texts = room.entries.iter().filter(|entry| entry.header().kind == kind::TEXT);
        cuts += texts.filter(|entry| expected[&entry.id()]).count();
    }
    assert!(voids > 100 && cuts > 50, "{voids} and {cuts}: the stories are too tame");
}

/// A text beyond the cut is shown until the removal is known, then not, and again when the removal turns out void.
#[test]
fn a_text_beyond_the_cut_goes_and_comes_back() {
    let mut room = Room::new(3);
    let promoted = room.change(0, &Action::Promote { root: root(1) });
    room.tell(1, 0);
    let early = room.say(2, "early");
    room.tell(1, 2);
    let late = room.say(2, "late");
    let cut = room.cut(1, 2);
    let removal = room.change(1, &Action::Remove { root: root(2), cut });
    // Alice takes the office from Bob before, as far as she knows.
    let demotion = room.change(0, &Action::Demote { root: root(1) });
    let mut db = Db::in_memory().unwrap();
    insert(&mut db, &[&room.entries[0].clone(), &promoted, &early, &late]);
    assert_eq!(visible(&db, &late), (false, true, true, true));
    insert(&mut db, &[&removal]);
    assert_eq!(visible(&db, &late), (true, false, false, true), "beyond the cut");
    assert_eq!(visible(&db, &early), (false, true, true, true), "before it");
    insert(&mut db, &[&demotion]);
    assert!(visible(&db, &removal).0);
    assert_eq!(visible(&db, &late), (false, true, true, true), "the removal is void");
}

/// A deletion beyond the cut erases nothing; one that was obeyed before the removal was known has its body asked for again.
#[test]
fn a_void_deletion_deletes_nothing() {
    let mut room = Room::new(2);
    let text = room.say(1, "said in time");
    let (deletion, removal) = room.void_deletion(&text);
    let creation = room.entries[0].clone();
    let mut db = Db::in_memory().unwrap();
    insert(&mut db, &[&creation, &text, &removal, &deletion]);
    assert_eq!(visible(&db, &text), (false, true, true, true));
    let mut db = Db::in_memory().unwrap();
    insert(&mut db, &[&creation, &text, &deletion]);
    assert!(!visible(&db, &text).3, "it is obeyed as long as nothing speaks against it");
    insert(&mut db, &[&removal]);
    let Outcome::Bare { lacks, .. } = one(&mut db, asked_by(&room, 0)) else { panic!() };
    assert_eq!(lacks.len(), 1);
    assert_eq!((lacks[0].log, lacks[0].ranges[0].from), (text.header().log, text.header().sequence));
    insert(&mut db, &[&text]);
    assert!(visible(&db, &text).3, "it is taken again");
}

/// A deletion that a change of the group makes count again erases the text from every file, as any other does.
#[test]
fn a_deletion_that_counts_again_erases() {
    const TEXT: &str = "nobody shall find this";
    let mut room = Room::new(3);
    let promoted = room.change(0, &Action::Promote { root: root(1) });
    room.tell(1, 0);
    let text = room.say(2, TEXT);
    room.tell(1, 2);
    let deletion = room.write(2, kind::DELETE, Some(text.id()), Deletion {}.to_bytes());
    let cut = room.cut(1, 2);
    let removal = room.change(1, &Action::Remove { root: root(2), cut });
    let demotion = room.change(0, &Action::Demote { root: root(1) });
    let folder = tempfile::tempdir().unwrap();
    let found = || {
        let files = super::files::contents(folder.path());
        files.iter().any(|(_, bytes)| bytes.windows(TEXT.len()).any(|window| window == TEXT.as_bytes()))
    };
    let mut db = Db::open(&folder.path().join("kith.db")).unwrap();
    insert(&mut db, &[&room.entries[0].clone(), &promoted, &text, &removal, &deletion]);
    assert!(visible(&db, &text).3 && found(), "beyond the cut it deletes nothing");
    insert(&mut db, &[&demotion]);
    assert!(!visible(&db, &text).3, "the removal is void");
    assert!(!found(), "the text stands in a file");
}

/// What somebody outside wrote into a group before the group was known here is judged when it is.
#[test]
fn what_came_before_the_group_is_judged_with_it() {
    let mut room = Room::new(1);
    let creation = room.entries[0].clone();
    let body = Text::new("me too").unwrap().to_bytes();
    let intruder = room.sign(4, &Pen::default(), vec![], kind::TEXT, None, body);
    let mut db = Db::in_memory().unwrap();
    insert(&mut db, &[&intruder]);
    insert(&mut db, &[&creation]);
    assert_eq!(visible(&db, &intruder), (true, false, false, true));
}

/// A card that its owner has not signed makes nobody a member, however it arrives: an admin of a group could name a device of their
/// own as somebody else's.
#[test]
fn a_forged_card_lets_nobody_in() {
    let mut body = Action::Add { card: Box::new(EVERYBODY[2].1.clone()) }.to_bytes();
    let end = body.len() - 1;
    body[end] ^= 1;
    assert!(Action::known(&body).is_ok() && Action::parse(&body).is_err());
    let mut room = Room::new(1);
    let added = room.write(0, kind::GROUP, None, body);
    room.tell(2, 0);
    let text = room.say(2, "let me in");
    let creation = room.entries[0].clone();
    let bare = bare(&added);
    for first in [None, Some(&bare)] {
        let mut db = Db::in_memory().unwrap();
        insert(&mut db, &[&creation]);
        insert(&mut db, first.as_slice());
        insert(&mut db, &[&added, &text]);
        assert!(!rows(&db).contains_key(&text.id()), "who is let in by nobody stands beside the group");
        let Outcome::Group(row) = one(&mut db, Op::Group(room.conversation)) else { panic!() };
        assert_eq!(row.group.fold().membership().unwrap().members.len(), 2);
    }
}
