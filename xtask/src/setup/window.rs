//! What the window needs beside the core: to be built, and to be looked at by the tests. Only on Linux is any of it a package;
//! elsewhere the window's parts come with the system.

use std::process::Command;

use super::{For, Need, find_program, runs};

/// Who builds the window.
const BUILDERS: &[For] = &[For::Window, For::Preview, For::Tests];
/// Who opens it in Chromium.
const LOOKERS: &[For] = &[For::Preview, For::Tests];
/// The oldest Node.js that has everything the tests in Chromium use.
pub const NODE_MIN: u32 = 20;

const fn to_build(what: &'static str, package: &'static str, there: fn() -> bool) -> Need {
    Need { users: BUILDERS, what, why: "the window is built on it", package, there }
}

const fn for_keys(what: &'static str, package: &'static str, there: fn() -> bool) -> Need {
    Need { users: &[For::Tests], what, why: "the window's story has a screen and keys of its own", package, there }
}

const fn for_pictures(what: &'static str, package: &'static str, there: fn() -> bool) -> Need {
    Need { users: LOOKERS, what, why: "pictures show every script and look the same everywhere", package, there }
}

/// In the order in which they are named.
pub const NEEDS: &[Need] = &[
    to_build("pkg-config", "pkg-config", || elsewhere() || runs("pkg-config", &["--version"])),
    to_build("WebKitGTK 4.1", "libwebkit2gtk-4.1-dev", || library("webkit2gtk-4.1")),
    to_build("GTK 3", "libgtk-3-dev", || library("gtk+-3.0")),
    to_build("libxdo", "libxdo-dev", || elsewhere() || links_against("xdo")),
    to_build("librsvg", "librsvg2-dev", || library("librsvg-2.0")),
    to_build("Ayatana AppIndicator", "libayatana-appindicator3-dev", || library("ayatana-appindicator3-0.1")),
    for_keys("Xvfb", "xvfb", || elsewhere() || find_program("Xvfb").is_some()),
    for_keys("xdotool", "xdotool", || elsewhere() || find_program("xdotool").is_some()),
    for_keys("ImageMagick", "imagemagick", || elsewhere() || find_program("import").is_some()),
    for_keys("xwd", "x11-apps", || elsewhere() || find_program("xwd").is_some()),
    for_keys("openbox", "openbox", || elsewhere() || find_program("openbox").is_some()),
    for_keys("D-Bus", "dbus", || elsewhere() || find_program("dbus-run-session").is_some()),
    Need {
        users: LOOKERS,
        what: "Node.js 20 or later, with npm",
        why: "the tests in Chromium are written for it",
        package: "nodejs npm",
        there: || runs("npm", &["--version"]) && node_version().is_some_and(|version| version >= NODE_MIN),
    },
    Need {
        users: LOOKERS,
        what: "Chromium",
        why: "two people in two pages, found by role and name",
        package: "chromium",
        there: || chromium().is_some(),
    },
    for_pictures("Noto fonts", "fonts-noto-core", || elsewhere() || font("Noto Sans Arabic")),
    for_pictures("a font with emoji", "fonts-noto-color-emoji", || elsewhere() || font("Noto Color Emoji")),
    for_pictures("a font for Chinese, Japanese and Korean", "fonts-noto-cjk", || {
        elsewhere() || font("Noto Sans CJK JP")
    }),
];

/// Whether this is a system whose window needs no packages.
fn elsewhere() -> bool {
    !cfg!(target_os = "linux")
}

/// Whether the window can be built here.
pub fn builds() -> bool {
    NEEDS.iter().filter(|need| need.users.contains(&For::Window)).all(|need| (need.there)())
}

/// Whether a window can be shown here.
pub fn has_display() -> bool {
    let named = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    elsewhere() || named("DISPLAY") || named("WAYLAND_DISPLAY")
}

/// Where Chromium is, as the tests look for it.
pub fn chromium() -> Option<std::path::PathBuf> {
    std::env::var_os("KITH_CHROMIUM").map(Into::into).or_else(|| find_program("chromium"))
}

/// The first number of Node.js's version.
pub fn node_version() -> Option<u32> {
    let output = Command::new("node").arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

fn library(name: &str) -> bool {
    elsewhere() || runs("pkg-config", &["--exists", name])
}

/// For a library that does not describe itself: whether something can be linked against it.
fn links_against(name: &str) -> bool {
    let flag = format!("-l{name}");
    runs("cc", &["-shared", "-o", "/dev/null", &flag])
}

fn font(family: &str) -> bool {
    let listed = Command::new("fc-list").arg(family).arg("family").output();
    listed.is_ok_and(|output| output.status.success() && !output.stdout.trim_ascii().is_empty())
}
