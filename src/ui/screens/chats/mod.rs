//! The list: who there is, what was said last, how things stand.

mod menu;
mod quick;
mod row;
mod standing;

use dioxus::prelude::*;
use lucide_dioxus::{Archive, ArrowLeft, Inbox, Settings as Gear, UserPlus, Users};

pub use self::menu::ChatChoices;
use self::menu::{ChatMenu, Menu};
use self::quick::{Found, QuickField, use_quick};
use self::row::{AskedRow, ChatRow};
use self::standing::StatusLine;
use crate::ui::components::Problem;
use crate::ui::context::use_ui;
use crate::ui::route::Route;
use crate::ui::state::ModelStoreExt;

/// The list of chats with what leads to everything else.
#[component]
pub fn Chats() -> Element {
    let ui = use_ui();
    let (chats, asked, archived) = (ui.model.chats(), ui.model.asked(), ui.model.archived());
    let quick = use_quick();
    let menu = Menu { open: use_signal(|| None), problem: use_signal(|| None) };
    use_context_provider(|| menu);
    // Whether those that stand apart are shown.
    let mut apart = use_signal(|| false);
    let invited = ui.model.requests().read().iter().filter(|request| request.invited).count();
    let requests = match invited {
        0 => ui.say("chats-requests"),
        count => ui.words().with("chats-requests-waiting", "count", count),
    };
    let aside = archived.read().len();
    let empty = chats.read().is_empty() && asked.read().is_empty() && aside == 0;
    let shows_apart = apart() && aside > 0;
    rsx! {
        nav { class: "list", aria_label: ui.say("chats"), "data-looks": "true",
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
                // With nobody there is nobody to be in one.
                if !empty {
                    button {
                        class: "icon",
                        r#type: "button",
                        aria_label: ui.say("group-new"),
                        title: ui.say("group-new"),
                        onclick: move |_| ui.go(Route::NewGroup),
                        Users { size: 21 }
                    }
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
            if !empty {
                QuickField { quick }
            }
            if let Some(text) = menu.problem.cloned() {
                Problem { text }
            }
            if empty {
                div { class: "nothing",
                    h2 { {ui.say("chats-empty-title")} }
                    p { class: "muted", {ui.say("chats-empty-lead")} }
                    // Its name is the same as the round button's: they lead to the same place.
                    button { class: "button primary", r#type: "button", onclick: move |_| ui.go(Route::Add(None)), {ui.say("chats-empty-add")} }
                }
            } else if quick.is_on() {
                Found { quick }
            } else if shows_apart {
                div { class: "rows",
                    button { class: "row slim", r#type: "button", "data-autofocus": "true", onclick: move |_| apart.set(false),
                        ArrowLeft { size: 20 }
                        span { class: "name", {ui.say("chats-archived-back")} }
                    }
                    ul { aria_label: ui.say("chats-archived"),
                        for user in archived.read().iter().copied() {
                            ChatRow { key: "{user}", user }
                        }
                    }
                }
            } else {
                ul { class: "rows", aria_label: ui.say("chats"),
                    for user in chats.read().iter().copied() {
                        ChatRow { key: "{user}", user }
                    }
                    for user in asked.read().iter().copied() {
                        AskedRow { key: "{user}", user }
                    }
                    if aside > 0 {
                        li {
                            button { class: "row slim", r#type: "button", onclick: move |_| apart.set(true),
                                Archive { size: 20 }
                                span { class: "name", {ui.say("chats-archived")} }
                                span { class: "meta",
                                    span { aria_hidden: "true", "{aside}" }
                                    span { class: "hidden", {ui.words().with("chats-archived-count", "count", aside)} }
                                }
                            }
                        }
                    }
                }
            }
            StatusLine {}
            ChatMenu {}
        }
    }
}
