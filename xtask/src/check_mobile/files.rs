//! The files that make an app of Kith say the same: `Dioxus.toml`, Android's manifest and activity, Apple's property list.
//!
//! Each is read by a program on another computer that nobody here can run, and each repeats what the others say: names,
//! versions, links. What is compared here is what was got wrong easily and noticed late.

use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{Missing, Outcome};
use crate::workspace;

/// Python knows all three forms (TOML, XML, property lists), and the tests need it anyway.
const READ: &str = include_str!("read.py");

/// It came with the reader of TOML.
const OLD_PYTHON: &str = "it needs Python 3.11";

/// What each value must be; `/` separates the keys on the way to it.
const MUST_BE: &[(&str, &str)] = &[
    // Two keys for one thing: one is for clang, the other for Gradle. The window's library crashes below 30.
    ("dioxus/application/android_min_sdk_version", "30"),
    ("dioxus/android/min_sdk", "30"),
    // Where the library that draws the window looks for its activity, and what it loads.
    ("manifest/activity/name", "dev.dioxus.main.MainActivity"),
    ("manifest/metadata/android.app.lib_name", "main"),
    // A link comes to the Kith that runs.
    ("manifest/activity/launchMode", "singleTask"),
    ("manifest/activity/windowSoftInputMode", "adjustResize"),
    // A copy of the keys on another device would be a second person with the same name.
    ("manifest/application/allowBackup", "false"),
    ("plist/MinimumOSVersion", "15.0"),
];
/// Values that must be equal.
const MUST_AGREE: &[(&str, &str)] = &[
    ("plist/CFBundleIdentifier", "dioxus/bundle/identifier"),
    ("plist/CFBundleExecutable", "package/name"),
    ("plist/CFBundleVersion", "package/version"),
    ("plist/CFBundleShortVersionString", "package/version"),
];
/// Lists that must hold a value.
const MUST_HOLD: &[(&str, &str)] = &[
    ("dioxus/deep_links/schemes", "kith"),
    ("manifest/schemes", "kith"),
    ("plist/CFBundleURLTypes/0/CFBundleURLSchemes", "kith"),
    ("manifest/permissions", "android.permission.INTERNET"),
    ("manifest/permissions", "android.permission.ACCESS_NETWORK_STATE"),
    ("manifest/permissions", "android.permission.POST_NOTIFICATIONS"),
];
/// Changes that the activity outlives: made anew, it would start a second engine in the same process.
const OUTLIVES: &[&str] = &[
    "orientation",
    "screenLayout",
    "screenSize",
    "smallestScreenSize",
    "keyboard",
    "keyboardHidden",
    "uiMode",
    "density",
    "fontScale",
    "locale",
    "layoutDirection",
];
/// The function of ours that the activity calls, as the virtual machine looks it up.
const OPENED: &str = "Java_dev_dioxus_main_MainActivity_opened";

/// Reads and compares.
pub fn check() -> Result<Outcome> {
    let root = workspace::root();
    let output = Command::new("python3").args(["-c", READ]).arg(&root).output().context("cannot run python3")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        if said.contains("No module named 'tomllib'") {
            return Ok(Outcome::Skipped(Missing::new(OLD_PYTHON, "python3 has no module tomllib")));
        }
        bail!("{}", said.trim());
    }
    let files = serde_json::from_slice(&output.stdout).context("read.py did not print JSON")?;
    let rust = std::fs::read_to_string(root.join("src/platform/android.rs")).context("src/platform/android.rs")?;
    let offences = judge(&files, &rust);
    Ok(if offences.is_empty() { Outcome::Passed } else { Outcome::Failed(offences.join("\n")) })
}

/// What is wrong, one sentence each.
fn judge(files: &Value, rust: &str) -> Vec<String> {
    let mut offences = Vec::new();
    for (path, wanted) in MUST_BE {
        let is = text(files, path);
        if is.as_deref() != Some(*wanted) {
            offences.push(format!("{path} must be {wanted}, and is {}", is.as_deref().unwrap_or("absent")));
        }
    }
    for (one, other) in MUST_AGREE {
        if text(files, one).is_none() || text(files, one) != text(files, other) {
            offences.push(format!("{one} and {other} must be equal"));
        }
    }
    for (path, wanted) in MUST_HOLD {
        let list = find(files, path).and_then(Value::as_array);
        if !list.is_some_and(|list| list.iter().any(|one| one == wanted)) {
            offences.push(format!("{path} must hold {wanted}"));
        }
    }
    let outlived = text(files, "manifest/activity/configChanges").unwrap_or_default();
    for change in OUTLIVES.iter().filter(|change| !outlived.split('|').any(|one| one == **change)) {
        offences.push(format!("manifest/activity/configChanges must hold {change}"));
    }
    let activity = text(files, "activity").unwrap_or_default();
    let build_config = format!("= {}.BuildConfig", text(files, "dioxus/bundle/identifier").unwrap_or_default());
    for wanted in
        ["package dev.dioxus.main", "class MainActivity : WryActivity()", &build_config, "external fun opened("]
    {
        if !activity.contains(wanted) {
            offences.push(format!("the activity must hold `{wanted}`"));
        }
    }
    if !rust.contains(OPENED) {
        offences.push(format!("src/platform/android.rs must hold {OPENED}, which the activity calls"));
    }
    offences
}

fn find<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('/').try_fold(value, |value, key| match key.parse::<usize>() {
        Ok(index) => value.get(index),
        Err(_) => value.get(key),
    })
}

fn text(value: &Value, path: &str) -> Option<String> {
    match find(value, path)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is missing or differs is named. (Whether the project's own files agree is what the check itself finds out.)
    #[test]
    fn what_does_not_agree_is_named() {
        let offences = judge(&Value::Null, "");
        assert!(offences.iter().any(|offence| offence == "dioxus/android/min_sdk must be 30, and is absent"));
        assert!(offences.iter().any(|offence| offence == "manifest/schemes must hold kith"));
        assert!(offences.iter().any(|offence| offence == "plist/CFBundleVersion and package/version must be equal"));
    }
}
