//! Who lives in the gallery, and what they said.

use uuid::Uuid;

use super::World;
use crate::coordinator::{
    BrokerState, BrokerStatus, ChatView, ContactView, IdentityView, MessageState, MessageView, Path, RequestView,
};

/// What time it is in the gallery: Saturday 7 March 2026, 12:45 UTC, in Unix milliseconds.
pub const NOW: u64 = 1_772_887_500_000;
const MINUTE: u64 = 60_000;
const DAY: u64 = 24 * 60 * MINUTE;
/// Ourselves.
const ME: Uuid = Uuid::from_u128(0xa11c_e000);

/// As long as a real link, which is what the QR code must hold.
fn link() -> String {
    let alphabet = b"abcdefghijklmnopqrstuvwxyz0123456789-_ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let letters = (0..700usize).filter_map(|at| alphabet.get(at * at * 7 % alphabet.len()).copied().map(char::from));
    format!("kith:{}", letters.collect::<String>())
}

fn number(seed: usize) -> String {
    let groups = (1..=12usize).map(|at| format!("{:05}", (seed + 3) * at * 7919 % 100_000));
    groups.collect::<Vec<_>>().join(" ")
}

fn contact(seed: u128, name: &str, path: Path) -> ContactView {
    ContactView {
        user_id: Uuid::from_u128(seed * 0x9e37_79b9_7f4a_7c15),
        name: name.to_owned(),
        nickname: None,
        online: matches!(path, Path::Direct | Path::Relay),
        path,
        safety_number: number(usize::try_from(seed).unwrap_or_default()),
        accepted: true,
        warning: None,
    }
}

/// A message: who (us or them), how long ago, the text, how far it has come.
type Said<'a> = (bool, u64, &'a str, MessageState);

impl World {
    /// Somebody new: an identity and nobody else.
    #[must_use]
    pub fn alone() -> Self {
        let mut world = Self::default();
        world.view.identity = Some(IdentityView {
            user_id: ME,
            device_id: Uuid::from_u128(0xa11c_e001),
            name: "Alice Moreau".to_owned(),
            link: link(),
            warning: None,
        });
        world.view.brokers = vec![BrokerStatus {
            url: "mqtts://broker.example:8883".to_owned(),
            state: BrokerState::Connected,
            reason: None,
        }];
        world
    }

    /// An ordinary life.
    #[must_use]
    pub fn full() -> Self {
        use MessageState::{Delivered, Queued, Received, Sent};
        let mut world = Self::alone();
        let bob: &[Said<'_>] = &[
            (false, DAY + 300 * MINUTE, "Are you still coming on Sunday?", Received),
            (true, DAY + 297 * MINUTE, "Of course! I would not miss it 🙂", Delivered),
            (false, 53 * MINUTE, "Morning! Did the new keys arrive?", Received),
            (false, 53 * MINUTE, "I left them with your neighbour, the one with the loud dog.", Received),
            (true, 42 * MINUTE, "They did. The dog and I are friends now", Delivered),
            (
                false,
                6 * MINUTE,
                "Then he will want to come along on Sunday. Train at 9:14, I have the tickets: https://rail.example/t/8842",
                Received,
            ),
            (false, 4 * MINUTE, "See you at the station, platform 4", Received),
            (true, MINUTE, "Perfect, I bring coffee", Sent),
            (true, MINUTE, "and the good biscuits", Queued),
        ];
        world.meet(contact(1, "Bob Okafor", Path::Direct), bob, 0);
        let amelie: &[Said<'_>] = &[
            (true, 3 * DAY, "How was the concert?", Delivered),
            (false, 60 * MINUTE, "Wonderful. Bring a scarf next time, it is cold up there", Received),
            (false, 33 * MINUTE, "I can drive three of us", Received),
        ];
        world.meet(contact(2, "Amélie Laurent", Path::Direct), amelie, 2);
        world.meet(contact(3, "Dad", Path::None), &[(true, 167 * MINUTE, "Call me when you are home?", Queued)], 0);
        world.meet(contact(4, "يوسف", Path::Mail), &[(false, DAY, "شكرا، وصلت", Received)], 0);
        world.meet(
            contact(5, "Maximiliane von Hohenstein-Waldburg", Path::Mail),
            &[(true, 2 * DAY, "chapters 4 to 7, then we meet again at the library by the river", Delivered)],
            0,
        );
        world.meet(contact(6, "中村 さくら", Path::None), &[(false, 3 * DAY, "了解です！", Received)], 0);
        world.meet(contact(7, "Carol Jensen", Path::None), &[], 0);
        let mut asked = contact(8, "Pedro Álvarez", Path::None);
        asked.accepted = false;
        world.view.contacts.push(asked);
        for (seed, name, invited) in [(9u128, "Nadia Haddad", true), (10, "Somebody", false)] {
            world.view.requests.push(RequestView {
                user_id: Uuid::from_u128(seed * 0x9e37_79b9_7f4a_7c15),
                name: name.to_owned(),
                safety_number: number(usize::try_from(seed).unwrap_or_default()),
                invited,
                warning: None,
            });
        }
        world
    }

    /// One conversation of so many messages.
    #[must_use]
    pub fn long(count: u64) -> Self {
        let mut world = Self::alone();
        let bob = contact(1, "Bob Okafor", Path::Direct);
        let user = bob.user_id;
        world.meet(bob, &[], 0);
        let messages = (0..count).map(|at| {
            let mine = at % 5 < 2;
            let text = format!(
                "Message {at}. {}",
                "It rains, and then it does not. ".repeat(usize::try_from(at % 4).unwrap_or(0))
            );
            let from = if mine { ME } else { user };
            let state = if mine { MessageState::Delivered } else { MessageState::Received };
            MessageView { id: format!("{at:064x}"), from, text, at: NOW - (count - at) * MINUTE, state }
        });
        for message in messages {
            world.say(user, message, false);
        }
        world
    }

    fn meet(&mut self, contact: ContactView, said: &[Said<'_>], unread: usize) {
        let user = contact.user_id;
        self.view.contacts.push(contact);
        self.view.chats.push(ChatView { user_id: user, ..ChatView::default() });
        for (index, (mine, ago, text, state)) in said.iter().enumerate() {
            let message = MessageView {
                id: format!("{:032x}{index:032x}", user.as_u128()),
                from: if *mine { ME } else { user },
                text: (*text).to_owned(),
                at: NOW - ago,
                state: *state,
            };
            self.say(user, message, index + unread >= said.len());
        }
        // The latest conversation is on top, as in life.
        if let Some(chat) = self.view.chats.iter_mut().find(|chat| chat.user_id == user) {
            chat.activity = chat.last.as_ref().map_or(0, |last| last.at);
        }
    }

    /// Ourselves.
    #[must_use]
    pub const fn me() -> Uuid {
        ME
    }
}
