//! Makes `kith:` links open this Kith, for the account that asks: what a package does at its installation, for a program
//! that was built or copied by hand.
//!
//! On Linux and its kin a desktop entry and an icon below the account's data folder (Desktop Entry Specification, Icon Theme
//! Specification), on Windows three values below the account's own classes. On macOS only an app bundle can have links.

use std::path::PathBuf;

use thiserror::Error;

/// Why links could not be registered.
#[derive(Debug, Error)]
pub enum RegisterError {
    /// The system names no home.
    #[error("there is no home directory")]
    NoHome,
    /// A path that no desktop entry can hold.
    #[error("the program lies at a path that cannot be written into a desktop entry: {0}")]
    Path(PathBuf),
    /// A file could not be written, or this program not be found.
    #[error("{0}: {1}")]
    File(PathBuf, std::io::Error),
    /// A program of the system that does a part of it could not be run.
    #[error("{0} could not be run")]
    Program(&'static str),
    /// Here a package has to do it.
    #[error("on this system only an installed app can open links")]
    NotHere,
}

/// Registers this program. Returns the files that were written.
///
/// # Errors
/// What could not be done; what was done before it stays, and doing it again is harmless.
pub fn register() -> Result<Vec<PathBuf>, RegisterError> {
    let program = std::env::current_exe().map_err(|error| RegisterError::File(PathBuf::from("kith"), error))?;
    system::register(program)
}

#[cfg(all(unix, not(any(target_os = "macos", target_os = "ios", target_os = "android"))))]
mod system {
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::process::{Command, Stdio};

    use directories::BaseDirs;

    use super::RegisterError;

    const ENTRY: &str = include_str!("../../assets/kith.desktop");
    const ICON: &str = include_str!("../../assets/icon.svg");

    pub fn register(program: PathBuf) -> Result<Vec<PathBuf>, RegisterError> {
        let data = BaseDirs::new().ok_or(RegisterError::NoHome)?.data_local_dir().to_owned();
        let written = install(&data, &program)?;
        // Desktops that look for themselves need neither of the two; the others need both.
        let applications = data.join("applications");
        let listed = run(Command::new("update-desktop-database").arg(&applications));
        let chosen = run(Command::new("xdg-mime").args(["default", "kith.desktop", "x-scheme-handler/kith"]));
        if listed || chosen { Ok(written) } else { Err(RegisterError::Program("xdg-mime")) }
    }

    pub(super) fn install(data: &Path, program: &Path) -> Result<Vec<PathBuf>, RegisterError> {
        let call = quoted(program).ok_or_else(|| RegisterError::Path(program.to_owned()))?;
        let entry = ENTRY.replace("Exec=kith %u", &format!("Exec={call} %u"));
        let files = [
            (data.join("icons/hicolor/scalable/apps/kith.svg"), ICON.to_owned()),
            (data.join("applications/kith.desktop"), entry),
        ];
        for (path, text) in &files {
            let failed = |error| RegisterError::File(path.clone(), error);
            path.parent().map_or(Ok(()), fs::create_dir_all).map_err(failed)?;
            fs::write(path, text).map_err(failed)?;
        }
        Ok(files.map(|(path, _)| path).to_vec())
    }

    /// A path as an `Exec` key has it: in quotes, with what is special there escaped, once for the key and once for the file.
    fn quoted(program: &Path) -> Option<String> {
        let path = program.to_str().filter(|path| !path.chars().any(char::is_control))?;
        let mut text = String::from("\"");
        for c in path.chars() {
            match c {
                '"' | '`' | '$' => text.extend(["\\\\", c.encode_utf8(&mut [0; 4])]),
                '\\' => text.push_str("\\\\\\\\"),
                '%' => text.push_str("%%"),
                _ => text.push(c),
            }
        }
        text.push('"');
        Some(text)
    }

    fn run(command: &mut Command) -> bool {
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        quiet.status().is_ok_and(|status| status.success())
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        /// The entry names this very program, wherever it lies, and the icon that stands beside it.
        #[test]
        fn the_entry_names_this_program() {
            let data = tempfile::tempdir().unwrap();
            let written = install(data.path(), Path::new("/opt/my \"best\" 100%/ki$th")).unwrap();
            let entry = fs::read_to_string(data.path().join("applications/kith.desktop")).unwrap();
            assert!(entry.contains("\nExec=\"/opt/my \\\\\"best\\\\\" 100%%/ki\\\\$th\" %u\n"), "{entry}");
            assert!(entry.contains("MimeType=x-scheme-handler/kith;"));
            assert!(written.iter().all(|path| path.is_file()), "{written:?}");
            assert!(install(data.path(), Path::new("/opt/two\nlines")).is_err());
        }
    }
}

#[cfg(windows)]
mod system {
    use std::path::PathBuf;
    use std::process::{Command, Stdio};

    use super::RegisterError;

    const CLASS: &str = r"HKCU\Software\Classes\kith";

    pub fn register(program: PathBuf) -> Result<Vec<PathBuf>, RegisterError> {
        let call = format!("\"{}\" \"%1\"", program.display());
        let open = format!(r"{CLASS}\shell\open\command");
        for args in [
            vec!["add", CLASS, "/ve", "/d", "URL:Kith", "/f"],
            vec!["add", CLASS, "/v", "URL Protocol", "/d", "", "/f"],
            vec!["add", &open, "/ve", "/d", &call, "/f"],
        ] {
            let done = Command::new("reg").args(args).stdin(Stdio::null()).stdout(Stdio::null()).status();
            if !done.is_ok_and(|status| status.success()) {
                return Err(RegisterError::Program("reg"));
            }
        }
        Ok(vec![])
    }
}

#[cfg(not(any(windows, all(unix, not(any(target_os = "macos", target_os = "ios", target_os = "android"))))))]
mod system {
    use std::path::PathBuf;

    use super::RegisterError;

    pub fn register(_: PathBuf) -> Result<Vec<PathBuf>, RegisterError> {
        Err(RegisterError::NotHere)
    }
}
