//! What a message answers.

use dioxus::prelude::*;

use crate::coordinator::Quote;
use crate::ui::bridge::Wish;
use crate::ui::context::use_ui;
use crate::ui::state::excerpt;

/// The message that another one answers; it leads there.
#[component]
pub fn Quoted(quote: Quote) -> Element {
    let ui = use_ui();
    let name = ui.author(quote.from);
    let text = if quote.deleted { ui.say("message-deleted") } else { excerpt(&quote.text) };
    let label = ui.words().with2("quote-open", ("name", name.clone()), ("text", text.clone()));
    let id = quote.id;
    rsx! {
        button {
            class: if quote.deleted { "quote gone" } else { "quote" },
            r#type: "button",
            tabindex: "-1",
            "data-stop": "true",
            aria_label: "{label}",
            onclick: move |_| ui.wish(Wish::Jump(id.clone())),
            span { class: "quote-name",
                bdi { "{name}" }
            }
            span { class: "quote-text",
                bdi { "{text}" }
            }
        }
    }
}
