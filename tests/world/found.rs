//! What people look for, and find: what is shown, wherever it stands in the index, and nothing that is not shown any more.

use std::collections::BTreeSet;

use kith::coordinator::world::World;
use kith::coordinator::{Command, MessageView, Reply, SEARCH_LIMIT_MAX};
use kith::wire::EntryId;

use super::checks::PAGE;
use super::life::Life;
use super::moves::Story;
use super::room::Asked;
use super::told::id_of;

/// So many entries at most come before a device goes on in another slice of its index.
const BEFORE_A_SLICE: u64 = 64;

/// Devices that have had much before: somewhere in a story the index goes on in another slice.
pub fn numbered_up_to_a_slice(world: &mut World, story: &Story) {
    for device in 0..story.people {
        let left = (story.seed + device as u64) % BEFORE_A_SLICE;
        world.db(device).begin_before_next_slice(u32::try_from(left).unwrap()).unwrap();
    }
}

/// Whether some word of a text begins so.
pub fn begins(text: &str, letter: char) -> bool {
    text.split_whitespace().any(|word| word.starts_with(letter))
}

/// Digits are what numbers of texts begin with, of those that were edited too: each finds some of them.
fn letter(number: usize) -> char {
    char::from(b'1' + u8::try_from(number % 9).unwrap())
}

impl Life {
    /// Somebody looks for something while all goes on.
    pub fn look_for_something(&mut self, room: usize, side: usize, what: usize) {
        let letter = letter(what);
        let within = Some(self.rooms[room].names[side]);
        let command = Command::Search { query: letter.to_string(), within, before: None, limit: None };
        self.submit(room, side, command, Asked::Found(letter));
    }
}

/// Who looks for something in a conversation finds each message that says it as it is shown, once, and no other.
pub fn what_is_shown_is_found(life: &mut Life, room: usize, side: usize, history: &[MessageView]) {
    if history.len() == PAGE as usize {
        return;
    }
    let letter = letter(room + side + history.len());
    let (device, within) = (life.rooms[room].devices[side], life.rooms[room].names[side]);
    let (mut found, mut next) = (BTreeSet::new(), None);
    loop {
        let limit = Some(SEARCH_LIMIT_MAX);
        let command = Command::Search { query: letter.to_string(), within: Some(within), before: next, limit };
        let Ok(Reply::Found(page)) = life.world.run(device, command) else { panic!("nothing is found at all") };
        for message in page.messages {
            assert!(begins(&message.text, letter), "what was found does not say it");
            assert!(found.insert(id_of(&message.id)), "a message is found twice");
        }
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    let says = history.iter().filter(|message| begins(&message.text, letter));
    let says: BTreeSet<EntryId> = says.map(|message| id_of(&message.id)).collect();
    let (missed, more) = (says.difference(&found).count(), found.difference(&says).count());
    assert!(missed + more == 0, "a search for {letter} misses {missed} messages, and finds {more} that are not shown");
}
