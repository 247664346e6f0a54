//! A safety number, in groups that are read to each other.

use dioxus::prelude::*;

/// Twelve groups of five digits.
#[component]
pub fn SafetyNumber(number: String) -> Element {
    rsx! {
        div { class: "safety", dir: "ltr",
            for (index , group) in number.split_whitespace().map(str::to_owned).enumerate() {
                span { key: "{index}", "{group} " }
            }
        }
    }
}
