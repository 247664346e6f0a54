//! The messages. Only a stretch of the conversation is in the page; near an end it asks for more. The page's script keeps the
//! place while messages come and go.

use std::time::{Duration, Instant};

use dioxus::prelude::*;
use lucide_dioxus::ArrowDown;
use uuid::Uuid;

use super::bubble::Bubble;
use super::change::change_text;
use super::notice::Notice;
use crate::ui::bridge::Wish;
use crate::ui::components::Problem;
use crate::ui::context::use_ui;
use crate::ui::format::day_label;
use crate::ui::state::{ModelStoreExt, Phase, Row, ThreadStoreExt};

/// Pixels from an end at which more is asked for: more than a screen, so that nobody waits at the edge.
const NEAR: f64 = 1_200.0;
/// After so long the same is wished again: a page has come long before.
const WISH_AGAIN: Duration = Duration::from_millis(500);
/// Pixels from the end that still count as the end: a line.
const AT_END: f64 = 48.0;

/// The messages with somebody.
#[component]
pub fn Flow(user: Uuid) -> Element {
    let ui = use_ui();
    let thread = ui.model.thread();
    let opening = thread.opening().cloned();
    let later = thread.later().cloned();
    let (target, jump) = thread.target().cloned().unwrap_or_default();
    let mut wished = use_hook(|| CopyValue::new(None::<((bool, String), Instant)>));
    let scrolled = move |event: ScrollEvent| {
        let data = event.data();
        let below = f64::from(data.scroll_height()) - data.scroll_top() - f64::from(data.client_height());
        let at_end = below < AT_END;
        if *thread.at_end().peek() != at_end {
            ui.wish(Wish::AtEnd(at_end));
        }
        let (earlier, later) = (*thread.earlier().peek(), *thread.later().peek());
        let edge = match (data.scroll_top() < NEAR && earlier, below < NEAR && later) {
            (true, _) => thread.peek().first().map(|edge| (true, edge)),
            (_, true) => thread.peek().last().map(|edge| (false, edge)),
            _ => None,
        };
        // Scrolling says the same many times: once is enough, and once more when nothing came of it.
        let said = |wish: &(bool, String)| {
            wished.peek().as_ref().is_some_and(|(before, at)| before == wish && at.elapsed() < WISH_AGAIN)
        };
        if let Some(wish) = edge.filter(|wish| !said(wish)) {
            wished.set(Some((wish.clone(), Instant::now())));
            let (earlier, edge) = wish;
            ui.wish(Wish::Toward { earlier, edge });
        }
    };
    rsx! {
        div { class: "flow-frame",
            div {
                class: "flow",
                role: "log",
                aria_label: ui.say("messages"),
                aria_live: "off",
                tabindex: "0",
                "data-flow": "true",
                "data-opening": "{opening}",
                "data-later": "{later}",
                "data-target": "{target}",
                "data-jump": "{jump}",
                onscroll: scrolled,
                match thread.phase().cloned() {
                    Phase::Loading => rsx! {},
                    Phase::Failed(why) => rsx! {
                        Problem { text: ui.words().with("load-failed", "why", why) }
                        button { class: "button", r#type: "button", onclick: move |_| ui.wish(Wish::Again), {ui.say("try-again")} }
                    },
                    Phase::Ready => rsx! {
                        Rows { user }
                    },
                }
            }
            Jump { user }
            Heard { user }
            Notice {}
        }
    }
}

#[component]
fn Rows(user: Uuid) -> Element {
    let ui = use_ui();
    let rows = ui.model.thread().rows();
    if rows.read().is_empty() {
        return rsx! {
            div { class: "nothing",
                h3 { {ui.say("nothing-said-title")} }
                p { class: "muted",
                    match ui.group(user) {
                        Some(_) => ui.say("nothing-said-group"),
                        None => ui.words().with("nothing-said-lead", "name", ui.name(user)),
                    }
                }
            }
        };
    }
    rsx! {
        div { class: "flow-push", aria_hidden: "true" }
        // The key stands with the loop's own element: only then is a line moved instead of written over.
        for row in rows.read().iter() {
            Line { key: "{row.key()}", user, row: row.clone() }
        }
    }
}

#[component]
fn Line(user: Uuid, row: Row) -> Element {
    let ui = use_ui();
    match row {
        Row::Day(day) => rsx! {
            // Drawn again on the next day.
            div { key: "{ui.today}", class: "day", "data-row": "true", {day_label(&ui.clock(), &ui.words(), day)} }
        },
        Row::Unread(count) => rsx! {
            div { class: "unread", "data-row": "true", "data-divider": "true",
                {ui.words().with("new-messages", "count", count)}
            }
        },
        Row::Change(line) => rsx! {
            div { class: "change", "data-row": "true", {change_text(&ui, &line)} }
        },
        Row::Message { id, first, last, mine } => rsx! {
            Bubble { user, id, first, last, mine }
        },
    }
}

/// Back to the end, with how much came there meanwhile.
#[component]
fn Jump(user: Uuid) -> Element {
    let ui = use_ui();
    let thread = ui.model.thread();
    let away = *thread.phase().read() == Phase::Ready && (!thread.at_end().cloned() || thread.later().cloned());
    if !away {
        return rsx! {};
    }
    // What is unread while the reader is elsewhere has come meanwhile.
    let missed = ui.person(user).map_or(0, |person| person.chat.unread);
    let name = if missed > 0 { ui.words().with("jump-new", "count", missed) } else { ui.say("jump") };
    rsx! {
        button {
            class: "jump",
            r#type: "button",
            aria_label: "{name}",
            title: "{name}",
            "data-to-end": "true",
            onclick: move |_| ui.wish(Wish::ToEnd),
            ArrowDown { size: 20 }
            if missed > 0 {
                span { class: "badge", "{missed}" }
            }
        }
    }
}

/// Says a new message of the other person to a screen reader, politely.
#[component]
fn Heard(user: Uuid) -> Element {
    let ui = use_ui();
    let Some(person) = ui.person(user) else { return rsx! {} };
    let last = person.chat.last.as_ref().filter(|last| !last.mine);
    let opened_with = use_hook(|| last.map(|last| last.id.clone()));
    let fresh = last.filter(|last| Some(&last.id) != opened_with.as_ref());
    rsx! {
        div { class: "hidden", aria_live: "polite",
            if let Some(last) = fresh {
                {ui.words().with2("heard", ("name", person.name().to_owned()), ("text", last.text.clone()))}
            }
        }
    }
}
