//! Passes a message on: to whom?

use dioxus::core::spawn_forever;
use dioxus::prelude::*;
use uuid::Uuid;

use super::over::Over;
use crate::coordinator::{Command, FORWARD_MAX, MessageView};
use crate::ui::components::{Picks, Problem};
use crate::ui::context::use_ui;
use crate::ui::route::Route;
use crate::ui::state::excerpt;

/// The question; nothing has happened yet.
#[component]
pub fn ForwardMessage(user: Uuid, message: MessageView) -> Element {
    let ui = use_ui();
    let over = use_context::<Over>();
    let chosen = use_signal(Vec::<Uuid>::new);
    let mut problem = use_signal(|| None::<String>);
    let title = ui.say("forward-title");
    let people: Vec<(Uuid, String)> = ui.conversations().into_iter().map(|user| (user, ui.name(user))).collect();
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
    rsx! {
        div { class: "veil",
            div { class: "dialog tall", role: "dialog", aria_modal: "true", aria_label: "{title}",
                form { novalidate: "true", onsubmit: submit,
                    h2 { "{title}" }
                    p { class: "preview",
                        bdi { {excerpt(&message.text)} }
                    }
                    if let Some(text) = problem().filter(|_| chosen.read().is_empty()) {
                        Problem { text }
                    }
                    Picks { people, chosen, most: FORWARD_MAX, first: true }
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
}
