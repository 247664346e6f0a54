//! The settings on disk: one small JSON file in the data directory, written whole or not at all.
//!
//! Settings must never keep anybody from their messages: a file that cannot be understood is put aside, and the defaults
//! hold. But whoever hid their address must not show it by that: it is hidden from everybody then.

use std::fs;
use std::path::{Path, PathBuf};

use super::place::check;
use super::{Settings, SettingsError};
use crate::platform::{read_secret, write_secret};

/// The file in the data directory.
pub const SETTINGS_FILE: &str = "settings.json";
/// Where a file goes that cannot be understood, for a person to look at.
pub const BROKEN_SETTINGS_FILE: &str = "settings.broken.json";
/// The longest file: four brokers' and eight servers' longest addresses fit twice over, and what newer versions add.
pub const SETTINGS_BYTES_MAX: usize = 16 * 1024;

#[derive(Clone, Debug)]
pub(super) struct SettingsFile {
    path: PathBuf,
}

impl SettingsFile {
    pub(super) fn of(data_dir: &Path) -> Self {
        Self { path: data_dir.join(SETTINGS_FILE) }
    }

    /// What the file says; the defaults when there is none. When it cannot be read a copy is put aside, and the defaults hold with
    /// the address hidden.
    pub(super) fn load(&self) -> Settings {
        let read = read_secret(&self.path, SETTINGS_BYTES_MAX).map_err(|error| error.to_string());
        let parsed = read.and_then(|bytes| bytes.map_or_else(|| Ok(Settings::default()), |bytes| parse(&bytes)));
        parsed.unwrap_or_else(|reason| {
            let aside = self.path.with_file_name(BROKEN_SETTINGS_FILE);
            tracing::warn!(%reason, kept = %aside.display(), "the settings cannot be read: the address is hidden");
            let settings = Settings { hide_address: true, lost: true, ..Settings::default() };
            // A copy, and the new file over the old one: at no moment is there none, with which the next start would hide nothing.
            if let Err(error) = fs::copy(&self.path, &aside) {
                tracing::warn!(%error, "the broken settings could not be put aside");
            } else if let Err(error) = self.save(&settings) {
                tracing::warn!(%error, "the broken settings could not be replaced");
            }
            settings
        })
    }

    /// What the file says, for somebody who only looks: it stays where it is, whatever it says.
    pub(super) fn look(&self) -> Result<Settings, String> {
        let read = read_secret(&self.path, SETTINGS_BYTES_MAX).map_err(|error| error.to_string())?;
        read.map_or_else(|| Ok(Settings::default()), |bytes| parse(&bytes))
    }

    /// Blocks until it is on disk.
    pub(super) fn save(&self, settings: &Settings) -> Result<(), SettingsError> {
        let storage = |error: &dyn std::fmt::Display| SettingsError::Storage(error.to_string());
        let bytes = serde_json::to_vec_pretty(settings).map_err(|error| storage(&error))?;
        if bytes.len() > SETTINGS_BYTES_MAX {
            return Err(storage(&format_args!("they are longer than {SETTINGS_BYTES_MAX} bytes")));
        }
        // Brokers' addresses may hold passwords.
        write_secret(&self.path, &bytes).map_err(|error| storage(&error))
    }
}

fn parse(bytes: &[u8]) -> Result<Settings, String> {
    let settings = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    check(&settings).map_err(|error| error.to_string())?;
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::super::{Choice, Ice, Reach, TextSize, Theme, WindowPlace};
    use super::*;

    /// Settings come back as they were saved, for their owner only, and what a newer Kith added is no reason to stop.
    #[test]
    fn settings_come_back() {
        let dir = tempfile::tempdir().unwrap();
        let file = SettingsFile::of(dir.path());
        assert_eq!(file.load(), Settings::default());
        let window = WindowPlace { x: Some(-3.5), y: None, width: 800.0, height: 600.0, maximized: true };
        for reach in [
            None,
            Some(Reach::ThisComputer),
            Some(Reach::Network),
            Some(Reach::Public),
            Some(Reach::Brokers(vec!["mqtts://name:word@host".to_owned()])),
        ] {
            let ice = Ice { public: false, servers: vec!["turn:name:word@host".to_owned()] };
            let (theme, text_size, window) = (Theme::Dark, TextSize::Huge, Some(window));
            let settings = Settings { theme, text_size, reach, ice, hide_address: true, lost: false, window };
            file.save(&settings).unwrap();
            assert_eq!(file.load(), settings);
        }
        fs::write(dir.path().join(SETTINGS_FILE), r#"{"theme":"light","future":{"a":1}}"#).unwrap();
        assert_eq!(file.load(), Settings { theme: Theme::Light, ..Settings::default() });
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(dir.path().join(SETTINGS_FILE)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    /// Whatever stands in the file, Kith starts: with the defaults, and the file kept beside. What was chosen about the address is
    /// not known, so it is hidden, at the next start too, until something is chosen.
    #[test]
    fn a_broken_file_is_put_aside() {
        let too_long = format!("{{\"x\":\"{}\"}}", "x".repeat(SETTINGS_BYTES_MAX));
        let bad_broker = r#"{"reach":{"kind":"brokers","brokers":["http://x"]}}"#;
        for text in ["", "{", "[1]", "\u{0}\u{0}", r#"{"theme":"plaid"}"#, bad_broker, &too_long] {
            let dir = tempfile::tempdir().unwrap();
            let file = SettingsFile::of(dir.path());
            fs::write(dir.path().join(SETTINGS_FILE), text).unwrap();
            let hidden = Settings { hide_address: true, lost: true, ..Settings::default() };
            assert_eq!(file.load(), hidden, "{text:.40}");
            assert_eq!(fs::read_to_string(dir.path().join(BROKEN_SETTINGS_FILE)).unwrap(), text);
            assert_eq!(file.load(), hidden, "{text:.40}");
            file.save(&hidden.with(Choice::HideAddress(false))).unwrap();
            assert_eq!(file.load(), Settings::default());
        }
    }

    /// When nothing can be written either, the broken file stays, and the address is hidden at the next start again.
    #[test]
    fn a_broken_file_that_cannot_be_replaced_still_hides() {
        let dir = tempfile::tempdir().unwrap();
        let file = SettingsFile::of(dir.path());
        fs::create_dir(dir.path().join(SETTINGS_FILE)).unwrap();
        for _ in 0..2 {
            assert!(file.load().hide_address);
        }
    }

    /// What cannot be written is an error that says so.
    #[test]
    fn what_cannot_be_written_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let file = SettingsFile::of(&dir.path().join("gone"));
        let error = file.save(&Settings::default()).unwrap_err();
        assert!(matches!(error, SettingsError::Storage(_)), "{error}");
    }
}
