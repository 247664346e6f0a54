//! Whether others learn where this device is: everybody, or somebody.

use dioxus::prelude::*;
use uuid::Uuid;

use crate::coordinator::{Command, NoLink};
use crate::host::Choice;
use crate::ui::components::{Problem, Switch};
use crate::ui::context::use_ui;
use crate::ui::state::ModelStoreExt;
use crate::ui::way::card_tells;

/// The switch for everybody.
#[component]
pub fn HideFromAll() -> Element {
    let ui = use_ui();
    let mut problem = use_signal(|| None::<String>);
    let mut refused = use_signal(|| 0_u32);
    let settings = ui.model.settings();
    let (on, lost) = (settings.read().hide_address, settings.read().lost);
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
            if lost {
                p { class: "notice", {ui.say("settings-hide-lost")} }
            }
            Switch {
                name: "hide-from-all",
                label: ui.say("settings-hide"),
                what: ui.say("settings-hide-what"),
                on,
                refused: refused(),
                onchange: change,
            }
            CardTells {}
            if let Some(text) = problem() {
                Problem { text }
            }
        }
    }
}

/// That the own card tells an address, while it does: no switch here hides that.
#[component]
fn CardTells() -> Element {
    let ui = use_ui();
    let brokers = ui.model.brokers();
    let own = brokers.read().iter().filter(|broker| broker.own).map(|broker| broker.url.clone()).collect::<Vec<_>>();
    let tells = card_tells(&ui.model.settings().read(), own);
    rsx! {
        if tells {
            p { class: "notice", {ui.say("contact-hide-card")} }
        }
    }
}

/// The switch for somebody; while it is hidden from everybody it says so instead.
#[component]
pub fn HideFrom(user: Uuid) -> Element {
    let ui = use_ui();
    let Some(person) = ui.person(user) else { return rsx! {} };
    let (name, contact) = (person.name().to_owned(), person.contact);
    let why = match contact.reason {
        Some(NoLink::AddressHidden) => Some(ui.say("contact-hide-mail")),
        Some(NoLink::RelayFails) => Some(ui.words().with("contact-hide-relay", "name", name.clone())),
        Some(NoLink::NoSharedBroker) => Some(ui.words().with("contact-hide-apart", "name", name.clone())),
        Some(NoLink::TheyTakeNone) | None => None,
    };
    rsx! {
        section { class: "card", aria_label: ui.say("contact-address"),
            h2 { {ui.say("contact-address")} }
            HideSwitch { user, name, on: contact.address_hidden }
            if let Some(why) = why {
                p { class: "muted", {why} }
            }
            CardTells {}
        }
    }
}

/// The same without anything around it: for somebody who is no contact yet.
#[component]
pub fn HideSwitch(user: Uuid, name: String, on: bool) -> Element {
    let ui = use_ui();
    let mut problem = use_signal(|| None::<String>);
    let mut refused = use_signal(|| 0_u32);
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
        if from_all {
            p { class: "muted", {ui.say("contact-hide-all")} }
        } else {
            Switch {
                name: "hide-from",
                label: ui.say("contact-hide"),
                what: ui.words().with("contact-hide-what", "name", name),
                on,
                refused: refused(),
                onchange: change,
            }
        }
        if let Some(text) = problem() {
            Problem { text }
        }
    }
}
