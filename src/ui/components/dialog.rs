//! A question before something that cannot simply be undone. It holds the focus; Escape is "no".

use dioxus::prelude::*;

use crate::ui::context::use_ui;

/// Asks; nothing has happened yet.
#[component]
pub fn Confirm(
    /// The question.
    title: String,
    /// What it means.
    what: String,
    /// The verb that does it.
    verb: String,
    /// It shall be done.
    onyes: EventHandler<()>,
    /// It shall not.
    onno: EventHandler<()>,
) -> Element {
    let ui = use_ui();
    rsx! {
        div { class: "veil",
            div { class: "dialog", role: "dialog", aria_modal: "true", aria_label: "{title}",
                h2 { "{title}" }
                p { class: "muted", "{what}" }
                div { class: "actions",
                    button { class: "button", r#type: "button", "data-escape": "true", "data-autofocus": "true", onclick: move |_| onno.call(()), {ui.say("cancel")} }
                    button { class: "button danger", r#type: "button", value: "yes", onclick: move |_| onyes.call(()), "{verb}" }
                }
            }
        }
    }
}
