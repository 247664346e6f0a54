//! The kept faults as their files say them.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};

use crate::workspace;

/// One fault.
pub(super) struct Mutant {
    pub name: String,
    pub why: String,
    pub file: PathBuf,
    pub find: String,
    pub replace: String,
    pub tests: Vec<Test>,
}

/// A test, as cargo finds it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Test {
    pub target: String,
    pub name: String,
}

/// The faults of these names; all when there are none.
pub(super) fn read_all(names: &[String]) -> Result<Vec<Mutant>> {
    let folder = workspace::root().join("tests/mutants");
    let mut mutants = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.extension().is_none_or(|end| end != "txt") {
            continue;
        }
        let name = path.file_stem().and_then(|stem| stem.to_str()).context("a name that is not UTF-8")?.to_owned();
        if names.is_empty() || names.contains(&name) {
            let text = fs::read_to_string(&path)?;
            mutants.push(parse(&name, &text).with_context(|| path.display().to_string())?);
        }
    }
    mutants.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(unknown) = names.iter().find(|name| !mutants.iter().any(|mutant| mutant.name == **name)) {
        bail!("there is no tests/mutants/{unknown}.txt");
    }
    ensure!(!mutants.is_empty(), "there are no faults in tests/mutants yet");
    Ok(mutants)
}

fn parse(name: &str, text: &str) -> Result<Mutant> {
    let mut values: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (key, value) = line.split_once(':').with_context(|| format!("`{line}` is not `key: value`"))?;
        values.entry(key.trim()).or_default().push(value.trim());
    }
    let mut take = |key: &str| values.remove(key).unwrap_or_default();
    let one = |key: &str, found: Vec<&str>| match found.as_slice() {
        [value] => Ok((*value).to_owned()),
        _ => bail!("needs exactly one `{key}:`"),
    };
    let tests: Vec<Test> = take("test")
        .into_iter()
        .map(|test| match test.split_once(' ') {
            Some((target, name)) => Ok(Test { target: target.to_owned(), name: name.trim().to_owned() }),
            None => bail!("`test: {test}` needs a target and a name"),
        })
        .collect::<Result<_>>()?;
    ensure!(!tests.is_empty(), "needs at least one `test:`");
    let mutant = Mutant {
        name: name.to_owned(),
        why: one("why", take("why"))?,
        file: one("file", take("file"))?.into(),
        find: one("find", take("find"))?,
        replace: one("replace", take("replace"))?,
        tests,
    };
    ensure!(!mutant.find.is_empty(), "`find:` is empty");
    if let Some(unknown) = values.keys().next() {
        bail!("unknown key `{unknown}`");
    }
    Ok(mutant)
}

/// The code with one place replaced, when there is exactly one such place.
pub(super) fn mutate(code: &str, mutant: &Mutant) -> Result<String> {
    match code.matches(&mutant.find).count() {
        1 => Ok(code.replacen(&mutant.find, &mutant.replace, 1)),
        count => bail!("`{}` occurs {count} times in {}", mutant.find, mutant.file.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# c\nwhy: w: x\nfile: src/a.rs\nfind: a == b\nreplace:\ntest: lib x::y\ntest: stories z\n";

    /// A change of the code that takes away the place of a fault is noticed at once, and not when somebody tries the faults again.
    #[test]
    fn every_kept_fault_has_its_place() {
        for mutant in read_all(&[]).unwrap() {
            let code = fs::read_to_string(workspace::root().join(&mutant.file)).unwrap();
            mutate(&code, &mutant).unwrap_or_else(|error| panic!("tests/mutants/{}.txt: {error:#}", mutant.name));
        }
    }

    /// A test of the library that moves takes its name in the kept faults along: one that is not there catches nothing.
    #[test]
    fn every_test_of_the_library_that_a_fault_names_is_there() {
        let source = workspace::root().join("src");
        for mutant in read_all(&[]).unwrap() {
            for Test { name, .. } in mutant.tests.iter().filter(|test| test.target == "lib") {
                let (modules, function) = name.rsplit_once("::").unwrap();
                let own = modules.replace("::", "/");
                // A module has a file of its own, or is written in its parent's.
                let parent = own.rsplit_once('/').map_or("", |(parent, _)| parent);
                let files = [&own[..], parent].map(|path| [format!("{path}.rs"), format!("{path}/mod.rs")]);
                let text = format!("fn {function}(");
                let has = |file: &String| fs::read_to_string(source.join(file)).is_ok_and(|code| code.contains(&text));
                assert!(files.iter().flatten().any(has), "tests/mutants/{}.txt: no test {name}", mutant.name);
            }
        }
    }

    /// A fault's file is read whole: comments, values with colons, an empty replacement, several tests.
    #[test]
    fn a_fault_is_read() {
        let mutant = parse("n", TEXT).unwrap();
        assert_eq!((mutant.why.as_str(), mutant.find.as_str(), mutant.replace.as_str()), ("w: x", "a == b", ""));
        assert_eq!(mutant.tests.len(), 2);
        assert_eq!(mutant.tests[1], Test { target: "stories".into(), name: "z".into() });
        assert!(parse("n", &TEXT.replace("why", "reason")).is_err());
        assert!(parse("n", &TEXT.replace("test: lib x::y\ntest: stories z", "")).is_err());
    }

    /// A fault goes to the one place it means, or nowhere.
    #[test]
    fn the_place_is_unique() {
        let mutant = parse("n", TEXT).unwrap();
        assert_eq!(mutate("if a == b {}", &mutant).unwrap(), "if  {}");
        assert!(mutate("a == b; a == b", &mutant).is_err());
        assert!(mutate("nothing", &mutant).is_err());
    }
}
