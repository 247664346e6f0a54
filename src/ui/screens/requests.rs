//! Who asks to become a contact, and whom this person has asked.

use dioxus::core::spawn_forever;
use dioxus::prelude::*;
use uuid::Uuid;

use super::hiding::HideSwitch;
use crate::coordinator::{Command, NoLink, RequestView};
use crate::ui::components::{Avatar, Confirm, Page, Problem, SafetyNumber};
use crate::ui::context::use_ui;
use crate::ui::route::Route;
use crate::ui::state::ModelStoreExt;

/// Requests, incoming and outgoing.
#[component]
pub fn Requests() -> Element {
    let ui = use_ui();
    let requests = ui.model.requests();
    let (invited, others): (Vec<RequestView>, Vec<RequestView>) =
        requests.read().iter().cloned().partition(|request| request.invited);
    let asked = ui.model.asked().cloned();
    rsx! {
        Page { title: ui.say("requests-title"),
            if invited.is_empty() && others.is_empty() && asked.is_empty() {
                p { class: "muted", {ui.say("requests-none")} }
            }
            if !invited.is_empty() {
                h2 { class: "field-label", {ui.say("requests-incoming")} }
                ul { class: "cards", aria_label: ui.say("requests-incoming"),
                    for request in invited {
                        Incoming { key: "{request.user_id}", request }
                    }
                }
            }
            if !others.is_empty() {
                h2 { class: "field-label", {ui.say("requests-others")} }
                p { class: "muted", {ui.say("requests-others-lead")} }
                ul { class: "cards", aria_label: ui.say("requests-others"),
                    for request in others {
                        Incoming { key: "{request.user_id}", request }
                    }
                }
            }
            if !asked.is_empty() {
                h2 { class: "field-label", {ui.say("requests-sent")} }
                ul { class: "cards", aria_label: ui.say("requests-sent"),
                    for user in asked {
                        Outgoing { key: "{user}", user }
                    }
                }
            }
        }
    }
}

#[component]
fn Incoming(request: RequestView) -> Element {
    let ui = use_ui();
    let user = request.user_id;
    let mut problem = use_signal(|| None::<String>);
    let mut blocking = use_signal(|| false);
    let answer = move |command: Command, then: Option<Route>| {
        // Of the root: the request may be gone from the list before its answer is here.
        spawn_forever(async move {
            match ui.run(command).await {
                Ok(_) => {
                    if let Some(route) = then {
                        ui.go(route);
                    }
                }
                Err(error) => {
                    if let Ok(mut problem) = problem.try_write() {
                        *problem = Some(ui.explain(&error));
                    }
                }
            }
        });
    };
    rsx! {
        li { class: "card",
            div { class: "person",
                Avatar { user, name: request.name.clone() }
                div {
                    h3 { class: "name",
                        bdi { "{request.name}" }
                    }
                }
            }
            if request.warning.is_some() {
                p { class: "notice", {ui.say("contact-warning-here")} }
            }
            div {
                p { class: "small muted", {ui.say("requests-safety")} }
                SafetyNumber { number: request.safety_number.clone() }
            }
            HideSwitch { user, name: request.name.clone(), on: request.address_hidden }
            if let Some(text) = problem() {
                Problem { text }
            }
            div { class: "actions",
                button { class: "button danger", r#type: "button", onclick: move |_| blocking.set(true), {ui.say("requests-block")} }
                button { class: "button", r#type: "button", onclick: move |_| answer(Command::DeclineContact(user), None), {ui.say("requests-decline")} }
                button { class: "button primary", r#type: "button", onclick: move |_| answer(Command::AcceptContact(user), Some(Route::Conversation(user))), {ui.say("requests-accept")} }
            }
            if blocking() {
                Confirm {
                    title: ui.words().with("contact-block-ask", "name", request.name.clone()),
                    what: ui.say("requests-block-what"),
                    verb: ui.say("requests-block"),
                    onyes: move |()| {
                        blocking.set(false);
                        answer(Command::BlockContact(user), None);
                    },
                    onno: move |()| blocking.set(false),
                }
            }
        }
    }
}

#[component]
fn Outgoing(user: Uuid) -> Element {
    let ui = use_ui();
    let mut problem = use_signal(|| None::<String>);
    let Some(person) = ui.person(user) else { return rsx! {} };
    let name = person.name().to_owned();
    rsx! {
        li { class: "card",
            div { class: "person",
                Avatar { user, name: name.clone() }
                div {
                    h3 { class: "name",
                        bdi { "{name}" }
                    }
                    p { class: "small muted", {ui.say("requests-waits")} }
                }
            }
            if person.contact.warning.is_some() {
                p { class: "notice", {ui.say("contact-warning-here")} }
            }
            HideSwitch { user, name: name.clone(), on: person.contact.address_hidden }
            if person.contact.reason == Some(NoLink::NoSharedBroker) {
                p { class: "muted", {ui.words().with("contact-hide-apart", "name", name)} }
            }
            if let Some(text) = problem() {
                Problem { text }
            }
            div { class: "actions",
                button {
                    class: "button",
                    r#type: "button",
                    onclick: move |_| {
                        spawn(async move {
                            if let Err(error) = ui.run(Command::RemoveContact(user)).await {
                                problem.set(Some(ui.explain(&error)));
                            }
                        });
                    },
                    {ui.say("requests-cancel")}
                }
            }
        }
    }
}
