//! What comes back, or goes on its way, without its body or with it.

use super::room::{EVERYBODY, Room, insert, root};
use super::*;
use crate::log::Deletion;
use crate::log::group::Action;
use crate::store::{Happened, Wanted};

fn happened(db: &mut Db, entries: &[Entry]) -> Vec<Happened> {
    let op = Op::Insert { from: None, entries: entries.to_vec(), way: Way::Direct, own: vec![], outside: vec![] };
    let Outcome::Inserted { fresh, .. } = one(db, op) else { panic!() };
    fresh.into_iter().map(|fresh| fresh.happened).collect()
}

/// What of an entry goes to somebody: its header, or all of it.
fn sent(db: &mut Db, room: &Room, to: usize, entry: &Entry) -> Option<bool> {
    let wanted = Wanted { to: Some(root(to)), ..Wanted::all(room.conversation) };
    let peer = EVERYBODY[to].0.device_key();
    let op = Op::Outbox { peer, conversations: vec![wanted], after: 0, bytes: 1 << 20 };
    let Outcome::Outbox { entries, .. } = one(db, op) else { panic!() };
    entries.into_iter().find(|(_, id, _)| *id == entry.id()).map(|(_, _, entry)| entry.body.is_some())
}

/// A text that a deletion took whose author had been put out before is told of once; when it comes back it is told what it reads.
#[test]
fn a_text_that_comes_back_is_not_told_as_a_new_one() {
    let mut room = Room::new(2);
    let text = room.say(1, "said in time");
    let (deletion, removal) = room.void_deletion(&text);
    let mut db = Db::in_memory().unwrap();
    insert(&mut db, &[&room.entries[0].clone()]);
    assert_eq!(happened(&mut db, std::slice::from_ref(&text)), [Happened::Said("said in time".into())]);
    assert_eq!(happened(&mut db, &[deletion]), [Happened::Deleted { target: text.id() }]);
    insert(&mut db, &[&removal]);
    let back = Happened::Edited { target: text.id(), text: "said in time".into() };
    assert_eq!(happened(&mut db, &[text]), [back]);
}

/// Also one of our own that is not known to be delivered.
#[test]
fn an_own_text_comes_back() {
    let mut room = Room::new(2);
    let creation = room.entries[0].clone();
    let text = room.say(1, "said in time");
    let (deletion, removal) = room.void_deletion(&text);
    let mut db = Db::in_memory().unwrap();
    insert(&mut db, &[&creation]);
    for own in [&text, &deletion] {
        assert!(matches!(one(&mut db, Op::Append(Box::new(own.clone()))), Outcome::Appended { .. }));
    }
    insert(&mut db, &[&removal]);
    assert_eq!(sent(&mut db, &room, 0, &text), Some(false));
    insert(&mut db, &[&text]);
    assert_eq!(sent(&mut db, &room, 0, &text), Some(true));
}

/// A text that nobody here has heard of is told as a new one when it comes, whatever its author's deletion has come to: that counts for
/// nothing when it comes, or took effect before the text was here.
#[test]
fn a_text_that_was_never_told_comes_as_a_new_one() {
    for scene in 0..3 {
        let mut room = Room::new(2);
        let creation = room.entries[0].clone();
        let text = room.say(1, "never heard");
        room.tell(0, 1);
        // On a branch that the one who puts them out does not know.
        let (pen, body) = (Pen::default(), Deletion {}.to_bytes());
        let deletion = room.sign(1, &pen, vec![creation.id()], kind::DELETE, Some(text.id()), body);
        let cut = room.cut(0, 1);
        let removal = room.change(0, &Action::Remove { root: root(1), cut });
        let order = match scene {
            0 => [creation, removal, bare(&text), deletion],
            1 => [creation, bare(&text), removal, deletion],
            _ => [creation, deletion, text.clone(), removal],
        };
        let mut db = Db::in_memory().unwrap();
        for entry in &order {
            let told = happened(&mut db, std::slice::from_ref(entry));
            assert!(told.iter().all(|happened| *happened == Happened::Nothing), "scene {scene}: {told:?}");
        }
        assert_eq!(happened(&mut db, &[text]), [Happened::Said("never heard".into())], "scene {scene}");
    }
}

/// A text that has not come yet is told of when it comes, and not by an edit of it.
#[test]
fn a_text_whose_edit_is_here_is_told_of_when_it_comes() {
    let mut room = Room::new(2);
    let text = room.say(1, "helo");
    let edit = room.write(1, kind::EDIT, Some(text.id()), Text::new("hello").unwrap().to_bytes());
    let mut db = Db::in_memory().unwrap();
    insert(&mut db, &[&room.entries[0].clone()]);
    assert_eq!(happened(&mut db, &[bare(&text), edit]), [Happened::Nothing, Happened::Nothing]);
    assert_eq!(happened(&mut db, &[text]), [Happened::Said("hello".into())]);
}

/// What came without its body is for its author to give, who has it. When they are out of the group its header goes on: what others wrote
/// behind it would have no place.
#[test]
fn a_header_goes_when_its_author_is_out() {
    let mut room = Room::new(3);
    let text = room.say(1, "who has it?");
    room.tell(0, 1);
    let cut = room.cut(0, 1);
    let removal = room.change(0, &Action::Remove { root: root(1), cut });
    let mut db = Db::in_memory().unwrap();
    insert(&mut db, &[&room.entries[0].clone(), &bare(&text)]);
    assert_eq!(sent(&mut db, &room, 2, &text), None);
    insert(&mut db, &[&removal]);
    assert_eq!(sent(&mut db, &room, 2, &text), Some(false));
    insert(&mut db, &[&text]);
    assert_eq!(sent(&mut db, &room, 2, &text), Some(true));
}

/// Who has erased a text of their own by a deletion that came to nothing gives its header: they have no more.
#[test]
fn a_header_goes_when_its_author_has_erased_the_text() {
    let mut room = Room::new(3);
    let text = room.say(1, "erased");
    let (deletion, removal) = room.void_deletion(&text);
    let again = room.change(0, &Action::Add { card: Box::new(EVERYBODY[1].1.clone()) });
    let mut db = Db::in_memory().unwrap();
    insert(&mut db, &[&room.entries[0].clone(), &text, &deletion]);
    insert(&mut db, &[&removal, &again]);
    assert_eq!(sent(&mut db, &room, 2, &text), Some(false));
}

/// Who is out is told nothing by the author of what came without its body: its header goes, or what put them out would have no place with
/// them.
#[test]
fn a_header_goes_to_who_is_out() {
    let mut room = Room::new(3);
    let text = room.say(1, "who gives it to them?");
    room.tell(0, 1);
    let cut = room.cut(0, 2);
    let removal = room.change(0, &Action::Remove { root: root(2), cut });
    let mut db = Db::in_memory().unwrap();
    insert(&mut db, &[&room.entries[0].clone(), &bare(&text)]);
    assert_eq!(sent(&mut db, &room, 2, &text), None);
    insert(&mut db, &[&removal]);
    assert_eq!(sent(&mut db, &room, 2, &text), Some(false));
    assert_eq!(sent(&mut db, &room, 2, &removal), Some(true));
}

/// Who was added again does not know that they are in before they have what the addition stands on, and hears nothing until then from an
/// author who is no contact: the header goes. What was written after that its author gives them; and so for an author who was added again.
#[test]
fn a_header_goes_to_who_was_added_by_what_stands_on_it() {
    for added in [2, 1] {
        let mut room = Room::new(3);
        let text = room.say(1, "before they came in");
        room.tell(0, 1);
        let cut = room.cut(0, added);
        let removal = room.change(0, &Action::Remove { root: root(added), cut });
        let again = room.change(0, &Action::Add { card: Box::new(EVERYBODY[added].1.clone()) });
        room.tell(1, 0);
        let later = room.say(1, "when they were in");
        let mut db = Db::in_memory().unwrap();
        insert(&mut db, &[&room.entries[0].clone(), &bare(&text), &removal, &again, &bare(&later)]);
        assert_eq!(sent(&mut db, &room, 2, &text), Some(false), "{added}");
        assert_eq!(sent(&mut db, &room, 2, &again), Some(true), "{added}");
        assert_eq!(sent(&mut db, &room, 2, &later), None, "{added}");
    }
}

/// Somebody whose disk was put back gets the header of what they wrote themselves, and gives it to others: nobody has more of it, and what
/// stands behind it would have no place.
#[test]
fn a_header_goes_to_its_author_who_has_lost_it_and_from_them() {
    let mut room = Room::new(3);
    let (kept, text) = (room.say(1, "kept"), room.say(1, "lost"));
    let mut db = Db::in_memory().unwrap();
    insert(&mut db, &[&room.entries[0].clone(), &kept, &bare(&text)]);
    assert_eq!(sent(&mut db, &room, 2, &text), None);
    assert_eq!(sent(&mut db, &room, 1, &text), Some(false));
    let mut theirs = Db::in_memory().unwrap();
    insert(&mut theirs, &[&room.entries[0].clone()]);
    append(&mut theirs, &kept);
    insert(&mut theirs, &[&bare(&text)]);
    assert_eq!(sent(&mut theirs, &room, 2, &text), Some(false));
}
