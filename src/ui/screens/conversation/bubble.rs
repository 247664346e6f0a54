//! One message.

use dioxus::prelude::*;
use uuid::Uuid;

use super::info::Looked;
use crate::coordinator::MessageState;
use crate::ui::components::{Linked, Mark};
use crate::ui::context::{Ui, use_ui};
use crate::ui::format::{is_emoji, short_time};
use crate::ui::state::{ModelStoreExt, ThreadStoreExt};

/// One message, and how far it has come.
#[component]
pub fn Bubble(user: Uuid, id: String, first: bool, last: bool, mine: bool) -> Element {
    let ui = use_ui();
    let mut looked = use_context::<Looked>().0;
    let messages = ui.model.thread().messages();
    // A row outlives its message for the blink of a redraw.
    if !messages.peek().contains_key(&id) {
        return rsx! {};
    }
    let shown = id.clone();
    let message = messages.get_unchecked(id).cloned();
    let time = short_time(&ui.clock(), message.at);
    let author = match mine {
        true => ui.words().with("you-said", "time", time.clone()),
        false => ui.words().with2("they-said", ("name", ui.name(user)), ("time", time.clone())),
    };
    let mut class = "b".to_owned();
    for (name, holds) in [(" me", mine), (" first", first), (" tail", last), (" emoji", is_emoji(&message.text))] {
        if holds {
            class.push_str(name);
        }
    }
    let waits = mine && last && message.state == MessageState::Queued;
    rsx! {
        article { class, aria_label: "{author}", "data-row": "true",
            // The text's own direction says on which side its last line ends, and so where the time goes.
            div { class: "b-body", dir: "auto",
                Linked { text: message.text.clone() }
                // Keeps the last line clear of what stands in the corner, or makes a line for it.
                span { class: if mine { "b-room wide" } else { "b-room" }, aria_hidden: "true" }
                span { class: "b-meta",
                    button {
                        class: "b-time",
                        r#type: "button",
                        // One of all of them is a stop of the Tab key: the page's script chooses it, and the arrows move it.
                        tabindex: "-1",
                        "data-info": "true",
                        aria_label: ui.words().with("info-open", "time", time.clone()),
                        onclick: move |_| looked.set(Some(shown.clone())),
                        time { "{time}" }
                    }
                    if mine {
                        State { user, state: message.state }
                    }
                }
            }
        }
        if waits {
            p { class: "why", {ui.waits(&ui.name(user))} }
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
        MessageState::Queued => return ui.words().with("mark-queued", "why", ui.waits(&ui.name(user))),
        MessageState::Sent => "mark-sent",
        MessageState::Delivered | MessageState::Read => "mark-delivered",
        MessageState::Received => return String::new(),
    };
    ui.words().with(key, "name", ui.name(user))
}
