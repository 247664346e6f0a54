//! What a message answers.

use dioxus::prelude::*;
use uuid::Uuid;

use crate::coordinator::{QUOTE_CHARS_MAX, Quote};
use crate::ui::bridge::Wish;
use crate::ui::context::use_ui;
use crate::ui::state::excerpt;

/// The message that another one answers; it leads there.
#[component]
pub fn Quoted(user: Uuid, quote: Quote) -> Element {
    let ui = use_ui();
    let name = ui.author(user, quote.from);
    let mut text = if quote.deleted { ui.say("message-deleted") } else { excerpt(&quote.text) };
    // It is the beginning only.
    if quote.text.chars().count() >= QUOTE_CHARS_MAX && !text.ends_with('…') {
        text.push('…');
    }
    let label = match ui.own() == Some(quote.from) {
        true => ui.words().with("quote-open-own", "text", text.clone()),
        false => ui.words().with2("quote-open", ("name", name.clone()), ("text", text.clone())),
    };
    let id = quote.id;
    rsx! {
        button {
            class: if quote.deleted { "quote gone" } else { "quote" },
            r#type: "button",
            tabindex: "-1",
            "data-stop": "true",
            onclick: move |_| ui.wish(Wish::Jump(id.clone())),
            span { class: "hidden", "{label}" }
            span { class: "quote-name", aria_hidden: "true",
                bdi { "{name}" }
            }
            span { class: "quote-text", aria_hidden: "true",
                bdi { "{text}" }
            }
        }
    }
}
