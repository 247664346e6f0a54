//! A message on which somebody has put more than is read at a time.

use super::super::super::fold::OPERATIONS_MAX;
use super::*;

/// However many reactions somebody else writes to a message, its author's last edit is what is read, others' reactions stand beside
/// it, and its deletion counts.
#[test]
fn many_reactions_hide_no_edit() {
    let mut db = Db::in_memory().unwrap();
    let (mut bob, mut carol, mut eve) = (Writer::new(2, 2), Writer::new(3, 3), Writer::new(4, 4));
    let hello = bob.write(1, &[], "helo");
    let target = hello.id();
    let edit = bob.write_on(2, target, kind::EDIT, text("hello"));
    let heart = carol.write_on(3, target, kind::REACTION, reaction("❤", true));
    // They come before their message, so that it is folded once and not for each of them.
    let many: Vec<Entry> = (0..=OPERATIONS_MAX as u64)
        .map(|n| eve.write_on(10 + n, target, kind::REACTION, reaction("👍", n % 2 == 0)))
        .collect();
    insert(&mut db, device(4), &many);
    insert(&mut db, device(2), &[hello, edit, heart]);
    let folded = row(&mut db, target).folded;
    assert_eq!(folded.content, said("hello"));
    let beside = folded.reactions.iter().map(|reacted| reacted.emoji.as_str()).collect::<Vec<_>>();
    assert_eq!(beside, ["❤", "👍"]);
    let delete = bob.write_on(4, target, kind::DELETE, deletion());
    insert(&mut db, device(2), &[delete]);
    assert_eq!(row(&mut db, target).folded, Folded::default());
}
