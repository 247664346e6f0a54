//! What counts of what was said, and who is given it.

use super::stories::{ALICE, BOB, CAROL, DAVE, trio};
use super::*;
use crate::wire::LogId;

fn written<'a>(who: usize, log: u8, sequence: u64, seen: &'a [EntryId]) -> Written<'a> {
    let id = EntryId([100 + u8::try_from(sequence).unwrap(); 32]);
    Written {
        id,
        author: root(who),
        device: EVERYBODY[who].secrets.device_key(),
        log: LogId([log; 16]),
        sequence,
        seen,
    }
}

fn last(who: usize, log: u8, sequence: u64) -> Last {
    let written = written(who, log, sequence, &[]);
    Last { device: written.device, log: written.log, sequence, id: written.id }
}

/// What the removed wrote counts up to the cut: not above it, on no other branch, in no other log, whenever it says that it was written.
#[test]
fn texts_count_up_to_the_cut() {
    let (mut room, creation) = trio();
    let seen = [creation];
    let removed = room.write(ALICE, &seen, Some(Action::Remove { root: root(BOB), cut: vec![last(BOB, 1, 5)] }));
    let group = room.group();
    let fold = group.fold();
    let judge = |written: &Written<'_>, before: bool| fold.judge(written, |_| before);
    assert_eq!(judge(&written(BOB, 1, 5, &seen), false), Ok(()));
    assert_eq!(judge(&written(BOB, 1, 2, &seen), true), Ok(()));
    assert_eq!(judge(&written(BOB, 1, 2, &seen), false), Err(Void::Cut(removed)), "another branch");
    let twin = Written { id: EntryId([1; 32]), ..written(BOB, 1, 5, &seen) };
    assert_eq!(judge(&twin, true), Err(Void::Cut(removed)), "another entry with the same number");
    assert_eq!(judge(&written(BOB, 1, 6, &seen), true), Err(Void::Cut(removed)));
    assert_eq!(judge(&written(BOB, 2, 0, &seen), true), Err(Void::Cut(removed)), "another log");
    assert_eq!(judge(&written(CAROL, 2, 0, &seen), true), Ok(()));
    assert_eq!(judge(&written(DAVE, 2, 0, &seen), true), Err(Void::Device));
    assert_eq!(judge(&written(CAROL, 2, 0, &[]), true), Err(Void::Outsider), "it has not even seen the group");
}

/// Texts of somebody who was added again count from then on, and those before up to the cut.
#[test]
fn texts_count_again_after_a_new_addition() {
    let (mut room, creation) = trio();
    let removed = room.write(ALICE, &[creation], Some(Action::Remove { root: root(BOB), cut: vec![last(BOB, 1, 5)] }));
    let back = room.write(ALICE, &[removed], Some(add(BOB)));
    let group = room.group();
    let fold = group.fold();
    assert_eq!(fold.judge(&written(BOB, 1, 9, &[back]), |_| true), Ok(()));
    assert_eq!(fold.judge(&written(BOB, 1, 7, &[creation]), |_| true), Err(Void::Cut(removed)));
    assert_eq!(fold.judge(&written(BOB, 1, 4, &[creation]), |_| true), Ok(()));
}

/// A new member gets what was written by people who knew of them, and headers of the rest; with history all of it. Who was put
/// out gets what was written without knowing that, and nothing after it.
#[test]
fn what_somebody_may_be_given() {
    for history in [false, true] {
        let (mut room, creation) = Room::new(3, &[BOB], history);
        let added = room.write(ALICE, &[creation], Some(add(CAROL)));
        let opened = room.write(ALICE, &[added], Some(Action::History { shared: !history }));
        let gone = room.write(ALICE, &[opened], Some(remove(BOB)));
        let group = room.group();
        let fold = group.fold();
        let share = |who: usize, seen: EntryId, change| fold.share(&root(who), &[seen], change);
        let before = if history { Share::Whole } else { Share::Header };
        assert_eq!(share(CAROL, creation, false), before, "a later word about history changes nothing for her");
        assert_eq!(share(CAROL, creation, true), Share::Whole);
        assert_eq!(share(CAROL, added, false), Share::Whole);
        assert_eq!(share(CAROL, gone, false), Share::Whole);
        assert_eq!(share(BOB, opened, false), Share::Whole);
        assert_eq!(share(BOB, opened, true), Share::Whole, "the removal itself has seen this");
        assert_eq!(share(BOB, gone, false), Share::Nothing);
        assert_eq!(share(BOB, gone, true), Share::Nothing);
        assert_eq!(share(DAVE, creation, false), Share::Nothing);
        assert_eq!(fold.share(&root(CAROL), &[], true), Share::Whole, "the creation");
    }
}

/// Who was in again and went again is given what the entry stands on that put them out, without texts: it would have no place with
/// them otherwise, and they would never know.
#[test]
fn who_goes_twice_is_given_what_that_stands_on() {
    let (mut room, creation) = Room::new(4, &[BOB], true);
    let gone = room.write(ALICE, &[creation], Some(remove(BOB)));
    let back = room.write(ALICE, &[gone], Some(add(BOB)));
    let again = room.write(ALICE, &[back], Some(remove(BOB)));
    let group = room.group();
    let fold = group.fold();
    let share = |seen: EntryId, change| fold.share(&root(BOB), &[seen], change);
    assert_eq!(share(gone, false), Share::Header);
    assert_eq!(share(gone, true), Share::Whole, "the addition has seen this");
    assert_eq!(share(back, false), Share::Whole);
    assert_eq!(share(again, false), Share::Nothing);
}

/// Who was put out twice, by what has seen the one removal, and was added again beside the other by somebody who knew of the one alone, is
/// given the other, with what that stands on: they would take themselves to be in the group for ever. Without the addition they get none of it.
#[test]
fn who_was_put_out_twice_and_added_between_is_given_what_decides() {
    let (mut room, creation) = Room::new(14, &[BOB], false);
    let gone = room.write(ALICE, &[creation], Some(remove(BOB)));
    let renamed = room.write(ALICE, &[gone], Some(rename("Without them")));
    let again = room.write(ALICE, &[renamed], Some(remove(BOB)));
    let shares = |room: &Room, seen: EntryId| {
        let group = room.group();
        let share = |change| group.fold().share(&root(BOB), &[seen], change);
        (share(true), share(false))
    };
    for seen in [gone, renamed, again] {
        assert_eq!(shares(&room, seen), (Share::Nothing, Share::Nothing), "they know that they are out");
    }
    let back = room.write(ALICE, &[gone], Some(add(BOB)));
    assert!(!room.group().fold().is_inside(&root(BOB)));
    for seen in [gone, renamed] {
        assert_eq!(shares(&room, seen), (Share::Whole, Share::Header));
    }
    assert_eq!(shares(&room, back), (Share::Whole, Share::Whole));
    assert_eq!(shares(&room, again), (Share::Nothing, Share::Nothing));
    // What puts them out once more, by who knew of all that, tells them nothing.
    let third = room.write(ALICE, &[again], Some(remove(BOB)));
    assert_eq!(shares(&room, again), (Share::Nothing, Share::Nothing));
    assert_eq!(shares(&room, third), (Share::Nothing, Share::Nothing));
}

/// The same when they have left what they were added to: they know that they are out.
#[test]
fn who_has_left_what_they_were_added_to_is_given_nothing_more() {
    let (mut room, creation) = Room::new(15, &[BOB], false);
    let gone = room.write(ALICE, &[creation], Some(remove(BOB)));
    let renamed = room.write(ALICE, &[gone], Some(rename("Without them")));
    room.write(ALICE, &[renamed], Some(remove(BOB)));
    let back = room.write(ALICE, &[gone], Some(add(BOB)));
    let share = |room: &Room| room.group().fold().share(&root(BOB), &[renamed], true);
    assert_eq!(share(&room), Share::Whole);
    room.write(BOB, &[back], Some(Action::Leave { cut: vec![] }));
    assert_eq!(share(&room), Share::Nothing);
}

/// Nobody opens anything for themselves by a leave beside their addition.
#[test]
fn who_leaves_beside_their_addition_is_given_nothing_by_that() {
    let (mut room, creation) = Room::new(16, &[BOB], false);
    let gone = room.write(ALICE, &[creation], Some(remove(BOB)));
    let renamed = room.write(ALICE, &[gone], Some(rename("Without them")));
    room.write(ALICE, &[gone], Some(add(BOB)));
    room.write(BOB, &[renamed], Some(Action::Leave { cut: vec![] }));
    let share = |change| room.group().fold().share(&root(BOB), &[renamed], change);
    assert_eq!((share(true), share(false)), (Share::Nothing, Share::Nothing));
}

/// Who was added again by somebody who lost their office at the same time is given what took it, and what that stands on, without texts:
/// they would take themselves to be in the group for ever.
#[test]
fn who_was_added_in_vain_is_given_what_makes_it_void() {
    let (mut room, creation) = Room::new(5, &[BOB, CAROL], false);
    let promoted = room.write(ALICE, &[creation], Some(promote(BOB)));
    let gone = room.write(ALICE, &[promoted], Some(remove(CAROL)));
    let renamed = room.write(ALICE, &[gone], Some(rename("Without them")));
    let demoted = room.write(ALICE, &[renamed], Some(demote(BOB)));
    assert_eq!(
        room.group().fold().share(&root(CAROL), &[renamed], true),
        Share::Nothing,
        "they know that they are out"
    );
    let backs = [CAROL, DAVE].map(|who| room.write(BOB, &[gone], Some(add(who))));
    let later = room.write(ALICE, &[demoted, backs[0], backs[1]], Some(rename("Later")));
    let group = room.group();
    let fold = group.fold();
    for (who, back) in [CAROL, DAVE].into_iter().zip(backs) {
        assert_eq!(fold.verdict(&back), Some(Err(Void::Overruled)));
        let share = |seen: EntryId, change| fold.share(&root(who), &[seen], change);
        assert_eq!((share(gone, true), share(gone, false)), (Share::Whole, Share::Header), "{who}");
        assert_eq!((share(renamed, true), share(renamed, false)), (Share::Whole, Share::Header), "{who}");
        for beyond in [demoted, back, later] {
            assert_eq!((share(beyond, true), share(beyond, false)), (Share::Nothing, Share::Nothing), "{who}");
        }
        assert_eq!(room.membership().undone[&root(who)], [demoted]);
    }
}

/// So is who was put out by somebody whose removal beside it came to nothing: who has that, and nothing else, takes themselves to be in.
#[test]
fn who_was_put_out_after_all_is_given_what_makes_it_so() {
    let (mut room, creation) = Room::new(8, &[BOB, CAROL, DAVE], false);
    let senior = room.write(ALICE, &[creation], Some(promote(DAVE)));
    let junior = room.write(ALICE, &[senior], Some(promote(BOB)));
    let end = room.write(BOB, &[junior], Some(remove(CAROL)));
    let taker = room.write(DAVE, &[junior], Some(remove(BOB)));
    assert_eq!(room.verdict(&end), Err(Void::Overruled), "for whoever knows no more she is in");
    assert_eq!(room.membership().undone, BTreeMap::new());
    let decides = room.write(ALICE, &[end], Some(remove(DAVE)));
    let later = room.write(ALICE, &[decides, taker], Some(rename("Later")));
    assert_eq!((room.verdict(&end), room.verdict(&taker)), (Ok(()), Err(Void::Overruled)));
    assert_eq!(room.membership().undone, BTreeMap::from([(root(CAROL), vec![decides])]));
    let group = room.group();
    let fold = group.fold();
    let share = |seen: EntryId, change| fold.share(&root(CAROL), &[seen], change);
    assert_eq!((share(end, true), share(end, false)), (Share::Whole, Share::Header));
    for beyond in [decides, later] {
        assert_eq!((share(beyond, true), share(beyond, false)), (Share::Nothing, Share::Nothing));
    }
}

/// Nobody opens that for themselves, or for somebody else, who was out when they wrote it: whatever authority they give themselves, take from
/// others and give up again.
#[test]
fn who_is_out_opens_nothing() {
    let (mut room, creation) = Room::new(9, &[BOB], false);
    let own = room.write(BOB, &[creation], Some(promote(BOB)));
    room.write(BOB, &[own], Some(remove(ALICE)));
    let end = room.write(ALICE, &[creation], Some(remove(BOB)));
    room.write(BOB, &[end], Some(demote(BOB)));
    room.write(BOB, &[end], Some(Action::Leave { cut: vec![] }));
    let nothing = (Share::Nothing, Share::Nothing);
    let shares = |room: &Room, who: usize, seen: EntryId| {
        let group = room.group();
        let share = |change| group.fold().share(&root(who), &[seen], change);
        (share(true), share(false))
    };
    assert_eq!(shares(&room, BOB, end), nothing);
    let (mut room, creation) = Room::new(10, &[CAROL, DAVE], false);
    let first = room.write(ALICE, &[creation], Some(remove(DAVE)));
    let own = room.write(DAVE, &[first], Some(promote(DAVE)));
    room.write(DAVE, &[own], Some(remove(ALICE)));
    let second = room.write(ALICE, &[first], Some(remove(CAROL)));
    room.write(DAVE, &[second], Some(demote(DAVE)));
    assert_eq!(shares(&room, CAROL, second), nothing);
    // Dave was in when this was written, and makes himself an admin beside it, who knew who is one.
    let (mut room, creation) = Room::new(11, &[CAROL, DAVE], false);
    let end = room.write(ALICE, &[creation], Some(remove(CAROL)));
    let renamed = room.write(ALICE, &[end], Some(rename("Without her")));
    room.write(ALICE, &[renamed], Some(remove(DAVE)));
    let own = room.write(DAVE, &[creation], Some(promote(DAVE)));
    room.write(DAVE, &[own], Some(remove(ALICE)));
    assert_eq!(shares(&room, CAROL, end), nothing);
}

/// So it is when the office came from somebody who lost theirs, and not when somebody adds people who knows that they are no admin.
#[test]
fn what_makes_an_addition_void_may_be_further_up() {
    let (mut room, creation) = Room::new(6, &[BOB, CAROL], false);
    let promoted = room.write(ALICE, &[creation], Some(promote(BOB)));
    let heir = room.write(BOB, &[promoted], Some(promote(CAROL)));
    let added = room.write(CAROL, &[heir], Some(add(DAVE)));
    let demoted = room.write(ALICE, &[promoted], Some(demote(BOB)));
    assert!(room.verdict(&added).is_err());
    assert_eq!(room.membership().undone, BTreeMap::from([(root(DAVE), vec![demoted])]));
    let (mut room, creation) = Room::new(7, &[BOB], false);
    let promoted = room.write(ALICE, &[creation], Some(promote(BOB)));
    let demoted = room.write(ALICE, &[promoted], Some(demote(BOB)));
    room.write(BOB, &[demoted], Some(add(DAVE)));
    room.write(ALICE, &[demoted], Some(remove(BOB)));
    assert_eq!(room.membership().undone, BTreeMap::new());
}
