//! What the system says of the window, on the main thread: passed on to whom it concerns.

use std::sync::Arc;
use std::time::Instant;

use dioxus::desktop::tao::event::{Event, WindowEvent};
use tokio::runtime::Handle as RuntimeHandle;
use tokio::sync::watch;

use super::end::Ending;
use super::place::Tracker;
use super::screen::Screen;
use crate::host::WindowPlace;
use crate::ui::shell::Outside;

/// Who is told.
pub(super) struct Events {
    outside: Outside,
    screen: Arc<Screen>,
    window_place: watch::Sender<Option<WindowPlace>>,
    tracker: Tracker,
    begun: Instant,
    ending: Arc<Ending>,
    runtime: RuntimeHandle,
}

impl Events {
    pub(super) fn new(
        outside: Outside,
        screen: Arc<Screen>,
        window_place: watch::Sender<Option<WindowPlace>>,
        ending: Arc<Ending>,
        runtime: RuntimeHandle,
    ) -> Self {
        let tracker = Tracker::new(*window_place.borrow());
        Self { outside, screen, window_place, tracker, begun: Instant::now(), ending, runtime }
    }

    /// One event. The library names no type for its own events, and none of them is of interest here.
    pub(super) fn heed<T>(&mut self, event: &Event<'_, T>) {
        match event {
            Event::WindowEvent { event, .. } => match event {
                WindowEvent::Focused(focused) => self.outside.set_focused(*focused),
                WindowEvent::Moved(_) | WindowEvent::Resized(_) | WindowEvent::CloseRequested => self.measure(),
                _ => {}
            },
            Event::Opened { urls } => {
                urls.iter().filter(|url| url.scheme() == "kith").for_each(|url| self.outside.deliver(url.to_string()));
                self.screen.to_front();
            }
            Event::LoopDestroyed => {
                self.screen.clear();
                self.runtime.block_on(self.ending.end());
            }
            _ => {}
        }
    }

    fn measure(&mut self) {
        let measured = self.screen.look(|window| {
            let scale = window.scale_factor();
            let size = window.inner_size().to_logical::<f64>(scale);
            let position = window.outer_position().ok().map(|position| position.to_logical::<f64>(scale));
            let is_normal = !window.is_minimized() && window.is_visible() && window.fullscreen().is_none();
            let place = WindowPlace {
                x: position.map(|position| position.x),
                y: position.map(|position| position.y),
                width: size.width,
                height: size.height,
                maximized: window.is_maximized(),
            };
            is_normal.then_some(place)
        });
        let Some(measured) = measured.flatten() else { return };
        let place = self.tracker.measure(self.begun.elapsed(), measured);
        self.window_place.send_if_modified(|now| now.replace(place) != Some(place));
    }
}
