//! Who the conversation is with, and how a message would travel now.

use dioxus::prelude::*;
use lucide_dioxus::{ArrowLeft, Info};
use uuid::Uuid;

use crate::ui::components::Avatar;
use crate::ui::context::use_ui;
use crate::ui::route::Route;
use crate::ui::way::way_to;

/// The bar above a conversation.
#[component]
pub fn Head(user: Uuid) -> Element {
    let ui = use_ui();
    let Some(person) = ui.person(user) else { return rsx! {} };
    let name = person.name().to_owned();
    let way = way_to(&person.contact);
    let members = person.group.as_ref().map(|group| group.members.len());
    let typing: Vec<String> = ui.typing(user).into_iter().map(|from| ui.author(user, from)).collect();
    let light = if way.linked { "good" } else { "" };
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
            Avatar { user, name: name.clone(), hue: person.group.as_ref().map(|group| group.hue), small: true }
            div { class: "who",
                h1 { class: "name",
                    bdi { "{name}" }
                }
                p { class: "sub",
                    if members.is_none() {
                        span { class: "led {light}", aria_hidden: "true" }
                    }
                    if typing.is_empty() {
                        span { class: "sub-text",
                            match members {
                                Some(count) => ui.words().with("group-count", "count", count),
                                None => ui.say(way.short),
                            }
                        }
                    } else {
                        span { class: "sub-text typing",
                            {ui.words().with2("typing", ("names", ui.list(&typing)), ("count", typing.len()))}
                        }
                    }
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
