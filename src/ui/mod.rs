//! The window.

#[cfg(feature = "browser")]
pub mod browser;
pub mod words;

use dioxus::prelude::*;

use crate::coordinator::Handle;
use crate::host::Control;

/// The look of every page.
pub const STYLE: &str = include_str!("../../assets/kith.css");
/// What a page does by itself.
pub const SCRIPT: &str = include_str!("../../assets/kith.js");

/// The window's components, not yet shown anywhere.
#[must_use]
pub fn dom(core: Handle, control: Control) -> VirtualDom {
    VirtualDom::new_with_props(App, AppProps { core: Held(core), control: Held(control) })
}

/// A value that never makes a component draw itself again.
#[derive(Clone)]
struct Held<T>(T);

impl<T> PartialEq for Held<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

#[component]
fn App(core: Held<Handle>, control: Held<Control>) -> Element {
    let _ = (core.0, control.0);
    let mut count = use_signal(|| 0);
    rsx! {
        main {
            h1 { "Kith" }
            button { onclick: move |_| count += 1, "Count {count}" }
        }
    }
}
