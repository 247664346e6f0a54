//! What happened while nobody looked, as notifications of the system. A Tokio task: a hidden webview stops the components'.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::clock::RateLimit;
use crate::coordinator::{Command, Event, Handle, Reply, Update};
use crate::platform::notify::Notifier;
use crate::ui::words::Words;

/// Notifications about one person at once: a few lines written in a row are all seen, a flood is not.
const BURST: u32 = 3;
/// One more about the same person in this time.
const EVERY: Duration = Duration::from_secs(20);
/// Requests of people whom nobody knows yet share one measure.
const STRANGERS: Uuid = Uuid::nil();
/// People that are counted for; beyond it everybody begins anew. Far more than anybody has contacts.
const PEOPLE_MAX: usize = 4_096;
/// The longest text, in characters: what systems show of one.
const BODY_CHARS_MAX: usize = 120;

/// Which events are worth a notification. Pure.
#[derive(Debug, Default)]
struct Notices {
    measures: HashMap<Uuid, RateLimit>,
}

impl Notices {
    /// Whether to say this one now.
    fn says(&mut self, event: &Event, focused: bool, now: Duration) -> bool {
        let who = match event {
            _ if focused => return false,
            // Who was muted does not interrupt.
            Event::MessageReceived { muted: true, .. } => return false,
            Event::MessageReceived { with, .. } => *with,
            Event::RequestReceived { .. } => STRANGERS,
            _ => return false,
        };
        if self.measures.len() >= PEOPLE_MAX {
            self.measures.clear();
        }
        self.measures.entry(who).or_insert_with(|| RateLimit::new(BURST, EVERY)).allow(now)
    }
}

/// A text as one line of at most [`BODY_CHARS_MAX`] characters.
fn line(text: &str) -> String {
    let mut words = String::new();
    for word in text.split_whitespace() {
        if !words.is_empty() {
            words.push(' ');
        }
        words.extend(word.chars().filter(|c| !c.is_control()));
        // Bytes are never fewer than characters.
        if words.len() > 4 * BODY_CHARS_MAX {
            break;
        }
    }
    if words.chars().count() <= BODY_CHARS_MAX {
        return words;
    }
    words.chars().take(BODY_CHARS_MAX - 1).chain(['…']).collect()
}

/// Notifies until the coordinator ends or it is cancelled.
pub(super) async fn run(core: Handle, focused: watch::Receiver<bool>, notifier: Notifier, cancel: CancellationToken) {
    tokio::select! {
        () = cancel.cancelled() => {}
        () = follow(&core, &focused, &notifier) => {}
    }
}

async fn follow(core: &Handle, focused: &watch::Receiver<bool>, notifier: &Notifier) {
    let (mut notices, begun) = (Notices::default(), Instant::now());
    while let Ok(mut events) = core.subscribe().await {
        loop {
            let batch = match events.next().await {
                Update::Events(batch) => batch,
                // What was missed is unread in the window.
                Update::Missed => break,
                Update::Ended => return,
            };
            for event in batch.iter() {
                let looks = *focused.borrow();
                if notices.says(event, looks, begun.elapsed()) {
                    say(core, event, notifier).await;
                }
            }
        }
    }
}

async fn say(core: &Handle, event: &Event, notifier: &Notifier) {
    match event {
        Event::MessageReceived { with, from, text, .. } => {
            let (title, body) = spoken(core, *with, *from, line(text)).await;
            notifier.show(title, body);
        }
        Event::RequestReceived { name, .. } => {
            // Made anew each time: notifications are rare, and words belong to one thread.
            let words = Words::english();
            notifier.show(words.say("app-name"), words.with("notify-request", "name", line(name)));
        }
        _ => {}
    }
}

/// What is shown of a message: what this person calls its author and the text, or in a group its name, and who wrote which text.
async fn spoken(core: &Handle, with: Uuid, from: Uuid, text: String) -> (String, String) {
    let contacts = match core.run(Command::ListContacts).await {
        Ok(Reply::Contacts(contacts)) => contacts,
        _ => vec![],
    };
    let called = |who: Uuid| {
        let found = contacts.iter().find(|contact| contact.user_id == who);
        found.map(|contact| line(contact.nickname.as_ref().unwrap_or(&contact.name)))
    };
    if let Some(name) = called(with) {
        return (name, text);
    }
    let Ok(Reply::Group(group)) = core.run(Command::ShowGroup(with)).await else {
        return (Words::english().say("app-name"), text);
    };
    let member = group.members.iter().find(|member| member.user_id == from);
    let author = called(from).or_else(|| member.map(|member| line(&member.name))).unwrap_or_default();
    (line(&group.name), Words::english().with2("chats-they", ("name", author), ("text", text)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coordinator::double::Double;
    use crate::coordinator::{ContactView, GroupView, MemberView, Path};

    fn message(with: u128) -> Event {
        let with = Uuid::from_u128(with);
        Event::MessageReceived { with, id: "a".to_owned(), from: with, text: "Hello".to_owned(), muted: false }
    }

    fn request(from: u128) -> Event {
        Event::RequestReceived { user_id: Uuid::from_u128(from), name: "Bob".to_owned() }
    }

    /// A message is notified when nobody looks; what is no news to a person never is.
    #[test]
    fn only_news_that_nobody_sees_are_notified() {
        let mut notices = Notices::default();
        assert!(!notices.says(&message(1), true, Duration::ZERO));
        assert!(notices.says(&message(1), false, Duration::ZERO));
        assert!(notices.says(&request(2), false, Duration::ZERO));
        let Event::MessageReceived { with, id, from, text, .. } = message(3) else { return };
        let muted = Event::MessageReceived { with, id, from, text, muted: true };
        assert!(!notices.says(&muted, false, Duration::ZERO));
        let delivered = Event::MessageDelivered { with: Uuid::from_u128(1), id: "a".to_owned() };
        assert!(!notices.says(&delivered, false, Duration::ZERO));
    }

    /// A flood from one person is a few notifications, and takes nothing from the others; strangers share one measure.
    #[test]
    fn a_flood_is_a_few_notifications() {
        let mut notices = Notices::default();
        let mut said = |event: &Event, seconds| notices.says(event, false, Duration::from_secs(seconds));
        assert_eq!((0..100).filter(|_| said(&message(1), 0)).count(), 3);
        assert!(said(&message(2), 0));
        assert!(said(&message(1), 20) && !said(&message(1), 21));
        assert_eq!((0..100).filter(|n| said(&request(*n), 30)).count(), 3);
    }

    /// A text becomes one short line, whatever is in it.
    #[test]
    fn a_text_becomes_one_short_line() {
        assert_eq!(line("  Hello\n\n  you\u{7}  "), "Hello you");
        assert_eq!(line(""), "");
        let long = line(&"ä".repeat(10_000));
        assert_eq!(long.chars().count(), BODY_CHARS_MAX);
        assert!(long.ends_with('…'));
        let exact = "x".repeat(BODY_CHARS_MAX);
        assert_eq!(line(&exact), exact);
    }

    /// A message in a group names the group, and who wrote it, contact or not.
    #[tokio::test]
    async fn who_wrote_in_a_group_is_named() {
        let (group, bob, ingrid) = (Uuid::from_u128(9), Uuid::from_u128(1), Uuid::from_u128(2));
        let member = |user_id, name: &str| MemberView { user_id, name: name.into(), admin: false, contact: false };
        let view = GroupView {
            group_id: group,
            name: "Sunday walkers".into(),
            hue: 7,
            history: false,
            inside: true,
            members: vec![member(bob, "Bob"), member(ingrid, "Ingrid")],
        };
        let contact = ContactView {
            user_id: bob,
            name: "Bob".into(),
            nickname: Some("Bobby".into()),
            online: true,
            path: Path::Direct,
            reason: None,
            address_hidden: false,
            safety_number: String::new(),
            accepted: true,
            warning: None,
        };
        let (core, double) = Double::new(1);
        let served = double.serve(move |_, command| match command {
            Command::ListContacts => Ok(Reply::Contacts(vec![contact.clone()])),
            Command::ShowGroup(asked) if asked == group => Ok(Reply::Group(Box::new(view.clone()))),
            other => panic!("{other:?}"),
        });
        let told = async {
            let direct = spoken(&core, bob, bob, "Hi".into()).await;
            let both = (spoken(&core, group, bob, "Hi".into()).await, spoken(&core, group, ingrid, "Hi".into()).await);
            (direct, both)
        };
        let (direct, (his, hers)) = tokio::select! {
            told = told => told,
            () = served => panic!("the double has ended"),
        };
        let pair = |title: &str, body: &str| (title.to_owned(), body.to_owned());
        assert_eq!(direct, pair("Bobby", "Hi"));
        assert_eq!(his, pair("Sunday walkers", "Bobby: Hi"));
        assert_eq!(hers, pair("Sunday walkers", "Ingrid: Hi"));
    }
}
