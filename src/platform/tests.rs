use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::*;

/// Two Kiths never share a data directory, and the lock ends with its holder.
#[test]
fn a_data_directory_has_one_holder() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("kith");
    let first = DataDir::open(&path).unwrap();
    assert!(matches!(DataDir::open(&path), Err(DataDirError::InUse(_))));
    drop(first);
    DataDir::open(&path).unwrap();
}

/// A directory that cannot be made is an error with its name in it.
#[test]
fn an_unusable_directory_is_named() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("file");
    fs::write(&file, b"").unwrap();
    let error = DataDir::open(&file.join("kith")).unwrap_err();
    assert!(error.to_string().contains("file/kith"), "{error}");
}

/// A secret comes back as it was written, for its owner only, and what is too long to be one is refused.
#[cfg(unix)]
#[test]
fn secrets_are_for_their_owner() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("identity.key");
    assert!(read_secret(&path, 10).unwrap().is_none());
    write_secret(&path, b"first").unwrap();
    write_secret(&path, b"secret").unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(**read_secret(&path, 10).unwrap().unwrap(), *b"secret");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(read_secret(&path, 5).is_err());
}

/// Every crash point that the code names is in the table, and every one in the table is in the code.
#[test]
fn every_crash_point_is_in_the_table() {
    let mut used = BTreeSet::new();
    read_points(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut used);
    let table: BTreeSet<String> = crash::POINTS.iter().map(ToString::to_string).collect();
    assert_eq!(used, table);
    assert!(crash::POINTS.is_sorted() && table.len() >= 20);
}

fn read_points(dir: &Path, used: &mut BTreeSet<String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_points(&path, used);
            continue;
        }
        if path.file_name().is_none_or(|name| name == "tests.rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("pub const POINTS").next().unwrap().to_owned()
            + text.split_once("];\n").filter(|_| text.contains("pub const POINTS")).map_or("", |(_, rest)| rest);
        for quoted in code.split('"').skip(1).step_by(2) {
            let shape = quoted.split('.').collect::<Vec<_>>();
            let group = ["broker", "end", "link", "publish", "reply", "secrets", "store"].contains(&shape[0]);
            let place = shape.last().is_some_and(|last| last.starts_with("before") || last.starts_with("after"));
            if group && place && shape.len() > 1 {
                used.insert(quoted.to_owned());
            }
        }
    }
}
