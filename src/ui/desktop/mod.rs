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
use std::thread;
use std::time::{Duration, Instant};

use dioxus::desktop::launch::launch_virtual_dom;
use dioxus::desktop::tao::event_loop::EventLoopBuilder;
use thiserror::Error;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use self::end::Ending;
use self::events::Events;
use self::screen::Screen;
use super::shell::{Outside, Shell};
use super::start::{self, Opening};
use crate::host::{Claim, Front, HostError, Place};
use crate::platform::desktop::has_display;
use crate::platform::instance::{self, Call, Door};
use crate::platform::notify::Notifier;
use crate::platform::{DataDirError, asked_to_stop};

/// How long a second start tries to reach the first, or to take its place.
const FIRST_PATIENCE: Duration = Duration::from_secs(5);
/// How often it tries.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
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
    let Some(claim) = claim(&runtime, place, link.as_deref())? else { return Ok(ExitCode::SUCCESS) };
    let _entered = runtime.enter();
    let (shell, outside) = Shell::new();
    link.into_iter().for_each(|link| outside.deliver(link));
    let (screen, ending) = (Arc::new(Screen::default()), Arc::new(Ending::default()));
    let (settings, window_place) = (claim.settings().clone(), claim.window_place());
    // The host opens while the system makes the window: together they take as long as the slower one.
    let opening = begin(claim, &shell, outside.clone(), &screen, &ending);
    let Some(event_loop) = quietly(|| EventLoopBuilder::with_user_event().build()) else {
        runtime.block_on(ending.end());
        return Err(DesktopError::NoDisplay);
    };
    let dom = start::dom(opening, shell, super::Clock::system());
    let events = Events::new(outside, Arc::clone(&screen), window_place, ending, runtime.handle().clone());
    launch_virtual_dom(dom, page::config(&settings, screen, events).with_event_loop(event_loop));
}

/// None when a first start has the data directory, and has taken over what this one was started for.
fn claim(runtime: &Runtime, place: Place, link: Option<&str>) -> Result<Option<Claim>, HostError> {
    let deadline = Instant::now() + FIRST_PATIENCE;
    loop {
        let in_use = match Claim::take(place.clone()) {
            Err(HostError::DataDir(DataDirError::InUse(data_dir))) => data_dir,
            taken => return taken.map(Some),
        };
        // The first one may not listen yet, or be about to end: then the directory is free in a moment.
        match runtime.block_on(instance::call(&in_use, link.map(str::to_owned))) {
            Ok(()) => return Ok(None),
            Err(error) if Instant::now() >= deadline => {
                tracing::info!(%error, "this start could not hand over");
                return Err(DataDirError::InUse(in_use).into());
            }
            Err(_) => thread::sleep(FIRST_PAUSE),
        }
    }
}

/// What `build` gives; none when it panics, and then without a word: the library knows no other way to say that the system
/// has no display, and a person shall read a sentence.
fn quietly<T>(build: impl FnOnce() -> T + UnwindSafe) -> Option<T> {
    let (usual, here) = (Arc::new(panic::take_hook()), thread::current().id());
    let others = Arc::clone(&usual);
    // Other threads open the host meanwhile, and are to be heard.
    panic::set_hook(Box::new(move |what| {
        if thread::current().id() != here {
            others(what);
        }
    }));
    let built = panic::catch_unwind(build);
    panic::set_hook(Box::new(move |what| usual(what)));
    built.ok()
}

/// Starts what goes on beside the components, the host first.
fn begin(claim: Claim, shell: &Shell, outside: Outside, screen: &Arc<Screen>, ending: &Arc<Ending>) -> Opening {
    let (tasks, cancel) = (ending.tasks(), ending.cancel());
    let door = cancel.child_token();
    match Door::open(claim.data_dir()) {
        Ok(opened) => {
            let (sender, calls) = mpsc::channel(CALLS_MAX);
            tasks.spawn(opened.serve(sender, door.clone()));
            tasks.spawn(answer_calls(calls, outside, Arc::clone(screen)));
        }
        // A second start says then that this one runs.
        Err(error) => tracing::warn!(%error, "a second start will not find this window"),
    }
    let (teller, opening) = start::opening();
    let (focus, kept) = (shell.focus(), Arc::clone(ending));
    ending.opening().spawn(async move {
        match claim.open(Front::Window).await {
            Ok(host) => {
                let (tasks, cancel) = (kept.tasks(), kept.cancel());
                tasks.spawn(notices::run(host.core().clone(), focus, Notifier::new(tasks.clone()), cancel));
                teller.tell(Ok(&host)).await;
                kept.keep(host);
            }
            Err(error) => {
                tracing::error!(%error, "Kith cannot start");
                // A later start shall not find the door of one that has no data directory any more.
                door.cancel();
                teller.tell(Err(&error)).await;
            }
        }
    });
    let stopped = Arc::clone(ending);
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
    opening
}

async fn answer_calls(mut calls: mpsc::Receiver<Call>, outside: Outside, screen: Arc<Screen>) {
    while let Some(call) = calls.recv().await {
        call.link.into_iter().for_each(|link| outside.deliver(link));
        screen.to_front();
    }
}
