//! Words live in the Fluent file: none in a component, none that nobody says.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::ui::words::{ENGLISH, Words};

/// Attributes whose values no person reads.
const SILENT: &[&str] = &[
    "class",
    "id",
    "name",
    "role",
    "type",
    "style",
    "key",
    "value",
    "rel",
    "target",
    "dir",
    "rows",
    "tabindex",
    "for",
    "autocomplete",
    "autocapitalize",
    "spellcheck",
    "enterkeyhint",
    "novalidate",
    "readonly",
    "aria_hidden",
    "aria_modal",
    "aria_live",
    "aria_describedby",
    "aria_current",
    "aria_disabled",
    "aria_haspopup",
    "aria_expanded",
    "aria_pressed",
    "aria_checked",
    "hidden",
    "href",
];

fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

fn sources(below: &[&str]) -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ui");
    let mut found = vec![];
    for part in below {
        let path = root.join(part);
        if path.is_dir() { files(&path, &mut found) } else { found.push(path) }
    }
    found.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// What of a string literal a person would read: everything outside braces that has letters.
fn readable(literal: &str) -> bool {
    let mut depth = 0;
    literal.chars().any(|letter| {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        depth == 0 && letter.is_alphabetic()
    })
}

/// A string literal in the elements of a component.
struct Literal {
    line: usize,
    /// The attribute whose value it is; empty for a text.
    attribute: String,
    text: String,
}

/// The literals of every `rsx!` in a source that are not arguments of a call (those are keys, classes, code).
fn literals(source: &str) -> Vec<Literal> {
    let mut found = vec![];
    for (start, _) in source.match_indices("rsx! {") {
        let block = &source[start + "rsx! {".len()..];
        let (mut braces, mut parens, mut at) = (1i32, 0i32, 0usize);
        while braces > 0 && at < block.len() {
            let rest = &block[at..];
            let letter = rest.chars().next().unwrap();
            match letter {
                '{' => braces += 1,
                '}' => braces -= 1,
                '(' => parens += 1,
                ')' => parens -= 1,
                '/' if rest.starts_with("//") => at += rest.find('\n').unwrap_or(rest.len() - 1),
                '"' => {
                    let end = rest[1..].find('"').unwrap() + 1;
                    let line = block[..at].rsplit('\n').next().unwrap();
                    let name = |before: &str| before.rsplit([' ', ',', '{', '(']).next().unwrap_or_default().to_owned();
                    let attribute = match (line.trim_end().strip_suffix(':'), line.split_once(": if ")) {
                        (Some(before), _) => name(before.trim_end()),
                        (None, Some((before, _))) => name(before),
                        (None, None) => String::new(),
                    };
                    // `"data-x": …` is a name itself.
                    let is_name = rest[end + 1..].starts_with(':');
                    if parens == 0 && !is_name {
                        let number = source[..start + at].matches('\n').count() + 1;
                        found.push(Literal { line: number, attribute, text: rest[1..end].to_owned() });
                    }
                    at += end;
                }
                _ => {}
            }
            at += block[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    found
}

fn offences(source: &str) -> Vec<usize> {
    let silent = |literal: &Literal| {
        let name = literal.attribute.trim_start_matches("r#");
        SILENT.contains(&name) || name.starts_with('"')
    };
    literals(source).iter().filter(|one| readable(&one.text) && !silent(one)).map(|one| one.line).collect()
}

/// The elements of a component have their texts from the Fluent file: no literal stands in them, nor in an attribute that
/// a person sees or hears.
#[test]
fn no_component_holds_words() {
    let (mut offenders, mut looked) = (vec![], 0);
    for (path, text) in sources(&["components", "screens", "root.rs"]) {
        looked += literals(&text).len();
        offenders.extend(offences(&text).into_iter().map(|line| format!("{}:{line}", path.display())));
    }
    assert!(looked > 200, "only {looked} literals were found");
    assert!(offenders.is_empty(), "\n{}\n", offenders.join("\n"));
}

/// Words are found wherever they hide, and what is no text is none.
#[test]
fn words_in_a_component_are_found() {
    for text in [
        "rsx! { p { \"Hello\" } }",
        "rsx! {\n    span { class: \"x\", \"Hello {name}\" }\n}",
        "rsx! {\n    button { aria_label: \"Close\", title: \"{name}\" }\n}",
        "rsx! {\n    p { title: if open { \"Open\" } }\n}",
    ] {
        assert_eq!(offences(text).len(), 1, "{text}");
    }
    for code in [
        "rsx! { p { class: \"x\", {ui.say(\"hello\")} } }",
        "rsx! {\n    li { class: if open { \"row on\" } else { \"row\" }, \"data-row\": \"true\", \"{name}\" }\n}",
        "rsx! {\n    // A \"note\".\n    p { role: \"status\" }\n}",
    ] {
        assert_eq!(offences(code), Vec::<usize>::new(), "{code}");
    }
}

fn keys() -> BTreeSet<String> {
    let key = |line: &str| {
        let (key, _) = line.split_once(" =")?;
        key.starts_with(|letter: char| letter.is_ascii_lowercase()).then(|| key.to_owned())
    };
    ENGLISH.lines().filter_map(key).collect()
}

/// Every text of the file is said somewhere; one that nobody says is left over.
#[test]
fn every_text_is_said_somewhere() {
    let code: String =
        sources(&["."]).into_iter().filter(|(path, _)| !path.ends_with("texts.rs")).map(|(_, text)| text).collect();
    // What a checkup says is compared with the doctor's own words, below.
    let doctors = |key: &String| key.starts_with("problem-") || key.starts_with("fact-");
    let said = |key: &String| code.contains(&format!("\"{key}\""));
    let left: Vec<String> = keys().into_iter().filter(|key| !said(key) && !doctors(key)).collect();
    assert_eq!(left, Vec::<String>::new());
}

/// Every text that is said is in the file: whatever looks like a key in a call that says it.
#[test]
fn every_text_that_is_said_exists() {
    let (keys, words) = (keys(), Words::english());
    let mut said = 0;
    for (path, text) in sources(&["."]) {
        for call in [".say(\"", ".with(\"", ".with2(\""] {
            for rest in text.split(call).skip(1) {
                let key = rest.split('"').next().unwrap();
                said += 1;
                assert!(keys.contains(key), "{}: {key}", path.display());
                assert!(!words.say(key).starts_with('['), "{key}");
            }
        }
    }
    assert!(said > 80, "only {said} calls were found");
}

/// The window says the same as the command line, of everything that a checkup can find, and of nothing else.
#[test]
fn the_window_says_what_the_doctor_says() {
    use crate::doctor::{Fact, Problem};
    let words = Words::english();
    let mut said = BTreeSet::new();
    let mut same = |key: String, name: Option<&str>, detail: Option<String>, expected: &str| {
        let (name, detail) = (name.unwrap_or_default().to_owned(), detail.unwrap_or_default());
        assert_eq!(words.with2(&key, ("name", name), ("detail", detail)), expected);
        said.insert(key);
    };
    for problem in Problem::all() {
        let (code, told) = (problem.code(), problem.words());
        same(format!("problem-{code}"), problem.subject(), problem.detail(), &told.what);
        same(format!("problem-{code}-means"), None, None, told.means);
        same(format!("problem-{code}-do"), None, None, told.remedy);
    }
    for fact in Fact::all() {
        let detail = fact.detail().map(str::to_owned);
        same(format!("fact-{}", fact.code()), fact.subject(), detail, &fact.words());
    }
    let there: BTreeSet<String> =
        keys().into_iter().filter(|key| key.starts_with("problem-") || key.starts_with("fact-")).collect();
    assert_eq!(there, said);
}
