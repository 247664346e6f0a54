//! One message.

use dioxus::prelude::*;
use uuid::Uuid;

use crate::coordinator::{BrokerState, MessageState};
use crate::ui::components::{Linked, Mark};
use crate::ui::context::{Ui, use_ui};
use crate::ui::format::short_time;
use crate::ui::state::{ModelStoreExt, ThreadStoreExt};

/// One message, and how far it has come.
#[component]
pub fn Bubble(user: Uuid, id: String, first: bool, last: bool, mine: bool) -> Element {
    let ui = use_ui();
    let messages = ui.model.thread().messages();
    // A row outlives its message for the blink of a redraw.
    if !messages.peek().contains_key(&id) {
        return rsx! {};
    }
    let message = messages.get_unchecked(id).cloned();
    let time = short_time(&ui.clock(), message.at);
    let author = match mine {
        true => ui.words().with("you-said", "time", time.clone()),
        false => ui.words().with2("they-said", ("name", ui.name(user)), ("time", time.clone())),
    };
    let mut class = "b".to_owned();
    for (name, holds) in [(" me", mine), (" first", first), (" tail", last)] {
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
                    time { "{time}" }
                    if mine {
                        State { user, state: message.state }
                    }
                }
            }
        }
        if waits {
            p { class: "why", {why(ui, user)} }
        }
    }
}

/// Why a message waits, for those who only look.
fn why(ui: Ui, user: Uuid) -> String {
    let key = if reachable(ui) { "why-queued" } else { "why-queued-broker" };
    ui.words().with(key, "name", ui.name(user))
}

/// Whether any broker has us: without one, nobody can be found.
fn reachable(ui: Ui) -> bool {
    ui.model.brokers().read().iter().any(|broker| broker.state == BrokerState::Connected)
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

fn meaning(ui: Ui, user: Uuid, state: MessageState) -> String {
    let key = match state {
        MessageState::Queued if reachable(ui) => "mark-queued",
        MessageState::Queued => "mark-queued-broker",
        MessageState::Sent => "mark-sent",
        MessageState::Delivered => "mark-delivered",
        MessageState::Received => return String::new(),
    };
    ui.words().with(key, "name", ui.name(user))
}
