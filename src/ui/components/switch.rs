//! On or off, with a sentence on what it means.

use dioxus::prelude::*;

/// Something that is on or off.
#[component]
pub fn Switch(
    /// The form's name for it.
    name: &'static str,
    /// What it is called.
    label: String,
    /// What it means.
    what: String,
    /// Whether it is on.
    on: bool,
    /// Counts the changes that were refused: the page has shown them already.
    #[props(default)]
    refused: u32,
    /// It shall be on, or off.
    onchange: EventHandler<bool>,
) -> Element {
    rsx! {
        label { class: "choice",
            for number in [refused] {
                input {
                    key: "{number}",
                    r#type: "checkbox",
                    name,
                    aria_label: "{label}",
                    checked: on,
                    // As the page shows it: what is known here follows only when the last choice is kept.
                    oninput: move |event| onchange.call(event.checked()),
                }
            }
            span { class: "choice-text",
                span { class: "choice-label", "{label}" }
                span { class: "choice-what", "{what}" }
            }
        }
    }
}
