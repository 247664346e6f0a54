//! How far an own message has come, as a small sign with its meaning in words.

use dioxus::prelude::*;
use lucide_dioxus::{Check, CheckCheck, Clock3};

use crate::coordinator::MessageState;

/// A sign for how far a message has come; nothing for those of others.
#[component]
pub fn Mark(state: MessageState, meaning: String) -> Element {
    if state == MessageState::Received {
        return rsx! {};
    }
    rsx! {
        span { class: if state == MessageState::Read { "mark read" } else { "mark" }, role: "img", aria_label: "{meaning}", title: "{meaning}",
            match state {
                MessageState::Queued => rsx! {
                    Clock3 { size: 15 }
                },
                MessageState::Sent => rsx! {
                    Check { size: 15 }
                },
                MessageState::Delivered | MessageState::Read => rsx! {
                    CheckCheck { size: 15 }
                },
                MessageState::Received => rsx! {},
            }
        }
    }
}
