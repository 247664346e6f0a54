//! How two people become contacts: my link to give away, theirs to paste.

use dioxus::prelude::*;
use fast_qr::convert::Builder;
use fast_qr::convert::svg::SvgBuilder;
use lucide_dioxus::{Copy, TriangleAlert};

use crate::coordinator::{Command, Reply};
use crate::ui::components::{Page, Problem};
use crate::ui::context::use_ui;
use crate::ui::route::Route;
use crate::ui::state::{Meeting, ModelStoreExt};

/// What came of the copying that the page's script does.
const COPIED: &str = "return (await globalThis.kithCopied) === true;";

/// Add a contact; with a link that was opened from outside.
#[component]
pub fn Add(link: Option<String>) -> Element {
    let ui = use_ui();
    rsx! {
        Page { title: ui.say("add-title"),
            // Another link is another field: what stood in the old one would hide it.
            for link in [link] {
                Theirs { key: "{link:?}", link: link.clone() }
            }
            Own {}
        }
    }
}

#[component]
fn Own() -> Element {
    let ui = use_ui();
    let mut copied = use_signal(|| None::<bool>);
    let Some(identity) = ui.model.identity().cloned() else { return rsx! {} };
    // There are two things to know of a link before giving it away: it leads nowhere, or not out of this computer.
    let nobody = ui.model.meeting().cloned() == Meeting::Nowhere;
    let code = use_memo(use_reactive(&identity.link, |link| qr(&link)));
    rsx! {
        section { class: "card", aria_label: ui.say("add-own"),
            h2 { {ui.say("add-own")} }
            p { class: "muted", {ui.say("add-own-lead")} }
            if identity.warning.is_some() {
                p { class: "notice",
                    TriangleAlert { size: 18 }
                    span { {ui.say(if nobody { "add-warning-nobody" } else { "add-warning-here" })} }
                }
            }
            match code() {
                Some(svg) => rsx! {
                    div { class: "qr", role: "img", aria_label: ui.say("add-qr"), dangerous_inner_html: "{svg}" }
                },
                None => rsx! {
                    p { class: "muted", {ui.say("add-too-large")} }
                },
            }
            div { class: "line",
                input { id: "own-link", class: "input code", readonly: "true", aria_label: ui.say("add-own"), value: "{identity.link}" }
                button { class: "button", r#type: "button", "data-copy": "own-link", onclick: move |_| {
                        copied.set(None);
                        spawn(async move {
                            let done = document::eval(COPIED).join::<bool>().await;
                            copied.set(Some(done.unwrap_or(false)));
                        });
                    },
                    Copy { size: 18 }
                    {ui.say("add-copy")}
                }
            }
            p { class: "said", role: "status",
                match copied() {
                    Some(true) => ui.say("add-copied"),
                    Some(false) => ui.say("add-not-copied"),
                    None => String::new(),
                }
            }
        }
    }
}

#[component]
fn Theirs(link: Option<String>) -> Element {
    let ui = use_ui();
    let mut problem = use_signal(|| None::<String>);
    let mut done = use_signal(|| None::<String>);
    let mut busy = use_signal(|| false);
    // Counts the fields: one that was sent gives way to an empty one.
    let mut field = use_signal(|| 0_u32);
    let submit = move |event: FormEvent| {
        let Some(FormValue::Text(text)) = event.get_first("link") else { return };
        let link = text.trim().to_owned();
        problem.set(None);
        done.set(None);
        if link.is_empty() {
            problem.set(Some(ui.say("add-missing")));
            return;
        }
        if busy() {
            return;
        }
        busy.set(true);
        spawn(async move {
            match ui.run(Command::AddContact { link }).await {
                Ok(Reply::User(user)) if ui.model.chats().peek().contains(&user) => {
                    done.set(Some(ui.say("add-already")));
                    ui.go(Route::Conversation(user));
                }
                Ok(_) => {
                    field += 1;
                    done.set(Some(ui.say("add-sent")));
                }
                Err(error) => problem.set(Some(ui.explain(&error))),
            }
            busy.set(false);
        });
    };
    rsx! {
        form { class: "card", novalidate: "true", onsubmit: submit,
            label { class: "form",
                h2 { {ui.say("add-their")} }
                textarea {
                    key: "{field}",
                    class: "input code",
                    name: "link",
                    rows: "3",
                    aria_label: ui.say("add-their"),
                    aria_describedby: "their-hint",
                    initial_value: if field() == 0 { link.unwrap_or_default() } else { String::new() },
                    autocapitalize: "none",
                    autocomplete: "off",
                    spellcheck: "false",
                    "data-enter": "send",
                }
                span { id: "their-hint", class: "field-hint", {ui.say("add-their-hint")} }
            }
            if let Some(text) = problem() {
                Problem { text }
            }
            p { class: "said", role: "status",
                if let Some(text) = done() {
                    "{text}"
                }
            }
            div { class: "actions",
                button { class: "button primary", r#type: "submit", disabled: busy(), {ui.say("add-send")} }
            }
        }
    }
}

/// A link as a picture; none when it is too long for any.
fn qr(link: &str) -> Option<String> {
    // The least correction: a screen has no stains, and every module fewer is easier to scan.
    let code = fast_qr::QRBuilder::new(link).ecl(fast_qr::ECL::L).build().ok()?;
    Some(SvgBuilder::default().margin(1).to_str(&code))
}
