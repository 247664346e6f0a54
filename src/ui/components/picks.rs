//! Some of many people: a field to find them by name, and a box for each.

use dioxus::prelude::*;
use uuid::Uuid;

use super::Avatar;
use crate::log::Query;
use crate::ui::context::use_ui;

/// Some of many.
#[component]
pub fn Picks(
    /// Everybody who can be chosen, with what they are called.
    people: Vec<(Uuid, String)>,
    /// Those who are.
    chosen: Signal<Vec<Uuid>>,
    /// So many can be at most.
    most: usize,
    /// Whether the field has the focus at first.
    #[props(default)]
    first: bool,
) -> Element {
    let ui = use_ui();
    let mut chosen = chosen;
    let mut wanted = use_signal(String::new);
    // Nothing typed is everybody; more than anybody's name has is nobody.
    let query = Query::for_name(&wanted.read());
    let is_found = |name: &str| query.as_ref().is_ok_and(|query| query.is_empty() || query.is_in(name));
    let found: Vec<(Uuid, String)> = people.into_iter().filter(|(_, name)| is_found(name)).collect();
    let full = chosen.read().len() >= most;
    rsx! {
        input {
            class: "input",
            r#type: "search",
            name: "search",
            autocomplete: "off",
            aria_label: ui.say("picks-search"),
            placeholder: ui.say("picks-search"),
            "data-autofocus": if first { "true" },
            oninput: move |event| wanted.set(event.value()),
        }
        if found.is_empty() {
            p { class: "muted picks", {ui.say("picks-none")} }
        } else {
            ul { class: "picks", aria_label: ui.say("picks-people"),
                for (user , name) in found {
                    li { key: "{user}",
                        label { class: "pick",
                            input {
                                r#type: "checkbox",
                                name: "picked",
                                aria_label: "{name}",
                                checked: chosen.read().contains(&user),
                                disabled: full && !chosen.read().contains(&user),
                                oninput: move |event| {
                                    let mut chosen = chosen.write();
                                    chosen.retain(|known| *known != user);
                                    if event.checked() && chosen.len() < most {
                                        chosen.push(user);
                                    }
                                },
                            }
                            Avatar { user, name: name.clone(), hue: ui.group(user).map(|group| group.hue), small: true }
                            span { class: "name",
                                bdi { "{name}" }
                            }
                        }
                    }
                }
            }
        }
    }
}
