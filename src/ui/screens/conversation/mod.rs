//! A conversation: who it is with, what was said, and a field to say more.

mod bubble;
mod change;
mod composer;
mod delete;
mod flow;
mod forward;
mod head;
mod info;
mod menu;
mod missing;
mod notice;
mod over;
mod quote;
mod reactions;

use dioxus::prelude::*;
use uuid::Uuid;

use self::composer::Composer;
use self::flow::Flow;
use self::head::Head;
use self::missing::Missing;
use self::over::{Asks, Over, Overlay};
use crate::ui::context::use_ui;
use crate::ui::state::{ModelStoreExt, ThreadStoreExt};

/// The conversation with somebody.
#[component]
pub fn Conversation(user: Uuid) -> Element {
    let ui = use_ui();
    use_context_provider(|| Over(Signal::new(None)));
    // Whether it is this one that the bridge has opened: until then there is nothing to say about it.
    let open = *ui.model.thread().with().read() == Some(user);
    rsx! {
        section { class: "chat", aria_label: ui.words().with("conversation", "name", ui.name(user)),
            Head { user }
            if open {
                Flow { user }
            } else {
                div { class: "flow" }
            }
            div { class: "chat-foot",
                if open {
                    Missing { user }
                }
                Composer { user }
            }
            Asks { user }
            if open {
                Overlay { user }
            }
        }
    }
}
