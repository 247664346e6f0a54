//! Who the conversation is with, and how a message would travel now.

use dioxus::prelude::*;
use lucide_dioxus::{ArrowLeft, Info};
use uuid::Uuid;

use crate::coordinator::Path;
use crate::ui::components::Avatar;
use crate::ui::context::use_ui;
use crate::ui::route::Route;

/// The bar above a conversation.
#[component]
pub fn Head(user: Uuid) -> Element {
    let ui = use_ui();
    let Some(person) = ui.person(user) else { return rsx! {} };
    let name = person.name().to_owned();
    let (light, path) = match person.contact.path {
        Path::Mail if person.contact.reason.is_some() => ("", "path-hidden"),
        Path::Direct => ("good", "path-direct"),
        Path::Relay => ("good", "path-relay"),
        Path::Mail => ("", "path-mail"),
        Path::None => ("", "path-none"),
    };
    rsx! {
        header { class: "chat-head",
            button {
                class: "icon back",
                r#type: "button",
                aria_label: ui.say("back"),
                title: ui.say("back"),
                "data-escape": "true",
                onclick: move |_| ui.back(),
                ArrowLeft { size: 22 }
            }
            Avatar { user, name: name.clone(), small: true }
            div { class: "who",
                h1 { class: "name",
                    bdi { "{name}" }
                }
                p { class: "sub",
                    span { class: "led {light}", aria_hidden: "true" }
                    span { class: "sub-text", {ui.say(path)} }
                }
            }
            button {
                class: "icon",
                r#type: "button",
                aria_label: ui.say("details"),
                title: ui.say("details"),
                onclick: move |_| ui.push(Route::Contact(user)),
                Info { size: 21 }
            }
        }
    }
}
