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
    // This person first: "You and Bob".
    let names = |by: &[Uuid]| {
        let (mine, others): (Vec<&Uuid>, Vec<&Uuid>) = by.iter().partition(|by| Some(**by) == own);
        let names: Vec<String> = mine.into_iter().chain(others).map(|by| ui.author(user, *by)).collect();
        ui.list(&names)
    };
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
                    title: names(&reaction.by),
                    onclick: {
                        let (id, emoji) = (message.id.clone(), reaction.emoji.clone());
                        move |_| {
                            if let Some(message) = ui.model.thread().messages().peek().get(&id) {
                                react(ui, user, message, &emoji);
                            }
                        }
                    },
                    span { class: "hidden", {ui.words().with2("reacted", ("names", names(&reaction.by)), ("emoji", reaction.emoji.clone()))} }
                    span { aria_hidden: "true", "{reaction.emoji}" }
                    if reaction.by.len() > 1 {
                        span { class: "reaction-count", aria_hidden: "true", "{reaction.by.len()}" }
                    }
                }
            }
        }
    }
}
