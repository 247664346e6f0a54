//! An empty window over the same libraries as Kith's, which says when it was painted (see `kith::ui::report`): what the start
//! of Kith's window is measured against.

use dioxus::desktop::{Config, WindowBuilder, launch::launch_virtual_dom};
use dioxus::prelude::*;

fn main() {
    let window = WindowBuilder::new().with_title("Empty").with_always_on_top(false);
    launch_virtual_dom(VirtualDom::new(Empty), Config::new().with_window(window).with_menu(None))
}

#[component]
fn Empty() -> Element {
    kith::ui::report::use_painted();
    rsx! {
        main { id: "empty", "Empty" }
    }
}
