//! The window.
use dioxus::prelude::*;
/// x
#[component]
pub fn App() -> Element {
    rsx! {
        div { "Kith" }
    }
}
