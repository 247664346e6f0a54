use uuid::Uuid;

use super::*;
use crate::ui::clock::Clock;
use crate::ui::words::Words;

/// Saturday 7 March 2026, 12:45 UTC.
const NOW: i64 = 1_772_887_500_000;
const DAY: u64 = 86_400_000;

/// Two initials where names have cases, one where they have none, and never nothing.
#[test]
fn everybody_has_initials() {
    for (name, expected) in [
        ("Bob Okafor", "BO"),
        ("amélie", "A"),
        ("José Maria de la Cruz", "JC"),
        ("中村 さくら", "中"),
        ("يوسف علي", "ي"),
        ("  Dad ", "D"),
        ("🦊 fox", "F"),
        ("!!", "!"),
        ("", ""),
    ] {
        assert_eq!(initials(name), expected, "{name}");
    }
}

/// A colour is a hue, and the same every time.
#[test]
fn a_colour_is_a_hue() {
    for seed in 0..500u128 {
        let user = Uuid::from_u128(seed * 0x1234_5678_9abc);
        assert!(hue(&user) < 360);
        assert_eq!(hue(&user), hue(&user));
    }
}

/// Only the web and mail can be clicked, and the text stays what it was.
#[test]
fn only_the_web_and_mail_are_links() {
    let text = "See (https://a.example/x_(1)), HTTP://B.example. or bob@b.example; not javascript:alert(1), file:///etc/passwd, \
                ftp://c.example or kith:abc";
    let pieces = pieces(text);
    let links: Vec<&str> = pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::Link { href, .. } => Some(href.as_str()),
            Piece::Text(_) => None,
        })
        .collect();
    assert_eq!(links, ["https://a.example/x_(1)", "HTTP://B.example", "mailto:bob@b.example"]);
    let again: String = pieces
        .iter()
        .map(|piece| match piece {
            Piece::Link { text, .. } | Piece::Text(text) => text.as_str(),
        })
        .collect();
    assert_eq!(again, text);
}

/// Today has times, yesterday and the last days have names, everything else has a date.
#[test]
fn times_read_as_people_write_them() {
    let (clock, words) = (Clock::fixed(NOW), Words::english());
    let now = u64::try_from(NOW).unwrap();
    assert_eq!(short_time(&clock, now), "12:45");
    for (days, list, label) in [
        (0, "12:45", "Today"),
        (1, "Yesterday", "Yesterday"),
        (2, "Thu", "Thursday"),
        (6, "Sun", "Sunday"),
        (7, "28 Feb", "Saturday, 28 February"),
        (400, "31 Jan 2025", "31 January 2025"),
    ] {
        let at = now - days * DAY;
        assert_eq!(list_time(&clock, &words, at), list);
        assert_eq!(day_label(&clock, &words, date_of(&clock, at)), label);
    }
    // A clock that is wrong by centuries is shown as it is, and breaks nothing.
    assert_eq!(list_time(&clock, &words, now + 3 * DAY), "10 Mar");
    assert!(!list_time(&clock, &words, u64::MAX).is_empty());
}
