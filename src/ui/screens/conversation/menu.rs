//! What can be done with a message. The page's script places it, moves in it with the arrows and gives the focus back.

use dioxus::prelude::*;
use lucide_dioxus::{Copy, Forward, Info, Pencil, Plus, Reply, Trash};
use uuid::Uuid;

use super::over::{Over, Sight, react};
use crate::coordinator::MessageView;
use crate::ui::context::use_ui;
use crate::ui::format::short_time;
use crate::ui::state::{MORE, QUICK, Writing, offers, reacted};

/// Asks the page what came of copying.
const COPIED: &str = "return (await globalThis.kithCopied) === true;";

/// The menu of a message.
#[component]
pub fn MessageMenu(user: Uuid, message: MessageView) -> Element {
    let ui = use_ui();
    let over = use_context::<Over>();
    let mut more = use_signal(|| false);
    let offers = offers(&message);
    let id = message.id.clone();
    let shows = move |sight: Sight| {
        let id = id.clone();
        move |_: MouseEvent| over.show(sight, id.clone())
    };
    let writes = move |writing: Option<Writing>| {
        move |_: MouseEvent| {
            over.close();
            if let Some(writing) = &writing {
                ui.write(user, writing.clone());
            }
        }
    };
    let copies = move |_: MouseEvent| {
        over.close();
        dioxus::core::spawn_forever(async move {
            let done = document::eval(COPIED).join::<bool>().await.unwrap_or(false);
            ui.tell(ui.say(if done { "add-copied" } else { "copy-failed" }));
        });
    };
    rsx! {
        div { class: "menu-veil", "data-escape": "true", onclick: move |_| over.close(),
            div {
                class: "menu",
                role: "menu",
                aria_label: ui.words().with("menu-title", "time", short_time(&ui.clock(), message.at)),
                "data-for": "{message.id}",
                // A press beside the entries is none beside the menu.
                onclick: move |event| event.stop_propagation(),
                if offers.says {
                    Emoji { user, message: message.clone(), all: more() }
                    if !more() {
                        button { class: "menu-item", role: "menuitem", r#type: "button", tabindex: "-1", onclick: move |_| more.set(true),
                            Plus { size: 18 }
                            {ui.say("react-more")}
                        }
                        div { class: "menu-line", role: "separator" }
                        button { class: "menu-item", role: "menuitem", r#type: "button", tabindex: "-1", onclick: writes(Writing::reply(&message)),
                            Reply { size: 18 }
                            {ui.say("act-reply")}
                        }
                        button { class: "menu-item", role: "menuitem", r#type: "button", tabindex: "-1", "data-copy": "text-to-copy", onclick: copies,
                            Copy { size: 18 }
                            {ui.say("act-copy")}
                        }
                        button { class: "menu-item", role: "menuitem", r#type: "button", tabindex: "-1", onclick: shows(Sight::Forward),
                            Forward { size: 18 }
                            {ui.say("act-forward")}
                        }
                    }
                }
                if !more() {
                    if offers.edit {
                        button { class: "menu-item", role: "menuitem", r#type: "button", tabindex: "-1", onclick: writes(Writing::edit(&message)),
                            Pencil { size: 18 }
                            {ui.say("act-edit")}
                        }
                    }
                    button { class: "menu-item", role: "menuitem", r#type: "button", tabindex: "-1", onclick: shows(Sight::Info),
                        Info { size: 18 }
                        {ui.say("info-title")}
                    }
                    button { class: "menu-item danger", role: "menuitem", r#type: "button", tabindex: "-1", onclick: shows(Sight::Delete),
                        Trash { size: 18 }
                        {ui.say("act-delete")}
                    }
                }
            }
            pre { id: "text-to-copy", hidden: "true", "{message.text}" }
        }
    }
}

/// A row of emoji, or many rows.
#[component]
fn Emoji(user: Uuid, message: MessageView, all: bool) -> Element {
    let ui = use_ui();
    let over = use_context::<Over>();
    let shown = QUICK.into_iter().chain(MORE.into_iter().filter(|_| all));
    rsx! {
        div { class: if all { "menu-emoji all" } else { "menu-emoji" }, role: "group", aria_label: ui.say("act-react"),
            for emoji in shown {
                button {
                    key: "{emoji}",
                    class: "menu-pick",
                    role: "menuitemcheckbox",
                    r#type: "button",
                    tabindex: "-1",
                    aria_checked: if reacted(&message.reactions, emoji, ui.own()) { "true" } else { "false" },
                    aria_label: ui.words().with("react-with", "emoji", emoji),
                    onclick: {
                        let message = message.clone();
                        move |_| {
                            over.close();
                            react(ui, user, &message, emoji);
                        }
                    },
                    "{emoji}"
                }
            }
        }
    }
}
