//! What is known of one message: who wrote it and when, how far it has come, and how it travelled.

use dioxus::prelude::*;
use uuid::Uuid;

use super::bubble::meaning;
use crate::coordinator::{MessageState, Path};
use crate::ui::context::use_ui;
use crate::ui::format::{date_of, day_label, short_time};
use crate::ui::state::{ModelStoreExt, ThreadStoreExt};

/// The message that is looked at closely, in the conversation that is open.
#[derive(Clone, Copy)]
pub struct Looked(pub Signal<Option<String>>);

/// The sheet about it; nothing while nobody looks.
#[component]
pub fn MessageInfo(user: Uuid) -> Element {
    let ui = use_ui();
    let mut looked = use_context::<Looked>().0;
    let Some(id) = looked() else { return rsx! {} };
    let messages = ui.model.thread().messages();
    // A page may have taken it away meanwhile.
    if !messages.peek().contains_key(&id) {
        return rsx! {};
    }
    let message = messages.get_unchecked(id).cloned();
    let clock = ui.clock();
    let theirs = message.state == MessageState::Received;
    let from = if theirs { ui.name(user) } else { ui.say("info-you") };
    let day = day_label(&clock, &ui.words(), date_of(&clock, message.at));
    let at = short_time(&clock, message.at);
    let state = if theirs { ui.say("info-received") } else { meaning(ui, user, message.state) };
    let path = match message.path {
        Some(Path::Direct) => "info-path-direct",
        Some(Path::Relay) => "info-path-relay",
        Some(Path::Mail) => "info-path-mail",
        Some(Path::None) | None if message.state == MessageState::Queued => "info-path-none",
        Some(Path::None) | None => "info-path-unknown",
    };
    rsx! {
        div { class: "veil",
            div { class: "dialog", role: "dialog", aria_modal: "true", aria_label: ui.say("info-title"),
                h2 { {ui.say("info-title")} }
                dl { class: "about",
                    dt { {ui.say("info-from")} }
                    dd {
                        bdi { "{from}" }
                    }
                    dt { {ui.say("info-written")} }
                    dd { {ui.words().with2("info-when", ("day", day), ("time", at))} }
                    dt { {ui.say("info-state")} }
                    dd { "{state}" }
                    dt { {ui.say("info-path")} }
                    dd { {ui.say(path)} }
                }
                div { class: "actions",
                    button {
                        class: "button",
                        r#type: "button",
                        "data-escape": "true",
                        "data-autofocus": "true",
                        onclick: move |_| looked.set(None),
                        {ui.say("close")}
                    }
                }
            }
        }
    }
}
