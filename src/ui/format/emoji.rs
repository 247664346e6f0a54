//! Messages that are nothing but a few pictures are shown large.

/// So many pictures are still a gesture; more are a text.
const PICTURES_MAX: usize = 6;

/// Whether a text is a few emoji and nothing else.
#[must_use]
pub fn is_emoji(text: &str) -> bool {
    let text = text.trim();
    let pictures = text.chars().filter(|c| is_picture(*c)).count();
    (1..=PICTURES_MAX).contains(&pictures) && text.chars().all(|c| is_picture(c) || is_joiner(c) || c == ' ')
}

/// The blocks of Unicode in which emoji are; letters, digits and punctuation are elsewhere.
fn is_picture(c: char) -> bool {
    matches!(c, '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}') && !is_joiner(c)
}

/// What changes a picture or puts two together: variation selectors, the joiner, skin tones.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{fe0e}' | '\u{fe0f}' | '\u{200d}' | '\u{1f3fb}'..='\u{1f3ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A few pictures are large; a word, a number, a long row of them, and nothing are not.
    #[test]
    fn a_few_pictures_are_a_gesture() {
        for text in ["🙂", " ❤️ ", "👍🏽", "👩‍👩‍👧", "🎉 🎉 🎉"] {
            assert!(is_emoji(text), "{text}");
        }
        for text in ["", " ", "ok 🙂", "1", "!", "\u{200d}", "🙂🙂🙂🙂🙂🙂🙂"] {
            assert!(!is_emoji(text), "{text}");
        }
    }
}
