//! The window.

#[cfg(feature = "browser")]
pub mod browser;
#[cfg(feature = "desktop")]
pub mod desktop;
pub mod shell;

use dioxus::prelude::*;

use crate::coordinator::Handle;
use crate::host::Control;

pub use shell::Shell;

/// Everything that the page looks like.
pub const STYLE: &str = include_str!("../../assets/kith.css");
/// What the page does by itself.
pub const SCRIPT: &str = include_str!("../../assets/kith.js");

/// The window's components over a coordinator, with nothing to show them yet.
#[must_use]
pub fn dom(core: Handle, control: Control, shell: Shell) -> VirtualDom {
    VirtualDom::new(App).with_root_context(core).with_root_context(control).with_root_context(shell)
}

/// The window.
#[component]
pub fn App() -> Element {
    let shell = use_context::<Shell>();
    let mut link = use_signal(String::new);
    use_future(move || {
        let shell = shell.clone();
        async move {
            loop {
                let next = shell.next_link().await;
                link.set(next);
            }
        }
    });
    rsx! {
        div { "Kith {link}" }
    }
}
