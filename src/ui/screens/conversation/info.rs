//! What is known of one message: who wrote it and when, how far it has come, and how it travelled.

use dioxus::prelude::*;
use uuid::Uuid;

use super::bubble::meaning;
use super::over::Over;
use crate::coordinator::{Command, MessageState, MessageView, Path, Reply};
use crate::ui::context::use_ui;
use crate::ui::format::{date_of, day_label, short_time};

/// The sheet about it.
#[component]
pub fn MessageInfo(user: Uuid, message: MessageView) -> Element {
    let ui = use_ui();
    let over = use_context::<Over>();
    let id = message.id.clone();
    let has = use_resource(move || {
        let id = id.clone();
        async move {
            // Only a group has more to say than the message itself.
            ui.group(user)?;
            match ui.run(Command::ShowMessage { with: Some(user), id }).await {
                Ok(Reply::Info(info)) => Some(info.members),
                _ => None,
            }
        }
    });
    let members = has.read().clone().flatten().unwrap_or_default();
    let named = |delivered: bool| {
        let of = members.iter().filter(|member| member.delivered == delivered);
        let names: Vec<String> = of.map(|member| ui.author(user, member.user_id)).collect();
        (!names.is_empty()).then(|| ui.list(&names))
    };
    let (have, wait) = (named(true), named(false));
    let clock = ui.clock();
    let theirs = message.state == MessageState::Received;
    let from = ui.author(user, message.from);
    let day = day_label(&clock, &ui.words(), date_of(&clock, message.at));
    let at = short_time(&clock, message.at);
    let state = if theirs { ui.say("info-received") } else { meaning(ui, user, message.state) };
    let path = match message.path {
        Some(Path::Direct) => "info-path-direct",
        Some(Path::Relay) => "info-path-relay",
        Some(Path::Mail) => "info-path-mail",
        Some(Path::None) | None if message.state == MessageState::Queued => "info-path-none",
        Some(Path::None) | None => "info-path-unknown",
    };
    rsx! {
        div { class: "veil",
            div { class: "dialog", role: "dialog", aria_modal: "true", aria_label: ui.say("info-title"),
                h2 { {ui.say("info-title")} }
                dl { class: "about",
                    dt { {ui.say("info-from")} }
                    dd {
                        bdi { "{from}" }
                    }
                    dt { {ui.say("info-written")} }
                    dd { {ui.words().with2("info-when", ("day", day), ("time", at))} }
                    dt { {ui.say("info-state")} }
                    dd { "{state}" }
                    if let Some(have) = have {
                        dt { {ui.say("info-have")} }
                        dd { "{have}" }
                    }
                    if let Some(wait) = wait {
                        dt { {ui.say("info-wait")} }
                        dd { "{wait}" }
                    }
                    dt { {ui.say("info-path")} }
                    dd { {ui.say(path)} }
                }
                div { class: "actions",
                    button {
                        class: "button",
                        r#type: "button",
                        "data-escape": "true",
                        "data-autofocus": "true",
                        onclick: move |_| over.close(),
                        {ui.say("close")}
                    }
                }
            }
        }
    }
}
