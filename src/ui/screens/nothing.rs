//! The right pane while nothing is open: a sentence on what to do.

use dioxus::prelude::*;
use lucide_dioxus::MessageCircle;

use crate::ui::context::use_ui;
use crate::ui::state::ModelStoreExt;

/// Nothing is open.
#[component]
pub fn Nothing() -> Element {
    let ui = use_ui();
    rsx! {
        div { class: "nothing",
            // Nobody is there yet: the list says what to do, and twice would be once too many.
            if !ui.model.chats().read().is_empty() {
                MessageCircle { size: 40 }
                h2 { {ui.say("chats-pick-title")} }
                p { class: "muted", {ui.say("chats-pick-lead")} }
            }
        }
    }
}
