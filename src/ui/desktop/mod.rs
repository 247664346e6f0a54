//! The window on a desktop system: Dioxus' webview around the components, and what a system expects of a program with a
//! window.
//!
//! ```text
//! main thread: event loop, webview, components          our Tokio runtime: host, coordinator, notices, second starts
//!        │ focus, place, links, end                              ▲
//!        └──────────────────── events::Events ───────────────────┘
//! ```
//! Whatever must go on while the window is hidden runs on the runtime: a hidden webview stops the components' tasks. It
//! decides nothing about people or messages.

mod end;
mod events;
mod icon;
mod notices;
mod page;
mod place;
mod screen;

use std::panic::{self, UnwindSafe};
use std::process::ExitCode;
use std::sync::Arc;

use dioxus::desktop::launch::launch_virtual_dom;
use dioxus::desktop::tao::event_loop::EventLoopBuilder;
use thiserror::Error;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use self::end::Ending;
use self::events::Events;
use self::screen::Screen;
use super::shell::{Outside, Shell};
use crate::host::{Front, Host, HostError, Place};
use crate::platform::desktop::has_display;
use crate::platform::instance::{self, Call, Door};
use crate::platform::notify::Notifier;
use crate::platform::{DataDirError, asked_to_stop};

/// Second starts that wait for the window; who comes while it is that busy is refused.
const CALLS_MAX: usize = 4;

/// Why there is no window.
#[derive(Debug, Error)]
pub enum DesktopError {
    /// No display.
    #[error(
        "there is no display to open a window on. `kith node` needs none, nor does `kith --browser` where it is built in"
    )]
    NoDisplay,
    /// Kith cannot run here.
    #[error(transparent)]
    Host(#[from] HostError),
}

/// Opens the window, and ends the program when it closes. Returns only when there is none: a first start has the data
/// directory already and was brought to the front, with the link; or with an error. Call it on the main thread.
///
/// # Errors
/// When there is no display, or Kith cannot run here.
pub fn run(runtime: Runtime, place: Place, link: Option<String>) -> Result<ExitCode, DesktopError> {
    if !has_display() {
        return Err(DesktopError::NoDisplay);
    }
    let Some(host) = runtime.block_on(open(place, link.as_deref()))? else { return Ok(ExitCode::SUCCESS) };
    let _entered = runtime.enter();
    let Some(event_loop) = quietly(|| EventLoopBuilder::with_user_event().build()) else {
        runtime.block_on(host.shutdown());
        return Err(DesktopError::NoDisplay);
    };
    let (shell, outside) = Shell::new();
    link.into_iter().for_each(|link| outside.deliver(link));
    let screen = Arc::new(Screen::default());
    let settings = host.control().settings();
    let dom = super::dom(host.core().clone(), host.control().clone(), shell.clone(), super::Clock::system());
    let window_place = host.window_place();
    let ending = begin(host, &shell, outside.clone(), &screen);
    let events = Events::new(outside, Arc::clone(&screen), window_place, ending, runtime.handle().clone());
    launch_virtual_dom(dom, page::config(&settings, screen, events).with_event_loop(event_loop));
}

/// None when a first start has the data directory, and has taken over what this one was started for.
async fn open(place: Place, link: Option<&str>) -> Result<Option<Host>, HostError> {
    let data_dir = match Host::open(place.clone(), Front::Window).await {
        Err(HostError::DataDir(DataDirError::InUse(data_dir))) => data_dir,
        opened => return opened.map(Some),
    };
    match instance::call(&data_dir, link.map(str::to_owned)).await {
        Ok(()) => Ok(None),
        Err(error) => {
            tracing::info!(%error, "this start could not hand over");
            // The first one may have ended meanwhile; otherwise this says that it runs.
            Host::open(place, Front::Window).await.map(Some)
        }
    }
}

/// What `build` gives; none when it panics, and then without a word: the library knows no other way to say that the system
/// has no display, and a person shall read a sentence.
fn quietly<T>(build: impl FnOnce() -> T + UnwindSafe) -> Option<T> {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let built = panic::catch_unwind(build);
    panic::set_hook(usual);
    built.ok()
}

/// Starts what goes on beside the components.
fn begin(host: Host, shell: &Shell, outside: Outside, screen: &Arc<Screen>) -> Arc<Ending> {
    let (core, data_dir) = (host.core().clone(), host.data_dir().to_owned());
    let ending = Arc::new(Ending::new(host));
    let (tasks, cancel) = (ending.tasks(), ending.cancel());
    let notifier = Notifier::new(tasks.clone());
    tasks.spawn(notices::run(core, shell.focus(), notifier, cancel.clone()));
    match Door::open(&data_dir) {
        Ok(door) => {
            let (sender, calls) = mpsc::channel(CALLS_MAX);
            tasks.spawn(door.serve(sender, cancel.clone()));
            tasks.spawn(answer_calls(calls, outside, Arc::clone(screen)));
        }
        // A second start says then that this one runs.
        Err(error) => tracing::warn!(%error, "a second start will not find this window"),
    }
    let stopped = Arc::clone(&ending);
    ending.watchers().spawn(async move {
        tokio::select! {
            () = cancel.cancelled() => {}
            () = asked_to_stop() => {
                stopped.end().await;
                // The event loop cannot be told from here, and everything is on disk.
                std::process::exit(0);
            }
        }
    });
    ending
}

async fn answer_calls(mut calls: mpsc::Receiver<Call>, outside: Outside, screen: Arc<Screen>) {
    while let Some(call) = calls.recv().await {
        call.link.into_iter().for_each(|link| outside.deliver(link));
        screen.to_front();
    }
}
