//! A new group: its name, and who is in it.

use dioxus::prelude::*;
use uuid::Uuid;

use crate::coordinator::{Command, MEMBERS_MAX, Reply};
use crate::ui::components::{Page, Picks, Problem};
use crate::ui::context::use_ui;
use crate::ui::route::Route;

/// A new group.
#[component]
pub fn NewGroup() -> Element {
    let ui = use_ui();
    let chosen = use_signal(Vec::<Uuid>::new);
    let mut problem = use_signal(|| None::<String>);
    let mut busy = use_signal(|| false);
    let contacts = ui.conversations().into_iter().filter(|user| ui.is_contact(*user));
    let people: Vec<(Uuid, String)> = contacts.map(|user| (user, ui.name(user))).collect();
    let submit = move |event: FormEvent| {
        let Some(FormValue::Text(name)) = event.get_first("name") else { return };
        let name = name.trim().to_owned();
        if name.is_empty() {
            problem.set(Some(ui.say("group-name-missing")));
            return;
        }
        if busy() {
            return;
        }
        busy.set(true);
        problem.set(None);
        spawn(async move {
            match ui.run(Command::CreateGroup { name, members: chosen.cloned() }).await {
                Ok(Reply::GroupId(group)) => ui.go(Route::Conversation(group)),
                Ok(other) => tracing::error!(?other, "a group was to be made"),
                Err(error) => problem.set(Some(ui.explain(&error))),
            }
            busy.set(false);
        });
    };
    rsx! {
        Page { title: ui.say("group-new"),
            form { class: "card form", aria_label: ui.say("group-new"), novalidate: "true", onsubmit: submit,
                p { class: "muted", {ui.say("group-new-lead")} }
                label { class: "field-label", r#for: "group-name", {ui.say("group-name")} }
                input { id: "group-name", class: "input", name: "name", autocomplete: "off" }
                fieldset { class: "choices",
                    legend { class: "field-label",
                        match chosen.read().len() {
                            0 => ui.say("group-members"),
                            count => ui.words().with("group-chosen", "count", count),
                        }
                    }
                    if people.is_empty() {
                        p { class: "muted", {ui.say("group-no-contacts")} }
                    } else {
                        Picks { people, chosen, most: MEMBERS_MAX - 1 }
                    }
                }
                if let Some(text) = problem() {
                    Problem { text }
                }
                div { class: "actions",
                    button { class: "button primary", r#type: "submit", {ui.say("group-create")} }
                }
            }
        }
    }
}
