//! A person's picture: initials on their colour. Their name stands beside it, so that it is silent for screen readers.

use dioxus::prelude::*;
use uuid::Uuid;

use crate::ui::format::{hue, initials};

/// A picture by initials, with a dot when they are there.
#[component]
pub fn Avatar(user: Uuid, name: String, #[props(default)] online: bool, #[props(default)] small: bool) -> Element {
    rsx! {
        span {
            class: if small { "avatar small" } else { "avatar" },
            style: "--h: {hue(&user)}",
            aria_hidden: "true",
            "{initials(&name)}"
            if online {
                span { class: "dot" }
            }
        }
    }
}
