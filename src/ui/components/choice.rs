//! One of a few: a group of radio buttons, each with a sentence on what it means. The arrows move, as everywhere.

use dioxus::prelude::*;

/// One that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What the form says.
    pub value: &'static str,
    /// Its name.
    pub label: String,
    /// What it means; nothing where the name says it all.
    pub what: Option<String>,
}

/// One of a few choices.
#[component]
pub fn Choices(
    /// The group's name.
    legend: String,
    /// The name of the radio buttons.
    name: &'static str,
    /// What can be chosen.
    choices: Vec<Answer>,
    /// The value that is chosen.
    chosen: Option<&'static str>,
    /// Beside each other: short names without sentences.
    #[props(default)]
    inline: bool,
    /// Something was chosen.
    onchoose: EventHandler<&'static str>,
) -> Element {
    rsx! {
        fieldset { class: if inline { "choices inline" } else { "choices" }, role: "radiogroup", aria_label: "{legend}",
            legend { class: "field-label", "{legend}" }
            for choice in choices {
                label { key: "{choice.value}", class: "choice",
                    input {
                        r#type: "radio",
                        name,
                        value: choice.value,
                        aria_label: "{choice.label}",
                        checked: chosen == Some(choice.value),
                        oninput: move |_| onchoose.call(choice.value),
                    }
                    span { class: "choice-text",
                        span { class: "choice-label", "{choice.label}" }
                        if let Some(what) = &choice.what {
                            span { class: "choice-what", "{what}" }
                        }
                    }
                }
            }
        }
    }
}
