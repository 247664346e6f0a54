//! What lies over a conversation for the sake of one message: its menu, what is known of it, and the questions before it is
//! deleted or passed on. One at a time.

use dioxus::core::spawn_forever;
use dioxus::prelude::*;
use uuid::Uuid;

use super::delete::DeleteMessage;
use super::forward::ForwardMessage;
use super::info::MessageInfo;
use super::menu::MessageMenu;
use crate::coordinator::{Command, MessageView};
use crate::ui::context::{Ui, use_ui};
use crate::ui::state::{Ask, ModelStoreExt, ThreadStoreExt, Writing, reacted};

/// What there is to see of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// What can be done with it.
    Menu,
    /// What is known of it.
    Info,
    /// Whether it shall be deleted.
    Delete,
    /// To whom it shall be passed on.
    Forward,
}

/// What lies over the conversation that is open, and of which message.
#[derive(Clone, Copy)]
pub struct Over(pub Signal<Option<(Sight, String)>>);

impl Over {
    /// Shows this of a message.
    pub fn show(mut self, sight: Sight, id: String) {
        self.0.set(Some((sight, id)));
    }

    /// Shows the conversation again.
    pub fn close(mut self) {
        self.0.set(None);
    }
}

/// What lies over it now.
#[component]
pub fn Overlay(user: Uuid) -> Element {
    let ui = use_ui();
    let over = use_context::<Over>();
    let Some((sight, id)) = over.0.cloned() else { return rsx! {} };
    let messages = ui.model.thread().messages();
    // A page may have taken it away meanwhile.
    if !messages.read().contains_key(&id) {
        return rsx! {};
    }
    let message = messages.get_unchecked(id).cloned();
    match sight {
        Sight::Menu => rsx! {
            MessageMenu { user, message }
        },
        Sight::Info => rsx! {
            MessageInfo { user, message }
        },
        Sight::Delete => rsx! {
            DeleteMessage { user, message }
        },
        Sight::Forward => rsx! {
            ForwardMessage { user, message }
        },
    }
}

/// Hears what the page's script asks for.
#[component]
pub fn Asks(user: Uuid) -> Element {
    let ui = use_ui();
    let over = use_context::<Over>();
    let asked = move |event: FormEvent| {
        let thread = ui.model.thread();
        let thread = thread.peek();
        match Ask::parse(&event.value()) {
            Some(Ask::Menu(id)) if thread.messages.contains_key(&id) => over.show(Sight::Menu, id),
            Some(Ask::Reply(id)) => {
                if let Some(writing) = thread.messages.get(&id).and_then(Writing::reply) {
                    ui.write(user, writing);
                }
            }
            Some(Ask::EditLast) => {
                if let Some(writing) = thread.last_own().and_then(Writing::edit) {
                    ui.write(user, writing);
                }
            }
            Some(Ask::Menu(_)) | None => {}
        }
    };
    rsx! {
        input { r#type: "hidden", name: "asks-of-the-page", "data-asks": "true", oninput: asked }
    }
}

/// Puts an emoji beside a message, or takes it back.
pub fn react(ui: Ui, with: Uuid, message: &MessageView, emoji: &str) {
    let on = !reacted(&message.reactions, emoji, ui.own());
    let command = Command::React { with, id: message.id.clone(), emoji: emoji.to_owned(), on };
    // Of the root: the menu that it was chosen in is gone.
    spawn_forever(async move {
        if let Err(error) = ui.run(command).await {
            ui.tell(ui.explain(&error));
        }
    });
}
