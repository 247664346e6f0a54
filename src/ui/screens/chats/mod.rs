//! The list: who there is, what was said last, how things stand.

mod row;
mod standing;

use dioxus::prelude::*;
use lucide_dioxus::{Inbox, Settings as Gear, UserPlus, Users};

use self::row::{AskedRow, ChatRow};
use self::standing::StatusLine;
use crate::ui::context::use_ui;
use crate::ui::route::Route;
use crate::ui::state::ModelStoreExt;

/// The list of chats with what leads to everything else.
#[component]
pub fn Chats() -> Element {
    let ui = use_ui();
    let (chats, asked) = (ui.model.chats(), ui.model.asked());
    let invited = ui.model.requests().read().iter().filter(|request| request.invited).count();
    let requests = match invited {
        0 => ui.say("chats-requests"),
        count => ui.words().with("chats-requests-waiting", "count", count),
    };
    let empty = chats.read().is_empty() && asked.read().is_empty();
    rsx! {
        nav { class: "list", aria_label: ui.say("chats"),
            header { class: "bar",
                h1 { tabindex: "-1", "data-home": "true", {ui.say("app-name")} }
                button {
                    class: "icon",
                    r#type: "button",
                    aria_label: "{requests}",
                    title: "{requests}",
                    onclick: move |_| ui.go(Route::Requests),
                    Inbox { size: 21 }
                    if invited > 0 {
                        span { class: "badge", "{invited}" }
                    }
                }
                button {
                    class: "icon",
                    r#type: "button",
                    aria_label: ui.say("chats-settings"),
                    title: ui.say("chats-settings"),
                    onclick: move |_| ui.go(Route::Settings),
                    Gear { size: 21 }
                }
                button {
                    class: "icon",
                    r#type: "button",
                    aria_label: ui.say("group-new"),
                    title: ui.say("group-new"),
                    onclick: move |_| ui.go(Route::NewGroup),
                    Users { size: 21 }
                }
                button {
                    class: "icon primary",
                    r#type: "button",
                    aria_label: ui.say("chats-add"),
                    title: ui.say("chats-add"),
                    onclick: move |_| ui.go(Route::Add(None)),
                    UserPlus { size: 20 }
                }
            }
            if empty {
                div { class: "nothing",
                    h2 { {ui.say("chats-empty-title")} }
                    p { class: "muted", {ui.say("chats-empty-lead")} }
                    // Its name is the same as the round button's: they lead to the same place.
                    button { class: "button primary", r#type: "button", onclick: move |_| ui.go(Route::Add(None)), {ui.say("chats-empty-add")} }
                }
            } else {
                ul { class: "rows", aria_label: ui.say("chats"),
                    for user in chats.read().iter().copied() {
                        ChatRow { key: "{user}", user }
                    }
                    for user in asked.read().iter().copied() {
                        AskedRow { key: "{user}", user }
                    }
                }
            }
            StatusLine {}
        }
    }
}
