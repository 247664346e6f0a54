//! The people of the gallery, and what they said.

use kith::coordinator::MessageState::{self, Delivered, Queued, Received, Sent};
use kith::coordinator::{ContactView, IdentityView, NoLink, Path, RequestView};
use serde_json::Value;
use uuid::Uuid;

use crate::scenes::NOW;

/// The kept vectors: a link that is long and real, so that its QR code is too.
const VECTORS: &str = include_str!("../../tests/vectors/identity.json");

const MINUTE: u64 = 60 * 1000;
const DAY: u64 = 24 * 60 * MINUTE;

/// Who looks at the window.
pub fn own() -> IdentityView {
    let link = serde_json::from_str::<Value>(VECTORS).ok();
    let link = link.and_then(|vectors| vectors.pointer("/alice/link")?.as_str().map(str::to_owned));
    IdentityView {
        user_id: user(1),
        device_id: user(1001),
        name: "Alice Moreau".into(),
        link: link.unwrap_or_default(),
        warning: None,
    }
}

/// The same id on every run. Its bits are spread, since colours are made from it.
pub fn user(n: u128) -> Uuid {
    Uuid::from_u128(n.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
}

/// Somebody.
pub struct Friend {
    pub n: u128,
    pub name: &'static str,
    pub nickname: Option<&'static str>,
    pub path: Path,
    pub accepted: bool,
    pub warning: Option<&'static str>,
    /// The address is hidden from them, and there is no relay.
    pub hidden: bool,
    pub said: Vec<Line>,
}

/// Something said: by us or them, the text, when, how far it came, whether it was read.
pub struct Line {
    pub mine: bool,
    pub text: String,
    pub at: u64,
    pub state: MessageState,
    pub read: bool,
}

impl Friend {
    fn new(n: u128, name: &'static str, path: Path) -> Self {
        Self { n, name, nickname: None, path, accepted: true, warning: None, hidden: false, said: vec![] }
    }

    fn they(mut self, ago: u64, text: &str) -> Self {
        self.said.push(Line { mine: false, text: text.into(), at: NOW - ago, state: Received, read: true });
        self
    }

    fn unread(mut self, ago: u64, text: &str) -> Self {
        self.said.push(Line { mine: false, text: text.into(), at: NOW - ago, state: Received, read: false });
        self
    }

    fn we(mut self, ago: u64, text: &str, state: MessageState) -> Self {
        self.said.push(Line { mine: true, text: text.into(), at: NOW - ago, state, read: true });
        self
    }

    /// The same person while nothing reaches them.
    pub fn away(self) -> Self {
        Self { path: Path::None, ..self }
    }

    /// The same person, with Bob's conversation still to come.
    pub fn silent(self) -> Self {
        if self.n == 2 { Self { said: vec![], ..self } } else { self }
    }

    /// As the coordinator tells of them.
    pub fn contact(&self) -> ContactView {
        ContactView {
            user_id: user(self.n),
            name: self.name.into(),
            nickname: self.nickname.map(str::to_owned),
            online: matches!(self.path, Path::Direct | Path::Relay),
            path: self.path,
            reason: self.hidden.then_some(NoLink::AddressHidden),
            address_hidden: self.hidden,
            safety_number: safety_number(self.n),
            accepted: self.accepted,
            warning: self.warning.map(str::to_owned),
        }
    }
}

/// Twelve groups of five digits.
fn safety_number(n: u128) -> String {
    let digits = user(n).as_u128();
    let groups: Vec<String> = (0..12).map(|group| format!("{:05}", (digits >> (9 * group)) % 100_000)).collect();
    groups.join(" ")
}

/// Somebody who asks.
pub fn request(n: u128, name: &str, invited: bool) -> RequestView {
    RequestView {
        user_id: user(n),
        name: name.into(),
        safety_number: safety_number(n),
        invited,
        address_hidden: false,
        warning: None,
    }
}

/// Everybody of the full scene. The last one who spoke is on top.
#[rustfmt::skip] // One line a message reads as the conversation that it is.
pub fn friends() -> Vec<Friend> {
    let waits = Friend { accepted: false, ..Friend::new(9, "Nadia Petrova", Path::None) };
    vec![
        Friend::new(8, "Noor van der Berg-Oyelaran", Path::None),
        Friend::new(7, "中村 さくら", Path::None)
            .we(3 * DAY, "駅に着いたら連絡します", Delivered)
            .they(2 * DAY, "了解です！"),
        Friend::new(6, "Book club Ben", Path::Mail)
            .they(2 * DAY, "Where were we?")
            .we(DAY + 30 * MINUTE, "chapters 4 to 7, then", Delivered),
        Friend::new(5, "يوسف", Path::Direct)
            .we(DAY + 20 * MINUTE, "هل وصلت الرسالة؟", Delivered)
            .they(DAY, "شكرا، وصلت"),
        Friend { nickname: Some("Dad"), ..Friend::new(4, "Michel Moreau", Path::Mail) }
            .they(DAY + 5 * MINUTE, "Call me when you are home")
            .we(167 * MINUTE, "Landed! Calling you tonight", Sent),
        Friend::new(10, "Carol Oyelaran", Path::None)
            .they(140 * MINUTE, "I can drive three of us")
            .we(135 * MINUTE, "Then I take the train with Bob", Queued),
        Friend::new(3, "Amélie Laurent", Path::Relay)
            .they(50 * MINUTE, "Regarde ça :")
            .unread(34 * MINUTE, "La voiture est réparée 🎉")
            .unread(33 * MINUTE, "On part quand ?"),
        Friend::new(2, "Bob Okafor", Path::Direct)
            .they(DAY + 200 * MINUTE, "Are you in town this weekend?")
            .we(DAY + 190 * MINUTE, "From Saturday noon, yes. I only have to find somebody who waters the plants, takes the parcel from the second floor, and remembers which of the two keys is the one that opens the cellar.", Delivered)
            .they(DAY + 189 * MINUTE, "That is me")
            .they(53 * MINUTE, "Morning! Did the new keys arrive?")
            .they(53 * MINUTE, "I left them with your neighbour, the one with the loud dog.")
            .we(42 * MINUTE, "They did. The dog and I are friends now 🐕", Delivered)
            .they(6 * MINUTE, "Then he will want to come along on Sunday. Train at 9:14, I have the tickets: https://rail.example/t/8842")
            .they(4 * MINUTE, "See you at the station, platform 4")
            .we(MINUTE, "Perfect, I bring coffee", Delivered)
            .we(MINUTE, "and the good biscuits\nand a thermos", Sent),
        waits,
    ]
}

/// The same people, where the address is hidden from everybody and no relay is set up.
pub fn by_mail_only(friends: Vec<Friend>) -> Vec<Friend> {
    friends.into_iter().map(|friend| Friend { hidden: friend.accepted, path: Path::Mail, ..friend }).collect()
}

/// A conversation of this many messages with one friend.
pub fn long_talk(messages: u64) -> Friend {
    const LINES: [&str; 7] = [
        "Good morning!",
        "Did you see the lights last night? The whole street was out.",
        "Yes",
        "I would not have thought that it goes on for so long. We stood at the window until two, and then once more at four, because the little one could not sleep.",
        "Same here",
        "https://sky.example/forecast has more for tonight",
        "Then I set an alarm\nand make tea",
    ];
    let mut friend = Friend::new(2, "Bob Okafor", Path::Direct);
    for (n, text) in (0..messages).zip(LINES.iter().cycle()) {
        let (ago, text) = ((messages - n) * 7 * MINUTE, format!("{text} ({})", n + 1));
        friend = if n % 3 == 1 { friend.we(ago, &text, Delivered) } else { friend.they(ago, &text) };
    }
    friend
}
