//! What is left on disks of what was deleted: nothing, neither in the database nor in the log of what was written last, and no words of it in
//! the index. Looked at where databases are files.

use std::collections::BTreeSet;

use kith::coordinator::MessageView;

use super::life::Life;
use super::told::id_of;

/// Letters of a text's own word.
const LETTERS: usize = 12;
/// So many of the last ones are looked for: an index leaves out those that a word begins with like the one before it.
const LOOKED_FOR: usize = 7;

/// A word that no other text has.
pub fn word(number: u64) -> String {
    // Steps of this length come to each place once, far apart.
    let mut left = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let letter = |_: usize| {
        let letter = b'a' + u8::try_from(left % 26).unwrap();
        left /= 26;
        char::from(letter)
    };
    (0..LETTERS).map(letter).collect()
}

/// The letters of a text's own word that are looked for.
fn own_word(text: &str) -> Option<&str> {
    text.split_whitespace().nth(2).map(|word| &word[LETTERS - LOOKED_FOR..])
}

/// Where something may just have been deleted, nothing is left in the log of what was written last of texts that a device has erased: not even until the next deletion.
pub fn what_was_erased_is_gone_at_once(life: &mut Life) {
    for device in 0..life.people {
        if !life.world.is_loaded(device) {
            continue;
        }
        let Some(bytes) = life.world.log_on_disk(device).filter(|bytes| !bytes.is_empty()) else { continue };
        let rooms = life.rooms.iter().filter(|room| room.side(device).is_some());
        let mut erased = BTreeSet::new();
        for room in rooms {
            let kept = life.world.db(device).entries(&room.conversation).unwrap();
            let bare = kept.into_iter().filter(|kept| kept.entry.body.is_none());
            erased.extend(bare.filter_map(|kept| Some(own_word(room.must.get(&kept.id)?)?.as_bytes())));
        }
        let left = bytes.windows(LOOKED_FOR).find(|window| erased.contains(window));
        assert!(left.is_none(), "person {device} has erased a text, and its words are still in the log on the disk");
    }
}

/// On these devices' disks nothing is left of the texts that they see as deleted.
pub fn nothing_is_left_of_what_was_deleted(life: &Life, room: usize, devices: &[usize], history: &[MessageView]) {
    let room = &life.rooms[room];
    let own_word = |message: &MessageView| own_word(room.must.get(&id_of(&message.id))?);
    for device in devices {
        let Some(bytes) = life.world.bytes_on_disk(*device) else { continue };
        let has = |word: &str| bytes.windows(LOOKED_FOR).any(|window| window == word.as_bytes());
        for message in history {
            let Some(word) = own_word(message) else { continue };
            if message.deleted {
                assert!(!has(word), "person {device} has deleted a text, and its words are still on the disk");
            }
        }
        let kept = history.iter().filter(|message| !message.deleted && !message.edited).find_map(own_word);
        assert!(kept.is_none_or(has), "what is looked for would not be found");
    }
}
