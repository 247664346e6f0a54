//! What a person can choose: their name, how Kith looks, how others can reach them.

use dioxus::prelude::*;
use uuid::Uuid;

use super::brokers::Brokers;
use super::hiding::HideFromAll;
use super::ice::IceServers;
use super::reach::{Draft, ReachChoice, choose};
use crate::coordinator::{Command, Reply};
use crate::host::{Choice, TextSize, Theme};
use crate::ui::components::{Answer, Avatar, Choices, Page, Problem};
use crate::ui::context::{Ui, use_ui};
use crate::ui::route::Route;
use crate::ui::state::ModelStoreExt;

const THEMES: [(&str, &str, Theme); 3] = [
    ("system", "theme-system", Theme::System),
    ("light", "theme-light", Theme::Light),
    ("dark", "theme-dark", Theme::Dark),
];
const SIZES: [(&str, &str, TextSize); 4] = [
    ("small", "text-small", TextSize::Small),
    ("normal", "text-normal", TextSize::Normal),
    ("large", "text-large", TextSize::Large),
    ("huge", "text-huge", TextSize::Huge),
];

/// Settings.
#[component]
pub fn Settings() -> Element {
    let ui = use_ui();
    rsx! {
        Page { title: ui.say("settings-title"),
            Profile {}
            Look {}
            Reachable {}
            HideFromAll {}
            IceServers {}
            ToConnection {}
            Blocked {}
        }
    }
}

#[component]
fn Profile() -> Element {
    let ui = use_ui();
    let mut problem = use_signal(|| None::<String>);
    let mut saved = use_signal(|| false);
    let name = ui.model.identity().peek().as_ref().map(|identity| identity.name.clone()).unwrap_or_default();
    let submit = move |event: FormEvent| {
        let Some(FormValue::Text(name)) = event.get_first("name") else { return };
        problem.set(None);
        saved.set(false);
        spawn(async move {
            match ui.run(Command::Rename { name }).await {
                Ok(_) => saved.set(true),
                Err(error) => problem.set(Some(ui.explain(&error))),
            }
        });
    };
    rsx! {
        form { class: "card", novalidate: "true", onsubmit: submit, aria_label: ui.say("settings-profile"),
            h2 { {ui.say("settings-profile")} }
            div { class: "form",
                label { class: "field-label", r#for: "own-name", {ui.say("settings-name")} }
                div { class: "line",
                    input { id: "own-name", class: "input", name: "name", initial_value: "{name}", autocomplete: "name" }
                    button { class: "button", r#type: "submit", {ui.say("settings-save")} }
                }
                if let Some(text) = problem() {
                    Problem { text }
                }
                p { class: "said", role: "status",
                    if saved() {
                        {ui.say("settings-saved")}
                    }
                }
            }
        }
    }
}

#[component]
fn Look() -> Element {
    let ui = use_ui();
    let mut problem = use_signal(|| None::<String>);
    let settings = ui.model.settings().cloned();
    let theme = THEMES.iter().find(|(_, _, theme)| *theme == settings.theme).map(|(value, ..)| *value);
    let size = SIZES.iter().find(|(_, _, size)| *size == settings.text_size).map(|(value, ..)| *value);
    let mut change = move |choice: Choice| {
        problem.set(None);
        spawn(async move {
            let control = ui.control.peek().clone();
            if let Err(error) = control.change(choice).await {
                problem.set(Some(ui.explain_settings(&error)));
            }
        });
    };
    rsx! {
        section { class: "card", aria_label: ui.say("settings-look"),
            h2 { {ui.say("settings-look")} }
            Choices {
                legend: ui.say("settings-theme"),
                name: "theme",
                inline: true,
                choices: choices(ui, THEMES.iter().map(|(value, key, _)| (*value, *key))),
                chosen: theme,
                onchoose: move |value| {
                    if let Some((_, _, theme)) = THEMES.iter().find(|(known, ..)| *known == value) {
                        change(Choice::Theme(*theme));
                    }
                },
            }
            Choices {
                legend: ui.say("settings-text"),
                name: "text",
                inline: true,
                choices: choices(ui, SIZES.iter().map(|(value, key, _)| (*value, *key))),
                chosen: size,
                onchoose: move |value| {
                    if let Some((_, _, size)) = SIZES.iter().find(|(known, ..)| *known == value) {
                        change(Choice::TextSize(*size));
                    }
                },
            }
            if let Some(text) = problem() {
                Problem { text }
            }
        }
    }
}

fn choices(ui: Ui, of: impl Iterator<Item = (&'static str, &'static str)>) -> Vec<Answer> {
    of.map(|(value, key)| Answer { value, label: ui.say(key), what: None }).collect()
}

#[component]
fn Reachable() -> Element {
    let ui = use_ui();
    let draft = use_signal(|| Draft::of(ui.control.peek().settings().reach.as_ref()));
    let mut problem = use_signal(|| None::<String>);
    let mut saved = use_signal(|| false);
    let mut busy = use_signal(|| false);
    let fixed = ui.control.peek().fixed_brokers().join(", ");
    let open = fixed.is_empty();
    let submit = move |_: FormEvent| {
        if busy() {
            return;
        }
        busy.set(true);
        problem.set(None);
        saved.set(false);
        spawn(async move {
            match choose(ui, draft.peek().clone()).await {
                Ok(()) => saved.set(true),
                Err(error) => problem.set(Some(error)),
            }
            busy.set(false);
        });
    };
    rsx! {
        form { class: "card", novalidate: "true", onsubmit: submit, aria_label: ui.say("settings-brokers"),
            h2 { {ui.say("settings-brokers")} }
            Brokers {}
            if open {
                ReachChoice { draft }
                if let Some(text) = problem() {
                    Problem { text }
                }
                p { class: "said", role: "status",
                    if saved() {
                        {ui.say("settings-saved")}
                    }
                }
                div { class: "actions",
                    button { class: "button primary", r#type: "submit", disabled: busy(), {ui.say("settings-save")} }
                }
            } else {
                p { class: "muted", {ui.words().with("reach-fixed", "brokers", fixed)} }
            }
        }
    }
}

/// The way to what works and what does not.
#[component]
fn ToConnection() -> Element {
    let ui = use_ui();
    rsx! {
        section { class: "card", aria_label: ui.say("settings-connection"),
            h2 { {ui.say("settings-connection")} }
            p { class: "muted", {ui.say("settings-connection-lead")} }
            div { class: "actions",
                button { class: "button", r#type: "button", onclick: move |_| ui.push(Route::Connection), {ui.say("settings-connection-open")} }
            }
        }
    }
}

/// Those who are blocked, with the way back; nothing where there is nobody.
#[component]
fn Blocked() -> Element {
    let ui = use_ui();
    let mut problem = use_signal(|| None::<String>);
    let mut blocked = use_resource(move || async move {
        match ui.run(Command::ListBlocked).await {
            Ok(Reply::Contacts(blocked)) => blocked,
            _ => vec![],
        }
    });
    let people = blocked().unwrap_or_default();
    if people.is_empty() {
        return rsx! {};
    }
    let unblock = move |user: Uuid| {
        spawn(async move {
            match ui.run(Command::RemoveContact(user)).await {
                Ok(_) => blocked.restart(),
                Err(error) => problem.set(Some(ui.explain(&error))),
            }
        });
    };
    rsx! {
        section { class: "card", aria_label: ui.say("settings-blocked"),
            h2 { {ui.say("settings-blocked")} }
            p { class: "muted", {ui.say("settings-blocked-lead")} }
            ul { class: "cards", aria_label: ui.say("settings-blocked"),
                for person in people {
                    li { key: "{person.user_id}", class: "person",
                        Avatar { user: person.user_id, name: person.name.clone(), small: true }
                        div { class: "name",
                            bdi { "{person.name}" }
                        }
                        button { class: "button", r#type: "button", onclick: move |_| unblock(person.user_id), {ui.say("settings-unblock")} }
                    }
                }
            }
            if let Some(text) = problem() {
                Problem { text }
            }
        }
    }
}
