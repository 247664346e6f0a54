//! Passes a message on: to whom?

use dioxus::core::spawn_forever;
use dioxus::prelude::*;
use uuid::Uuid;

use super::over::Over;
use crate::coordinator::{Command, FORWARD_MAX, MessageView};
use crate::ui::components::{Avatar, Problem};
use crate::ui::context::use_ui;
use crate::ui::route::Route;
use crate::ui::state::{ModelStoreExt, excerpt, is_found};

/// The question; nothing has happened yet.
#[component]
pub fn ForwardMessage(user: Uuid, message: MessageView) -> Element {
    let ui = use_ui();
    let over = use_context::<Over>();
    let mut wanted = use_signal(String::new);
    let mut chosen = use_signal(Vec::<Uuid>::new);
    let mut problem = use_signal(|| None::<String>);
    let title = ui.say("forward-title");
    let chats = ui.model.chats();
    let found: Vec<(Uuid, String)> = chats.read().iter().map(|user| (*user, ui.name(*user))).collect();
    let found: Vec<(Uuid, String)> = found.into_iter().filter(|(_, name)| is_found(&wanted.read(), name)).collect();
    let id = message.id.clone();
    let submit = move |event: FormEvent| {
        event.prevent_default();
        let to = chosen.cloned();
        if to.is_empty() {
            problem.set(Some(ui.say("forward-nobody")));
            return;
        }
        over.close();
        let command = Command::ForwardMessage { with: user, id: id.clone(), to: to.clone() };
        spawn_forever(async move {
            match (ui.run(command).await, to.as_slice()) {
                (Err(error), _) => ui.tell(ui.explain(&error)),
                // Whoever passes something on to one person goes on there.
                (Ok(_), [only]) => ui.go(Route::Conversation(*only)),
                (Ok(_), all) => ui.tell(ui.words().with("forward-done", "count", all.len())),
            }
        });
    };
    let mut choose = move |user: Uuid, on: bool| {
        problem.set(None);
        let mut chosen = chosen.write();
        chosen.retain(|known| *known != user);
        if on && chosen.len() < FORWARD_MAX {
            chosen.push(user);
        }
    };
    rsx! {
        div { class: "veil",
            form { class: "dialog tall", role: "dialog", aria_modal: "true", aria_label: "{title}", novalidate: "true", onsubmit: submit,
                h2 { "{title}" }
                p { class: "preview",
                    bdi { {excerpt(&message.text)} }
                }
                input {
                    class: "input",
                    r#type: "search",
                    name: "search",
                    autocomplete: "off",
                    aria_label: ui.say("forward-search"),
                    placeholder: ui.say("forward-search"),
                    "data-autofocus": "true",
                    oninput: move |event| wanted.set(event.value()),
                }
                if let Some(text) = problem() {
                    Problem { text }
                }
                if found.is_empty() {
                    p { class: "muted picks", {ui.say("forward-none")} }
                } else {
                    ul { class: "picks", aria_label: ui.say("forward-people"),
                        for (user , name) in found {
                            li { key: "{user}",
                                label { class: "pick",
                                    input {
                                        r#type: "checkbox",
                                        name: "to",
                                        aria_label: "{name}",
                                        checked: chosen.read().contains(&user),
                                        oninput: move |event| choose(user, event.checked()),
                                    }
                                    Avatar { user, name: name.clone(), small: true }
                                    span { class: "name",
                                        bdi { "{name}" }
                                    }
                                }
                            }
                        }
                    }
                }
                div { class: "actions",
                    button { class: "button", r#type: "button", "data-escape": "true", onclick: move |_| over.close(), {ui.say("cancel")} }
                    button { class: "button primary", r#type: "submit",
                        match chosen.read().len() {
                            0 => ui.say("act-forward"),
                            count => ui.words().with("forward-count", "count", count),
                        }
                    }
                }
            }
        }
    }
}
