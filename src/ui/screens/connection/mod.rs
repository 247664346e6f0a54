//! What of the connection works and what does not: meeting points, the way to each person, and a checkup when it is wanted.

mod checkup;
mod people;

use dioxus::prelude::*;

use self::checkup::Checkup;
use self::people::People;
use super::brokers::Brokers;
use crate::ui::components::Page;
use crate::ui::context::use_ui;

/// Connection.
#[component]
pub fn Connection() -> Element {
    let ui = use_ui();
    rsx! {
        Page { title: ui.say("connection-title"),
            Checkup {}
            section { class: "card", aria_label: ui.say("settings-brokers"),
                h2 { {ui.say("settings-brokers")} }
                Brokers {}
            }
            People {}
        }
    }
}
