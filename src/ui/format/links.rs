//! What can be clicked in a text: web and mail addresses, and nothing else.

use linkify::{LinkFinder, LinkKind};

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// As it is.
    Text(String),
    /// Something to click.
    Link {
        /// As it was written.
        text: String,
        /// Where it leads: `http:`, `https:` or `mailto:`.
        href: String,
    },
}

/// A text in its parts, in order; together they are the text again.
#[must_use]
pub fn pieces(text: &str) -> Vec<Piece> {
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url, LinkKind::Email]);
    finder.spans(text).map(|span| piece(span.as_str(), span.kind())).collect()
}

fn piece(text: &str, kind: Option<&LinkKind>) -> Piece {
    let lower = text.to_ascii_lowercase();
    let href = match kind {
        Some(LinkKind::Email) => Some(format!("mailto:{text}")),
        Some(LinkKind::Url) if ["http://", "https://", "mailto:"].iter().any(|scheme| lower.starts_with(scheme)) => {
            Some(text.to_owned())
        }
        _ => None,
    };
    match href {
        Some(href) => Piece::Link { text: text.to_owned(), href },
        None => Piece::Text(text.to_owned()),
    }
}
