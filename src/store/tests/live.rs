mod crowded;
mod disk;

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};
use rusqlite::Connection;

use super::super::schema::migrations;
use super::*;
use crate::log::fold::{Content, Folded, Operation, Target, fold, is_shown};
use crate::log::order::{Node, sort};
use crate::log::{Deletion, Reaction};
use crate::store::{Happened, Mark, QuoteRow, Refusal};

fn text(text: &str) -> Vec<u8> {
    Text::new(text).unwrap().to_bytes()
}

fn reaction(emoji: &str, on: bool) -> Vec<u8> {
    Reaction::new(emoji, on).unwrap().to_bytes()
}

fn deletion() -> Vec<u8> {
    Deletion {}.to_bytes()
}

/// What an insertion means for people.
fn happened(db: &mut Db, from: DeviceKey, entries: &[Entry]) -> Vec<Happened> {
    match one(
        db,
        Op::Insert { from: Some(from), entries: entries.to_vec(), way: Way::Direct, own: vec![], outside: vec![] },
    ) {
        Outcome::Inserted { fresh, .. } => fresh.into_iter().map(|fresh| fresh.happened).collect(),
        other => panic!("{other:?}"),
    }
}

fn row(db: &mut Db, id: EntryId) -> MessageRow {
    match one(db, Op::Message { id, conversation: Some(conversation()) }) {
        Outcome::Message(_, row) => *row,
        other => panic!("{other:?}"),
    }
}

fn content(db: &mut Db, id: EntryId) -> Content {
    row(db, id).folded.content
}

fn said(text: &str) -> Content {
    Content::Text(text.to_owned())
}

fn bodies(db: &Db) -> BTreeMap<EntryId, bool> {
    let entries = db.entries(&conversation()).unwrap();
    entries.into_iter().map(|kept| (kept.id, kept.entry.body.is_some() && kept.entry.salt.is_some())).collect()
}

/// An edit changes what is read, everywhere that it is read, and is told once; one of somebody else changes nothing.
#[test]
fn an_edit_changes_what_is_read() {
    let mut db = Db::in_memory().unwrap();
    let (mut bob, mut eve) = (Writer::new(2, 2), Writer::new(3, 3));
    let hello = bob.write(10, &[], "helo");
    let target = hello.id();
    let answer = eve.write_on(11, target, kind::TEXT, text("hi"));
    insert(&mut db, device(2), &[hello]);
    insert(&mut db, device(3), std::slice::from_ref(&answer));
    let (foreign, edit) =
        (eve.write_on(30, target, kind::EDIT, text("mine")), bob.write_on(20, target, kind::EDIT, text("hello")));
    assert_eq!(happened(&mut db, device(3), &[foreign]), [Happened::Nothing]);
    assert_eq!(content(&mut db, target), said("helo"));
    let edited = Happened::Edited { target, text: "hello".into() };
    assert_eq!(happened(&mut db, device(2), std::slice::from_ref(&edit)), [edited]);
    assert_eq!(happened(&mut db, device(2), std::slice::from_ref(&edit)), [], "what comes again is told again");
    assert_eq!(row(&mut db, target).folded.edit, Some(edit.id()));
    let quote = QuoteRow { id: target, author: bob.author, text: "hello".into(), deleted: false };
    assert_eq!(row(&mut db, answer.id()).quote, Some(quote));
    assert_eq!(shown(&mut db), [target, answer.id()], "an edit is no row");
    let shown = history(&mut db, None, 10);
    assert_eq!(shown[0].folded.content, said("hello"));
}

/// Reactions stand beside a message, once for each person and emoji, until they are taken back.
#[test]
fn reactions_stand_beside_a_message() {
    let mut db = Db::in_memory().unwrap();
    let (mut bob, mut eve) = (Writer::new(2, 2), Writer::new(3, 3));
    let hello = bob.write(10, &[], "hello");
    let target = hello.id();
    insert(&mut db, device(2), &[hello]);
    let on = eve.write_on(20, target, kind::REACTION, reaction("👍", true));
    let again = eve.write_on(21, target, kind::REACTION, reaction("👍", true));
    let off = eve.write_on(22, target, kind::REACTION, reaction("👍", false));
    let told = |on| Happened::Reacted { target, emoji: "👍".into(), on };
    assert_eq!(happened(&mut db, device(3), &[on]), [told(true)]);
    assert_eq!(happened(&mut db, device(3), &[again]), [told(true)]);
    assert_eq!(row(&mut db, target).folded.reactions[0].by.len(), 1);
    assert_eq!(happened(&mut db, device(3), &[off]), [told(false)]);
    assert_eq!(row(&mut db, target).folded.reactions, []);
}

/// A deletion erases the text and every edit of it, whichever of them came before it; the headers stay, verify, and travel.
#[test]
fn a_deletion_erases_whatever_came_first() {
    for seed in 0..24 {
        let mut bob = Writer::new(2, 2);
        // Another device of his, so that nothing but the target ties its entries to the others.
        let mut other = Writer { author: bob.author, ..Writer::new(3, 3) };
        let hello = bob.write(10, &[], "secret");
        let target = hello.id();
        let edits = [
            bob.write_on(11, target, kind::EDIT, text("a secret")),
            other.write_on(1, target, kind::EDIT, text("too")),
        ];
        let thumb = other.write_on(2, target, kind::REACTION, reaction("👍", true));
        let delete = other.write_on(3, target, kind::DELETE, deletion());
        let after = bob.write(12, &[], "after");
        let [first, second] = edits;
        let mut all = [hello, first, second, thumb, delete, after.clone()];
        let erased = [all[0].id(), all[1].id(), all[2].id()];
        all.shuffle(&mut StdRng::seed_from_u64(seed));
        let mut db = Db::in_memory().unwrap();
        let told: Vec<Happened> =
            all.iter().flat_map(|entry| happened(&mut db, device(2), std::slice::from_ref(entry))).collect();
        let deleted = told.iter().filter(|told| matches!(told, Happened::Deleted { .. })).count();
        let read = told.iter().filter(|told| **told == Happened::Said("after".into())).count();
        assert!(deleted <= 1 && read == 1, "seed {seed}: {told:?}");
        assert_eq!(shown(&mut db), [target, after.id()]);
        assert_eq!(row(&mut db, target).folded, Folded::default());
        for (id, whole) in bodies(&db) {
            assert_eq!(whole, !erased.contains(&id), "seed {seed}");
        }
        for kept in db.entries(&conversation()).unwrap() {
            assert_eq!(Entry::verify(kept.entry).unwrap().id(), kept.id);
        }
        let Outcome::Summaries(summaries) = one(&mut db, Op::Summarise(vec![conversation()])) else { panic!() };
        assert_eq!(summaries[0].unread, 1, "what was deleted is not unread");
        // Everything goes on to somebody else without the text, and ends the same there.
        let (entries, _) = outbox(&mut db, device(9), 0, usize::MAX);
        let entries: Vec<Entry> = entries.into_iter().map(|(_, _, entry)| Entry::verify(entry).unwrap()).collect();
        let mut third = Db::in_memory().unwrap();
        insert(&mut third, device(2), &entries);
        assert_eq!(shown(&mut third), [target, after.id()]);
        assert_eq!(row(&mut third, target).folded, Folded::default());
        assert_eq!(third.entries(&conversation()).unwrap().len(), 6);
    }
}

/// Nobody deletes what somebody else wrote, and a deletion about no message erases nothing.
#[test]
fn only_the_author_deletes() {
    let mut db = Db::in_memory().unwrap();
    let (mut bob, mut eve) = (Writer::new(2, 2), Writer::new(3, 3));
    let hello = bob.write(10, &[], "hello");
    let thumb = bob.write_on(11, hello.id(), kind::REACTION, reaction("👍", true));
    let member = bob.write_raw(12, kind::GROUP, vec![1, 2, 3]);
    let all = [hello.clone(), thumb.clone(), member.clone()];
    insert(&mut db, device(2), &all);
    let foreign = eve.write_on(20, hello.id(), kind::DELETE, deletion());
    assert_eq!(happened(&mut db, device(3), &[foreign]), [Happened::Nothing]);
    for target in [thumb.id(), member.id(), EntryId([9; 32])] {
        let delete = bob.write_on(21, target, kind::DELETE, deletion());
        assert_eq!(happened(&mut db, device(2), &[delete]), [Happened::Nothing]);
    }
    let bodies = bodies(&db);
    assert!(all.iter().all(|entry| bodies[&entry.id()]));
    assert_eq!(content(&mut db, hello.id()), said("hello"));
}

/// What is asked for because it came without its body.
fn asks(db: &mut Db) -> Vec<wire::Range> {
    match one(db, Op::Bare { conversation: conversation(), to: None, after: 0 }) {
        Outcome::Bare { lacks, .. } => lacks.into_iter().flat_map(|lack| lack.ranges).collect(),
        other => panic!("{other:?}"),
    }
}

/// An entry that came without its body gets it from whoever has it, unless it was deleted; one that waits does too.
#[test]
fn a_body_that_was_missing_is_filled_in() {
    let mut bob = Writer::new(2, 2);
    let (first, second) = (bob.write(10, &[], "first"), bob.write(11, &[], "second"));
    let mut db = Db::in_memory().unwrap();
    assert_eq!(happened(&mut db, device(2), &[bare(&second)]), []);
    assert_eq!(happened(&mut db, device(2), std::slice::from_ref(&second)), []);
    assert_eq!(happened(&mut db, device(2), &[bare(&first)]), [Happened::Nothing, Happened::Said("second".into())]);
    assert_eq!(asks(&mut db), [wire::Range { from: 0, count: 1 }]);
    assert_eq!(shown(&mut db), [second.id()], "nobody has deleted it, and it is not here");
    assert_eq!(happened(&mut db, device(2), std::slice::from_ref(&first)), [Happened::Said("first".into())]);
    assert_eq!(happened(&mut db, device(2), &[first.clone(), bare(&first)]), []);
    assert_eq!(content(&mut db, first.id()), said("first"));
    assert_eq!(asks(&mut db), []);
    let waiting: (i64, i64) = db
        .connection()
        .query_row("SELECT waiting, waiting_bytes FROM conversation", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert_eq!(waiting, (0, 0));
    let delete = bob.write_on(12, first.id(), kind::DELETE, deletion());
    insert(&mut db, device(2), &[delete]);
    assert_eq!(happened(&mut db, device(2), std::slice::from_ref(&first)), []);
    assert!(!bodies(&db)[&first.id()]);
}

/// What is deleted on this device only is not shown here, nor quoted, and goes on to others as it was.
#[test]
fn what_is_hidden_is_hidden_here_only() {
    let mut db = Db::in_memory().unwrap();
    let (mut bob, mut eve) = (Writer::new(2, 2), Writer::new(3, 3));
    let hello = bob.write(10, &[], "hello");
    let answer = eve.write_on(11, hello.id(), kind::TEXT, text("hi"));
    insert(&mut db, device(2), &[hello.clone(), answer.clone()]);
    let hide = |id| Op::Hide { conversation: conversation(), id };
    assert_eq!(one(&mut db, hide(hello.id())), Outcome::Done);
    assert_eq!(one(&mut db, hide(hello.id())), Outcome::Refused(Refusal::UnknownMessage));
    assert_eq!(one(&mut db, hide(EntryId([9; 32]))), Outcome::Refused(Refusal::UnknownMessage));
    assert_eq!(shown(&mut db), [answer.id()]);
    let quote = row(&mut db, answer.id()).quote.unwrap();
    assert_eq!((quote.text.as_str(), quote.deleted), ("", true));
    assert_eq!(queued(&mut db, device(9)).len(), 2);
    assert!(bodies(&db)[&hello.id()]);
}

/// Somebody else's word of how far they have read counts when it is newer, and marks our own messages up to there.
#[test]
fn reading_positions_are_latest_values() {
    let mut db = Db::in_memory().unwrap();
    let mut own = Writer::new(1, 1);
    let mine = own.run(3);
    mine.iter().for_each(|entry| drop(append(&mut db, entry)));
    let read = |db: &mut Db| history(db, None, 10).iter().map(|row| row.read).collect::<Vec<_>>();
    let says = |db: &mut Db, counter, entry| {
        let mark = Mark { counter, entry };
        one(db, Op::TheyRead { device: device(2), conversation: conversation(), mark })
    };
    assert_eq!(read(&mut db), [false; 3]);
    assert_eq!(says(&mut db, 5, mine[1].id()), Outcome::Moved(true));
    assert_eq!(read(&mut db), [true, true, false]);
    assert_eq!(says(&mut db, 5, mine[2].id()), Outcome::Moved(false));
    assert_eq!(says(&mut db, 4, mine[2].id()), Outcome::Moved(false));
    assert_eq!(read(&mut db), [true, true, false]);
    assert_eq!(says(&mut db, 6, EntryId([9; 32])), Outcome::Moved(false), "that is not here yet");
    assert_eq!(says(&mut db, 7, mine[2].id()), Outcome::Moved(true));
    assert_eq!(read(&mut db), [true; 3]);
}

/// The store shows what the fold of everything in its order shows, whoever wrote what, in whatever batches it came.
#[test]
fn the_store_shows_what_the_fold_says() {
    for seed in 0..40 {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut writers =
            [Writer::new(2, 2), Writer::new(3, 3), Writer { author: RootKey([2; 32]), ..Writer::new(4, 4) }];
        let mut all: Vec<Entry> = vec![];
        for n in 0..40 {
            let writer = &mut writers[rng.random_range(0..3usize)];
            let known = all.get(rng.random_range(0..all.len().max(1))).map_or(EntryId([9; 32]), Entry::id);
            let after: Vec<EntryId> = if rng.random_bool(0.3) && !all.is_empty() { vec![known] } else { vec![] };
            let (kind, target, body) = match rng.random_range(0..7) {
                0 | 1 => (kind::TEXT, None, text(&format!("{n}"))),
                2 => (kind::TEXT, Some(known), text(&format!("answer {n}"))),
                3 | 4 => (kind::EDIT, Some(known), text(&format!("edit {n}"))),
                5 if rng.random_bool(0.4) => (kind::DELETE, Some(known), deletion()),
                _ => (
                    kind::REACTION,
                    Some(known),
                    reaction(["👍", "🎉"][rng.random_range(0..2usize)], rng.random_bool(0.7)),
                ),
            };
            all.push(writer.draft_on(rng.random_range(0..30), &after, kind, target, body));
        }
        let order = sort(&all.iter().map(Node::from).collect::<Vec<_>>());
        let entry = |id: &EntryId| all.iter().find(|entry| entry.id() == *id).unwrap();
        let expected: Vec<(EntryId, Folded)> = order
            .iter()
            .map(entry)
            .filter(|entry| is_shown(entry.header().kind, entry.header().target.is_some()))
            .map(|message| {
                let on_it = order.iter().map(entry).filter(|other| other.header().target == Some(message.id()));
                let operations: Vec<Operation> = on_it
                    .map(|entry| Operation {
                        id: entry.id(),
                        author: entry.header().author,
                        kind: entry.header().kind,
                        body: entry.body().map(<[u8]>::to_vec),
                    })
                    .collect();
                let header = message.header();
                let target = Target { author: header.author, kind: header.kind, body: message.body() };
                (message.id(), fold(target, &operations))
            })
            .collect();
        let mut arrival = all.clone();
        arrival.shuffle(&mut rng);
        let mut db = Db::in_memory().unwrap();
        while !arrival.is_empty() {
            let batch: Vec<Entry> = arrival.drain(..rng.random_range(1..=arrival.len().min(9))).collect();
            insert(&mut db, device(2), &batch);
        }
        let seen: Vec<_> = history(&mut db, None, 1_000).into_iter().map(|row| (row.id, row.folded)).collect();
        assert_eq!(seen, expected, "seed {seed}");
    }
}

/// What an older Kith has stored of a newer one takes effect after the upgrade: answers, edits, and kinds that even this one does
/// not know.
#[test]
fn an_older_database_learns_what_its_entries_are_about() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kith.db");
    let mut bob = Writer::new(2, 2);
    let hello = bob.write(10, &[], "helo");
    let edit = bob.write_on(11, hello.id(), kind::EDIT, text("hello"));
    let answer = bob.write_on(12, hello.id(), kind::TEXT, text("hi"));
    let newer = bob.write_raw(13, 77, vec![]);
    let about = bob.write_on(14, hello.id(), 78, vec![]);
    let all = [hello.clone(), edit, answer.clone(), newer.clone(), about];
    let mut new = Db::in_memory().unwrap();
    insert(&mut new, device(2), &all);
    let mut old = Connection::open(&path).unwrap();
    migrations().to_version(&mut old, 4).unwrap();
    old.execute("INSERT INTO conversation (id, key) VALUES (1, ?1)", [conversation().0]).unwrap();
    old.execute("INSERT INTO device (id, key) VALUES (1, ?1)", [bob.device().0]).unwrap();
    old.execute(
        "INSERT INTO log (id, conversation, device, name, count, head, top, entries, latest)
         VALUES (1, 1, 1, ?1, 5, ?2, 5, 5, 5)",
        rusqlite::params![bob.log.0, all[4].id().0],
    )
    .unwrap();
    for (place, entry) in all.iter().enumerate() {
        let (header, wire) = (entry.header(), entry.wire());
        old.execute(
            "INSERT INTO entry (conversation, log, sequence, progress, kind, time, position, id, author, previous, header,
                 signature, salt, body) VALUES (1, 1, ?1, 4, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            rusqlite::params![
                place as i64,
                header.kind,
                header.time as i64,
                (place as i64 + 1) << 32,
                entry.id().0,
                header.author.0,
                header.previous.map(|id| id.0),
                wire.header,
                wire.signature.0,
                wire.salt.map(|salt| salt.0),
                wire.body
            ],
        )
        .unwrap();
    }
    drop(old);
    let mut db = Db::open(&path).unwrap();
    let read =
        |db: &mut Db| history(db, None, 10).into_iter().map(|row| (row.id, row.folded, row.quote)).collect::<Vec<_>>();
    let seen = read(&mut db);
    assert_eq!(seen, read(&mut new));
    assert_eq!(seen.iter().map(|(id, ..)| *id).collect::<Vec<_>>(), [hello.id(), answer.id(), newer.id()]);
    assert_eq!(seen[0].1.content, said("hello"));
    assert_eq!(seen[1].2.as_ref().map(|quote| quote.text.as_str()), Some("hello"));
    assert_eq!(seen[2].1.content, Content::Newer);
}
