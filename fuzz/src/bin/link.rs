//! Links: what is accepted has one form, and its card holds.
//!
//! First byte: 0 reads the rest as text; above, it is the content of a link, whose check is made to hold.
#![cfg_attr(not(test), no_main)]

use kith::identity::{Card, LINK_CHARS_MAX, Link, LinkError};
use kith_fuzz::wrap_link;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    match bytes {
        [] => {}
        [0, text @ ..] => {
            if let Ok(text) = std::str::from_utf8(text) {
                check(text);
            }
        }
        [_, content @ ..] => check(&wrap_link(content)),
    }
});

fn check(text: &str) {
    let read = Link::parse(text, None);
    assert_eq!(read, Link::parse(text, None));
    let Ok(link) = read else { return };
    assert_eq!(link.to_text(), text.trim());
    assert!(text.trim().len() <= LINK_CHARS_MAX);
    assert_eq!(Card::verify(link.card.bytes()).as_ref(), Ok(&link.card));
    assert_eq!(Link::parse(text, Some(&link.card.root())), Err(LinkError::Own));
}
