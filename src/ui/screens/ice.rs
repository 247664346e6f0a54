//! Servers that help two devices to find a way to each other: which are asked.

use dioxus::prelude::*;

use crate::host::{Choice, DEFAULT_ICE, Ice};
use crate::link::ice::{Admission, IceServer};
use crate::ui::components::{Problem, Switch};
use crate::ui::context::{Ui, use_ui};
use crate::ui::state::ModelStoreExt;

/// What is shown of a server: where it is, and what kind of login it wants; never the login.
fn shown(address: &str) -> (String, Option<&'static str>) {
    let Ok(server) = address.parse::<IceServer>() else { return (String::new(), None) };
    let login = match server.admission() {
        Admission::Everybody => None,
        Admission::Password => Some("settings-ice-login"),
        Admission::Secret => Some("settings-ice-secret"),
    };
    (server.shown().to_owned(), login)
}

/// The public servers by name.
fn public() -> String {
    let name = |server: &&str| server.trim_start_matches("stun:").split(':').next().unwrap_or_default().to_owned();
    DEFAULT_ICE.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// The list, with ways to add and remove.
#[component]
pub fn IceServers() -> Element {
    let ui = use_ui();
    let mut problem = use_signal(|| None::<String>);
    let mut saved = use_signal(|| false);
    // Counts the fields: one whose address was taken gives way to an empty one.
    let mut field = use_signal(|| 0_u32);
    // What the box shows until the last of the person's clicks on it is answered.
    let mut clicked = use_signal(|| None::<bool>);
    let mut clicks = use_signal(|| 0_u32);
    let fixed = ui.control.peek().is_ice_fixed();
    let ice = now(ui);
    let mut change = move |choice: Choice| {
        problem.set(None);
        saved.set(false);
        let typed = matches!(choice, Choice::AddServer(_));
        if let Choice::PublicServers(public) = choice {
            clicked.set(Some(public));
            clicks += 1;
        }
        let click = matches!(choice, Choice::PublicServers(_)).then_some(*clicks.peek());
        spawn(async move {
            let control = ui.control.peek().clone();
            let changed = control.change(choice).await;
            if click == Some(*clicks.peek()) {
                // If it could not be, the box goes back to what holds.
                clicked.set(None);
            }
            match changed {
                Ok(()) => {
                    saved.set(true);
                    if typed {
                        field += 1;
                    }
                }
                Err(error) => problem.set(Some(ui.explain_settings(&error))),
            }
        });
    };
    let add = move |event: FormEvent| {
        let Some(FormValue::Text(address)) = event.get_first("server") else { return };
        let address = address.trim().to_owned();
        if address.is_empty() {
            problem.set(Some(ui.say("settings-ice-missing")));
            return;
        }
        change(Choice::AddServer(address));
    };
    rsx! {
        form { class: "card", novalidate: "true", onsubmit: add, aria_label: ui.say("settings-ice"),
            h2 { {ui.say("settings-ice")} }
            p { class: "muted", {ui.say("settings-ice-lead")} }
            if fixed {
                p { class: "muted", {ui.say("settings-ice-fixed")} }
            } else {
                Switch {
                    name: "public-servers",
                    label: ui.say("settings-ice-public"),
                    what: ui.words().with("settings-ice-public-what", "servers", public()),
                    on: clicked().unwrap_or(ice.public),
                    onchange: move |on| change(Choice::PublicServers(on)),
                }
                if !ice.servers.is_empty() {
                    ul { aria_label: ui.say("settings-ice-own"),
                        for address in ice.servers.clone() {
                            Server {
                                key: "{address}",
                                address: address.clone(),
                                onremove: move |()| change(Choice::RemoveServer(address.clone())),
                            }
                        }
                    }
                }
                div { class: "form",
                    label { class: "field-label", r#for: "ice-server", {ui.say("settings-ice-address")} }
                    div { class: "line",
                        for number in [field()] {
                            input {
                                key: "{number}",
                                id: "ice-server",
                                class: "input",
                                name: "server",
                                aria_describedby: "ice-hint",
                                autocomplete: "off",
                                autocapitalize: "none",
                                spellcheck: "false",
                            }
                        }
                        button { class: "button", r#type: "submit", {ui.say("settings-ice-add")} }
                    }
                    span { id: "ice-hint", class: "field-hint", {ui.say("settings-ice-hint")} }
                }
                if let Some(text) = problem() {
                    Problem { text }
                }
                p { class: "said", role: "status",
                    if saved() {
                        {ui.say("settings-ice-kept")}
                    }
                }
            }
        }
    }
}

/// What holds now. What the window knows of it comes a moment after the answer to a change, and has it drawn again.
fn now(ui: Ui) -> Ice {
    let _ = ui.model.settings().read();
    ui.control.peek().settings().ice
}

/// One server of the person's own.
#[component]
fn Server(address: String, onremove: EventHandler<()>) -> Element {
    let ui = use_ui();
    let (shown, login) = shown(&address);
    rsx! {
        li { class: "server",
            div {
                div { class: "small", "{shown}" }
                if let Some(login) = login {
                    div { class: "small muted", {ui.say(login)} }
                }
            }
            button {
                class: "button",
                r#type: "button",
                aria_label: ui.words().with("settings-ice-remove", "server", shown.clone()),
                onclick: move |_| onremove.call(()),
                {ui.say("settings-ice-drop")}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server is shown without its login.
    #[test]
    fn a_server_is_shown_without_its_login() {
        let is = |address: &str, login| (address.to_owned(), login);
        let relay = "turn:relay.example:3478";
        assert_eq!(shown("turn:user:secret@relay.example:3478"), is(relay, Some("settings-ice-login")));
        assert_eq!(shown("turn:secret@relay.example:3478"), is(relay, Some("settings-ice-secret")));
        assert_eq!(shown("stun:stun.example"), is("stun:stun.example", None));
    }
}
