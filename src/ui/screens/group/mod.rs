//! A group: what it is called, who is in it, and how to leave.

mod add;
mod members;
mod new;

use dioxus::prelude::*;
use uuid::Uuid;

pub use self::new::NewGroup;

use self::add::AddMembers;
use self::members::Members;
use crate::coordinator::Command;
use crate::ui::components::{Avatar, Confirm, Page, Problem, Switch};
use crate::ui::context::use_ui;
use crate::ui::screens::chats::ChatChoices;
use crate::ui::state::rights;

/// What lies over the page.
#[derive(Clone, Copy, PartialEq)]
enum Asking {
    Add,
    Leave,
}

/// A group's page.
#[component]
pub fn Group(group: Uuid) -> Element {
    let ui = use_ui();
    let mut asking = use_signal(|| None::<Asking>);
    let mut problem = use_signal(|| None::<String>);
    let mut refused = use_signal(|| 0u32);
    let Some(view) = ui.group(group) else { return rsx! {} };
    let rights = rights(&view, ui.own());
    let does = move |command: Command| {
        problem.set(None);
        spawn(async move {
            if let Err(error) = ui.run(command).await {
                problem.set(Some(ui.explain(&error)));
                refused += 1;
            }
        });
    };
    let (mut leaves, mut shares, mut takes) = (does, does, does);
    rsx! {
        Page { title: view.name.clone(),
            section { class: "card",
                div { class: "person",
                    Avatar { user: group, name: view.name.clone(), hue: Some(view.hue) }
                    div {
                        h2 { class: "name",
                            bdi { "{view.name}" }
                        }
                        p { class: "small muted", {ui.words().with("group-count", "count", view.members.len())} }
                    }
                }
                if !view.inside {
                    p { class: "notice", {ui.say("group-outside")} }
                }
                if let Some(text) = problem() {
                    Problem { text }
                }
                if rights.heir {
                    p { class: "notice", {ui.say("group-heir")} }
                    div { class: "actions",
                        button {
                            class: "button primary",
                            r#type: "button",
                            onclick: move |_| {
                                if let Some(user) = ui.own() {
                                    takes(Command::Promote { group, user });
                                }
                            },
                            {ui.say("group-take-over")}
                        }
                    }
                }
                if rights.admin {
                    Name { group, name: view.name.clone() }
                }
            }
            section { class: "card", aria_label: ui.say("group-members"),
                h2 { {ui.say("group-members")} }
                if rights.admin {
                    div { class: "actions start",
                        button { class: "button", r#type: "button", onclick: move |_| asking.set(Some(Asking::Add)), {ui.say("group-add")} }
                    }
                }
                Members { group, admin: rights.admin }
            }
            if rights.admin {
                section { class: "card", aria_label: ui.say("group-history-part"),
                    h2 { {ui.say("group-history-part")} }
                    Switch {
                        name: "history",
                        label: ui.say("group-history"),
                        what: ui.say("group-history-what"),
                        on: view.history,
                        refused: refused(),
                        onchange: move |shared| shares(Command::SetGroupHistory { group, shared }),
                    }
                }
            }
            ChatChoices { user: group }
            if view.inside {
                section { class: "card", aria_label: ui.say("group-leave"),
                    h2 { {ui.say("group-leave")} }
                    p { class: "muted", {ui.say("group-leave-what")} }
                    div { class: "actions",
                        button { class: "button danger", r#type: "button", onclick: move |_| asking.set(Some(Asking::Leave)), {ui.say("group-leave")} }
                    }
                }
            }
        }
        match asking() {
            Some(Asking::Add) => rsx! {
                AddMembers { group, onclose: move |()| asking.set(None) }
            },
            Some(Asking::Leave) => rsx! {
                Confirm {
                    title: ui.words().with("group-leave-ask", "name", view.name.clone()),
                    what: ui.say("group-leave-what"),
                    verb: ui.say("group-leave"),
                    onyes: move |()| {
                        asking.set(None);
                        leaves(Command::LeaveGroup(group));
                    },
                    onno: move |()| asking.set(None),
                }
            },
            None => rsx! {},
        }
    }
}

/// What it is called, to be changed.
#[component]
fn Name(group: Uuid, name: String) -> Element {
    let ui = use_ui();
    let mut problem = use_signal(|| None::<String>);
    let mut saved = use_signal(|| false);
    let submit = move |event: FormEvent| {
        let Some(FormValue::Text(text)) = event.get_first("name") else { return };
        problem.set(None);
        saved.set(false);
        spawn(async move {
            match ui.run(Command::RenameGroup { group, name: text.trim().to_owned() }).await {
                Ok(_) => saved.set(true),
                Err(error) => problem.set(Some(ui.explain(&error))),
            }
        });
    };
    rsx! {
        form { class: "form", novalidate: "true", onsubmit: submit,
            label { class: "field-label", r#for: "group-name", {ui.say("group-name")} }
            if let Some(text) = problem() {
                Problem { text }
            }
            div { class: "line wraps",
                input { id: "group-name", class: "input", name: "name", autocomplete: "off", initial_value: "{name}", oninput: move |_| saved.set(false) }
                button { class: "button", r#type: "submit", {ui.say("contact-save")} }
            }
            p { class: "said", role: "status",
                if saved() {
                    {ui.say("contact-saved")}
                }
            }
        }
    }
}
