use super::*;
use crate::log::fold::Content;
use crate::store::{
    Chosen, Invitation, Loaded, OUTBOX_COUNT_MAX, OwnLog, Peer, Person, Profile, Refusal, Standing, Summary,
};
use crate::wire::{ExchangeKey, Lack, Nonce, Range, WorkingKey};

fn load(db: &mut Db) -> Loaded {
    match one(db, Op::Load) {
        Outcome::Loaded(loaded) => *loaded,
        other => panic!("{other:?}"),
    }
}

fn person(seed: u8, standing: Standing) -> Person {
    Person {
        root: RootKey([seed; 32]),
        standing,
        card: vec![seed; 40],
        asked: Some(Nonce([seed; 16])),
        token: None,
        asking: None,
        accepting: true,
    }
}

fn peer(seed: u8) -> Peer {
    Peer {
        device: device(seed),
        root: RootKey([seed; 32]),
        rendezvous: ExchangeKey([seed; 32]),
        key: Some(WorkingKey { key: ExchangeKey([3; 32]), counter: u64::MAX }),
        mail_sent: 3,
        mail_seen: u64::MAX,
    }
}

/// What was saved is loaded as it was, people in the order in which we met them, the latest version of each.
#[test]
fn what_was_saved_is_loaded() {
    let mut db = Db::in_memory().unwrap();
    assert_eq!(load(&mut db), Loaded::default());
    let profile = Profile { name: "Alice".to_owned(), counter: 7, brokers: vec!["b".to_owned(), "a".to_owned()] };
    let invitation = |seed, uses| Invitation { token: Nonce([seed; 16]), uses };
    db.apply(vec![
        Op::SaveProfile(Profile { name: "Al".to_owned(), counter: 1, brokers: vec!["x".to_owned()] }),
        Op::SaveProfile(profile.clone()),
        Op::SaveInvitation(invitation(1, 5)),
        Op::SaveInvitation(invitation(2, 5)),
        Op::SaveInvitation(invitation(1, 0)),
        Op::SavePerson(Box::new(person(9, Standing::Asked))),
        Op::SavePerson(Box::new(person(4, Standing::Blocked))),
        Op::SavePerson(Box::new(person(9, Standing::Contact))),
        Op::SavePeer(Box::new(Peer { key: None, ..peer(9) })),
        Op::SavePeer(Box::new(peer(9))),
        Op::SavePeer(Box::new(peer(4))),
        Op::SaveOwnLog { conversation: conversation(), log: LogId([5; 16]) },
        Op::SaveAddressHidden { root: RootKey([4; 32]), hidden: true },
        Op::SaveAddressHidden { root: RootKey([9; 32]), hidden: true },
        Op::SaveAddressHidden { root: RootKey([4; 32]), hidden: false },
        // Their row may come later, or not be there for a while.
        Op::SaveAddressHidden { root: RootKey([77; 32]), hidden: true },
        // What else changes of somebody leaves that choice as it is.
        Op::SavePerson(Box::new(person(9, Standing::Contact))),
    ])
    .into_iter()
    .for_each(|outcome| assert_eq!(outcome, Ok(Outcome::Done)));
    let own = OwnLog {
        conversation: conversation(),
        log: LogId([5; 16]),
        next: 0,
        last: None,
        heads: vec![],
        read: None,
        seat: None,
        beside: false,
    };
    let expected = Loaded {
        profile: Some(profile),
        invitations: vec![invitation(2, 5)],
        people: vec![person(9, Standing::Contact), person(4, Standing::Blocked)],
        peers: vec![peer(9), peer(4)],
        logs: vec![own],
        nicknames: vec![],
        hidden_from: vec![RootKey([9; 32]), RootKey([77; 32])],
        summaries: vec![Summary {
            conversation: conversation(),
            last: None,
            unread: 0,
            activity: 0,
            draft: String::new(),
            chosen: Chosen::default(),
            gaps: Gaps::default(),
        }],
        unsearched: false,
        groups: vec![],
    };
    assert_eq!(load(&mut db), expected);
    one(&mut db, Op::DeletePerson(RootKey([9; 32])));
    assert_eq!(load(&mut db).people, vec![person(4, Standing::Blocked)]);
    assert_eq!(load(&mut db).peers, vec![peer(4)]);
    assert_eq!(load(&mut db).hidden_from, vec![RootKey([9; 32]), RootKey([77; 32])], "they may come back");
}

/// An own entry continues its log, or is refused and changes nothing.
#[test]
fn own_entries_continue_their_log() {
    let mut db = Db::in_memory().unwrap();
    let mut alice = Writer::new(1, 1);
    one(&mut db, Op::SaveOwnLog { conversation: conversation(), log: alice.log });
    let skipped = alice.clone().run(2).remove(1);
    assert_eq!(append(&mut db, &skipped), Outcome::Refused(Refusal::OutOfSequence));
    let first = alice.write(1, &[], "first");
    assert_eq!(append(&mut db, &first), Outcome::Appended { heads: vec![first.id()] });
    assert_eq!(append(&mut db, &first), Outcome::Refused(Refusal::OutOfSequence));
    let dangling = alice.clone().write(2, &[EntryId([9; 32])], "names what is not here");
    assert_eq!(append(&mut db, &dangling), Outcome::Refused(Refusal::OutOfSequence));
    let bobs = Writer::new(2, 2).write(5, &[], "hi");
    insert(&mut db, device(2), std::slice::from_ref(&bobs));
    let own = load(&mut db).logs.remove(0);
    let mut heads = vec![first.id(), bobs.id()];
    heads.sort_unstable();
    assert_eq!((own.next, own.last, own.heads.clone()), (1, Some(first.id()), heads));
    let second = alice.write(2, &own.heads, "second");
    assert_eq!(append(&mut db, &second), Outcome::Appended { heads: vec![second.id()] });
    assert_eq!(shown(&mut db), vec![first.id(), bobs.id(), second.id()]);
}

/// A database that was restored learns of it when a peer shows an own entry that is not here: the log is left alone, what
/// comes back counts as delivered, and a new log with a fresh name goes on.
#[test]
fn a_restored_database_starts_a_new_log() {
    let mut db = Db::in_memory().unwrap();
    let mut alice = Writer::new(1, 1);
    one(&mut db, Op::SaveOwnLog { conversation: conversation(), log: alice.log });
    let kept = alice.write(1, &[], "kept");
    append(&mut db, &kept);
    let lost = alice.write(2, &[], "lost");
    let mut restored = alice.clone();
    assert_eq!(insert(&mut db, device(2), std::slice::from_ref(&lost)).fresh, vec![lost.id()]);
    assert_eq!(progress(&mut db, lost.id()), Progress::Delivered);
    let refused = append(&mut db, &restored.write(3, &[], "would fork or go on"));
    assert_eq!(refused, Outcome::Refused(Refusal::OutOfSequence));
    let own = load(&mut db).logs.remove(0);
    assert_ne!(own.log, alice.log);
    assert_eq!((own.next, own.last, own.heads.clone()), (0, None, vec![lost.id()]));
    let mut fresh = Writer { log: own.log, next: 0, last: None, ..alice };
    let entry = fresh.write(4, &own.heads, "on we go");
    assert_eq!(append(&mut db, &entry), Outcome::Appended { heads: vec![entry.id()] });
}

/// A message remembers how it travelled: one of ours the last path before its delivery was confirmed, and without one how that
/// was; but what was mailed only because a link was slow went over the link, when it is confirmed over a link. Somebody else's: the
/// path by which it first came. It is found alone too, in its own conversation or whichever.
#[test]
fn a_message_remembers_how_it_travelled() {
    let mut db = Db::in_memory().unwrap();
    let (mut alice, mut bob) = (Writer::new(1, 1), Writer::new(2, 2));
    let (ours, theirs) = (alice.run(5), bob.run(1));
    ours.iter().for_each(|entry| drop(append(&mut db, entry)));
    let mut way = |op: Option<Op>, of: &Entry| {
        op.into_iter().for_each(|op| drop(one(&mut db, op)));
        match one(&mut db, Op::Message { id: of.id(), conversation: Some(conversation()) }) {
            Outcome::Message(_, row) => row.way,
            other => panic!("{other:?}"),
        }
    };
    let sent = |way| Some(Op::MarkSent { ids: vec![ours[0].id()], way });
    let acked = |entry: &Entry, way| {
        Some(Op::Acked { peer: device(2), ids: vec![entry.id()], of: BTreeSet::from([conversation()]), way })
    };
    assert_eq!(way(None, &ours[0]), None);
    assert_eq!(way(sent(Way::Direct), &ours[0]), Some(Way::Direct));
    assert_eq!(way(sent(Way::Mail), &ours[0]), Some(Way::Mail), "it went once more");
    assert_eq!(way(sent(Way::Mail), &ours[0]), Some(Way::Mail), "and again");
    assert_eq!(way(acked(&ours[0], Way::Relay), &ours[0]), Some(Way::Direct), "the link was only slow");
    assert_eq!(way(sent(Way::Mail), &ours[0]), Some(Way::Direct), "it had arrived by then");
    for (entry, handed, said, went) in [
        (&ours[2], [Way::Relay, Way::Mail], Way::Mail, Way::Mail),
        (&ours[3], [Way::Mail, Way::Mail], Way::Direct, Way::Mail),
        (&ours[4], [Way::Mail, Way::Relay], Way::Direct, Way::Relay),
    ] {
        for by in handed {
            way(Some(Op::MarkSent { ids: vec![entry.id()], way: by }), entry);
        }
        assert_eq!(way(acked(entry, said), entry), Some(went), "{handed:?}, confirmed by {said:?}");
    }
    assert_eq!(way(acked(&ours[1], Way::Relay), &ours[1]), Some(Way::Relay));
    let came =
        |way| Some(Op::Insert { from: Some(bob.device()), entries: theirs.clone(), way, own: vec![], outside: vec![] });
    assert_eq!(way(came(Way::Relay), &theirs[0]), Some(Way::Relay));
    assert_eq!(way(came(Way::Mail), &theirs[0]), Some(Way::Relay));
    let unknown = Outcome::Refused(Refusal::UnknownMessage);
    assert_eq!(one(&mut db, Op::Message { id: EntryId([0; 32]), conversation: None }), unknown);
    let elsewhere = Some(ConversationId([3; 32]));
    assert_eq!(one(&mut db, Op::Message { id: ours[0].id(), conversation: elsewhere }), unknown);
    assert!(matches!(one(&mut db, Op::Message { id: ours[0].id(), conversation: None }), Outcome::Message(..)));
}

/// The state of an own message rises from queued over sent to delivered, each told once, and never falls.
#[test]
fn progress_only_rises() {
    let mut db = Db::in_memory().unwrap();
    one(&mut db, Op::SavePerson(Box::new(person(2, Standing::Contact))));
    let mut alice = Writer::new(1, 1);
    let entries = alice.run(2);
    entries.iter().for_each(|entry| drop(append(&mut db, entry)));
    let id = entries[0].id();
    assert_eq!(progress(&mut db, id), Progress::Queued);
    assert_eq!(one(&mut db, Op::CountWaiting), Outcome::Count(2));
    one(&mut db, Op::MarkSent { ids: vec![id, EntryId([0; 32])], way: Way::Direct });
    assert_eq!(progress(&mut db, id), Progress::Sent);
    assert_eq!(acked(&mut db, device(2), &[id, EntryId([0; 32])]), vec![id]);
    assert_eq!(acked(&mut db, device(2), &[id]), vec![]);
    one(&mut db, Op::MarkSent { ids: vec![id], way: Way::Direct });
    let lack = Lack {
        conversation: conversation(),
        device: alice.device(),
        log: alice.log,
        ranges: vec![Range { from: 0, count: 1 }],
    };
    one(&mut db, Op::Lower { peer: device(2), lack });
    assert_eq!(progress(&mut db, id), Progress::Delivered);
    assert_eq!(queued(&mut db, device(2)), ids(&entries));
    assert_eq!(one(&mut db, Op::CountWaiting), Outcome::Count(1));
    one(&mut db, Op::DeletePerson(RootKey([2; 32])));
    assert_eq!(one(&mut db, Op::CountWaiting), Outcome::Count(0));
}

/// History comes in pages, oldest first, before any message that is shown; any other id is refused.
#[test]
fn history_comes_in_pages() {
    let mut db = Db::in_memory().unwrap();
    assert_eq!(history(&mut db, None, 10), vec![]);
    let before = |id| Op::History { conversation: conversation(), before: Some(id), limit: 10 };
    assert_eq!(one(&mut db, before(EntryId([1; 32]))), Outcome::Refused(Refusal::UnknownMessage));
    let mut bob = Writer::new(2, 2);
    let entries = bob.run(25);
    let all = ids(&entries);
    insert(&mut db, device(2), &entries[..23]);
    insert(&mut db, device(2), &entries[24..]);
    let page = |db: &mut Db, before, limit| history(db, before, limit).iter().map(|row| row.id).collect::<Vec<_>>();
    assert_eq!(page(&mut db, None, 10), all[13..23]);
    assert_eq!(page(&mut db, Some(all[13]), 10), all[3..13]);
    assert_eq!(page(&mut db, Some(all[3]), 10), all[..3]);
    assert_eq!(page(&mut db, Some(all[0]), 10), vec![]);
    for unknown in [EntryId([1; 32]), all[24]] {
        assert_eq!(one(&mut db, before(unknown)), Outcome::Refused(Refusal::UnknownMessage));
    }
    let row = history(&mut db, None, 1).remove(0);
    let content = Content::Text("hello".into());
    assert_eq!((row.author, row.time, row.kind, row.folded.content), (bob.author, 22, kind::TEXT, content));
    assert_eq!(row.progress, Progress::Received);
}

/// The outbox goes through everything in the order of arrival, within its limits, and yields at least one entry.
#[test]
fn the_outbox_pages_by_cursor_and_bytes() {
    let mut db = Db::in_memory().unwrap();
    let entries = Writer::new(1, 1).run(300);
    db.apply(entries.iter().map(|entry| Op::Append(Box::new(entry.clone()))).collect());
    let (first, more) = outbox(&mut db, device(2), 0, usize::MAX);
    assert_eq!((first.len(), more), (OUTBOX_COUNT_MAX, true));
    assert_eq!(queued(&mut db, device(2)), ids(&entries));
    let (tiny, more) = outbox(&mut db, device(2), first[9].0, 1);
    assert_eq!((tiny.len(), more), (1, true));
    assert_eq!(tiny[0].1, entries[10].id());
    assert_eq!(&tiny[0].2, entries[10].wire());
    let size = crate::wire::cbor::encode(entries[0].wire()).len();
    let (some, _) = outbox(&mut db, device(2), 0, size * 10);
    assert!(
        (8..=10).contains(&some.len())
            && some.iter().map(|(_, _, e)| crate::wire::cbor::encode(e).len()).sum::<usize>() <= size * 10
    );
    let (last, more) = outbox(&mut db, device(2), first[127].0 + 171, usize::MAX);
    assert_eq!((last.len(), more), (1, false));
    assert_eq!(outbox(&mut db, device(2), u64::MAX, usize::MAX), (vec![], false));
}

/// Several conversations are one outbox, in the order of arrival over all of them, within the same limits; one of which the peer
/// lacks nothing, or that is not asked for, is not in it.
#[test]
fn one_outbox_holds_several_conversations() {
    let mut db = Db::in_memory().unwrap();
    let elsewhere = [[5; 32], [6; 32], [7; 32]].map(ConversationId);
    let mut writers = vec![Writer::new(1, 1)];
    writers.extend(elsewhere.map(|conversation| Writer::elsewhere(1, conversation)));
    let mut written = vec![];
    for time in 0..200 {
        let writer = &mut writers[(time % 7 % 4) as usize];
        let entry = writer.write(time, &[], "hello");
        append(&mut db, &entry);
        written.push(entry);
    }
    let asked = [conversation(), elsewhere[0], elsewhere[1], ConversationId([8; 32])];
    let known =
        ids(&written.iter().filter(|entry| entry.header().conversation == elsewhere[1]).cloned().collect::<Vec<_>>());
    acked(&mut db, device(2), &known);
    let wanted = |entry: &&Entry| [conversation(), elsewhere[0]].contains(&entry.header().conversation);
    let wanted: Vec<EntryId> = written.iter().filter(wanted).map(Entry::id).collect();
    let (mut found, mut after) = (vec![], 0);
    loop {
        let op = Op::Outbox {
            peer: device(2),
            conversations: asked.iter().copied().map(Wanted::all).collect(),
            after,
            bytes: 5_000,
        };
        let Outcome::Outbox { entries, more } = one(&mut db, op) else { panic!() };
        assert!(entries.len() < 30 && entries.is_sorted_by_key(|(cursor, ..)| *cursor));
        after = entries.last().map_or(after, |(cursor, ..)| *cursor);
        found.extend(entries.into_iter().map(|(_, id, _)| id));
        if !more {
            break;
        }
    }
    assert_eq!(found, wanted);
}

/// A batch is one transaction: each op sees those before it, and answers stand in order.
#[test]
fn a_batch_answers_in_order() {
    let mut db = Db::in_memory().unwrap();
    let entries = Writer::new(1, 1).run(2);
    let outcomes = db.apply(vec![
        Op::Append(Box::new(entries[0].clone())),
        Op::CountWaiting,
        Op::Append(Box::new(entries[0].clone())),
        Op::Append(Box::new(entries[1].clone())),
        Op::Have(conversation()),
    ]);
    assert_eq!(outcomes.len(), 5);
    assert_eq!(outcomes[2], Ok(Outcome::Refused(Refusal::OutOfSequence)));
    let Ok(Outcome::Have(have)) = &outcomes[4] else { panic!() };
    assert_eq!((have.logs[0].count, have.logs[0].head), (2, Some(entries[1].id())));
}

/// Whether something of what has come waits is said of just that: not of what was known and has its place, and also when as much else finds
/// its place by it.
#[test]
fn what_waits_of_what_has_come_is_said() {
    let mut db = Db::in_memory().unwrap();
    let (mut bob, mut eve) = (Writer::new(2, 2), Writer::new(3, 3));
    let missing = bob.write(10, &[], "missing");
    let (first, second) = (eve.write(10, &[], "first"), eve.write(11, &[], "second"));
    let behind = Writer::new(4, 4).write(12, &[missing.id()], "behind");
    let mut waits = |entries: &[&Entry]| {
        let entries = entries.iter().map(|entry| (*entry).clone()).collect();
        let op = Op::Insert { from: None, entries, way: Way::Mail, own: vec![], outside: vec![] };
        let Outcome::Inserted { waiting, .. } = one(&mut db, op) else { panic!() };
        waiting
    };
    assert!(waits(&[&second]));
    assert!(waits(&[&first, &behind]), "one more has its place, and one waits");
    assert!(!waits(&[&first, &second]), "known before");
    assert!(waits(&[&behind]));
    assert!(!waits(&[&missing]));
}
