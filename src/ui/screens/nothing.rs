//! The right pane while nothing is open: a sentence on what to do.

use dioxus::prelude::*;
use lucide_dioxus::MessageCircle;

use crate::ui::context::use_ui;

/// Nothing is open.
#[component]
pub fn Nothing() -> Element {
    let ui = use_ui();
    rsx! {
        div { class: "nothing",
            MessageCircle { size: 40 }
            h2 { {ui.say("chats-pick-title")} }
            p { class: "muted", {ui.say("chats-pick-lead")} }
        }
    }
}
