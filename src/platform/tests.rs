use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::*;

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

/// What a killed write left behind is in nobody's way, and nothing is left beside a finished one.
#[test]
fn a_killed_write_is_in_nobodys_way() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("identity.key");
    fs::write(home.path().join("identity.new"), "half").unwrap();
    write_secret(&path, b"whole").unwrap();
    assert_eq!(**read_secret(&path, 5).unwrap().unwrap(), *b"whole");
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    assert!(write_secret(&home.path().join("no/such/key"), b"x").unwrap_err().to_string().contains("no/such/key"));
}

/// A slip in the variable is said at the start, so that no test passes because nothing was killed.
#[test]
fn a_slip_in_the_crash_variable_is_said() {
    let known = crash::POINTS[0];
    assert_eq!(crash::parse(&format!("{known}:3")), Ok((known, 3)));
    for text in ["", known, "nowhere:1", &format!("{known}:0"), &format!("{known}:x"), &format!("{known}:1:1")] {
        assert!(crash::parse(text).is_err(), "{text}");
    }
}

/// The process dies the moment it passes a point for the n-th time, by the signal that nothing can catch.
#[cfg(all(feature = "crash-points", unix))]
#[test]
fn the_process_dies_at_the_nth_passing() {
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Command, Stdio};
    let home = tempfile::tempdir().unwrap();
    for (count, passed) in [(1, 0), (3, 2)] {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "platform::tests::child_that_passes_a_point_four_times", "--nocapture"]);
        child.env(CHILD_DIR, home.path()).env(crash::VARIABLE, format!("{}:{count}", crash::POINTS[0]));
        let status = child.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert_eq!(status.signal(), Some(9));
        assert_eq!(fs::read_to_string(home.path().join("passed")).unwrap(), "x".repeat(passed));
    }
}

#[cfg(all(feature = "crash-points", unix))]
const CHILD_DIR: &str = "KITH_TEST_CRASH_DIR";

/// No test of its own: the process that `the_process_dies_at_the_nth_passing` starts.
#[cfg(all(feature = "crash-points", unix))]
#[test]
fn child_that_passes_a_point_four_times() {
    let Some(dir) = std::env::var_os(CHILD_DIR) else { return };
    for passed in 0..4 {
        fs::write(Path::new(&dir).join("passed"), "x".repeat(passed)).unwrap();
        crash::point(crash::POINTS[0]);
    }
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
