use proptest::prelude::*;

use super::*;
use crate::log::{Query, SNIPPET_CHARS_MAX};

fn cut(text: &str) -> Vec<String> {
    words(text).into_iter().map(|word| word.text).collect()
}

/// Case, accents, width and the ways to write the same letter do not count.
#[test]
fn words_are_folded() {
    assert_eq!(cut("Hello, WORLD! it's 5pm"), ["hello", "world", "it", "s", "5pm"]);
    assert_eq!(cut("Café CAFE\u{301} ｃａｆé"), ["cafe", "cafe", "cafe"]);
    assert_eq!(cut("Straße STRASSE straẞe"), ["strasse", "strasse", "strasse"]);
    assert_eq!(cut("ΣΟΦΟΣ σοφός Ёлка Łódź Ærø"), ["σοφοσ", "σοφοσ", "елка", "lodz", "aero"]);
    assert_eq!(cut("مَرْحَبًا مرحبا"), ["مرحبا", "مرحبا"]);
    assert_eq!(cut("हिन्दी"), ["हिन्दी"], "a script whose marks are letters keeps them");
    assert_eq!(cut("co\u{ad}oper\u{200d}ate \u{202e}hid\u{202c}den"), ["cooperate", "hidden"]);
    assert_eq!(cut("x_y __ \"' \0 ‽ … ½"), ["x", "y", "1", "2"]);
    assert_eq!(cut("ok👍🏽!🎉"), ["ok", "👍", "🎉"]);
    assert_eq!(cut(&"a".repeat(100)), ["a".repeat(WORD_CHARS_MAX)]);
    assert_eq!(cut(" \n\t"), [""; 0]);
}

/// Runs without spaces become pairs, and their last character begins something too.
#[test]
fn runs_without_spaces_become_pairs() {
    assert_eq!(cut("東京都に行く"), ["東京", "京都", "都に", "に行", "行く", "く"]);
    assert_eq!(cut("木"), ["木"]);
    assert_eq!(cut("iPhone東京、タワー"), ["iphone", "東京", "京", "タワ", "ワー", "ー"]);
    assert_eq!(cut("ﾀﾜｰ ｶﾞｽ か\u{3099}"), ["タワ", "ワー", "ー", "ガス", "ス", "が"]);
    assert_eq!(cut("한국어"), ["한국", "국어", "어"]);
    assert_eq!(cut("\u{1112}\u{1161}\u{11ab}국"), ["한국", "국"], "letters of a syllable are the syllable");
    assert_eq!(cut("สวัสดี").len(), 6);
    let at: Vec<Vec<usize>> = words("é 東京").into_iter().map(|word| word.at).collect();
    assert_eq!(at, [vec![0], vec![2, 3], vec![3]]);
}

proptest! {
    /// Whatever the text is, its words are letters, digits, marks and pictographs, each made of a character that is there.
    #[test]
    fn words_are_nothing_but_words(text in "\\PC{0,60}|[\\s\\S]{0,60}|[ぁ-ん一-龥a-zé\u{301}\u{3099} ]{0,40}") {
        let length = text.chars().count();
        for word in words(&text) {
            prop_assert!(!word.text.is_empty());
            prop_assert_eq!(word.text.chars().count(), word.at.len());
            prop_assert!(word.at.iter().all(|at| *at < length) && word.at.is_sorted());
            let strange = |c: char| c.is_ascii() && !c.is_ascii_alphanumeric() || c.is_whitespace() || c.is_control();
            prop_assert!(!word.text.contains(strange), "{:?}", word.text);
        }
    }

    /// What is cut once is not cut further, and stays as it is. (Not what begins with a mark, which is a piece of a run and
    /// means nothing alone.)
    #[test]
    fn a_word_is_its_own_word(text in "\\PC{0,40}") {
        let fold = Fold::new();
        let alone = |word: &Word| word.text.chars().next().is_some_and(|first| fold.class(first) != Class::Mark);
        for word in words(&text).into_iter().filter(|word| !word.tail && alone(word)) {
            let again = words(&word.text);
            prop_assert_eq!(&again[0].text, &word.text);
        }
    }

    /// Every word of a text, every piece of it, and every two characters of a sentence without spaces find it.
    #[test]
    fn every_part_of_a_text_finds_it(text in "[A-Za-zäöüß.,'\"東京都にラーメン食べ行한국어🎉 \n]{1,60}", from in 0usize..60, length in 1usize..20) {
        let chars: Vec<char> = text.chars().collect();
        for word in text.split_whitespace() {
            let query = Query::parse(word).unwrap();
            prop_assert!(query.is_empty() || query.is_in(&text), "{word:?}");
        }
        let unspaced = |c: &char| !c.is_ascii() && c.is_alphanumeric() && !"äöüß".contains(*c);
        for pair in chars.windows(2).filter(|pair| pair.iter().all(unspaced)) {
            let query = Query::parse(&pair.iter().collect::<String>()).unwrap();
            prop_assert!(query.is_in(&text), "{pair:?}");
            prop_assert!(!query.marks(&text).is_empty());
        }
        // Any piece that begins where a word does.
        let from = from % chars.len();
        if from == 0 || !chars[from - 1].is_alphanumeric() {
            let piece: String = chars[from..].iter().take(length).filter(|c| **c != '"').collect();
            let query = Query::parse(&piece).unwrap();
            prop_assert!(query.is_empty() || query.is_in(&text) || text.contains('"'), "{piece:?}");
        }
    }

    /// Marks are ascending, apart and inside the text; a snippet is one line, has its limit, and marks what it shows.
    #[test]
    fn marks_are_in_the_text(text in "[a-c東京 \n\u{301}]{0,400}", typed in "[a-c東京 \"]{0,12}") {
        let query = Query::parse(&typed).unwrap();
        let marks = query.marks(&text);
        prop_assert!(marks.iter().all(|mark| mark.start < mark.end && mark.end <= text.chars().count()));
        prop_assert!(marks.is_sorted_by(|a, b| a.end < b.start));
        prop_assert_eq!(query.is_in(&text) && marks.is_empty(), false);
        let snippet = query.snippet(&text);
        let length = snippet.text.chars().count();
        prop_assert!(length <= SNIPPET_CHARS_MAX && !snippet.text.contains('\n'));
        prop_assert!(snippet.marks.iter().all(|mark| mark.start < mark.end && mark.end <= length));
        if let (Some(whole), Some(shown)) = (marks.first(), snippet.marks.first()) {
            let part = |text: &str, range: &std::ops::Range<usize>| -> String {
                text.chars().skip(range.start).take(range.len()).collect()
            };
            let (whole, shown) = (part(&text, whole).replace('\n', " "), part(&snippet.text, shown));
            prop_assert!(whole.starts_with(&shown.replace('…', "")), "{whole:?} {shown:?}");
        }
    }
}
