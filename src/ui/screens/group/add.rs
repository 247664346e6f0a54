//! Adds contacts to a group.

use dioxus::prelude::*;
use uuid::Uuid;

use crate::coordinator::{Command, MEMBERS_MAX};
use crate::ui::components::{Picks, Problem};
use crate::ui::context::use_ui;
use crate::ui::state::member;

/// Whom to add?
#[component]
pub fn AddMembers(group: Uuid, onclose: EventHandler<()>) -> Element {
    let ui = use_ui();
    let mut chosen = use_signal(Vec::<Uuid>::new);
    let mut problem = use_signal(|| None::<String>);
    let mut busy = use_signal(|| false);
    let Some(view) = ui.group(group) else { return rsx! {} };
    let others = ui.conversations().into_iter().filter(|user| ui.is_contact(*user) && member(&view, *user).is_none());
    let people: Vec<(Uuid, String)> = others.map(|user| (user, ui.name(user))).collect();
    let room = MEMBERS_MAX.saturating_sub(view.members.len());
    let title = ui.say("group-add");
    let submit = move |_: FormEvent| {
        let users = chosen.cloned();
        if users.is_empty() {
            problem.set(Some(ui.say("forward-nobody")));
            return;
        }
        if busy() {
            return;
        }
        busy.set(true);
        problem.set(None);
        spawn(async move {
            for user in users {
                match ui.run(Command::AddToGroup { group, user }).await {
                    Ok(_) => chosen.write().retain(|known| *known != user),
                    Err(error) => {
                        problem.set(Some(ui.explain(&error)));
                        busy.set(false);
                        return;
                    }
                }
            }
            onclose.call(());
        });
    };
    rsx! {
        div { class: "veil",
            div { class: "dialog tall", role: "dialog", aria_modal: "true", aria_label: "{title}",
                form { novalidate: "true", onsubmit: submit,
                    h2 { "{title}" }
                    if let Some(text) = problem() {
                        Problem { text }
                    }
                    Picks { people, chosen, most: room, first: true }
                    div { class: "actions",
                        button { class: "button", r#type: "button", "data-escape": "true", onclick: move |_| onclose.call(()), {ui.say("cancel")} }
                        button { class: "button primary", r#type: "submit", {ui.say("group-add-do")} }
                    }
                }
            }
        }
    }
}
