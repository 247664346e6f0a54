//! A page that is not a conversation: a bar with the way back and a heading, and what is on it.

use dioxus::prelude::*;
use lucide_dioxus::{ArrowLeft, CircleAlert};

use crate::ui::context::use_ui;

/// A page with its heading.
#[component]
pub fn Page(title: String, children: Element) -> Element {
    let ui = use_ui();
    rsx! {
        header { class: "page-bar",
            button {
                class: "icon",
                r#type: "button",
                aria_label: ui.say("back"),
                title: ui.say("back"),
                "data-escape": "true",
                onclick: move |_| ui.back(),
                ArrowLeft { size: 22 }
            }
            h1 { tabindex: "-1", "data-autofocus": "true", "{title}" }
        }
        div { class: "page",
            div { class: "page-content", {children} }
        }
    }
}

/// What went wrong and what to do, where it went wrong.
#[component]
pub fn Problem(text: String) -> Element {
    rsx! {
        p { class: "problem", role: "alert",
            CircleAlert { size: 18 }
            span { "{text}" }
        }
    }
}
