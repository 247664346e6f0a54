//! Somebody: their safety number, what this person calls them, and how to part.

use dioxus::prelude::*;
use uuid::Uuid;

use super::chats::ChatChoices;
use super::hiding::HideFrom;
use crate::coordinator::Command;
use crate::ui::components::{Avatar, Confirm, Page, Problem, SafetyNumber};
use crate::ui::context::use_ui;

/// What is asked before it is done.
#[derive(Clone, Copy, PartialEq)]
enum Asking {
    Block,
    Remove,
}

/// Somebody's page.
#[component]
pub fn Contact(user: Uuid) -> Element {
    let ui = use_ui();
    let mut asking = use_signal(|| None::<Asking>);
    let mut problem = use_signal(|| None::<String>);
    let Some(person) = ui.person(user) else { return rsx! {} };
    let name = person.name().to_owned();
    let mut part = move |how: Asking| {
        asking.set(None);
        spawn(async move {
            let command = match how {
                Asking::Block => Command::BlockContact(user),
                Asking::Remove => Command::RemoveContact(user),
            };
            if let Err(error) = ui.run(command).await {
                problem.set(Some(ui.explain(&error)));
            }
        });
    };
    let question = asking().map(|how| match how {
        Asking::Block => (how, "contact-block-ask", "contact-block-what", "contact-block"),
        Asking::Remove => (how, "contact-remove-ask", "contact-remove-what", "contact-remove"),
    });
    rsx! {
        Page { title: name.clone(),
            section { class: "card",
                div { class: "person",
                    Avatar { user, name: name.clone(), online: person.contact.online }
                    div {
                        h2 { class: "name",
                            bdi { "{name}" }
                        }
                        if person.contact.online {
                            p { class: "small muted", {ui.say("online")} }
                        }
                    }
                }
                if person.contact.warning.is_some() {
                    p { class: "notice", {ui.say("contact-warning-here")} }
                }
                Nickname { user, nickname: person.contact.nickname.clone(), card: person.contact.name.clone() }
            }
            section { class: "card", aria_label: ui.say("contact-safety"),
                h2 { {ui.say("contact-safety")} }
                p { class: "muted", {ui.say("contact-safety-lead")} }
                SafetyNumber { number: person.contact.safety_number.clone() }
            }
            if person.contact.accepted {
                ChatChoices { user }
                HideFrom { user }
            }
            if let Some(text) = problem() {
                Problem { text }
            }
            section { class: "card", aria_label: ui.say("contact-part"),
                h2 { {ui.say("contact-part")} }
                p { class: "muted", {ui.say("contact-part-lead")} }
                div { class: "actions",
                    button { class: "button danger", r#type: "button", onclick: move |_| asking.set(Some(Asking::Remove)), {ui.say("contact-remove")} }
                    button { class: "button danger", r#type: "button", onclick: move |_| asking.set(Some(Asking::Block)), {ui.say("contact-block")} }
                }
            }
        }
        if let Some((how, title, what, verb)) = question {
            Confirm {
                title: ui.words().with(title, "name", name.clone()),
                what: ui.say(what),
                verb: ui.say(verb),
                onyes: move |()| part(how),
                onno: move |()| asking.set(None),
            }
        }
    }
}

#[component]
fn Nickname(user: Uuid, nickname: Option<String>, card: String) -> Element {
    let ui = use_ui();
    let mut problem = use_signal(|| None::<String>);
    let mut saved = use_signal(|| false);
    let submit = move |event: FormEvent| {
        let Some(FormValue::Text(nickname)) = event.get_first("nickname") else { return };
        problem.set(None);
        saved.set(false);
        spawn(async move {
            match ui.run(Command::SetNickname { user, nickname }).await {
                Ok(_) => saved.set(true),
                Err(error) => problem.set(Some(ui.explain(&error))),
            }
        });
    };
    rsx! {
        form { class: "form", novalidate: "true", onsubmit: submit,
            label { class: "field-label", r#for: "nickname", {ui.say("contact-nickname")} }
            div { class: "line",
                input { id: "nickname", class: "input", name: "nickname", aria_describedby: "nickname-hint", initial_value: nickname.unwrap_or_default(), autocomplete: "off" }
                button { class: "button", r#type: "submit", {ui.say("contact-save")} }
            }
            span { id: "nickname-hint", class: "field-hint", {ui.words().with("contact-nickname-hint", "name", card)} }
            if let Some(text) = problem() {
                Problem { text }
            }
            p { class: "said", role: "status",
                if saved() {
                    {ui.say("contact-saved")}
                }
            }
        }
    }
}
