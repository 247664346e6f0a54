//! The files of the source, and what each mentions.

use std::fs;
use std::path::{Path, PathBuf};

use crate::lexer::{Kind, PATH, Token, lex, place};
use crate::pure::{DRIVERS, PURE};
use crate::root;

/// Every file below `src/`.
pub fn sources() -> Vec<Source> {
    fn walk(dir: &Path, found: &mut Vec<Source>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push(Source::parse(path.strip_prefix(root()).unwrap().to_path_buf(), &text));
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join("src"), &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!found.is_empty());
    found
}

/// A mention of a layer.
pub struct Import {
    pub layer: String,
    pub line: usize,
    pub in_test: bool,
}

/// A file.
pub struct Source {
    pub path: PathBuf,
    pub tokens: Vec<Token>,
    pub lines: usize,
    pub is_test: bool,
}

impl Source {
    fn parse(path: PathBuf, text: &str) -> Self {
        let mut tokens = lex(text);
        place(&mut tokens);
        let is_test = path.components().any(|part| {
            let name = part.as_os_str().to_string_lossy();
            name == "tests" || name == "tests.rs" || name.ends_with("_tests.rs")
        });
        Self { path, tokens, lines: text.lines().count(), is_test }
    }

    /// The path below `src/` without its ending: `sync/have`.
    fn place(&self) -> String {
        let below = self.path.strip_prefix("src").unwrap().with_extension("");
        below.to_string_lossy().replace('\\', "/")
    }

    /// The layer that it belongs to; `main` or `cli` for the program; `None` for the root of the library.
    pub fn layer(&self) -> Option<&str> {
        let first = self.path.components().nth(1)?.as_os_str().to_str()?;
        match first.strip_suffix(".rs").unwrap_or(first) {
            "lib" => None,
            name => Some(name),
        }
    }

    /// How many modules deep its top level is: 1 for `sync/mod.rs`, 2 for `sync/have.rs`.
    fn depth(&self) -> usize {
        let place = self.place();
        let parts = place.split('/').filter(|part| !matches!(*part, "mod" | "lib" | "main")).count();
        parts.max(usize::from(!matches!(place.as_str(), "lib" | "main")))
    }

    pub fn is_pure(&self) -> bool {
        let place = self.place();
        let below = |start: &&str| place == **start || place.starts_with(&format!("{start}/"));
        PURE.iter().any(below) && !self.is_driver() && !self.is_test
    }

    pub fn is_driver(&self) -> bool {
        let place = self.place();
        DRIVERS.iter().any(|start| place.starts_with(start))
    }

    fn name(&self, index: usize) -> Option<&str> {
        match self.tokens.get(index).map(|token| &token.kind) {
            Some(Kind::Name(name)) => Some(name),
            _ => None,
        }
    }

    fn mark(&self, index: usize, mark: char) -> bool {
        self.tokens.get(index).is_some_and(|token| token.kind == Kind::Mark(mark))
    }

    /// Whether these names, joined by `::`, stand at this token; the last may also stand in braces (`std::{fs, io}`).
    pub fn path_at(&self, index: usize, path: &[&str]) -> bool {
        let Some((last, first)) = path.split_last() else { return false };
        let joined = first
            .iter()
            .enumerate()
            .all(|(step, name)| self.name(index + 2 * step) == Some(name) && self.mark(index + 2 * step + 1, PATH));
        let next = index + 2 * first.len();
        // `.rng()` is a method of ours; only a whole path counts.
        joined && !(index > 0 && self.mark(index - 1, '.')) && self.heads(next).iter().any(|(name, _)| name == last)
    }

    /// The first names of the path or of the group of paths that begins at this token.
    fn heads(&self, index: usize) -> Vec<(String, usize)> {
        if let Some(name) = self.name(index) {
            return vec![(name.to_owned(), index)];
        }
        let mut heads = Vec::new();
        if self.mark(index, '*') {
            heads.push(("*".to_owned(), index));
        } else if self.mark(index, '{') {
            let (mut at, mut depth, mut first) = (index + 1, 1, true);
            while depth > 0 && at < self.tokens.len() {
                match &self.tokens[at].kind {
                    Kind::Mark('{') => depth += 1,
                    Kind::Mark('}') => depth -= 1,
                    Kind::Mark(',') if depth == 1 => first = true,
                    Kind::Name(name) if depth == 1 && first => {
                        heads.push((name.clone(), at));
                        first = false;
                    }
                    _ => {}
                }
                at += 1;
            }
        }
        heads
    }

    /// Every mention of a layer by a path from the crate's root: `crate::x`, `kith::x`, or enough `super`s.
    pub fn imports(&self) -> Vec<Import> {
        let mut imports = Vec::new();
        for index in 0..self.tokens.len() {
            // In the middle of a path: seen already from its start (a leading `::` names other crates).
            if index > 0 && self.mark(index - 1, PATH) {
                continue;
            }
            let token = &self.tokens[index];
            let start = match self.name(index) {
                Some("crate" | "kith") if self.mark(index + 1, PATH) => index + 2,
                Some("super") => {
                    let mut next = index;
                    let mut ups = 0;
                    while self.name(next) == Some("super") && self.mark(next + 1, PATH) {
                        ups += 1;
                        next += 2;
                    }
                    // As many as there are modules around it lead to the root.
                    if ups < self.depth() + token.inner {
                        continue;
                    }
                    next
                }
                _ => continue,
            };
            for (layer, at) in self.heads(start) {
                imports.push(Import { layer, line: self.tokens[at].line, in_test: token.in_test });
            }
        }
        imports
    }
}

/// The tests above would be worth nothing if the reader of source saw too little.
#[test]
fn the_reader_sees_every_form_of_import() {
    let text = r##"
        //! `crate::no::comment`
        use crate::wire::{self, bytes};
        use crate::{log, identity::Card, sync as s};
        /* crate::no::block /* crate::no::nested */ */
        fn f<'a>(x: &'a str) { let c = '"'; crate::store::open("crate::no::text"); r#"crate::no::raw "quoted""#; }
        pub(in crate::sync) fn g() { super::super::link::go(); super::own(); }
        mod inner { fn h() { super::super::super::node::run(); super::super::own(); } }
        #[cfg(test)]
        mod tests { use crate::broker::Broker; use super::super::super::{clock, platform::x}; }
        #[cfg(test)]
        use crate::log as l;
        fn after(a: u8) { crate::node::run(); }
        use kith::coordinator::start;
    "##;
    let file = Source::parse("src/sync/have.rs".into(), text);
    let found: Vec<(String, bool)> = file.imports().into_iter().map(|import| (import.layer, import.in_test)).collect();
    let expected = [
        ("wire", false),
        ("log", false),
        ("identity", false),
        ("sync", false),
        ("store", false),
        ("sync", false),
        ("link", false),
        ("node", false),
        ("broker", true),
        ("clock", true),
        ("platform", true),
        ("log", true),
        ("node", false),
        ("coordinator", false),
    ];
    let expected: Vec<(String, bool)> = expected.iter().map(|(name, test)| ((*name).to_owned(), *test)).collect();
    assert_eq!(found, expected);
}
