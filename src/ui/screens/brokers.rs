//! The brokers in use, and how each stands, in words.

use dioxus::prelude::*;

use crate::coordinator::BrokerState;
use crate::ui::context::{Ui, use_ui};
use crate::ui::state::ModelStoreExt;

/// Each broker in use, and how it stands.
#[component]
pub fn Brokers() -> Element {
    let ui = use_ui();
    let brokers = ui.model.brokers();
    rsx! {
        ul {
            for broker in brokers.read().iter() {
                li { key: "{broker.url}", class: "broker",
                    span { class: led(broker.state), aria_hidden: "true" }
                    div {
                        div { class: "small", "{broker.url}" }
                        if !broker.own {
                            div { class: "small muted", {ui.say("broker-theirs")} }
                        }
                        div { class: "small muted", {state(ui, broker.state, broker.reason.as_deref())} }
                    }
                }
            }
        }
    }
}

fn led(state: BrokerState) -> &'static str {
    match state {
        BrokerState::Connected => "led good",
        BrokerState::Connecting => "led",
        BrokerState::Refused | BrokerState::Unreachable => "led bad",
    }
}

/// How a broker stands.
pub fn state(ui: Ui, state: BrokerState, why: Option<&str>) -> String {
    let key = match state {
        BrokerState::Connected => return ui.say("broker-connected"),
        BrokerState::Connecting => "broker-connecting",
        BrokerState::Refused => "broker-refused",
        BrokerState::Unreachable => "broker-unreachable",
    };
    match why {
        Some(why) => ui.words().with2("broker-why", ("state", ui.say(key)), ("why", why.to_owned())),
        None => ui.say(key),
    }
}
