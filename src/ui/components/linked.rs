//! A text in which web and mail addresses can be clicked.

use dioxus::prelude::*;

use crate::ui::format::{Piece, pieces};

/// A text of somebody, as it is, with its addresses as links that open elsewhere.
#[component]
pub fn Linked(text: String) -> Element {
    rsx! {
        for (index , piece) in pieces(&text).into_iter().enumerate() {
            match piece {
                Piece::Text(text) => rsx! {
                    Fragment { key: "{index}", "{text}" }
                },
                Piece::Link { text, href } => rsx! {
                    a { key: "{index}", href, target: "_blank", rel: "noopener noreferrer", "{text}" }
                },
            }
        }
    }
}
