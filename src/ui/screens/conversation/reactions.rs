//! Emoji beside a message: each once, with how many have set it.

use dioxus::prelude::*;
use uuid::Uuid;

use super::over::react;
use crate::coordinator::MessageView;
use crate::ui::context::use_ui;
use crate::ui::state::{ModelStoreExt, ThreadStoreExt, reacted};

/// The emoji beside a message; a press on one sets or takes back one's own.
#[component]
pub fn Reactions(user: Uuid, message: MessageView, mine: bool) -> Element {
    let ui = use_ui();
    let own = ui.own();
    rsx! {
        div { class: if mine { "reactions me" } else { "reactions" }, role: "group", aria_label: ui.say("reactions"),
            for reaction in message.reactions.iter() {
                button {
                    key: "{reaction.emoji}",
                    class: "reaction",
                    r#type: "button",
                    tabindex: "-1",
                    "data-stop": "true",
                    aria_pressed: if reacted(&message.reactions, &reaction.emoji, own) { "true" } else { "false" },
                    aria_label: {
                        let names: Vec<String> = reaction.by.iter().map(|by| ui.author(*by)).collect();
                        let names = ui.list(&names);
                        ui.words().with2("reacted", ("names", names), ("emoji", reaction.emoji.clone()))
                    },
                    title: {
                        let names: Vec<String> = reaction.by.iter().map(|by| ui.author(*by)).collect();
                        ui.list(&names)
                    },
                    onclick: {
                        let (id, emoji) = (message.id.clone(), reaction.emoji.clone());
                        move |_| {
                            if let Some(message) = ui.model.thread().messages().peek().get(&id) {
                                react(ui, user, message, &emoji);
                            }
                        }
                    },
                    span { aria_hidden: "true", "{reaction.emoji}" }
                    if reaction.by.len() > 1 {
                        span { class: "reaction-count", aria_hidden: "true", "{reaction.by.len()}" }
                    }
                }
            }
        }
    }
}
