//! The scenes of the gallery: how a Kith can stand.

use dioxus::prelude::VirtualDom;
use kith::coordinator::double::Script;
use kith::coordinator::{BrokerState, BrokerStatus, Command, Handle, MUTED_FOR_GOOD, MessageState, Path, View};
use kith::doctor::Report;
use kith::host::{Control, Ice, Reach, Settings, TextSize};

use crate::people::{Friend, by_mail_only, friends, long_talk, own, request, user};
use crate::{checkup, group, life};

/// It always is Saturday, 14 March 2026, 12:45 UTC.
pub const NOW: u64 = 1_773_492_300_000;
/// Messages of the longest conversation.
const LONG: u64 = 10_000;

/// How a Kith can stand.
pub struct Scene {
    pub name: &'static str,
    pub script: Script,
    pub settings: Settings,
    /// Brokers of the command line.
    pub fixed: Vec<String>,
    /// What a checkup finds.
    pub checkup: Report,
}

/// A window of a scene.
pub fn dom(core: Handle, control: Control) -> VirtualDom {
    let now = i64::try_from(NOW).unwrap_or_default();
    kith::ui::dom(core, control, kith::ui::Shell::alone(), kith::ui::Clock::fixed(now))
}

/// Every scene.
pub fn all() -> Vec<Scene> {
    let chosen = |reach| Settings { reach: Some(reach), ..Settings::default() };
    let own_broker = || vec![broker("mqtt://192.168.1.20:18183", BrokerState::Connected, None)];
    let asking = vec![request(21, "Carlos Mendes", true), request(22, "Unknown Caller", false)];
    let full = View { identity: Some(own()), requests: asking, brokers: own_broker(), ..View::default() };
    let empty = View { identity: Some(own()), brokers: own_broker(), ..View::default() };
    let away = View {
        identity: Some(own()),
        brokers: vec![
            broker("mqtts://broker.example:8883", BrokerState::Unreachable, Some("the name is not known")),
            broker("wss://second.example/mqtt", BrokerState::Refused, Some("the password is wrong")),
        ],
        ..View::default()
    };
    let hidden = View { identity: Some(own()), brokers: own_broker(), ..View::default() };
    let tidy = hidden.clone();
    let brokers = vec!["mqtts://broker.example:8883".to_owned(), "wss://second.example/mqtt".to_owned()];
    vec![
        scene("welcome", View::default(), Settings::default(), vec![]),
        scene("empty", empty.clone(), chosen(Reach::ThisComputer), vec![]),
        scene("full", full, chosen(Reach::Network), friends()),
        scene(
            "offline",
            away,
            with_servers(chosen(Reach::Brokers(brokers))),
            friends().into_iter().map(Friend::away).collect(),
        ),
        scene("hidden", hidden, hides(chosen(Reach::Network)), by_mail_only(friends())),
        walkers("group", empty.clone(), chosen(Reach::ThisComputer)),
        walkers("group-huge", empty.clone(), Settings { text_size: TextSize::Huge, ..chosen(Reach::ThisComputer) }),
        lively("life", empty.clone(), chosen(Reach::ThisComputer)),
        lively("huge", empty.clone(), Settings { text_size: TextSize::Huge, ..chosen(Reach::ThisComputer) }),
        arranged(scene("arranged", tidy, chosen(Reach::Network), friends())),
        lacking(scene("gaps", empty.clone(), chosen(Reach::ThisComputer), friends())),
        scene("long", empty, chosen(Reach::ThisComputer), vec![long_talk(LONG)]),
    ]
}

fn scene(name: &'static str, mut view: View, settings: Settings, friends: Vec<Friend>) -> Scene {
    view.contacts = friends.iter().map(Friend::contact).collect();
    view.contacts.sort_by(|a, b| a.name.cmp(&b.name));
    let mut script = Script::new(own(), view, NOW);
    for friend in friends {
        let with = friend.contact().user_id;
        for line in friend.said {
            script.says(with, line.mine, &line.text, line.at, line.state, line.read);
            if line.state != MessageState::Queued {
                script.went(with, if friend.hidden { Path::Mail } else { Path::Direct });
            }
        }
    }
    let checkup = if name == "offline" { checkup::away() } else { checkup::home() };
    Scene { name, script, settings, fixed: vec![], checkup }
}

/// A group, and those of its people who are contacts.
fn walkers(name: &'static str, view: View, settings: Settings) -> Scene {
    let mut scene = scene(name, view, settings, friends());
    group::gather(&mut scene.script);
    scene
}

/// With Bob something is known to be missing, and his device was copied.
fn lacking(mut scene: Scene) -> Scene {
    let (bob, carol) = (user(2), user(3));
    scene.script.lacks(bob, Some(bob), 2, vec![bob, carol]);
    scene.script.forks(bob, bob);
    scene
}

/// Bob's conversation, with all that happens to messages in it; and a few more to pass something on to.
fn lively(name: &'static str, view: View, settings: Settings) -> Scene {
    let mut scene = scene(name, view, settings, friends().into_iter().map(Friend::silent).collect());
    life::talk(&mut scene.script);
    scene
}

/// Somebody has put their chats in order: one on top, one silent, two out of sight.
fn arranged(mut scene: Scene) -> Scene {
    let choices = [
        Command::PinConversation { with: user(3), on: true },
        Command::MuteConversation { with: user(3), until: MUTED_FOR_GOOD },
        Command::PinConversation { with: user(6), on: true },
        Command::ArchiveConversation { with: user(8), on: true },
        Command::ArchiveConversation { with: user(7), on: true },
    ];
    for choice in choices {
        // The pretended coordinator takes every choice.
        drop(scene.script.obey(choice));
    }
    scene
}

fn hides(settings: Settings) -> Settings {
    Settings { hide_address: true, ..settings }
}

fn with_servers(settings: Settings) -> Settings {
    let servers = vec!["turn:alice:word@relay.example:3478".to_owned(), "stun:stun.example".to_owned()];
    Settings { ice: Ice { public: false, servers }, ..settings }
}

fn broker(url: &str, state: BrokerState, reason: Option<&str>) -> BrokerStatus {
    BrokerStatus { url: url.into(), own: true, state, reason: reason.map(str::to_owned) }
}
