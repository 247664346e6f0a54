//! What of the conversation is known to be incomplete: what has not arrived and who has it, and whose messages exist twice.

use dioxus::prelude::*;
use lucide_dioxus::Clock3;
use uuid::Uuid;

use crate::coordinator::{MISSING_MAX, MissingView};
use crate::ui::context::{Ui, use_ui};
use crate::ui::state::ModelStoreExt;

/// A line for each author, while there is anything to say. It is no fault and needs nobody's help, so it is said quietly.
#[component]
pub fn Missing(user: Uuid) -> Element {
    let ui = use_ui();
    let Some(person) = ui.person(user) else { return rsx! {} };
    let missing = person.chat.missing.iter().map(|missing| line(ui, missing));
    let forked = person.chat.forked.iter().map(|author| match author_name(ui, *author) {
        Some(name) => ui.words().with("forked", "name", name),
        None => ui.say("forked-own"),
    });
    let lines: Vec<String> = missing.chain(forked).collect();
    if lines.is_empty() {
        return rsx! {};
    }
    rsx! {
        ul { class: "missing", aria_label: ui.say("missing-label"), aria_live: "polite",
            for text in lines {
                li { key: "{text}",
                    Clock3 { size: 16 }
                    span { "{text}" }
                }
            }
        }
    }
}

/// One author's.
fn line(ui: Ui, missing: &MissingView) -> String {
    let words = ui.words();
    let count = missing.count.min(MISSING_MAX);
    let said = match missing.author.map(|author| author_name(ui, author)) {
        Some(Some(name)) => words.with_all("missing-from", [("count", count.into()), ("name", name.into())]),
        Some(None) => words.with("missing-own", "count", count),
        None => words.with("missing-somebody", "count", count),
    };
    let names: Vec<String> = missing.held_by.iter().filter_map(|holder| author_name(ui, *holder)).collect();
    if names.is_empty() {
        return said;
    }
    let holders = u32::try_from(names.len()).unwrap_or(u32::MAX);
    let held = words.with_all("missing-held", [("holders", holders.into()), ("names", names.join(", ").into())]);
    format!("{said} {held}")
}

/// What this person calls somebody; none for themselves.
fn author_name(ui: Ui, author: Uuid) -> Option<String> {
    let own = ui.model.identity().read().as_ref().is_some_and(|me| me.user_id == author);
    let name = ui.name(author);
    match name.is_empty() {
        _ if own => None,
        true => Some(ui.say("missing-stranger")),
        false => Some(name),
    }
}
