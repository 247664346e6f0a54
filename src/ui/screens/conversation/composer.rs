//! The field to write in. The text in it belongs to the page: it is read when it is sent, and never written while somebody
//! types.

use dioxus::core::spawn_forever;
use dioxus::prelude::*;
use lucide_dioxus::SendHorizontal;
use uuid::Uuid;

use crate::coordinator::Command;
use crate::ui::bridge::Wish;
use crate::ui::components::Problem;
use crate::ui::context::use_ui;
use crate::ui::state::{ModelStoreExt, ThreadStoreExt};

/// The field to write to somebody in.
#[component]
pub fn Composer(user: Uuid) -> Element {
    let ui = use_ui();
    let name = ui.name(user);
    // What the field begins with: the draft, or a text that could not be sent. A new field is made for each.
    let mut beginning = use_signal(|| (0u32, ui.draft(user)));
    let mut problem = use_signal(|| None::<String>);
    let submit = move |event: FormEvent| {
        let Some(FormValue::Text(text)) = event.get_first("text") else { return };
        // A browser gives lines of a form as two characters each.
        let text = text.replace("\r\n", "\n");
        if text.trim().is_empty() {
            return;
        }
        problem.set(None);
        ui.typed(user, String::new());
        // Of the root, not of this field: who goes elsewhere at once still wants it sent, or has it back as a draft.
        spawn_forever(async move {
            match ui.run(Command::SendMessage { to: user, text: text.trim_end().to_owned(), reply_to: None }).await {
                Ok(_) => {
                    let thread = ui.model.thread();
                    let here = *thread.with().peek() == Some(user);
                    if here && (!*thread.at_end().peek() || *thread.later().peek()) {
                        ui.wish(Wish::ToEnd);
                    }
                }
                Err(error) => {
                    // What was typed since then stands after what comes back.
                    let since = ui.draft(user);
                    let text = if since.is_empty() { text } else { format!("{}\n{since}", text.trim_end()) };
                    ui.typed(user, text.clone());
                    // The field may be gone.
                    if let Ok(mut problem) = problem.try_write() {
                        *problem = Some(ui.words().with("send-failed", "why", ui.explain(&error)));
                    }
                    if let Ok(mut beginning) = beginning.try_write() {
                        *beginning = (beginning.0.wrapping_add(1), text);
                    }
                }
            }
        });
    };
    let (again, text) = beginning();
    rsx! {
        form { class: "composer", novalidate: "true", onsubmit: submit,
            if let Some(text) = problem() {
                Problem { text }
            }
            div { class: "composer-line",
                for again in [again] {
                    textarea {
                        key: "{again}",
                        class: "input",
                        name: "text",
                        rows: "1",
                        aria_label: ui.say("message"),
                        placeholder: ui.words().with("message-to", "name", name.clone()),
                        initial_value: text.clone(),
                        dir: "auto",
                        enterkeyhint: "enter",
                        "data-enter": "send",
                        "data-grow": "true",
                        "data-clear": "true",
                        "data-autofocus": "true",
                        oninput: move |event| ui.typed(user, event.value()),
                    }
                }
                button { class: "icon primary send", r#type: "submit", aria_label: ui.say("send"), title: ui.say("send"),
                    SendHorizontal { size: 20 }
                }
            }
        }
    }
}
