//! One line that says how things stand, in words.

use dioxus::prelude::*;

use crate::ui::context::use_ui;
use crate::ui::route::Route;
use crate::ui::state::{Meeting, ModelStoreExt, Standing};

/// How things stand.
#[component]
pub fn StatusLine() -> Element {
    let ui = use_ui();
    let meeting = ui.model.meeting().cloned();
    let (light, text) = match (ui.model.standing().cloned(), meeting) {
        (Standing::Ended, _) => ("bad", ui.say("status-ended")),
        (Standing::Starting, _) => ("wait", ui.say("status-starting")),
        // Whoever is linked goes on; others cannot find this person, which needs them.
        (Standing::Linked(count), Meeting::Refused | Meeting::Unreachable) => {
            ("bad", ui.words().with("status-linked-only", "count", count))
        }
        (Standing::Linked(count), _) => ("good", ui.words().with("status-linked", "count", count)),
        (Standing::Ready, _) => ("good", ui.say("status-ready")),
        (Standing::Unlinked, Meeting::Reached) => ("good", ui.say("status-alone")),
        (Standing::Unlinked, Meeting::Connecting) => ("wait", ui.say("status-connecting")),
        (Standing::Unlinked, Meeting::Refused) => ("bad", ui.say("status-refused")),
        (Standing::Unlinked, Meeting::Unreachable) => ("bad", ui.say("status-unreachable")),
        (Standing::Unlinked, Meeting::Nowhere) => ("bad", ui.say("status-no-broker")),
    };
    rsx! {
        footer { class: "foot",
            span { class: "led {light}", aria_hidden: "true" }
            span { role: "status", "{text}" }
            // Over the whole line, so that it is easily hit; the text stays a status of its own, which is said when it changes.
            button {
                class: "over",
                r#type: "button",
                aria_label: ui.say("connection-open"),
                title: ui.say("connection-open"),
                onclick: move |_| ui.go(Route::Connection),
            }
        }
    }
}
