//! Whether others learn where this device is: everybody, or somebody.

use dioxus::prelude::*;
use uuid::Uuid;

use crate::coordinator::{Command, NoLink};
use crate::host::Choice;
use crate::ui::components::{Problem, Switch};
use crate::ui::context::use_ui;
use crate::ui::state::ModelStoreExt;

/// The switch for everybody.
#[component]
pub fn HideFromAll() -> Element {
    let ui = use_ui();
    let mut problem = use_signal(|| None::<String>);
    let mut refused = use_signal(|| 0_u32);
    let on = ui.model.settings().read().hide_address;
    let change = move |on: bool| {
        problem.set(None);
        spawn(async move {
            let control = ui.control.peek().clone();
            if let Err(error) = control.change(Choice::HideAddress(on)).await {
                problem.set(Some(ui.explain_settings(&error)));
                refused += 1;
            }
        });
    };
    rsx! {
        section { class: "card", aria_label: ui.say("settings-address"),
            h2 { {ui.say("settings-address")} }
            p { class: "muted", {ui.say("settings-address-lead")} }
            Switch {
                name: "hide-from-all",
                label: ui.say("settings-hide"),
                what: ui.say("settings-hide-what"),
                on,
                refused: refused(),
                onchange: change,
            }
            if let Some(text) = problem() {
                Problem { text }
            }
        }
    }
}

/// The switch for somebody; while it is hidden from everybody it says so instead.
#[component]
pub fn HideFrom(user: Uuid) -> Element {
    let ui = use_ui();
    let mut problem = use_signal(|| None::<String>);
    let mut refused = use_signal(|| 0_u32);
    let Some(person) = ui.person(user) else { return rsx! {} };
    let (name, contact) = (person.name().to_owned(), person.contact);
    let from_all = ui.model.settings().read().hide_address;
    let change = move |on: bool| {
        problem.set(None);
        spawn(async move {
            if let Err(error) = ui.run(Command::HideAddress { from: user, on }).await {
                problem.set(Some(ui.explain(&error)));
                refused += 1;
            }
        });
    };
    rsx! {
        section { class: "card", aria_label: ui.say("contact-address"),
            h2 { {ui.say("contact-address")} }
            if from_all {
                p { class: "muted", {ui.say("contact-hide-all")} }
            } else {
                Switch {
                    name: "hide-from",
                    label: ui.say("contact-hide"),
                    what: ui.words().with("contact-hide-what", "name", name),
                    on: contact.address_hidden,
                    refused: refused(),
                    onchange: change,
                }
            }
            if contact.reason == Some(NoLink::AddressHidden) {
                p { class: "muted", {ui.say("contact-hide-mail")} }
            }
            if let Some(text) = problem() {
                Problem { text }
            }
        }
    }
}
