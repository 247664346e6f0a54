//! One line that says how things stand, in words.

use dioxus::prelude::*;

use crate::ui::context::use_ui;
use crate::ui::state::{ModelStoreExt, Standing};

/// How things stand.
#[component]
pub fn StatusLine() -> Element {
    let ui = use_ui();
    let (light, text) = match ui.model.standing().cloned() {
        Standing::Starting => ("wait", ui.say("status-starting")),
        Standing::Direct(count) => ("good", ui.words().with("status-direct", "count", count)),
        Standing::Ready => ("good", ui.say("status-ready")),
        Standing::Alone => ("good", ui.say("status-alone")),
        Standing::Connecting => ("wait", ui.say("status-connecting")),
        Standing::Refused => ("bad", ui.say("status-refused")),
        Standing::Unreachable => ("bad", ui.say("status-unreachable")),
        Standing::NoBroker => ("bad", ui.say("status-no-broker")),
        Standing::Ended => ("bad", ui.say("status-ended")),
    };
    rsx! {
        footer { class: "foot",
            span { class: "led {light}", aria_hidden: "true" }
            span { role: "status", "{text}" }
        }
    }
}
