//! Asks for whom a message shall be deleted.

use dioxus::core::spawn_forever;
use dioxus::prelude::*;
use uuid::Uuid;

use super::over::Over;
use crate::coordinator::{Command, MessageView};
use crate::ui::context::use_ui;
use crate::ui::state::offers;

/// The question; nothing has happened yet.
#[component]
pub fn DeleteMessage(user: Uuid, message: MessageView) -> Element {
    let ui = use_ui();
    let over = use_context::<Over>();
    let everywhere = offers(&message).everywhere;
    let title = ui.say("delete-ask");
    let id = message.id;
    let delete = move |for_everyone: bool| {
        over.close();
        let command = Command::DeleteMessage { with: user, id: id.clone(), for_everyone };
        spawn_forever(async move {
            if let Err(error) = ui.run(command).await {
                ui.tell(ui.explain(&error));
            }
        });
    };
    let (for_me, for_everyone) = (delete.clone(), delete);
    rsx! {
        div { class: "veil",
            div { class: "dialog", role: "dialog", aria_modal: "true", aria_label: "{title}",
                h2 { "{title}" }
                if everywhere {
                    p { class: "muted", {ui.say("delete-everyone-what")} }
                }
                p { class: "muted", {ui.say("delete-me-what")} }
                div { class: "actions stacked",
                    if everywhere {
                        button { class: "button danger", r#type: "button", onclick: move |_| for_everyone(true), {ui.say("delete-everyone")} }
                    }
                    button { class: "button danger", r#type: "button", onclick: move |_| for_me(false), {ui.say("delete-me")} }
                    button { class: "button", r#type: "button", "data-escape": "true", "data-autofocus": "true", onclick: move |_| over.close(), {ui.say("cancel")} }
                }
            }
        }
    }
}
