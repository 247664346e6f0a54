//! One conversation in the list.

use dioxus::prelude::*;
use lucide_dioxus::{BellOff, Pin};
use uuid::Uuid;

use super::menu::{Menu, now};
use crate::coordinator::{ChatView, MessageState};
use crate::ui::components::{Avatar, Mark};
use crate::ui::context::{Ui, use_ui};
use crate::ui::format::list_time;
use crate::ui::route::Route;

/// From here on a list says "many".
const MANY: u32 = 999;

/// A contact, and what was said last.
#[component]
pub fn ChatRow(user: Uuid) -> Element {
    let ui = use_ui();
    let Some(person) = ui.person(user) else { return rsx! {} };
    let name = person.name().to_owned();
    let open = ui.stack.read().conversation() == Some(user);
    let mut menu = use_context::<Menu>().open;
    let chat = &person.chat;
    let muted = chat.is_muted(now(ui));
    // "12:41" is "Yesterday" on the next day.
    ui.today.read();
    let time = chat.last.as_ref().map(|last| list_time(&ui.clock(), &ui.words(), last.at));
    let unread = match chat.unread {
        0 => None,
        count if count > MANY => Some(ui.say("chats-many")),
        count => Some(count.to_string()),
    };
    rsx! {
        li {
            button {
                class: if open { "row on" } else { "row" },
                r#type: "button",
                aria_current: if open { "true" },
                "data-hold": "true",
                oncontextmenu: move |event| {
                    event.prevent_default();
                    let at = event.client_coordinates();
                    menu.set(Some((user, at.x, at.y)));
                },
                onclick: move |_| ui.go(Route::Conversation(user)),
                Avatar { user, name: name.clone(), online: person.contact.online, hue: person.group.as_ref().map(|group| group.hue) }
                span { class: "row-text",
                    span { class: "name",
                        bdi { "{name}" }
                    }
                    if person.contact.online {
                        span { class: "hidden", {ui.say("online")} }
                    }
                    Last { user, chat: chat.clone(), name }
                }
                span { class: "meta",
                    if let Some(time) = time {
                        span { class: "row-time", "{time}" }
                    }
                    span { class: "row-signs",
                        if muted {
                            BellOff { size: 15 }
                            span { class: "hidden", {ui.say("chat-muted")} }
                        }
                        if chat.pinned {
                            Pin { size: 15 }
                            span { class: "hidden", {ui.say("chat-pinned")} }
                        }
                    if let Some(unread) = unread {
                        span { class: if muted { "badge quiet" } else { "badge" },
                            span { aria_hidden: "true", "{unread}" }
                            span { class: "hidden", {ui.words().with("chats-unread", "count", chat.unread)} }
                        }
                    }
                    }
                }
            }
        }
    }
}

/// The last line: a draft before everything else.
#[component]
fn Last(user: Uuid, chat: ChatView, name: String) -> Element {
    let ui = use_ui();
    let words = ui.words();
    if !chat.draft.trim().is_empty() {
        let draft: String = chat.draft.split_whitespace().collect::<Vec<_>>().join(" ");
        return rsx! {
            span { class: "last draft",
                bdi { {words.with("chats-draft", "text", draft)} }
            }
        };
    }
    let Some(last) = chat.last else {
        return rsx! {
            span { class: "last", {ui.say("chats-nothing-said")} }
        };
    };
    let meaning = state_words(ui, user, last.state, &name);
    let said = match (last.deleted, last.newer) {
        (true, _) => ui.say("message-deleted"),
        (_, true) => ui.say("message-newer-short"),
        _ => last.text,
    };
    let text = match (last.mine, ui.group(user).is_some()) {
        (true, _) => words.with("chats-you", "text", said),
        // In a line there is room for one name of each.
        (false, true) => {
            let author = ui.author(user, last.from);
            let first = author.split_whitespace().next().unwrap_or_default().to_owned();
            words.with2("chats-they", ("name", first), ("text", said))
        }
        (false, false) => said,
    };
    rsx! {
        span { class: "last",
            Mark { state: last.state, meaning }
            span { class: "last-text",
                bdi { "{text}" }
            }
        }
    }
}

/// How far an own message has come, in words.
pub fn state_words(ui: Ui, user: Uuid, state: MessageState, name: &str) -> String {
    let key = match state {
        MessageState::Queued => return ui.words().with("mark-queued", "why", ui.waits_in(user)),
        MessageState::Sent if ui.group(user).is_some() => "mark-sent-group",
        MessageState::Sent => "mark-sent",
        MessageState::Delivered => "mark-delivered",
        MessageState::Read => "mark-read",
        MessageState::Received => return String::new(),
    };
    ui.words().with(key, "name", name)
}

/// Somebody we have asked.
#[component]
pub fn AskedRow(user: Uuid) -> Element {
    let ui = use_ui();
    let Some(person) = ui.person(user) else { return rsx! {} };
    let name = person.name().to_owned();
    rsx! {
        li {
            button { class: "row", r#type: "button", onclick: move |_| ui.go(Route::Requests),
                Avatar { user, name: name.clone() }
                span { class: "row-text",
                    span { class: "name",
                        bdi { "{name}" }
                    }
                    span { class: "last", {ui.say("chats-asked")} }
                }
            }
        }
    }
}
