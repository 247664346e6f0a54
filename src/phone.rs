//! Kith as an app on a phone: a plain start, with no command line.
//!
//! How it begins on iOS: as any program; the event loop hands the thread to the system. How it begins on Android:
//! `android/MainActivity.kt` prepares the environment, then the library of the window starts a thread, looks up the symbol
//! `main` in our shared library and calls it with **no arguments at all**. So `std::env::args` must not be read here: it would
//! read what nobody wrote. What is printed goes to the system's log there (tag `RustStdoutStderr`).
//!
//! Read in the sources of dioxus, tao and wry; not seen on a real phone yet.

use std::process::ExitCode;

use anyhow::Context;
use kith::host::Place;
use tracing_subscriber::EnvFilter;

/// Runs the app; returns only when it could not begin.
pub fn main() -> ExitCode {
    // No colours: the systems' logs show them as noise.
    let filter = EnvFilter::new("warn");
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(std::io::stderr).init();
    match run() {
        Ok(never) => match never {},
        Err(error) => {
            tracing::error!("Kith cannot begin: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<std::convert::Infallible> {
    // Ours, so that the engine keeps working while the page sleeps.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no Tokio runtime")?;
    let _inside = runtime.enter();
    kith::ui::phone::run(Place::default())
}
