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

/// The elements of a component have their texts from the Fluent file: no literal stands in them, nor in an attribute that
/// a person sees or hears.
#[test]
fn no_component_holds_words() {
    let mut offences = vec![];
    let mut looked = 0;
    for (path, text) in sources(&["components", "screens", "root.rs"]) {
        for (index, block) in text.split("rsx! {").skip(1).enumerate() {
            for line in block.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
                looked += 1;
                // A text of its own, or an attribute: `"…"` or `name: "…"`; calls and conditions are code.
                let (attribute, rest) = match line.split_once(": \"") {
                    Some((name, rest)) => (name.rsplit([' ', '{', ',']).next().unwrap_or(name), rest),
                    None => match line.strip_prefix('"') {
                        Some(rest) if !line.starts_with("\"data-") => ("", rest),
                        _ => continue,
                    },
                };
                let literal = rest.split('"').next().unwrap_or_default();
                let silent = SILENT.contains(&attribute.trim_start_matches("r#")) || attribute.ends_with('"');
                if !silent && readable(literal) {
                    offences.push(format!("{} (block {index}): {line}", path.display()));
                }
            }
        }
    }
    assert!(looked > 300, "only {looked} lines of elements were found");
    assert!(offences.is_empty(), "\n{}\n", offences.join("\n"));
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
    let left: Vec<String> = keys().into_iter().filter(|key| !code.contains(&format!("\"{key}\""))).collect();
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
