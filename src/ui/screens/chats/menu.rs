//! What can be done with a conversation: the menu of its row, and the same as switches on somebody's page.

use dioxus::core::spawn_forever;
use dioxus::prelude::*;
use lucide_dioxus::{Archive, BellOff, Pin};
use uuid::Uuid;

use crate::coordinator::{ChatView, Command, MUTED_FOR_GOOD};
use crate::ui::components::{Problem, Switch};
use crate::ui::context::{Ui, use_ui};
use crate::ui::format::{date_of, day_label, short_time};

const HOUR_MS: u64 = 3_600_000;

/// The conversation whose menu is open, where on the page it was asked for, and what went wrong the last time.
#[derive(Clone, Copy)]
pub struct Menu {
    pub open: Signal<Option<(Uuid, f64, f64)>>,
    pub problem: Signal<Option<String>>,
}

/// The time, as the coordinator counts it.
pub fn now(ui: Ui) -> u64 {
    u64::try_from(ui.clock().now().timestamp().as_millisecond()).unwrap_or_default()
}

/// The menu; nothing while nobody asks for it. The page's script moves in it and gives the focus back.
#[component]
pub fn ChatMenu() -> Element {
    let ui = use_ui();
    let menu = use_context::<Menu>();
    let (mut open, mut problem) = (menu.open, menu.problem);
    let Some((user, x, y)) = open() else { return rsx! {} };
    let Some(person) = ui.person(user) else { return rsx! {} };
    let ChatView { pinned, archived, .. } = person.chat;
    let now = now(ui);
    let muted = person.chat.is_muted(now);
    let does = move |command: Command| {
        move |_: MouseEvent| {
            open.set(None);
            let command = command.clone();
            // Of the root: the menu is gone when the answer comes.
            spawn_forever(async move {
                let error = ui.run(command).await.err();
                if let Ok(mut problem) = problem.try_write() {
                    *problem = error.map(|error| ui.explain(&error));
                }
            });
        }
    };
    let mute = |until| does(Command::MuteConversation { with: user, until });
    rsx! {
        div { class: "menu-veil", "data-escape": "true", onclick: move |_| open.set(None),
            div {
                class: "menu at",
                role: "menu",
                aria_label: ui.words().with("chat-menu", "name", person.name().to_owned()),
                style: "--x: {x}px; --y: {y}px",
                // A press beside the entries is none beside the menu.
                onclick: move |event| event.stop_propagation(),
                button { class: "menu-item", role: "menuitem", r#type: "button", tabindex: "-1", onclick: does(Command::PinConversation { with: user, on: !pinned }),
                    Pin { size: 18 }
                    {ui.say(if pinned { "chat-unpin" } else { "chat-pin" })}
                }
                if muted {
                    button { class: "menu-item", role: "menuitem", r#type: "button", tabindex: "-1", onclick: mute(0),
                        BellOff { size: 18 }
                        {ui.say("chat-unmute")}
                    }
                } else {
                    button { class: "menu-item", role: "menuitem", r#type: "button", tabindex: "-1", onclick: mute(now + HOUR_MS),
                        BellOff { size: 18 }
                        {ui.say("chat-mute-hour")}
                    }
                    button { class: "menu-item", role: "menuitem", r#type: "button", tabindex: "-1", onclick: mute(now + 8 * HOUR_MS),
                        BellOff { size: 18 }
                        {ui.say("chat-mute-night")}
                    }
                    button { class: "menu-item", role: "menuitem", r#type: "button", tabindex: "-1", onclick: mute(MUTED_FOR_GOOD),
                        BellOff { size: 18 }
                        {ui.say("chat-mute")}
                    }
                }
                button { class: "menu-item", role: "menuitem", r#type: "button", tabindex: "-1", onclick: does(Command::ArchiveConversation { with: user, on: !archived }),
                    Archive { size: 18 }
                    {ui.say(if archived { "chat-unarchive" } else { "chat-archive" })}
                }
            }
        }
    }
}

/// The same on somebody's page.
#[component]
pub fn ChatChoices(user: Uuid) -> Element {
    let ui = use_ui();
    let mut problem = use_signal(|| None::<String>);
    let mut refused = use_signal(|| 0u32);
    let Some(person) = ui.person(user) else { return rsx! {} };
    let chat = &person.chat;
    let does = move |command: Command| {
        spawn(async move {
            let error = ui.run(command).await.err();
            if error.is_some() {
                refused.with_mut(|refused| *refused += 1);
            }
            problem.set(error.map(|error| ui.explain(&error)));
        });
    };
    let muted = chat.is_muted(now(ui));
    let mute_what = match chat.muted_until.filter(|until| muted && *until < MUTED_FOR_GOOD) {
        Some(until) => {
            let clock = ui.clock();
            let day = day_label(&clock, &ui.words(), date_of(&clock, until));
            ui.words().with2("contact-muted-until", ("day", day), ("time", short_time(&clock, until)))
        }
        None => ui.say("contact-mute-what"),
    };
    rsx! {
        section { class: "card", aria_label: ui.say("contact-chat"),
            h2 { {ui.say("contact-chat")} }
            Switch {
                name: "pinned",
                label: ui.say("contact-pin"),
                what: ui.say("contact-pin-what"),
                on: chat.pinned,
                refused: refused(),
                onchange: move |on| does(Command::PinConversation { with: user, on }),
            }
            Switch {
                name: "muted",
                label: ui.say("contact-mute"),
                what: mute_what,
                on: muted,
                refused: refused(),
                onchange: move |on| does(Command::MuteConversation { with: user, until: if on { MUTED_FOR_GOOD } else { 0 } }),
            }
            Switch {
                name: "archived",
                label: ui.say("contact-archive"),
                what: ui.say("contact-archive-what"),
                on: chat.archived,
                refused: refused(),
                onchange: move |on| does(Command::ArchiveConversation { with: user, on }),
            }
            if let Some(text) = problem() {
                Problem { text }
            }
        }
    }
}
