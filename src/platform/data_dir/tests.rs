use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use super::*;

const DIR: &str = "KITH_TEST_LOCK_DIR";

/// No test of its own: the process that `a_killed_process_never_blocks_the_next` starts and kills.
#[test]
fn child_that_holds_a_directory() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let _held = DataDir::open(PathBuf::from(dir)).unwrap();
    println!("\nheld");
    // Until the parent kills us, or goes.
    let _ = std::io::stdin().read_line(&mut String::new());
}

fn child_on(dir: &Path) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "platform::data_dir::tests::child_that_holds_a_directory", "--nocapture"])
        .env(DIR, dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let said = BufReader::new(child.stdout.as_mut().unwrap()).lines().map_while(Result::ok).any(|line| line == "held");
    assert!(said, "the child did not get the directory");
    child
}

/// While one process holds a directory another is refused and told which; once it is killed nothing is in the way.
#[test]
fn a_killed_process_never_blocks_the_next() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("data");
    for _ in 0..3 {
        let mut child = child_on(&dir);
        let refused = DataDir::open(&dir).unwrap_err();
        assert!(matches!(refused, DataDirError::InUse(_)), "{refused}");
        assert!(refused.to_string().contains(&dir.display().to_string()), "{refused}");
        child.kill().unwrap();
        child.wait().unwrap();
        drop(DataDir::open(&dir).unwrap());
    }
}

/// The same process cannot open it twice either, and letting go frees it.
#[test]
fn a_directory_is_held_once_and_freed_when_dropped() {
    let home = tempfile::tempdir().unwrap();
    let first = DataDir::open(home.path().join("a/b/data")).unwrap();
    assert!(matches!(DataDir::open(first.path()), Err(DataDirError::InUse(_))));
    let path = first.path().to_owned();
    drop(first);
    DataDir::open(path).unwrap();
}

/// A file where the directory should be is said, with its name.
#[test]
fn a_file_is_no_directory() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("data");
    std::fs::write(&path, "").unwrap();
    let refused = DataDir::open(&path).unwrap_err();
    assert!(matches!(refused, DataDirError::Unusable { .. }), "{refused}");
    assert!(refused.to_string().contains(&path.display().to_string()), "{refused}");
}

#[cfg(unix)]
mod modes {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn chmod(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    /// A new directory and its lock file are the owner's only, and so is an empty or an own one that was open.
    #[test]
    fn a_directory_is_private() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("data");
        drop(DataDir::open(&dir).unwrap());
        assert_eq!((mode(&dir), mode(&dir.join(LOCK_FILE))), (0o700, 0o600));
        chmod(&dir, 0o755);
        std::fs::write(dir.join("kith.db"), "x").unwrap();
        drop(DataDir::open(&dir).unwrap());
        assert_eq!(mode(&dir), 0o700);
        let empty = home.path().join("empty");
        std::fs::create_dir(&empty).unwrap();
        chmod(&empty, 0o755);
        drop(DataDir::open(&empty).unwrap());
        assert_eq!(mode(&empty), 0o700);
    }

    /// An open directory with other files in it is left as it is.
    #[test]
    fn somebody_elses_directory_is_left_alone() {
        let home = tempfile::tempdir().unwrap();
        chmod(home.path(), 0o755);
        std::fs::write(home.path().join("diary.txt"), "x").unwrap();
        assert!(matches!(DataDir::open(home.path()), Err(DataDirError::NotOurs(_))));
        assert_eq!(mode(home.path()), 0o755);
        assert!(!home.path().join(LOCK_FILE).exists());
    }
}
