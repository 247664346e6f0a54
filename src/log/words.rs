//! The words of a text, for the index of the search and for what is looked up in it: both are cut by this function, so what
//! is found never depends on what a database takes for a word.
//!
//! ```text
//! "Ein Café in 東京都"  ─▶  ein · cafe · in · 東京 · 京都 · (都)
//! ```
//! Letters are folded: no case, no accents, wide and narrow forms alike. Where a script puts no spaces between its words
//! (Chinese, Japanese, Thai; Korean too, whose words carry endings), a run of it is cut into overlapping pairs, and its
//! last character stands alone behind them, so that each character begins something. A pictograph is a word.
//!
//! Pure; what a word is follows from the text alone.

use icu_normalizer::DecomposingNormalizerBorrowed;
use icu_normalizer::properties::{CanonicalCombiningClassMapBorrowed, CanonicalCompositionBorrowed};
use icu_normalizer::{properties::CanonicalCombiningClassMap, properties::CanonicalComposition};

/// Characters of a word that count. Longer ones are addresses and keys, which nobody types to their end.
pub const WORD_CHARS_MAX: usize = 64;

/// A word, folded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// As it is compared: letters, digits, marks and pictographs only.
    pub text: String,
    /// Of which character of the text (counted from 0) each of its characters was made.
    pub at: Vec<usize>,
    /// The last character of a run without spaces, which stands in its last pair already.
    pub tail: bool,
}

/// What a folded character does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Of a word that spaces bound.
    Letter,
    /// Of a run in which words are not divided.
    Unspaced,
    /// A word of its own.
    Pictograph,
    /// Belongs to what is before it.
    Mark,
    /// As if it were not there.
    Nothing,
    /// Between words.
    Gap,
}

/// Cuts a text into its words, in order.
#[must_use]
pub fn words(text: &str) -> Vec<Word> {
    let fold = Fold::new();
    let mut cut = Cut { fold: &fold, run: vec![], unspaced: false, words: vec![] };
    for (at, c) in text.chars().enumerate() {
        fold.each(c, |folded| cut.take(folded, at));
    }
    cut.end_run();
    cut.words
}

struct Cut<'a> {
    fold: &'a Fold,
    /// What is being gathered, each character with its place.
    run: Vec<(char, usize)>,
    unspaced: bool,
    words: Vec<Word>,
}

impl Cut<'_> {
    fn take(&mut self, c: char, at: usize) {
        match self.fold.class(c) {
            Class::Nothing => {}
            Class::Gap => self.end_run(),
            Class::Pictograph => {
                self.end_run();
                self.words.push(Word { text: c.to_string(), at: vec![at], tail: false });
            }
            Class::Letter => self.gather(c, at, false),
            Class::Unspaced => self.gather(c, at, true),
            // A mark without a letter says nothing.
            Class::Mark if self.run.is_empty() => {}
            Class::Mark => self.gather(c, at, self.unspaced),
        }
    }

    fn gather(&mut self, c: char, at: usize, unspaced: bool) {
        if self.unspaced != unspaced {
            self.end_run();
            self.unspaced = unspaced;
        }
        // What folding took apart and belongs together: が of か and its mark, a Korean syllable of its letters.
        if unspaced
            && let Some((last, _)) = self.run.last_mut()
            && let Some(whole) = self.fold.compose.compose(*last, c)
        {
            *last = whole;
            return;
        }
        if unspaced || self.run.len() < WORD_CHARS_MAX {
            self.run.push((c, at));
        }
    }

    fn end_run(&mut self) {
        let run = std::mem::take(&mut self.run);
        let word = |run: &[(char, usize)], tail| Word {
            text: run.iter().map(|(c, _)| c).collect(),
            at: run.iter().map(|(_, at)| *at).collect(),
            tail,
        };
        match run.as_slice() {
            [] => {}
            [.., last] if self.unspaced => {
                self.words.extend(run.windows(2).map(|pair| word(pair, false)));
                self.words.push(word(&[*last], true));
            }
            run => self.words.push(word(run, false)),
        }
    }
}

/// Unicode's tables, as far as they are needed.
struct Fold {
    decompose: DecomposingNormalizerBorrowed<'static>,
    compose: CanonicalCompositionBorrowed<'static>,
    combining: CanonicalCombiningClassMapBorrowed<'static>,
}

impl Fold {
    fn new() -> Self {
        Self {
            decompose: DecomposingNormalizerBorrowed::new_nfkd(),
            compose: CanonicalComposition::new(),
            combining: CanonicalCombiningClassMap::new(),
        }
    }

    /// What a character becomes: parts of it, in small letters, without accents.
    fn each(&self, c: char, mut then: impl FnMut(char)) {
        if c.is_ascii() {
            return then(c.to_ascii_lowercase());
        }
        for part in self.decompose.normalize_iter(std::iter::once(c)) {
            for small in part.to_lowercase() {
                match small {
                    'ß' => "ss".chars().for_each(&mut then),
                    'æ' => "ae".chars().for_each(&mut then),
                    'œ' => "oe".chars().for_each(&mut then),
                    // Letters that Unicode does not take apart and that people type without.
                    'ø' => then('o'),
                    'ł' => then('l'),
                    'đ' => then('d'),
                    'ı' => then('i'),
                    'ς' => then('σ'),
                    small if is_accent(small) => {}
                    small => then(small),
                }
            }
        }
    }

    fn class(&self, c: char) -> Class {
        match c {
            _ if c.is_ascii_alphanumeric() => Class::Letter,
            _ if c.is_ascii() => Class::Gap,
            // Soft hyphen, joiners, signs of direction, forms of the character before, colours of skin.
            '\u{ad}'
            | '\u{61c}'
            | '\u{200c}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{1f3fb}'..='\u{1f3ff}'
            | '\u{e0000}'..='\u{e007f}' => Class::Nothing,
            '\u{2600}'..='\u{27bf}' | '\u{1f000}'..='\u{1faff}' => Class::Pictograph,
            _ if is_unspaced(c) => Class::Unspaced,
            _ if self.combining.get_u8(c) != 0 => Class::Mark,
            _ if c.is_alphanumeric() => Class::Letter,
            _ => Class::Gap,
        }
    }
}

/// Marks without which a word is the same to whoever looks for it: accents of Latin, Greek and Cyrillic letters, vowel signs
/// of Hebrew and Arabic, and Arabic's stretching. Those of other scripts are letters as good as any.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}'..='\u{5c2}' | '\u{5c4}'..='\u{5c5}'
        | '\u{5c7}' | '\u{610}'..='\u{61a}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// Scripts that put no spaces between words, with the marks that belong to their characters.
fn is_unspaced(c: char) -> bool {
    matches!(c,
        // Thai, Lao, Burmese, Khmer.
        '\u{e01}'..='\u{e3a}' | '\u{e40}'..='\u{e4e}' | '\u{e81}'..='\u{ece}' | '\u{1000}'..='\u{1049}'
        | '\u{1050}'..='\u{109f}' | '\u{1780}'..='\u{17d3}'
        // Kana with their marks and the sign that lengthens, Hangul, Bopomofo, Han.
        | '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{309a}' | '\u{309d}'..='\u{309f}' | '\u{30a1}'..='\u{30fa}'
        | '\u{30fc}'..='\u{30ff}' | '\u{3105}'..='\u{312f}' | '\u{31a0}'..='\u{31bf}' | '\u{31f0}'..='\u{31ff}'
        | '\u{1100}'..='\u{11ff}' | '\u{3131}'..='\u{318e}' | '\u{a960}'..='\u{a97f}' | '\u{ac00}'..='\u{d7fb}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{1b000}'..='\u{1b16f}'
        | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests;
