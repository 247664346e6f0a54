//! The window on a phone: the same components in the system's web view, over the whole screen.

use dioxus::mobile::Config;
use dioxus::mobile::launch::launch_virtual_dom;
use dioxus::mobile::tao::event::Event;
use tokio_util::task::TaskTracker;

use super::{Clock, SCRIPT, STYLE, Shell, start};
use crate::host::{Front, Host, Place};
use crate::platform::opened;

/// Shows the window until the system ends the process, and opens the host meanwhile. Call it inside a Tokio runtime, on the
/// thread of `main`.
pub fn run(place: Place) -> ! {
    let (shell, outside) = Shell::new();
    // The system shows this window or none: while the page runs, somebody looks at it.
    outside.set_focused(true);
    // Held as long as the page runs, which is as long as the process.
    let tasks = TaskTracker::new();
    tasks.spawn(async move {
        loop {
            outside.deliver(opened::next().await);
        }
    });
    let (teller, opening) = start::opening();
    tasks.spawn(async move {
        match Host::open(place, Front::Window).await {
            Ok(host) => {
                teller.tell(Ok(&host)).await;
                // Held until the system ends the process; whatever was acknowledged is on disk then.
                std::future::pending::<()>().await;
            }
            Err(error) => {
                tracing::error!(%error, "Kith cannot start");
                teller.tell(Err(&error)).await;
            }
        }
    });
    // A long press must do what it does elsewhere: that is how people select and paste on a phone.
    let config = Config::new().with_custom_index(page()).with_disable_context_menu(false).with_custom_event_handler(
        // iOS tells of links this way; Android through its activity.
        |event, _| {
            if let Event::Opened { urls } = event {
                urls.iter().for_each(|url| opened::offer(url.to_string()));
            }
        },
    );
    launch_virtual_dom(start::dom(opening, shell, Clock::system()), config)
}

/// The page. It reaches under the notch; what must not be covered keeps clear by itself (`env(safe-area-inset-…)`).
fn page() -> String {
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Kith</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1, viewport-fit=cover\">\
         <style>{STYLE}</style></head><body><div id=\"main\"></div><script>{SCRIPT}</script></body></html>"
    )
}
