//! Who is in a group, and what an admin does with them.

use dioxus::prelude::*;
use lucide_dioxus::ChevronDown;
use uuid::Uuid;

use crate::coordinator::{Command, MemberView};
use crate::ui::components::{Avatar, Confirm, Problem};
use crate::ui::context::use_ui;
use crate::ui::route::Route;

/// Everybody in a group. A press on one shows what can be done.
#[component]
pub fn Members(group: Uuid, admin: bool) -> Element {
    let ui = use_ui();
    let open = use_signal(|| None::<Uuid>);
    let mut removing = use_signal(|| None::<Uuid>);
    let mut problem = use_signal(|| None::<String>);
    let Some(view) = ui.group(group) else { return rsx! {} };
    let does = move |command: Command| {
        problem.set(None);
        spawn(async move {
            if let Err(error) = ui.run(command).await {
                problem.set(Some(ui.explain(&error)));
            }
        });
    };
    let mut removes = does;
    rsx! {
        if let Some(text) = problem() {
            Problem { text }
        }
        ul { class: "members", aria_label: ui.say("group-members"),
            for member in view.members {
                Member {
                    key: "{member.user_id}",
                    group,
                    member,
                    admin,
                    open,
                    ondo: does,
                    onremove: move |user| removing.set(Some(user)),
                }
            }
        }
        if let Some(user) = removing() {
            Confirm {
                title: ui.words().with("group-remove-ask", "name", ui.author(group, user)),
                what: ui.say("group-remove-what"),
                verb: ui.say("group-remove"),
                onyes: move |()| {
                    removing.set(None);
                    removes(Command::RemoveFromGroup { group, user });
                },
                onno: move |()| removing.set(None),
            }
        }
    }
}

#[component]
fn Member(
    group: Uuid,
    member: MemberView,
    admin: bool,
    open: Signal<Option<Uuid>>,
    ondo: EventHandler<Command>,
    onremove: EventHandler<Uuid>,
) -> Element {
    let ui = use_ui();
    let mut open = open;
    let user = member.user_id;
    let own = ui.own() == Some(user);
    let name = if own { ui.say("info-you") } else { ui.author(group, user) };
    let opens = !own && (admin || member.contact);
    let is_open = opens && open() == Some(user);
    let face = rsx! {
        Avatar { user, name: name.clone(), small: true }
        span { class: "member-text",
            span { class: "name",
                bdi { "{name}" }
            }
            if member.admin {
                span { class: "role", {ui.say("group-admin")} }
            }
        }
    };
    rsx! {
        li { class: "member",
            if opens {
                button {
                    class: "member-head",
                    r#type: "button",
                    aria_expanded: if is_open { "true" } else { "false" },
                    onclick: move |_| open.set(if is_open { None } else { Some(user) }),
                    {face}
                    ChevronDown { size: 18 }
                }
            } else {
                div { class: "member-head", {face} }
            }
            if is_open {
                div { class: "actions start",
                    if member.contact {
                        button { class: "button", r#type: "button", onclick: move |_| ui.go(Route::Conversation(user)), {ui.say("group-write")} }
                    }
                    if admin && member.admin {
                        button { class: "button", r#type: "button", onclick: move |_| ondo.call(Command::Demote { group, user }), {ui.say("group-demote")} }
                    } else if admin {
                        button { class: "button", r#type: "button", onclick: move |_| ondo.call(Command::Promote { group, user }), {ui.say("group-promote")} }
                    }
                    if admin {
                        button { class: "button danger", r#type: "button", onclick: move |_| onremove.call(user), {ui.say("group-remove")} }
                    }
                }
            }
        }
    }
}
