//! What must be true at the end, for each pair of contacts; `group_checks` says it of groups.

use std::collections::{BTreeMap, BTreeSet};

use kith::coordinator::{Command, MessageState, MessageView, PageAt, Reply};
use kith::identity::UserId;
use kith::log::Entry;
use kith::log::order::{Key, Node, place, sort};
use kith::store::Kept;
use kith::wire::{self, EntryId, kind};

use super::found::what_is_shown_is_found;
use super::group_checks;
use super::life::Life;
use super::live::{is_only_erased, seen, what_is_shown_follows_from_the_entries};
use super::room::Room;
use super::told::id_of;
use super::traces::nothing_is_left_of_what_was_deleted;

/// Messages in one page: more than a pair writes in a story.
pub const PAGE: u32 = 1_000;

/// Looks at every pair.
pub fn check(life: &mut Life) {
    for pair in 0..life.rooms.len() {
        if life.rooms[pair].is_group() {
            group_checks::check(life, pair);
            continue;
        }
        let kept = [0, 1].map(|side| entries(life, pair, side));
        let verified = same_entries_in_the_same_order(life, pair, &kept);
        let history = same_rendering(life, pair, &verified);
        nothing_missing(&life.rooms[pair], &kept[0], &verified, &history);
        what_was_read_stays_read(life, pair, &kept, &verified);
        nothing_is_left_of_what_was_deleted(life, pair, &life.rooms[pair].devices, &history);
    }
}

pub fn entries(life: &mut Life, pair: usize, side: usize) -> Vec<Kept> {
    let (device, conversation) = (life.rooms[pair].devices[side], life.rooms[pair].conversation);
    life.world.db(device).entries(&conversation).unwrap()
}

/// The same entries, byte for byte, in the order that follows from them alone. Returns them.
fn same_entries_in_the_same_order(life: &Life, pair: usize, [one, other]: &[Vec<Kept>; 2]) -> BTreeMap<EntryId, Entry> {
    let lost = &life.rooms[pair].lost;
    let strip = |kept: &[Kept]| -> BTreeMap<EntryId, wire::Entry> {
        kept.iter().map(|kept| (kept.id, kept.entry.clone())).collect()
    };
    assert!(strip(one) == strip(other), "two devices have different entries");
    let placed = |kept: &[Kept]| -> Vec<EntryId> {
        kept.iter().filter(|kept| kept.position.is_some()).map(|kept| kept.id).collect()
    };
    assert_eq!(placed(one), placed(other), "two devices show one conversation in different orders");
    let all: BTreeSet<EntryId> = one.iter().map(|kept| kept.id).collect();
    assert_eq!(all.len(), one.len(), "an entry is there twice");
    let ids = placed(one);
    let verified: BTreeMap<EntryId, Entry> =
        one.iter().map(|kept| (kept.id, Entry::verify(kept.entry.clone()).unwrap())).collect();
    let nodes: Vec<Node> = verified.values().map(Node::from).collect();
    let missing = nodes.iter().flat_map(|node| &node.parents).find(|id| !all.contains(id) && !lost.contains(id));
    assert!(missing.is_none(), "an entry waits for one that is missing");
    assert_eq!(ids, sort(&nodes), "the order is not the one that follows from the entries");
    // The rule by which each is placed as it arrives leads to the same, in any order of arrival; looked at for one pair.
    if pair == 0 {
        assert_eq!(ids, place_each(nodes), "the rule of insertion leads to another order");
    }
    verified
}

/// Places entries in the order of their logs: each log as a whole, as far as its parents allow.
pub fn place_each(mut nodes: Vec<Node>) -> Vec<EntryId> {
    let mut order: Vec<Key> = vec![];
    nodes.sort_by_key(|node| node.key.author);
    while !nodes.is_empty() {
        let before = nodes.len();
        nodes.retain(|node| match place(&order, node) {
            Some(at) => {
                order.insert(at, node.key);
                false
            }
            None => true,
        });
        // The others wait for something that was lost.
        if nodes.len() == before {
            break;
        }
    }
    order.into_iter().map(|key| key.id).collect()
}

/// People on both sides see the same, in history and in pages, and all of it has arrived. Returns what they see.
fn same_rendering(life: &mut Life, pair: usize, entries: &BTreeMap<EntryId, Entry>) -> Vec<MessageView> {
    let shown = [0, 1].map(|side| {
        let (device, with) = (life.rooms[pair].devices[side], life.rooms[pair].names[side]);
        // What somebody has read is said a little later than all else, perhaps between two questions.
        let mut read = || {
            let page = life.world.run(device, Command::ReadPage { with, at: PageAt::Latest, limit: PAGE });
            let Ok(Reply::Page(page)) = page else { panic!("no page") };
            (page.messages, life.history(pair, side))
        };
        let (mut page, mut history) = read();
        for _ in 0..2 {
            if page != history {
                (page, history) = read();
            }
        }
        assert_eq!(page, history, "a page and the history differ");
        let arrived = |state| matches!(state, MessageState::Delivered | MessageState::Read | MessageState::Received);
        assert!(history.iter().all(|message| arrived(message.state)), "a message has not arrived");
        what_is_shown_follows_from_the_entries(entries, &life.rooms[pair].changed, &history);
        what_is_shown_is_found(life, pair, side, &history);
        history
    });
    let [one, other] = shown.clone().map(|history| history.into_iter().map(seen).collect::<Vec<_>>());
    assert_eq!(one, other, "two devices show one conversation differently");
    let [history, _] = shown;
    history
}

/// What people were told is safe is there, with its text, once, and behind everything that its author had seen.
fn nothing_missing(pair: &Room, kept: &[Kept], entries: &BTreeMap<EntryId, Entry>, history: &[MessageView]) {
    let places: BTreeMap<EntryId, usize> =
        history.iter().enumerate().map(|(place, message)| (id_of(&message.id), place)).collect();
    assert_eq!(places.len(), history.len(), "a message is shown twice");
    let waiting: BTreeSet<EntryId> = kept.iter().filter(|kept| kept.position.is_none()).map(|kept| kept.id).collect();
    let first = history.len() == PAGE as usize;
    for (id, text) in &pair.must {
        match places.get(id) {
            Some(_) if pair.changed.contains(id) => {}
            Some(place) => assert_eq!(&history[*place].text, text, "a message has changed"),
            None => {
                let excused = first || waiting.contains(id) || is_only_erased(id, entries, &pair.changed);
                assert!(excused, "an acknowledged message is missing: “{}”", text.trim());
            }
        }
    }
    for (id, before) in &pair.before {
        let Some(place) = places.get(id) else { continue };
        let late = before.iter().filter_map(|id| places.get(id)).any(|earlier| earlier > place);
        assert!(!late, "a message stands before one that its author had seen");
    }
}

/// What was marked as read stays so, and of what others wrote nothing else is.
fn what_was_read_stays_read(life: &mut Life, pair: usize, kept: &[Vec<Kept>; 2], verified: &BTreeMap<EntryId, Entry>) {
    for (side, kept) in kept.iter().enumerate() {
        let own_id = life.world.user(life.rooms[pair].devices[side]);
        let pair = &life.rooms[pair];
        for kept in kept {
            assert!(!(kept.unread && pair.read[side].contains(&kept.id)), "a message that was read is unread");
            if kept.unread || pair.readable[side].contains(&kept.id) {
                continue;
            }
            let entry = &verified[&kept.id];
            // Only texts are read or not, while they are there.
            let text = entry.header().kind == kind::TEXT && entry.body().is_some();
            let own = UserId::from(&entry.header().author).0 == own_id;
            assert!(own || !text, "a message counts as read that nobody has marked");
        }
    }
}
