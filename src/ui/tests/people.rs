//! Who there is in the components' tests, and what they said.

use uuid::Uuid;

use crate::coordinator::double::Script;
use crate::coordinator::{BrokerState, BrokerStatus, ContactView, IdentityView, MessageState, Path, RequestView, View};

/// What time it is there: Saturday 7 March 2026, 12:45 UTC, in Unix milliseconds.
pub const NOW: u64 = 1_772_887_500_000;
const MINUTE: u64 = 60_000;
const DAY: u64 = 24 * 60 * MINUTE;

fn own() -> IdentityView {
    IdentityView {
        user_id: Uuid::from_u128(0xa11c_e000),
        device_id: Uuid::from_u128(0xa11c_e001),
        name: "Alice Moreau".to_owned(),
        link: "kith:abcdefgh".to_owned(),
        warning: None,
    }
}

fn contact(seed: u128, name: &str, path: Path) -> ContactView {
    ContactView {
        user_id: Uuid::from_u128(seed),
        name: name.to_owned(),
        nickname: None,
        online: matches!(path, Path::Direct | Path::Relay),
        path,
        reason: None,
        address_hidden: false,
        safety_number: "12345 67890".to_owned(),
        accepted: true,
        warning: None,
    }
}

/// A message: who (us or them), how long ago, the text, how far it has come, whether it was read.
type Said<'a> = (bool, u64, &'a str, MessageState, bool);

/// A small world that stands still.
pub struct World {
    /// Its coordinator.
    pub script: Script,
}

impl World {
    /// Nobody yet.
    pub fn nobody() -> Self {
        Self { script: Script::new(own(), View::default(), NOW) }
    }

    /// Somebody new: an identity and nobody else.
    pub fn alone() -> Self {
        let mut world = Self::nobody();
        world.script.view.identity = Some(own());
        let url = "mqtts://broker.example:8883".to_owned();
        world.script.view.brokers = vec![BrokerStatus { url, own: true, state: BrokerState::Connected, reason: None }];
        world
    }

    /// An ordinary life.
    pub fn full() -> Self {
        use MessageState::{Delivered, Queued, Received, Sent};
        let mut world = Self::alone();
        world.meet(contact(3, "Dad", Path::None), &[(true, 167 * MINUTE, "Call me when you are home?", Queued, true)]);
        let amelie: &[Said<'_>] = &[
            (true, 3 * DAY, "How was the concert?", Delivered, true),
            (false, 60 * MINUTE, "Wonderful. Bring a scarf next time", Received, false),
            (false, 33 * MINUTE, "I can drive three of us", Received, false),
        ];
        world.meet(contact(2, "Amélie Laurent", Path::Direct), amelie);
        let bob: &[Said<'_>] = &[
            (false, DAY + 300 * MINUTE, "Are you still coming on Sunday?", Received, true),
            (true, DAY + 297 * MINUTE, "Of course! I would not miss it 🙂", Delivered, true),
            (false, 53 * MINUTE, "Morning! Did the new keys arrive?", Received, true),
            (false, 53 * MINUTE, "I left them with your neighbour.", Received, true),
            (false, 6 * MINUTE, "I have the tickets: https://rail.example/t/8842", Received, true),
            (true, MINUTE, "Perfect, I bring coffee", Sent, true),
            (true, MINUTE, "and the good biscuits", Queued, true),
        ];
        world.meet(contact(1, "Bob Okafor", Path::Direct), bob);
        world.meet(contact(7, "Carol Jensen", Path::None), &[]);
        let asked = ContactView { accepted: false, ..contact(8, "Pedro Álvarez", Path::None) };
        world.script.view.contacts.push(asked);
        for (seed, name, invited) in [(9u128, "Nadia Haddad", true), (10, "Somebody", false)] {
            world.script.view.requests.push(RequestView {
                user_id: Uuid::from_u128(seed),
                name: name.to_owned(),
                safety_number: "12345 67890".to_owned(),
                invited,
                address_hidden: false,
                warning: None,
            });
        }
        world
    }

    /// One conversation of so many messages.
    pub fn long(count: u64) -> Self {
        let mut world = Self::alone();
        let bob = contact(1, "Bob Okafor", Path::Direct);
        let user = bob.user_id;
        world.meet(bob, &[]);
        for at in 0..count {
            let state = if at % 5 < 2 { MessageState::Delivered } else { MessageState::Received };
            world.script.says(user, at % 5 < 2, &format!("Message {at}."), NOW - (count - at) * MINUTE, state, true);
        }
        world
    }

    fn meet(&mut self, contact: ContactView, said: &[Said<'_>]) {
        let user = contact.user_id;
        self.script.view.contacts.push(contact);
        for (mine, ago, text, state, read) in said {
            self.script.says(user, *mine, text, NOW - ago, *state, *read);
        }
    }
}
