//! The first start: a name, and how others can reach this person. Two steps, nothing else asked.

use dioxus::prelude::*;

use super::reach::{Draft, ReachChoice, choose};
use crate::coordinator::Command;
use crate::ui::components::Problem;
use crate::ui::context::use_ui;
use crate::ui::state::ModelStoreExt;

/// The welcome. It ends by itself when there are an identity and a choice.
#[component]
pub fn Welcome() -> Element {
    let ui = use_ui();
    let named = ui.model.identity().read().is_some();
    // The name is only given away with the second step, so that one can come back to it.
    let name = use_signal(String::new);
    let second = use_signal(|| false);
    rsx! {
        main { class: "welcome",
            div { class: "welcome-card",
                // The second question needs the room.
                if !(named || second()) {
                    div { class: "welcome-sign", aria_hidden: "true",
                        span {}
                        span {}
                    }
                }
                h1 { tabindex: "-1", "data-home": "true", {ui.say("welcome-title")} }
                if !(named || second()) {
                    p { class: "muted welcome-lead", {ui.say("welcome-lead")} }
                }
                if named || second() {
                    Reachable { name, second, named }
                } else {
                    Name { name, second }
                }
            }
        }
    }
}

#[component]
fn Name(name: Signal<String>, second: Signal<bool>) -> Element {
    let ui = use_ui();
    let mut problem = use_signal(|| None::<String>);
    let submit = move |event: FormEvent| {
        let text = match event.get_first("name") {
            Some(FormValue::Text(text)) => text,
            _ => name.peek().clone(),
        };
        match crate::identity::Name::parse(&text) {
            Ok(_) => {
                name.set(text);
                second.set(true);
            }
            Err(_) => problem.set(Some(ui.say("refused-name"))),
        }
    };
    rsx! {
        form { class: "form", novalidate: "true", onsubmit: submit,
            label { class: "form",
                span { class: "field-label", {ui.say("welcome-name")} }
                input {
                    class: "input",
                    name: "name",
                    aria_label: ui.say("welcome-name"),
                    aria_describedby: "name-hint",
                    initial_value: name.peek().clone(),
                    autocomplete: "name",
                    "data-autofocus": "true",
                    oninput: move |event| name.set(event.value()),
                }
                span { id: "name-hint", class: "field-hint", {ui.say("welcome-name-hint")} }
            }
            if let Some(text) = problem() {
                Problem { text }
            }
            button { class: "button primary wide", r#type: "submit", {ui.say("welcome-continue")} }
        }
    }
}

#[component]
fn Reachable(name: Signal<String>, second: Signal<bool>, named: bool) -> Element {
    let ui = use_ui();
    let draft = use_signal(|| Draft::of(ui.control.peek().settings().reach.as_ref()));
    let mut problem = use_signal(|| None::<String>);
    let mut busy = use_signal(|| false);
    let fixed = ui.control.peek().fixed_brokers().join(", ");
    let needs_choice = fixed.is_empty();
    let submit = move |_: FormEvent| {
        if busy() {
            return;
        }
        busy.set(true);
        problem.set(None);
        spawn(async move {
            // The choice comes first: once there are both, this screen is gone.
            let mut done = if needs_choice { choose(ui, draft.peek().clone()).await } else { Ok(()) };
            if done.is_ok() && !named {
                let name = name.peek().clone();
                done = ui.run(Command::CreateIdentity { name }).await.map(drop).map_err(|error| ui.explain(&error));
            }
            if let Err(error) = done {
                problem.set(Some(error));
            }
            busy.set(false);
        });
    };
    rsx! {
        form { class: "form", novalidate: "true", onsubmit: submit,
            if needs_choice {
                p { class: "muted", {ui.say("reach-lead")} }
                ReachChoice { draft }
            } else {
                p { class: "muted", {ui.words().with("reach-fixed", "brokers", fixed)} }
            }
            if let Some(text) = problem() {
                Problem { text }
            }
            div { class: "welcome-actions",
                if !named {
                    button { class: "button", r#type: "button", "data-escape": "true", onclick: move |_| second.set(false), {ui.say("welcome-back")} }
                }
                button { class: "button primary", r#type: "submit", disabled: busy(), {ui.say("welcome-start")} }
            }
        }
    }
}
