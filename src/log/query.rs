//! What somebody looks up: the words that they typed, cut as those of texts are, and where these stand in a text.
//!
//! All words must occur, in any order. What holds together without a space is looked for together (an address, "don't", a
//! Japanese word), and so is what stands "between quotes". The last word may be the beginning of one. There is nothing
//! else to know: no sign that was typed is an operator.
//!
//! Pure.

use std::ops::Range;

use thiserror::Error;

use super::words::{Word, words};

/// The longest thing to look up, in characters: a sentence. Every word costs a look into the index.
pub const QUERY_CHARS_MAX: usize = 256;
/// Characters of a text that are shown of something found: three lines of a list.
pub const SNIPPET_CHARS_MAX: usize = 160;
/// Characters before the first word found: enough to see what it is about, and few enough that it is in the first line.
const LEAD_CHARS: usize = 24;

/// Words to look up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    phrases: Vec<Phrase>,
}

/// Words that must follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase {
    /// At least one, as [`words`] gives them.
    pub words: Vec<String>,
    /// Whether the last one may be the beginning of a word.
    pub prefix: bool,
}

/// Why something cannot be looked up.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum QueryError {
    /// More than [`QUERY_CHARS_MAX`] characters.
    #[error("At most {QUERY_CHARS_MAX} characters can be looked up at once; these are {0}.")]
    TooLong(usize),
}

/// The part of a text where something was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snippet {
    /// On one line, at most [`SNIPPET_CHARS_MAX`] characters, with … where it was cut.
    pub text: String,
    /// What was looked up, as ranges of its characters, ascending and apart.
    pub marks: Vec<Range<usize>>,
}

impl Query {
    /// Understands what was typed, whatever it is.
    ///
    /// # Errors
    /// When it is too long.
    pub fn parse(typed: &str) -> Result<Self, QueryError> {
        let length = typed.chars().count();
        if length > QUERY_CHARS_MAX {
            return Err(QueryError::TooLong(length));
        }
        let chunks = chunks(typed);
        let last = chunks.len();
        let phrases = (1..).zip(chunks).filter_map(|(n, (chunk, closed))| Phrase::of(&chunk, n == last && !closed));
        Ok(Self { phrases: phrases.collect() })
    }

    /// Understands what was typed as somebody's name: each word may be the beginning of one.
    ///
    /// # Errors
    /// When it is too long.
    pub fn for_name(typed: &str) -> Result<Self, QueryError> {
        let mut query = Self::parse(typed)?;
        query.phrases.iter_mut().for_each(|phrase| phrase.prefix = true);
        Ok(query)
    }

    /// Whether there is no word in it: nothing is found then.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.phrases.is_empty()
    }

    /// What must occur.
    #[must_use]
    pub fn phrases(&self) -> &[Phrase] {
        &self.phrases
    }

    /// Whether everything that is looked up occurs in a text.
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        let words = words(text);
        !self.is_empty() && self.phrases.iter().all(|phrase| phrase.places(&words).next().is_some())
    }

    /// Where a text has what is looked up, as ranges of its characters, ascending and apart.
    #[must_use]
    pub fn marks(&self, text: &str) -> Vec<Range<usize>> {
        let words = words(text);
        let mut found: Vec<Range<usize>> = self.phrases.iter().flat_map(|phrase| phrase.places(&words)).collect();
        found.sort_by_key(|range| (range.start, range.end));
        let mut marks: Vec<Range<usize>> = vec![];
        for range in found {
            match marks.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => marks.push(range),
            }
        }
        marks
    }

    /// The part of a text where the first of it stands, or its beginning.
    #[must_use]
    pub fn snippet(&self, text: &str) -> Snippet {
        let chars: Vec<char> = text.chars().collect();
        let marks = self.marks(text);
        let first = marks.first().map_or(0, |mark| mark.start);
        let start = match first.saturating_sub(LEAD_CHARS) {
            start if start <= 1 => 0,
            // At the beginning of a word, where there is one.
            start => {
                let lead = chars.get(start - 1..first).unwrap_or_default();
                lead.iter().position(|c| c.is_whitespace()).map_or(start, |gap| start + gap)
            }
        };
        // An … takes a place.
        let room = SNIPPET_CHARS_MAX - usize::from(start > 0);
        let left = chars.len() - start;
        let taken = if left <= room { left } else { room - 1 };
        let mut cut = String::new();
        if start > 0 {
            cut.push('…');
        }
        let blank = |c: &char| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { *c };
        cut.extend(chars.iter().skip(start).take(taken).map(blank));
        if taken < left {
            cut.push('…');
        }
        let shift = |at: usize| at.clamp(start, start + taken) - start + usize::from(start > 0);
        let marks = marks.into_iter().map(|mark| shift(mark.start)..shift(mark.end)).filter(|mark| !mark.is_empty());
        Snippet { text: cut, marks: marks.collect() }
    }
}

impl Phrase {
    fn of(chunk: &str, open: bool) -> Option<Self> {
        let mut words = words(chunk);
        // A run goes on perhaps where this one ends. One character alone is the beginning of a pair.
        let mut begins = false;
        if words.last().is_some_and(|last| last.tail) {
            let alone = match words.as_slice() {
                [.., before, last] => before.at.last() != last.at.last(),
                _ => true,
            };
            if alone {
                begins = true;
            } else {
                words.pop();
            }
        } else {
            begins = open;
        }
        let words: Vec<String> = words.into_iter().map(|word| word.text).collect();
        (!words.is_empty()).then_some(Self { words, prefix: begins })
    }

    /// Where it stands among the words of a text.
    fn places(&self, text: &[Word]) -> impl Iterator<Item = Range<usize>> {
        text.windows(self.words.len()).filter_map(|window| {
            let same = |(index, (word, here)): (usize, (&String, &Word))| {
                *word == here.text
                    || (self.prefix && index + 1 == self.words.len() && here.text.starts_with(word.as_str()))
            };
            if !self.words.iter().zip(window).enumerate().all(same) {
                return None;
            }
            let start = window.first()?.at.first()?;
            let last = self.words.last()?.chars().count().checked_sub(1)?;
            Some(*start..window.last()?.at.get(last)? + 1)
        })
    }
}

/// What was typed, in pieces that are looked for together, and whether each was closed by a quote.
fn chunks(typed: &str) -> Vec<(String, bool)> {
    let (mut chunks, mut chunk, mut quoted) = (vec![], String::new(), false);
    let mut end = |chunk: &mut String, closed| {
        let chunk = std::mem::take(chunk);
        if !chunk.trim().is_empty() {
            chunks.push((chunk, closed));
        }
    };
    for c in typed.chars() {
        match c {
            '"' | '“' | '”' | '„' | '«' | '»' => {
                end(&mut chunk, quoted);
                quoted = !quoted;
            }
            c if c.is_whitespace() && !quoted => end(&mut chunk, false),
            c => chunk.push(c),
        }
    }
    end(&mut chunk, false);
    chunks
}

#[cfg(test)]
mod tests;
