//! Names and what of a text may be shown.

use std::fmt;

use thiserror::Error;

/// A name: what fits on one line of a phone, several times over, in any script.
pub const NAME_BYTES_MAX: usize = 128;

/// A name that can be shown anywhere: one line, not empty, nothing in it that hides or turns around its neighbours.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(String);

/// Why a name was refused.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum NameError {
    /// Nothing that can be seen.
    #[error("A name needs at least one visible character.")]
    Empty,
    /// More than [`NAME_BYTES_MAX`] bytes.
    #[error("A name has at most {NAME_BYTES_MAX} bytes; this one has {0}.")]
    TooLong(usize),
}

impl Name {
    /// Trims a name, drops control and bidi characters, and makes runs of white space one space.
    ///
    /// # Errors
    /// When it is too long, or when nothing visible is left.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.len() > NAME_BYTES_MAX {
            return Err(NameError::TooLong(text.len()));
        }
        let words: Vec<String> = text
            .split_whitespace()
            .map(|word| word.chars().filter(|c| !c.is_control() && !deceives(*c) && !invisible(*c)).collect())
            .filter(|word: &String| !word.is_empty())
            .collect();
        if words.is_empty() { Err(NameError::Empty) } else { Ok(Self(words.join(" "))) }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text as it may be shown: without the characters that turn around what follows them (embeddings, overrides and
/// isolates of Unicode's UAX #9). What is stored and forwarded stays as it was written.
#[must_use]
pub fn visible(text: &str) -> String {
    text.chars().filter(|c| !deceives(*c)).collect()
}

fn deceives(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn invisible(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}
