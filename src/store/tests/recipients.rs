use super::*;

fn recipients(db: &mut Db, seeds: &[u8]) -> Vec<EntryId> {
    let devices = seeds.iter().map(|seed| device(*seed)).collect();
    delivered(one(db, Op::SaveRecipients { conversation: conversation(), devices }))
}

fn who_has(db: &mut Db, id: EntryId) -> Vec<bool> {
    let Outcome::Deliveries(devices) = one(db, Op::Deliveries(id)) else { panic!("no deliveries") };
    let of = |seed: u8| devices.iter().find(|(of, _)| *of == device(seed)).is_some_and(|(_, has)| *has);
    [2, 3, 4].map(of).to_vec()
}

/// In a group a message is delivered when every device has it that has to: by acks or by what they say to have, in any order, and
/// once; somebody who is gone is waited for no more, and for who comes later nothing is undelivered.
#[test]
fn a_message_is_delivered_when_everybody_has_it() {
    let mut db = Db::in_memory().unwrap();
    let entries = Writer::new(1, 1).run(3);
    let all = ids(&entries);
    entries.iter().for_each(|entry| drop(append(&mut db, entry)));
    assert_eq!(recipients(&mut db, &[2, 3, 4]), []);
    let said = have(&mut db);
    assert_eq!(acked(&mut db, device(2), &all[..1]), []);
    assert_eq!(acked(&mut db, device(3), &all), []);
    assert_eq!(who_has(&mut db, all[0]), [true, true, false]);
    assert_eq!(who_has(&mut db, all[1]), [false, true, false]);
    assert_eq!(one(&mut db, Op::CountWaiting), Outcome::Count(3));
    assert_eq!(believe(&mut db, device(4), said.clone()), all[..1]);
    assert_eq!(believe(&mut db, device(4), said), []);
    assert_eq!(progress(&mut db, all[0]), Progress::Delivered);
    assert_ne!(progress(&mut db, all[1]), Progress::Delivered);
    assert_eq!(acked(&mut db, device(2), &all[1..2]), all[1..2]);
    assert_eq!(recipients(&mut db, &[3, 4, 5]), [], "somebody else has not got it");
    assert_eq!(recipients(&mut db, &[3, 4]), all[2..]);
    assert_eq!(one(&mut db, Op::CountWaiting), Outcome::Count(0));
}

/// Nobody else was left in a group, so nobody was waited for. Who comes in then may have said before that they have what was written:
/// they will not say it again.
#[test]
fn who_comes_in_after_nobody_was_left_may_have_everything() {
    let mut db = Db::in_memory().unwrap();
    let entries = Writer::new(1, 1).run(2);
    let all = ids(&entries);
    entries.iter().for_each(|entry| drop(append(&mut db, entry)));
    assert_eq!(recipients(&mut db, &[2]), []);
    assert_eq!(acked(&mut db, device(3), &all[..1]), []);
    assert_eq!(recipients(&mut db, &[]), []);
    assert_eq!(recipients(&mut db, &[3]), all[..1]);
    assert_eq!(one(&mut db, Op::CountWaiting), Outcome::Count(1), "what they have not said to have waits for them");
}
