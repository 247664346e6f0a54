//! The system's window, for those who are not on the main thread.

use std::sync::{Arc, Mutex, PoisonError};

use dioxus::desktop::tao::window::Window;

/// The window while there is one. Only the main thread may drop the last hold on it, so nobody takes one out of here.
#[derive(Default)]
pub(super) struct Screen {
    window: Mutex<Option<Arc<Window>>>,
}

impl Screen {
    /// There is one now.
    pub(super) fn set(&self, window: Arc<Window>) {
        *self.window.lock().unwrap_or_else(PoisonError::into_inner) = Some(window);
    }

    /// There is none any more. On the main thread.
    pub(super) fn clear(&self) {
        let window = self.window.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(window);
    }

    /// Something about the window, when there is one.
    pub(super) fn with<T>(&self, what: impl FnOnce(&Window) -> T) -> Option<T> {
        let window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        window.as_deref().map(what)
    }

    /// The same on the main thread, which must never wait: others may hold the window while they wait for it.
    pub(super) fn look<T>(&self, what: impl FnOnce(&Window) -> T) -> Option<T> {
        self.window.try_lock().ok()?.as_deref().map(what)
    }

    /// Brings it before the person.
    pub(super) fn to_front(&self) {
        self.with(|window| {
            window.set_minimized(false);
            window.set_visible(true);
            window.set_focus();
        });
    }
}
