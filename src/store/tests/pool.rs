use super::*;

/// A database in memory that was used before is as empty as a new one, and all that is written into it is there.
#[test]
fn a_database_that_was_given_back_is_as_new() {
    let story = || {
        let (mut alice, mut bob) = (Writer::new(1, 1), Writer::new(2, 1));
        let first = alice.run(3);
        let mut ops: Vec<Op> = first.iter().map(|entry| Op::Append(Box::new(entry.clone()))).collect();
        let entries = vec![bob.write(9, &[first[2].id()], "hello"), bob.write(10, &[], "again")];
        ops.push(Op::Insert { from: Some(bob.device()), entries, way: Way::Direct, own: vec![], outside: vec![] });
        ops.push(Op::SaveDraft { conversation: conversation(), text: "hel".into() });
        ops
    };
    let known = |db: &mut Db| {
        let questions = vec![Op::Load, Op::Have(conversation()), Op::Summarise(vec![conversation()]), Op::CountWaiting];
        (db.entries(&conversation()).unwrap(), db.apply(questions))
    };
    let mut fresh = Db::in_memory().unwrap();
    let nothing = known(&mut fresh);
    assert!(fresh.apply(story()).iter().all(Result::is_ok));
    let everything = known(&mut fresh);
    for _ in 0..3 {
        let mut used = Db::borrowed().unwrap();
        assert_eq!(known(&mut used), nothing);
        assert!(used.apply(story()).iter().all(Result::is_ok));
        assert_eq!(known(&mut used), everything);
        let copy = used.copy().unwrap();
        assert!(used.apply(vec![Op::SaveDraft { conversation: conversation(), text: "hello".into() }])[0].is_ok());
        used.become_copy_of(&copy).unwrap();
        assert_eq!(known(&mut used), everything);
        used.give_back();
    }
}
