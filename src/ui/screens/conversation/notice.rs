//! What is said about something that this person did, for a moment.

use std::time::Duration;

use dioxus::prelude::*;

use crate::ui::context::use_ui;

/// Long enough to be read twice.
const SHOWN: Duration = Duration::from_secs(5);

/// What is said now.
#[component]
pub fn Notice() -> Element {
    let ui = use_ui();
    let mut gone = use_signal(|| ui.notice.peek().0);
    // What is said begins its time anew.
    let _waits = use_resource(move || async move {
        let (count, _) = ui.notice.cloned();
        if count != *gone.peek() {
            tokio::time::sleep(SHOWN).await;
            gone.set(count);
        }
    });
    let (count, text) = ui.notice.cloned();
    rsx! {
        div { class: "toast", role: "status",
            if count != gone() {
                span { class: "toast-text", "{text}" }
            }
        }
    }
}
