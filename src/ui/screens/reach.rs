//! "How can others reach you?": the same question at the beginning and in the settings.

use dioxus::prelude::*;

use crate::host::{Choice, Reach};
use crate::ui::components::{Answer, Choices};
use crate::ui::context::{Ui, use_ui};

/// What is chosen and typed so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// A value of the form, as in [`CHOICES`].
    pub kind: &'static str,
    /// Addresses, with spaces between.
    pub addresses: String,
}

const OWN_BROKER: bool = cfg!(feature = "embedded-broker");
const HERE: &str = "here";
const NETWORK: &str = "network";
const BROKERS: &str = "brokers";
const PUBLIC: &str = "public";
/// In the order of the list: the value, its name, its meaning.
const CHOICES: [(&str, &str, &str); 4] = [
    (HERE, "reach-here", "reach-here-what"),
    (NETWORK, "reach-network", "reach-network-what"),
    (BROKERS, "reach-brokers", "reach-brokers-what"),
    (PUBLIC, "reach-public", "reach-public-what"),
];

impl Draft {
    /// From what holds now.
    pub fn of(reach: Option<&Reach>) -> Self {
        let (kind, addresses) = match reach {
            // Without a broker of its own this Kith cannot be the meeting point.
            None | Some(Reach::ThisComputer) if !OWN_BROKER => (BROKERS, String::new()),
            None | Some(Reach::ThisComputer) => (HERE, String::new()),
            Some(Reach::Network) => (NETWORK, String::new()),
            Some(Reach::Brokers(list)) => (BROKERS, list.join(" ")),
            Some(Reach::Public) => (PUBLIC, String::new()),
        };
        Self { kind, addresses }
    }

    /// What was chosen; none while an address is missing.
    pub fn reach(&self) -> Option<Reach> {
        Some(match self.kind {
            NETWORK => Reach::Network,
            PUBLIC => Reach::Public,
            BROKERS => {
                let list: Vec<String> = self.addresses.split_whitespace().map(str::to_owned).collect();
                return (!list.is_empty()).then_some(Reach::Brokers(list));
            }
            _ => Reach::ThisComputer,
        })
    }
}

/// Puts a choice into effect.
///
/// # Errors
/// What is missing or went wrong, in words.
pub async fn choose(ui: Ui, draft: Draft) -> Result<(), String> {
    let reach = draft.reach().ok_or_else(|| ui.say("reach-address-missing"))?;
    let control = ui.control.peek().clone();
    control.change(Choice::Reach(reach)).await.map_err(|error| ui.explain_settings(&error))
}

/// The question with its answers.
#[component]
pub fn ReachChoice(draft: Signal<Draft>) -> Element {
    let ui = use_ui();
    let available = CHOICES.iter().filter(|(kind, ..)| OWN_BROKER || ![HERE, NETWORK].contains(kind));
    let choices =
        available.map(|&(value, label, what)| Answer { value, label: ui.say(label), what: Some(ui.say(what)) });
    let kind = draft.read().kind;
    rsx! {
        Choices {
            legend: ui.say("reach-title"),
            name: "reach",
            choices: choices.collect::<Vec<_>>(),
            chosen: Some(kind),
            onchoose: move |kind| draft.write().kind = kind,
        }
        if kind == BROKERS {
            label { class: "form",
                span { class: "field-label", {ui.say("reach-address")} }
                input {
                    class: "input",
                    name: "address",
                    aria_label: ui.say("reach-address"),
                    aria_describedby: "address-hint",
                    initial_value: draft.peek().addresses.clone(),
                    autocomplete: "off",
                    autocapitalize: "none",
                    spellcheck: "false",
                    "data-autofocus": "true",
                    oninput: move |event| draft.write().addresses = event.value(),
                }
                span { id: "address-hint", class: "field-hint", {ui.say("reach-address-hint")} }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was chosen comes back as it was; an address that is missing is no choice.
    #[test]
    fn a_choice_comes_back_as_it_was() {
        for reach in [
            Reach::ThisComputer,
            Reach::Network,
            Reach::Public,
            Reach::Brokers(vec!["mqtt://a".into(), "wss://b/mqtt".into()]),
        ] {
            assert_eq!(Draft::of(Some(&reach)).reach(), Some(reach));
        }
        let none = Draft { kind: BROKERS, addresses: "  ".into() };
        assert_eq!(none.reach(), None);
    }
}
