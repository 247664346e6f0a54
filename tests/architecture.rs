//! The rules that the source must keep, read from the source itself.
//!
//! Who may import whom is the line in `src/lib.rs` that begins "Imports point one way": this test reads it there, so that the
//! map cannot say one thing and the test another. Only the standard library is used: `cargo xtask architecture` compiles this
//! file alone, in a second.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Beside the layers of the map: who may import them. Their own imports are free of layers above the pure ones.
const BESIDE: &[(&str, &[&str])] =
    &[("platform", &["store", "coordinator", "broker", "host", "ui"]), ("broker", &["host"])];
/// What the layers beside the map may import: nothing that knows of people or messages, except types of the wire.
const BESIDE_MAY: &[&str] = &["platform", "wire", "clock"];

/// The program itself, above all layers: launch and command line.
const PROGRAM: &[&str] = &["main", "cli", "command", "phone"];

/// Folders that do no I/O, read no clock and draw no random number …
const PURE: &[&str] =
    &["clock", "wire", "identity", "log", "sync", "signaling", "link", "coordinator/engine", "doctor"];
/// … except these, which translate between a library and a state machine.
const DRIVERS: &[&str] = &["signaling/mqtt", "link/driver", "doctor/probe"];
/// What only the drivers of a layer may import: the points at which a test kills the process lie right behind the socket.
const DRIVERS_MAY: &[&str] = &["platform"];
/// Names that pure code has no use for.
const IMPURE: &[&str] = &[
    "tokio",
    "Instant",
    "SystemTime",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "OsRng",
    "SysRng",
    "ThreadRng",
    "thread_rng",
    "getrandom",
    "rusqlite",
    "rumqttc",
    "webrtc",
];
/// The same, where the name alone would say too little.
const IMPURE_PATHS: &[&[&str]] = &[
    &["std", "fs"],
    &["std", "process"],
    &["std", "env"],
    &["std", "thread"],
    &["rand", "rng"],
    &["rand", "random"],
    &["Uuid", "new_v4"],
];
/// Names that no code of ours may hold.
const FORBIDDEN: &[&str] = &["unbounded_channel", "unbounded", "todo", "unimplemented"];
/// Beginnings of SQL, as our style writes it.
const SQL: &[&str] =
    &["SELECT ", "INSERT INTO ", "INSERT OR ", "UPDATE ", "DELETE FROM ", "CREATE TABLE ", "CREATE INDEX ", "PRAGMA "];
/// Past this a file is a place to look: would it read better as two?
const LINES_MAX: usize = 400;

// ---------------------------------------------------------------------------------------------------------- the tests

/// An import never points from a layer to one that is above it or beside it.
#[test]
fn imports_point_one_way() {
    let map = Map::read();
    let mut offences = Vec::new();
    for file in sources() {
        let Some(from) = file.layer() else { continue };
        for import in file.imports() {
            if file.is_driver() && DRIVERS_MAY.contains(&import.layer.as_str()) {
                continue;
            }
            if let Some(why) = map.refuses(from, &import.layer, file.is_test || import.in_test) {
                offences.push(format!("{}:{}: {why}", file.path.display(), import.line));
            }
        }
    }
    assert_none(offences);
}

/// Every layer that `lib.rs` declares is on the map or beside it.
#[test]
fn every_layer_is_on_the_map() {
    let map = Map::read();
    let text = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let mut declared = 0;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("pub mod ").and_then(|rest| rest.strip_suffix(';')) {
            declared += 1;
            let known = map.rank.contains_key(name) || BESIDE.iter().any(|(beside, _)| *beside == name);
            assert!(known, "`{name}` is on no map: see the line `Imports point one way` in src/lib.rs");
        }
    }
    assert!(declared > 8, "only {declared} layers were found: has the form of src/lib.rs changed?");
}

/// Pure code does no I/O, reads no clock and draws no random number.
#[test]
fn pure_layers_are_pure() {
    let mut offences = Vec::new();
    for file in sources().iter().filter(|file| file.is_pure()) {
        for (index, token) in file.tokens.iter().enumerate().filter(|(_, token)| !token.in_test) {
            let Kind::Name(name) = &token.kind else { continue };
            let path = |path: &&&[&str]| file.path_at(index, path);
            if IMPURE.contains(&name.as_str()) {
                offences.push(format!("{}:{}: `{name}` in pure code", file.path.display(), token.line));
            } else if let Some(path) = IMPURE_PATHS.iter().find(path) {
                offences.push(format!("{}:{}: `{}` in pure code", file.path.display(), token.line, path.join("::")));
            }
        }
    }
    assert_none(offences);
}

/// SQL lives in `store/` only.
#[test]
fn sql_lives_in_the_store() {
    let mut offences = Vec::new();
    for file in sources().iter().filter(|file| file.layer() != Some("store")) {
        for token in file.tokens.iter().filter(|token| !token.in_test && !file.is_test) {
            let offence = match &token.kind {
                Kind::Text(text) => SQL.iter().any(|start| text.trim_start().starts_with(start)),
                Kind::Name(name) => name == "rusqlite",
                Kind::Mark(_) => false,
            };
            if offence {
                offences.push(format!("{}:{}: SQL outside store/", file.path.display(), token.line));
            }
        }
    }
    assert_none(offences);
}

/// No queue without a bound, and nothing left for later.
#[test]
fn nothing_unbounded_and_nothing_unfinished() {
    let mut offences = Vec::new();
    for file in sources() {
        for token in &file.tokens {
            match &token.kind {
                Kind::Name(name) if FORBIDDEN.contains(&name.as_str()) => {
                    offences.push(format!("{}:{}: `{name}`", file.path.display(), token.line));
                }
                _ => {}
            }
        }
    }
    assert_none(offences);
}

/// Long files are named; that is no failure.
#[test]
fn long_files_are_named() {
    for file in sources() {
        if file.lines > LINES_MAX {
            println!("note: {} has {} lines; would it read better as two?", file.path.display(), file.lines);
        }
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

/// The map refuses what points up or sideways, and allows what points down.
#[test]
fn the_map_knows_up_from_down() {
    let map = Map::read();
    for (from, to) in
        [("node", "wire"), ("coordinator", "store"), ("log", "wire"), ("store", "platform"), ("main", "node")]
    {
        assert_eq!(map.refuses(from, to, false), None, "{from} → {to}");
    }
    for (from, to) in
        [("wire", "log"), ("identity", "log"), ("sync", "store"), ("sync", "platform"), ("link", "broker")]
    {
        assert!(map.refuses(from, to, false).is_some(), "{from} → {to}");
    }
    assert_eq!(map.refuses("sync", "link", true), None, "a test may use what is beside its layer");
    assert!(map.refuses("sync", "coordinator", true).is_some(), "a test may not use what is above its layer");
}

// ------------------------------------------------------------------------------------------------------------ the map

/// Who is above whom: a higher number may import a lower one.
struct Map {
    rank: BTreeMap<String, usize>,
}

impl Map {
    /// From the documentation of `src/lib.rs`: "Imports point one way: `a → {b, c} → d`".
    fn read() -> Self {
        let text = fs::read_to_string(root().join("src/lib.rs")).unwrap();
        let after = text.split("Imports point one way: `").nth(1).expect("src/lib.rs draws the map");
        let line = after.split('`').next().unwrap().replace("//!", " ");
        let levels: Vec<&str> = line.split('→').collect();
        let mut rank = BTreeMap::new();
        for (index, level) in levels.iter().enumerate() {
            for name in level.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|name| !name.is_empty()) {
                rank.insert(name.to_owned(), levels.len() - index);
            }
        }
        assert!(rank.len() > 6, "the map in src/lib.rs was not understood: {line}");
        Self { rank }
    }

    /// Why `from` may not import `to`, if so.
    fn refuses(&self, from: &str, to: &str, test: bool) -> Option<String> {
        if from == to || PROGRAM.contains(&from) {
            return None;
        }
        let beside = |name: &str| BESIDE.iter().find(|(beside, _)| *beside == name);
        if let Some((_, users)) = beside(to) {
            return (!users.contains(&from) && !test).then(|| format!("`{from}` may not import `{to}`"));
        }
        if beside(from).is_some() {
            return (!BESIDE_MAY.contains(&to) && !test).then(|| format!("`{from}` may not import `{to}`"));
        }
        match (self.rank.get(from), self.rank.get(to)) {
            (Some(above), Some(below)) if above > below || (test && above == below) => None,
            (Some(same), Some(other)) if same == other => Some(format!("`{from}` and `{to}` are beside each other")),
            (Some(_), Some(_)) => Some(format!("`{from}` is below `{to}` and may not import it")),
            // Not a layer (a macro, an item of the crate's root).
            _ => None,
        }
    }
}

// --------------------------------------------------------------------------------------------------------- the reader

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn assert_none(offences: Vec<String>) {
    assert!(offences.is_empty(), "\n{}\n", offences.join("\n"));
}

/// Every file below `src/`.
fn sources() -> Vec<Source> {
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

/// Stands for `::`, so that a single colon is not taken for it.
const PATH: char = '∷';

#[derive(Debug, PartialEq)]
enum Kind {
    /// An identifier or a keyword.
    Name(String),
    /// The inside of a string literal.
    Text(String),
    /// Any other character; `::` is one mark, [`PATH`].
    Mark(char),
}

#[derive(Debug)]
struct Token {
    kind: Kind,
    line: usize,
    /// Inside an item under `#[cfg(test)]`.
    in_test: bool,
    /// How many modules of this file are around it.
    inner: usize,
}

struct Import {
    layer: String,
    line: usize,
    in_test: bool,
}

struct Source {
    path: PathBuf,
    tokens: Vec<Token>,
    lines: usize,
    is_test: bool,
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
    fn layer(&self) -> Option<&str> {
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

    fn is_pure(&self) -> bool {
        let place = self.place();
        let below = |start: &&str| place == **start || place.starts_with(&format!("{start}/"));
        PURE.iter().any(below) && !self.is_driver() && !self.is_test
    }

    fn is_driver(&self) -> bool {
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
    fn path_at(&self, index: usize, path: &[&str]) -> bool {
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
    fn imports(&self) -> Vec<Import> {
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

/// Splits source into names, string literals and marks; comments and character literals are left out.
fn lex(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let (mut at, mut line) = (0, 1);
    let mut tokens = Vec::new();
    let peek = |at: usize| chars.get(at).copied().unwrap_or('\0');
    while at < chars.len() {
        let here = line;
        let kind = match chars[at] {
            '\n' => {
                line += 1;
                at += 1;
                continue;
            }
            c if c.is_whitespace() => {
                at += 1;
                continue;
            }
            '/' if peek(at + 1) == '/' => {
                while at < chars.len() && chars[at] != '\n' {
                    at += 1;
                }
                continue;
            }
            '/' if peek(at + 1) == '*' => {
                let mut depth = 0;
                while at < chars.len() {
                    match (chars[at], peek(at + 1)) {
                        ('/', '*') => (depth, at) = (depth + 1, at + 1),
                        ('*', '/') => (depth, at) = (depth - 1, at + 1),
                        ('\n', _) => line += 1,
                        _ => {}
                    }
                    at += 1;
                    if depth == 0 {
                        break;
                    }
                }
                continue;
            }
            '"' => {
                let mut inside = String::new();
                at += 1;
                while at < chars.len() && chars[at] != '"' {
                    if chars[at] == '\\' {
                        at += 1;
                    }
                    line += usize::from(peek(at) == '\n');
                    inside.push(peek(at));
                    at += 1;
                }
                at += 1;
                Kind::Text(inside)
            }
            'r' if raw_hashes(&chars, at + 1).is_some() => {
                let hashes = raw_hashes(&chars, at + 1).unwrap();
                let end: String = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
                let end: Vec<char> = end.chars().collect();
                at += hashes + 2;
                let mut inside = String::new();
                while at < chars.len() && !chars[at..].starts_with(&end) {
                    line += usize::from(chars[at] == '\n');
                    inside.push(chars[at]);
                    at += 1;
                }
                at += end.len();
                Kind::Text(inside)
            }
            '\'' if peek(at + 1) == '\\' => {
                at += 3;
                while at < chars.len() && chars[at] != '\'' {
                    at += 1;
                }
                at += 1;
                continue;
            }
            '\'' if peek(at + 2) == '\'' => {
                at += 3;
                continue;
            }
            // A lifetime.
            '\'' => {
                at += 1;
                while peek(at).is_alphanumeric() || peek(at) == '_' {
                    at += 1;
                }
                continue;
            }
            c if c.is_alphabetic() || c == '_' => {
                let start = at;
                while peek(at).is_alphanumeric() || peek(at) == '_' {
                    at += 1;
                }
                // A byte string's `b`, a C string's `c`: the literal follows.
                if at - start == 1 && matches!(c, 'b' | 'c') && matches!(peek(at), '"' | '\'') {
                    continue;
                }
                if at - start == 2 && peek(at - 1) == 'r' && raw_hashes(&chars, at).is_some() {
                    at -= 1;
                    continue;
                }
                Kind::Name(chars[start..at].iter().collect())
            }
            ':' if peek(at + 1) == ':' => {
                at += 2;
                Kind::Mark(PATH)
            }
            c => {
                at += 1;
                Kind::Mark(c)
            }
        };
        tokens.push(Token { kind, line: here, in_test: false, inner: 0 });
    }
    tokens
}

/// After the `r` of a raw string: how many `#` stand before its quote.
fn raw_hashes(chars: &[char], at: usize) -> Option<usize> {
    let hashes = chars.get(at..)?.iter().take_while(|c| **c == '#').count();
    (chars.get(at + hashes) == Some(&'"')).then_some(hashes)
}

/// Marks what stands under `#[cfg(test)]`, and counts the modules around each token.
fn place(tokens: &mut [Token]) {
    // For every open brace: whether it is a module's, and whether it is a test's.
    let mut open: Vec<(bool, bool)> = Vec::new();
    let (mut test_next, mut module_next) = (false, false);
    let mut parentheses = 0_i32;
    for index in 0..tokens.len() {
        let name = |at: usize, wanted: &str| matches!(tokens.get(at), Some(Token { kind: Kind::Name(name), .. }) if name == wanted);
        let mark = |at: usize| match tokens.get(at) {
            Some(Token { kind: Kind::Mark(mark), .. }) => *mark,
            _ => ' ',
        };
        if name(index, "cfg") && mark(index + 1) == '(' && name(index + 2, "test") && mark(index + 3) == ')' {
            // The attribute's own parentheses are open here.
            (test_next, parentheses) = (true, 0);
        }
        module_next |= name(index, "mod");
        match mark(index) {
            '(' => parentheses += 1,
            ')' => parentheses -= 1,
            // The item, the field or the variant under the attribute ends without a body.
            ';' => (module_next, test_next) = (false, false),
            ',' if parentheses == 0 => test_next = false,
            '{' => {
                let in_test = test_next || open.last().is_some_and(|(_, test)| *test);
                open.push((module_next, in_test));
                (module_next, test_next) = (false, false);
            }
            '}' => drop(open.pop()),
            _ => {}
        }
        let in_test = test_next || open.last().is_some_and(|(_, test)| *test);
        let inner = open.iter().filter(|(module, _)| *module).count();
        if let Some(token) = tokens.get_mut(index) {
            (token.in_test, token.inner) = (in_test, inner);
        }
    }
}
