//! Who may import whom.

use std::collections::BTreeMap;
use std::fs;

use crate::root;

/// Beside the layers of the map: who may import them. Their own imports are free of layers above the pure ones.
const BESIDE: &[(&str, &[&str])] =
    &[("platform", &["store", "coordinator", "broker", "host", "ui"]), ("broker", &["host"])];
/// What the layers beside the map may import: nothing that knows of people or messages, except types of the wire.
const BESIDE_MAY: &[&str] = &["platform", "wire", "clock"];

/// The program itself, above all layers: launch and command line.
const PROGRAM: &[&str] = &["main", "cli", "command", "phone"];

/// Who is above whom: a higher number may import a lower one.
pub struct Map {
    rank: BTreeMap<String, usize>,
}

impl Map {
    /// From the documentation of `src/lib.rs`: "Imports point one way: `a → {b, c} → d`".
    pub fn read() -> Self {
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
    pub fn refuses(&self, from: &str, to: &str, test: bool) -> Option<String> {
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
