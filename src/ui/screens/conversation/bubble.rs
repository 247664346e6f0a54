//! One message.

use dioxus::prelude::*;
use lucide_dioxus::{Ban, ChevronDown, Forward, RefreshCw};
use uuid::Uuid;

use super::over::{Over, Sight};
use super::quote::Quoted;
use super::reactions::Reactions;
use crate::coordinator::MessageState;
use crate::ui::components::{Linked, Mark};
use crate::ui::context::{Ui, use_ui};
use crate::ui::format::{hue, is_emoji, short_time};
use crate::ui::state::{ModelStoreExt, ThreadStoreExt};

/// One message, and how far it has come.
#[component]
pub fn Bubble(user: Uuid, id: String, first: bool, last: bool, mine: bool) -> Element {
    let ui = use_ui();
    let over = use_context::<Over>();
    let messages = ui.model.thread().messages();
    // A row outlives its message for the blink of a redraw.
    if !messages.peek().contains_key(&id) {
        return rsx! {};
    }
    let (shown, about) = (id.clone(), id.clone());
    let message = messages.get_unchecked(id).cloned();
    let time = short_time(&ui.clock(), message.at);
    let author = match mine {
        true => ui.words().with("you-said", "time", time.clone()),
        false => ui.words().with2("they-said", ("name", ui.author(user, message.from)), ("time", time.clone())),
    };
    let mut class = "b".to_owned();
    let big = is_emoji(&message.text) && message.reply_to.is_none();
    for (name, holds) in [(" me", mine), (" first", first), (" tail", last), (" emoji", big)] {
        if holds {
            class.push_str(name);
        }
    }
    // In a group it is said once above what somebody wrote in a row.
    let by = (first && !mine && ui.group(user).is_some()).then(|| ui.author(user, message.from));
    let waits = mine && last && !message.deleted && message.state == MessageState::Queued;
    rsx! {
        article { class, aria_label: "{author}", "data-row": "true", "data-id": "{message.id}",
            if let Some(by) = by {
                p { class: "b-by", style: "--h: {hue(&message.from)}",
                    bdi { "{by}" }
                }
            }
            if message.forwarded {
                p { class: "b-note",
                    Forward { size: 13 }
                    {ui.say("message-forwarded")}
                }
            }
            if let Some(quote) = message.reply_to.clone() {
                Quoted { user, quote }
            }
            // The text's own direction says on which side its last line ends, and so where the time goes.
            div { class: "b-body", dir: "auto",
                if message.deleted {
                    span { class: "b-gone",
                        Ban { size: 14 }
                        {ui.say("message-deleted")}
                    }
                } else if message.newer {
                    span { class: "b-gone",
                        RefreshCw { size: 14 }
                        {ui.say("message-newer")}
                    }
                } else {
                    Linked { text: message.text.clone() }
                }
                // Keeps the last line clear of what stands in the corner, or makes a line for it.
                span { class: if mine { "b-room wide" } else { "b-room" }, aria_hidden: "true",
                    if message.edited {
                        {ui.say("message-edited")}
                    }
                }
                span { class: "b-meta",
                    if message.edited {
                        span { {ui.say("message-edited")} }
                    }
                    button {
                        class: "b-time",
                        r#type: "button",
                        // One of all of them is a stop of the Tab key: the page's script chooses it, and the arrows move it.
                        tabindex: "-1",
                        "data-info": "true",
                        "data-stop": "true",
                        aria_label: ui.words().with("info-open", "time", time.clone()),
                        onclick: move |_| over.show(Sight::Info, about.clone()),
                        time { "{time}" }
                    }
                    if mine && !message.deleted {
                        State { user, state: message.state }
                    }
                }
            }
            button {
                class: "b-more",
                r#type: "button",
                tabindex: "-1",
                "data-stop": "true",
                "data-menu": "true",
                aria_haspopup: "menu",
                aria_label: ui.words().with("menu-open", "time", time.clone()),
                onclick: move |_| over.show(Sight::Menu, shown.clone()),
                ChevronDown { size: 16 }
            }
        }
        if !message.reactions.is_empty() {
            Reactions { user, message: message.clone(), mine }
        }
        if waits {
            p { class: "why", {ui.waits_in(user)} }
        }
    }
}

/// The mark of an own message, with the reason for waiting.
#[component]
fn State(user: Uuid, state: MessageState) -> Element {
    let ui = use_ui();
    let meaning = meaning(ui, user, state);
    rsx! {
        Mark { state, meaning }
    }
}

/// How far an own message has come, in words.
pub(super) fn meaning(ui: Ui, user: Uuid, state: MessageState) -> String {
    let key = match state {
        MessageState::Queued => return ui.words().with("mark-queued", "why", ui.waits_in(user)),
        MessageState::Sent if ui.group(user).is_some() => "mark-sent-group",
        MessageState::Sent => "mark-sent",
        MessageState::Delivered => "mark-delivered",
        MessageState::Read => "mark-read",
        MessageState::Received => return String::new(),
    };
    ui.words().with(key, "name", ui.name(user))
}
