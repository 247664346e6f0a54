//! A person's picture: initials on their colour. Their name stands beside it, so that it is silent for screen readers.

use dioxus::prelude::*;
use uuid::Uuid;

use crate::ui::format::initials;

/// A picture by initials, with a dot when they are there.
#[component]
pub fn Avatar(
    user: Uuid,
    name: String,
    #[props(default)] online: bool,
    #[props(default)] small: bool,
    #[props(default)] hue: Option<u16>,
) -> Element {
    let hue = hue.unwrap_or_else(|| crate::ui::format::hue(&user));
    rsx! {
        span {
            class: if small { "avatar small" } else { "avatar" },
            style: "--h: {hue}",
            aria_hidden: "true",
            "{initials(&name)}"
            if online {
                span { class: "dot" }
            }
        }
    }
}
