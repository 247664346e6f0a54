//! The bodies of a reaction and of a deletion.
//!
//! What counts as one emoji is decided by blocks of Unicode that no later version of it changes, so that two versions of
//! Kith never disagree about whether a reaction is one.

use minicbor::{Decode, Encode};
use thiserror::Error;

use crate::wire::{BODY_BYTES_MAX, cbor};

/// The longest emoji in bytes: the longest one in use, a family of four with skin tones, has 41.
pub const REACTION_BYTES_MAX: usize = 64;

/// An emoji beside a message, set or taken back. Newer versions may add fields beside it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Reaction {
    /// One emoji.
    #[n(0)]
    pub emoji: String,
    /// Whether it is set.
    #[n(1)]
    pub on: bool,
}

/// Why a reaction was refused.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ReactionError {
    /// Not one emoji of at most [`REACTION_BYTES_MAX`] bytes.
    #[error("A reaction is one emoji of at most {REACTION_BYTES_MAX} bytes.")]
    NoEmoji,
    /// Not the body of a reaction.
    #[error("not a reaction: {0}")]
    Malformed(#[from] cbor::DecodeError),
}

impl Reaction {
    /// Checks a reaction that somebody wants to give.
    ///
    /// # Errors
    /// When it is not one emoji.
    pub fn new(emoji: impl Into<String>, on: bool) -> Result<Self, ReactionError> {
        let emoji = emoji.into();
        if emoji.len() > REACTION_BYTES_MAX || !is_one_emoji(&emoji) {
            return Err(ReactionError::NoEmoji);
        }
        Ok(Self { emoji, on })
    }

    /// The body's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// Reads a body.
    ///
    /// # Errors
    /// When it is not the body of a reaction, or beyond its limits.
    pub fn parse(body: &[u8]) -> Result<Self, ReactionError> {
        let Self { emoji, on } = cbor::decode(body, BODY_BYTES_MAX)?;
        Self::new(emoji, on)
    }
}

/// The body of a deletion: nothing yet. Newer versions may add fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Deletion {}

impl Deletion {
    /// The body's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// Reads a body.
    ///
    /// # Errors
    /// When it is not the body of a deletion.
    pub fn parse(body: &[u8]) -> Result<Self, cbor::DecodeError> {
        cbor::decode(body, BODY_BYTES_MAX)
    }
}

/// Two letters of a flag; or a digit with its keycap; or pictures with what changes them, put together by joiners.
fn is_one_emoji(text: &str) -> bool {
    let letters = text.chars().filter(|c| is_flag_letter(*c)).count();
    if letters > 0 {
        return letters == 2 && text.chars().count() == 2;
    }
    let mut rest = text.chars().peekable();
    if let Some('0'..='9' | '#' | '*') = rest.peek() {
        return text.chars().skip(1).eq(['\u{fe0f}', '\u{20e3}']);
    }
    loop {
        if !rest.next().is_some_and(is_picture) {
            return false;
        }
        while rest.next_if(|c| is_changer(*c)).is_some() {}
        match rest.next() {
            None => return true,
            Some(JOINER) => {}
            Some(_) => return false,
        }
    }
}

const JOINER: char = '\u{200d}';

fn is_flag_letter(c: char) -> bool {
    matches!(c, '\u{1f1e6}'..='\u{1f1ff}')
}

/// The blocks of Unicode in which emoji are, and the few emoji in other blocks.
fn is_picture(c: char) -> bool {
    matches!(c,
        '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{24c2}'
        | '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{23ff}' | '\u{25a0}'..='\u{27bf}' | '\u{2900}'..='\u{297f}'
        | '\u{2b00}'..='\u{2bff}' | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}' | '\u{1f000}'..='\u{1faff}')
        && !is_changer(c)
        && !is_flag_letter(c)
}

/// Variation selectors, skin tones, and the tags of the flags of countries within countries.
fn is_changer(c: char) -> bool {
    matches!(c, '\u{fe0e}' | '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0020}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One emoji of any make is a reaction; two of them, a word, and nothing are none.
    #[test]
    fn a_reaction_is_one_emoji() {
        for emoji in ["👍", "❤️", "👍🏽", "👩‍👩‍👧", "👨🏿‍👩🏿‍👧🏿‍👦🏿", "🇯🇵", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "1️⃣", "‼️", "©️", "🫠"]
        {
            assert!(Reaction::new(emoji, true).is_ok(), "{emoji}");
        }
        let long = "👩\u{200d}".repeat(9) + "👩";
        for emoji in
            ["", " ", "a", "1", "👍👍", "🇯", "🇯🇵🇯🇵", "👍 ", "👍\u{200d}", "\u{200d}", "🏽", "ok", "\u{202e}", &long]
        {
            assert_eq!(Reaction::new(emoji, true), Err(ReactionError::NoEmoji), "{emoji:?}");
        }
    }

    /// What was written is read; what is beyond the limits, or of another form, is refused wherever it comes from.
    #[test]
    fn reactions_and_deletions_are_read_strictly() {
        for on in [true, false] {
            let reaction = Reaction::new("🎉", on).unwrap();
            assert_eq!(Reaction::parse(&reaction.to_bytes()), Ok(reaction));
        }
        let word = Reaction { emoji: "word".into(), on: true };
        assert_eq!(Reaction::parse(&word.to_bytes()), Err(ReactionError::NoEmoji));
        for body in [&[][..], &[0xa0], &[0xa1, 0x00, 0x61, 0x31], &[0xf6]] {
            assert!(matches!(Reaction::parse(body), Err(ReactionError::Malformed(_))), "{body:?}");
        }
        assert_eq!(Deletion {}.to_bytes(), [0xa0]);
        assert_eq!(Deletion::parse(&[0xa0]), Ok(Deletion {}));
        assert_eq!(Deletion::parse(&[0xa1, 0x05, 0x01]), Ok(Deletion {}), "a newer version may say more");
        assert!(Deletion::parse(&[]).is_err() && Deletion::parse(&[0x80]).is_err());
    }
}
