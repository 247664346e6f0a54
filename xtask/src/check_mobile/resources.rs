//! Android's resource compiler takes the manifest: every attribute exists, and every value has its type.
//!
//! Debian's compiler and framework are Android 10's. What the manifest refers to and `dx` would write (icon, name, theme,
//! network rules) is put in its place.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::debian::{self, must};
use super::{Missing, Outcome};
use crate::workspace;

/// What `dx` or a library writes into the real app.
const STAND_INS: &[(&str, &str)] = &[
    (
        "values/values.xml",
        "<resources>\
         <string name=\"app_name\">Kith</string>\
         <item type=\"mipmap\" name=\"ic_launcher\">@android:drawable/sym_def_app_icon</item>\
         <style name=\"Theme.AppCompat.DayNight.NoActionBar\" parent=\"android:Theme.DeviceDefault\"/>\
         </resources>",
    ),
    ("xml/network_security_config.xml", "<network-security-config/>"),
];

/// Attributes that came after Android 10: no dearer check is worth them.
const NEWER: &[&str] = &["android:allowNativeHeapPointerTagging=\"false\""];

/// Compiles the manifest into an app with nothing else in it.
pub fn check(folder: &Path) -> Result<Outcome> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Ok(Outcome::Skipped(Missing::new(debian::OTHER_SYSTEM, "this is not Linux on x86-64")));
    }
    let tools = folder.join("aapt");
    if let Err(missing) = debian::unpack(&tools, &["aapt", "android-framework-res"], |_| Vec::new()) {
        return Ok(Outcome::Skipped(missing));
    }
    let work = folder.join("manifest");
    fs::remove_dir_all(&work).ok();
    for (name, text) in STAND_INS {
        let path = work.join("res").join(name);
        fs::create_dir_all(path.parent().unwrap_or(&work))?;
        fs::write(path, text)?;
    }
    let source = workspace::root().join("android/AndroidManifest.xml");
    let text = fs::read_to_string(&source).with_context(|| source.display().to_string())?;
    // Gradle gives the app's name from its own settings; without Gradle it stands in the manifest.
    let manifest = work.join("AndroidManifest.xml");
    let text = NEWER.iter().fold(text, |text, newer| text.replace(newer, ""));
    fs::write(&manifest, text.replacen("<manifest ", "<manifest package=\"chat.kith.app\" ", 1))?;
    let aapt2 = || {
        let mut command = Command::new(tools.join("usr/bin/aapt2"));
        let paths =
            ["x86_64-linux-gnu/android", "x86_64-linux-gnu", "p7zip"].map(|name| tools.join("usr/lib").join(name));
        command.env("LD_LIBRARY_PATH", std::env::join_paths(paths).unwrap_or_default());
        command
    };
    let compiled = work.join("compiled.zip");
    must(aapt2().arg("compile").arg("--dir").arg(work.join("res")).arg("-o").arg(&compiled))?;
    let mut link = aapt2();
    link.arg("link").arg("-o").arg(work.join("app.apk")).arg("--manifest").arg(&manifest);
    link.arg("-I").arg(tools.join("usr/share/android-framework-res/framework-res.apk"));
    link.args(["--min-sdk-version", "30", "--target-sdk-version", "34"]).arg(compiled);
    Ok(match must(&mut link) {
        Ok(()) => Outcome::Passed,
        Err(error) => Outcome::Failed(error.to_string()),
    })
}
