//! A person without a picture: initials on a colour of their own.

use uuid::Uuid;

/// At most two initials of a name: of the first and the last word; one where letters have no cases (漢字, عربي).
#[must_use]
pub fn initials(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    let first = |word: &&str| word.chars().find(|letter| letter.is_alphanumeric());
    let begin = words.first().and_then(first);
    let end = words.last().filter(|_| words.len() > 1).and_then(first);
    match (begin, end) {
        (Some(begin), Some(end)) if cased(begin) && cased(end) => upper(begin) + &upper(end),
        (Some(letter), _) | (None, Some(letter)) => upper(letter),
        (None, None) => name.chars().next().map(String::from).unwrap_or_default(),
    }
}

fn cased(letter: char) -> bool {
    letter.is_uppercase() || letter.is_lowercase()
}

fn upper(letter: char) -> String {
    letter.to_uppercase().collect()
}

/// A person's colour as a hue in degrees, from their id: the same on every device.
#[must_use]
pub fn hue(user: &Uuid) -> u16 {
    let sum = user.as_bytes().iter().fold(0u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(*byte)));
    // Below 360 by the remainder.
    u16::try_from(sum % 360).unwrap_or_default()
}
