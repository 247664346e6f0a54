//! The window: what a person sees and does. The only place where Dioxus is.
//!
//! ```text
//!   coordinator ══ watch: view, deltas ══▶ bridge (one task) ══ writes ══▶ Store<Model> ══ reads ══▶ components
//!        ▲                                    ▲                                                        │
//!        └────────── commands, replies ───────┴──────────────────────── wishes ◀───────────────────────┘
//! ```
//! State flows one way. The [`bridge`] is the only writer of the store; `state` decides, as pure functions, what is written.
//! A list passes ids, each row reads its own item. Local things (an open dialog, a field) stay with their component, and
//! the text in a field belongs to the page. Every word comes from [`words`].
//!
//! The coordinator runs on a Tokio runtime of ours: when the page sleeps, only this stops, and catches up later.

pub mod bridge;
#[cfg(feature = "browser")]
pub mod browser;
pub mod clock;
mod components;
mod context;
#[cfg(feature = "desktop")]
pub mod desktop;
mod format;
#[cfg(feature = "mobile")]
pub mod phone;
#[cfg(feature = "testing")]
pub mod report;
mod root;
mod route;
mod screens;
pub mod shell;
pub mod start;
mod state;
mod typed;
mod way;
pub mod words;

use dioxus::prelude::VirtualDom;

pub use clock::Clock;
pub use context::Ui;
pub use root::App;
pub use shell::Shell;

use crate::coordinator::Handle;
use crate::host::Control;

/// Everything that the page looks like.
pub const STYLE: &str = concat!(
    include_str!("../../assets/kith.css"),
    // The dark tokens hold for whoever chose them, and for whoever leaves it to a system that is dark.
    ":root[data-theme=\"dark\"] {\n",
    include_str!("../../assets/dark.tokens"),
    "}\n@media (prefers-color-scheme: dark) { :root[data-theme=\"system\"] {\n",
    include_str!("../../assets/dark.tokens"),
    "} }\n",
    include_str!("components/style.css"),
    include_str!("screens/welcome/style.css"),
    include_str!("screens/chats/style.css"),
    include_str!("screens/conversation/style.css"),
    include_str!("screens/pages.css"),
);
/// What the page does by itself: scrolling, typing, focus, copying.
pub const SCRIPT: &str = concat!(
    include_str!("../../assets/kith.js"),
    include_str!("../../assets/message.js"),
    include_str!("../../assets/list.js")
);

/// The window's components over a coordinator, with nothing to show them yet.
#[must_use]
pub fn dom(core: Handle, control: Control, shell: Shell, clock: Clock) -> VirtualDom {
    let dom = VirtualDom::new(App).with_root_context(core).with_root_context(control);
    dom.with_root_context(shell).with_root_context(clock)
}

#[cfg(test)]
mod tests;
