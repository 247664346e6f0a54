//! The field to write in. The text in it belongs to the page: it is read when it is sent, and never written while somebody
//! types. It is for a new message, an answer, or another text of an old one.

use dioxus::core::spawn_forever;
use dioxus::prelude::*;
use lucide_dioxus::{Check, Pencil, Reply as Answer, SendHorizontal, X};
use uuid::Uuid;

use crate::coordinator::Command;
use crate::ui::bridge::Wish;
use crate::ui::components::Problem;
use crate::ui::context::use_ui;
use crate::ui::state::{ModelStoreExt, ThreadStoreExt, Writing, excerpt};

/// The field to write to somebody in.
#[component]
pub fn Composer(user: Uuid) -> Element {
    let ui = use_ui();
    let name = ui.name(user);
    // Counts the texts that came back because they could not be sent.
    let mut again = use_signal(|| 0u32);
    let mut problem = use_signal(|| None::<String>);
    let writing = ui.writing(user);
    // What the field begins with: the draft, a text that came back, or the one to be changed. A new field is made for each.
    let mut beginning = use_hook(|| CopyValue::new((String::new(), String::new())));
    let field = format!("{again}-{}", writing.edited().unwrap_or_default());
    if beginning.peek().0 != field {
        let text = match &writing {
            Writing::Edit { id, text } => ui.writings.peek().text(id, text),
            Writing::New | Writing::Reply { .. } => ui.draft(user),
        };
        beginning.set((field.clone(), text));
    }
    let text = beginning.peek().1.clone();
    let submit = move |event: FormEvent| {
        let Some(FormValue::Text(text)) = event.get_first("text") else { return };
        // A browser gives lines of a form as two characters each.
        let text = text.replace("\r\n", "\n");
        if text.trim().is_empty() {
            return;
        }
        problem.set(None);
        let writing = ui.writings.peek().of(user);
        let reply_to = writing.answered().map(str::to_owned);
        let whole = text.trim_end().to_owned();
        let command = match &writing {
            Writing::Edit { text: now, .. } if *now == whole => return ui.write(user, Writing::New),
            Writing::Edit { id, .. } => Command::EditMessage { with: user, id: id.clone(), text: whole },
            Writing::New | Writing::Reply { .. } => {
                ui.typed(user, String::new());
                Command::SendMessage { to: user, text: whole, reply_to }
            }
        };
        ui.write(user, Writing::New);
        // Of the root, not of this field: who goes elsewhere at once still wants it sent, or has it back as a draft.
        spawn_forever(async move {
            let failed = ui.run(command).await.err();
            let Some(error) = failed else {
                let thread = ui.model.thread();
                let here = *thread.with().peek() == Some(user) && writing.edited().is_none();
                if here && (!*thread.at_end().peek() || *thread.later().peek()) {
                    ui.wish(Wish::ToEnd);
                }
                return;
            };
            let key = if writing.edited().is_some() { "edit-failed" } else { "send-failed" };
            match writing.edited() {
                Some(id) => {
                    let id = id.to_owned();
                    ui.write(user, writing);
                    ui.writings.peek().typed(&id, text);
                }
                None => {
                    // What was typed since then stands after what comes back.
                    let since = ui.draft(user);
                    let text = if since.is_empty() { text } else { format!("{}\n{since}", text.trim_end()) };
                    ui.typed(user, text);
                    // Unless something else was begun meanwhile, it is an answer again.
                    if ui.writings.peek().of(user) == Writing::New {
                        ui.write(user, writing);
                    }
                }
            }
            // The field may be gone.
            if let Ok(mut problem) = problem.try_write() {
                *problem = Some(ui.words().with(key, "why", ui.explain(&error)));
            }
            if let Ok(mut again) = again.try_write() {
                *again = again.wrapping_add(1);
            }
        });
    };
    // Who is in the group no more reads, and writes nothing.
    if ui.group(user).is_some_and(|group| !group.inside) {
        return rsx! {
            p { class: "outside", {ui.say("group-outside")} }
        };
    }
    let edited = writing.edited().map(str::to_owned);
    let edits = edited.is_some();
    rsx! {
        form { class: "composer", novalidate: "true", onsubmit: submit,
            if let Some(text) = problem() {
                Problem { text }
            }
            About { user, writing }
            div { class: "composer-line",
                for field in [field] {
                    textarea {
                        key: "{field}",
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
                        // A text that is changed goes with its field, and not before it was read.
                        "data-clear": if !edits { "true" },
                        "data-autofocus": "true",
                        oninput: {
                            let edited = edited.clone();
                            move |event: FormEvent| match &edited {
                                Some(id) => ui.writings.peek().typed(id, event.value()),
                                None => ui.typed(user, event.value()),
                            }
                        },
                    }
                }
                button {
                    class: "icon primary send",
                    r#type: "submit",
                    aria_label: ui.say(if edits { "edit-save" } else { "send" }),
                    title: ui.say(if edits { "edit-save" } else { "send" }),
                    if edits {
                        Check { size: 20 }
                    } else {
                        SendHorizontal { size: 20 }
                    }
                }
            }
        }
    }
}

/// What the field is for, when it is not for something new; and the way back.
#[component]
fn About(user: Uuid, writing: Writing) -> Element {
    let ui = use_ui();
    let (id, title, text, leave) = match writing {
        Writing::New => return rsx! {},
        Writing::Reply { id, from, text } => {
            let own = ui.own() == Some(from);
            let title =
                if own { ui.say("reply-own") } else { ui.words().with("reply-to", "name", ui.author(user, from)) };
            (id, title, text, "reply-leave")
        }
        Writing::Edit { id, text } => (id, ui.say("edit-title"), excerpt(&text), "edit-leave"),
    };
    let edits = leave == "edit-leave";
    rsx! {
        div { class: "about-writing",
            if edits {
                Pencil { size: 18 }
            } else {
                Answer { size: 18 }
            }
            // Each begins with the hands in the field.
            for id in [id] {
                div { key: "{id}", class: "about-text", "data-lead": "true",
                    p { class: "quote-name",
                        bdi { "{title}" }
                    }
                    p { class: "quote-text",
                        bdi { "{text}" }
                    }
                }
            }
            button {
                class: "icon",
                r#type: "button",
                aria_label: ui.say(leave),
                title: ui.say(leave),
                "data-escape": "true",
                onclick: move |_| ui.write(user, Writing::New),
                X { size: 20 }
            }
        }
    }
}
