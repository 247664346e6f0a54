#![allow(clippy::single_range_in_vec_init, reason = "one mark is a list of one range")]

use super::*;

fn parse(typed: &str) -> Vec<(Vec<String>, bool)> {
    let query = Query::parse(typed).unwrap();
    query.phrases().iter().map(|phrase| (phrase.words.clone(), phrase.prefix)).collect()
}

fn phrase(words: &[&str], prefix: bool) -> (Vec<String>, bool) {
    (words.iter().map(|word| (*word).to_owned()).collect(), prefix)
}

/// Words in any order, the last one perhaps begun; quotes, and what has no space in it, hold together.
#[test]
fn what_is_typed_is_understood() {
    assert_eq!(parse("Good mor"), [phrase(&["good"], false), phrase(&["mor"], true)]);
    assert_eq!(parse("\"good morning\" all"), [phrase(&["good", "morning"], false), phrase(&["all"], true)]);
    assert_eq!(parse("\"good mor"), [phrase(&["good", "mor"], true)], "a quote that is still open");
    assert_eq!(parse("“good mor”"), [phrase(&["good", "mor"], false)]);
    assert_eq!(parse("bob@x.org don't"), [phrase(&["bob", "x", "org"], false), phrase(&["don", "t"], true)]);
    assert_eq!(parse("東京"), [phrase(&["東京"], false)]);
    assert_eq!(parse("東京都 駅"), [phrase(&["東京", "京都"], false), phrase(&["駅"], true)]);
    assert_eq!(parse("駅 東京"), [phrase(&["駅"], true), phrase(&["東京"], false)]);
    assert_eq!(parse("\"東京 駅\""), [phrase(&["東京", "京", "駅"], true)]);
    for nothing in ["", "  ", "\"\"", "* - ( ) ^ : \"", "\"*\" \0"] {
        assert_eq!(parse(nothing), [], "{nothing:?}");
    }
    assert_eq!(parse("a OR b NOT (c) AND NEAR(d)").len(), 7, "words, not operators");
    assert_eq!(Query::parse(&"a".repeat(QUERY_CHARS_MAX + 1)), Err(QueryError::TooLong(QUERY_CHARS_MAX + 1)));
    assert!(Query::parse(&"東".repeat(QUERY_CHARS_MAX)).is_ok());
}

/// Somebody is found by the beginnings of their names, in any order and case, with accents or without.
#[test]
fn a_name_is_found_by_its_beginnings() {
    let found = |typed: &str, name: &str| Query::for_name(typed).unwrap().is_in(name);
    for typed in ["bob", "OKA bo", "é", "e", "bob okafor e"] {
        assert!(found(typed, "Bob Okafor É"), "{typed}");
    }
    for typed in ["", "bob x", "afor", "\"okafor bob\""] {
        assert!(!found(typed, "Bob Okafor É"), "{typed}");
    }
    assert!(found("東", "東京太郎") && found("太郎", "東京太郎"));
}

/// What is looked up is marked where it stands: the beginning of a word only as far as it was typed.
#[test]
fn what_was_found_is_marked() {
    let marks = |typed: &str, text: &str| Query::parse(typed).unwrap().marks(text);
    assert_eq!(marks("morn", "Good Morning, morn"), [5..9, 14..18]);
    assert_eq!(marks("morning good", "Good Mörning"), [0..4, 5..12]);
    assert_eq!(marks("東京", "昨日は東京へ"), [3..5]);
    assert_eq!(marks("東京都", "東京都庁"), [0..3]);
    assert_eq!(marks("京", "東京"), [1..2]);
    assert_eq!(marks("strasse", "Die Straße!"), [4..10]);
    assert_eq!(marks("\"b c\"", "a b, c b"), [2..6]);
    assert_eq!(marks("b c", "abc"), [0..0; 0]);
}

/// A snippet begins near what was found, at a word, and says with … where it was cut.
#[test]
fn a_snippet_shows_where() {
    let query = Query::parse("needle").unwrap();
    let short = query.snippet("a needle\nhere");
    assert_eq!((short.text.as_str(), short.marks), ("a needle here", vec![2..8]));
    let text = format!("{} needle {}", "hay ".repeat(100), "straw ".repeat(100));
    let long = query.snippet(&text);
    assert!(long.text.starts_with("…hay hay") && long.text.ends_with('…'), "{}", long.text);
    assert_eq!(long.text.chars().count(), SNIPPET_CHARS_MAX);
    let marked: String = long.text.chars().skip(long.marks[0].start).take(long.marks[0].len()).collect();
    assert_eq!(marked, "needle");
    let none = query.snippet(&"hay ".repeat(100));
    assert!(none.marks.is_empty() && none.text.starts_with("hay hay"));
}
