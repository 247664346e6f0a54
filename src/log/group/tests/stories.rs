//! Each rule, told.

use super::*;

pub(super) const ALICE: usize = 0;
pub(super) const BOB: usize = 1;
pub(super) const CAROL: usize = 2;
pub(super) const DAVE: usize = 3;
const EVE: usize = 4;

pub(super) fn trio() -> (Room, EntryId) {
    Room::new(1, &[BOB, CAROL], false)
}

fn in_group(room: &Room, who: usize) -> bool {
    room.people().iter().any(|(member, _)| *member == who)
}

fn admin(room: &Room, who: usize) -> bool {
    room.people().contains(&(who, true))
}

/// Who makes a group is its admin, and the others are in it, in the order of the list.
#[test]
fn the_creator_is_the_admin() {
    let (room, creation) = trio();
    assert_eq!(room.people(), [(ALICE, true), (BOB, false), (CAROL, false)]);
    let membership = room.membership();
    assert_eq!((membership.creator, membership.name.as_str(), membership.hue), (root(ALICE), "Created", 7));
    assert_eq!(membership.member(&root(BOB)).unwrap().since, creation);
    assert_eq!((membership.heir, membership.former.len()), (None, 0));
}

/// What no admin has written changes nothing, whatever it is.
#[test]
fn only_admins_change_a_group() {
    let (mut room, creation) = trio();
    let before = room.membership();
    let tries = [add(DAVE), remove(CAROL), promote(BOB), promote(CAROL), demote(ALICE), rename("Bob's")];
    for action in tries.into_iter().chain([Action::History { shared: true }]) {
        let tried = room.write(BOB, &[creation], Some(action));
        assert_eq!(room.verdict(&tried), Err(Void::NoAdmin));
        let outside = room.write(EVE, &[creation], Some(add(EVE)));
        assert!(room.verdict(&outside).is_err());
    }
    assert_eq!(room.membership(), before);
}

/// An admin makes others admins, and they add and remove.
#[test]
fn admins_add_and_remove() {
    let (mut room, creation) = trio();
    let promoted = room.write(ALICE, &[creation], Some(promote(BOB)));
    let added = room.write(BOB, &[promoted], Some(add(DAVE)));
    assert_eq!(room.people(), [(ALICE, true), (BOB, true), (CAROL, false), (DAVE, false)]);
    let removed = room.write(BOB, &[added], Some(remove(CAROL)));
    assert!(!in_group(&room, CAROL));
    let former = &room.membership().former;
    assert_eq!((former[0].root, former[0].ends[0].0, former[0].ends[0].1), (root(CAROL), removed, root(BOB)));
}

/// A promotion is worth nothing to somebody who is not in the group.
#[test]
fn nobody_outside_is_an_admin() {
    let (mut room, creation) = trio();
    let promoted = room.write(ALICE, &[creation], Some(promote(DAVE)));
    let acted = room.write(DAVE, &[promoted], Some(add(EVE)));
    let added = room.write(ALICE, &[promoted], Some(add(DAVE)));
    assert_eq!(room.people(), [(ALICE, true), (BOB, false), (CAROL, false), (DAVE, false)]);
    assert_eq!(room.verdict(&added), Ok(()));
    assert!(room.verdict(&acted).is_err());
}

/// Alice and Bob remove each other at the same time: she has been an admin for longer, so he goes, whatever the clocks say.
#[test]
fn of_two_who_remove_each_other_the_senior_stays() {
    for first in [ALICE, BOB] {
        let (mut room, creation) = trio();
        let promoted = room.write(ALICE, &[creation], Some(promote(BOB)));
        let (one, other) = if first == ALICE { (ALICE, BOB) } else { (BOB, ALICE) };
        let removals = [one, other].map(|by| room.write(by, &[promoted], Some(remove(ALICE + BOB - by))));
        let bobs = removals[usize::from(first == ALICE)];
        assert_eq!(room.verdict(&bobs), Err(Void::Overruled));
        assert_eq!(room.people(), [(ALICE, true), (CAROL, false)]);
        assert_eq!(room.group().fold().at_the_same_time(&bobs), [removals[usize::from(first != ALICE)]]);
    }
}

/// Nobody removes or demotes who has been an admin for longer, not even alone: they could always claim to have done it first.
#[test]
fn a_junior_never_removes_a_senior() {
    let (mut room, creation) = trio();
    let bob = room.write(ALICE, &[creation], Some(promote(BOB)));
    let carol = room.write(ALICE, &[bob], Some(promote(CAROL)));
    for action in [remove(BOB), demote(BOB), remove(ALICE)] {
        assert_eq!(room.group().fold().allows(&root(CAROL), &action), Err(Refusal::Senior));
        let tried = room.write(CAROL, &[carol], Some(action));
        assert_eq!(room.verdict(&tried), Err(Void::Senior));
    }
    assert_eq!(room.people(), [(ALICE, true), (BOB, true), (CAROL, true)]);
    assert_eq!(room.group().fold().allows(&root(BOB), &remove(CAROL)), Ok(()));
    room.write(BOB, &[carol], Some(remove(CAROL)));
    assert!(!in_group(&room, CAROL));
}

/// Bob is removed while he adds Dave: Dave is not in, and the line says why.
#[test]
fn what_the_removed_did_at_the_same_time_is_void() {
    let (mut room, creation) = trio();
    let promoted = room.write(ALICE, &[creation], Some(promote(BOB)));
    let before = room.write(BOB, &[promoted], Some(rename("Before")));
    let removed = room.write(ALICE, &[before], Some(remove(BOB)));
    let added = room.write(BOB, &[before], Some(add(DAVE)));
    let renamed = room.write(BOB, &[added], Some(rename("After")));
    assert_eq!(room.people(), [(ALICE, true), (CAROL, false)]);
    assert_eq!(room.verdict(&added), Err(Void::Overruled));
    assert_eq!(room.verdict(&renamed), Err(Void::Overruled));
    assert_eq!(room.membership().name.as_str(), "Before");
    let group = room.group();
    assert!(group.fold().at_the_same_time(&added).contains(&removed));
    assert!(group.fold().at_the_same_time(&removed).is_empty(), "an addition of somebody else is none of its business");
}

/// What rests on a void authority is void too, however long the way.
#[test]
fn authority_falls_with_what_it_came_from() {
    let (mut room, creation) = trio();
    let bob = room.write(ALICE, &[creation], Some(promote(BOB)));
    room.write(ALICE, &[bob], Some(demote(BOB)));
    let carol = room.write(BOB, &[bob], Some(promote(CAROL)));
    let dave = room.write(CAROL, &[carol], Some(add(DAVE)));
    let eve = room.write(CAROL, &[dave], Some(promote(DAVE)));
    room.write(DAVE, &[eve], Some(add(EVE)));
    assert_eq!(room.people(), [(ALICE, true), (BOB, false), (CAROL, false)]);
}

/// What was removed comes back by an addition that knows of the removal, and then as a member.
#[test]
fn who_is_added_again_is_in_again() {
    let (mut room, creation) = trio();
    let bob = room.write(ALICE, &[creation], Some(promote(BOB)));
    let gone = room.write(ALICE, &[bob], Some(remove(BOB)));
    let back = room.write(ALICE, &[gone], Some(add(BOB)));
    assert_eq!(room.people(), [(ALICE, true), (CAROL, false), (BOB, false)]);
    assert_eq!(room.membership().member(&root(BOB)).unwrap().since, back);
    let again = room.write(ALICE, &[back], Some(promote(BOB)));
    assert!(admin(&room, BOB));
    room.write(BOB, &[again], Some(add(DAVE)));
    assert!(in_group(&room, DAVE));
}

/// A removal and an addition of the same person that do not know of each other: removed.
#[test]
fn a_removal_wins_over_an_addition_beside_it() {
    let (mut room, creation) = trio();
    let bob = room.write(ALICE, &[creation], Some(promote(BOB)));
    let first = room.write(ALICE, &[bob], Some(remove(CAROL)));
    let back = room.write(ALICE, &[first], Some(add(CAROL)));
    let second = room.write(BOB, &[first], Some(remove(CAROL)));
    assert!(!in_group(&room, CAROL));
    assert_eq!(room.group().fold().at_the_same_time(&back), [second]);
    room.write(ALICE, &[back, second], Some(add(CAROL)));
    assert!(in_group(&room, CAROL));
}

/// Alice makes Dave an admin while Bob, who has been one for less long, removes him: he stays.
#[test]
fn a_promotion_by_a_senior_saves() {
    let (mut room, creation) = Room::new(5, &[BOB, CAROL, DAVE], false);
    let bob = room.write(ALICE, &[creation], Some(promote(BOB)));
    let later = room.write(ALICE, &[bob], Some(promote(CAROL)));
    // Carol removes him; Alice has promoted him before she promoted Carol, in an entry that Carol has not seen.
    let early = room.write(ALICE, &[creation], Some(promote(DAVE)));
    let removed = room.write(CAROL, &[later], Some(remove(DAVE)));
    assert_eq!(room.verdict(&removed), Err(Void::Senior));
    assert!(admin(&room, DAVE));
    assert_eq!(room.verdict(&early), Ok(()));
}

/// The last admin leaves: the member who has been in longest takes over, and nobody else can.
#[test]
fn the_longest_member_inherits() {
    let (mut room, creation) = trio();
    let left = room.write(ALICE, &[creation], Some(Action::Leave { cut: vec![] }));
    assert_eq!(room.people(), [(BOB, false), (CAROL, false)]);
    assert_eq!(room.membership().heir, Some(root(BOB)));
    let greedy = room.write(CAROL, &[left], Some(promote(CAROL)));
    let early = room.write(BOB, &[creation], Some(promote(BOB)));
    assert_eq!(room.verdict(&greedy), Err(Void::NoAdmin));
    assert_eq!(room.verdict(&early), Err(Void::NoAdmin), "while there was an admin");
    assert_eq!(room.group().fold().allows(&root(CAROL), &promote(CAROL)), Err(Refusal::NoAdmin));
    assert_eq!(room.group().fold().allows(&root(BOB), &promote(BOB)), Ok(()));
    let taken = room.write(BOB, &[left], Some(promote(BOB)));
    assert_eq!(room.verdict(&taken), Ok(()));
    room.write(BOB, &[taken], Some(add(DAVE)));
    assert_eq!(room.people(), [(BOB, true), (CAROL, false), (DAVE, false)]);
    assert_eq!(room.membership().heir, None);
}

/// Two admins leave without knowing of each other: the next who has seen both takes over.
#[test]
fn a_group_that_lost_two_admins_at_once_has_an_heir() {
    let (mut room, creation) = trio();
    let bob = room.write(ALICE, &[creation], Some(promote(BOB)));
    let leave = || Some(Action::Leave { cut: vec![] });
    let one = room.write(ALICE, &[bob], leave());
    let other = room.write(BOB, &[bob], leave());
    assert_eq!(room.membership().heir, Some(root(CAROL)));
    let half = room.write(CAROL, &[one], Some(promote(CAROL)));
    assert_eq!(room.verdict(&half), Err(Void::NoAdmin), "Bob is one as far as she has seen");
    room.write(CAROL, &[one, other], Some(promote(CAROL)));
    assert_eq!(room.people(), [(CAROL, true)]);
}

/// An admin may lay down the office, and is a member then.
#[test]
fn an_admin_can_step_down() {
    let (mut room, creation) = trio();
    let bob = room.write(ALICE, &[creation], Some(promote(BOB)));
    let down = room.write(ALICE, &[bob], Some(demote(ALICE)));
    assert_eq!(room.people(), [(ALICE, false), (BOB, true), (CAROL, false)]);
    room.write(BOB, &[down], Some(remove(ALICE)));
    assert!(!in_group(&room, ALICE));
}

/// A device that no card of its person names writes for nobody; one that a newer card names does.
#[test]
fn strange_devices_write_for_nobody() {
    let (mut room, creation) = trio();
    let foreign = EVERYBODY[EVE].secrets.device_key();
    let tried = room.write_with(ALICE, foreign, &[creation], Some(add(DAVE)));
    assert_eq!(room.verdict(&tried), Err(Void::Device));
    assert!(!in_group(&room, DAVE));
    let (secrets, other) = (&EVERYBODY[ALICE].secrets, person(99).secrets);
    let certificates = vec![secrets.certificate(), other.certificate()];
    let list = crate::identity::DeviceList::sign(&secrets.root, 2, certificates);
    let newer = Card::sign(&secrets.device, secrets.certificate(), list, card(ALICE).fields().clone());
    let said = room.write(ALICE, &[creation], Some(Action::Add { card: Box::new(newer.clone()) }));
    let added = room.write_with(ALICE, other.device_key(), &[said], Some(add(DAVE)));
    assert_eq!(room.verdict(&added), Ok(()));
    assert_eq!(room.membership().member(&root(ALICE)).unwrap().card, newer);
    assert_eq!(room.membership().member(&root(ALICE)).unwrap().since, creation, "a card is no second addition");
}

/// Names that were given at the same time: one is shown, the same everywhere, and both know of each other. "No" wins over "yes".
#[test]
fn names_and_history_that_were_changed_at_the_same_time() {
    let (mut room, creation) = trio();
    let bob = room.write(ALICE, &[creation], Some(promote(BOB)));
    let one = room.write(ALICE, &[bob], Some(rename("Hers")));
    let other = room.write(BOB, &[bob], Some(Action::Rename { name: name("His"), hue: Some(9) }));
    room.write(ALICE, &[bob], Some(Action::History { shared: true }));
    room.write(BOB, &[bob], Some(Action::History { shared: false }));
    let membership = room.membership();
    // The clock of these tests runs backwards: what was written first is later.
    assert_eq!((membership.name.as_str(), membership.hue, membership.history), ("Hers", 9, false));
    assert_eq!(room.group().fold().at_the_same_time(&one), [other]);
    let last = room.write(BOB, &[one, other], Some(rename("Ours")));
    assert_eq!(room.membership().name.as_str(), "Ours");
    assert!(room.group().fold().at_the_same_time(&last).is_empty());
}

/// A group is created once, by its own first entry.
#[test]
fn a_group_is_created_once() {
    let (mut room, creation) = trio();
    let cards = vec![card(BOB), card(DAVE)];
    let second = room.write(BOB, &[], Some(Action::Create { name: name("Mine"), hue: 0, history: true, cards }));
    room.write(BOB, &[second, creation], Some(add(DAVE)));
    assert_eq!(room.verdict(&second), Err(Void::Outsider), "it has seen no card of his");
    let cards = vec![card(BOB), card(DAVE)];
    let third = room.write(BOB, &[creation], Some(Action::Create { name: name("Mine"), hue: 0, history: true, cards }));
    assert_eq!(room.verdict(&third), Err(Void::Misplaced));
    assert_eq!(room.people(), [(ALICE, true), (BOB, false), (CAROL, false)]);
    // Somebody else's list does not make a group for its first name.
    let (mut stolen, _) = trio();
    stolen.facts[0].author = root(BOB);
    stolen.facts[0].device = EVERYBODY[BOB].secrets.device_key();
    assert_eq!(stolen.group().fold().membership(), None);
}

/// What cannot be read changes nothing and is seen by what follows it.
#[test]
fn what_a_newer_version_wrote_changes_nothing() {
    let (mut room, creation) = trio();
    let newer = room.write(ALICE, &[creation], None);
    room.write(ALICE, &[newer], Some(add(DAVE)));
    assert_eq!(room.verdict(&newer), Err(Void::Unreadable));
    assert!(in_group(&room, DAVE));
    assert_eq!(room.group().tops().len(), 1);
}

/// What follows an entry that is not here waits for it.
#[test]
fn what_has_seen_the_unknown_waits() {
    let (mut room, creation) = trio();
    let added = room.write(ALICE, &[creation], Some(add(DAVE)));
    let mut group = Group::new(room.conversation);
    assert_eq!(group.add(room.facts[1].clone()), Err(Unknown));
    assert_eq!(group.fold().membership(), None);
    group.add(room.facts[0].clone()).unwrap();
    group.add(room.facts[1].clone()).unwrap();
    group.add(room.facts[1].clone()).unwrap();
    assert_eq!((group.len(), group.tops()), (2, vec![added]));
    assert_eq!(group.fact(&added).unwrap().author, root(ALICE));
}
